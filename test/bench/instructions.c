/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instructions.c - how many instructions the program and the library execute
 * for one call: instructions SET [LIBRARY] steps through each path of a set
 * ("libraries", or "malloc" with LIBRARY preloaded) and prints the least of its
 * runs: what comes now and then, as a new slab or a moment of the decay, makes
 * a run longer by chance. And the milliseconds that its quickest run took:
 * where they are many, free memory is given back in the midst of every run. A
 * program that steps and not valgrind, under which the library takes other
 * paths.
 * Started by test/bench/check_instructions.
 *
 * The program starts itself once more and traces that process, which stops
 * before each run of a path, and marks its begin and its end in a page that
 * both share; between the marks each step is counted, but for those in the C
 * library and in the kernel's vdso, which depend on the machine.
 */
#include <elf.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <malloc.h>
#include <memkind.h>
#include <memkind_memtier.h>
#include <poolkind.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libvmem.h>

#define SKIPPED 77
#define RUNS 15
#define WARM_UP 500
#define MANY 200
#define FOREIGN_MAX 16

struct shared {
	volatile int marked;
	char name[64]; /* of the path that is about to run */
};

/* ---- Paths --------------------------------------------------------------- */

static poolkind *dram, *local, *file, *marked;
static VMEM *pool;
static memkind_t pmem;
static struct memtier_memory *tiers;
static void *block, *blocks[MANY];
static struct poolkind_block found;

/* What a path leaves is undone after it, and what it needs is made before. */
struct path {
	const char *name;
	void (*before)(void);
	void (*run)(void);
	void (*after)(void);
};

#define CALL(name, statement) \
	static void name(void) \
	{ \
		statement; \
	}

CALL(nothing, )
CALL(dram_16, block = poolkind_malloc(dram, 16))
CALL(dram_64, block = poolkind_malloc(dram, 64))
CALL(dram_4096, block = poolkind_malloc(dram, 4096))
CALL(dram_large, block = poolkind_malloc(dram, 1 << 20))
CALL(dram_aligned, block = poolkind_aligned_alloc(dram, 64, 200))
CALL(dram_same, block = poolkind_realloc(dram, block, 63))
CALL(dram_free, poolkind_free(dram, block))
CALL(dram_free_sized, poolkind_free_sized(dram, block, 64))
CALL(dram_free_null, poolkind_free(NULL, block))
CALL(two, block = poolkind_malloc(dram, 64);
     blocks[0] = poolkind_malloc(local, 64))
CALL(two_free_null, poolkind_free(NULL, block); poolkind_free(NULL, blocks[0]))
CALL(dram_usable, poolkind_usable_size(block))
CALL(dram_of, poolkind_of(block))
CALL(dram_at, poolkind_block_at((char *)block + 3, &found))
CALL(local_64, block = poolkind_malloc(local, 64))
CALL(local_free, poolkind_free(local, block))
CALL(file_64, block = poolkind_malloc(file, 64))
CALL(file_free, poolkind_free(file, block))
CALL(marked_64, block = poolkind_malloc(marked, 64))
CALL(marked_65536, block = poolkind_malloc(marked, 65536))
CALL(marked_free, poolkind_free(marked, block))
CALL(dram_65536, block = poolkind_malloc(dram, 65536))
CALL(vmem_64, block = vmem_malloc(pool, 64))
CALL(vmem_gone, vmem_free(pool, block))
CALL(default_64, block = memkind_malloc(MEMKIND_DEFAULT, 64))
CALL(default_free, memkind_free(MEMKIND_DEFAULT, block))
CALL(default_free_null, memkind_free(NULL, block))
CALL(pmem_64, block = memkind_malloc(pmem, 64))
CALL(pmem_free, memkind_free(pmem, block))
CALL(detect, memkind_detect_kind(block))
CALL(tiers_64, block = memtier_malloc(tiers, 64))
CALL(tiers_kind_64, block = memtier_kind_malloc(pmem, 64))
CALL(tiers_free, memtier_free(block))
CALL(plain_64, block = malloc(64))
CALL(plain_4096, block = malloc(4096))
CALL(plain_aligned, block = aligned_alloc(64, 192))
CALL(plain_same, block = realloc(block, 63))
CALL(plain_usable, malloc_usable_size(block))
CALL(plain_free, free(block))
CALL(plain_two, block = malloc(64); blocks[0] = malloc(200))
CALL(plain_free_two, free(block); free(blocks[0]))

/* More than a cache holds. */
static void
dram_many(void)
{
	for (int i = 0; i < MANY; i++)
		blocks[i] = poolkind_malloc(dram, 64);
	for (int i = 0; i < MANY; i++)
		poolkind_free(dram, blocks[i]);
}

/* What lies in the cache and what in the depot decides how often a round goes
 * to either, and a moment of the decay in the midst of one moves it for all
 * that follow: so each begins from the same. */
static void
dram_many_before(void)
{
	poolkind_trim(dram);
	for (int i = 0; i < 10; i++)
		dram_many();
}

