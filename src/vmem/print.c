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
 * program's print_func. Prints in every build, as the manual says; the old
 * library's release build printed nothing.
 */
#include <errno.h>
#include <string.h>

#include "arena/print.h"
#include "kind/facade.h"
#include "vmem/facade.h"
#include "vmem/message.h"
#include "vmem/registry.h"

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

/* The log file is opened here if nothing was to be written to it so far: the
 * release build opens it for statistics alone. An unknown handle is EINVAL and
 * a message, although the function has no result that could say so. */
EXPORT void
vmem_stats_print(VMEM *vmp, const char *opts)
{
	char own[1024];
	struct gathered gathered = { .text = own, .size = sizeof(own) };
	poolkind *kind = NULL;
	struct pool *pool;
	int saved = errno;

	TRACE(3, "vmp %p opts \"%s\"", (void *)vmp, opts != NULL ? opts : "");
	registry_hold();
	pool = registry_find(vmp);
	if (pool != NULL) {
		kind = atomic_load(&pool->kind);
		if (pool->state != NULL) {
			gathered.text = pool->state;
			gathered.size = POOL_STATE_BYTES;
		}
	}
	registry_release();
	if (kind == NULL) {
		message_no_pool(vmp);
		return;
	}
	if (atomic_load(&vmem_log.print) == NULL)
		vmem_log_open();
	poolkind_print(kind, omitted(opts), gather, &gathered);
	flush(&gathered);
	errno = saved;
}

/* With stats_print:true, the statistics of the pools that the program has not
 * deleted. Nothing else is cleaned up: other destructors, and threads that
 * still run, may use the pools until the process is gone. */
static __attribute__((destructor)) void
end(void)
{
	if (!vmem_settings()->conf.stats_print)
		return;
	for (struct pool *pool = registry_first(); pool != NULL;
	     pool = pool->next)
		vmem_stats_print((VMEM *)(void *)pool->begin, NULL);
}
