/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sentence.c - the sentence that explains a thread's last failure: see
 * base/error.h.
 *
 * Owns those sentences. What a library has of static TLS must be there for all
 * threads before it is loaded, and is little where others are loaded late; so a
 * thread has a pointer of it, and a page of its own from its first failure to
 * its end. The first thread that fails, most often the only one, needs no page.
 * Called by everybody, under any lock. Takes none.
 *
 * Nothing here fails: without memory for a page a thread has the bare name of
 * its last error number. A page goes at the end of its thread, by the key's
 * destructor; that of the first thread is never another's, and nothing has to
 * be given back. What error_text() returned is good until the thread's next
 * failure.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "os/os.h"

static char first[ERROR_TEXT_MAX];
static _Atomic bool first_taken;
static pthread_key_t key;
static bool has_key;

static _Thread_local char *mine __attribute__((tls_model("initial-exec")));
/* Of a thread that can have no page, what went wrong is said by its number. */
static _Thread_local int unsaid __attribute__((tls_model("initial-exec")));

static void
forget(void *page)
{
	mine = NULL;
	os_unmap(page, PAGE_BYTES);
}

/* As early as can be: what a thread keeps for a key that comes late would be
 * allocated by libc. */
static __attribute__((constructor)) void
make_key(void)
{
	has_key = pthread_key_create(&key, forget) == 0;
}

/* A page that goes when the thread does; NULL where it can have none. */
static char *
page_of_thread(void)
{
	void *page;

	if (!has_key || os_map(PAGE_BYTES, &page) != 0)
		return NULL;
	if (pthread_setspecific(key, page) == 0)
		return page;
	os_unmap(page, PAGE_BYTES);
	return NULL;
}

static char *
place(void)
{
	if (mine == NULL)
		mine = atomic_exchange(&first_taken, true) ? page_of_thread() :
							     first;
	return mine;
}

/* Formats on the stack first and copies then, as ARGS may quote the text that
 * is there. MEANING: an error number whose text is added, or 0. Sets errno. */
static void
set(int errnum, int meaning, const char *format, va_list args)
{
	char sentence[ERROR_TEXT_MAX];
	char *text = place();

	unsaid = text == NULL ? errnum : 0;
	if (text != NULL) {
		error_format(sentence, sizeof(sentence), meaning, format, args);
		memcpy(text, sentence, sizeof(sentence));
	}
	errno = errnum;
}

int
error_set(int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(errnum, 0, format, args);
	va_end(args);
	return -1;
}

int
error_set_system(int errnum, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(errnum, errnum, format, args);
	va_end(args);
	return -1;
}

const char *
error_text(void)
{
	if (unsaid != 0)
		return error_name(unsaid);
	return mine != NULL ? mine : "";
}
