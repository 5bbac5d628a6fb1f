/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * together.c - a program with its heap in a pool of libvmmalloc, linked with
 * libvmem, which loads libmemkind while it runs: three libraries, two of them
 * on one engine. Threads use them all, fork among themselves, and find each
 * block where it belongs.
 *
 *	together MEMKIND DIRECTORY	pools of libvmem and files of memkind go
 *					into the directory
 */
#include <dlfcn.h>
#include <errno.h>
#include <libvmem.h>
#include <memkind.h>
#include <pthread.h>
#include <sys/wait.h>

#include "../../lib/shim_check.h"

#define THREADS 6
#define SLOTS 60
#define ROUNDS 12
#define STEPS 1500

/* Whose block it is. */
enum owner { HEAP, POOL, KIND, FILE_KIND, OWNERS };

struct block {
	size_t size;
	enum owner owner;
	unsigned char *bytes;
};

static const char *directory;
static VMEM *pool;
static memkind_t kinds[OWNERS];

/* libmemkind is not linked: what is used of it, by name. */
static void *(*kind_malloc)(memkind_t, size_t);
static void *(*kind_realloc)(memkind_t, void *, size_t);
static void (*kind_free)(memkind_t, void *);
static size_t (*kind_usable_size)(memkind_t, void *);
static memkind_t (*kind_of)(void *);
static int (*kind_create)(const char *, size_t, memkind_t *);
static int (*kind_destroy)(memkind_t);

#define LOOK_UP(library, variable, name) \
	((variable) = (__typeof__(variable))dlsym(library, name))

static bool
load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	memkind_t *regular;

	if (library == NULL) {
		printf("%s\n", dlerror());
		return false;
	}
	LOOK_UP(library, kind_malloc, "memkind_malloc");
	LOOK_UP(library, kind_realloc, "memkind_realloc");
	LOOK_UP(library, kind_free, "memkind_free");
	LOOK_UP(library, kind_usable_size, "memkind_malloc_usable_size");
	LOOK_UP(library, kind_of, "memkind_detect_kind");
	LOOK_UP(library, kind_create, "memkind_create_pmem");
	LOOK_UP(library, kind_destroy, "memkind_destroy_kind");
	LOOK_UP(library, regular, "MEMKIND_REGULAR");
	kinds[KIND] = *regular;
	return kind_create(directory, 24 << 20, &kinds[FILE_KIND]) == 0;
}

/* ---- Blocks -------------------------------------------------------------- */

/* NULL where it has no room: the pools have their limits. */
static void *
take(enum owner owner, void *p, size_t size)
{
	switch (owner) {
	case HEAP:
		return p == NULL ? malloc(size) : realloc(p, size);
	case POOL:
		return p == NULL ? vmem_malloc(pool, size) :
				   vmem_realloc(pool, p, size);
	default:
		return p == NULL ? kind_malloc(kinds[owner], size) :
				   kind_realloc(kinds[owner], p, size);
	}
}

static void
give_back(struct block *block, bool knows_kind)
{
	switch (block->owner) {
	case HEAP:
		free(block->bytes);
		break;
	case POOL:
		vmem_free(pool, block->bytes);
		break;
	default:
		kind_free(
		    knows_kind ? kinds[block->owner] : NULL, block->bytes);
	}
	block->bytes = NULL;
}

/* Whether libmemkind knows a block that is its own, and no other. */
static bool
belongs(const struct block *block)
{
	memkind_t kind = kind_of(block->bytes);
	size_t usable = kind_usable_size(NULL, block->bytes);

	if (block->owner == KIND || block->owner == FILE_KIND)
		return kind == kinds[block->owner] && usable >= block->size;
	return kind == NULL;
}

static unsigned char
mark(const struct block *block)
{
	return (unsigned char)(block->size * OWNERS + block->owner);
}

static bool
is_right(const struct block *block)
{
	return all_bytes(block->bytes, mark(block), block->size) &&
	    belongs(block);
}

/* ---- Threads ------------------------------------------------------------- */

static size_t
any(unsigned long *state, size_t below)
{
	*state = *state * 6364136223846793005 + 1442695040888963407;
	return (*state >> 33) % below;
}

/* One change of one block; false if something is wrong. */
static bool
step(struct block *block, unsigned long *state)
{
	size_t size = 1 + any(state, any(state, 50) == 0 ? 100000 : 2000);
	bool good = true;
	void *p = NULL;

	if (block->bytes != NULL) {
		good = is_right(block);
		if (any(state, 2) == 0) {
			give_back(block, any(state, 2) == 0);
			return good;
		}
		p = block->bytes;
	} else {
		block->owner = (enum owner)any(state, OWNERS);
	}
	p = take(block->owner, p, size);
	if (p == NULL)
		return good && block->owner != KIND;
	*block = (struct block){ size, block->owner, p };
	memset(p, mark(block), size);
	return good && belongs(block);
}

