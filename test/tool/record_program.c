/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_program.c - a program that knows what it allocates, for record.sh:
 * each word of its command line is a thing to do, the functions that allocate
 * have names of their own, and what they came to is printed, a line each:
 * function, blocks, bytes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define NOINLINE __attribute__((noinline))
#define FROM_4K 10000

extern char **environ;

/* So that no compiler leaves an allocation out, or makes a jump of a call. */
static NOINLINE void *
keep(void *ptr)
{
	__asm__ volatile("" : : "r"(ptr) : "memory");
	return ptr;
}

/* Runs WORK in THREADS threads, and waits for them. */
static void
in_threads(void *(*work)(void *unused))
{
	pthread_t thread[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* ---- What threads do ----------------------------------------------------- */

/* Large ones, and small ones of every size below 4 KiB. */
static NOINLINE void
large(void)
{
	for (unsigned i = 0; i < 1000; i++)
		free(keep(malloc(FROM_4K + i)));
}

static NOINLINE void
small(void)
{
	for (unsigned i = 0; i < 100000; i++)
		free(keep(malloc(i % 1000 + 1)));
}

static NOINLINE void
cleared(void)
{
	for (unsigned i = 0; i < 500; i++)
		free(keep(calloc(10, FROM_4K)));
}

static NOINLINE void
aligned(void)
{
	void *ptr;

	for (unsigned i = 0; i < 500; i++)
		if (posix_memalign(&ptr, 64, FROM_4K) == 0)
			free(keep(ptr));
}

/* A block that is freed by another thread, in whatever order. */
static void *_Atomic handed_over;

static NOINLINE void
handed(void)
{
	for (unsigned i = 0; i < 1000; i++)
		free(atomic_exchange(&handed_over, keep(malloc(2 * FROM_4K))));
}

static void *
work(void *unused)
{
	(void)unused;
	large();
	small();
	cleared();
	aligned();
	handed();
	return NULL;
}

static void
threads(void)
{
	in_threads(work);
	free(atomic_exchange(&handed_over, NULL));
	printf("large %u %u\n", THREADS * 1000,
	    THREADS * (1000 * FROM_4K + 999 * 1000 / 2));
	printf("small %u %u\n", THREADS * 100000, THREADS * 100 * 1001 * 500);
	printf("cleared %u %u\n", THREADS * 500, THREADS * 500 * 10 * FROM_4K);
	printf("aligned %u %u\n", THREADS * 500, THREADS * 500 * FROM_4K);
	printf("handed %u %u\n", THREADS * 1000, THREADS * 1000 * 2 * FROM_4K);
}

/* As many of either, in one class of sizes. */
static NOINLINE void
few_bytes(void)
{
	for (unsigned i = 0; i < 200000; i++)
		free(keep(malloc(520)));
}

static NOINLINE void
more_bytes(void)
{
	for (unsigned i = 0; i < 200000; i++)
		free(keep(malloc(1000)));
}

static void
pair(void)
{
	few_bytes();
	more_bytes();
}

/* Many large ones, of two sites, in one class of sizes. */
#define PAGES 30000

static NOINLINE void
a_page_and_more(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		free(keep(malloc(5000)));
}

static NOINLINE void
nearly_two_pages(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		free(keep(malloc(8000)));
}

static void *
take_pages(void *unused)
{
	(void)unused;
	a_page_and_more();
	nearly_two_pages();
	return NULL;
}

static void
many_large(void)
{
	in_threads(take_pages);
	printf(
	    "a_page_and_more %u %u\n", THREADS * PAGES, THREADS * PAGES * 5000);
	printf("nearly_two_pages %u %u\n", THREADS * PAGES,
	    THREADS * PAGES * 8000);
}

/* ---- More threads than there are records for ----------------------------- */

#define MANY 700

static pthread_barrier_t all_there;

static NOINLINE void
by_many(void)
{
	for (unsigned i = 0; i < 100; i++)
		free(keep(malloc(1000)));
}

static void *
wait_and_allocate(void *unused)
{
	(void)unused;
	by_many();
	pthread_barrier_wait(&all_there);
	by_many();
	return NULL;
}

static void
many(void)
{
	pthread_t thread[MANY];
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 128 << 10);
	pthread_barrier_init(&all_there, NULL, MANY);
	for (unsigned i = 0; i < MANY; i++)
		if (pthread_create(
			&thread[i], &attributes, wait_and_allocate, NULL) != 0)
			exit(77);
	for (unsigned i = 0; i < MANY; i++)
		pthread_join(thread[i], NULL);
	printf("by_many %u %u\n", MANY * 200, MANY * 200 * 1000);
}

/* ---- Blocks that change, and that stay ----------------------------------- */

static NOINLINE void *
grown(void)
{
	void *ptr = keep(malloc(FROM_4K));

	for (unsigned i = 2; i <= 64; i *= 2)
		ptr = keep(realloc(ptr, i * FROM_4K));
	return ptr;
}

/* By quick paths, in place and to other places. */
static NOINLINE void
grown_and_shrunk(void)
{
	char *ptr = keep(malloc(5000));

	for (unsigned i = 0; i < 1000; i++) {
		size_t size = i % 4 == 3 ? 5000 : 5100 + i % 4 * 4000;

		memset(ptr, (char)i, 5000);
		ptr = keep(realloc(ptr, size));
		if (ptr[0] != (char)i || ptr[4999] != (char)i)
			exit(1);
	}
	free(ptr);
}

/* Behind an aligned block that a thread's cache has. */
static NOINLINE void *
after_aligned(void)
{
	return keep(malloc(16384));
}

static void
take_aligned(void)
{
	void *block[100];

	for (int i = 0; i < 40; i++)
		block[i] = keep(malloc(16384));
	for (int i = 0; i < 40; i++)
		free(block[i]);
	if (posix_memalign(&block[0], 16384, 16384) == 0)
		free(keep(block[0]));
	for (int i = 0; i < 100; i++)
		block[i] = after_aligned();
	for (int i = 0; i < 100; i++)
		free(block[i]);
}

static void
resized(void)
{
	free(grown());
	grown_and_shrunk();
	take_aligned();
	printf("grown 7 %u\n", 127 * FROM_4K);
}

/* Small ones, in their bin and out of it, whose size is asked for each time: it
 * counts where they come out of another bin. */
static NOINLINE void
grown_often(void)
{
	size_t sum = 0, count = 0, usable;
	char *ptr = keep(malloc(400));

	for (unsigned i = 0; i < 200000; i++) {
		size_t size = 400 + i % 8 * 70;

		ptr[0] = ptr[399] = (char)i;
		usable = malloc_usable_size(ptr);
		ptr = keep(realloc(ptr, size));
		if (ptr[0] != (char)i || ptr[399] != (char)i ||
		    malloc_usable_size(ptr) < size ||
		    malloc_usable_size(ptr) > size + 128)
			exit(1);
		if (malloc_usable_size(ptr) == usable)
			continue;
		sum += size;
		count++;
	}
	free(ptr);
	printf("grown_often %zu %zu\n", count + 1, 400 + sum);
}

/* Small ones that all go again, through other threads' caches too, round by
 * round; and then some that stay. */
#define SMALL_ONES 60000
#define ROUNDS 4
static void *small_one[SMALL_ONES];

static NOINLINE void
small_freed(void)
{
	for (unsigned i = 0; i < SMALL_ONES; i++)
		small_one[i] = keep(malloc(600 + i % 300));
}

static NOINLINE void
small_kept(void)
{
	for (unsigned i = 0; i < SMALL_ONES; i++)
		small_one[i] = keep(malloc(300 + i % 200));
}

/* Every second, and the others once they have become smaller. */
static void *
free_small_ones(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < SMALL_ONES; i += 2)
		free(small_one[i]);
	for (unsigned i = 1; i < SMALL_ONES; i += 2)
		free(keep(realloc(small_one[i], 20)));
	return NULL;
}

