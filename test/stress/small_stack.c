/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * small_stack.c - every function, on a thread with PTHREAD_STACK_MIN bytes of
 * stack and a page below them that cannot be touched: small_stack DIRECTORY.
 * Each has a thread of its own, so that all that happens at first happens
 * there; what the deepest left untouched is printed.
 */
#include <hbwmalloc.h>
#include <libvmem.h>
#include <limits.h>
#include <memkind.h>
#include <poolkind.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#define PAGE 4096
#define PAINT 0x7c

static const char *directory;
static poolkind *kind, *file, *region;
static VMEM *pool;
static memkind_t pmem, fixed;
static char *memory, path[4096];

static void
write_nothing(void *to, const char *text)
{
	(void)to, (void)text;
}

static void
say_nothing(const char *text)
{
	(void)text;
}

static void
report_nothing(void *arg, const char *text)
{
	(void)arg, (void)text;
}

/* Blocks of all sizes come and go, some are resized. */
#define BLOCKS(malloc_call, realloc_call, free_call) \
	for (size_t n = 1; n < (size_t)4 << 20; n *= 3) { \
		size_t more = n * 2; \
		char *p = malloc_call; \
\
		if (p != NULL) { \
			char *q = realloc_call; \
\
			p = q != NULL ? q : p; \
			p[0] = 1; \
			free_call; \
		} \
	}

#define RUN(name, ...) \
	static void name(void) \
	{ \
		struct poolkind_stats stats; \
		struct poolkind_block at; \
		struct poolkind_room room; \
		struct poolkind_node node; \
		size_t bytes[4], got; \
		unsigned long mask[1]; \
		void *block = NULL; \
\
		(void)stats, (void)at, (void)bytes, (void)got, (void)block, \
		    (void)mask, (void)room, (void)node; \
		__VA_ARGS__; \
	}

RUN(opens, kind = poolkind_open("dram,name=mine", 0);
    snprintf(path, sizeof(path), "file:%s,size=8M", directory);
    file = poolkind_open(path, 0))
RUN(fails, memset(path, 'x', sizeof(path) - 1); memcpy(path, "file:/", 6);
    poolkind_open(path, 0); path[2000] = 0; poolkind_open(path, 0);
    poolkind_open("dram,limt=1M", 0); poolkind_open("nodes:1000", 0);
    poolkind_open("dax:/dev/null", 0))
RUN(bandwidth, poolkind_close(poolkind_open("bandwidth", 0)))
RUN(capacity, poolkind_close(poolkind_open("capacity,scope=local", 0)))
RUN(device, poolkind_close(poolkind_open("dax:auto", 0)))
RUN(opens_region, region = poolkind_open_region(memory, 4 << 20, NULL, 0))
RUN(blocks,
    BLOCKS(poolkind_malloc(kind, n), poolkind_realloc(kind, p, more),
	poolkind_free(kind, p)))
RUN(file_blocks,
    BLOCKS(poolkind_calloc(file, 1, n), poolkind_realloc(file, p, more),
	poolkind_free(NULL, p)))
RUN(region_blocks,
    BLOCKS(poolkind_aligned_alloc(region, 64, n),
	poolkind_realloc(kind, p, more), poolkind_free_sized(kind, p, more)))
RUN(aligned, poolkind_posix_memalign(file, &block, 1 << 16, 100);
    poolkind_free(file, block))
RUN(asks, block = poolkind_malloc(kind, 300000); poolkind_usable_size(block);
    poolkind_of(block); poolkind_block_at((char *)block + 70000, &at);
    poolkind_block_nodes(block, bytes, 4); poolkind_name(kind);
    poolkind_text(file); poolkind_resolved(file);
    poolkind_get_nodes(kind, mask, 64); poolkind_set_user_data(kind, block);
    poolkind_user_data(kind); poolkind_errormsg(); poolkind_version();
    poolkind_free(kind, block))
RUN(stats, poolkind_get_stats(file, &stats, sizeof(stats));
    poolkind_get_node_bytes(file, bytes, 4);
    poolkind_get_room(file, &room, sizeof(room));
    poolkind_get_room(kind, &room, sizeof(room)))
RUN(nodes, unsigned count = 1;
    poolkind_get_machine_nodes(&node, &count, sizeof(node)))
RUN(tends, poolkind_set_limit(kind, 64 << 20); poolkind_trim(kind);
    poolkind_check(kind); poolkind_check(file); poolkind_refresh())
RUN(misuses, poolkind_set_report(report_nothing, NULL);
    poolkind_free(kind, &block); poolkind_close((poolkind *)&block);
    poolkind_set_report(NULL, NULL))
RUN(closes, poolkind_close(file); poolkind_close(region); poolkind_close(kind))

