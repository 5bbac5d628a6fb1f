/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poolkind.h - allocate from kinds of memory.
 *
 * A kind says where memory comes from, under which policy and within which
 * limit. It is opened from a text (poolkind(7) has the grammar) or on a region
 * the caller owns; blocks are then allocated from it, and given back to it.
 *
 * Rules that hold for every function here:
 *
 *  - Functions that return int give 0, or -1 with errno set; what else they
 *    give is said with them. Functions that return a pointer give NULL with
 *    errno set. Success leaves errno alone.
 *  - After a failure poolkind_errormsg() says what went wrong and what would
 *    have been valid, for the calling thread. The one exception is ENOMEM
 *    from an allocation, which sets errno only: it is an answer, not a fault.
 *  - A handle stands for one kind, and for none when that is closed: no other
 *    ever has it. In the place of a kind, NULL and the handle of a closed kind
 *    are EINVAL where nothing else is said. (poolkind_malloc() and its like may
 *    serve the latter from a kind that was opened since, but for those of the
 *    debug library.)
 *  - flags are reserved: pass 0. Anything else is EINVAL.
 *  - Sizes are bytes. A size of 0 gives a unique pointer that may be freed.
 *  - Every function may be called by any thread at any time, except that a
 *    kind is closed by its owner alone, when nobody uses it any more.
 *  - No function prints, exits, aborts or installs a signal handler, or starts
 *    a thread but where populate=N or weights=auto asks for it, and then it
 *    ends before the function does. None is safe in a signal handler, except
 *    poolkind_of() and poolkind_block_at().
 */
#ifndef POOLKIND_H
#define POOLKIND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POOLKIND_VERSION_MAJOR 0
#define POOLKIND_VERSION_MINOR 1
#define POOLKIND_VERSION_PATCH 0

#if defined(__GNUC__)
#define POOLKIND_ATTR(...) __attribute__((__VA_ARGS__))
#else
#define POOLKIND_ATTR(...)
#endif

/* An open kind. Its handle is a number in the shape of a pointer: there is
 * nothing where it points to. */
typedef struct poolkind poolkind;

/* The smallest region poolkind_open_region() takes: one MiB. */
#define POOLKIND_REGION_MIN ((size_t)1 << 20)

/*
 * ---- Life of a kind -------------------------------------------------------
 */

/*
 * Opens the kind that SPEC describes, for example "dram", "dram,page=2M",
 * "nodes:0-1,policy=interleave", "bandwidth,scope=local", "dax:auto" or
 * "file:/mnt/pmem,size=8G"; or alternatives, of which the first is taken that
 * this machine has ("hbw|bandwidth|dram"), or a chain, of which each link is
 * asked when the one before it is full ("hbw,limit=8G > dram"), or nearly so
 * ("hbw,limit=8G,high=95% > dram"). "@NAME" is a
 * kind of the file that the variable POOLKIND_CONFIG names, or else of
 * /etc/poolkind.conf, which is read then. The whole grammar is in poolkind(7).
 * Opening takes addresses, not memory: pages are taken as blocks are handed
 * out, unless the text says reserve=yes.
 *
 * Errors: EINVAL (SPEC is NULL or has a word that is not known or does not fit
 * the others; the file of named kinds is not understood; nothing says how many
 * ranks limit=share is for; or FLAGS is not 0), ENOENT, ENOTDIR, EACCES,
 * ENAMETOOLONG, EROFS (the directory of a file kind; ENOENT also: a fallback=
 * that is not open, a name that is not known), EFBIG (a size beyond what the
 * file system or RLIMIT_FSIZE permits; a file of names of more than 1 MiB),
 * EOPNOTSUPP (a file system that copies on write, or is not known, without
 * trust=yes), ENOSPC (reserve=yes and the file system has less), ENODEV (a
 * node, a memory attribute, a policy, a page size or a DAX device that this
 * machine does not have), EBUSY (the DAX device is in use), ENOSYS (a memory
 * attribute, or a device to be found, without libpoolkind-topology), EAGAIN
 * (the same while another thread looks at the machine for the first time and
 * waits for a constructor that this is in), EPERM (the same in a program with
 * other rights than who started it, who has set a variable of hwloc; a name in
 * such a program), ENOMEM (no address space; reserve=yes and the machine, or
 * the process's memory cgroup, has less memory; or as many kinds are open as
 * the engine can hold: 4032), EMFILE, ENFILE.
 */
