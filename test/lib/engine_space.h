/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_space.h - where the tests may put files, and small file systems of
 * their own.
 */
#ifndef TEST_LIB_ENGINE_SPACE_H
#define TEST_LIB_ENGINE_SPACE_H

#include <cstddef>
#include <string>

namespace engine {

/* A directory whose file system has BYTES, and half as much again, to spare:
 * $POOLKIND_TEST_DIR, /dev/shm, $TMPDIR or /tmp. "" where none has. */
std::string place(size_t bytes);

/* Free bytes of the file system of PATH, for this user. */
size_t free_bytes(const std::string &path);

/* A directory of the test's own, gone with the object. */
class Directory {
public:
	explicit Directory(const std::string &base);
	~Directory();
	Directory(const Directory &) = delete;
	Directory &operator=(const Directory &) = delete;
	const std::string &
	path() const
	{
		return path_;
	}
	size_t entries() const;

private:
	std::string path_;
};

/* Gives the calling process a mount namespace of its own, and mounts a tmpfs
 * of BYTES on PATH in it. For children only. Where that is not permitted, the
 * reason; "" on success. */
std::string mount_tmpfs(const std::string &path, size_t bytes);

/* The same for a hugetlbfs with OPTIONS of its own. */
std::string mount_hugetlbfs(
    const std::string &path, const std::string &options);

/* Lets the system have so many huge pages of 2 MiB more as long as the object
 * lives: they are made when they are wanted, and go when they are not. */
class HugePages {
public:
	explicit HugePages(unsigned pages);
	~HugePages();
	HugePages(const HugePages &) = delete;
	HugePages &operator=(const HugePages &) = delete;
	/* Why there are none; "" where there are. */
	const std::string &
	why_not() const
	{
		return why_not_;
	}

private:
	long pages_;
	std::string why_not_;
};

/* Makes what mount_tmpfs() mounted read-only. */
std::string remount_read_only(const std::string &path);

/* Takes as much of the file system of DIRECTORY as a file named filler can
 * hold, or BYTES; returns what it took. */
size_t put_filler(const std::string &directory, size_t bytes);
void remove_filler(const std::string &directory);

} // namespace engine

/* Puts a directory with BYTES to spare into VAR, or skips the test. */
#define ENGINE_PLACE_OR_SKIP(var, bytes) \
	std::string var = engine::place(bytes); \
	if (var.empty()) \
	GTEST_SKIP() << "no directory with " << (bytes) \
		     << " bytes to spare; set POOLKIND_TEST_DIR"

/* Huge pages for the length of a test, or skips. */
#define ENGINE_HUGE_PAGES_OR_SKIP(pages) \
	engine::HugePages huge_pages(pages); \
	if (!huge_pages.why_not().empty()) \
	GTEST_SKIP() << "no huge pages: " << huge_pages.why_not()

/* In a child: a hugetlbfs at PATH, or skips. */
#define ENGINE_HUGETLBFS_OR_SKIP(path, options) \
	do { \
		std::string why = engine::mount_hugetlbfs(path, options); \
		if (!why.empty()) \
			GTEST_SKIP() << "cannot mount a hugetlbfs: " << why; \
	} while (0)

/* In a child: a tmpfs of BYTES at PATH, or skips. */
#define ENGINE_TMPFS_OR_SKIP(path, bytes) \
	do { \
		std::string why = engine::mount_tmpfs(path, bytes); \
		if (!why.empty()) \
			GTEST_SKIP() << "cannot mount a tmpfs: " << why; \
	} while (0)

#endif /* TEST_LIB_ENGINE_SPACE_H */
