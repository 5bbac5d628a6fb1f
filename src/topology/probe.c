/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.c - how fast memory is, by reading it. See probe.h.
 *
 * A single thread says more of latency than of bandwidth, so there is one for
 * each processor of the node that is looked from, 64 at most, of those that the
 * calling thread may run on: who is bound to some has others left in peace.
 * Each has memory of its own on the other node and reads it from end to end, a
 * word of each line, again and again. What it reads in the second half of the
 * time counts, when all have begun, by the time that it had a processor: others
 * may want that one, too. However little time there was, a chunk is read.
 *
 * Owns its threads and their memory while it is called. The threads take no
 * signals, and all are gone in the end. No locks. Called by measure.c, where a
 * thread is not cancelled. 0, for "not known", where anything fails: there are
 * no processors, threads cannot be made, memory does not come from the node.
 * That one is preferred and not bound, as a full node is to end nobody. Memory
 * is mapped here, as numa_alloc(3) touches it at once.
 */
#include "topology/probe.h"

#include <numa.h>
#include <numaif.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define THREADS_MAX 64
#define CHUNK (2 * MIB)
#define CHUNKS_MAX 32 /* of a thread */
#define LINE_BYTES 64
#define STACK_BYTES (256 * KIB)

/* A thread: what it is to do, and what it found. */
struct reader {
	pthread_t thread;
	unsigned to;
	size_t bytes;
	uint64_t middle, end; /* of the time, in ns */
	uint64_t speed;       /* MB/s; 0: it could not */
};

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- One thread ---------------------------------------------------------- */

static bool
is_past(uint64_t moment)
{
	return now_ns(CLOCK_MONOTONIC) >= moment;
}

/* Touches chunks until half of the time is over; how many it came to. */
static size_t
touch(const struct reader *reader, volatile char *memory)
{
	size_t chunks = 0;

	do {
		for (size_t i = 0; i < CHUNK; i += 4 * KIB)
			memory[chunks * CHUNK + i] = 1;
		chunks++;
	} while (chunks < reader->bytes / CHUNK && !is_past(reader->middle));
	return chunks;
}

/* The first page of each chunk is looked at. */
static bool
is_on_node(const struct reader *reader, char *memory, size_t chunks)
{
	void *page[CHUNKS_MAX];
	int status[CHUNKS_MAX];

	for (size_t i = 0; i < chunks; i++)
		page[i] = memory + i * CHUNK;
	if (move_pages(0, chunks, page, NULL, status, 0) != 0)
		return false;
	for (size_t i = 0; i < chunks; i++)
		if (status[i] != (int)reader->to)
			return false;
	return true;
}

static void
read_chunk(const char *chunk)
{
	for (size_t i = 0; i < CHUNK; i += LINE_BYTES)
		(void)*(const volatile uint64_t *)(const void *)(chunk + i);
}

static uint64_t
read_all(const struct reader *reader, const char *memory, size_t chunks)
{
	uint64_t begin, ns, bytes = 0;
	size_t i = 0;

	while (!is_past(reader->middle))
		read_chunk(memory + i++ % chunks * CHUNK);
	begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
	do {
		read_chunk(memory + i++ % chunks * CHUNK);
		bytes += CHUNK;
	} while (!is_past(reader->end));
	ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
	return ns != 0 ? bytes * 1000 / ns : 0;
}