RUN(vmem_opens, vmem_set_funcs(NULL, NULL, NULL, NULL, say_nothing);
    pool = vmem_create(directory, VMEM_MIN_POOL);
    vmem_create("/nowhere", VMEM_MIN_POOL); vmem_errormsg();
    vmem_delete(vmem_create_in_region(memory, VMEM_MIN_POOL));
    vmem_check_version(VMEM_MAJOR_VERSION, VMEM_MINOR_VERSION))
RUN(vmem_blocks,
    BLOCKS(
	vmem_malloc(pool, n), vmem_realloc(pool, p, more), vmem_free(pool, p));
    vmem_free(pool, vmem_calloc(pool, 10, 10));
    vmem_free(pool, vmem_aligned_alloc(pool, 4096, 10));
    vmem_free(pool, vmem_strdup(pool, "text"));
    vmem_free(pool, vmem_wcsdup(pool, L"text")))
RUN(vmem_asks, block = vmem_malloc(pool, 64);
    vmem_malloc_usable_size(pool, block); vmem_check(pool);
    vmem_stats_print(pool, ""); vmem_delete(pool))

RUN(memkind_checks, memkind_check_available(MEMKIND_HBW); hbw_check_available();
    memkind_get_capacity(MEMKIND_REGULAR))
RUN(memkind_own,
    memkind_free(MEMKIND_HIGHEST_CAPACITY,
	memkind_malloc(MEMKIND_HIGHEST_CAPACITY, 100));
    memkind_free(NULL, memkind_malloc(MEMKIND_REGULAR, 100));
    hbw_free(hbw_malloc(100));
    hbw_verify_memory_region(memory, 4096, HBW_TOUCH_PAGES))
RUN(memkind_makes, memkind_create_pmem(directory, 16 << 20, &pmem);
    memkind_create_fixed(memory, 4 << 20, &fixed); memkind_get_capacity(pmem))
RUN(memkind_blocks,
    BLOCKS(memkind_malloc(pmem, n), memkind_realloc(pmem, p, more),
	memkind_free(pmem, p)))
RUN(memkind_asks, memkind_update_cached_stats();
    memkind_get_stat(pmem, MEMKIND_STAT_TYPE_ACTIVE, &got);
    memkind_stats_print(write_nothing, NULL, MEMKIND_STAT_PRINT_ALL);
    memkind_stats_print(write_nothing, NULL, MEMKIND_STAT_PRINT_JSON_FORMAT);
    memkind_detect_kind(memory))
RUN(memkind_ends, memkind_destroy_kind(pmem); memkind_destroy_kind(fixed))

static const struct step {
	const char *name;
	void (*run)(void);
} steps[] = {
#define STEP(name) \
	{ \
#name, name \
	}
	STEP(memkind_checks),
	STEP(bandwidth),
	STEP(capacity),
	STEP(device),
	STEP(opens),
	STEP(fails),
	STEP(opens_region),
	STEP(blocks),
	STEP(file_blocks),
	STEP(region_blocks),
	STEP(aligned),
	STEP(asks),
	STEP(stats),
	STEP(nodes),
	STEP(tends),
	STEP(misuses),
	STEP(closes),
	STEP(vmem_opens),
	STEP(vmem_blocks),
	STEP(vmem_asks),
	STEP(memkind_own),
	STEP(memkind_makes),
	STEP(memkind_blocks),
	STEP(memkind_asks),
	STEP(memkind_ends),
};

static void *
run_step(void *arg)
{
	((const struct step *)arg)->run();
	return NULL;
}

/* Bytes at the lower end that are as they were. */
static size_t
untouched(const char *stack)
{
	size_t n = 0;

	while (n < PTHREAD_STACK_MIN && stack[n] == PAINT)
		n++;
	return n;
}

static size_t
on_small_stack(const struct step *step)
{
	char *stack = mmap(NULL, PTHREAD_STACK_MIN + PAGE,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attributes;
	pthread_t thread;
	size_t left;

	if (stack == MAP_FAILED || mprotect(stack, PAGE, PROT_NONE) != 0)
		exit(2);
	memset(stack + PAGE, PAINT, PTHREAD_STACK_MIN);
	pthread_attr_init(&attributes);
	if (pthread_attr_setstack(
		&attributes, stack + PAGE, PTHREAD_STACK_MIN) != 0 ||
	    pthread_create(&thread, &attributes, run_step, (void *)step) != 0)
		exit(2);
	pthread_join(thread, NULL);
	left = untouched(stack + PAGE);
	munmap(stack, PTHREAD_STACK_MIN + PAGE);
	return left;
}

int
main(int argc, char **argv)
{
	size_t least = PTHREAD_STACK_MIN;

	directory = argc > 1 ? argv[1] : "/dev/shm";
	memory = mmap(NULL, VMEM_MIN_POOL, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	setbuf(stdout, NULL);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		size_t left;

		printf("%s: ", steps[i].name);
		left = on_small_stack(&steps[i]);
		printf("%zu bytes left\n", left);
		least = left < least ? left : least;
	}
	return least < 1024;
}
