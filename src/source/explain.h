/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain.h - why a source could not be opened.
 *
 * Owns nothing. Called without a lock: it may make a file, and reads /proc.
 */
#ifndef SOURCE_EXPLAIN_H
#define SOURCE_EXPLAIN_H

#include "source/structures.h"

/* Sets the sentence for an error of source_open_segments(). */
void source_explain(int error, const struct spec *spec);

#endif /* SOURCE_EXPLAIN_H */
