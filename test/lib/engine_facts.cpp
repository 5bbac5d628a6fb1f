/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_facts.cpp - see engine_facts.h. */
#include "engine_facts.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace engine {

static size_t
count_lines(const char *path)
{
	char buffer[4096];
	size_t lines = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;)
		for (ssize_t i = 0; i < n; i++)
			lines += buffer[i] == '\n';
	close(fd);
	return lines;
}

/* Entries of a directory of numbers; its own descriptor is left out. */
static size_t
count_entries(const char *path, bool descriptors)
{
	alignas(8) char buffer[4096];
	size_t entries = 0;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (long n;
	     (n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0;) {
		for (long at = 0; at < n;) {
			struct dirent64 *entry =
			    reinterpret_cast<struct dirent64 *>(buffer + at);
			entries += entry->d_name[0] != '.';
			at += entry->d_reclen;
		}
	}
	close(fd);
	return entries - (descriptors ? 1 : 0);
}

static size_t
status_bytes(const char *word)
{
	char buffer[8192];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buffer, sizeof(buffer) - 1);
	close(fd);
	buffer[n > 0 ? n : 0] = '\0';
	const char *line = strstr(buffer, word);
	return line ? strtoull(line + strlen(word), nullptr, 10) << 10 : 0;
}

Facts
facts()
{
	Facts now;
	now.mappings = count_lines("/proc/self/maps");
	now.address = status_bytes("VmSize:");
	now.resident = status_bytes("RssAnon:");
	now.descriptors = count_entries("/proc/self/fd", true);
	now.threads = count_entries("/proc/self/task", false);
	return now;
}

bool
is_mapped(const void *addr)
{
	size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	unsigned char vector;
	uintptr_t start = reinterpret_cast<uintptr_t>(addr) & ~(page - 1);
	return mincore(reinterpret_cast<void *>(start), page, &vector) == 0;
}

} // namespace engine
