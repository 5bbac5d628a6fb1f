/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc_scopes.c - poolkind_enter(3) and its relatives, in a program that is
 * linked with libpoolkind-malloc, or without: then there are no scopes.
 */
#include <errno.h>
#include <malloc.h>
#include <poolkind.h>
#include <pthread.h>

#include "shim_check.h"

static poolkind *one, *two, *small;

static bool
is_of(void *block, poolkind *kind)
{
	return block != NULL && poolkind_of(block) == kind;
}

/* Whether a scope that is left now says so much. */
static bool
reports(size_t count, size_t bytes, size_t largest)
{
	struct poolkind_scope_report report;

	if (poolkind_leave_report(&report, sizeof(report)) != 0)
		return false;
	if (report.count == count && report.bytes == bytes &&
	    report.largest == largest)
		return true;
	dprintf(STDERR_FILENO, "%zu blocks, %zu bytes, %zu the largest\n",
	    report.count, report.bytes, report.largest);
	return false;
}

static void
check_kinds(void)
{
	void *outside = malloc(100), *inside, *of_two, *back;

	CHECK("a scope is entered", poolkind_enter(one) == 0);
	inside = malloc(100);
	CHECK("its blocks are of its kind",
	    is_of(inside, one) && is_of(malloc(1), one) &&
		is_of(malloc(10 << 20), one) && is_of(calloc(3, 1000), one) &&
		is_of(aligned_alloc(4096, 100), one) &&
		is_of(realloc(NULL, 5000), one) && is_of(strdup("x"), one));
	CHECK("another inside of it", poolkind_enter(two) == 0);
	of_two = malloc(100);
	CHECK("has blocks of its own kind", is_of(of_two, two));
	CHECK("is left", poolkind_leave() == 0);
	CHECK("for the one outside", is_of(malloc(100), one));
	CHECK("is left, too", poolkind_leave() == 0);
	back = malloc(100);
	CHECK("for what was before",
	    !is_of(back, one) && !is_of(back, two) &&
		poolkind_of(back) == poolkind_of(outside));
	CHECK("blocks stay where they are",
	    is_of(realloc(inside, 200), one) &&
		is_of(realloc(of_two, 90), two));
	free(outside);
	free(back);
}

static void
check_full(void)
{
	void *block;
	size_t had = 0;

	poolkind_enter(small);
	while (is_of(block = malloc(100000), small) && had < 1000)
		had++;
	CHECK("a full kind gives what it has", had > 10 && had < 1000);
	CHECK("and then comes ordinary memory",
	    block != NULL && poolkind_of(block) != NULL);
	poolkind_leave();
}

static void
check_depth(void)
{
	int i;

	errno = 0;
	CHECK("none is left that was not entered",
	    poolkind_leave() == -1 && errno == EINVAL &&
		strstr(poolkind_errormsg(), "in no scope") != NULL);
	for (i = 0; i < POOLKIND_SCOPES_MAX; i++)
		if (poolkind_enter(i % 2 == 0 ? one : two) != 0)
			break;
	CHECK("as many as there may be", i == POOLKIND_SCOPES_MAX);
	errno = 0;
	CHECK("and no more", poolkind_enter(one) == -1 && errno == E2BIG);
	for (i = POOLKIND_SCOPES_MAX; i > 1; i--)
		if (!is_of(malloc(64), i % 2 == 1 ? one : two) ||
		    poolkind_leave() != 0)
			break;
	CHECK("each is as it was", i == 1 && poolkind_leave() == 0);
	errno = 0;
	CHECK("NULL is no kind", poolkind_enter(NULL) == -1 && errno == EINVAL);
	errno = 0;
	CHECK("nor is a closed one",
	    poolkind_enter((poolkind *)0x123) == -1 && errno == EINVAL);
	CHECK("which is no scope", poolkind_leave() == -1);
}