static void
small_ones(void)
{
	pthread_t thread;

	for (unsigned i = 0; i < ROUNDS; i++) {
		small_freed();
		if (i % 2 == 0)
			free_small_ones(NULL);
		else if (pthread_create(&thread, NULL, free_small_ones, NULL) ==
		    0)
			pthread_join(thread, NULL);
	}
	small_kept();
	small_kept();
}

/* Live at once: 32 MiB of one and then 8 of another; later 16 of the other. */
static void *held[64];

static NOINLINE void
first_half(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		held[i] = keep(malloc(1 << 20));
}

static NOINLINE void
second_half(unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		held[i] = keep(malloc(1 << 20));
}

static void
peaks(void)
{
	first_half(0, 32);
	second_half(32, 40);
	for (unsigned i = 0; i < 32; i++)
		free(held[i]);
	second_half(40, 48);
	for (unsigned i = 32; i < 48; i++)
		free(held[i]);
}

/* Blocks that live for half a second. */
static NOINLINE void *
long_lived(void)
{
	return keep(malloc(FROM_4K));
}

static void
lives(void)
{
	void *ptr[4];

	for (unsigned i = 0; i < 4; i++)
		ptr[i] = long_lived();
	usleep(500000);
	free(ptr[0]);
	free(ptr[1]);
}

