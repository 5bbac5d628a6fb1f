/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os.h - every system call of poolkind, one contract for each.
 *
 * Owns no state but two facts read once (CPUs, what the kernel can). Called by
 * records, source, arena, kind and the shim. Takes no lock, never calls
 * malloc, never raises a signal: what the kernel would answer with SIGXFSZ or
 * SIGBUS comes back as an error number.
 *
 * Unless it says otherwise a function returns 0, or the error number; errno
 * is not part of the contract. Addresses and lengths are multiples of
 * PAGE_BYTES, also where the system's pages are smaller. With POOLKIND_DEBUG
 * os_fault_at() makes any of them fail, for tests.
 */
#ifndef OS_OS_H
#define OS_OS_H

#include <errno.h>
#include <sys/types.h>

#include "base/base.h"

/*
 * Whether a call is refused to this process: by a seccomp filter, a security
 * module, a kernel without it. Those answer what they like, so the three are
 * one: what was asked for cannot be done here, today or ever. The functions
 * below then take the next way where there is one, and return the number where
 * there is none, for the caller to do without: memory that cannot be given back
 * stays, advice is not followed, a policy that cannot be set is an error when
 * the kind is opened.
 */
static inline bool
os_is_refused(int error)
{
	return error == EPERM || error == EACCES || error == ENOSYS;
}

/* ---- Addresses --------------------------------------------------------- */

/* Reserves BYTES of address space aligned to ALIGNMENT (a power of two, at
 * least a page), unreadable, costing no memory, with an unreadable page kept
 * behind it so that no two reservations touch. */
int os_reserve(size_t bytes, size_t alignment, void **addr);

/* The same in the first gap at HINT or above that is large enough; anywhere
 * where HINT is 0 or no gap is. */
int os_reserve_above(
    uintptr_t hint, size_t bytes, size_t alignment, void **addr);

/* Gives a reservation back, guard page included. */
void os_unreserve(void *addr, size_t bytes);

/* Makes part of a reservation readable and writable anonymous memory; and
 * forbids what was usable to be touched, without changing what it holds. */
int os_make_usable(void *addr, size_t bytes);
int os_make_unusable(void *addr, size_t bytes);

/* The first of the two where mprotect(2) is refused, for what was never usable:
 * maps that part anew. Whatever policy and advice it had is lost. */
int os_make_usable_anew(void *addr, size_t bytes);

/* Maps BYTES of anonymous memory at a multiple of PAGE_BYTES; it costs
 * what is touched of it, page by page, and where the process locks its memory
 * (mlockall) is locked as it is touched, if it is more than 256 KiB. */
int os_map(size_t bytes, void **addr);
void os_unmap(void *addr, size_t bytes);

/* Maps a file over part of a reservation; PRIVATE_COPY: copy on write. */
int os_map_file(
    void *addr, size_t bytes, int fd, off_t offset, bool private_copy);

/* The same, unreadable until os_make_usable(), so that mlockall(2) takes
 * nothing of it. */
int os_map_file_closed(
    void *addr, size_t bytes, int fd, off_t offset, bool private_copy);

/* Maps BYTES of a shared file over part of a reservation, from the place in the
 * file on that the page at SEED maps. EINVAL or EFAULT where that is none. */
int os_map_on(void *seed, void *addr, size_t bytes);

/* Maps huge pages of PAGE bytes over part of a reservation, none of
 * them reserved: os_populate() takes them, and says so if there are none.
 * ENODEV when the machine has no pages of that size. */
int os_map_huge(void *addr, size_t bytes, size_t page);

/* Takes the pages of a range away, leaving it reserved and unreadable. */
int os_cover(void *addr, size_t bytes);

/* Maps BYTES of a file that cannot get shorter, a memfd sealed so, to be
 * written and seen by all, in place of what lies at *ADDR, or where that is
 * NULL at a place of the kernel's choosing. Core dumps are without it. EINVAL:
 * it is not sealed, or has fewer bytes. */
int os_map_shared(int fd, off_t offset, size_t bytes, void **addr);

/* Moves a whole mapping of BYTES over part of a reservation. */
int os_move(void *from, size_t bytes, void *to);

/* ---- Pages ------------------------------------------------------------- */

/* Backs every page of the range, writable, now. Nobody uses the range yet, and
 * a few bytes of each page may become zero. ENOMEM when memory, huge pages or
 * the file system are used up; ENOSYS before Linux 5.14, which cannot. */
