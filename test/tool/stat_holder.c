/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Holds kinds to be looked at: opens those that its arguments are, allocates in
 * each by several threads, writes its own numbers to the file STATS, as JSON,
 * and a line, and waits for a line on standard input before each next step.
 * Steps are one letter: s writes the numbers, f forks a child that says its
 * number, r forks one past fork(2), b starts threads that allocate and free, o
 * writes over the environment, q ends.
 */
#include <poolkind.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

#define KINDS_MAX 512
#define THREADS 4
#define BLOCKS 200

static poolkind *kinds[KINDS_MAX];
static unsigned kind_count;
static pthread_barrier_t held;

/* Blocks of many sizes, of which every second is freed again. */
static void
fill(unsigned seed)
{
	for (unsigned k = 0; k < kind_count; k++)
		for (unsigned i = 0; i < BLOCKS; i++) {
			size_t size = 1 + (i * i * (seed + 3)) % 70000;
			char *block = poolkind_malloc(kinds[k], size);

			if (block != NULL)
				memset(block, 1, size);
			if (i % 2 != 0)
				poolkind_free(kinds[k], block);
		}
}

/* Threads that stay, with what is in their caches. */
static void *
hold(void *arg)
{
	fill((unsigned)(size_t)arg);
	pthread_barrier_wait(&held);
	pause();
	return NULL;
}

static void *
keep_busy(void *arg)
{
	for (unsigned i = 0;; i++) {
		poolkind *kind = kinds[i % kind_count];
		void *blocks[64];

		(void)arg;
		for (unsigned b = 0; b < 64; b++)
			blocks[b] = poolkind_malloc(kind, 100 + b * 50);
		for (unsigned b = 0; b < 64; b++)
			poolkind_free(kind, blocks[b]);
	}
	return NULL;
}

static void
start(void *(*what)(void *arg), unsigned count)
{
	pthread_t thread;

	for (size_t i = 0; i < count; i++)
		pthread_create(&thread, NULL, what, (void *)i);
}

static void
write_piece(void *to, const char *text, size_t length)
{
	fwrite(text, 1, length, to);
}

static void
write_stats(void)
{
	static const char *const variables[] = { "STATS", "METRICS" };

	for (int i = 0; i < 2; i++) {
		const char *path = getenv(variables[i]);
		FILE *file = path == NULL ? NULL : fopen(path, "w");

		if (file == NULL)
			continue;
		if (poolkind_write_stats(NULL,
			i == 0 ? POOLKIND_JSON : POOLKIND_OPENMETRICS,
			write_piece, file) != 0)
			exit(1);
		fclose(file);
	}
}

/* A child that lives until its parent's pipe closes. */
static void
be_child(long child)
{
	char byte;

	if (child == 0) {
		close(STDOUT_FILENO);
		while (read(STDIN_FILENO, &byte, 0) == 0)
			pause();
		_exit(0);
	}
	printf("%ld\n", child);
}

/* To its last byte, as programs do that set their title there. */
static void
overwrite_environment(void)
{
	char *start = environ[0], *end = start;

	for (char **at = environ; *at != NULL; at++)
		if (*at + strlen(*at) + 1 > end)
			end = *at + strlen(*at) + 1;
	environ[0] = NULL;
	memset(start, 'x', (size_t)(end - start));
}

static void
step(int letter)
{
	switch (letter) {
	case 's':
		write_stats();
		puts("written");
		break;
	case 'f':
		be_child(fork());
		break;
	case 'r':
		be_child(syscall(SYS_clone, 17, 0, 0, 0, 0));
		break;
	case 'b':
		start(keep_busy, 2);
		puts("busy");
		break;
	case 'o':
		overwrite_environment();
		puts("overwritten");
		break;
	case 'q':
		exit(0);
	default:
		break;
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	int letter;

	/* Else the kernel makes pages huge between two looks at them, and
	 * those of a huge page are resident also where nothing is committed. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (int i = 1; i < argc && kind_count < KINDS_MAX; i++) {
		kinds[kind_count] = poolkind_open(argv[i], 0);
		if (kinds[kind_count++] == NULL) {
			puts(poolkind_errormsg());
			return 77;
		}
	}
	pthread_barrier_init(&held, NULL, THREADS + 1);
	start(hold, THREADS);
	pthread_barrier_wait(&held);
	fill(THREADS);
	write_stats();
	puts("ready");
	fflush(stdout);
	while ((letter = getchar()) != EOF)
		step(letter);
	return 0;
}