/* Touched all the time, a quarter of it, and once. */
#define TOUCHED (4 << 20)

static NOINLINE char *
hot(void)
{
	return memset(keep(malloc(TOUCHED)), 1, TOUCHED);
}

static NOINLINE char *
warm(void)
{
	return memset(keep(malloc(TOUCHED)), 1, TOUCHED);
}

static NOINLINE char *
cold(void)
{
	return memset(keep(malloc(TOUCHED)), 1, TOUCHED);
}

static void
touched(void)
{
	char *all = hot(), *some = warm(), *none = cold();
	struct rusage used;

	do {
		memset(all, 2, TOUCHED);
		memset(some, 2, TOUCHED / 4);
		getrusage(RUSAGE_SELF, &used);
	} while (used.ru_utime.tv_sec + used.ru_stime.tv_sec < 3);
	keep(none);
}

/* Pages that are touched for the first time, one by one. */
#define PAGED (2 << 20)

static NOINLINE char *
without_huge_pages(char *block)
{
	madvise(block, PAGED, MADV_NOHUGEPAGE);
	return keep(block);
}

static NOINLINE char *
whole(void)
{
	return memset(without_huge_pages(malloc(PAGED)), 1, PAGED);
}

static NOINLINE char *
half(void)
{
	return memset(without_huge_pages(malloc(PAGED)), 1, PAGED / 2);
}

static NOINLINE char *
freed(void)
{
	return memset(without_huge_pages(malloc(PAGED)), 1, PAGED / 4);
}

static NOINLINE void
faults(void)
{
	int status;

	for (unsigned i = 0; i < 4; i++) {
		void *block = freed();

		madvise(block, PAGED, MADV_DONTNEED);
		free(keep(block));
	}
	keep(whole());
	keep(half());
	if (fork() == 0) {
		keep(whole());
		_exit(0);
	}
	wait(&status);
}

/* Tells in a file where a block is, and waits until somebody has read it. */
static void
tell(const char *path)
{
	char other[4096];
	FILE *file;

	snprintf(other, sizeof(other), "%s.new", path);
	file = fopen(other, "w");
	fprintf(file, "%d %lx\n", getpid(), (unsigned long)hot() + TOUCHED / 2);
	fclose(file);
	rename(other, path);
	snprintf(other, sizeof(other), "%s.read", path);
	while (access(other, F_OK) != 0)
		usleep(1000);
}

/* ---- Processes ----------------------------------------------------------- */

static NOINLINE void
in_child(void)
{
	for (unsigned i = 0; i < 100; i++)
		free(keep(malloc(FROM_4K)));
}

static NOINLINE void
in_parent(void)
{
	for (unsigned i = 0; i < 100; i++)
		free(keep(malloc(FROM_4K)));
}

/* The child has a block of its parent's, which it frees. */
static NOINLINE void *
before_fork(void)
{
	return keep(malloc(1 << 20));
}

static void
wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
}

static void
forked(pid_t (*fork_so)(void))
{
	void *ptr = before_fork();
	pid_t child = fork_so();

	if (child == 0) {
		free(ptr);
		in_child();
		_exit(0);
	}
	in_parent();
	wait_for(child);
	free(ptr);
}

static NOINLINE void
of_either(size_t size)
{
	void *ptr = keep(malloc(size));

	__asm__ volatile("" : : "r"(ptr) : "memory");
}

/* Children that begin together: of each two the second has more and ends at
 * once, the first later. */
static void
short_and_long(void)
{
	static const size_t size[2] = { 200000, 900000 };
	int ended[2];

	for (unsigned i = 0; i < 20; i++) {
		pid_t child[2];
		char c;

		if (pipe(ended) != 0)
			exit(1);
		/* Volatile, so that there is one call for both. */
		for (volatile unsigned k = 0; k < 2; k++) {
			child[k] = fork();
			if (child[k] != 0)
				continue;
			close(ended[1]);
			of_either(size[k]);
			if (k == 0 && read(ended[0], &c, 1) != 0)
				abort();
			exit(0);
		}
		wait_for(child[1]);
		usleep(20000);
		close(ended[0]);
		close(ended[1]);
		wait_for(child[0]);
		usleep(20000);
	}
}