int os_populate(void *addr, size_t bytes);

/* The same of a range that is in use, whose content stays; no ENOSYS. */
int os_populate_used(void *addr, size_t bytes);

/* Gives the pages back. Anonymous and huge pages read as zero afterwards; a
 * private file mapping shows the file again. */
int os_discard(void *addr, size_t bytes);

/* Gives the pages of a shared file mapping and their space back to the file
 * system; they read as zero afterwards. */
int os_punch(void *addr, size_t bytes);

/* Asks for (or against) transparent huge pages. */
int os_advise_huge(void *addr, size_t bytes, bool want);

/* Says how the range will be read. For anonymous memory that changes nothing
 * but that the kernel keeps neighbours with other advice apart. */
enum os_advice { OS_NORMAL, OS_RANDOM, OS_SEQUENTIAL };
int os_advise_access(void *addr, size_t bytes, enum os_advice how);

/* Whether children of this process have the range; those that do not have
 * nothing mapped there. EINVAL for mappings of some devices, for which the
 * kernel does not let that be undone. */
int os_set_inherited(void *addr, size_t bytes, bool inherited);

/* Has the range, private anonymous memory, read as zero in every child,
 * whatever call makes it. An error before Linux 4.14. */
int os_wipe_in_child(void *addr, size_t bytes);

/* Calls VISIT for each shared mapping of the process, LOW to HIGH - 1. */
int os_each_shared_mapping(
    void (*visit)(void *to, uintptr_t low, uintptr_t high), void *to);

/* Whether every page of the range is mapped, by the engine or anybody else. */
bool os_is_mapped(void *addr, size_t bytes);

/* Whether the word at ADDR, which no page end divides, can be read, be it
 * anybody's. False as well where the kernel does not say. */
bool os_is_readable(const void *addr);

/* How many bytes of the range are in physical memory. */
int os_resident(void *addr, size_t bytes, size_t *resident);

/* ---- Room: os_room_linux.c ---------------------------------------------- */

/* How many bytes of ordinary memory this process can take before the kernel
 * ends a process for want of it: the minimum of what the machine has left and
 * of what each memory cgroup of the process, up to the root, has left, less a
 * reserve for others that take memory meanwhile. If the answer is ENOUGH or
 * more, there may be more than it says. ENODATA where nothing says how much
 * there is. */
struct os_memory_room {
	uint64_t bytes;
	char cgroup[96]; /* that has the least; "": the machine itself */
};
int os_memory_room(uint64_t enough, struct os_memory_room *room);

/* All bytes of the machine's memory, used or not. ENODATA where nothing says
 * that. */
int os_memory_total(uint64_t *bytes);

/* ---- Nodes: os_numa_linux.c, os_move_linux.c --------------------------- */

/* A memory policy, in the kernel's words. MASK: a bit a node, BITS of them. */
enum os_policy {
	OS_DEFAULT, /* that of the process; no mask */
	OS_LOCAL,   /* where it is touched first; no mask */
	OS_BIND,
	OS_PREFERRED, /* of several: as many as the kernel can prefer */
	OS_PREFERRED_MANY,
	OS_INTERLEAVE,
	OS_WEIGHTED_INTERLEAVE, /* by the system's weights */
};

/*
 * Gives the range a policy, by mbind(2), for pages that are taken from now on.
 * Of the nodes those count that are there; EINVAL when there is none of them,
 * ENOSYS when the kernel does not have the policy.
 *
 * Whenever a node of the machine gets memory or loses its last, the kernel puts
 * other nodes into the masks that bind and interleave, by their order. STAYS
 * has it leave them: the range follows its own nodes as they come and go, and
 * the kernel adds MPOL_F_STATIC_NODES to the mode that it tells.
 */
int os_set_policy(void *addr, size_t bytes, enum os_policy mode, bool stays,
    const uint64_t *mask, unsigned bits);

/* The first node of MASK that does not exist or is not allowed to this process;
 * BITS if there is none. */
unsigned os_missing_node(const uint64_t *mask, unsigned bits);

/* Sets MASK to the nodes that have memory and are allowed to this process. An
 * error number if the kernel does not say. */
int os_allowed_nodes(uint64_t *mask, unsigned bits);

