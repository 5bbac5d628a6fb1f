/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weights.h - whether weights that were found count page by page.
 */
#ifndef SOURCE_WEIGHTS_H
#define SOURCE_WEIGHTS_H

#include "spec/spec.h"

/* Notes in a spec whose weights were found for it (weights=auto) whether the
 * system's own give its nodes the same shares. */
void weights_settle(struct spec *spec);

#endif /* SOURCE_WEIGHTS_H */