poolkind *poolkind_open(const char *spec, unsigned flags);

/*
 * Opens a kind on SIZE bytes at ADDR, which the caller has mapped readable and
 * writable, keeps mapped until poolkind_close(), and may put anywhere. ADDR and
 * SIZE are multiples of the page size, SIZE at least POOLKIND_REGION_MIN. The
 * content need not be zero. Every byte of the region is handed out: the
 * engine's records lie elsewhere. OPTIONS are those of a spec that need no
 * source: limit=, name=, fallback= and its marks ("limit=64M,name=scratch"), or
 * NULL.
 *
 * Errors: EINVAL (ADDR or SIZE not as above, OPTIONS not understood, FLAGS not
 * 0), ENOENT (a fallback= that is not open), EEXIST (the region overlaps one
 * that a kind holds already), ENOMEM.
 */
poolkind *poolkind_open_region(
    void *addr, size_t size, const char *options, unsigned flags);

/*
 * Closes KIND: all its blocks vanish, its pages and its space in a file system
 * go back; a region stays mapped, its content undefined. The caller guarantees
 * that no thread uses the kind or its blocks during the call or after it.
 * NULL is allowed and does nothing.
 *
 * The links of a chain are closed with its first.
 *
 * Errors: EINVAL (KIND is not an open kind), EBUSY (another open kind has it,
 * or a link of its chain, as its fallback=; or it is itself such a link).
 */
int poolkind_close(poolkind *kind);

/* The name= of the kind's text, or "kind<N>" where it has none. The string
 * lives as long as the kind. */
const char *poolkind_name(const poolkind *kind);

/* The kind as normalised text: what was understood, defaults left out, and of
 * alternatives and links those that were taken. For all but regions
 * poolkind_open() of it gives an equal kind. The string lives as long as the
 * kind. */
const char *poolkind_text(const poolkind *kind);

/* What that text came to when the kind was opened: with the nodes that a memory
 * attribute or nodes:all named, "nodes:2-3" for "bandwidth", and the device for
 * dax:auto. Which thread has which of the nodes it does not say. The string
 * lives as long as the kind. */
const char *poolkind_resolved(const poolkind *kind);

/* One pointer that the kind carries for its owner; NULL at first. */
void poolkind_set_user_data(poolkind *kind, void *data);
void *poolkind_user_data(const poolkind *kind);

/*
 * ---- Blocks ---------------------------------------------------------------
 *
 * Blocks are aligned to 16 bytes, those of 8 bytes and less to 8. A block may
 * be freed by any thread. ENOMEM means that the kind has no room for the
 * block: its limit or its size is reached, or its file system, its huge pages
 * or the address space are used up. EPERM means that this process is a child
 * that was refused the kind, as file kinds are unless their text has fork=.
 * ENODEV, with a sentence that names them, means that the kind is bound to
 * nodes and none of them has memory any more, nor those of a kind that it falls
 * back to: blocks can be had again once one is back, or after poolkind_move().
 * What there is stays whole: see poolkind(7), "Nodes that come and go". No
 * block that was handed out ever ends in SIGBUS for want of space.
 */

/* A block of at least SIZE bytes, content undefined. Errors: ENOMEM, ENODEV. */
void *poolkind_malloc(poolkind *kind, size_t size)
    POOLKIND_ATTR(__malloc__, __alloc_size__(2), __warn_unused_result__);

/* A zeroed block for COUNT objects of SIZE bytes. Errors: ENOMEM, also when
 * the product overflows; ENODEV. */
