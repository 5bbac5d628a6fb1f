/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.h - a call that leaves nothing between the caller and what is called,
 * for functions that stand in the place of libc's: the return address and all
 * arguments are the caller's still.
 *
 *	EXPORT JUMPS int name(int a) { ... JUMP next(a); }
 *
 * The compiler is held to it by musttail where it knows the word, by its
 * optimisation elsewhere, in the debug libraries too; a test looks whether it
 * did.
 */
#ifndef INTERPOSE_JUMP_H
#define INTERPOSE_JUMP_H

#include "base/base.h"

#ifndef __has_attribute
#define __has_attribute(name) 0
#endif
#if __has_attribute(musttail)
#define JUMP __attribute__((musttail)) return
#define JUMPS
#else
#define JUMP return
#define JUMPS __attribute__((optimize("O2")))
#endif

#endif /* INTERPOSE_JUMP_H */