static NOINLINE void
one_after_another(void)
{
	void *ptr = keep(malloc(1 << 20));

	__asm__ volatile("" : : "r"(ptr) : "memory");
}

/* Many within a tick of the kernel's clock. */
static void
children_in_turn(void)
{
	for (unsigned i = 0; i < 50; i++) {
		pid_t child = fork();

		if (child == 0) {
			one_after_another();
			exit(0);
		}
		wait_for(child);
	}
}

static pid_t
fork_past_libc(void)
{
	return (pid_t)syscall(SYS_fork);
}

static void
of_vfork(void)
{
	pid_t child = vfork();

	if (child == 0) {
		in_child();
		_exit(0);
	}
	wait_for(child);
	in_parent();
}

static void
spawned(char *program)
{
	char *words[] = { program, "child", NULL };
	pid_t child;

	if (posix_spawn(&child, program, NULL, NULL, words, environ) == 0)
		wait_for(child);
	in_parent();
}

static void
executed(char *program)
{
	char *words[] = { program, "child", NULL };

	in_parent();
	execv(program, words);
	exit(1);
}

static void
without_descriptors(void)
{
	for (int i = 3; i < 2000; i++)
		close(i);
	forked(fork);
}

/* A process that is left behind and outlives the program. */
static void
left_behind(void)
{
	in_parent();
	if (fork() != 0)
		return;
	usleep(300000);
	in_child();
	_exit(0);
}

/* ---- Libraries that go --------------------------------------------------- */

static void
libraries(char **paths)
{
	void (*before)(void) = NULL;
	unsigned again = 0;

	for (unsigned round = 0; round < 20; round++)
		for (unsigned i = 0; i < 2; i++) {
			void *library = dlopen(paths[i], RTLD_NOW);
			void (*function)(void) = NULL;

			if (library != NULL)
				*(void **)&function = dlsym(library, "from_it");
			if (function == NULL)
				exit(1);
			function();
			dlclose(library);
			again += function == before;
			before = function;
		}
	printf("%u\n", again);
}

/* ---- All in their order -------------------------------------------------- */

static void
end_by(int signal)
{
	const struct rlimit none = { 0, 0 };

	in_parent();
	setrlimit(RLIMIT_CORE, &none);
	fflush(stdout);
	raise(signal);
}

static int
interrupted(void)
{
	in_parent();
	alarm(100);
	printf("ready\n");
	fflush(stdout);
	pause();
	return 3;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "threads") == 0)
		threads();
	else if (strcmp(what, "pair") == 0)
		pair();
	else if (strcmp(what, "many_large") == 0)
		many_large();
	else if (strcmp(what, "many") == 0)
		many();
	else if (strcmp(what, "grown_often") == 0)
		grown_often();
	else if (strcmp(what, "small_ones") == 0)
		small_ones();
	else if (strcmp(what, "resized") == 0)
		resized();
	else if (strcmp(what, "peaks") == 0)
		peaks();
	else if (strcmp(what, "lives") == 0)
		lives();
	else if (strcmp(what, "touched") == 0)
		touched();
	else if (strcmp(what, "faults") == 0)
		faults();
	else if (strcmp(what, "tell") == 0)
		tell(argv[2]);
	else if (strcmp(what, "child") == 0)
		in_child();
	else if (strcmp(what, "fork") == 0)
		forked(fork);
	else if (strcmp(what, "in-turn") == 0)
		children_in_turn();
	else if (strcmp(what, "short") == 0)
		short_and_long();
	else if (strcmp(what, "raw-fork") == 0)
		forked(fork_past_libc);
	else if (strcmp(what, "vfork") == 0)
		of_vfork();
	else if (strcmp(what, "spawn") == 0)
		spawned(argv[0]);
	else if (strcmp(what, "exec") == 0)
		executed(argv[0]);
	else if (strcmp(what, "closed") == 0)
		without_descriptors();
	else if (strcmp(what, "left") == 0)
		left_behind();
	else if (strcmp(what, "libraries") == 0)
		libraries(&argv[2]);
	else if (strcmp(what, "signal") == 0)
		end_by(atoi(argv[2]));
	else if (strcmp(what, "pause") == 0)
		return interrupted();
	else if (strcmp(what, "status") == 0)
		return atoi(argv[2]);
	else
		return 1;
	return 0;
}
