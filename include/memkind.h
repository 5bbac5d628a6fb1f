/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind.h - allocate from a memory that has a name.
 *
 * The interface of memkind 1.14 and of its last commit. A kind stands for
 * memory with a property: the nodes with the highest bandwidth, huge pages, a
 * file on persistent memory, a region of the program's own. The static kinds
 * below are always there, others are created and destroyed. Each is a kind of
 * libpoolkind: memkind(3) says which.
 *
 * Rules that hold for every function:
 *
 *  - Sizes are bytes. Blocks are aligned to 16 bytes, those of 8 bytes or less
 *    to 8.
 *  - A function that returns int gives MEMKIND_SUCCESS or one of the negative
 *    MEMKIND_ERROR_ codes. memkind_posix_memalign() alone gives EINVAL or
 *    ENOMEM, as POSIX has it.
 *  - A block that cannot be had is NULL with ENOMEM. So is every block of a
 *    kind that this machine does not have.
 *  - A request for 0 bytes is NULL, and errno is left alone, unless
 *    memkind_set_allow_zero_allocs() says otherwise.
 *  - A block belongs to the kind it was allocated from until it is freed, and
 *    is given back to that kind. Where a function takes NULL for the kind of a
 *    block it looks the kind up.
 *  - Every function may be called by any thread at any time, except that a
 *    kind is destroyed when no thread uses it any more, and that a
 *    configuration has one user at a time.
 */
#ifndef MEMKIND_H
#define MEMKIND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Constants ----------------------------------------------------------- */

/* What the functions that return int answer. Zero and negative. */
enum {
	MEMKIND_SUCCESS = 0,
	/* The kind is not there on this machine. */
	MEMKIND_ERROR_UNAVAILABLE = -1,
	/* mbind(2) refused. */
	MEMKIND_ERROR_MBIND = -2,
	/* mmap(2) refused. */
	MEMKIND_ERROR_MMAP = -3,
	/* No memory for the library's own records. */
	MEMKIND_ERROR_MALLOC = -6,
	/* A MEMKIND_ variable of the environment has no valid value. */
	MEMKIND_ERROR_ENVIRON = -12,
	/* An argument is not valid. */
	MEMKIND_ERROR_INVALID = -13,
	/* As many kinds are alive as there can be. */
	MEMKIND_ERROR_TOOMANY = -15,
	/* A kind lacks an operation. Not given by this version. */
	MEMKIND_ERROR_BADOPS = -17,
	/* There are no huge pages. */
	MEMKIND_ERROR_HUGETLB = -18,
	/* This machine has no memory of the type that was asked for. */
	MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE = -20,
	/* The operation failed, or what it needs is not installed. */
	MEMKIND_ERROR_OPERATION_FAILED = -21,
	/* No more arenas can be made. */
	MEMKIND_ERROR_ARENAS_CREATE = -22,
	/* Anything else. */
	MEMKIND_ERROR_RUNTIME = -255
};

enum memkind_const {
	/* The most kinds that memkind had alive. Here programs can make 4000,
	 * whatever this says. */
	MEMKIND_MAX_KIND = 512,
	/* Room for each text of memkind_error_message(), with its end. */
	MEMKIND_ERROR_MESSAGE_SIZE = 128,
	/* The smallest limit of a kind in a file. */
	MEMKIND_PMEM_MIN_SIZE = 1024 * 1024 * 16
};

/* Types of memory for memkind_create_kind(), as bits. */
typedef enum memkind_memtype_t {
	/* What the process would use anyway. */
	MEMKIND_MEMTYPE_DEFAULT = 1 << 0,
	/* The nodes with high bandwidth. */
	MEMKIND_MEMTYPE_HIGH_BANDWIDTH = 1 << 1
} memkind_memtype_t;

/* Which nodes of a type of memory a kind takes pages from. */
typedef enum memkind_policy_t {
	/* Those next to the CPU; nothing else, even when they are full. */
	MEMKIND_POLICY_BIND_LOCAL = 0,
	/* Any of them; nothing else. */
	MEMKIND_POLICY_BIND_ALL = 1,
	/* That next to the CPU; any other memory when it is full or missing. */
	MEMKIND_POLICY_PREFERRED_LOCAL = 2,
	/* Page by page over those next to the CPU. */
	MEMKIND_POLICY_INTERLEAVE_LOCAL = 3,
	/* Page by page over all of them. */
	MEMKIND_POLICY_INTERLEAVE_ALL = 4,
	/* The first number that is not a policy. */
	MEMKIND_POLICY_MAX_VALUE
} memkind_policy_t;

