/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_file_linux.c - files, descriptors and output of os.h on Linux.
 *
 * Owns nothing. Called by source, arena and the shim, under malloc and under
 * locks: so all calls are direct, where no thread can be cancelled and no other
 * library comes between. Takes no lock.
 *
 * What callers rely on: a descriptor gets close-on-exec in the call that makes
 * it; SIGXFSZ is never raised, as RLIMIT_FSIZE is looked at before a file is
 * written to; calls that were interrupted are repeated; and after a failure
 * nothing stays open.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "os/direct.h"
#include "os/libc.h"
#include "os/os.h"
#include "os/os_fault.h"

#ifndef O_TMPFILE
#define O_TMPFILE (020000000 | O_DIRECTORY)
#endif

/* A call that is interrupted goes on with less at a time, but not below this:
 * fallocate(2) on tmpfs undoes what it did, and would never come to an end. */
#define TAKE_SPACE_MIN ((off_t)(2 * MIB))

/* Descriptors move to just below the process's limit, but not further than
 * this: fork copies the descriptor table up to the highest one. */
#define HIGH_DESCRIPTORS 16384
#define HIGH_BAND 64

/* A descriptor, or an error number below zero. */
static int
open_at(const char *path, int flags, mode_t mode)
{
	return (int)os_direct(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int
status_of(const char *path, struct stat *status)
{
	return os_direct_error(SYS_newfstatat, AT_FDCWD, path, status, 0);
}

static int
get_limit(int resource, struct rlimit *limit)
{
	return os_direct_error(SYS_prlimit64, 0, resource, NULL, limit);
}

/* Whether the process may not write to a file up to END (RLIMIT_FSIZE). Asked
 * in front of the call, since the kernel's answer comes with SIGXFSZ. */
static bool
beyond_file_limit(off_t end)
{
	struct rlimit limit;

	return get_limit(RLIMIT_FSIZE, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY && (rlim_t)end > limit.rlim_cur;
}

/*
 * ---- Opening ----------------------------------------------------------------
 */

/* Signals that libc itself needs stay: it waits for all threads to answer. */
#define SIGNALS_OF_LIBC ((uint64_t)3 << (32 - 1))

/* For a name that no other process is likely to choose at the same moment; if
 * one does, O_EXCL fails and another name is tried. At an early boot, or where
 * getrandom(2) is refused, the clock, an address and a count are used. */
static uint64_t
random_number(void)
{
	static _Atomic uint64_t turn;
	struct timespec now;
	uint64_t number = 0;

	if (os_direct(SYS_getrandom, &number, sizeof(number), GRND_NONBLOCK) ==
	    sizeof(number))
		return number;
	libc_clock(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_nsec << 32) + (uint64_t)&now +
	    atomic_fetch_add(&turn, 0x9e3779b97f4a7c15u);
}

/*
 * Opens a file of a new name in DIRECTORY and takes the name away at once.
 * NAME: PATH_MAX bytes to work in. Signals wait meanwhile, as a handler that
 * leaves by siglongjmp(3) or ends the process would leave the name behind; a
 * process that is killed in between does. ENAMETOOLONG where the path has no
 * room for it.
 */
static int
open_named_and_unlink(const char *directory, char *name, int *fd)
{
	uint64_t all = ~SIGNALS_OF_LIBC, before;

	os_direct(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof(all));
	do {
		if ((size_t)snprintf(name, PATH_MAX, "%s/poolkind.%012llx",
			directory, (unsigned long long)random_number() >> 16) >=
		    PATH_MAX) {
			*fd = -ENAMETOOLONG;
			break;
		}
		*fd = open_at(
		    name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} while (*fd == -EEXIST);
	if (*fd >= 0)
		os_direct(SYS_unlinkat, AT_FDCWD, name, 0);
	os_direct(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof(all));
	return os_error_of(*fd);
}

/* For file systems without O_TMPFILE. The path is made in a mapping: a kind
 * that grows does so on the stack of the thread that allocates, which may have
 * 16 KiB in all, and a path may have 4. */
static int
open_and_unlink(const char *directory, int *fd)
{
	long name = os_direct(SYS_mmap, NULL, PATH_MAX, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int err = os_error_of(name);

	if (err != 0)
		return err;
	err = open_named_and_unlink(directory, (char *)name, fd);
	os_direct(SYS_munmap, name, PATH_MAX);
	return err;
}

/* O_EXCL, with O_TMPFILE, says that nobody may give the file a name later. An
 * injected fault stands for what open(2) answers, so that a test reaches the
 * other way too. */
static int
open_nameless(const char *directory, int *fd)
{
	int err = os_fault(OS_OPEN);

	if (err != 0)
		return err;
	do
		*fd = open_at(
		    directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	while (*fd == -EINTR);
	return os_error_of(*fd);
}

/* A hugetlbfs says the size of its pages as that of a block. */
size_t
os_file_granule(const char *directory)
{
	struct statfs status;

	return os_direct(SYS_statfs, directory, &status) == 0 &&
		status.f_type == HUGETLBFS_MAGIC ?
	    (size_t)status.f_bsize :
	    PAGE_BYTES;
}

static bool
is_directory(const char *path)
{
	struct stat status;

	return status_of(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Tries O_TMPFILE (Linux 3.11), then a name. EOPNOTSUPP comes of a file system
 * that has no such files; EISDIR and ENOENT are what kernels say that do not
 * know the flag, or file systems that half know it; a filter may refuse that
 * flag alone. */
int
os_open_unlinked(const char *directory, int *fd)
{
	int err = open_nameless(directory, fd);

	if (err == EOPNOTSUPP || err == EISDIR || os_is_refused(err) ||
	    (err == ENOENT && is_directory(directory)))
		err = open_and_unlink(directory, fd);
	if (err == 0)
		os_write_in_place(*fd);
	return err;
}

/* One read(2), so that a file of sysfs or proc is of one moment. TEXT is
 * terminated in any case, after a failure as an empty text. */
int
os_read_text(const char *path, char *text, size_t size)
{
	int fd = open_at(path, O_RDONLY | O_CLOEXEC, 0);
	long length = fd < 0 ? fd : os_direct(SYS_read, fd, text, size - 1);

	if (fd >= 0)
		os_close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return length == 0 ? ENODATA : os_error_of(length);
}

int
os_read_file(const char *path, char *text, size_t size, size_t *length)
{
	int fd = open_at(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	long got = fd;

	*length = 0;
	while (fd >= 0 && *length < size) {
		got = os_direct(SYS_read, fd, text + *length, size - *length);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			break;
		*length += (size_t)got;
	}
	if (fd >= 0)
		os_close(fd);
	return *length == size ? EFBIG : os_error_of(got);
}

bool
os_read_link(const char *path, char *text, size_t size)
{
	long length = os_direct(SYS_readlinkat, AT_FDCWD, path, text, size - 1);

	text[length < 0 ? 0 : length] = '\0';
	return length > 0;
}

int
os_open_to_read(const char *path, int *fd)
{
	*fd = open_at(path, O_RDONLY | O_CLOEXEC, 0);
	return os_error_of(*fd);
}

int
os_open_to_update(const char *path, int *fd)
{
	*fd = open_at(path, O_RDWR | O_CLOEXEC, 0);
	return os_error_of(*fd);
}

static int
seal(int fd, const void *data, size_t bytes)
{
	int err = os_write_file(fd, data, bytes, 0);

	return err != 0 ?
	    err :
	    os_direct_error(SYS_fcntl, fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

int
os_make_sealed(
    const char *name, const void *data, size_t bytes, int floor, int *fd)
{
	int made = (int)os_direct(
	    SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err = os_error_of(made);

	if (err != 0)
		return err;
	err = seal(made, data, bytes);
	if (err == 0) {
		*fd = (int)os_direct(SYS_fcntl, made, F_DUPFD, floor);
		if (*fd < 0)
			*fd = (int)os_direct(
			    SYS_fcntl, made, F_DUPFD, STDERR_FILENO + 1);
		err = os_error_of(*fd);
	}
	os_close(made);
	return err;
}

static bool
stays_as_long(int fd, off_t end)
{
	long seals = os_direct(SYS_fcntl, fd, F_GET_SEALS);
	struct stat status;

	return os_error_of(seals) == 0 && (seals & F_SEAL_SHRINK) != 0 &&
	    os_direct_error(SYS_fstat, fd, &status) == 0 &&
	    status.st_size >= end;
}

int
os_map_shared(int fd, off_t offset, size_t bytes, void **addr)
{
	int flags = MAP_SHARED | MAP_NORESERVE;
	int err = os_fault(OS_MAP_FILE);

	if (err != 0)
		return err;
	if (!stays_as_long(fd, offset + (off_t)bytes))
		return EINVAL;
	if (*addr != NULL)
		flags |= MAP_FIXED;
	err = libc_mmap(addr, bytes, PROT_READ | PROT_WRITE, flags, fd, offset);
	if (err == 0)
		libc_madvise(*addr, bytes, MADV_DONTDUMP);
	return err;
}

/* Private, since the kernel refuses to share what nobody may write to. */
int
os_map_sealed(int fd, void **addr, size_t *bytes)
{
	const long needed = F_SEAL_SHRINK | F_SEAL_WRITE;
	long seals = os_direct(SYS_fcntl, fd, F_GET_SEALS);
	struct stat status;
	long map;

	if (os_error_of(seals) != 0)
		return os_error_of(seals);
	if ((seals & needed) != needed ||
	    os_direct_error(SYS_fstat, fd, &status) != 0 || status.st_size == 0)
		return EINVAL;
	map = os_direct(
	    SYS_mmap, NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (os_error_of(map) != 0)
		return os_error_of(map);
	*addr = (void *)map;
	*bytes = (size_t)status.st_size;
	return 0;
}

void
os_close_on_exec(int fd)
{
	os_direct(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

/* The number in a file of sysfs on a device; NONE without it. */
static size_t
read_number(dev_t device, const char *name, size_t none)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/%s", major(device),
	    minor(device), name);
	return os_read_text(path, text, sizeof(text)) == 0 ?
	    strtoull(text, NULL, 10) :
	    none;
}

/* A character device is a DAX device when sysfs says that it is of that
 * subsystem. */
static bool
is_dax(dev_t device, struct os_dax *dax)
{
	char path[64], text[PATH_MAX];
	const char *name;

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/subsystem",
	    major(device), minor(device));
	if (!os_read_link(path, text, sizeof(text)))
		return false;
	name = strrchr(text, '/');
	if (strcmp(name == NULL ? text : name + 1, "dax") != 0)
		return false;
	dax->bytes = read_number(device, "size", 0);
	dax->alignment = read_number(device, "align", 2 * MIB);
	return true;
}

int
os_path(const char *path, enum os_path *what, struct os_dax *dax)
{
	struct stat status;
	int err = status_of(path, &status);

	if (err != 0)
		return err;
	*what = OS_PATH_OTHER;
	if (S_ISCHR(status.st_mode))
		*what = is_dax(status.st_rdev, dax) ? OS_PATH_DAX :
						      OS_PATH_CHARACTER;
	return 0;
}

/* flock(2) locks the open file and not the process: the mapping keeps that open
 * when the descriptor is closed, so the lock lasts as long as the mapping, and
 * goes with the process however it ends. A child of fork shares it. */
int
os_open_device(const char *path, bool again, int *fd)
{
	int err;

	*fd = open_at(path, O_RDWR | O_CLOEXEC, 0);
	if (*fd < 0)
		return -*fd;
	if (again)
		return 0;
	err = os_direct_error(SYS_flock, *fd, LOCK_EX | LOCK_NB);
	if (err != 0)
		os_close(*fd);
	return err == EWOULDBLOCK ? EBUSY : err;
}

/* Reads /proc/locks, for the sentence that says who has a device: a byte at a
 * time, since speed does not matter here. A line is "1: FLOCK ADVISORY WRITE
 * PID MAJOR:MINOR:INODE 0 EOF"; PID is the process that took the lock, which
 * may have ended while a child of it still holds the lock. */
static int
find_lock_holder(const struct stat *status, unsigned *process)
{
	char line[256];
	unsigned pid, device_major, device_minor;
	unsigned long inode;
	size_t length = 0;
	int fd = open_at("/proc/locks", O_RDONLY | O_CLOEXEC, 0);

	*process = 0;
	if (fd < 0)
		return -fd;
	while (
	    *process == 0 && os_direct(SYS_read, fd, line + length, 1) == 1) {
		if (line[length] != '\n') {
			length += length < sizeof(line) - 2;
			continue;
		}
		line[length] = '\0';
		length = 0;
		if (sscanf(line, "%*s FLOCK %*s %*s %u %x:%x:%lu", &pid,
			&device_major, &device_minor, &inode) == 4 &&
		    inode == status->st_ino &&
		    makedev(device_major, device_minor) == status->st_dev)
			*process = pid;
	}
	os_close(fd);
	return *process != 0 ? 0 : ESRCH;
}

int
os_lock_holder(const char *path, unsigned *process)
{
	struct stat status;
	int err = status_of(path, &status);

	return err != 0 ? err : find_lock_holder(&status, process);
}

int
os_open_log(const char *path, bool truncate, int *fd)
{
	*fd = open_at(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
		(truncate ? O_TRUNC : 0),
	    0666);
	return os_error_of(*fd);
}

void
os_close(int fd)
{
	os_direct(SYS_close, fd);
}

size_t
os_descriptors(void)
{
	struct rlimit limit;

	return get_limit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

/* A copy of FD with a high number, above FLOOR; -1 if there is none. Programs
 * that close "all" descriptors often stop early, and the low numbers are left
 * to the program, which may use select(2). Where the highest numbers cannot be
 * had, half of that is tried, and so on. */
static int
copy_above(int fd, int floor)
{
	int most = (int)min_size(os_descriptors(), HIGH_DESCRIPTORS);
	int copy = -1;

	for (most -= HIGH_BAND; copy < 0 && most > floor; most /= 2)
		copy = (int)os_direct(SYS_fcntl, fd, F_DUPFD_CLOEXEC, most);
	return copy;
}

int
os_copy_high(int fd)
{
	return copy_above(fd, STDERR_FILENO);
}

int
os_move_high(int fd)
{
	int moved = copy_above(fd, fd);

	if (moved < 0)
		return fd;
	os_close(fd);
	return moved;
}

/* By statx(2) (Linux 4.11), where fstat(2) is refused: a filter may allow only
 * the call that its libc happens to use. Both give the same numbers. */
static int
file_id_by_statx(int fd, struct os_file_id *id)
{
#ifndef STATX_INO /* musl before 1.2.5 */
	(void)fd, (void)id;
	return ENOSYS;
#else
	struct statx status;
	int err = os_direct_error(
	    SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &status);

	if (err != 0)
		return err;
	id->device = makedev(status.stx_dev_major, status.stx_dev_minor);
	id->inode = status.stx_ino;
	return 0;
#endif
}

int
os_file_id(int fd, struct os_file_id *id)
{
	struct stat status;
	int err = os_direct_error(SYS_fstat, fd, &status);

	if (os_is_refused(err))
		return file_id_by_statx(fd, id);
	if (err != 0)
		return err;
	id->device = status.st_dev;
	id->inode = status.st_ino;
	return 0;
}

int
os_path_id(const char *path, struct os_file_id *id)
{
	struct stat status;
	int err = status_of(path, &status);

	if (err != 0)
		return err;
	id->device = status.st_dev;
	id->inode = status.st_ino;
	return 0;
}

/*
 * ---- Space ------------------------------------------------------------------
 */

/* Writes the byte that is there, or zero where there is none: then there is. */
static int
rewrite_byte(int fd, off_t offset)
{
	char byte = 0;
	int err;

	do
		err = os_direct_error(SYS_pread64, fd, &byte, 1, offset);
	while (err == EINTR);
	while (err == 0) {
		err = os_direct_error(SYS_pwrite64, fd, &byte, 1, offset);
		if (err != EINTR)
			break;
		err = 0;
	}
	return err;
}

/* Where ftruncate(2) is refused, writing the last byte makes a file longer. */
int
os_set_length(int fd, off_t length)
{
	int err = os_fault(OS_SET_LENGTH);

	if (err != 0)
		return err;
	if (length < 0 || beyond_file_limit(length))
		return EFBIG;
	do
		err = os_direct_error(SYS_ftruncate, fd, length);
	while (err == EINTR);
	if (os_is_refused(err) && length > 0)
		err = rewrite_byte(fd, length - 1);
	return err;
}

int
os_length(int fd, off_t *length)
{
	struct stat status;
	int err = os_direct_error(SYS_fstat, fd, &status);

	if (err == 0 && !S_ISREG(status.st_mode))
		err = EINVAL;
	if (err == 0)
		*length = status.st_size;
	return err;
}

/* What space is taken in at least; small enough for any file system where it
 * does not say. */
static off_t
block_bytes(int fd)
{
	struct statfs status;

	if (os_direct_error(SYS_fstatfs, fd, &status) != 0 ||
	    status.f_bsize < 512)
		return 512;
	return status.f_bsize < (long)PAGE_BYTES ? status.f_bsize :
						   (off_t)PAGE_BYTES;
}

/* For file systems without fallocate(2), and where it is refused. Reads and
 * writes a byte of each block, so the range must be in nobody's hands, as it is
 * before it is handed out. */
static int
take_space_by_writing(int fd, off_t offset, off_t bytes)
{
	off_t end = offset + bytes, step = block_bytes(fd);
	int err = 0;

	if (beyond_file_limit(end))
		return EFBIG;
	for (; offset < end && err == 0; offset += step)
		err = rewrite_byte(fd, offset);
	return err;
}

/* An injected fault stands for what fallocate(2) answers, so that a test
 * reaches the other ways too. */
static int
take_piece(int fd, off_t offset, off_t bytes)
{
	int err = os_fault(OS_TAKE_SPACE);

	return err != 0 ? err :
			  os_direct_error(SYS_fallocate, fd, 0, offset, bytes);
}

/*
 * Takes space by fallocate(2), which leaves what the file holds. A tmpfs that
 * is interrupted by a signal undoes what it did, so under a timer a large
 * request might never come to an end: each interruption halves the piece that
 * is asked for, down to TAKE_SPACE_MIN.
 *
 * Where the file system does not know the call, or it is refused, each block is
 * written to. After a failure the pieces taken by then stay taken.
 */
int
os_take_space(int fd, off_t offset, off_t bytes)
{
	off_t end = offset + bytes, piece = bytes;
	int err = 0;

	while (err == 0 && offset < end) {
		piece = piece < end - offset ? piece : end - offset;
		err = take_piece(fd, offset, piece);
		if (err == 0)
			offset += piece;
		else if (err == EINTR) {
			err = 0;
			if (piece / 2 >= TAKE_SPACE_MIN)
				piece = (off_t)align_down(
				    (size_t)piece / 2, PAGE_BYTES);
		}
	}
	if (err == EOPNOTSUPP || os_is_refused(err))
		err = take_space_by_writing(fd, offset, end - offset);
	return err;
}

int
os_lengthen(int fd, off_t offset, off_t bytes)
{
	return beyond_file_limit(offset + bytes) ?
	    EFBIG :
	    os_take_space(fd, offset, bytes);
}

/* A number of the system's huge pages of GRANULE bytes. */
static uint64_t
read_huge_pages(size_t granule, const char *name)
{
	char path[96], text[32];

	snprintf(path, sizeof(path),
	    "/sys/kernel/mm/hugepages/hugepages-%zukB/%s", granule / KIB, name);
	return os_read_text(path, text, sizeof(text)) == 0 ?
	    strtoull(text, NULL, 10) :
	    0;
}

/* Bytes of huge pages that a file could still have: those that are free and
 * promised to nobody, and those that may be made when they are wanted. */
static uint64_t
free_huge_bytes(size_t granule)
{
	uint64_t free = read_huge_pages(granule, "free_hugepages");
	uint64_t promised = read_huge_pages(granule, "resv_hugepages");
	uint64_t more = read_huge_pages(granule, "nr_overcommit_hugepages");
	uint64_t made = read_huge_pages(granule, "surplus_hugepages");

	free = free > promised ? free - promised : 0;
	return (free + (more > made ? more - made : 0)) * granule;
}

/* A number of blocks in bytes. A tmpfs without a size, and ramfs, say nothing
 * at all (0 blocks): they have as much as there is memory, UINT64_MAX here. A
 * hugetlbfs without a size has as much as there are huge pages. */
static uint64_t
bytes_of(const struct statfs *status, uint64_t blocks)
{
	uint64_t unit = (uint64_t)(status->f_frsize != 0 ? status->f_frsize :
							   status->f_bsize);
	uint64_t bytes, huge;

	if (status->f_blocks == 0 ||
	    __builtin_mul_overflow(blocks, unit, &bytes))
		bytes = UINT64_MAX;
	if (status->f_type != HUGETLBFS_MAGIC)
		return bytes;
	huge = free_huge_bytes((size_t)status->f_bsize);
	return huge < bytes ? huge : bytes;
}

/* Where a filter refuses the question there is no bound: nobody knows better,
 * and taking the space will tell. */
int
os_free_space(int fd, uint64_t *bytes)
{
	struct statfs status;
	int err = os_direct_error(SYS_fstatfs, fd, &status);

	*bytes = err == 0 ? bytes_of(&status, status.f_bavail) : UINT64_MAX;
	return os_is_refused(err) ? 0 : err;
}

/* Root may also take the space that the file system sets aside for root. */
int
os_room(int fd, const char *path, uint64_t *bytes)
{
	struct statfs status;

	int err = fd >= 0 ? os_direct_error(SYS_fstatfs, fd, &status) :
			    os_direct_error(SYS_statfs, path, &status);

	if (err == 0)
		*bytes = bytes_of(&status,
		    os_direct(SYS_geteuid) == 0 ? status.f_bfree :
						  status.f_bavail);
	return err;
}

int
os_file_system_size(const char *path, uint64_t *bytes)
{
	struct statfs status;
	int err = os_direct_error(SYS_statfs, path, &status);

	if (err != 0)
		return err;
	*bytes = (uint64_t)status.f_blocks *
	    (uint64_t)(status.f_frsize != 0 ? status.f_frsize : status.f_bsize);
	return 0;
}

/* MAP_SYNC succeeds only where the file system maps its device's memory itself;
 * it needs MAP_SHARED_VALIDATE, since an older kernel ignores flags that it
 * does not know. A hugetlbfs is passed by: its files can't have a page's
 * length. */
int
os_is_dax_file(int fd, bool *is_dax)
{
	struct statfs status;
	void *memory = NULL;
	int err;

	*is_dax = false;
	if (os_direct(SYS_fstatfs, fd, &status) == 0 &&
	    status.f_type == HUGETLBFS_MAGIC)
		return 0;
	err = os_direct_error(SYS_ftruncate, fd, PAGE_BYTES);
	if (err == 0)
		err = libc_mmap(&memory, PAGE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0);
	if (err != 0)
		return err == EOPNOTSUPP ? 0 : err;
	libc_munmap(memory, PAGE_BYTES);
	*is_dax = true;
	return 0;
}

/*
 * ---- Writing ----------------------------------------------------------------
 */

/* pwrite(2) may write only the part for which there was room; the next call
 * then says why. */
int
os_write_file(int fd, const void *data, size_t bytes, off_t offset)
{
	const char *from = data;
	int err = os_fault(OS_WRITE_FILE);
	long done;

	if (err != 0)
		return err;
	if (beyond_file_limit(offset + (off_t)bytes))
		return EFBIG;
	while (err == 0 && bytes != 0) {
		done = os_direct(SYS_pwrite64, fd, from, bytes, offset);
		if (done > 0) {
			from += done;
			bytes -= (size_t)done;
			offset += done;
		} else if (done == 0)
			err = ENOSPC;
		else if (done != -EINTR)
			err = os_error_of(done);
	}
	return err;
}

/* There is nobody to tell when it fails. */
void
os_write(int fd, const char *text, size_t length)
{
	long done = 1;

	while (length != 0 && (done > 0 || done == -EINTR)) {
		done = os_direct(SYS_write, fd, text, length);
		if (done > 0) {
			text += done;
			length -= (size_t)done;
		}
	}
}
