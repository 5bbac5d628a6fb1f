/* SPDX-License-Identifier: BSD-2-Clause */
/* source_glue.c - see source_glue.h. */
#include "source_glue.h"

#include "base/bits.h"
#include "os/records.h"
#include "source/address_map.h"
#include "source/policy.h"
#include "source/structures.h"

struct segment *
bare_segment(void *base, size_t bytes)
{
	struct segment *segment = record_new(sizeof(*segment));

	segment->base = base;
	segment->bytes = bytes;
	return segment;
}

void
bare_segment_free(struct segment *segment)
{
	record_free(segment, sizeof(*segment));
}

size_t
segment_record_bytes(void)
{
	return sizeof(struct segment);
}

struct segment *
segment_at(const void *addr)
{
	return address_map_find(addr);
}

unsigned
look_begin(void)
{
	return address_map_begin();
}

int
look_holds(unsigned begin)
{
	return address_map_holds(begin);
}

void *
owner_read(const struct segment *segment)
{
	return segment->owner;
}

size_t
segments_of(const struct source *source)
{
	size_t count = 0;

	for (struct segment *s = source->first; s != NULL; s = s->next)
		count++;
	return count;
}

int
descriptor_of(const struct source *source)
{
	return source->first->fd;
}

void
punch_is_dear(struct source *source, size_t bytes)
{
	static struct os_file_system dear;

	dear = *source->first->file_system;
	dear.punch_least = bytes;
	source->first->file_system = &dear;
}

unsigned
holds_of(const struct source *source)
{
	return atomic_load(&source->held);
}

int
is_backed(const struct source *source, const void *addr)
{
	for (struct segment *s = source->first; s != NULL; s = s->next) {
		size_t offset = (uintptr_t)addr - (uintptr_t)s->base;

		if (offset < s->bytes)
			return page_set_count(&s->committed,
				   offset / source->granule,
				   offset / source->granule + 1) != 0;
	}
	return 0;
}

int
bind_range(struct source *source, const void *addr, size_t bytes)
{
	struct segment *segment = source->first;

	return policy_bind(
	    segment, (size_t)((const char *)addr - segment->base), bytes);
}

static void
flip(struct page_set *set, size_t page)
{
	page_set_fill(
	    set, page, page + 1, page_set_count(set, page, page + 1) == 0);
}

void
damage(struct source *source, enum damage what)
{
	struct segment *segment = source->first;

	switch (what) {
	case USED: /* the last page, without a word to the summaries */
		flip(&segment->map.used, segment->map.pages - 1);
		break;
	case BACKED: /* the first page, which a span has */
		flip(&segment->committed, 0);
		break;
	case SPANS:
		source->spans ^= PAGE_BYTES;
		break;
	case COMMITTED:
		source->committed ^= PAGE_BYTES;
		break;
	case DAMAGES:
		break;
	}
}
