/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc_rules.c - says which kinds blocks come from under libpoolkind-malloc,
 * by their names. Its first argument is what to do:
 *
 *	sizes SIZE...         malloc, a word a size
 *	calls SIZE            malloc and each of its relatives
 *	aligned ALIGNMENT SIZE  many blocks: how many in a row from which kind
 *	fill SIZE COUNT       so many blocks: how many in a row from which kind
 *	again SIZE            whether a full kind is used when it has room again
 *	grow SIZE TO          realloc of one block, step by step: the same
 *	thread NAME SIZE...   in a thread of that name
 *	named NAME SIZE...    in one that gets the name when it has blocks
 *	threads SIZE BYTES    eight that fill a kind: whether it has up to BYTES
 *	copies                strdup, before and after malloc
 *	fork                  children of a process whose threads allocate
 *	lost COMMAND...       runs a program without the descriptor
 *	variables             what of the environment children inherit
 */
#include <errno.h>
#include <malloc.h>
#include <poolkind.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 8

static const char *
kind_of(void *block)
{
	poolkind *kind = poolkind_of(block);
	const char *name;

	if (block == NULL)
		return errno == ENOMEM ? "null" : "an error";
	memset(block, 0x5a, malloc_usable_size(block));
	if (kind == NULL)
		return "libc";
	name = poolkind_name(kind);
	return strncmp(name, "kind", 4) == 0 ? "ordinary" : name;
}

/* By write(2), since stdio's buffer would be a block of some kind. */
static void
say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

static void
say_kind(void *block, bool last)
{
	char text[128];

	snprintf(text, sizeof(text), "%s%c", kind_of(block), last ? '\n' : ' ');
	say(text);
}

static size_t
number(const char *text)
{
	return strtoul(text, NULL, 10);
}

static void *
sizes(void *argument)
{
	char **text = argument;

	for (; *text != NULL; text++)
		say_kind(malloc(number(*text)), text[1] == NULL);
	return NULL;
}

static void
calls(size_t size)
{
	void *block;

	say_kind(malloc(size), false);
	say_kind(calloc(1, size), false);
	say_kind(calloc(size, 1), false);
	say_kind(realloc(NULL, size), false);
	say_kind(reallocarray(NULL, size, 1), false);
	say_kind(aligned_alloc(64, size), false);
	say_kind(memalign(4096, size), false);
	say_kind(valloc(size), false);
	say_kind(pvalloc(size), false);
	errno = posix_memalign(&block, 128, size);
	say_kind(errno != 0 ? NULL : block, true);
}

/* Says how often in a row the same kind was it. */
static void
count_kind(const char *kind)
{
	static char before[64];
	static unsigned times;
	char text[128];

	if (kind != NULL && strcmp(kind, before) == 0) {
		times++;
		return;
	}
	if (times != 0) {
		snprintf(text, sizeof(text), "%s:%u%c", before, times,
		    kind == NULL ? '\n' : ' ');
		say(text);
	}
	snprintf(before, sizeof(before), "%s", kind == NULL ? "" : kind);
	times = 1;
}

static void
fill(size_t size, size_t count)
{
	for (size_t i = 0; i < count; i++)
		count_kind(kind_of(malloc(size)));
	count_kind(NULL);
}

#define KEPT 8

/* By each of the functions in turn, so that most come out of a cache. Blocks of
 * the size that they take are in a cache as well. */
static void
aligned(size_t alignment, size_t size)
{
	void *kept[KEPT] = { NULL };

	for (int i = 0; i < KEPT; i++)
		kept[i] = malloc((size + alignment - 1) & -alignment);
	for (int i = 0; i < KEPT; i++)
		free(kept[i]);
	memset(kept, 0, sizeof(kept));
	for (size_t i = 0; i < 900; i++) {
		void **block = &kept[i % KEPT];

		free(*block);
		*block = NULL;
		if (i % 3 == 0)
			*block = aligned_alloc(alignment, size);
		else if (i % 3 == 1)
			*block = memalign(alignment, size);
		else if (posix_memalign(block, alignment, size) != 0)
			_exit(1);
		count_kind((size_t)*block % alignment != 0 ? "not aligned" :
			malloc_usable_size(*block) < size  ? "too small" :
							     kind_of(*block));
	}
	count_kind(NULL);
}

#define AGAIN 1000

/* Blocks come from the next kind when "fast" is full, and from it again some
 * time after its own were freed. */
static void
again(size_t size)
{
	static void *had[1 << 20];
	size_t count = 0, fast = 0;

	do
		had[count] = malloc(size);
	while (strcmp(kind_of(had[count++]), "fast") == 0 && count < 1 << 20);
	say(count > AGAIN ? "full " : "not full ");
	while (count > 0)
		free(had[--count]);
	for (int i = 0; i < AGAIN; i++)
		fast += strcmp(kind_of(malloc(size)), "fast") == 0;
	say(fast >= AGAIN / 2 ? "used\n" : "not used\n");
}