/* Flags for memkind_create_kind(). No flag (a cast 0) means ordinary pages. */
typedef enum memkind_bits_t {
	/* Huge pages of 2 MiB: the logarithm of their size. */
	MEMKIND_MASK_PAGE_SIZE_2MB = 21
} memkind_bits_t;

/* How soon a kind in a file gives freed space back to the file system. */
typedef enum memkind_mem_usage_policy {
	/* When it was not wanted for some seconds: fast. */
	MEMKIND_MEM_USAGE_POLICY_DEFAULT = 0,
	/* At once: small. */
	MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE = 1,
	/* The first number that is not a policy. */
	MEMKIND_MEM_USAGE_POLICY_MAX_VALUE
} memkind_mem_usage_policy;

/* What memkind_get_stat() can tell, in bytes. */
typedef enum memkind_stat_type {
	/* Pages that memory stands behind. */
	MEMKIND_STAT_TYPE_RESIDENT = 0,
	/* Pages with live blocks in them. */
	MEMKIND_STAT_TYPE_ACTIVE = 1,
	/* Live blocks, each as large as its size class. */
	MEMKIND_STAT_TYPE_ALLOCATED = 2,
	/* The first number that is not a statistic. */
	MEMKIND_STAT_TYPE_MAX_VALUE
} memkind_stat_type;

/* What memkind_stats_print() leaves out; bits that can be combined. */
typedef enum memkind_stat_print_opt {
	MEMKIND_STAT_PRINT_ALL = 0,
	/* As JSON instead of a table. */
	MEMKIND_STAT_PRINT_JSON_FORMAT = 1 << 0,
	/* Without what never changes. */
	MEMKIND_STAT_PRINT_OMIT_GENERAL = 1 << 1,
	/* Without the sums over all arenas. */
	MEMKIND_STAT_PRINT_OMIT_MERGED_ARENA = 1 << 2,
	/* Without the sums over arenas that are gone. */
	MEMKIND_STAT_PRINT_OMIT_DESTROYED_MERGED_ARENA = 1 << 3,
	/* Without the single arenas. */
	MEMKIND_STAT_PRINT_OMIT_PER_ARENA = 1 << 4,
	/* Without the sizes of small blocks. */
	MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_BINS = 1 << 5,
	/* Without the sizes of large blocks. */
	MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_LARGE = 1 << 6,
	/* Without the locks. */
	MEMKIND_STAT_PRINT_OMIT_MUTEX = 1 << 7,
	/* Without the extents. */
	MEMKIND_STAT_PRINT_OMIT_EXTENT = 1 << 8
} memkind_stat_print_opt;

/* `const` on systems whose malloc_usable_size() takes a pointer to const. */
#ifndef MEMKIND_MALLOC_USABLE_SIZE_CONST
#if defined(__FreeBSD__) || defined(__ANDROID__)
#define MEMKIND_MALLOC_USABLE_SIZE_CONST const
#else
#define MEMKIND_MALLOC_USABLE_SIZE_CONST
#endif
#endif

/* A kind. Opaque: only pointers to it are ever used. */
typedef struct memkind *memkind_t;

/* What memkind_create_pmem_with_config() makes a kind from. Opaque. */
struct memkind_config;

/* ---- Static kinds -------------------------------------------------------- */

/*
 * Each may be used from the first instruction of the program on, also in
 * initialisers that run before main(). memkind_check_available() says whether
 * this machine has it. Where nodes are chosen by the CPU that asks, it is the
 * CPU at the time of the allocation.
 */

/* Memory as malloc(3) would give it. Always there. */
extern memkind_t MEMKIND_DEFAULT;

/* The nodes that have CPUs, and no others. Always there. */
extern memkind_t MEMKIND_REGULAR;

/* Page by page over all nodes, without transparent huge pages. Always there. */
extern memkind_t MEMKIND_INTERLEAVE;

/* Huge pages of 2 MiB, from any node. */
extern memkind_t MEMKIND_HUGETLB;

/* The nodes with the most memory: only those, or those first and then the
 * rest. */
extern memkind_t MEMKIND_HIGHEST_CAPACITY;
extern memkind_t MEMKIND_HIGHEST_CAPACITY_PREFERRED;

/* The node with the most memory among those local to the CPU; of equals the
 * nearest. */
extern memkind_t MEMKIND_HIGHEST_CAPACITY_LOCAL;
extern memkind_t MEMKIND_HIGHEST_CAPACITY_LOCAL_PREFERRED;

