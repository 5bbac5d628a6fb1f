/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocks.c - a program that knows of malloc alone, and says on which nodes its
 * blocks lie, as the kernel has it: move_pages(2). test/host/rules runs it.
 *
 *   blocks places CPU...
 *     each sort of request that a rule can name, of a thread on each of these
 *     processors in turn
 *   blocks fill BYTES COUNT CPU...
 *     so many blocks of that size from each, all at once, and where they lie,
 *     in their order
 *   blocks meet FOLDER PROCESSES BYTES COUNT CPU...
 *     the same, one process after the other, each of which lives until so many
 *     have done it
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#define APART __attribute__((noinline))
#define PAGE ((size_t)4096)
#define MIB ((size_t)1 << 20)
#define NODES 64
#define MOST_CPUS 4
#define MOST_BLOCKS 20000

/* A set of nodes, a bit each; empty where there is no block. */
typedef uint64_t nodes;

/* ---- What the kernel says ------------------------------------------------ */

/* A page that the kernel means to move nearer has no node until it is touched
 * once more. */
static int
node_of(char *page)
{
	void *start = page;
	int node = -1;

	for (int tries = 0; tries < 100 && node < 0; tries++) {
		*(volatile char *)page = 1;
		if (syscall(SYS_move_pages, 0, 1, &start, NULL, &node, 0) != 0)
			break;
	}
	if (node >= 0 && node < NODES)
		return node;
	perror("move_pages");
	exit(1);
}

/* Of all pages of a block. */
static nodes
nodes_of(char *block, size_t bytes)
{
	nodes found = 0;

	if (block == NULL)
		return 0;
	found |= (nodes)1 << node_of(block);
	for (char *at = block + PAGE - (uintptr_t)block % PAGE;
	     at < block + bytes; at += PAGE)
		found |= (nodes)1 << node_of(at);
	return found;
}

/* Moves this thread to a processor; the node of that. */
static unsigned
stay_on(unsigned cpu)
{
	unsigned node;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0 &&
	    syscall(SYS_getcpu, NULL, &node, NULL) == 0)
		return node;
	perror("sched_setaffinity");
	exit(1);
}

/* "2", "2+3", or "none". */
static void
print_nodes(nodes set)
{
	const char *before = "";

	if (set == 0)
		printf("none");
	for (unsigned node = 0; node < NODES; node++)
		if (set >> node & 1) {
			printf("%s%u", before, node);
			before = "+";
		}
}

/* ---- Requests that a rule can name --------------------------------------- */

static APART nodes
anywhere(size_t bytes)
{
	char *block = malloc(bytes);

	return nodes_of(block, bytes);
}

static APART nodes
by_line(size_t bytes)
{
	char *block = malloc(bytes); /* the line */

	return nodes_of(block, bytes);
}

static APART nodes
by_offset(size_t bytes)
{
	char *block = calloc(bytes, 1); /* another function, no copy of that */

	return nodes_of(block, bytes);
}

/* Not its last call, or it would not be on the stack any more. */
static APART nodes
by_function(size_t bytes)
{
	volatile nodes found = anywhere(bytes);

	return found;
}

static void *
named_thread(void *found)
{
	pthread_setname_np(pthread_self(), "io-7");
	*(nodes *)found = anywhere(100) | anywhere(5000) | anywhere(200000) |
	    anywhere(3 * MIB);
	return NULL;
}

static APART nodes
by_thread(size_t bytes)
{
	pthread_t thread;
	nodes found = 0;

	(void)bytes;
	if (pthread_create(&thread, NULL, named_thread, &found) == 0)
		pthread_join(thread, NULL);
	return found;
}

static const struct request {
	const char *name;
	nodes (*ask)(size_t bytes);
	size_t sizes[3];
} requests[] = {
	{ "size", anywhere, { 150000, 160000, 170000 } },
	{ "line", by_line, { 5000, 70000, 3 * MIB } },
	{ "offset", by_offset, { 5000, 70000, 3 * MIB } },
	{ "function", by_function, { 5000, 70000, 3 * MIB } },
	{ "thread", by_thread, { 0 } },
	{ "else", anywhere, { 100, 5000, 3 * MIB } },
	{ "small", by_line, { 10, 100, 1000 } },
};

