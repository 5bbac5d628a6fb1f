/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print.c - vmem_stats_print(), see libvmem.h, and the statistics of all pools
 * when the process ends (stats_print:true).
 *
 * The engine writes line by line; here lines are gathered and written in large
 * pieces, from the pool's own state where it has one. That state is what the
 * program's malloc_func gave for the pool, which libvmem's manual describes as
 * 4 to 8 KiB: this buffer is what it is needed for. Without functions set the
 * text goes out in pieces of 1 KiB, from the stack.
 *
 * Owns nothing, and holds no lock while it writes, since the text may go to the
 * program's print_func; the end of the process is the exception. Prints in
 * every build, as the manual says; the old library's release build printed
 * nothing.
 */
#include <errno.h>
#include <string.h>

#include "arena/print.h"
#include "kind/facade.h"
#include "vmem/facade.h"
#include "vmem/message.h"
#include "vmem/state.h"

#define OWN_BYTES 1024

struct gathered {
	char *text;
	size_t length, size;
};

static void
flush(struct gathered *gathered)
{
	if (gathered->length != 0)
		log_file_write(&vmem_log, gathered->text, gathered->length);
	gathered->length = 0;
}

/* The engine's pieces are lines of at most 255 characters, so each fits into
 * the smallest buffer once that is empty. The terminating zero is copied with
 * each, as print_func wants a string. */
static void
gather(void *to, const char *text)
{
	struct gathered *gathered = to;
	size_t length = strlen(text);

	if (gathered->length + length >= gathered->size)
		flush(gathered);
	memcpy(gathered->text + gathered->length, text, length + 1);
	gathered->length += length;
}

_Static_assert(
    HEAP_PRINT_GENERAL == 1 && HEAP_PRINT_LARGE == 1 << 4, "a letter a bit");

/* Letters that jemalloc 3.6 did not know are passed over. Later versions gave
 * some of them a meaning ("J" switches to JSON), which programs written for
 * libvmem cannot have meant. */
static unsigned
omitted(const char *opts)
{
	static const char letters[] = "gmabl"; /* in the order of the bits */
	unsigned omit = 0;

	for (; opts != NULL && *opts != '\0'; opts++) {
		const char *letter = strchr(letters, *opts);

		if (letter != NULL)
			omit |= 1u << (letter - letters);
	}
	return omit;
}

/* Writes the statistics, gathered in SIZE bytes at TEXT. */
static void
print(poolkind *kind, unsigned omit, char *text, size_t size)
{
	struct gathered gathered = { .text = text, .size = size };

	poolkind_print(kind, omit, gather, &gathered);
	flush(&gathered);
}

/* Opens the log file if nothing was to be written to it so far: the release
 * build opens it for statistics alone. Under the registry's lock, since it is
 * to be opened, and so truncated, once. */
static void
open_log(void)
{
	if (atomic_load(&vmem_log.print) == NULL)
		vmem_log_open();
}

/* An unknown handle is EINVAL and a message, although the function has no
 * result that could say so. A second thread that prints the pool has no state
 * to gather in, and does it on the stack. */
EXPORT void
vmem_stats_print(VMEM *vmp, const char *opts)
{
	char own[OWN_BYTES], *lent = NULL;
	poolkind *kind = NULL;
	struct pool *pool;
	int saved = errno;

	TRACE(3, "vmp %p opts \"%s\"", (void *)vmp, opts != NULL ? opts : "");
	registry_hold();
	pool = registry_find(vmp);
	if (pool != NULL) {
		kind = atomic_load(&pool->kind);
		lent = state_borrow(pool);
		open_log();
	}
	registry_release();
	if (kind == NULL) {
		message_no_pool(vmp);
		return;
	}
	print(kind, omitted(opts), lent != NULL ? lent : own,
	    lent != NULL ? POOL_STATE_BYTES : sizeof(own));
	if (lent != NULL) {
		registry_hold();
		state_return(pool);
		registry_release();
	}
	errno = saved;
}

/*
 * With stats_print:true, the statistics of the pools that the program has not
 * deleted. Nothing else is cleaned up: other destructors, and threads that
 * still run, may use the pools until the process is gone. Such a thread may
 * also delete one, so the lock is held all the time, over print_func as well:
 * that may not call this library.
 */
static __attribute__((destructor)) void
end(void)
{
	char own[OWN_BYTES];

	if (!vmem_settings()->conf.stats_print)
		return;
	registry_hold();
	open_log();
	for (struct pool *pool = registry_first(); pool != NULL;
	     pool = pool->next)
		if (atomic_load(&pool->kind) != NULL)
			print(atomic_load(&pool->kind), 0, own, sizeof(own));
	registry_release();
}
