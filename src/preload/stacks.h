/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stacks.h - the stacks from which watched blocks were allocated, each once,
 * and what a report has of each.
 *
 * Owns their records, in pages that stay: a program has few stacks, however
 * many blocks. Called by watch.c, under its lock, and takes none. A stack that
 * there is no memory for, or that would be one beyond STACKS_MAX, is NULL, and
 * in no report.
 */
#ifndef PRELOAD_STACKS_H
#define PRELOAD_STACKS_H

#include "poolkind.h"

#define STACKS_MAX ((unsigned)1 << 16)

struct stack;

/* The stack of DEPTH return addresses, POOLKIND_SCOPE_FRAMES at the most. */
struct stack *stack_of(void *const *frames, unsigned depth);

/* A report is begun, told of each block, and ended: then it has the stacks. */
void stacks_begin(void);
void stacks_add(struct stack *stack, size_t size);
void stacks_end(struct poolkind_scope_report *report);

#endif /* PRELOAD_STACKS_H */