/* The local node with the lowest latency; of equals the nearest, then the
 * smallest. Needs a machine that tells its latencies (HMAT). */
extern memkind_t MEMKIND_LOWEST_LATENCY_LOCAL;
extern memkind_t MEMKIND_LOWEST_LATENCY_LOCAL_PREFERRED;

/* The local node with the highest bandwidth; of equals the nearest, then the
 * smallest. Needs a machine that tells its bandwidths (HMAT). */
extern memkind_t MEMKIND_HIGHEST_BANDWIDTH_LOCAL;
extern memkind_t MEMKIND_HIGHEST_BANDWIDTH_LOCAL_PREFERRED;

/* High bandwidth memory: of the nodes closest to the CPU, or of all. */
extern memkind_t MEMKIND_HBW;
extern memkind_t MEMKIND_HBW_ALL;

/* The closest node of high bandwidth first, then the rest. Of several that are
 * equally good each is preferred (Linux 5.15; the lowest before). */
extern memkind_t MEMKIND_HBW_PREFERRED;

/* Page by page over all nodes of high bandwidth, without transparent huge
 * pages. */
extern memkind_t MEMKIND_HBW_INTERLEAVE;

/* The same, in huge pages of 2 MiB. */
extern memkind_t MEMKIND_HBW_HUGETLB;
extern memkind_t MEMKIND_HBW_ALL_HUGETLB;
extern memkind_t MEMKIND_HBW_PREFERRED_HUGETLB;

/* Nodes made of DAX devices (system-ram mode): the closest, all, the closest
 * first and then the rest, or page by page over all. */
extern memkind_t MEMKIND_DAX_KMEM;
extern memkind_t MEMKIND_DAX_KMEM_ALL;
extern memkind_t MEMKIND_DAX_KMEM_PREFERRED;
extern memkind_t MEMKIND_DAX_KMEM_INTERLEAVE;

/* ---- The library --------------------------------------------------------- */

/* The version: major * 1000000 + minor * 1000 + patch, 1014000 for 1.14.0. */
int memkind_get_version(void);

/*
 * Writes what the code ERR means to MSG, as one line that begins "<memkind> ",
 * cut to SIZE bytes with its terminating zero; MEMKIND_ERROR_MESSAGE_SIZE is
 * always enough. A code that is not known is said to be so. Nothing is written
 * when MSG is NULL or SIZE is 0.
 */
void memkind_error_message(int err, char *msg, size_t size);

/* ---- Configuration of kinds in files ------------------------------------- */

/*
 * An empty configuration: no path, no limit, the default policy. It is the
 * caller's until memkind_config_delete(). NULL with ENOMEM.
 */
struct memkind_config *memkind_config_new(void);

/* Frees CFG; kinds made from it live on. NULL is a no-op. */
void memkind_config_delete(struct memkind_config *cfg);

/* The directory of the file. The text is not copied, and stays as it is until
 * the kind is made. Nothing is checked here. */
void memkind_config_set_path(struct memkind_config *cfg, const char *pmem_dir);

/* The limit in bytes, 0 for none. Nothing is checked here. */
void memkind_config_set_size(struct memkind_config *cfg, size_t pmem_size);

/* The usage policy. Nothing is checked here. */
void memkind_config_set_memory_usage_policy(
    struct memkind_config *cfg, memkind_mem_usage_policy policy);

/* ---- Kinds --------------------------------------------------------------- */

/*
 * Gives, in *KIND, the static kind that has the memory MEMTYPE_FLAGS, the
 * policy POLICY and the pages FLAGS. The caller does not own it, and need not
 * destroy it. What there is: high bandwidth memory with BIND_LOCAL, BIND_ALL
 * or PREFERRED_LOCAL, and default memory with PREFERRED_LOCAL, each in ordinary
 * or huge pages; high bandwidth memory with INTERLEAVE_ALL, and both types
 * together with INTERLEAVE_ALL. PREFERRED_LOCAL falls back to MEMKIND_DEFAULT
 * when the machine has no such memory.
 *
 * Errors: MEMKIND_ERROR_INVALID (no such combination, unknown bits or policy,
 * KIND is NULL), MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE (this machine does not
 * have the kind).
 */
int memkind_create_kind(memkind_memtype_t memtype_flags,
    memkind_policy_t policy, memkind_bits_t flags, memkind_t *kind);

