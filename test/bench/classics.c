/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * classics.c - classics NAME SIZE: a program of the sort that allocators are
 * compared by, which does a fixed amount of work through malloc and ends. SIZE
 * scales the work; 100 takes about half a second. Started by test/bench/run,
 * which measures it as any program.
 *
 *   server     threads replace blocks that others left them, and hand on (P.-Å.
 *              Larson's benchmark of servers)
 *   resize     two threads change the sizes of blocks at random
 *   bursts     threads begin, allocate much, free it in any order, and end
 *   leaks      threads allocate, free half, and end; the rest is freed later
 *   large      blocks of 5 to 25 MiB come and go
 *   order      blocks of one size, all freed in the order they came
 *   passed     what one thread allocates another frees
 *   mixed      words are hashed, counted and sorted
 *   compute    a few blocks, and arithmetic in them
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4

static size_t scale;

static size_t
random_below(uint64_t *random, size_t limit)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (size_t)((*random >> 32) * limit >> 32);
}

/* A block whose first and last bytes are written. */
static char *
block_of(size_t size)
{
	char *ptr = malloc(size);

	if (ptr == NULL) {
		fputs("out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	ptr[0] = ptr[size - 1] = 1;
	return ptr;
}

/* Runs WORK in THREADS threads, each with its number, and waits for them. */
static void
in_threads(void *(*work)(void *number), uintptr_t count)
{
	pthread_t thread[THREADS];

	for (uintptr_t i = 0; i < count; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)i) != 0)
			exit(EXIT_FAILURE);
	for (uintptr_t i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

/* ---- server -------------------------------------------------------------- */

#define CLIENTS 1000

static char *client[THREADS][CLIENTS];

static void *
serve(void *number)
{
	char **own = client[(uintptr_t)number];
	uint64_t random = (uintptr_t)number + 1;

	for (int i = 0; i < 20000; i++) {
		char **one = &own[random_below(&random, CLIENTS)];

		free(*one);
		*one = block_of(10 + random_below(&random, 491));
	}
	return NULL;
}

static void
server(void)
{
	for (size_t i = 0; i < scale * 3; i++)
		in_threads(serve, THREADS);
}

/* ---- resize -------------------------------------------------------------- */

static void *
resize_blocks(void *number)
{
	char *block[200] = { NULL };
	uint64_t random = (uintptr_t)number + 1;

	for (size_t i = 0; i < scale * 4000; i++) {
		char **one = &block[random_below(&random, 200)];
		size_t size = 16 +
		    random_below(
			&random, (size_t)16 << random_below(&random, 13));
		char *moved = realloc(*one, size);

		if (moved == NULL)
			exit(EXIT_FAILURE);
		moved[size - 1] = 1;
		*one = moved;
	}
	for (int i = 0; i < 200; i++)
		free(block[i]);
	return NULL;
}

static void
resize(void)
{
	in_threads(resize_blocks, 2);
}

/* ---- bursts and leaks ---------------------------------------------------- */

#define BURST 2000

static char *left[THREADS][BURST];

/* Frees every STEPth block of a burst in any order, from 0 on. */
static void
free_some(char **block, size_t step, uint64_t *random)
{
	for (size_t i = BURST - step; i > 0; i -= step) {
		size_t other = random_below(random, i / step + 1) * step;
		char *ptr = block[i];

		block[i] = block[other];
		block[other] = ptr;
	}
	for (size_t i = 0; i < BURST; i += step)
		free(block[i]);
}

static void *
burst(void *number)
{
	char **block = left[(uintptr_t)number];
	uint64_t random = (uintptr_t)number + 1;

	for (int i = 0; i < BURST; i++)
		block[i] = block_of(16 + random_below(&random, 1009));
	free_some(block, 1, &random);
	return NULL;
}

static void
bursts(void)
{
	for (size_t i = 0; i < scale * 8; i++)
		in_threads(burst, THREADS);
}

static void *
leak(void *number)
{
	char **block = left[(uintptr_t)number];
	uint64_t random = (uintptr_t)number + 1;

	for (int i = 0; i < BURST; i++)
		block[i] = block_of(16 + random_below(&random, 1009));
	free_some(block, 2, &random);
	return NULL;
}

static void
leaks(void)
{
	for (size_t i = 0; i < scale * 8; i++) {
		in_threads(leak, THREADS);
		for (int thread = 0; thread < THREADS; thread++)
			for (int at = 1; at < BURST; at += 2)
				free(left[thread][at]);
	}
}

/* ---- large --------------------------------------------------------------- */

static void
large(void)
{
	char *block[16] = { NULL };
	uint64_t random = 1;

	for (size_t i = 0; i < scale * 4; i++) {
		char **one = &block[random_below(&random, 16)];
		size_t size = (5 << 20) + random_below(&random, 20 << 20);

		free(*one);
		*one = block_of(size);
		for (size_t at = 0; at < size; at += 4096)
			(*one)[at] = 1;
	}
	for (int i = 0; i < 16; i++)
		free(block[i]);
}

/* ---- order --------------------------------------------------------------- */

static void
order(void)
{
	size_t count = 200000;
	char **block = (char **)block_of(count * sizeof(*block));

	for (size_t round = 0; round < scale / 8 + 1; round++) {
		for (size_t i = 0; i < count; i++)
			block[i] = block_of(64);
		for (size_t i = 0; i < count; i++)
			free(block[i]);
	}
	free(block);
}

/* ---- passed -------------------------------------------------------------- */

#define LOAD 128
#define LOADS 64

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t put, taken;
	char *block[LOADS][LOAD];
} queue[2] = {
	{ .lock = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER },
	{ .lock = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER },
};

/* Waits until there is room, or a load. */
static char **
load_of(unsigned which, bool puts, size_t turn)
{
	pthread_mutex_lock(&queue[which].lock);
	while (puts ? turn - queue[which].taken == LOADS :
		      queue[which].put == turn)
		pthread_cond_wait(&queue[which].changed, &queue[which].lock);
	pthread_mutex_unlock(&queue[which].lock);
	return queue[which].block[turn % LOADS];
}

/* Even numbers allocate for the odd number that follows. */
static void *
pass(void *number)
{
	unsigned which = (unsigned)(uintptr_t)number / 2;
	bool puts = (uintptr_t)number % 2 == 0;
	uint64_t random = which + 1;

	for (size_t turn = 0; turn < scale * 150; turn++) {
		char **block = load_of(which, puts, turn);

		for (int i = 0; i < LOAD; i++)
			if (puts)
				block[i] = block_of(
				    16 + random_below(&random, 497));
			else
				free(block[i]);
		pthread_mutex_lock(&queue[which].lock);
		++*(puts ? &queue[which].put : &queue[which].taken);
		pthread_cond_signal(&queue[which].changed);
		pthread_mutex_unlock(&queue[which].lock);
	}
	return NULL;
}

static void
passed(void)
{
	in_threads(pass, 4);
}

/* ---- mixed --------------------------------------------------------------- */

#define BUCKETS 16384

struct word {
	struct word *next;
	unsigned count;
	char *text;
};

static int
by_count(const void *a, const void *b)
{
	const struct word *x = *(struct word *const *)a;
	const struct word *y = *(struct word *const *)b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1) :
				      strcmp(x->text, y->text);
}

