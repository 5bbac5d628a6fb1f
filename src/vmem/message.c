/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.c - the message of a thread's last error. See message.h.
 *
 * Owns the buffers and the key that frees them. A buffer is mapped, not
 * allocated: a message is wanted just when there is no memory, and malloc may
 * be a program's own that calls libvmem. vmem's own library took it from malloc
 * and ended the process when that failed; here the message is shorter then.
 *
 * As users of vmem know it, a message stays until the thread's next error, is
 * "" before the first, and is not written by a block that cannot be had: that
 * is an everyday answer, and errno says it.
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

/* A static buffer for the first thread that has an error, so that a program of
 * one thread has its messages even if there is no memory. It is never given to
 * another thread, not even after the end of the first. A thread that can have
 * no buffer keeps the number of its error in `unsaid`, and its message is what
 * that number means. */
static char first[MESSAGE_MAX];
static _Atomic bool first_taken;
static _Thread_local int unsaid __attribute__((tls_model("initial-exec")));

/* At the end of a thread that has a mapped buffer. Destructors of other keys
 * may run after this one and fail in libvmem: they get a buffer again, and the
 * key's destructor another turn. */
static void
forget(void *text)
{
	mine = NULL;
	os_unmap(text, MESSAGE_MAX);
}

/* In a constructor, under nobody's lock: pthread_key_create(3) ends in malloc
 * where another library stands before libc's. Without a key a buffer could not
 * be freed at the end of its thread, so none is made. */
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

/* MEANING is the error number that the text ends with, in words; 0 for none.
 * errno is set last, as tracing may write. */
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

/* Never NULL, and never makes a buffer: a thread that only looks needs none. */
EXPORT const char *
vmem_errormsg(void)
{
	if (unsaid != 0)
		return error_name(unsaid);
	return mine != NULL ? mine : "";
}

/*
 * Programs compare the text for the major version, and take what is returned
 * for what vmem_errormsg() gives. The major version is tested first: where it
 * differs the minor one means nothing. errno stays, as the answer is not an
 * error of any call.
 */
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