/*
 * Makes a kind in a file without a name in the directory DIR. MAX_SIZE, rounded
 * up to whole pages, limits it; with 0 the file system does. Space is taken as
 * blocks are, and goes back at the latest when the kind is destroyed or the
 * process ends.
 *
 * Errors: MEMKIND_ERROR_INVALID (MAX_SIZE is neither 0 nor at least
 * MEMKIND_PMEM_MIN_SIZE; DIR is NULL or no file can be made there, and errno
 * has the reason; KIND is NULL), MEMKIND_ERROR_TOOMANY,
 * MEMKIND_ERROR_ARENAS_CREATE, MEMKIND_ERROR_MALLOC. *KIND is untouched then.
 */
int memkind_create_pmem(const char *dir, size_t max_size, memkind_t *kind);

/*
 * The same, with path, size and usage policy from CFG.
 *
 * Errors: those of memkind_create_pmem(); MEMKIND_ERROR_INVALID also for a
 * policy that is none, and no kind was made then.
 */
int memkind_create_pmem_with_config(
    struct memkind_config *cfg, memkind_t *kind);

/*
 * Makes a kind of the SIZE bytes at ADDR, which the caller has mapped readable
 * and writable and keeps so until the kind is destroyed. No memory is bound,
 * cleared or unmapped.
 *
 * Errors: MEMKIND_ERROR_INVALID (ADDR or KIND is NULL, SIZE is too small, or a
 * live kind has such a region), MEMKIND_ERROR_TOOMANY,
 * MEMKIND_ERROR_ARENAS_CREATE, MEMKIND_ERROR_MALLOC. *KIND is untouched then.
 */
int memkind_create_fixed(void *addr, size_t size, memkind_t *kind);

/*
 * Destroys KIND with all its blocks, if it was made by one of the three
 * functions before; a static kind stays as it is. No thread may use the kind or
 * its blocks during the call or after it.
 *
 * Errors: MEMKIND_ERROR_INVALID (KIND is NULL), MEMKIND_ERROR_OPERATION_FAILED.
 */
int memkind_destroy_kind(memkind_t kind);

/*
 * Whether blocks can be had from KIND on this machine, in this environment.
 *
 * Errors: MEMKIND_ERROR_UNAVAILABLE or MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE (no
 * such memory), MEMKIND_ERROR_OPERATION_FAILED (the topology of the machine
 * cannot be read), MEMKIND_ERROR_HUGETLB (no huge pages), MEMKIND_ERROR_ENVIRON
 * (a variable that the kind depends on is not valid), MEMKIND_ERROR_INVALID
 * (KIND is not a kind).
 */
int memkind_check_available(memkind_t kind);

/*
 * The bytes that KIND could have at most: the sizes of its nodes as seen from
 * the calling CPU; the limit of a kind in a file, or without one the size of
 * the file system; the size of a region; all huge pages there can be. -1 when
 * that has no answer: for kinds that merely prefer a node, for high bandwidth
 * memory in huge pages, and for a kind that is not available.
 */
ssize_t memkind_get_capacity(memkind_t kind);

/*
 * Whether a file in the directory PMEM_DIR would be mapped as persistent
 * memory itself (MAP_SYNC), without a page cache in between.
 *
 * Errors: MEMKIND_ERROR_RUNTIME (no file can be made there), MEMKIND_ERROR_MMAP
 * (files there are not DAX). errno has the reason.
 */
int memkind_check_dax_path(const char *pmem_dir);

/*
 * Whether a request for 0 bytes of KIND gives a block that can be freed, as
 * malloc(3) does, instead of NULL. Holds for all threads, from now on. At first
 * no kind does.
 */
void memkind_set_allow_zero_allocs(memkind_t kind, bool allow_zero_allocs);

/* ---- Blocks -------------------------------------------------------------- */

/* At least SIZE bytes, content undefined. NULL with ENOMEM. */
void *memkind_malloc(memkind_t kind, size_t size);

/* A zeroed block for NUM objects of SIZE bytes. NULL with ENOMEM, also when the
 * product overflows. NULL without an error when it is 0. */
void *memkind_calloc(memkind_t kind, size_t num, size_t size);

/*
 * Puts a block of SIZE bytes into *MEMPTR whose address is a multiple of
 * ALIGNMENT. A SIZE of 0 is success with NULL. errno is left alone.
 *
 * Errors: EINVAL (ALIGNMENT is not a power of two, or below sizeof(void *)),
 * ENOMEM. *MEMPTR is NULL then.
 */
int memkind_posix_memalign(
    memkind_t kind, void **memptr, size_t alignment, size_t size);