static void
grow(size_t size, size_t to)
{
	char *block = malloc(size), *grown;

	memset(block, 1, size);
	while (size < to) {
		size = size * 2 < to ? size * 2 : to;
		grown = realloc(block, size);
		count_kind(grown == NULL ? "null" :
			grown[0] != 1    ? "lost" :
					   kind_of(grown));
		if (grown == NULL)
			break;
		block = grown;
		block[0] = 1;
	}
	count_kind(NULL);
}

/* ---- Threads ------------------------------------------------------------- */

static void *
sizes_when_named(void *argument)
{
	char **arguments = argument;

	prctl(PR_SET_NAME, arguments[0]);
	return sizes(arguments + 1);
}

static void *
sizes_before_and_after(void *argument)
{
	char **arguments = argument;

	for (char **text = arguments + 1; *text != NULL; text++)
		say_kind(malloc(number(*text)), false);
	return sizes_when_named(argument);
}

static void
in_a_thread(void *(*what)(void *argument), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, what, argument) != 0)
		_exit(1);
	pthread_join(thread, NULL);
}

static size_t fill_size;
static _Atomic size_t filled;

static void *
fill_up(void *unused)
{
	void *block;

	(void)unused;
	while ((block = malloc(fill_size)) != NULL &&
	    strcmp(kind_of(block), "fast") == 0)
		filled += malloc_usable_size(block);
	return NULL;
}

static void
start(pthread_t *threads, void *(*what)(void *argument))
{
	for (int i = 0; i < MANY; i++)
		if (pthread_create(&threads[i], NULL, what, NULL) != 0)
			_exit(1);
}

/* At least three quarters, as caches and slabs have some, too. */
static void
fill_by_threads(size_t size, size_t bytes)
{
	pthread_t threads[MANY];

	fill_size = size;
	start(threads, fill_up);
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	say(filled > bytes             ? "too much\n" :
		filled < bytes / 4 * 3 ? "too little\n" :
					 "good\n");
}

/* ---- Forks --------------------------------------------------------------- */

static _Atomic bool over;

static void *
allocate(void *unused)
{
	unsigned seed = (unsigned)(size_t)&unused;
	void *blocks[64] = { NULL };

	(void)unused;
	while (!over) {
		void **block = &blocks[rand_r(&seed) % 64];

		free(*block);
		*block = malloc(1 + (size_t)rand_r(&seed) % 20000);
	}
	for (int i = 0; i < 64; i++)
		free(blocks[i]);
	return NULL;
}

static void *
child_work(void *kept)
{
	for (int i = 0; i < 1000; i++)
		free(malloc((size_t)i * 30));
	for (int i = 0; i < 1000; i++)
		if (((char *)kept)[i] != 7)
			_exit(3);
	free(kept);
	return NULL;
}

static void
fork_while_threads_allocate(void)
{
	pthread_t threads[MANY];
	int bad = 0, status;

	start(threads, allocate);
	for (int i = 0; i < 100; i++) {
		void *kept = memset(malloc(1000), 7, 1000);
		pid_t child = fork();

		if (child == 0) {
			in_a_thread(child_work, kept);
			_exit(0);
		}
		bad += waitpid(child, &status, 0) != child || status != 0;
		free(kept);
	}
	over = true;
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	say(bad == 0 ? "good\n" : "bad\n");
}

static void
copies(void)
{
	say_kind(strdup("a block that libc asks for"), false);
	free(malloc(1));
	say_kind(strdup("another"), true);
}

/* ---- The rest ------------------------------------------------------------ */

static void
without_descriptor(char **command)
{
	close(atoi(getenv("POOLKIND_RULES")));
	execvp(command[0], command);
	_exit(127);
}

static void
variables(void)
{
	const char *preload = getenv("LD_PRELOAD");
	const char *rules = getenv("POOLKIND_RULES");

	say(preload == NULL ? "none" : preload);
	say(rules == NULL ? " none\n" : " rules\n");
}

int
main(int argc, char **argv)
{
	const char *what = argc < 2 ? "" : argv[1];

	if (strcmp(what, "sizes") == 0)
		sizes(argv + 2);
	else if (strcmp(what, "calls") == 0)
		calls(number(argv[2]));
	else if (strcmp(what, "aligned") == 0)
		aligned(number(argv[2]), number(argv[3]));
	else if (strcmp(what, "fill") == 0)
		fill(number(argv[2]), number(argv[3]));
	else if (strcmp(what, "again") == 0)
		again(number(argv[2]));
	else if (strcmp(what, "grow") == 0)
		grow(number(argv[2]), number(argv[3]));
	else if (strcmp(what, "thread") == 0)
		in_a_thread(sizes_when_named, argv + 2);
	else if (strcmp(what, "named") == 0)
		in_a_thread(sizes_before_and_after, argv + 2);
	else if (strcmp(what, "threads") == 0)
		fill_by_threads(number(argv[2]), number(argv[3]));
	else if (strcmp(what, "copies") == 0)
		copies();
	else if (strcmp(what, "fork") == 0)
		fork_while_threads_allocate();
	else if (strcmp(what, "lost") == 0)
		without_descriptor(argv + 2);
	else if (strcmp(what, "variables") == 0)
		variables();
	else
		return 2;
	return 0;
}
