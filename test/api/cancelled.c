/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cancelled.c - every function of libpoolkind, libvmem and libmemkind, called
 * by a thread that is to be cancelled: none is a point at which that happens,
 * or it could happen under a lock. TAP. Each call is made twice, by threads of
 * their own: the second one shows that the first left nothing behind.
 */
#define MEMKIND_DEPRECATED(x) x
#include <hbwmalloc.h>
#include <libvmem.h>
#include <memkind.h>
#include <memkind_deprecated.h>
#include <memkind_memtier.h>
#include <poolkind.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#define MIB ((size_t)1 << 20)

static const char *directory;
static poolkind *kind;
static memkind_t made;
static VMEM *pool;
static struct memtier_builder *builder;
static struct memtier_memory *tiers;
static void *region;

static atomic_bool returned;
static int number, failed;

static void
say(void *to, const char *text)
{
	(void)to;
	(void)text;
}

static void *
cancelled(void *step)
{
	void (*function)(void);

	memcpy(&function, &step, sizeof(function));
	pthread_cancel(pthread_self());
	function();
	atomic_store(&returned, true);
	pthread_testcancel();
	return NULL;
}

static void
call(const char *name, void (*function)(void))
{
	void *step, *end;
	pthread_t thread;
	int lost = 0;

	memcpy(&step, &function, sizeof(step));
	for (int i = 0; i < 2; i++) {
		atomic_store(&returned, false);
		if (pthread_create(&thread, NULL, cancelled, step) != 0)
			exit(1);
		pthread_join(thread, &end);
		lost += !returned || end != PTHREAD_CANCELED;
	}
	printf("%sok %d - %s\n", lost ? "not " : "", ++number, name);
	fflush(stdout);
	failed |= lost;
}

/* CALL(name, statements that call it). */
#define CALL(name, ...) \
	static void with_##name(void) \
	{ \
		__VA_ARGS__; \
	}