/*
 * The block PTR in SIZE bytes, perhaps elsewhere, its content kept up to the
 * smaller of both sizes. PTR NULL is memkind_malloc(); SIZE 0 frees PTR and
 * gives NULL. With KIND NULL it stays in its kind. NULL with ENOMEM leaves PTR
 * as it was; NULL with EINVAL when both KIND and PTR are NULL.
 */
void *memkind_realloc(memkind_t kind, void *ptr, size_t size);

/* Frees PTR, a block of KIND, or of any kind when KIND is NULL. PTR NULL is a
 * no-op. */
void memkind_free(memkind_t kind, void *ptr);

/* The bytes that may be used at PTR: at least what was asked for; 0 for
 * NULL. KIND may be NULL. */
size_t memkind_malloc_usable_size(
    memkind_t kind, MEMKIND_MALLOC_USABLE_SIZE_CONST void *ptr);

/*
 * Moves the block PTR of KIND (NULL: of any kind) if that would make the heap
 * denser, and gives its new address; the old one is free then. NULL when it
 * stays where it is: for large blocks, for PTR NULL, without memory.
 */
void *memkind_defrag_reallocate(memkind_t kind, void *ptr);

/* The kind of the live block PTR; NULL for NULL. */
memkind_t memkind_detect_kind(void *ptr);

/* ---- Figures ------------------------------------------------------------- */

/* Takes the figures that memkind_get_stat() gives until the next call. Errors:
 * MEMKIND_ERROR_OPERATION_FAILED. */
int memkind_update_cached_stats(void);

/*
 * Puts the statistic STAT of KIND, or of all kinds together when KIND is NULL,
 * into *VALUE, in bytes, as of the last memkind_update_cached_stats().
 *
 * Errors: MEMKIND_ERROR_INVALID (no such statistic, VALUE is NULL),
 * MEMKIND_ERROR_OPERATION_FAILED.
 */
int memkind_get_stat(memkind_t kind, memkind_stat_type stat, size_t *value);

/*
 * Writes all figures as text, piece by piece through WRITE_CB, which gets
 * CBOPAQUE and may not use this library; through stderr when WRITE_CB is NULL.
 *
 * Errors: MEMKIND_ERROR_INVALID (OPTS has bits that mean nothing).
 */
int memkind_stats_print(void (*write_cb)(void *, const char *), void *cbopaque,
    memkind_stat_print_opt opts);

/*
 * Starts or stops threads that give unused memory back to the system.
 *
 * Errors: MEMKIND_ERROR_INVALID (it could not be done).
 */
int memkind_set_bg_threads(bool state);

/* ---- Decorators ---------------------------------------------------------- */

/*
 * Functions that a program may define, and that a library built with
 * decorators calls: _pre before the function they are named after, with its
 * arguments by reference, _post after it, with its result by reference. The
 * library defines none of them. They are declared for programs that define
 * MEMKIND_DECORATION_ENABLED before this header.
 */
#ifdef MEMKIND_DECORATION_ENABLED
#if defined(__GNUC__)
#define MEMKIND_DECORATOR __attribute__((__weak__))
#else
#define MEMKIND_DECORATOR
#endif
void memkind_malloc_pre(memkind_t *kind, size_t *size) MEMKIND_DECORATOR;
void memkind_malloc_post(
    memkind_t kind, size_t size, void **result) MEMKIND_DECORATOR;
void memkind_calloc_pre(
    memkind_t *kind, size_t *nmemb, size_t *size) MEMKIND_DECORATOR;
void memkind_calloc_post(
    memkind_t kind, size_t nmemb, size_t size, void **result) MEMKIND_DECORATOR;
void memkind_posix_memalign_pre(memkind_t *kind, void **memptr,
    size_t *alignment, size_t *size) MEMKIND_DECORATOR;
void memkind_posix_memalign_post(memkind_t kind, void **memptr,
    size_t alignment, size_t size, int *err) MEMKIND_DECORATOR;
void memkind_realloc_pre(
    memkind_t *kind, void **ptr, size_t *size) MEMKIND_DECORATOR;
void memkind_realloc_post(
    memkind_t kind, void *ptr, size_t size, void **result) MEMKIND_DECORATOR;
void memkind_free_pre(memkind_t *kind, void **ptr) MEMKIND_DECORATOR;
void memkind_free_post(memkind_t kind, void *ptr) MEMKIND_DECORATOR;
#undef MEMKIND_DECORATOR
#endif

#ifdef __cplusplus
}
#endif

#include "memkind_deprecated.h"

#endif /* MEMKIND_H */
