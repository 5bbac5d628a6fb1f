/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os_test.h - what the tests of src/os share: directories, small file systems,
 * limits that are put back, children, and a look at memory that cannot fault.
 */
#ifndef TEST_OS_OS_TEST_H
#define TEST_OS_OS_TEST_H

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

/* os_file_id() has the name of what it fills, which C++ calls shadowing. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "base/page.h"
#include "os/os.h"
#include "os/records.h"
}
#pragma GCC diagnostic pop

/* os_fault_at() has an effect in the debug library only. */
#ifdef POOLKIND_DEBUG
#define FAULTS_OR_SKIP() ((void)0)
#else
#define FAULTS_OR_SKIP() GTEST_SKIP() << "faults are in the debug library only"
#endif

/* An empty directory that goes with its content when the test ends. */
class Directory {
public:
	Directory()
	{
		const char *base = getenv("TMPDIR");

		path = std::string(base != nullptr ? base : "/tmp") +
		    "/poolkind-test.XXXXXX";
		if (mkdtemp(&path[0]) == nullptr)
			ADD_FAILURE() << path << ": " << strerror(errno);
	}
	~Directory()
	{
		while (mounted-- > 0)
			umount2(path.c_str(), MNT_DETACH);
		for (const std::string &name : names())
			unlink((path + "/" + name).c_str());
		rmdir(path.c_str());
	}

	/* Puts a file system there that only this process sees. False where
	 * that is not permitted. */
	bool
	mount_here(const char *type, const char *options)
	{
		if (unshare(CLONE_NEWNS) != 0 ||
		    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE,
			nullptr) != 0 ||
		    mount(type, path.c_str(), type, 0, options) != 0)
			return false;
		mounted++;
		return true;
	}

	std::string
	file(const char *name) const
	{
		std::string whole = path + "/" + name;

		close(open(whole.c_str(), O_CREAT | O_WRONLY, 0600));
		return whole;
	}

	std::vector<std::string>
	names() const
	{
		std::vector<std::string> found;
		DIR *directory = opendir(path.c_str());

		while (struct dirent *entry = readdir(directory))
			if (entry->d_name[0] != '.')
				found.push_back(entry->d_name);
		closedir(directory);
		return found;
	}

	std::string path;

private:
	int mounted = 0;
};

/* A resource limit for the length of a test. */
class Limit {
public:
	Limit(__rlimit_resource_t which, rlim_t most) : resource(which)
	{
		struct rlimit now;

		getrlimit(resource, &before);
		now = before;
		now.rlim_cur = most;
		EXPECT_EQ(setrlimit(resource, &now), 0);
	}
	~Limit() { setrlimit(resource, &before); }

private:
	__rlimit_resource_t resource;
	struct rlimit before;
};

/* Whether ADDR can be read, found out without a signal. */
static inline bool
readable(const void *addr)
{
	int ends[2];
	bool can;

	EXPECT_EQ(pipe(ends), 0);
	can = write(ends[1], addr, 1) == 1;
	close(ends[0]);
	close(ends[1]);
	return can;
}

static inline bool
mapped(void *addr)
{
	unsigned char page;

	return mincore(addr, 1, &page) == 0;
}

static inline bool
all_zero(const void *addr, size_t bytes)
{
	const char *at = (const char *)addr;

	return bytes == 0 || (at[0] == 0 && memcmp(at, at + 1, bytes - 1) == 0);
}

/* Bytes of address space that the process has. */
static inline size_t
address_space_bytes()
{
	FILE *statm = fopen("/proc/self/statm", "r");
	size_t pages = 0;

	EXPECT_EQ(fscanf(statm, "%zu", &pages), 1);
	fclose(statm);
	return pages * system_page();
}

/* What BODY returns in a child; 128 + the signal when one ended it. */
static inline int
in_child(const std::function<int()> &body)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(body());
	EXPECT_EQ(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

/* A file without a name in DIRECTORY, BYTES long. */
static inline int
nameless(const Directory &directory, off_t bytes)
{
	int fd = -1;

	EXPECT_EQ(os_open_unlinked(directory.path.c_str(), &fd), 0);
	EXPECT_EQ(os_set_length(fd, bytes), 0);
	return fd;
}

/* Bytes that a file takes on its file system. */
static inline size_t
space_of(int fd)
{
	struct stat status;

	EXPECT_EQ(fstat(fd, &status), 0);
	return (size_t)status.st_blocks * 512;
}

#endif /* TEST_OS_OS_TEST_H */