void *poolkind_calloc(poolkind *kind, size_t count, size_t size)
    POOLKIND_ATTR(__malloc__, __alloc_size__(2, 3), __warn_unused_result__);

/*
 * The block PTR in SIZE bytes, moved if need be, content kept up to the
 * smaller of both sizes. PTR NULL is poolkind_malloc(); SIZE 0 frees PTR and
 * returns NULL without touching errno. KIND NULL stands for the kind of PTR.
 * A block of another kind is moved into KIND; one of a kind that KIND falls
 * back to stays there as long as it need not move. On failure PTR stays as it
 * was.
 *
 * Errors: ENOMEM, ENODEV, EINVAL (PTR is not a block of any kind, or both are
 * NULL).
 */
void *poolkind_realloc(poolkind *kind, void *ptr, size_t size)
    POOLKIND_ATTR(__alloc_size__(3), __warn_unused_result__);

/* A block aligned to ALIGNMENT, a power of two; SIZE need not be a multiple of
 * it. Errors: EINVAL (ALIGNMENT is 0 or no power of two), ENOMEM, ENODEV. */
void *poolkind_aligned_alloc(poolkind *kind, size_t alignment, size_t size)
    POOLKIND_ATTR(__malloc__, __alloc_align__(2), __alloc_size__(3),
	__warn_unused_result__);

/* The same in the form of posix_memalign(3): returns 0, EINVAL (ALIGNMENT is
 * no power of two or no multiple of sizeof(void *)), ENOMEM or ENODEV, stores
 * NULL in *PTR on failure, and leaves errno alone. */
int poolkind_posix_memalign(
    poolkind *kind, void **ptr, size_t alignment, size_t size);

/*
 * Frees PTR; NULL is a no-op. KIND NULL stands for the kind of PTR, at the
 * cost of a look-up. A block that belongs to another kind goes home to that
 * one; the debug library reports it, with both names, as errno EINVAL, the
 * error message and poolkind_set_report(). A pointer that is not a block of any
 * kind is left alone and reported in the same way by both libraries. Two such
 * may be seen by the debug library alone: a block that was freed already, and a
 * pointer into a block of less than 16 KiB, where the size of that is not a
 * power of two or more than a page. errno is untouched otherwise.
 */
void poolkind_free(poolkind *kind, void *ptr);

/* poolkind_free() for a caller who knows the size that was asked for. The
 * debug library reports a size that is less, or more than the block has. */
void poolkind_free_sized(poolkind *kind, void *ptr, size_t size);

/* The bytes that may be used at PTR, at least what was asked for; 0 for NULL
 * and for a pointer that is not a block of any kind (errno EINVAL). */
size_t poolkind_usable_size(const void *ptr);

/* The kind whose memory ADDRESS lies in, block or not, or NULL. Takes no lock,
 * accepts any address, leaves errno and the message alone, and may be called
 * from a signal handler. */
poolkind *poolkind_of(const void *address);

/* A block, as found from an address in it. These are its fields for good: what
 * more is told of a block one day is told by another function. */
struct poolkind_block {
	poolkind *kind;
	void *start;
	size_t size; /* the bytes that may be used */
};

/*
 * The block that ADDRESS lies in. As poolkind_of() it takes no lock and may be
 * called from a signal handler: of SIGBUS for instance, with si_addr of a page
 * that the hardware gave up (BUS_MCEERR_AR), to learn what was lost. A block
 * that was freed may be found still while it waits in a thread's cache.
 *
 * Returns 0, or -1 with *BLOCK cleared where ADDRESS is in no block; leaves
 * errno and the message alone.
 */
int poolkind_block_at(const void *address, struct poolkind_block *block);

