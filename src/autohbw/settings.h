/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h - what the environment asks of libautohbw, and what of it this
 * machine has.
 *
 * Owns nothing; called once, by the constructor. What is not understood, or not
 * there, gets a line, and the default or MEMKIND_DEFAULT takes its place: the
 * program runs in any case. Takes no lock.
 */
#ifndef AUTOHBW_SETTINGS_H
#define AUTOHBW_SETTINGS_H

#include <stddef.h>

#include "memkind.h"

struct settings {
	memkind_t kind;
	const char *name; /* of the kind, "memkind_hbw" */
	size_t low, high; /* sizes of its blocks, both included */
};

void settings_read(struct settings *settings);

#endif /* AUTOHBW_SETTINGS_H */
