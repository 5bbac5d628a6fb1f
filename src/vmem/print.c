/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print.c - vmem_stats_print(). See libvmem.h.
 *
 * The engine writes line by line; here lines are gathered and written in large
 * pieces, from the pool's own state where it has one. Owns nothing, and holds
 * no lock while it writes.
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
