/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.c - the message of a thread's last error. See message.h.
 */
#include "vmem/message.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "vmem/facade.h"

static _Thread_local char *mine __attribute__((tls_model("initial-exec")));
static pthread_key_t key;
static bool has_key;

static void
forget(void *text)
{
	mine = NULL;
	os_unmap(text, MESSAGE_MAX);
}

static __attribute__((constructor)) void
make_key(void)
{
	has_key = pthread_key_create(&key, forget) == 0;
}

/* The thread's buffer, made if need be; NULL where it can have none. */
static char *
buffer(void)
{
	void *memory;

	if (mine == NULL && has_key && os_map(MESSAGE_MAX, &memory) == 0) {
		if (pthread_setspecific(key, memory) == 0)
			mine = memory;
		else
			os_unmap(memory, MESSAGE_MAX);
	}
	return mine;
}

/* One line, even where it quotes a path with a newline. */
static void
keep(const char *format, va_list args, const char *meaning)
{
	char *text = buffer();
	size_t length;

	if (text == NULL)
		return;
	vsnprintf(text, MESSAGE_MAX - 128, format, args);
	length = strlen(text);
	if (meaning != NULL)
		snprintf(
		    text + length, MESSAGE_MAX - length, ": %.100s", meaning);
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ')
			*text = '?';
	TRACE(1, "%s", mine);
}

void
message_set(int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep(format, args, NULL);
	va_end(args);
	errno = errnum;
}

void
message_set_system(int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep(format, args, error_name(errnum));
	va_end(args);
	errno = errnum;
}

EXPORT const char *
vmem_errormsg(void)
{
	return mine != NULL ? mine : "";
}

EXPORT const char *
vmem_check_version(unsigned major_required, unsigned minor_required)
{
	int saved = errno;

	TRACE(3, "major_required %u minor_required %u", major_required,
	    minor_required);
	if (major_required == VMEM_MAJOR_VERSION &&
	    minor_required <= VMEM_MINOR_VERSION)
		return NULL;
	if (major_required != VMEM_MAJOR_VERSION)
		message_set(saved,
		    "libvmem major version mismatch "
		    "(need %u, found %u)",
		    major_required, VMEM_MAJOR_VERSION);
	else
		message_set(saved,
		    "libvmem minor version mismatch "
		    "(need %u, found %u)",
		    minor_required, VMEM_MINOR_VERSION);
	return mine != NULL ? mine : "libvmem version mismatch";
}