/*
 * Takes the pages of a part of BYTES at PTR that have not come by a touch yet:
 * the PART-th, from 0, of PARTS. They lie within one block of KIND, or of a
 * kind that it falls back to; what they hold stays. PARTS threads of the
 * program call at the same time, each for another part, and each pinned near
 * the memory that its part is to come from, as the kernel places most pages
 * near the thread that takes them. Parts are cut at multiples of 2 MiB, or of
 * larger pages, so a small block may have empty ones. The option populate=N
 * does the same within poolkind_malloc(), on threads of the library.
 *
 * On nodes that KIND binds to a lack of memory is ENOMEM here, where a touch
 * would have the kernel end the process. What was taken by then stays with the
 * block until that is freed.
 *
 * Errors: EINVAL (not within one block, not of KIND, PART not below PARTS);
 * ENOMEM (no memory, or none on the nodes); EPERM (KIND is not for this child
 * of a fork).
 */
int poolkind_populate(
    poolkind *kind, void *ptr, size_t bytes, unsigned part, unsigned parts);

/*
 * ---- Limit, trim, check, statistics ---------------------------------------
 */

/* Sets the most bytes that the kind may have committed; 0 takes the limit
 * away. A limit below what is committed trims the kind and then stands: no more
 * is committed until enough was given back. Blocks that fit into what is
 * committed are handed out all the same. Errors: none today. */
int poolkind_set_limit(poolkind *kind, size_t limit);

/* What the function of poolkind_on_full() answers. */
#define POOLKIND_GO_ON 0
#define POOLKIND_TRY_AGAIN 1

/*
 * From here on FULL is called with ARG whenever KIND has no room for a block of
 * SIZE bytes, or has used so much that high= sends it to the next kind: before
 * that is asked, and before NULL where there is none. It may free blocks, trim,
 * raise a limit, close other kinds; it answers POOLKIND_TRY_AGAIN to have KIND
 * asked once more, else POOLKIND_GO_ON. ASKED is how often it was called for
 * the same request before: one that always answers to try again is called for
 * ever. FULL NULL: nobody is called, as at first. Of a chain each link has a
 * function of its own, KIND in the call being that link; this sets the one of
 * the first, poolkind_of() of a block leads to others.
 *
 * The thread that wants the block calls, with no lock of the engine's held, so
 * several threads may be in FULL at once. It may call any function here but
 * poolkind_close() of KIND. For what it allocates itself no such function is
 * called, and the kinds behind are asked at once. It returns to its caller: it
 * does not end the thread, jump or throw. Where libpoolkind-malloc stands in
 * malloc's place the call may come out of malloc. After an exchange another
 * thread may still be in the one before. The child of a fork has it, too.
 *
 * Errors: none today.
 */
int poolkind_on_full(poolkind *kind,
    int (*full)(void *arg, poolkind *kind, size_t size, unsigned asked),
    void *arg);

/* What the function of poolkind_on_map() is told of. */
#define POOLKIND_LOSES_MEMORY 0
#define POOLKIND_GETS_MEMORY 1

/* Answers 0, or anything else to refuse memory that the kind gets. */
typedef int poolkind_map_function(
    void *arg, poolkind *kind, void *start, size_t bytes, int what);

/*
 * From here on TOLD is called with ARG whenever KIND gets memory, before a
 * block in it is handed out, and whenever it loses some, before its pages go:
 * to register it with a network card, or pin it for a GPU. A run that is lost
 * is one that was got, whole. Runs go on to the next 2 MiB, so there are few.
 * What KIND has is told of at once; TOLD NULL, another function, and
 * poolkind_close() have all told of as lost. Of a chain each link has a
 * function of its own; this sets that of the first.
 *
 * If TOLD refuses memory, the block is not handed out of it, the memory goes
 * back, and the allocation has the answer of a full kind: the next kind, or
 * NULL with ENOMEM. What it answers to a loss does not matter. Pages of
 * anonymous memory may still come by their first touch, which registering is.
 * Memory that is free stays as long as in other kinds, and goes when the kind
 * is trimmed, is full, or allocates after that time.
 *
 * The thread that allocates, trims, sets or closes calls, with no lock of the
 * engine's held but KIND's for this: calls for one kind come one after the
 * other. TOLD may call malloc, and use other kinds, but for those whose own
 * function uses KIND: two threads would wait for each other. What it asks of
 * KIND itself is refused with EDEADLK where a thread's cache does not have it;
 * it does not fork, end the thread, jump or throw. The child of a fork has no
 * such function, as what was registered is its parent's, and is told of
 * nothing: it calls poolkind_on_map() itself.
 *
 * Errors: EDEADLK (called by TOLD); ENOMEM (TOLD refused what KIND has: it was
 * told of all as lost, and is called no more); ENOTSUP (a file with
 * fork=private, which a fork maps anew); EPERM (the kind is not for the child
 * of a fork).
 */
