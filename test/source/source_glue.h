/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_glue.h - what the tests of src/source need of headers that are C only.
 */
#ifndef TEST_SOURCE_SOURCE_GLUE_H
#define TEST_SOURCE_SOURCE_GLUE_H

#include <stddef.h>

struct source;
struct segment;

/* A segment that is nothing but addresses, for the address map. */
struct segment *bare_segment(void *base, size_t bytes);
void bare_segment_free(struct segment *segment);

/* The bytes of a segment's record, and what a reader without a lock who has
 * found the record reads of it. */
size_t segment_record_bytes(void);
struct segment *segment_at(const void *addr);
unsigned look_begin(void);
int look_holds(unsigned begin);
void *owner_read(const struct segment *segment);

size_t segments_of(const struct source *source);
/* The descriptor of the first segment, or -1. */
int descriptor_of(const struct source *source);
/* As if giving back less than BYTES at once were dear in its file system. */
void punch_is_dear(struct source *source, size_t bytes);
unsigned holds_of(const struct source *source);
/* Whether the page at ADDR of the source counts as committed. */
int is_backed(const struct source *source, const void *addr);

/* policy_bind() of a range of the first segment. */
int bind_range(struct source *source, const void *addr, size_t bytes);

/* Makes one of the records of the first segment wrong; a second time, right. */
enum damage { USED, BACKED, SPANS, COMMITTED, DAMAGES };
void damage(struct source *source, enum damage what);

#endif /* TEST_SOURCE_SOURCE_GLUE_H */