static void *
ask_for_each(void *cpu)
{
	printf("on %u:", stay_on(*(unsigned *)cpu));
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		const struct request *request = &requests[i];
		nodes found = 0;

		for (int size = 0; size < 3; size++)
			found |= request->ask(request->sizes[size]);
		printf(" %s ", request->name);
		print_nodes(found);
	}
	printf("\n");
	return NULL;
}

/* ---- Many blocks --------------------------------------------------------- */

static struct filler {
	unsigned cpu, node;
	pthread_t thread;
	nodes found[MOST_BLOCKS];
} fillers[MOST_CPUS];

static pthread_barrier_t all_are_there;
static size_t block_bytes, block_count;

static void *
fill(void *argument)
{
	struct filler *filler = argument;

	filler->node = stay_on(filler->cpu);
	pthread_barrier_wait(&all_are_there);
	for (size_t i = 0; i < block_count; i++)
		filler->found[i] = anywhere(block_bytes);
	return NULL;
}

/* "on 0: 2 x 16, 3 x 8": 16 blocks on node 2, and behind these 8 on node 3. */
static void
print_order(const struct filler *filler)
{
	const char *before = " ";
	size_t i = 0;

	printf("on %u:", filler->node);
	while (i < block_count) {
		size_t first = i;

		while (
		    i < block_count && filler->found[i] == filler->found[first])
			i++;
		printf("%s", before);
		print_nodes(filler->found[first]);
		printf(" x %zu", i - first);
		before = ", ";
	}
	printf("\n");
}

/* While a kind by attribute is opened, at its first block, other threads have
 * theirs from the next: so that block is had before, and is not counted. */
static void
fill_from(unsigned threads)
{
	anywhere(block_bytes);
	pthread_barrier_init(&all_are_there, NULL, threads);
	for (unsigned i = 0; i < threads; i++)
		pthread_create(&fillers[i].thread, NULL, fill, &fillers[i]);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(fillers[i].thread, NULL);
	for (unsigned i = 0; i < threads; i++)
		print_order(&fillers[i]);
	fflush(stdout);
}

/* ---- Processes that meet ------------------------------------------------- */

static int
files_in(const char *folder)
{
	DIR *opened = opendir(folder);
	struct dirent *entry;
	int count = 0;

	while (opened != NULL && (entry = readdir(opened)) != NULL)
		count += entry->d_name[0] != '.';
	if (opened != NULL)
		closedir(opened);
	return count;
}

/* Fills while no other process that meets in the folder does. */
static void
fill_in_turn(const char *folder, unsigned threads)
{
	int turn = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[4096];
	int done;

	if (turn < 0 || flock(turn, LOCK_EX) != 0) {
		perror(folder);
		exit(1);
	}
	fill_from(threads);
	snprintf(path, sizeof(path), "%s/%d", folder, getpid());
	done = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (done < 0) {
		perror(path);
		exit(1);
	}
	close(done);
	close(turn);
}

/* ---- The command line ---------------------------------------------------- */

static void
ask_from(unsigned threads)
{
	for (unsigned i = 0; i < threads; i++) {
		struct filler *one = &fillers[i];

		pthread_create(&one->thread, NULL, ask_for_each, &one->cpu);
		pthread_join(one->thread, NULL);
	}
}

/* Takes the processors that ARGV names; false for too many, or none. */
static bool
take_cpus(char **argv, unsigned *threads)
{
	for (*threads = 0; argv[*threads] != NULL; ++*threads) {
		if (*threads == MOST_CPUS)
			return false;
		fillers[*threads].cpu = (unsigned)atoi(argv[*threads]);
	}
	return *threads > 0;
}

int
main(int argc, char **argv)
{
	const char *folder = NULL;
	unsigned threads;
	int processes = 0;

	if (argc > 2 && strcmp(argv[1], "places") == 0 &&
	    take_cpus(argv + 2, &threads)) {
		ask_from(threads);
		return 0;
	}
	if (argc > 4 && strcmp(argv[1], "meet") == 0) {
		folder = argv[2];
		processes = atoi(argv[3]);
		argv += 2;
		argc -= 2;
	}
	if (argc < 5 || !take_cpus(argv + 4, &threads))
		return 2;
	block_bytes = strtoull(argv[2], NULL, 10);
	block_count = strtoull(argv[3], NULL, 10);
	if (block_count > MOST_BLOCKS)
		return 2;
	if (folder == NULL) {
		fill_from(threads);
		return 0;
	}
	fill_in_turn(folder, threads);
	while (files_in(folder) < processes)
		usleep(20000);
	return 0;
}