static const struct path libraries[] = {
	{ "nothing", NULL, nothing, NULL },
	{ "poolkind_malloc 16", NULL, dram_16, dram_free },
	{ "poolkind_malloc 64", NULL, dram_64, dram_free },
	{ "poolkind_malloc 4096", NULL, dram_4096, dram_free },
	{ "poolkind_malloc 1048576", NULL, dram_large, dram_free },
	{ "poolkind_aligned_alloc 64 200", NULL, dram_aligned, dram_free },
	{ "poolkind_realloc in place", dram_64, dram_same, dram_free },
	{ "poolkind_free 64", dram_64, dram_free, NULL },
	{ "poolkind_free 4096", dram_4096, dram_free, NULL },
	{ "poolkind_free 1048576", dram_large, dram_free, NULL },
	{ "poolkind_free_sized 64", dram_64, dram_free_sized, NULL },
	{ "poolkind_free without kind", dram_64, dram_free_null, NULL },
	{ "poolkind_free, two kinds, neither named", two, two_free_null, NULL },
	{ "poolkind_usable_size", dram_64, dram_usable, dram_free },
	{ "poolkind_of", dram_64, dram_of, dram_free },
	{ "poolkind_block_at", dram_64, dram_at, dram_free },
	{ "poolkind, 200 blocks and back", dram_many_before, dram_many, NULL },
	{ "local kind, malloc 64", NULL, local_64, local_free },
	{ "local kind, free 64", local_64, local_free, NULL },
	{ "file kind, malloc 64", NULL, file_64, file_free },
	{ "file kind, free 64", file_64, file_free, NULL },
	{ "poolkind_malloc 65536", NULL, dram_65536, dram_free },
	{ "kind with marks, malloc 64", NULL, marked_64, marked_free },
	{ "kind with marks, malloc 65536", NULL, marked_65536, marked_free },
	{ "kind with marks, free 65536", marked_65536, marked_free, NULL },
	{ "vmem_malloc 64", NULL, vmem_64, vmem_gone },
	{ "vmem_free 64", vmem_64, vmem_gone, NULL },
	{ "memkind_malloc DEFAULT 64", NULL, default_64, default_free },
	{ "memkind_free DEFAULT 64", default_64, default_free, NULL },
	{ "memkind_free NULL 64", default_64, default_free_null, NULL },
	{ "memkind_malloc file 64", NULL, pmem_64, pmem_free },
	{ "memkind_free file 64", pmem_64, pmem_free, NULL },
	{ "memkind_detect_kind", pmem_64, detect, pmem_free },
	{ "memtier_malloc 64", NULL, tiers_64, tiers_free },
	{ "memtier_kind_malloc 64", NULL, tiers_kind_64, tiers_free },
	{ "memtier_free 64", tiers_64, tiers_free, NULL },
	{ NULL, NULL, NULL, NULL },
};

/* The start of the process leaves more or less in the heap: paths that fill or
 * empty a slab differ. */
static const struct path mallocs[] = {
	{ "nothing", NULL, nothing, NULL },
	{ "malloc 64", NULL, plain_64, plain_free },
	{ "malloc 4096", NULL, plain_4096, plain_free },
	{ "aligned_alloc 64 192", NULL, plain_aligned, plain_free },
	{ "realloc in place", plain_64, plain_same, plain_free },
	{ "malloc_usable_size", plain_64, plain_usable, plain_free },
	{ "free 64", plain_64, plain_free, NULL },
	{ "free 4096", plain_4096, plain_free, NULL },
	{ "free 64 and 200 in turn", plain_two, plain_free_two, NULL },
	{ NULL, NULL, NULL, NULL },
};

/* ---- The process that is traced ------------------------------------------ */

/* A memory of two tiers, one half each. */
static struct memtier_memory *
open_tiers(void)
{
	struct memtier_builder *builder = memtier_builder_new(
	    MEMTIER_POLICY_STATIC_RATIO);

	memtier_builder_add_tier(builder, MEMKIND_DEFAULT, 1);
	memtier_builder_add_tier(builder, pmem, 1);
	return memtier_builder_construct_memtier_memory(builder);
}

static void
open_kinds(void)
{
	const char *directory = getenv("POOL_DIR");
	char text[4096];

	if (directory == NULL)
		directory = "/dev/shm";
	snprintf(text, sizeof(text), "file:%s,size=32M", directory);
	dram = poolkind_open("dram", 0);
	local = poolkind_open("dram,policy=local", 0);
	file = poolkind_open(text, 0);
	marked = poolkind_open("dram,limit=64M,high=95% > dram", 0);
	pool = vmem_create(directory, VMEM_MIN_POOL);
	if (dram == NULL || local == NULL || file == NULL || marked == NULL ||
	    pool == NULL ||
	    memkind_create_pmem(directory, 32 << 20, &pmem) != 0) {
		fprintf(stderr, "a kind cannot be opened: %s\n",
		    poolkind_errormsg());
		exit(EXIT_FAILURE);
	}
	tiers = open_tiers();
}