int poolkind_on_map(poolkind *kind, poolkind_map_function *told, void *arg);

/* Returns to the system, or to the file system, every page that holds no live
 * block, thread caches included. Without it they go some ten seconds later, as
 * calls on any kind go on: with those that the thread's cache does not serve,
 * and with each 128th of a size; and anonymous memory of a kind without a size
 * or a limit after a second, where 8 MiB in one piece are free, or at once
 * where more of that waits than is in use, or than 256 MiB and a quarter of it.
 * Errors: none today. */
int poolkind_trim(poolkind *kind);

/* Compares the engine's records of the kind with each other. Errors: EIO, and
 * the message names the first thing that is not as it should be. */
int poolkind_check(poolkind *kind);

/* What a kind holds. All sizes in bytes; taken without stopping other threads,
 * so that the numbers of a busy kind need not agree to the byte. */
struct poolkind_stats {
	size_t live;   /* in blocks that the program holds, as usable sizes */
	size_t cached; /* free, and ready for the next request: in thread
			* caches, or on the way from one to another */
	size_t
	    committed; /* pages taken from the system; what the limit counts */
	size_t peak;   /* the most that committed has been */
	size_t resident; /* of those, what lies in physical memory right now */
	size_t limit;    /* 0: none */
	size_t size;     /* address space of the kind; 0: grows as needed */
	uint64_t allocations; /* blocks handed out since the kind was opened */
	uint64_t frees;       /* blocks given back */
	size_t active; /* bytes of the extents that live and cached lie in */
	uint64_t failures; /* requests that found no room, here or in a kind
			    * that this one falls back to */
	uint64_t spills;   /* that such a kind served, for want of room here, or
			    * as high= had been met */
	uint64_t returns;  /* how often use fell below low= after that */
};

/*
 * Fills the first STATS_SIZE bytes of *STATS; pass sizeof(struct
 * poolkind_stats). New fields are added at the end only, so a program built
 * against an older header gets the fields it knows, and one built against a
 * newer header gets zeros in those that this library does not know.
 *
 * Errors: EINVAL (STATS NULL or STATS_SIZE 0).
 */
int poolkind_get_stats(
    poolkind *kind, struct poolkind_stats *stats, size_t stats_size);

/*
 * Calls VISIT with ARG and each open kind, until it does not return 0; returns
 * what it returned last, or 0. No lock is held: VISIT may call any function
 * here. Of a kind that another thread opens or closes meanwhile nothing is
 * promised. Errors: EINVAL (VISIT NULL).
 */
int poolkind_each_kind(int (*visit)(void *arg, poolkind *kind), void *arg);

/* Forms of poolkind_write_stats(). poolkind(1) has a schema of both. */
#define POOLKIND_JSON 1
#define POOLKIND_OPENMETRICS 2

/*
 * Writes what KIND holds, or each open kind where KIND is NULL, as `poolkind
 * stat' does: all of the text by calls of WRITE with TO, some bytes in each,
 * without a zero behind them. Other threads may open and close kinds meanwhile.
 * What lies in physical memory is counted by page, so that it takes some time
 * where that is much. Errors: EINVAL (FORMAT, or WRITE NULL), ENOMEM: then
 * nothing was written.
 */
int poolkind_write_stats(poolkind *kind, int format,
    void (*write)(void *to, const char *text, size_t length), void *to);