#define CALLS(C) \
	C(poolkind_open, poolkind_close(poolkind_open("dram", 0)); \
	    poolkind_close(poolkind_open("bandwidth", 0)); \
	    poolkind_close(poolkind_open("capacity,scope=local", 0)); \
	    poolkind_close(poolkind_open("dax:auto", 0)); \
	    poolkind_close(poolkind_open("nodes:0", 0)); \
	    poolkind_close(poolkind_open(file_spec(), 0))) \
	C(poolkind_open_region, \
	    poolkind_close(poolkind_open_region(region, MIB, NULL, 0))) \
	C(poolkind_close, poolkind_close(poolkind_open(file_spec(), 0))) \
	C(poolkind_name, poolkind_name(kind)) \
	C(poolkind_text, poolkind_text(kind)) \
	C(poolkind_resolved, poolkind_resolved(kind)) \
	C(poolkind_set_user_data, poolkind_set_user_data(kind, NULL)) \
	C(poolkind_user_data, poolkind_user_data(kind)) \
	C(poolkind_malloc, take(poolkind_malloc(kind, 100)); \
	    take(poolkind_malloc(kind, 3 * MIB)); \
	    take(poolkind_malloc(kind, 1000 * MIB))) \
	C(poolkind_calloc, take(poolkind_calloc(kind, 3, MIB))) \
	C(poolkind_realloc, \
	    take(poolkind_realloc(kind, poolkind_malloc(kind, 9), MIB))) \
	C(poolkind_aligned_alloc, \
	    take(poolkind_aligned_alloc(kind, 4096, 4096))) \
	C(poolkind_posix_memalign, void *p = NULL; \
	    poolkind_posix_memalign(kind, &p, 64, MIB); take(p)) \
	C(poolkind_free, poolkind_free(kind, poolkind_malloc(kind, MIB)); \
	    poolkind_free(kind, &number)) \
	C(poolkind_free_sized, \
	    poolkind_free_sized(kind, poolkind_malloc(kind, MIB), MIB)) \
	C(poolkind_usable_size, void *p = poolkind_malloc(kind, 9); \
	    poolkind_usable_size(p); take(p)) \
	C(poolkind_enter, poolkind_enter(kind); poolkind_leave()) \
	C(poolkind_leave, poolkind_enter(kind); poolkind_leave(); \
	    poolkind_leave()) \
	C(poolkind_leave_report, struct poolkind_scope_report r; \
	    poolkind_enter(kind); poolkind_leave_report(&r, sizeof(r))) \
	C(poolkind_of, poolkind_of(&number)) \
	C(poolkind_block_at, struct poolkind_block b; \
	    void *p = poolkind_malloc(kind, 9); poolkind_block_at(p, &b); \
	    take(p)) \
	C(poolkind_populate, void *p = poolkind_malloc(kind, MIB); \
	    poolkind_populate(kind, p, MIB, 0, 1); take(p)) \
	C(poolkind_move, poolkind_move(kind, "nodes:all", 0, NULL, 0)) \
	C(poolkind_move_block, void *p = poolkind_malloc(kind, MIB); \
	    poolkind_move_block(p, "nodes:all", 0, NULL, 0); take(p)) \
	C(poolkind_set_limit, poolkind_set_limit(kind, 40 * MIB)) \
	C(poolkind_on_full, poolkind_on_full(kind, NULL, NULL)) \
	C(poolkind_on_map, poolkind_on_map(kind, NULL, NULL)) \
	C(poolkind_trim, poolkind_trim(kind)) \
	C(poolkind_check, poolkind_check(kind)) \
	C(poolkind_get_stats, struct poolkind_stats s; \
	    poolkind_get_stats(kind, &s, sizeof(s))) \
	C(poolkind_each_kind, poolkind_each_kind(visit, NULL)) \
	C(poolkind_write_stats, \
	    poolkind_write_stats(NULL, POOLKIND_JSON, leave_out, NULL)) \
	C(poolkind_get_node_bytes, size_t b[4]; \
	    poolkind_get_node_bytes(kind, b, 4)) \
	C(poolkind_get_nodes, unsigned long mask[2]; \
	    poolkind_get_nodes(kind, mask, 128)) \
	C(poolkind_get_room, struct poolkind_room r; \
	    poolkind_get_room(kind, &r, sizeof(r))) \
	C(poolkind_get_machine_nodes, struct poolkind_node n[4]; \
	    unsigned count = 4; poolkind_refresh(); \
	    poolkind_get_machine_nodes(n, &count, sizeof(*n))) \
	C(poolkind_block_nodes, size_t b[4]; \
	    void *p = poolkind_malloc(kind, MIB); \
	    poolkind_block_nodes(p, b, 4); take(p)) \
	C(poolkind_refresh, poolkind_refresh(); \
	    poolkind_close(poolkind_open("latency", 0))) \
	C(poolkind_errormsg, poolkind_errormsg()) \
	C(poolkind_set_report, poolkind_set_report(NULL, NULL)) \
	C(poolkind_version, poolkind_version()) \
	C(vmem_create, vmem_delete(vmem_create(directory, VMEM_MIN_POOL)); \
	    vmem_create("/none", VMEM_MIN_POOL)) \
	C(vmem_create_in_region, \
	    vmem_delete(vmem_create_in_region(region, VMEM_MIN_POOL))) \
	C(vmem_delete, vmem_delete(vmem_create(directory, VMEM_MIN_POOL))) \
	C(vmem_check, vmem_check(pool)) \
	C(vmem_stats_print, vmem_stats_print(pool, "g")) \
	C(vmem_malloc, vmem_free(pool, vmem_malloc(pool, MIB)); \
	    vmem_malloc(pool, 1000 * MIB)) \
	C(vmem_free, vmem_free(pool, vmem_malloc(pool, 9))) \
	C(vmem_calloc, vmem_free(pool, vmem_calloc(pool, 9, 9))) \
	C(vmem_realloc, \
	    vmem_free(pool, vmem_realloc(pool, vmem_malloc(pool, 9), 99))) \
	C(vmem_aligned_alloc, \
	    vmem_free(pool, vmem_aligned_alloc(pool, 64, 9))) \
	C(vmem_strdup, vmem_free(pool, vmem_strdup(pool, "text"))) \
	C(vmem_wcsdup, vmem_free(pool, vmem_wcsdup(pool, L"text"))) \
	C(vmem_malloc_usable_size, void *p = vmem_malloc(pool, 9); \
	    vmem_malloc_usable_size(pool, p); vmem_free(pool, p)) \
	C(vmem_check_version, vmem_check_version(9, 9)) \
	C(vmem_set_funcs, vmem_set_funcs(NULL, NULL, NULL, NULL, silent)) \
	C(vmem_errormsg, vmem_errormsg()) \
	C(memkind_get_version, memkind_get_version()) \
	C(memkind_error_message, char text[MEMKIND_ERROR_MESSAGE_SIZE]; \
	    memkind_error_message(-1, text, sizeof(text))) \
	C(memkind_config_new, memkind_config_delete(memkind_config_new())) \
	C(memkind_config_delete, memkind_config_delete(memkind_config_new())) \
	C(memkind_config_set_path, configure()) \
	C(memkind_config_set_size, configure()) \
	C(memkind_config_set_memory_usage_policy, configure()) \
	C(memkind_create_kind, memkind_t k; \
	    if (memkind_create_kind(MEMKIND_MEMTYPE_HIGH_BANDWIDTH, \
		    MEMKIND_POLICY_PREFERRED_LOCAL, 0, &k) == 0) \
		memkind_destroy_kind(k)) \
	C(memkind_create_pmem, memkind_t k; \
	    if (memkind_create_pmem(directory, 16 * MIB, &k) == 0) \
		memkind_destroy_kind(k)) \
	C(memkind_create_pmem_with_config, configure()) \
	C(memkind_create_fixed, memkind_t k; \
	    if (memkind_create_fixed(region, 16 * MIB, &k) == 0) \
		memkind_destroy_kind(k)) \
	C(memkind_destroy_kind, memkind_t k; \
	    if (memkind_create_pmem(directory, 16 * MIB, &k) == 0) \
		memkind_destroy_kind(k)) \
	C(memkind_check_available, memkind_check_available(MEMKIND_HBW); \
	    memkind_check_available(MEMKIND_HUGETLB); \
	    memkind_check_available(MEMKIND_HIGHEST_CAPACITY); \
	    memkind_check_available(MEMKIND_DAX_KMEM)) \
	C(memkind_get_capacity, memkind_get_capacity(MEMKIND_REGULAR)) \
	C(memkind_check_dax_path, memkind_check_dax_path(directory)) \
	C(memkind_set_allow_zero_allocs, \
	    memkind_set_allow_zero_allocs(made, true)) \
	C(memkind_malloc, memkind_free(NULL, memkind_malloc(made, MIB)); \
	    memkind_free(NULL, memkind_malloc(MEMKIND_REGULAR, 9)); \
	    memkind_free(NULL, memkind_malloc(MEMKIND_HIGHEST_CAPACITY, 9)); \
	    memkind_free(NULL, memkind_malloc(MEMKIND_INTERLEAVE, 9)); \
	    memkind_malloc(MEMKIND_HBW, 9)) \
	C(memkind_calloc, memkind_free(NULL, memkind_calloc(made, 9, 9))) \
	C(memkind_posix_memalign, void *p = NULL; \
	    memkind_posix_memalign(made, &p, 64, 9); memkind_free(made, p)) \
	C(memkind_realloc, memkind_free(NULL, memkind_realloc(made, NULL, 9))) \
	C(memkind_free, memkind_free(NULL, memkind_malloc(made, 9))) \
	C(memkind_malloc_usable_size, memkind_malloc_usable_size(made, NULL)) \
	C(memkind_defrag_reallocate, void *p = memkind_malloc(made, 9); \
	    void *q = memkind_defrag_reallocate(made, p); \
	    memkind_free(made, q != NULL ? q : p)) \
	C(memkind_detect_kind, void *p = memkind_malloc(made, 9); \
	    memkind_detect_kind(p); memkind_free(NULL, p)) \
	C(memkind_update_cached_stats, memkind_update_cached_stats()) \
	C(memkind_get_stat, size_t n; \
	    memkind_get_stat(made, MEMKIND_STAT_TYPE_RESIDENT, &n)) \
	C(memkind_stats_print, memkind_stats_print(say, NULL, 0)) \
	C(memkind_set_bg_threads, memkind_set_bg_threads(true); \
	    memkind_set_bg_threads(false)) \
	C(memkind_get_kind_by_partition, memkind_t k; \
	    memkind_get_kind_by_partition(1, &k)) \
	C(hbw_check_available, hbw_check_available()) \
	C(hbw_get_policy, hbw_get_policy()) \
	C(hbw_set_policy, hbw_set_policy(HBW_POLICY_PREFERRED)) \
	C(hbw_verify_memory_region, \
	    hbw_verify_memory_region(region, MIB, HBW_TOUCH_PAGES)) \
	C(hbw_malloc, hbw_free(hbw_malloc(9))) \
	C(hbw_calloc, hbw_free(hbw_calloc(9, 9))) \
	C(hbw_realloc, hbw_free(hbw_realloc(NULL, 9))) \
	C(hbw_free, hbw_free(hbw_malloc(9))) \
	C(hbw_malloc_usable_size, hbw_malloc_usable_size(NULL)) \
	C(hbw_posix_memalign, void *p = NULL; hbw_posix_memalign(&p, 64, 9); \
	    hbw_free(p)) \
	C(hbw_posix_memalign_psize, void *p = NULL; \
	    hbw_posix_memalign_psize(&p, 64, 9, HBW_PAGESIZE_4KB); \
	    hbw_free(p)) \
	C(memtier_builder_new, build()) \
	C(memtier_builder_delete, build()) \
	C(memtier_builder_add_tier, build()) \
	C(memtier_builder_construct_memtier_memory, build()) \
	C(memtier_delete_memtier_memory, build()) \
	C(memtier_ctl_set, \
	    memtier_ctl_set(builder, "policy.dynamic_threshold.x", NULL)) \
	C(memtier_malloc, memtier_free(memtier_malloc(tiers, 9))) \
	C(memtier_calloc, memtier_free(memtier_calloc(tiers, 9, 9))) \
	C(memtier_realloc, memtier_free(memtier_realloc(tiers, NULL, 9))) \
	C(memtier_posix_memalign, void *p = NULL; \
	    memtier_posix_memalign(tiers, &p, 64, 9); memtier_free(p)) \
	C(memtier_usable_size, void *p = memtier_malloc(tiers, 9); \
	    memtier_usable_size(p); memtier_free(p)) \
	C(memtier_kind_malloc, memtier_free(memtier_kind_malloc(made, 9))) \
	C(memtier_kind_calloc, memtier_free(memtier_kind_calloc(made, 9, 9))) \
	C(memtier_kind_realloc, \
	    memtier_free(memtier_kind_realloc(made, NULL, 9))) \
	C(memtier_kind_posix_memalign, void *p = NULL; \
	    memtier_kind_posix_memalign(made, &p, 64, 9); memtier_free(p)) \
	C(memtier_kind_free, \
	    memtier_kind_free(NULL, memtier_kind_malloc(made, 9))) \
	C(memtier_kind_allocated_size, memtier_kind_allocated_size(made))

