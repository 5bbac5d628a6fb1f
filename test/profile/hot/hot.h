/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hot.h - how the programs with known hot data count what they do: each
 * structure has a row of the table, each access goes through RD or WR, which
 * add the bytes that are read or written, and each block is announced.
 *
 * At the end the table is written to the file that HOT_COUNTS names: a line
 *
 *     structure NAME FUNCTION LINE ACCESSES SMALLEST
 *
 * for each, and `live BYTES...', in the same order, for each moment at which
 * something was different. LINE is where malloc is called, FUNCTION the
 * function by which a stack is known, SMALLEST the bytes of its smallest block.
 *
 * Where HOT_PLACED names a file, that gets a line
 *
 *     placed NAME BLOCKS FAST
 *
 * for each, of the blocks that it had, and those that are in a kind with a
 * limit, as the library in malloc's place says. Without either nothing is
 * written.
 */
#ifndef TEST_PROFILE_HOT_HOT_H
#define TEST_PROFILE_HOT_HOT_H

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOT_MAX 16
#define HOT_STEP 32 /* small changes are one at a 32nd of the peak */

struct hot {
	const char *name, *function;
	int line;
	size_t live, smallest; /* of its blocks */
	unsigned long accesses;
	unsigned long blocks, fast;
};

static struct hot hot_table[HOT_MAX];
static int hot_count;
static size_t hot_live, hot_peak, hot_last;
static FILE *hot_rows;

/* A row of the table, made by the first call. */
static inline struct hot *
hot_structure(const char *name, const char *function, int line)
{
	for (int i = 0; i < hot_count; i++)
		if (strcmp(hot_table[i].name, name) == 0)
			return &hot_table[i];
	hot_table[hot_count].name = name;
	hot_table[hot_count].function = function;
	hot_table[hot_count].line = line;
	return &hot_table[hot_count++];
}

static inline void
hot_row(void)
{
	if (hot_rows == NULL && getenv("HOT_COUNTS") != NULL)
		hot_rows = fopen(getenv("HOT_COUNTS"), "w");
	if (hot_rows == NULL)
		return;
	fputs("live", hot_rows);
	for (int i = 0; i < HOT_MAX; i++)
		fprintf(hot_rows, " %zu", hot_table[i].live);
	fputc('\n', hot_rows);
	hot_last = hot_live;
}

/* BYTES more live of it, or fewer. */
static inline void
hot_change(struct hot *hot, long bytes)
{
	size_t moved;

	if (bytes < -4096 || hot_live - hot_last > hot_peak / HOT_STEP)
		hot_row();
	if (bytes > 0 && (hot->smallest == 0 || (size_t)bytes < hot->smallest))
		hot->smallest = (size_t)bytes;
	hot->live += (size_t)bytes;
	hot_live += (size_t)bytes;
	if (hot_live > hot_peak)
		hot_peak = hot_live;
	moved = hot_live > hot_last ? hot_live - hot_last : hot_last - hot_live;
	if (bytes > 4096 || moved > hot_peak / HOT_STEP)
		hot_row();
}

/* BLOCK is a new one of it. */
static inline void *
hot_block(struct hot *hot, void *block)
{
	static void *(*kind_of)(const void *);
	static const char *(*text_of)(void *);
	void *kind;

	hot->blocks++;
	if (getenv("HOT_PLACED") == NULL)
		return block;
	if (kind_of == NULL) {
		*(void **)&kind_of = dlsym(RTLD_DEFAULT, "poolkind_of");
		*(void **)&text_of = dlsym(RTLD_DEFAULT, "poolkind_text");
	}
	kind = kind_of != NULL ? kind_of(block) : NULL;
	if (kind != NULL && strstr(text_of(kind), "limit=") != NULL)
		hot->fast++;
	return block;
}

static inline void
hot_write_placed(void)
{
	FILE *to = getenv("HOT_PLACED") != NULL ?
	    fopen(getenv("HOT_PLACED"), "w") :
	    NULL;

	if (to == NULL)
		return;
	for (int i = 0; i < hot_count; i++)
		fprintf(to, "placed %s %lu %lu\n", hot_table[i].name,
		    hot_table[i].blocks, hot_table[i].fast);
	fclose(to);
}

static inline void
hot_end(void)
{
	hot_write_placed();
	hot_row();
	if (hot_rows == NULL)
		return;
	for (int i = 0; i < hot_count; i++)
		fprintf(hot_rows, "structure %s %s %d %lu %zu\n",
		    hot_table[i].name, hot_table[i].function, hot_table[i].line,
		    hot_table[i].accesses, hot_table[i].smallest);
	fclose(hot_rows);
}

/* How often the work is done: once, or as HOT_AGAIN says, so that a sampler
 * sees enough of it. */
static inline int
hot_again(void)
{
	const char *times = getenv("HOT_AGAIN");

	return times != NULL && atoi(times) > 0 ? atoi(times) : 1;
}

/* The value of an lvalue, and assigning to it, counted for HOT. */
#define RD(hot, what) ((hot)->accesses += sizeof(what), (what))
#define WR(hot, what, value) ((hot)->accesses += sizeof(what), (what) = (value))

/* malloc(SIZE) for the structure NAME, here. */
#define HOT_NEW(hot, name, size) \
	(*(hot) = hot_structure(name, __func__, __LINE__), \
	    hot_change(*(hot), (long)(size)), hot_block(*(hot), malloc(size)))
#define HOT_FREE(hot, what, size) (hot_change(hot, -(long)(size)), free(what))

/* Numbers that are the same everywhere. */
static unsigned long hot_seed = 88172645463325252ul;
static inline unsigned long
hot_random(void)
{
	hot_seed ^= hot_seed << 13;
	hot_seed ^= hot_seed >> 7;
	hot_seed ^= hot_seed << 17;
	return hot_seed;
}

#endif /* TEST_PROFILE_HOT_HOT_H */
