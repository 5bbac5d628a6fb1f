/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranks.h - how many ranks of a parallel job are on this host, as who started
 * them says in the environment.
 *
 * Owns nothing. Called where limit=share is to become bytes. Takes no lock,
 * allocates nothing. Fails with EINVAL and a sentence.
 */
#ifndef SPEC_RANKS_H
#define SPEC_RANKS_H

/* By the variables of ENVIRONMENT, or where that is NULL of this process; at
 * least 1. 0, and the sentence, where none is set, or one that is set is not
 * understood. */
unsigned ranks_here(char *const *environment);

#endif /* SPEC_RANKS_H */