static void
take(void *block)
{
	poolkind_free(NULL, block);
}

static void
silent(const char *text)
{
	(void)text;
}

static int
visit(void *arg, poolkind *other)
{
	(void)arg;
	(void)other;
	return 0;
}

static void
leave_out(void *to, const char *text, size_t length)
{
	(void)to;
	(void)text;
	(void)length;
}

static const char *
file_spec(void)
{
	static char spec[512];

	snprintf(spec, sizeof(spec), "file:%s,size=8M", directory);
	return spec;
}

static void
configure(void)
{
	struct memkind_config *config = memkind_config_new();
	memkind_t k;

	memkind_config_set_path(config, directory);
	memkind_config_set_size(config, 16 * MIB);
	memkind_config_set_memory_usage_policy(
	    config, MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE);
	if (memkind_create_pmem_with_config(config, &k) == 0)
		memkind_destroy_kind(k);
	memkind_config_delete(config);
}

static void
build(void)
{
	struct memtier_builder *b = memtier_builder_new(
	    MEMTIER_POLICY_STATIC_RATIO);
	struct memtier_memory *memory;

	memtier_builder_add_tier(b, MEMKIND_DEFAULT, 1);
	memtier_builder_add_tier(b, made, 1);
	memory = memtier_builder_construct_memtier_memory(b);
	if (memory != NULL)
		memtier_delete_memtier_memory(memory);
	memtier_builder_delete(b);
}

CALLS(CALL)

int
main(int argc, char **argv)
{
	directory = argc > 1 ? argv[1] : "/dev/shm";
	region = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	kind = poolkind_open("dram,limit=64M", 0);
	pool = vmem_create(directory, VMEM_MIN_POOL);
	builder = memtier_builder_new(MEMTIER_POLICY_STATIC_RATIO);
	if (region == MAP_FAILED || kind == NULL || pool == NULL ||
	    builder == NULL ||
	    memkind_create_pmem(directory, 16 * MIB, &made) != 0)
		return 1;
	memtier_builder_add_tier(builder, MEMKIND_DEFAULT, 1);
	tiers = memtier_builder_construct_memtier_memory(builder);
#define STEP(name, ...) call(#name, with_##name);
	CALLS(STEP)
	printf("1..%d\n", number);
	return failed;
}
