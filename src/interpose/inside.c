/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inside.c - see inside.h.
 *
 * Owns the flag. Each library that uses it is linked with one of its own; so
 * with both preloaded a thread that is inside the one is not inside the other.
 */
#include "interpose/inside.h"

_Thread_local bool heap_inside;
