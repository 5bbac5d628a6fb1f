/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * info.c - what the C library tells of its heap, told of ours: mallinfo(3),
 * malloc_stats(3), malloc_info(3), malloc_trim(3), mallopt(3).
 *
 * Left to glibc these would tell of a heap that is nearly empty, and
 * malloc_trim(3) would give nothing back. The forms are glibc's, which programs
 * and monitoring tools parse; a kind stands where glibc has an arena. What is
 * "in use" are the blocks that the program holds, what is "system" the pages
 * that were taken for them.
 *
 * Each call counts the blocks in the caches of all threads, for which the
 * engine keeps every thread out of its cache for a moment (caches_count()):
 * these are for now and then, not for every request.
 *
 * Owns nothing. Called by the program, from any thread. Takes no lock itself;
 * the engine does. Nothing fails.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "interpose/door.h"
#include "os/os.h"
#include "poolkind.h"

/* mallinfo2() came with glibc 2.33, and its type is not in older headers. So
 * the type is repeated here, and both functions have names of their own in C
 * and get the real ones from the assembler: whatever malloc.h declares cannot
 * contradict. */
struct info {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks,
	    uordblks, fordblks, keepcost;
};
struct info mallinfo2_of_poolkind(void) __asm__("mallinfo2");
struct mallinfo mallinfo_of_poolkind(void) __asm__("mallinfo");

/* Committed bytes in no block of the program's. The two numbers are not read at
 * one moment: the difference must not wrap around. */
static size_t
idle(const struct poolkind_stats *stats)
{
	return stats->committed > stats->live ? stats->committed - stats->live :
						0;
}

/* The statistics of the kind NUMBER, as heap.c counts them; false if there are
 * not so many. Of a kind that cannot be asked all are 0, and the next ones
 * count still. */
static bool
stats_of(unsigned number, struct poolkind_stats *stats)
{
	poolkind *kind = door_kind(number);

	if (kind == NULL)
		return false;
	if (poolkind_get_stats(kind, stats, sizeof(*stats)) != 0)
		memset(stats, 0, sizeof(*stats));
	return true;
}

static struct poolkind_stats
sum(void)
{
	struct poolkind_stats all = { 0 }, one;

	for (unsigned i = 0; stats_of(i, &one); i++) {
		all.live += one.live;
		all.committed += one.committed;
		all.peak += one.peak;
		all.active += one.active;
		all.allocations += one.allocations;
		all.frees += one.frees;
	}
	return all;
}

/* Fields that make no sense here are 0, fastbins and mmapped blocks among them.
 * keepcost is what malloc_trim() could give back: pages that are committed and
 * in no extent that holds blocks. */
EXPORT struct info
mallinfo2_of_poolkind(void)
{
	struct poolkind_stats all = sum();
	size_t unused = all.committed > all.active ?
	    all.committed - all.active :
	    0;

	return (struct info){
		.arena = all.committed,
		.uordblks = all.live,
		.fordblks = idle(&all),
		.keepcost = unused,
	};
}

static int
as_int(size_t number)
{
	return number > INT_MAX ? INT_MAX : (int)number;
}

/* The older form has numbers of 31 bits. What is larger is INT_MAX here, where
 * glibc's numbers wrap around and may be anything. */
EXPORT struct mallinfo
mallinfo_of_poolkind(void)
{
	struct info info = mallinfo2_of_poolkind();

	return (struct mallinfo){
		.arena = as_int(info.arena),
		.uordblks = as_int(info.uordblks),
		.fordblks = as_int(info.fordblks),
		.keepcost = as_int(info.keepcost),
	};
}

/* Gives back to the system what is free in any kind. Returns 1 if pages went
 * back. PAD is how much glibc would keep on top of its heap; ours has no top.
 */
EXPORT int
malloc_trim(size_t pad)
{
	size_t before = sum().committed;
	poolkind *kind;

	(void)pad;
	for (unsigned i = 0; (kind = door_kind(i)) != NULL; i++)
		poolkind_trim(kind);
	return sum().committed < before;
}

/* glibc's parameters, M_MXFAST and those from -1 to -8 in malloc.h, are
 * accepted and do nothing: they tune a heap that is not used, and a program
 * that tests the result should not give up for it. */
EXPORT int
mallopt(int param, int value)
{
	(void)value;
	return param == M_MXFAST || (param <= -1 && param >= -8);
}

/* By write(2), not by stdio: glibc's writes to standard error as well, and a
 * program may ask while it has stderr locked. */
static void
write_stats(const char *head, size_t system, size_t in_use)
{
	char text[160];
	int length = snprintf(text, sizeof(text),
	    "%s:\nsystem bytes     = %10zu\nin use bytes     = %10zu\n", head,
	    system, in_use);

	os_write(2, text, (size_t)length);
}

/* As glibc's, with a part for each kind in place of an arena. The last two
 * lines are of blocks that glibc gets by mmap(2), of which a kind has none. */
EXPORT void
malloc_stats(void)
{
	static const char tail[] = "max mmap regions =          0\n"
				   "max mmap bytes   =          0\n";
	struct poolkind_stats all = sum(), one;
	char head[32];

	for (unsigned i = 0; stats_of(i, &one); i++) {
		snprintf(head, sizeof(head), "Arena %u", i);
		write_stats(head, one.committed, one.live);
	}
	write_stats("Total (incl. mmap)", all.committed, all.live);
	os_write(2, tail, sizeof(tail) - 1);
}

/* The part that a heap and the sum of all have in common. MMAP: a line that the
 * sum alone has. */
static void
print_totals(FILE *file, const struct poolkind_stats *stats, const char *mmap)
{
	fprintf(file,
	    "<total type=\"fast\" count=\"0\" size=\"0\"/>\n"
	    "<total type=\"rest\" count=\"%u\" size=\"%zu\"/>\n%s"
	    "<system type=\"current\" size=\"%zu\"/>\n"
	    "<system type=\"max\" size=\"%zu\"/>\n"
	    "<aspace type=\"total\" size=\"%zu\"/>\n"
	    "<aspace type=\"mprotect\" size=\"%zu\"/>\n",
	    idle(stats) != 0, idle(stats), mmap, stats->committed, stats->peak,
	    stats->committed, stats->committed);
}

/* glibc's XML, version 1, with a <heap> for each kind. FILE may allocate its
 * buffer in the midst of it, as no lock is held. EINVAL for options, as glibc:
 * none are defined. */
EXPORT int
malloc_info(int options, FILE *file)
{
	struct poolkind_stats all = sum(), one;

	if (options != 0)
		return EINVAL;
	fputs("<malloc version=\"1\">\n", file);
	for (unsigned i = 0; stats_of(i, &one); i++) {
		fprintf(file, "<heap nr=\"%u\">\n<sizes>\n</sizes>\n", i);
		print_totals(file, &one, "");
		fputs("</heap>\n", file);
	}
	print_totals(
	    file, &all, "<total type=\"mmap\" count=\"0\" size=\"0\"/>\n");
	fputs("</malloc>\n", file);
	return 0;
}