static void
check_report(void)
{
	void *kept, *inner, *large;
	struct poolkind_scope_report report = { .count = 9, .bytes = 9 };

	poolkind_enter(one);
	CHECK("nothing lives", reports(0, 0, 0));
	poolkind_enter(one);
	kept = malloc(100);
	free(malloc(5000));
	large = malloc(3 << 20);
	CHECK("what was not freed", reports(2, 100 + (3 << 20), 3 << 20));
	poolkind_enter(one);
	free(kept);
	free(large);
	CHECK("what is older does not count", reports(0, 0, 0));
	poolkind_enter(one);
	kept = malloc(10);
	poolkind_enter(two);
	inner = malloc(20);
	CHECK("an inner scope has its own alone", reports(1, 20, 20));
	CHECK("and is in the outer one", reports(2, 30, 20));
	poolkind_enter(one);
	kept = realloc(kept, 1000);
	CHECK("a block of before that was resized is older", reports(0, 0, 0));
	poolkind_enter(one);
	large = malloc(10);
	large = realloc(large, 100000);
	large = realloc(large, 200);
	CHECK("one of inside has its size", reports(1, 200, 200));
	free(kept);
	free(inner);
	free(large);
	poolkind_enter(one);
	errno = 0;
	CHECK("a report needs a place",
	    poolkind_leave_report(NULL, 8) == -1 && errno == EINVAL &&
		poolkind_leave_report(&report, 0) == -1 && report.count == 9);
	kept = malloc(7);
	CHECK("a short one gets what fits",
	    poolkind_leave_report(&report, sizeof(report.count)) == 0 &&
		report.count == 1 && report.bytes == 9);
	free(kept);
}

/* ---- Stacks -------------------------------------------------------------- */

static bool walks; /* rules have stacks followed */
static void *called_from;

__attribute__((noinline)) void *
allocate(size_t size)
{
	void *block = malloc(size);

	called_from = __builtin_return_address(0);
	__asm__ volatile("" ::: "memory"); /* no tail call */
	return block;
}

static bool
is_in_allocate(const void *address)
{
	uintptr_t begin = (uintptr_t)allocate;

	return (uintptr_t)address > begin && (uintptr_t)address < begin + 256;
}

/* Whether the stack is from allocate(), and from who called that if so many
 * frames are to be known. */
static bool
is_from(const struct poolkind_scope_stack *stack, bool deep, const void *caller)
{
	return is_in_allocate(stack->frames[0]) &&
	    (deep ? stack->depth > 2 && stack->frames[1] == caller :
		    stack->depth == 1);
}

static void
check_stacks(void)
{
	struct poolkind_scope_report report;
	void *kept[3], *first_call;

	poolkind_enter(one);
	CHECK("nothing lives: no stack",
	    poolkind_leave_report(&report, sizeof(report)) == 0 &&
		report.stack_count == 0);
	poolkind_enter(one);
	kept[0] = allocate(10000);
	first_call = called_from;
	kept[1] = allocate(30000);
	kept[2] = allocate(100);
	free(allocate(70000));
	kept[2] = realloc(kept[2], 200);
	CHECK("each stack is told",
	    poolkind_leave_report(&report, sizeof(report)) == 0 &&
		report.count == 3 && report.stack_count == (walks ? 3 : 1));
	CHECK("with its blocks",
	    report.stacks[0].largest == 30000 &&
		report.stacks[0].bytes == (walks ? 30000 : 40200) &&
		report.stacks[0].count == (walks ? 1 : 3) &&
		report.stacks[1].bytes == (walks ? 10000 : 0));
	CHECK("as far as it is known",
	    is_from(&report.stacks[0], walks, report.stacks[0].frames[1]) &&
		(!walks || is_from(&report.stacks[1], true, first_call)));
	CHECK("of a small block the caller",
	    !walks ||
		(report.stacks[2].bytes == 200 &&
		    is_from(&report.stacks[2], false, NULL)));
	for (int i = 0; i < 3; i++)
		free(kept[i]);
}

/* One of 300 bytes, and 12 times two of 160 and more, each pair of its own
 * line; the loop is for the two. */
