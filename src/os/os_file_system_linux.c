/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_file_system_linux.c - what is known of Linux's file systems.
 *
 * Owns a constant table. Called by source/file.c when a file is made. Takes no
 * lock; a file system that is not in the table is answered as an unknown one,
 * of which nothing good is believed.
 *
 * What can be promised of a page depends on two things. Where the file system
 * writes a page back to the place it came from, space that was taken once is
 * there for ever; where it writes elsewhere (copy on write), each write after a
 * write-back needs new space, and a mapped page for which there is none raises
 * SIGBUS. btrfs does the latter for every file; with FS_NOCOW_FL not as long as
 * nobody makes a snapshot and data and metadata have block groups of their own
 * (not --mixed), but before Linux 6.16 it asks for new space all the same. And
 * where the file system takes space when a page is touched (page_mkwrite in the
 * kernel's words) a lack is an answer, where it takes it when it writes back,
 * the page is lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/vfs.h>

#include "os/direct.h"
#include "os/os.h"

#define MAGIC_EXT 0xef53
#define MAGIC_TMPFS 0x01021994
#define MAGIC_OVERLAY 0x794c7630
#define MAGIC_BTRFS 0x9123683e
#define MAGIC_XFS 0x58465342

/* Where giving back a piece is work on trees on disk, in a transaction that may
 * wait for dirty pages to be written, or goes over a network: 0.8 to 1.8 ms of
 * a random workload on btrfs, 0.1 to 0.2 ms on ext4 (Linux 6.18). */
#define PUNCH_DEAR MIB

struct known {
	unsigned magic;
	struct os_file_system what;
};

static const struct known table[] = {
	{ MAGIC_TMPFS,
	    { "tmpfs", .keeps_space = true, .touch_takes = true, .sparse = true,
		.is_memory = true, .on_nodes = true } },
	{ 0x858458f6,
	    { "ramfs", .keeps_space = true, .touch_takes = true,
		.is_memory = true } },
	{ 0x958458f6,
	    { "hugetlbfs", .keeps_space = true, .touch_takes = true,
		.on_nodes = true, .huge_pages = true } },
	{ MAGIC_EXT,
	    { "ext4", .keeps_space = true, .touch_takes = true, .sparse = true,
		.on_disk = true } },
	{ MAGIC_XFS,
	    { "xfs", .keeps_space = true, .touch_takes = true, .sparse = true,
		.on_disk = true } },
	{ MAGIC_BTRFS,
	    { "btrfs", .touch_takes = true, .sparse = true, .on_disk = true,
		.punch_least = PUNCH_DEAR } },
	{ 0xca451a4e,
	    { "bcachefs", .touch_takes = true, .sparse = true, .on_disk = true,
		.punch_least = PUNCH_DEAR } },
	{ 0xf2f52010,
	    { "f2fs", .touch_takes = true, .sparse = true, .on_disk = true,
		.punch_least = PUNCH_DEAR } },
	{ 0x2fc12fc1,
	    { "zfs", .sparse = true, .on_disk = true,
		.punch_least = PUNCH_DEAR } },
	{ 0x6969, { "nfs", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0xff534d42, { "cifs", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0xfe534d42, { "cifs", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0x01021997, { "9p", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0x65735546, { "fuse", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0x3434, { "nilfs2", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0x24051905, { "ubifs", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0x0bd00bd0,
	    { "lustre", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0x47504653, { "gpfs", .on_disk = true, .punch_least = PUNCH_DEAR } },
	{ 0x4d44, { "vfat", .on_disk = true, .punch_least = PUNCH_DEAR } },
};

/* ext2, and ext3 where files have no extents: its own driver takes space when
 * pages are written back, and neither driver knows fallocate(2). */
static const struct os_file_system ext_without_extents = { "ext2",
	.keeps_space = true, .sparse = true, .on_disk = true };

/* An overlay does what the file system under it does, and does not say which
 * that is: one without shared blocks writes in place, at least; of those with
 * them XFS alone counts extents. */
static const struct os_file_system overlay_in_place = { "overlay",
	.keeps_space = true, .on_disk = true };
static const struct os_file_system overlay_unknown = {
	"an overlay on a file system that copies on write", .on_disk = true,
	.punch_least = PUNCH_DEAR
};

static const struct os_file_system unknown = {
	"a file system that is not known", .on_disk = true,
	.punch_least = PUNCH_DEAR
};

/* Where a sandbox refuses the question nobody knows better. */
static const struct os_file_system not_told = { "a file system",
	.keeps_space = true, .touch_takes = true };

static bool
has_extents(int fd)
{
	int flags;

	return os_direct_error(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags) == 0 &&
	    (flags & FS_EXTENT_FL) != 0;
}

/* Whether the file can share its blocks with others. It has none: where this is
 * possible it is EINVAL. */
static bool
can_share_blocks(int fd)
{
	struct file_clone_range range = { .src_fd = fd,
		.src_length = PAGE_BYTES };
	int err = os_direct_error(SYS_ioctl, fd, FICLONERANGE, &range);

	return err != EOPNOTSUPP && err != ENOTTY;
}

/* Whether a page of the file, taken and given back, is an extent that counts.
 */
static bool
counts_extents(int fd)
{
	struct fsxattr facts = { 0 };
	bool counts;

	if (os_direct_error(
		SYS_fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, PAGE_BYTES) != 0)
		return false;
	counts = os_direct_error(SYS_ioctl, fd, FS_IOC_FSGETXATTR, &facts) ==
		0 &&
	    facts.fsx_nextents != 0;
	os_direct_error(SYS_fallocate, fd,
	    FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, PAGE_BYTES);
	return counts;
}

/* ---- Which one it is ----------------------------------------------------- */

static const struct os_file_system *
look_up(unsigned magic)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].magic == magic)
			return &table[i].what;
	return &unknown;
}

/* An overlay passes calls on to the file below, by which that is told: extents
 * that are shown by flags are ext4's; without shared blocks it writes in place;
 * with them and counted extents it is XFS. */
static const struct os_file_system *
under_overlay(int fd)
{
	if (has_extents(fd))
		return look_up(MAGIC_EXT);
	if (!can_share_blocks(fd))
		return &overlay_in_place;
	return counts_extents(fd) ? look_up(MAGIC_XFS) : &overlay_unknown;
}

const struct os_file_system *
os_file_system(int fd)
{
	struct statfs status;
	int err = os_direct_error(SYS_fstatfs, fd, &status);

	if (err != 0)
		return os_is_refused(err) ? &not_told : &unknown;
	if ((unsigned)status.f_type == MAGIC_OVERLAY)
		return under_overlay(fd);
	if ((unsigned)status.f_type == MAGIC_EXT && !has_extents(fd))
		return &ext_without_extents;
	return look_up((unsigned)status.f_type);
}

/* Sets FS_NOCOW_FL, which btrfs follows for files that are empty: their pages
 * are then written back in place. Only on btrfs, or an overlay that may be on
 * one, as the flag means nothing elsewhere. A failure is passed over: the table
 * does not count on it. */
void
os_write_in_place(int fd)
{
	struct statfs status;
	int flags;

	if (os_direct_error(SYS_fstatfs, fd, &status) != 0 ||
	    ((unsigned)status.f_type != MAGIC_BTRFS &&
		(unsigned)status.f_type != MAGIC_OVERLAY) ||
	    os_direct_error(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags) != 0)
		return;
	flags |= FS_NOCOW_FL;
	os_direct_error(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags);
}
