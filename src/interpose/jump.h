/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.h - a call by which a function is replaced by another, for functions
 * that stand in the place of libc's: no frame of ours is left, so that the
 * function which is called finds the return address of our caller, and all
 * arguments where that put them.
 *
 *	EXPORT JUMPS int name(int a) { ... JUMP next(a); }
 *
 * A compiler that knows the attribute musttail refuses to build it any other
 * way. Others make a jump of it when they optimise, which JUMPS turns on for
 * the function, in the debug libraries too; test/interpose/deepbind.sh looks at
 * the code of dlopen() and dlmopen().
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
