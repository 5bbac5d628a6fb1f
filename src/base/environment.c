/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * environment.c - variables of the environment. See environment.h.
 */
#include "base/environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

static const char *
unless_empty(const char *value)
{
	return value != NULL && *value != '\0' ? value : NULL;
}

/* secure_getenv(3) finds nothing where the kernel has set AT_SECURE: what is
 * allocated where, and to which file lines go, must not be for the user of a
 * set-user-ID program to say. */
const char *
variable(const char *name)
{
	return unless_empty(secure_getenv(name));
}

/* getenv(3) by hand: libvmmalloc may start before libc has set `environ`, and
 * knows the environment by the arguments that the loader passes to a
 * constructor. */
const char *
variable_in(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, name, length) == 0 &&
		    (*environment)[length] == '=')
			return unless_empty(*environment + length + 1);
	return NULL;
}

bool
environment_is_trusted(void)
{
	return getauxval(AT_SECURE) == 0;
}