/* Has pages of the range taken as near to NODE as its policy permits
 * (set_mempolicy_home_node(2)); ENOSYS before Linux 5.17. */
int os_set_home(void *addr, size_t bytes, unsigned node);

/* Brings every page of the range, which is committed, to a node of MASK: ENOMEM
 * if some page could not be had there. */
int os_move_to_nodes(
    void *addr, size_t bytes, const uint64_t *mask, unsigned bits);

/* What became of the bytes of pages that were to go to other nodes. */
struct os_moved {
	size_t moved;  /* from other nodes, and are there now */
	size_t there;  /* were there before */
	size_t full;   /* stayed, as no node had a free page of their size */
	size_t shared; /* stayed, as another process has them mapped, too */
	size_t busy;   /* stayed, as the kernel or a device is using them */
	size_t
	    absent; /* in no memory: not touched yet, swapped out, given back */
};

static inline size_t
os_stayed(const struct os_moved *moved)
{
	return moved->full + moved->shared + moved->busy;
}

/*
 * Moves the pages of a range to the nodes of MASK, those that are elsewhere to
 * each of these in turn, SLICE bytes at a time, and where it has no room to the
 * next; adds to *MOVED what became of each. PAGE is the size of a huge page, of
 * which the range has whole ones, or 0: then SLICE is 2 MiB or more where some
 * may be transparent. The range may be in use, and lose pages meanwhile.
 * PROCESS is whose addresses they are, 0 for this one's.
 *
 * That a page stays is no error. EPERM or ENOSYS where pages may not be moved,
 * EACCES where PROCESS may not use one of the nodes (or a filter says so),
 * ENODEV where one does not exist, ESRCH where there is no such process.
 */
int os_move_pages(int process, void *addr, size_t bytes, size_t page,
    size_t slice, const uint64_t *mask, unsigned bits, struct os_moved *moved);

/* Adds the bytes of the range that are in physical memory to BYTES_ON[node], of
 * which there are NODES; what lies beyond is not counted. */
int os_count_on_nodes(
    void *addr, size_t bytes, size_t *bytes_on, unsigned nodes);

/* Bytes that could be taken on the nodes of MASK now: free, or holding clean
 * copies of files. A node that went has none. */
int os_free_on_nodes(const uint64_t *mask, unsigned bits, uint64_t *bytes);

/* All bytes of the nodes of MASK, used or not. */
int os_total_on_nodes(const uint64_t *mask, unsigned bits, uint64_t *bytes);

/* The node that the calling thread runs on, at this moment. */
unsigned os_node(void);

/* ---- Files ------------------------------------------------------------- */

/* Opens a file without a name in DIRECTORY, mode 0600, close-on-exec: by
 * O_TMPFILE, else as a name that is unlinked before anything can see it. It is
 * written in place where the file system lets us choose. */
int os_open_unlinked(const char *directory, int *fd);

/* What a path leads to: a DAX device, another character device, or anything
 * else. A mapping of a DAX device must begin and end at a multiple of its
 * alignment: the kernel accepts others, and then faults. */
enum os_path { OS_PATH_OTHER, OS_PATH_CHARACTER, OS_PATH_DAX };
struct os_dax {
	size_t bytes, alignment;
};
int os_path(const char *path, enum os_path *what, struct os_dax *dax);

/* Reads the beginning of a short text, as files of sysfs are: 0, or ENODATA if
 * there is none. */
int os_read_text(const char *path, char *text, size_t size);

/* Reads all of a file into the SIZE bytes at TEXT; EFBIG where it has as many
 * or more. Waits for nobody: of a pipe it reads what is there. */
int os_read_file(const char *path, char *text, size_t size, size_t *length);

/* Reads where a symbolic link leads; false if PATH is none. */
bool os_read_link(const char *path, char *text, size_t size);

/* Opens a file to be read, or to be read and written, close-on-exec. */
int os_open_to_read(const char *path, int *fd);
int os_open_to_update(const char *path, int *fd);

/* A file in memory with these bytes, which nobody can change any more and which
 * programs that this one executes inherit, with a number of FLOOR or above if
 * one can be had. NAME is for people who look at it. */
int os_make_sealed(
    const char *name, const void *data, size_t bytes, int floor, int *fd);

/* Maps all of a file that nobody can change or shorten any more, a sealed
 * memfd, to be read. EBADF: there is no such descriptor. */
