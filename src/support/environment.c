/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * environment.c - variables of the environment. See environment.h.
 */
#include "support/environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *
unless_empty(const char *value)
{
	return value != NULL && *value != '\0' ? value : NULL;
}

const char *
variable(const char *name)
{
	return unless_empty(secure_getenv(name));
}

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