static void
check_many_stacks(void)
{
	struct poolkind_scope_report report;
	void *kept[25], **at = kept;
	bool in_order = true;

	poolkind_enter(one);
	*at++ = malloc(300);
	for (int i = 0; i < 2; i++) {
		*at++ = malloc(160), *at++ = malloc(161), *at++ = malloc(162);
		*at++ = malloc(163), *at++ = malloc(164), *at++ = malloc(165);
		*at++ = malloc(166), *at++ = malloc(167), *at++ = malloc(168);
		*at++ = malloc(169), *at++ = malloc(170), *at++ = malloc(171);
		__asm__ volatile("" ::: "memory");
	}
	CHECK("more stacks than are told",
	    poolkind_leave_report(&report, sizeof(report)) == 0 &&
		report.count == 25 && report.stack_count == 13);
	for (size_t i = 1; i < POOLKIND_SCOPE_STACKS; i++)
		in_order &= report.stacks[i].bytes == 2 * (172 - i) &&
		    report.stacks[i].count == 2;
	CHECK("the largest block first, then the most bytes",
	    report.stacks[0].largest == 300 && report.stacks[0].bytes == 300 &&
		in_order);
	while (at > kept)
		free(*--at);
}

/* ---- Threads ------------------------------------------------------------- */

#define BLOCKS 20000
static void *blocks[BLOCKS];

static void *
free_all(void *unused)
{
	for (int i = 0; i < BLOCKS; i += 2)
		free(blocks[i]);
	return unused;
}

static void *
is_outside(void *unused)
{
	void *block = malloc(100);

	(void)unused;
	return is_of(block, one) ? block : NULL;
}

static void *
in_thread(void *(*what)(void *))
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, what, NULL) != 0)
		_exit(1);
	pthread_join(thread, &result);
	return result;
}

static void *
churn(void *unused)
{
	struct poolkind_scope_report report;
	size_t bad = 0;

	(void)unused;
	for (size_t round = 0; round < 200; round++) {
		void *kept[50];

		poolkind_enter(round % 2 == 0 ? one : two);
		for (size_t i = 0; i < 50; i++) {
			kept[i] = malloc(i * 20 + 1);
			free(malloc(i * 30));
		}
		for (size_t i = 0; i < round % 50; i++)
			free(kept[i]);
		bad += poolkind_leave_report(&report, sizeof(report)) != 0 ||
		    report.count != 50 - round % 50;
		for (size_t i = round % 50; i < 50; i++)
			free(kept[i]);
	}
	return (void *)bad;
}

static void
check_threads(void)
{
	pthread_t threads[8];
	void *bad, *all = NULL;

	/* What a thread needs of libc's is allocated by its creator, and kept.
	 */
	in_thread(is_outside);
	poolkind_enter(one);
	CHECK("a scope is its thread's", in_thread(is_outside) == NULL);
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(40);
	in_thread(free_all);
	CHECK("another thread frees", reports(BLOCKS / 2, BLOCKS / 2 * 40, 40));
	for (int i = 1; i < BLOCKS; i += 2)
		free(blocks[i]);
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, churn, NULL);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &bad);
		all = bad != NULL ? bad : all;
	}
	CHECK("eight threads with scopes", all == NULL);
}

/* ---- Blocks that poolkind_free() frees ----------------------------------- */

#define PAST 200
static void *past[PAST];
static pthread_barrier_t turn;

static void *
have_them_freed(void *unused)
{
	poolkind_enter(one);
	for (int i = 0; i < PAST; i++)
		past[i] = malloc(72);
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	poolkind_leave();
	return unused;
}

/* Blocks of another thread's scope, past malloc, and again in one of this
 * thread's: each is the scope's that had it last. */
static void
check_past_malloc(void)
{
	static void *again[PAST], *more[PAST];
	pthread_t thread;

	alarm(60);
	pthread_barrier_init(&turn, NULL, 2);
	pthread_create(&thread, NULL, have_them_freed, NULL);
	pthread_barrier_wait(&turn);
	for (int i = 0; i < PAST; i++)
		poolkind_free(one, past[i]);
	poolkind_enter(one);
	for (int i = 0; i < PAST; i++)
		again[i] = malloc(72);
	pthread_barrier_wait(&turn);
	pthread_join(thread, NULL);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < PAST; i++)
			more[i] = malloc(72);
		for (int i = 0; i < PAST; i++) {
			free(again[i]);
			again[i] = more[i];
		}
	}
	CHECK("what poolkind_free() freed is nobody's",
	    reports(PAST, PAST * 72, 72));
	poolkind_enter(one);
	for (int i = 0; i < PAST; i++)
		free(again[i]);
	CHECK("and in nobody's way", reports(0, 0, 0));
	alarm(0);
}

