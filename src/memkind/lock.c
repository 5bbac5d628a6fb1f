/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - see lock.h.
 *
 * Owns the flag alone: kinds.c sets it in its fork handlers, and nodes.c reads
 * it as well, so it stands below both.
 */
#include "memkind/lock.h"

_Thread_local bool memkind_forks;
