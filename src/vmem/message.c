/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.c - the message of a thread's last error. See message.h.
 */
#include "vmem/message.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "base/error.h"
#include "vmem/facade.h"

static _Thread_local char *mine __attribute__((tls_model("initial-exec")));
static pthread_key_t key;
static bool has_key;

/* The first thread that fails needs no memory for saying so; and of another
 * that can have none, what went wrong is said by its number alone. */
static char first[MESSAGE_MAX];
static _Atomic bool first_taken;
static _Thread_local int unsaid __attribute__((tls_model("initial-exec")));

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

	if (mine == NULL && !atomic_exchange(&first_taken, true))
		mine = first;
	if (mine == NULL && has_key && os_map(MESSAGE_MAX, &memory) == 0) {
		if (pthread_setspecific(key, memory) == 0)
			mine = memory;
		else
			os_unmap(memory, MESSAGE_MAX);
	}
	return mine;
}

static void
set(int errnum, int meaning, const char *format, va_list args)
{
	char *text = buffer();

	unsaid = text == NULL ? errnum : 0;
	if (text != NULL) {
		error_format(text, MESSAGE_MAX, meaning, format, args);
		TRACE(1, "%s", text);
	}
	errno = errnum;
}

void
message_set(int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(errnum, 0, format, args);
	va_end(args);
}

void
message_set_system(int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(errnum, errnum, format, args);
	va_end(args);
}

void
message_no_pool(const VMEM *handle)
{
	message_set(
	    EINVAL, "invalid pool handle: 0x%" PRIxPTR, (uintptr_t)handle);
}

EXPORT const char *
vmem_errormsg(void)
{
	if (unsaid != 0)
		return error_name(unsaid);
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