/* More blocks in all than are watched at once, none of which is freed. */
#define ABANDONED 300
#define ABANDONED_BLOCKS 4000

static void *
abandon(void *unused)
{
	poolkind_enter(two);
	poolkind_enter(one);
	for (int i = 0; i < ABANDONED_BLOCKS; i++)
		*(volatile char *)malloc(16) = 1;
	return unused;
}

static pthread_key_t last_key;
static bool is_left_at_end;

static void
end_last(void *unused)
{
	void *block = malloc(100);

	(void)unused;
	is_left_at_end = block != NULL && !is_of(block, one);
	free(block);
	is_left_at_end &= poolkind_enter(one) == 0;
	is_left_at_end &= is_of(malloc(1), one);
}

static void *
enter_at_end(void *unused)
{
	pthread_setspecific(last_key, &last_key);
	return abandon(unused);
}

static void
check_ends(void)
{
	struct poolkind_scope_report report;
	int error = 0;

	for (int round = 0; round < ABANDONED && error == 0; round++) {
		in_thread(abandon);
		poolkind_enter(one);
		free(malloc(50));
		error = poolkind_leave_report(&report, sizeof(report));
	}
	CHECK("threads may end in scopes", error == 0);
	pthread_key_create(&last_key, end_last);
	in_thread(enter_at_end);
	CHECK("which they leave before the last", is_left_at_end);
}

/* ---- Memory -------------------------------------------------------------- */

static size_t
resident(void)
{
	char text[64] = "";
	size_t pages = 0;
	int fd = open("/proc/self/statm", O_RDONLY);

	if (read(fd, text, sizeof(text) - 1) > 0)
		sscanf(text, "%*u %zu", &pages);
	close(fd);
	return pages * 4096;
}

static void
scopes(int count)
{
	for (int i = 0; i < count; i++) {
		void *kept[100];

		poolkind_enter(one);
		for (int k = 0; k < 100; k++)
			kept[k] = memset(malloc(1000), 1, 1000);
		poolkind_leave();
		for (int k = 0; k < 100; k++)
			free(kept[k]);
	}
}

/* The kernel counts what is resident for each processor, and is some pages off,
 * so that a process of a few MiB would not do. */
static void
check_memory(void)
{
	const size_t ballast = 32 << 20;
	void *pages = memset(malloc(ballast), 1, ballast);
	size_t before, after;

	scopes(100);
	before = resident();
	scopes(4000);
	after = resident();
	free(pages);
	CHECK(
	    "4000 scopes leave memory as it is", after < before + before / 100);
}

/* Without the library that stands in malloc's place. */
static int
check_none(void)
{
	struct poolkind_scope_report report;

	errno = 0;
	CHECK("no scopes: enter",
	    poolkind_enter(one) == -1 && errno == ENOTSUP &&
		strstr(poolkind_errormsg(), "-lpoolkind-malloc") != NULL);
	errno = 0;
	CHECK("no scopes: leave", poolkind_leave() == -1 && errno == ENOTSUP);
	errno = 0;
	CHECK("no scopes: report",
	    poolkind_leave_report(&report, sizeof(report)) == -1 &&
		errno == ENOTSUP && report.count == 0);
	return failures != 0;
}

int
main(int argc, char **argv)
{
	one = poolkind_open("dram,name=one", 0);
	two = poolkind_open("dram,name=two", 0);
	small = poolkind_open("dram,name=small,limit=4M", 0);
	if (one == NULL || two == NULL || small == NULL)
		return 1;
	if (argc > 1 && strcmp(argv[1], "none") == 0)
		return check_none();
	walks = argc > 1;
	check_kinds();
	check_full();
	check_depth();
	check_report();
	check_stacks();
	check_many_stacks();
	check_threads();
	check_past_malloc();
	check_ends();
	check_memory();
	return failures != 0;
}
