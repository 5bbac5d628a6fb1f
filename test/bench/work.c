/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * work.c - runs a group of workloads: work GROUP THREADS [quick]. Prints first
 * which file the allocator's function is mapped from. See work.h; started by
 * test/bench/run.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include "work.h"

#define SLICES 60
#define SLICES_MAX 600
#define BETTER_SLICES 2
#define THREADS_MAX 16

struct pool work_pool;
bool work_quick;
uint32_t small_sizes[SIZES], mixed_sizes[SIZES];

void
no_figure(const char *why)
{
	fprintf(stderr, "%s\n", why);
	_exit(NO_FIGURE);
}

void *
need(void *ptr)
{
	if (__builtin_expect(ptr == NULL, 0))
		no_figure("out of memory");
	return ptr;
}

/* Per thousand, by power of two from 16 on: as programs ask that handle
 * strings and nodes, and now and then a buffer. */
static void
fill_sizes(void)
{
	static const unsigned share[] = { 300, 250, 180, 110, 70, 40, 22, 13, 7,
		4, 3, 1 };
	uint64_t random = 1;

	for (size_t i = 0; i < SIZES; i++) {
		size_t pick = random_below(&random, 1000), class = 0;

		while (pick >= share[class])
			pick -= share[class ++];
		mixed_sizes[i] = (uint32_t)((16u << class) +
		    random_below(&random, 16u << class));
		small_sizes[i] = (uint32_t)(16 + random_below(&random, 1009));
	}
}

/* ---- Threads that are counted -------------------------------------------- */

static struct {
	pthread_barrier_t ready, go;
	unsigned processors; /* that the threads can keep busy */
	double start, slice;
	double pause; /* more slices than any batch takes: we did not run */
	double done[THREADS_MAX][SLICES_MAX];
} run;

/* Operations that took from FROM to TO, in slices, are spread over these. */
static void
count(double *done, double operations, double from, double to)
{
	for (int i = (int)from; i < SLICES_MAX && i < to; i++) {
		double first = from > i ? from : i;
		double last = to < i + 1 ? to : i + 1;

		done[i] += operations * (last - first) / (to - from);
	}
}

static void *
work_thread(void *argument)
{
	struct worker *worker = argument;
	const struct work *work = worker->work;
	double from = 0, to, end = SLICES, *done = run.done[worker->index];

	worker->own = pool_enter(&work_pool);
	if (work->prepare != NULL)
		work->prepare(worker);
	pthread_barrier_wait(&run.ready);
	pthread_barrier_wait(&run.go);
	for (double operations = 0; from < end && from < SLICES_MAX;
	     operations = (double)work->batch(worker)) {
		to = (now() - run.start) / run.slice;
		count(done, operations, from, to);
		if (to - from > run.pause)
			end += to - from;
		from = to;
	}
	worker->slices = from < SLICES_MAX ? from : SLICES_MAX;
	if (work->finish != NULL)
		work->finish(worker);
	pool_leave(worker->own);
	return NULL;
}

static int
descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* Operations of all threads in one of the best slices: other programs disturb,
 * nothing helps, and rarely do all threads run at the same time on a machine
 * that has other work. SLICES are those that all threads worked in. */
static double
operations_in_slice(unsigned threads, size_t slices)
{
	double sum[SLICES_MAX] = { 0 };

	for (size_t slice = 0; slice < slices; slice++)
		for (unsigned i = 0; i < threads; i++)
			sum[slice] += run.done[i][slice];
	qsort(sum, slices, sizeof(sum[0]), descending);
	return sum[BETTER_SLICES] > 0 ? sum[BETTER_SLICES] : 1;
}

static void
run_start(unsigned threads)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	memset(&run, 0, sizeof(run));
	run.processors = threads < online ? threads : (unsigned)online;
	run.slice = (work_quick ? 0.2e6 : 1e6) * threads / run.processors;
	run.pause = work_quick ? 50 : 10;
	pthread_barrier_init(&run.ready, NULL, threads + 1);
	pthread_barrier_init(&run.go, NULL, threads + 1);
}

void
measure(const struct work *work, unsigned threads)
{
	struct worker worker[THREADS_MAX];
	pthread_t thread[THREADS_MAX];
	size_t slices = SLICES_MAX;

	run_start(threads);
	for (unsigned i = 0; i < threads; i++) {
		worker[i] = (struct worker){ .work = work,
			.index = i,
			.threads = threads,
			.random = i };
		pthread_create(&thread[i], NULL, work_thread, &worker[i]);
	}
	pthread_barrier_wait(&run.ready);
	run.start = now();
	pthread_barrier_wait(&run.go);
	for (unsigned i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
		if (worker[i].slices < (double)slices)
			slices = (size_t)worker[i].slices;
	}
	printf("%s, ns\t%.2f\n", work->name,
	    run.slice * run.processors / operations_in_slice(threads, slices));
}

/* ---- Memory -------------------------------------------------------------- */

/* Pages of a mapped file that have memory, whether or not they are in our page
 * table. */
static size_t
file_pages(char *addr, char *end)
{
	static unsigned char vector[65536];
	size_t pages = 0;

	while (addr < end) {
		size_t count = (size_t)(end - addr) / 4096;

		count = count < sizeof(vector) ? count : sizeof(vector);
		if (mincore(addr, count * 4096, vector) != 0)
			break;
		for (size_t i = 0; i < count; i++)
			pages += vector[i] & 1;
		addr += count * 4096;
	}
	return pages;
}

size_t
held(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	FILE *sums = fopen("/proc/self/smaps_rollup", "r");
	unsigned long start, end, inode, kib;
	size_t bytes = 0;
	char line[4352], shared;

	if (maps == NULL || sums == NULL)
		no_figure("no /proc/self/smaps_rollup");
	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx %*3c%c %*x %*s %lu", &start, &end,
			&shared, &inode) == 4 &&
		    shared == 's' && inode != 0)
			bytes += 4096 * file_pages((char *)start, (char *)end);
	while (fgets(line, sizeof(line), sums) != NULL)
		if (sscanf(line, "Anonymous: %lu", &kib) == 1)
			bytes += kib << 10;
	fclose(maps);
	fclose(sums);
	return bytes;
}

/* ---- The program --------------------------------------------------------- */

/* Which file the function that is measured lies in. */
static void
print_library(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	uintptr_t at = (uintptr_t)dlsym(RTLD_DEFAULT, ALLOCATOR_FUNCTION);
	unsigned long start, end;
	char line[4352], path[4096];

	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx %*s %*x %*s %*u %4095s", &start, &end,
			path) == 3 &&
		    at >= start && at < end)
			printf("library\t%s\n", path);
	if (maps != NULL)
		fclose(maps);
}

static const struct {
	const char *name;
	void (*run)(unsigned threads);
} groups[] = {
	{ "pairs", pairs },
	{ "blocks", blocks },
	{ "windows", windows },
	{ "servers", servers },
	{ "pools", few_pools },
	{ "many", many_pools },
	{ "alive", alive_pools },
	{ "burst", burst },
	{ "long", long_plain },
	{ "long-trimmed", long_trimmed },
};

int
main(int argc, char **argv)
{
	unsigned threads = argc < 3 ? 0 : (unsigned)atoi(argv[2]);

	if (threads == 0 || threads > THREADS_MAX)
		return EXIT_FAILURE;
	work_quick = argc > 3;
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_library();
	fill_sizes();
	if (!pool_open(&work_pool, POOL_BYTES))
		no_figure("no pool of 1 GiB");
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(groups[i].name, argv[1]) == 0)
			groups[i].run(threads);
	_exit(EXIT_SUCCESS);
}
