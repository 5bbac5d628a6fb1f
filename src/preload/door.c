/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * door.c - the variables of door.h. See there.
 */
#include "preload/door.h"

_Thread_local const void *door_caller;
_Atomic uint16_t door_homes[HOMES];
_Atomic bool door_expects_one;
