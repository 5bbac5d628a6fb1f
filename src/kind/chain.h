/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain.h - kinds from a text that may name several specs (spec/parts.h).
 */
#ifndef KIND_CHAIN_H
#define KIND_CHAIN_H

#include "poolkind.h"

/* The first kind of the chain. NULL with errno and a sentence: a spec that is
 * not one, or a name that is not known, wherever it stands; a spec that fails
 * for another reason than that this machine does not have it; or nothing of all
 * is here. */
poolkind *chain_open(const char *text);

#endif /* KIND_CHAIN_H */
