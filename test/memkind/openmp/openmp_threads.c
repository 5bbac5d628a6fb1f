/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openmp_threads.c - many threads of OpenMP on all its allocators: blocks that
 * one thread took and another gives back, forks between parallel regions and
 * in the midst of one, and an end with blocks that nobody gave back.
 */
#include <sys/wait.h>

#include "openmp.h"

#define THREADS 8
#define SLOTS 100
#define STEPS 4000
#define FORKS 10

/* The size and the allocator's number stand in a block's first bytes, and what
 * they were multiplied with in its last. */
struct block {
	size_t size, from;
};

#define FACTOR 0x9e3779b97f4a7c15

static struct block *table[THREADS][SLOTS];
static omp_allocator_handle_t allocators[8];
static const char *kinds[8];
static size_t allocator_count;
static const char in_several[] = "";

static size_t
any(unsigned long *state, size_t below)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return (*state >> 33) % below;
}

static void
add(omp_allocator_handle_t allocator, const char *kind)
{
	allocators[allocator_count] = allocator;
	kinds[allocator_count++] = kind;
}

static void
make_allocators(void)
{
	static omp_alloctrait_t spread[] = { { omp_atk_partition,
	    omp_atv_interleaved } };
	static omp_alloctrait_t aligned[] = { { omp_atk_alignment, 256 } };
	static omp_alloctrait_t pool[] = { { omp_atk_pool_size, 2 << 20 },
		{ omp_atk_fallback, omp_atv_default_mem_fb } };

	omp_free(omp_alloc(1, omp_high_bw_mem_alloc), omp_high_bw_mem_alloc);
	add(omp_default_mem_alloc, default_kind());
	add(omp_high_bw_mem_alloc, "MEMKIND_HBW_PREFERRED");
	add(omp_large_cap_mem_alloc, "MEMKIND_DAX_KMEM_ALL");
	add(omp_init_allocator(omp_default_mem_space, 1, spread),
	    "MEMKIND_INTERLEAVE");
	add(omp_init_allocator(omp_high_bw_mem_space, 1, spread),
	    "MEMKIND_HBW_INTERLEAVE");
	add(omp_init_allocator(omp_large_cap_mem_space, 1, aligned),
	    "MEMKIND_DAX_KMEM_ALL");
	add(omp_init_allocator(omp_high_bw_mem_space, 2, pool), in_several);
}

/* ---- Blocks -------------------------------------------------------------- */

static size_t *
last_word(struct block *block)
{
	return (size_t *)((char *)block + block->size) - 1;
}

/* Whether a block is as it was left. */
static bool
is_right(struct block *block)
{
	return *last_word(block) == (block->size + block->from) * FACTOR;
}

static void
stamp(struct block *block, size_t size, size_t from)
{
	block->size = size;
	block->from = from;
	*last_word(block) = (size + from) * FACTOR;
}

static size_t
any_size(unsigned long *state)
{
	size_t words = any(state, 100) == 0 ? 40000 : 200;

	return sizeof(struct block) + sizeof(size_t) * (1 + any(state, words));
}

/* A block for an empty place; false if it is not what it should be. */
static bool
take(struct block **place, unsigned long *state)
{
	size_t from = any(state, allocator_count), size = any_size(state);
	struct block *block = omp_alloc(size, allocators[from]);

	if (block == NULL)
		return false;
	stamp(block, size, from);
	*place = block;
	return kinds[from] == in_several || lies_in(block, kinds[from]);
}

/* Gives the block of a place back, or has it moved. */
static bool
change(struct block **place, unsigned long *state)
{
	struct block *block = *place;
	size_t from = block->from, size = any_size(state);
	bool good = is_right(block);

	if (any(state, 3) != 0) {
		omp_free(block, allocators[from]);
		*place = NULL;
		return good;
	}
	block = omp_realloc(block, size, allocators[from], allocators[from]);
	if (block == NULL)
		return false;
	good = good && block->from == from;
	stamp(block, size, from);
	*place = block;
	return good;
}

static long
work(struct block **row, unsigned long *state, int steps)
{
	long wrong = 0;

	for (int step = 0; step < steps; step++) {
		struct block **place = &row[any(state, SLOTS)];

		wrong += *place == NULL ? !take(place, state) :
					  !change(place, state);
	}
	return wrong;
}

static long
give_all_back(void)
{
	long wrong = 0;

	for (int row = 0; row < THREADS; row++) {
		for (int i = 0; i < SLOTS; i++) {
			struct block *block = table[row][i];

			if (block == NULL)
				continue;
			wrong += !is_right(block);
			omp_free(block, allocators[block->from]);
			table[row][i] = NULL;
		}
	}
	return wrong;
}

/* ---- Storms and forks ---------------------------------------------------- */

/* Each thread works on its own row, then on that of the next one. */
static long
storm(int threads, unsigned long seed)
{
	long wrong = 0;

#pragma omp parallel num_threads(threads) reduction(+ : wrong)
	{
		int mine = omp_get_thread_num();
		unsigned long state = seed * THREADS + (unsigned long)mine;

		for (int round = 0; round < 3; round++) {
			wrong += work(
			    table[(mine + round) % THREADS], &state, STEPS);
#pragma omp barrier
		}
	}
	return wrong;
}

/* The exit status of a child that runs BODY. */
static int
in_child(int (*body)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		exit(body());
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

/* GCC's runtime has no threads in a child whose parent had some. */
static int
storm_in_child(void)
{
	return storm(is_llvm() ? THREADS : 1, 7) != 0 || give_all_back() != 0;
}

/* A child of one thread among others at work: that thread's row is right, and
 * allocation goes on. */
static bool
fork_in_region(struct block **row, unsigned long *state)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		long wrong = work(row, state, 500);

		/* LLVM's runtime has left something in /dev/shm. */
		exit(wrong != 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void
forks_in_region(void)
{
	long wrong = 0, wrong_forks = 0;

#pragma omp parallel num_threads(THREADS) reduction(+ : wrong, wrong_forks)
	{
		int mine = omp_get_thread_num();
		unsigned long state = 1000 + (unsigned long)mine;

		for (int round = 0; round < FORKS; round++) {
			wrong += work(table[mine], &state, STEPS / 4);
			if (mine == 0 || mine == 3)
				wrong_forks += !fork_in_region(
				    table[mine], &state);
		}
	}
	CHECK("threads that fork and others go on", wrong == 0);
	CHECK("so do their children", wrong_forks == 0);
}

int
main(void)
{
	make_allocators();
	CHECK("threads allocate, change and exchange blocks",
	    storm(THREADS, 1) == 0);
	CHECK("a child does so with its parent's blocks",
	    in_child(storm_in_child) == 0);
	CHECK("the parent finds them unchanged", storm(THREADS, 2) == 0);
	forks_in_region();
	CHECK("another child", in_child(storm_in_child) == 0);
	CHECK("all blocks are right", give_all_back() == 0);
	CHECK("and again", storm(THREADS, 3) == 0);
	/* The end comes with blocks in the tables, and allocators. */
	return failures != 0;
}