/*
 * Writes to BYTES[N], for the NODES nodes from 0 on, how many bytes of the kind
 * lie on node N now (move_pages(2)); what is on higher nodes, or in no memory
 * yet, is not counted, nor pages of DAX devices, which are on no node.
 * poolkind_block_nodes() does so for the pages of one block.
 *
 * Errors: EINVAL (BYTES NULL, NODES 0; PTR is not a block of any kind).
 */
int poolkind_get_node_bytes(poolkind *kind, size_t *bytes, unsigned nodes);
int poolkind_block_nodes(const void *ptr, size_t *bytes, unsigned nodes);

/* What became of the bytes of a move, by page. */
struct poolkind_moved {
	size_t moved;  /* were on other nodes, and are there now */
	size_t there;  /* were there before */
	size_t full;   /* stayed: the nodes had no free page for them, or, of a
			* kind that is bound, have none for what is absent */
	size_t shared; /* stayed: another process has them, too, since a fork */
	size_t busy;   /* stayed: the kernel or a device was using them */
	size_t absent; /* in no memory yet, or swapped out */
};

/*
 * Moves KIND to the nodes that TO names: "nodes:1", "nodes:2-3", "capacity" or
 * another memory attribute, as in a kind's text, without options. Addresses
 * stay, and so does what is in them; other threads use the kind and its blocks
 * meanwhile. Whatever pages the kind takes from the call on, it takes from
 * these nodes, under its own policy: bound, preferred or interleaved. One
 * without nodes (dram, a file in a tmpfs or a hugetlbfs) prefers them, and one
 * with weights of its own interleaves equally. Of a kind of scope local each
 * part gets what an attribute names from where its threads run. The pages that
 * there are go, where there are several nodes, to each in turn, 2 MiB at a
 * time, or page by page where the kind interleaves.
 *
 * TO NULL, or "home": back to where the kind's own text says, which also
 * fetches what a preferring kind found no room for there. A kind without nodes
 * has no home, so its pages stay, and its policy is what it was at first. Of a
 * chain only KIND itself is moved: what it had no room for, and the next link
 * has, is that kind's.
 *
 * RATE: so many bytes a second at most; 0: as quickly as can be. MOVED, of
 * which MOVED_SIZE bytes are written, as in poolkind_get_stats(), says what
 * became of all pages, also after a failure; it may be NULL.
 * poolkind_get_nodes() and poolkind_get_room() then tell of the new nodes;
 * poolkind_resolved() of those that the kind was opened on.
 *
 * Where poolkind_on_map() has a function it is told that all of the kind's
 * memory is lost, and after the move that it is there again.
 *
 * 0 where all pages lie on the nodes, or will when they are touched; else -1,
 * and what could be moved was, and the kind goes on as it is: call it again, or
 * with NULL. Errors: ENOMEM (a node is full, or has no free huge page; no
 * memory for records; the function of poolkind_on_map() refused), EDEADLK
 * (called from within that), EBUSY (pages are shared with a child, or in use by
 * a device; another thread moves the kind), EINVAL (TO is not understood, names
 * no nodes or has options; MOVED_SIZE 0), ENODEV (a node does not exist or is
 * not allowed to this process, as by its cpuset; an attribute that the machine
 * does not have), ENOSYS, EAGAIN, EPERM as poolkind_open() (attributes); EPERM
 * (this process may not say where pages are, or was refused the kind in a
 * fork), EOPNOTSUPP (a device, a region, a file on a file system whose pages go
 * to no nodes).
 */
int poolkind_move(poolkind *kind, const char *to, size_t rate,
    struct poolkind_moved *moved, size_t moved_size);

/*
 * The same for the pages that the block PTR lies in, which a small block shares
 * with others. Nothing but these pages is moved: what of the block is touched
 * for the first time later comes from the nodes of its kind. When it is freed
 * the pages serve other blocks from where they are, until they go back to the
 * system (poolkind_trim()) or the kind is moved. TO NULL: to where the kind is.
 *
 * Errors besides: EINVAL (PTR is not a block of any kind).
 */
