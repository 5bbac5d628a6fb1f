/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_space.cpp - see engine_space.h. */
#include "engine_space.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace engine {

size_t
free_bytes(const std::string &path)
{
	struct statvfs info;
	if (statvfs(path.c_str(), &info) != 0)
		return 0;
	return static_cast<size_t>(info.f_bavail) * info.f_frsize;
}

/* Bytes of memory that the kernel thinks it could still hand out. */
static size_t
available_memory()
{
	char line[128];
	unsigned long kib = 0;
	FILE *file = fopen("/proc/meminfo", "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %lu", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return static_cast<size_t>(kib) << 10;
}

std::string
place(size_t bytes)
{
	const char *candidates[] = { getenv("POOLKIND_TEST_DIR"), "/dev/shm",
		getenv("TMPDIR"), "/tmp" };
	size_t wanted = bytes + bytes / 2;
	for (const char *candidate : candidates) {
		if (!candidate || access(candidate, W_OK | X_OK) != 0)
			continue;
		if (strcmp(candidate, "/dev/shm") == 0 &&
		    available_memory() < wanted)
			continue;
		if (free_bytes(candidate) >= wanted)
			return candidate;
	}
	return "";
}

Directory::Directory(const std::string &base)
    : path_(base + "/poolkind-test-XXXXXX")
{
	if (!mkdtemp(&path_[0]))
		path_ = "";
}

Directory::~Directory()
{
	if (!path_.empty())
		rmdir(path_.c_str());
}

size_t
Directory::entries() const
{
	size_t count = 0;
	DIR *dir = opendir(path_.c_str());
	while (struct dirent *entry = dir ? readdir(dir) : nullptr)
		count += strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return count;
}

static bool
write_text(const char *path, const std::string &text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 &&
	    write(fd, text.data(), text.size()) == (ssize_t)text.size();
	if (fd >= 0)
		close(fd);
	return good;
}

/* A mount namespace: root has it for the asking, others get it inside a user
 * namespace in which they are root. */
static std::string
own_mounts()
{
	if (unshare(CLONE_NEWNS) == 0)
		return "";
	std::string user = std::to_string(getuid());
	std::string group = std::to_string(getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return std::string("unshare: ") + strerror(errno);
	write_text("/proc/self/setgroups", "deny");
	if (!write_text("/proc/self/uid_map", "0 " + user + " 1") ||
	    !write_text("/proc/self/gid_map", "0 " + group + " 1"))
		return std::string("uid_map: ") + strerror(errno);
	return "";
}

static std::string
mount_here(
    const char *type, const std::string &path, const std::string &options)
{
	std::string why = own_mounts();
	if (!why.empty())
		return why;
	if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
	    mount(type, path.c_str(), type, 0, options.c_str()) != 0)
		return std::string("mount: ") + strerror(errno);
	return "";
}

std::string
mount_tmpfs(const std::string &path, size_t bytes)
{
	return mount_here("tmpfs", path, "size=" + std::to_string(bytes));
}

std::string
mount_hugetlbfs(const std::string &path, const std::string &options)
{
	return mount_here("hugetlbfs", path, options);
}

static const char *const OVERCOMMIT =
    "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages";

/* Adds to the number in OVERCOMMIT; "" or why not. */
static std::string
add_overcommit(long pages)
{
	long now = 0;
	FILE *file = fopen(OVERCOMMIT, "re");
	if (!file || fscanf(file, "%ld", &now) != 1)
		now = -1;
	if (file)
		fclose(file);
	if (now < 0)
		return "the kernel has none of 2 MiB";
	if (!write_text(OVERCOMMIT, std::to_string(now + pages)))
		return std::string("nr_overcommit_hugepages: ") +
		    strerror(errno);
	return "";
}

HugePages::HugePages(unsigned pages)
    : pages_(pages), why_not_(add_overcommit(pages))
{
	if (!why_not_.empty())
		return;
	/* The system may have no run of pages that is free. */
	void *probe = mmap(nullptr, pages * (size_t(2) << 20),
	    PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT,
	    -1, 0);
	if (probe == MAP_FAILED) {
		why_not_ = std::string("mmap: ") + strerror(errno);
		add_overcommit(-pages_);
	} else {
		munmap(probe, pages * (size_t(2) << 20));
	}
}

HugePages::~HugePages()
{
	if (why_not_.empty())
		add_overcommit(-pages_);
}

std::string
remount_read_only(const std::string &path)
{
	if (mount("tmpfs", path.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY,
		nullptr) != 0)
		return std::string("remount: ") + strerror(errno);
	return "";
}

size_t
put_filler(const std::string &directory, size_t bytes)
{
	static char block[65536];
	std::string path = directory + "/filler";
	int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	size_t done = 0;
	for (size_t step = sizeof(block); fd >= 0 && done < bytes;) {
		ssize_t n = write(fd, block, step);
		if (n > 0)
			done += static_cast<size_t>(n);
		else if (step > 4096)
			step = 4096;
		else
			break;
	}
	if (fd >= 0)
		close(fd);
	return done;
}

void
remove_filler(const std::string &directory)
{
	unlink((directory + "/filler").c_str());
}

} // namespace engine
