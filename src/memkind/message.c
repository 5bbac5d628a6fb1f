/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.c - the version, and what memkind's error numbers mean.
 *
 * Owns nothing. See memkind.h. The texts are our own, but each begins with
 * "<memkind> " and fits into the 128 bytes that programs have for it
 * (MEMKIND_ERROR_MESSAGE_SIZE), as memkind promised. Numbers that this version
 * never returns have a text, too: a program may have them from elsewhere.
 */
#include <stdio.h>

#include "memkind/kinds.h"

static const char *
meaning(int error)
{
	switch (error) {
	case MEMKIND_SUCCESS:
		return "Success";
	case MEMKIND_ERROR_UNAVAILABLE:
		return "This memory cannot be had on this machine";
	case MEMKIND_ERROR_MBIND:
		return "The system refused the memory policy (mbind)";
	case MEMKIND_ERROR_MMAP:
		return "The system refused the mapping (mmap)";
	case MEMKIND_ERROR_MALLOC:
		return "Not enough memory";
	case MEMKIND_ERROR_ENVIRON:
		return "An environment variable MEMKIND_* is not valid";
	case MEMKIND_ERROR_INVALID:
		return "An argument is not valid";
	case MEMKIND_ERROR_TOOMANY:
		return "Too many kinds are alive";
	case MEMKIND_ERROR_BADOPS:
		return "The kind's operations are not valid";
	case MEMKIND_ERROR_HUGETLB:
		return "There are no huge pages for it";
	case MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE:
		return "The machine has no memory of this type";
	case MEMKIND_ERROR_OPERATION_FAILED:
		return "The operation failed";
	case MEMKIND_ERROR_ARENAS_CREATE:
		return "No arena could be made";
	case MEMKIND_ERROR_RUNTIME:
		return "Unspecified error at run time";
	default:
		return NULL;
	}
}

EXPORT void
memkind_error_message(int err, char *msg, size_t size)
{
	const char *text = meaning(err);

	if (msg == NULL || size == 0)
		return;
	if (text != NULL)
		snprintf(msg, size, "<memkind> %s", text);
	else
		snprintf(
		    msg, size, "<memkind> Undefined error number: %d", err);
}

/* That of the interface, 1.14.0: programs test it for what they may call. */
EXPORT int
memkind_get_version(void)
{
	return 1014000;
}