/* Enters a copy of TEXT, or counts it; returns how many words are new. */
static size_t
enter(struct word **bucket, const char *text)
{
	size_t hash = 5381;
	struct word *word;

	for (const char *at = text; *at != '\0'; at++)
		hash = hash * 33 + (unsigned char)*at;
	bucket += hash % BUCKETS;
	for (word = *bucket; word != NULL; word = word->next)
		if (strcmp(word->text, text) == 0)
			return word->count++, 0;
	word = (struct word *)block_of(sizeof(*word));
	*word = (struct word){ *bucket, 1, strdup(text) };
	*bucket = word;
	return 1;
}

/* Frees the words, after they were sorted. */
static void
sort_and_free(struct word **bucket, size_t count)
{
	struct word **all = (struct word **)block_of(count * sizeof(*all));
	size_t at = 0;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct word *w = bucket[i]; w != NULL; w = w->next)
			all[at++] = w;
	qsort(all, at, sizeof(*all), by_count);
	for (size_t i = 0; i < at; i++) {
		free(all[i]->text);
		free(all[i]);
	}
	free(all);
}

static void
mixed(void)
{
	uint64_t random = 1;

	for (size_t round = 0; round < scale / 10 + 1; round++) {
		struct word **bucket = calloc(BUCKETS, sizeof(struct word *));
		size_t count = 0;

		for (int i = 0; i < 50000; i++) {
			size_t number = random_below(&random, 30000);
			char *text = NULL;

			if (asprintf(&text, "word %zu of %*s", number,
				(int)(number % 40), "") < 0)
				exit(EXIT_FAILURE);
			count += enter(bucket, text);
			free(text);
		}
		sort_and_free(bucket, count);
		free(bucket);
	}
}

/* ---- compute ------------------------------------------------------------- */

static void
compute(void)
{
	size_t side = 256;

	for (size_t round = 0; round < scale / 4 + 1; round++) {
		float *a = calloc(side * side, sizeof(*a));
		float *b = calloc(side * side, sizeof(*b));
		float *sum = calloc(side * side, sizeof(*sum));

		for (size_t i = 0; i < side * side; i++)
			a[i] = b[i] = (float)(i % 7);
		for (size_t i = 0; i < side; i++)
			for (size_t k = 0; k < side; k++)
				for (size_t j = 0; j < side; j++)
					sum[i * side + j] += a[i * side + k] *
					    b[k * side + j];
		free(a);
		free(b);
		free(sum);
	}
}

/* ---- All ----------------------------------------------------------------- */

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} program[] = {
		{ "server", server },
		{ "resize", resize },
		{ "bursts", bursts },
		{ "leaks", leaks },
		{ "large", large },
		{ "order", order },
		{ "passed", passed },
		{ "mixed", mixed },
		{ "compute", compute },
	};

	scale = argc < 3 ? 0 : strtoul(argv[2], NULL, 10);
	for (size_t i = 0; i < sizeof(program) / sizeof(program[0]); i++)
		if (argc == 3 && strcmp(argv[1], program[i].name) == 0) {
			program[i].run();
			return EXIT_SUCCESS;
		}
	fputs("usage: classics NAME SIZE\n", stderr);
	return 2;
}