int os_map_sealed(int fd, void **addr, size_t *bytes);

/* Opens a device that no other process has open so, close-on-exec; EBUSY. The
 * lock lasts as long as the device is open or mapped. AGAIN: for who has it
 * mapped so already, without another. */
int os_open_device(const char *path, bool again, int *fd);

/* The process that has such a lock on PATH. ESRCH if none has, or one that is
 * not visible from here (another PID namespace). */
int os_lock_holder(const char *path, unsigned *process);

/* Opens a file to append text to, made if need be, close-on-exec; TRUNCATE:
 * what is in it goes. */
int os_open_log(const char *path, bool truncate, int *fd);

/* What a file in DIRECTORY is mapped, committed and cut by: the huge page of a
 * hugetlbfs, a page elsewhere. */
size_t os_file_granule(const char *directory);

/* What is known of a file system: os_file_system_linux.c. */
struct os_file_system {
	const char *name;
	bool keeps_space; /* what a file has taken can be written at any time */
	bool touch_takes; /* touching a page takes its space, or fails */
	bool sparse;      /* a great length costs nothing */
	bool on_disk;     /* taking space costs far less than pages do */
	bool is_memory;   /* space is ordinary memory */
	bool on_nodes;    /* pages go where a memory policy says */
	bool huge_pages;  /* pages are huge ones, of one size */
	size_t punch_least; /* giving back less at once is not worth it */
};

/* That of an open, empty file, which it may try a page of; never NULL. */
const struct os_file_system *os_file_system(int fd);

/* Has an empty file written in place where that is a choice. */
void os_write_in_place(int fd);

/* Sets the length. EFBIG, without SIGXFSZ, beyond RLIMIT_FSIZE. */
int os_set_length(int fd, off_t length);

/* The length of a file that has one; EINVAL of anything else. */
int os_length(int fd, off_t *length);

/* Takes space for a range of the file, which is inside its length. */
int os_take_space(int fd, off_t offset, off_t bytes);

/* The same where the file may end before the range does, and is longer then.
 * EFBIG as os_set_length(). Several processes may do so at once. */
int os_lengthen(int fd, off_t offset, off_t bytes);

/* Free bytes of the file system, for an unprivileged user; of a hugetlbfs no
 * more than there are huge pages. */
int os_free_space(int fd, uint64_t *bytes);

/* How many bytes this process can have at most of the file system of FD, or,
 * where that is -1, of PATH. */
int os_room(int fd, const char *path, uint64_t *bytes);

/* Bytes of the file system that PATH lies in, free or not. */
int os_file_system_size(const char *path, uint64_t *bytes);

/* Whether mappings of the file reach the memory of its device itself (MAP_SYNC
 * of mmap(2)). To find out it maps a page, and makes the file one page long. */
int os_is_dax_file(int fd, bool *is_dax);

/* Writes all of the memory to the file at OFFSET. */
int os_write_file(int fd, const void *data, size_t bytes, off_t offset);

void os_close(int fd);

/* Moves FD to a number that programs that close "all" descriptors seldom
 * reach, close-on-exec kept. Returns the new number, FD itself on failure. */
int os_move_high(int fd);

/* Identity of an open file, to notice that a descriptor is no longer ours. */
struct os_file_id {
	uint64_t device, inode;
};
int os_file_id(int fd, struct os_file_id *id);
int os_path_id(const char *path, struct os_file_id *id);

/* Another descriptor of FD's file, as os_move_high() numbers it; -1. */
int os_copy_high(int fd);

/* Has the descriptor closed by exec(2). */
void os_close_on_exec(int fd);

/* How many descriptors the process may have. */
size_t os_descriptors(void);

/* ---- Processors and threads -------------------------------------------- */

/* The number of this process. */
int os_process(void);

/* Whether the calling thread is the one that the process began with; whether
 * that has ended and the calling one is the last. */
bool os_is_first_thread(void);
bool os_is_last_thread(void);

/* The calling thread's name, "" where the kernel does not say. */
#define OS_THREAD_NAME 16
void os_thread_name(char name[OS_THREAD_NAME]);

/* The name of the process, which is its first thread's; "" the same. */
void os_program_name(char name[OS_THREAD_NAME]);

/* Processors this process may run on, at least 1. */
unsigned os_processors(void);

