/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * possible.h - specs that can never give a block, said when a kind is opened.
 *
 * Owns nothing. Called by open.c, without a lock.
 */
#ifndef SOURCE_POSSIBLE_H
#define SOURCE_POSSIBLE_H

#include "spec/spec.h"

/* 0, or the error number of a spec that can never give a block, with the
 * sentence. */
int check_possible(const struct spec *spec, size_t granule);

#endif /* SOURCE_POSSIBLE_H */