int poolkind_move_block(void *ptr, const char *to, size_t rate,
    struct poolkind_moved *moved, size_t moved_size);

/*
 * Sets the bits of MASK, of which there are NODES, a multiple of 64, to the
 * nodes that the kind takes memory from, in the form of mbind(2): those that
 * its text names, or that were found for it when it was opened. For ordinary
 * memory, files, devices and regions these are all that the process may use:
 * its policy or its file system chooses among them.
 *
 * Errors: EINVAL (MASK NULL, NODES 0 or not a multiple of 64), or why the
 * kernel does not say which nodes the process may use.
 */
int poolkind_get_nodes(
    const poolkind *kind, unsigned long *mask, unsigned nodes);

/*
 * How much can still be had of a kind, in bytes; SIZE_MAX where nothing sets a
 * bound. All of it is an estimate of this moment: others take memory, too, and
 * what is free lies in pieces.
 */
struct poolkind_room {
	size_t kind;        /* of its limit or its size, what is in no block */
	size_t file_system; /* of a file kind: free in its file system for us */
	size_t nodes; /* of anonymous memory: free on its nodes, or in files'
		       * pages there that the kernel drops; or free huge
		       * pages of its size, and those that may be made */
	size_t available; /* all in all: the least of kind, and of the others
			   * with what is committed already and in no block */
};

/*
 * Fills the first ROOM_SIZE bytes of *ROOM as poolkind_get_stats() does; pass
 * sizeof(struct poolkind_room). On a tmpfs, and of anonymous memory, no more
 * counts than the machine and the process's memory cgroups have to spare. Nodes
 * are those of poolkind_get_nodes(): what policies other than bind take from
 * others is not counted. Of a chain the first link is asked. A kind that this
 * process was refused in a fork has nothing.
 *
 * Errors: EINVAL (ROOM NULL or ROOM_SIZE 0).
 */
int poolkind_get_room(
    poolkind *kind, struct poolkind_room *room, size_t room_size);

/* A node of this machine, and what is known of it. */
struct poolkind_node {
	unsigned node;      /* the kernel's number, as in "nodes:0" */
	int has_cpus;       /* whether it has processors */
	int near_node;      /* the nearest node that has; -1: none has */
	int tier;           /* its memory tier, as in "tier:4"; -1: not known */
	int is_cxl;         /* whether it is CXL memory, as in "cxl" */
	int from_dax;       /* whether it was a DAX device, as in "dax-kmem" */
	uint64_t capacity;  /* bytes; 0: only its processors may be used */
	uint64_t free;      /* of these, free or in files' pages right now */
	uint64_t bandwidth; /* MB/s, from where it is best; 0: not known */
	uint64_t latency;   /* ns, the same */
	char type[16];      /* "DRAM", "HBM", "CXL"...; "": not known */
};

/*
 * Writes to NODES what is known of the nodes of this machine whose memory or
 * processors this process may use, by rising number, and no more than *COUNT of
 * them; *COUNT becomes how many there are, which may be more. With NODES NULL
 * and *COUNT 0 that is all. NODE_SIZE is the size of one; pass sizeof(struct
 * poolkind_node). New fields are added at the end only, as in struct
 * poolkind_stats. The machine is read once, see poolkind_refresh(), and what is
 * free at each call.
 *
 * Errors: EINVAL (COUNT NULL, NODE_SIZE 0, or NODES NULL and *COUNT not 0);
 * ENOSYS without libpoolkind-topology, EPERM as poolkind_open() says, or why
 * the machine cannot be read.
 */
int poolkind_get_machine_nodes(
    struct poolkind_node *nodes, unsigned *count, size_t node_size);