static void *
read_node(void *arg)
{
	struct reader *reader = arg;
	unsigned long mask[SPEC_NODES_MAX / (8 * sizeof(unsigned long))] = {
		0
	};
	const unsigned bits = 8 * sizeof(*mask);
	char *memory = mmap(NULL, reader->bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t chunks;

	if (memory == MAP_FAILED)
		return NULL;
	mask[reader->to / bits] = 1UL << reader->to % bits;
	if (mbind(memory, reader->bytes, MPOL_PREFERRED, mask,
		SPEC_NODES_MAX + 1, 0) == 0) {
		chunks = touch(reader, memory);
		if (is_on_node(reader, memory, chunks))
			reader->speed = read_all(reader, memory, chunks);
	}
	munmap(memory, reader->bytes);
	return NULL;
}

/* ---- All of them --------------------------------------------------------- */

/* The processors of node FROM that this thread may run on; how many. */
static unsigned
find_cpus(unsigned from, struct bitmask *cpus)
{
	struct bitmask *own = numa_allocate_cpumask();
	unsigned count = 0;

	if (own != NULL && numa_node_to_cpus((int)from, cpus) == 0 &&
	    numa_sched_getaffinity(0, own) > 0)
		for (unsigned i = 0; i < cpus->size; i++) {
			if (numa_bitmask_isbitset(cpus, i) == 0)
				continue;
			if (i < own->size && numa_bitmask_isbitset(own, i) != 0)
				count++;
			else
				numa_bitmask_clearbit(cpus, i);
		}
	if (own != NULL)
		numa_bitmask_free(own);
	return count;
}

/* On one processor, without signals. */
static bool
start(struct reader *reader, unsigned cpu)
{
	pthread_attr_t attr;
	sigset_t all;
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	size_t size = CPU_ALLOC_SIZE(cpu + 1);
	bool good = set != NULL && pthread_attr_init(&attr) == 0;

	if (good) {
		sigfillset(&all);
		CPU_ZERO_S(size, set);
		CPU_SET_S(cpu, size, set);
		good = pthread_attr_setstacksize(&attr, STACK_BYTES) == 0 &&
		    pthread_attr_setsigmask_np(&attr, &all) == 0 &&
		    pthread_attr_setaffinity_np(&attr, size, set) == 0 &&
		    pthread_create(&reader->thread, &attr, read_node, reader) ==
			0;
		pthread_attr_destroy(&attr);
	}
	CPU_FREE(set);
	return good;
}

/* Starts WANTED threads like the one that is given, on processors that lie
 * evenly among the COUNT of CPUS. How many there are. */
static unsigned
start_all(struct reader *readers, unsigned wanted, const struct reader *one,
    const struct bitmask *cpus, unsigned count)
{
	unsigned started = 0, seen = 0;

	for (unsigned i = 0; i < cpus->size && started < wanted; i++) {
		if (numa_bitmask_isbitset(cpus, i) == 0 ||
		    seen++ < started * count / wanted)
			continue;
		readers[started] = *one;
		if (!start(&readers[started], i))
			break;
		started++;
	}
	return started;
}

/* Of all threads together; 0 if one could not. */
static uint64_t
end_all(const struct reader *readers, unsigned started)
{
	uint64_t speed = 0;
	bool good = true;

	for (unsigned i = 0; i < started; i++) {
		pthread_join(readers[i].thread, NULL);
		good &= readers[i].speed != 0;
		speed += readers[i].speed;
	}
	return good ? speed : 0;
}

static uint64_t
read_from(unsigned from, struct reader *one, size_t bytes)
{
	struct reader *readers = calloc(THREADS_MAX, sizeof(*readers));
	struct bitmask *cpus = numa_allocate_cpumask();
	unsigned count = cpus != NULL ? find_cpus(from, cpus) : 0;
	unsigned wanted = (unsigned)min_size(
	    min_size(count, THREADS_MAX), bytes / CHUNK);
	uint64_t speed = 0;

	if (readers != NULL && wanted != 0) {
		unsigned started;

		one->bytes = CHUNK *
		    min_size(bytes / CHUNK / wanted, CHUNKS_MAX);
		started = start_all(readers, wanted, one, cpus, count);
		speed = end_all(readers, started);
		if (started < wanted)
			speed = 0;
	}
	if (cpus != NULL)
		numa_bitmask_free(cpus);
	free(readers);
	return speed;
}

/* A quarter of what is free on the node is taken at most. */
uint64_t
topology_probe_reads(unsigned from, unsigned to, unsigned ms, size_t bytes)
{
	uint64_t begin = now_ns(CLOCK_MONOTONIC), ns = (uint64_t)ms * 1000000;
	struct reader one = {
		.to = to,
		.middle = begin + ns / 2,
		.end = begin + ns,
	};
	long long free_bytes = 0;

	if (numa_available() < 0 ||
	    numa_node_size64((int)to, &free_bytes) < 0 || free_bytes < 0)
		return 0;
	return read_from(from, &one, min_size(bytes, (size_t)free_bytes / 4));
}
