/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * held.c - how much memory an allocator holds: after a burst of all threads,
 * when nothing happens, and after a trim; and in a long run whose sizes change.
 * See work.h.
 */
#include <pthread.h>
#include <unistd.h>

#include "work.h"

static size_t before;

/* Of what the program held before. */
static double
held_mib(void)
{
	size_t bytes = held();

	return bytes < before ? 0 : (double)(bytes - before) / (double)MIB;
}

/* Every page of a block is in use. */
static void *
touched_block(handle own, size_t size)
{
	char *ptr = need(block_new(own, size));

	for (size_t i = 0; i < size; i += 4096)
		ptr[i] = 1;
	ptr[size - 1] = 1;
	return ptr;
}

/* ---- A burst ------------------------------------------------------------- */

#define BURST_BYTES (128 * MIB)
#define IDLE_SECONDS 12
#define TRICKLE 200

static pthread_barrier_t freed, over;

struct burst {
	unsigned threads;
	uint64_t random;
};

/* Frees every other block first, as nobody frees in order. */
static void *
burst_thread(void *argument)
{
	struct burst *burst = argument;
	handle own = pool_enter(&work_pool);
	size_t bytes = 0, count = 0, most = BURST_BYTES / burst->threads;
	void **block = need(region_new(most));

	for (; bytes < most; count++) {
		size_t size = mixed_sizes[random_below(&burst->random, SIZES)];

		block[count] = touched_block(own, size);
		bytes += size;
	}
	for (size_t i = 0; i < count; i += 2)
		block_free(own, block[i]);
	for (size_t i = 1; i < count; i += 2)
		block_free(own, block[i]);
	munmap(block, most);
	pthread_barrier_wait(&freed);
	pthread_barrier_wait(&over);
	pool_leave(own);
	return NULL;
}

/* The threads live on, and their caches. */
void
burst(unsigned threads)
{
	struct burst bursts[threads];
	pthread_t thread[threads];
	handle own = pool_enter(&work_pool);
	double start;

	block_free(own, touched_block(own, 100));
	before = held();
	pthread_barrier_init(&freed, NULL, threads + 1);
	pthread_barrier_init(&over, NULL, threads + 1);
	for (unsigned i = 0; i < threads; i++) {
		bursts[i] = (struct burst){ threads, i };
		pthread_create(&thread[i], NULL, burst_thread, &bursts[i]);
	}
	pthread_barrier_wait(&freed);
	printf("held after a burst, MiB\t%.2f\n", held_mib());
	sleep(work_quick ? 1 : IDLE_SECONDS);
	printf("held when idle, MiB\t%.2f\n", held_mib());
	for (int i = 0; i < TRICKLE; i++) {
		block_free(own, touched_block(own, 100));
		usleep(5000);
	}
	printf("held after a few pairs, MiB\t%.2f\n", held_mib());
	start = now();
	if (pool_trim(own)) {
		start = now() - start;
		printf("held after a trim, MiB\t%.2f\n", held_mib());
		printf("the trim, ms\t%.2f\n", start / 1e6);
	}
}

/* ---- A long run ---------------------------------------------------------- */

#define LIVE_BYTES (work_quick ? 16 * MIB : 64 * MIB)
#define BLOCKS_MAX (1 << 20)
#define PHASES 12
#define SAMPLES 8

static struct {
	void *ptr;
	size_t size;
} live[BLOCKS_MAX];
static size_t live_count, live_bytes, live_peak;
static double held_peak;

static void
drop_any(handle own, uint64_t *random)
{
	size_t i = random_below(random, live_count);

	block_free(own, live[i].ptr);
	live_bytes -= live[i].size;
	live[i] = live[--live_count];
}

static void
sample(void)
{
	double mib = held_mib();

	held_peak = mib > held_peak ? mib : held_peak;
}

/* A phase has sizes of its own: from 16 to 128 bytes up to 512 to 4096 bytes
 * and back, and some of any size. It allocates as much as is live. */
static void
phase(handle own, unsigned number, uint64_t *random)
{
	unsigned shift = number % 10 <= 5 ? number % 10 : 10 - number % 10;

	for (size_t bytes = 0, sampled = 0; bytes < LIVE_BYTES;) {
		size_t size = random_below(random, 100) == 0 ?
		    mixed_sizes[random_below(random, SIZES)] :
		    (16 + random_below(random, 112)) << shift;

		while (
		    live_bytes + size > LIVE_BYTES || live_count == BLOCKS_MAX)
			drop_any(own, random);
		live[live_count].ptr = touched_block(own, size);
		live[live_count++].size = size;
		live_bytes += size;
		bytes += size;
		if (live_bytes > live_peak)
			live_peak = live_bytes;
		if (bytes / (LIVE_BYTES / SAMPLES) > sampled) {
			sampled++;
			sample();
		}
	}
}

static void
long_run(bool trimming)
{
	const char *how = trimming ? " trimmed" : "";
	handle own = pool_enter(&work_pool);
	uint64_t random = 1;

	if (trimming && !pool_trim(own))
		no_figure("no trim");
	block_free(own, touched_block(own, 100));
	memset(live, 0, sizeof(live));
	before = held();
	for (unsigned i = 0; i < (work_quick ? 6 : PHASES); i++) {
		phase(own, i, &random);
		if (trimming)
			pool_trim(own);
	}
	printf("long run%s: peak to live, %%\t%.1f\n", how,
	    held_peak * 100 * (double)MIB / (double)live_peak);
	while (live_bytes > LIVE_BYTES / 10)
		drop_any(own, &random);
	if (trimming)
		pool_trim(own);
	printf("long run%s: to last tenth, %%\t%.1f\n", how,
	    held_mib() * 100 * (double)MIB / (double)live_bytes);
}

void
long_plain(unsigned threads)
{
	(void)threads;
	long_run(false);
}

void
long_trimmed(unsigned threads)
{
	(void)threads;
	long_run(true);
}
