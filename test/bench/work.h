/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work.h - what the workloads share: threads that work for some time and are
 * counted, random numbers, sizes, and what a process holds. Figures are lines
 * "name<tab>number"; one that cannot be had ends the program with NO_FIGURE
 * and a sentence.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "allocator.h"
#include "clock.h"

#define MIB ((size_t)1 << 20)
#define POOL_BYTES (1024 * MIB)
#define SIZES 4096
#define NO_FIGURE 77

/* One thread. STATE is what the workload keeps for it. */
struct __attribute__((aligned(128))) worker {
	const struct work *work;
	unsigned index, threads;
	uint64_t random;
	handle own;
	void *state;
	double slices; /* that it has worked for */
};

/* A batch is a few microseconds of work or more, and says how many operations
 * it was. The other two, each if there is one, are called by the thread before
 * and after. SIZE, SIZES and COUNT are the workload's own. */
struct work {
	const char *name;
	void (*prepare)(struct worker *worker);
	size_t (*batch)(struct worker *worker);
	void (*finish)(struct worker *worker);
	size_t size, count;
	const uint32_t *sizes;
};

/* The pool that workers have a handle of. */
extern struct pool work_pool;

/* Less time and memory. */
extern bool work_quick;

/* 16 to 1024 bytes, each as likely; 16 to 65536, most of them small. */
extern uint32_t small_sizes[SIZES], mixed_sizes[SIZES];

void *need(void *ptr);
void no_figure(const char *why);

/* Prints the time of an operation: nanoseconds of a processor, of those that
 * the threads keep busy, in the slices of time that went best. */
void measure(const struct work *work, unsigned threads);

#define MEASURE_EACH(works, threads) \
	for (size_t i = 0; i < sizeof(works) / sizeof((works)[0]); i++) \
	measure(&(works)[i], threads)

/* Anonymous memory of the process, and memory in the files that it shares. */
size_t held(void);

/* The groups of workloads. */
void pairs(unsigned threads);
void blocks(unsigned threads);
void windows(unsigned threads);
void servers(unsigned threads);
void few_pools(unsigned threads);
void many_pools(unsigned threads);
void alive_pools(unsigned threads);
void burst(unsigned threads);
void long_plain(unsigned threads);
void long_trimmed(unsigned threads);

/* Below LIMIT, which has at most 32 bits. */
static inline size_t
random_below(uint64_t *random, size_t limit)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (size_t)((*random >> 32) * limit >> 32);
}

/* A block that knows where its pointer is kept, so that another one on top of
 * it is seen. */
static inline void *
signed_block(void *ptr, void **place)
{
	*(void ***)need(ptr) = place;
	return ptr;
}

static inline void *
signature_checked(void *ptr, void **place)
{
	if (__builtin_expect(*(void ***)ptr != place, 0))
		abort();
	return ptr;
}

#endif /* BENCH_WORK_H */
