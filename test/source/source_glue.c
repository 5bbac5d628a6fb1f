/* SPDX-License-Identifier: BSD-2-Clause */
/* source_glue.c - see source_glue.h. */
#include "source_glue.h"

#include "base/bits.h"
#include "os/records.h"
#include "source/stretch.h"

struct stretch *
bare_stretch(void *base, size_t bytes)
{
	struct stretch *stretch = record_new(sizeof(*stretch));

	stretch->base = base;
	stretch->bytes = bytes;
	return stretch;
}

void
bare_stretch_free(struct stretch *stretch)
{
	record_free(stretch, sizeof(*stretch));
}

size_t
stretches_of(const struct source *source)
{
	size_t count = 0;

	for (struct stretch *s = source->first; s != NULL; s = s->next)
		count++;
	return count;
}

int
descriptor_of(const struct source *source)
{
	return source->first->fd;
}

unsigned
holds_of(const struct source *source)
{
	return atomic_load(&source->held);
}

int
is_backed(const struct source *source, const void *addr)
{
	for (struct stretch *s = source->first; s != NULL; s = s->next) {
		size_t offset = (uintptr_t)addr - (uintptr_t)s->base;

		if (offset < s->bytes)
			return bits_test(s->backed, offset / source->grain);
	}
	return 0;
}