/* MARKS is NULL when nobody counts. */
static void
run_path(const struct path *path, struct shared *marks)
{
	if (path->before != NULL)
		path->before();
	if (marks != NULL) {
		raise(SIGSTOP);
		marks->marked = 1;
		path->run();
		marks->marked = 0;
	} else
		path->run();
	if (path->after != NULL)
		path->after();
}

static int
run_paths(const struct path *path, struct shared *marks)
{
	for (; path->name != NULL; path++) {
		for (int i = 0; i < WARM_UP; i++)
			run_path(path, NULL);
		snprintf(marks->name, sizeof(marks->name), "%s", path->name);
		for (int i = 0; i < RUNS; i++)
			run_path(path, marks);
	}
	return EXIT_SUCCESS;
}

/* ---- The process that counts --------------------------------------------- */

static void
give_up(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(SKIPPED);
}

/* Goes on until the child stops before a path; false at its end. */
static bool
next_run(pid_t child)
{
	int status;

	do {
		if (ptrace(PTRACE_CONT, child, NULL, NULL) != 0)
			give_up("a process may not be traced");
		waitpid(child, &status, 0);
	} while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
		return false;
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP) {
		fprintf(stderr, "the process ended with %#x\n", status);
		exit(EXIT_FAILURE);
	}
	return true;
}

/* Code of others in the child. */
static struct {
	unsigned long start, end;
} foreign[FOREIGN_MAX];
static size_t foreigns;

static void
find_foreign(pid_t child)
{
	char path[64], line[4352];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", child);
	maps = fopen(path, "r");
	foreigns = 0;
	while (maps != NULL && foreigns < FOREIGN_MAX &&
	    fgets(line, sizeof(line), maps) != NULL)
		if ((strstr(line, "/libc.so") != NULL ||
			strstr(line, "[vdso]") != NULL) &&
		    sscanf(line, "%lx-%lx", &foreign[foreigns].start,
			&foreign[foreigns].end) == 2)
			foreigns++;
	if (maps != NULL)
		fclose(maps);
}

static bool
is_ours(pid_t child)
{
	struct user_regs_struct registers;
	struct iovec all = { &registers, sizeof(registers) };
	unsigned long at;

	if (ptrace(PTRACE_GETREGSET, child, NT_PRSTATUS, &all) != 0)
		give_up("the registers of a process cannot be read");
#if defined(__x86_64__)
	at = registers.rip;
#else
	at = registers.pc;
#endif
	for (size_t i = 0; i < foreigns; i++)
		if (at >= foreign[i].start && at < foreign[i].end)
			return false;
	return true;
}

static int
count_run(pid_t child, const struct shared *marks)
{
	int status, count = 0;

	do {
		if (marks->marked != 0)
			count += is_ours(child);
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0)
			give_up("this machine has no single steps");
		waitpid(child, &status, 0);
	} while (WIFSTOPPED(status) && (count == 0 || marks->marked != 0));
	return count;
}

static int
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* The first path is empty: what it takes is taken off the others. */
static void
count_paths(pid_t child, const struct shared *marks)
{
	int least = INT_MAX, quickest = INT_MAX, runs = 0, empty = -1;

	while (next_run(child)) {
		int begin = now_ms(), count;

		find_foreign(child);
		count = count_run(child, marks);
		if (count < least)
			least = count;
		if (now_ms() - begin < quickest)
			quickest = now_ms() - begin;
		if (++runs < RUNS)
			continue;
		if (empty < 0)
			empty = least;
		else
			printf("%d\t%s\t%d\n", least - empty, marks->name,
			    quickest);
		runs = 0;
		least = quickest = INT_MAX;
	}
}

static pid_t
start(char *set, const char *library, int memory)
{
	char number[16],
	    *arguments[] = { "instructions", set, "", number, NULL };
	pid_t child;
	int status;

	snprintf(number, sizeof(number), "%d", memory);
	child = fork();
	if (child == 0) {
		if (library != NULL)
			setenv("LD_PRELOAD", library, 1);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			execv("/proc/self/exe", arguments);
		_exit(EXIT_FAILURE);
	}
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		give_up("a process may not be traced");
	return child;
}

int
main(int argc, char **argv)
{
	const struct path *set;
	struct shared *marks;
	int memory;

	if (argc < 2)
		return EXIT_FAILURE;
	memory = argc < 4 ? memfd_create("marks", 0) : atoi(argv[3]);
	set = strcmp(argv[1], "malloc") == 0 ? mallocs : libraries;
	if (argc < 4 && ftruncate(memory, sizeof(*marks)) != 0)
		return EXIT_FAILURE;
	marks = mmap(NULL, sizeof(*marks), PROT_READ | PROT_WRITE, MAP_SHARED,
	    memory, 0);
	if (marks == MAP_FAILED)
		return EXIT_FAILURE;
	if (argc > 3) {
		if (set == libraries)
			open_kinds();
		return run_paths(set, marks);
	}
	/* Without it the libraries take another path. */
	if ((syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0) &
		MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0)
		give_up("this machine has no membarrier");
	count_paths(start(argv[1], argv[2], memory), marks);
	return EXIT_SUCCESS;
}