/*
 * Forgets what was read and measured of the machine: nodes, attributes and
 * devices are looked at anew when they are needed next. Open kinds keep the
 * nodes that they were opened on, or moved to, and use those that are back.
 *
 * Returns how many open kinds have a node that has no memory any more, or may
 * not be used by this process any more; 0 where all nodes of all kinds are
 * there, as on a machine where none ever goes. If it is not 0, errno is ENODEV
 * and poolkind_errormsg() names the first such kind and the node. Errors: none
 * today; -1 if there ever are.
 */
int poolkind_refresh(void);

/*
 * ---- Scopes ----------------------------------------------------------------
 *
 * Where libpoolkind-malloc stands in malloc's place (poolkind run puts it
 * there, or -lpoolkind-malloc), a thread can say for a while which kind its
 * malloc, and all that stands on it, takes blocks from.
 */

/* Scopes of one thread that can lie inside each other. */
#define POOLKIND_SCOPES_MAX 32

/*
 * From here on blocks that the calling thread allocates by malloc and its
 * relatives come from KIND, whatever rules say, until it calls poolkind_leave()
 * as often. Blocks are freed and resized as ever, in a scope or not, by any
 * thread, and stay in their kind. What KIND cannot give comes from ordinary
 * memory, or is NULL where rules are strict. KIND stays open until the scope is
 * left.
 *
 * 0, or -1. Errors: ENOTSUP (malloc of the process is not
 * libpoolkind-malloc's), EINVAL (KIND is not an open kind), E2BIG
 * (POOLKIND_SCOPES_MAX scopes).
 */
int poolkind_enter(poolkind *kind);

/* Leaves the innermost scope. Errors: ENOTSUP, EINVAL (the thread is in none).
 */
int poolkind_leave(void);

#define POOLKIND_SCOPE_STACKS 8
#define POOLKIND_SCOPE_FRAMES 16

/* Blocks that were allocated from one stack. */
struct poolkind_scope_stack {
	size_t count, bytes, largest; /* as below */
	size_t depth;                 /* how many frames are known */
	/* Return addresses, the call of malloc first. */
	void *frames[POOLKIND_SCOPE_FRAMES];
};

/* What was allocated inside of a scope, by its thread, in inner ones too, and
 * is not freed yet, by whatever thread. Sizes as they were asked for. */
struct poolkind_scope_report {
	size_t count;   /* blocks */
	size_t bytes;   /* in all of them */
	size_t largest; /* the bytes of the largest */
	/* How many stacks they are from, and of these first that of the largest
	 * block, then those with the most bytes. */
	size_t stack_count;
	struct poolkind_scope_stack stacks[POOLKIND_SCOPE_STACKS];
};

/*
 * The same as poolkind_leave(), and says what lives still; REPORT_SIZE is as in
 * poolkind_get_stats(). Errors besides: EINVAL (REPORT NULL or REPORT_SIZE 0;
 * the scope is not left), EOVERFLOW (more than a million blocks of scopes lived
 * at once, or memory was short: the scope is left, and the report is of a
 * part).
 */
int poolkind_leave_report(
    struct poolkind_scope_report *report, size_t report_size);

/* The calling thread's last error as one line without a newline; "" before
 * the first. Valid until the thread's next failing call. */
const char *poolkind_errormsg(void);

/*
 * Has every misuse that is found reported to REPORT, with ARG and the sentence
 * that poolkind_errormsg() has afterwards: a block that is freed twice, or as
 * one of another kind or size, a pointer that is not a block, a handle that is
 * not an open kind. The thread that did it calls, from within the function at
 * fault, with no lock held; REPORT may call any function of this header, and is
 * not called for what goes wrong meanwhile. NULL: as before the first call,
 * which is a line on standard error in the debug library and nothing in the
 * other.
 */
void poolkind_set_report(
    void (*report)(void *arg, const char *sentence), void *arg);

/* The library's version, MAJOR << 16 | MINOR << 8 | PATCH, to compare with
 * the POOLKIND_VERSION_* a program was built against. */
unsigned poolkind_version(void);

#ifdef __cplusplus
}
#endif

#endif /* POOLKIND_H */