/* Prepares os_barrier(); false when the kernel does not have it: then each
 * thread needs fences of its own. */
bool os_barrier_prepare(void);

/* When this returns, every other thread of the process has passed a full memory
 * barrier since the call began (membarrier(2), private expedited). Where that
 * is refused later, os_linux.c says what is done instead and how sure it is. */
void os_barrier(void);

/* Milliseconds of the monotonic clock, as of its last tick, which costs a fifth
 * of reading it exactly; os_clock_advance() sets it forward by MS, in the debug
 * library, for tests. */
uint64_t os_now_ms(void);

/* Nanoseconds of the same clock, exactly. */
uint64_t os_now_ns(void);

/* Waits until BYTES a second come to no more than RATE, counted from BEGIN on
 * that clock; at 0 not at all. */
void os_keep_rate(uint64_t begin, size_t bytes, size_t rate);
void os_clock_advance(uint64_t ms);

/* ---- Stack: os_stack_linux.c -------------------------------------------- */

/* Calls WHAT(ARG) where there is stack enough to load libraries and to read the
 * machine, whatever the calling thread has: for what opens kinds. With signals
 * blocked, and not cancelled. Where no stack is to be had, on the caller's. */
void os_on_stack(void (*what)(void *arg), void *arg);

/* ---- Threads: os_threads_linux.c ----------------------------------------- */

/* Has WHAT(ARG, 0), WHAT(ARG, 1) and so on run by up to COUNT threads at the
 * same time, which are made for it and have ended when this returns. Returns
 * how many there were, which may be none. They have 64 KiB of stack and
 * no TLS of their own: WHAT may not write to any, errno included. The caller
 * may hold locks, which none of them may take. */
unsigned os_on_threads(
    unsigned count, void (*what)(void *arg, unsigned number), void *arg);

/* Makes a thread that runs WHAT(ARG) and ends when that returns; nobody waits
 * for it. It handles no signal but those that it raises itself. Called under no
 * lock, as libc calls malloc for it. 0, or an error number. */
int os_start_thread(void *(*what)(void *arg), void *arg);

/* Has the calling thread run on any processor that the process had when the
 * library was loaded, whatever the thread that made it is bound to. Where the
 * system permits no such processor any more it stays as it is. */
void os_run_anywhere(void);

/* Whether libc is about to end the calling thread, behind the destructors of
 * its keys: it has blocked signal 32 by then, its own, which it lets no program
 * do. False where libc does not do so. */
bool os_thread_is_ending(void);

/* Names the calling thread, by at most OS_THREAD_NAME - 1 characters. */
void os_name_thread(const char *name);

/* Has the calling thread run on the processors of NODES from now on, of a node
 * without any on those of the nearest that has some, as far as its cpuset
 * permits. Where that is none, or nobody knows, nothing changes. */
void os_run_near(const uint64_t *nodes, unsigned bits);

/* ---- Output ------------------------------------------------------------ */

/* Writes all of TEXT to FD, for the shim's messages. */
void os_write(int fd, const char *text, size_t length);

/* ---- Faults, for the tests --------------------------------------------- */

enum os_call {
	OS_RESERVE,
	OS_MAKE_USABLE,
	OS_MAKE_UNUSABLE,
	OS_MAP,
	OS_MAP_RECORDS, /* jemalloc's own */
	OS_MAP_FILE,
	OS_MAP_HUGE,
	OS_POPULATE,
	OS_DISCARD,
	OS_PUNCH,
	OS_OPEN,
	OS_SET_LENGTH,
	OS_TAKE_SPACE,
	OS_WRITE_FILE,
	OS_SET_POLICY,
	OS_MOVE_TO_NODES,
	OS_MOVE_PAGES,
	OS_BARRIER_PREPARE,
	OS_SET_INHERITED,
	OS_CLONE,
	OS_CALLS
};

/* Makes the NTH next call (1: the next) of CALL fail with ERRNUM; with
 * REPEAT, that one and all after it. NTH 0 takes the fault away. Does nothing
 * in a library built without POOLKIND_DEBUG. */
void os_fault_at(enum os_call call, unsigned nth, int errnum, bool repeat);

/* Has os_memory_room() look for /proc and /sys in DIRECTORY, which stays as it
 * is as long as that holds; NULL: in the root again. The same library. */
void os_root_at(const char *directory);

#endif /* OS_OS_H */
