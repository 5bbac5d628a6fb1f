/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * beside.h - where the other libraries of the build are that this program runs
 * with.
 *
 * Owns nothing. A process of one thread; no locks.
 */
#ifndef TOOL_BESIDE_H
#define TOOL_BESIDE_H

#include <limits.h>

#include "base/base.h"

/* The file of the library NAME, into PATH. False if it is not there; FOLDER is
 * where it was sought, "" if that cannot be told. Both of PATH_MAX bytes. */
bool find_beside(const char *name, char *path, char *folder);

#endif /* TOOL_BESIDE_H */