static long
work(struct block *blocks, unsigned long *state, int steps)
{
	long wrong = 0;

	for (int i = 0; i < steps; i++)
		wrong += !step(&blocks[any(state, SLOTS)], state);
	return wrong;
}

/* In a child the blocks are as they were. Those of libvmem's pool are its
 * parent's still, to be read and no more. */
static long
leave_pool(struct block *blocks)
{
	long wrong = 0;

	for (int i = 0; i < SLOTS; i++) {
		if (blocks[i].bytes == NULL)
			continue;
		wrong += !is_right(&blocks[i]);
		if (blocks[i].owner == POOL)
			blocks[i].bytes = NULL;
	}
	return wrong;
}

static long
give_all_back(struct block *blocks, bool know_kind)
{
	long wrong = 0;

	for (int i = 0; i < SLOTS; i++) {
		if (blocks[i].bytes == NULL)
			continue;
		wrong += !is_right(&blocks[i]);
		give_back(&blocks[i], know_kind);
	}
	return wrong;
}

/* The child of one thread goes on, with a pool and a kind of its own. */
static int
child(struct block *blocks, unsigned long *state)
{
	long wrong = leave_pool(blocks);
	memkind_t own;

	pool = vmem_create(directory, VMEM_MIN_POOL);
	if (pool == NULL || kind_create(directory, 16 << 20, &own) != 0)
		return 100;
	wrong += work(blocks, state, STEPS / 2);
	wrong += give_all_back(blocks, true);
	wrong += kind_of(kind_malloc(own, 100)) != own;
	wrong += kind_destroy(own) != 0;
	wrong += vmem_check(pool) != 1;
	vmem_delete(pool);
	return wrong != 0;
}

static bool
fork_and_wait(struct block *blocks, unsigned long *state)
{
	pid_t made = fork();
	int status;

	if (made == 0)
		_exit(child(blocks, state));
	return made > 0 && waitpid(made, &status, 0) == made && status == 0;
}

struct worker {
	pthread_t thread;
	unsigned long seed;
	long wrong, wrong_forks;
};

static void *
run(void *mine)
{
	struct worker *worker = mine;
	struct block blocks[SLOTS] = { 0 };
	unsigned long state = worker->seed;

	for (int round = 0; round < ROUNDS; round++) {
		worker->wrong += work(blocks, &state, STEPS);
		if (round % 3 == (int)(worker->seed % 3))
			worker->wrong_forks += !fork_and_wait(blocks, &state);
	}
	worker->wrong += give_all_back(blocks, false);
	return NULL;
}

static void
threads(unsigned long seed)
{
	struct worker workers[THREADS] = { 0 };
	long wrong = 0, wrong_forks = 0;

	for (size_t i = 0; i < THREADS; i++) {
		workers[i].seed = seed * THREADS + i;
		pthread_create(&workers[i].thread, NULL, run, &workers[i]);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		wrong += workers[i].wrong;
		wrong_forks += workers[i].wrong_forks;
	}
	CHECK("each thread's blocks stay what and whose they are", wrong == 0);
	CHECK("in its children, too", wrong_forks == 0);
}

/* ---- The whole ----------------------------------------------------------- */

/* What the loading of libraries took from malloc is in the heap's pool, and
 * what libvmem and libmemkind hand out is not. */
static void
whose(void)
{
	void *mine = malloc(1000), *pooled = vmem_malloc(pool, 1000);
	void *of_kind = kind_malloc(kinds[KIND], 1000);
	void *of_file = kind_malloc(kinds[FILE_KIND], 1000);

	CHECK("malloc is the shim's", in_pool(mine, 1000));
	CHECK("libmemkind knows its own blocks",
	    kind_of(of_kind) == kinds[KIND] &&
		kind_of(of_file) == kinds[FILE_KIND]);
	CHECK("and not those of the others",
	    kind_of(mine) == NULL && kind_of(pooled) == NULL);
	CHECK("a block of REGULAR is in no pool", !in_pool(of_kind, 1000));
	CHECK("the pool of libvmem has its block",
	    (char *)pooled > (char *)pool &&
		(char *)pooled < (char *)pool + (24 << 20));
	free(mine);
	vmem_free(pool, pooled);
	kind_free(NULL, of_kind);
	kind_free(NULL, of_file);
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	directory = argv[2];
	pool = vmem_create(directory, 24 << 20);
	CHECK("libvmem makes a pool", pool != NULL);
	CHECK("libmemkind is loaded, and makes a kind", load(argv[1]));
	if (failures != 0)
		return 1;
	whose();
	threads(1);
	CHECK("the pool is consistent", vmem_check(pool) == 1);
	threads(2);
	CHECK("and still is", vmem_check(pool) == 1);
	CHECK("the kind can be destroyed", kind_destroy(kinds[FILE_KIND]) == 0);
	vmem_delete(pool);
	free(malloc(100));
	kind_free(NULL, kind_malloc(kinds[KIND], 100));
	return failures != 0;
}
