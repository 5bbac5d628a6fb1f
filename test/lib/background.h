/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background.h - the thread of kinds with background=yes, as the kernel sees
 * it, and waiting for what it does.
 */
#ifndef TEST_LIB_BACKGROUND_H
#define TEST_LIB_BACKGROUND_H

#include <dirent.h>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

/* Waits for what another thread does. The limit is many times what that takes
 * on a slow machine: it ends a test that has failed. */
static inline bool
eventually(const std::function<bool()> &is_so)
{
	for (int i = 0; i < 60000; i++) {
		if (is_so())
			return true;
		usleep(2000);
	}
	return false;
}

static inline std::string
background_file(const std::string &path)
{
	std::ifstream file(path);
	std::stringstream text;

	text << file.rdbuf();
	return text.str();
}

/* The folders in /proc of this process's threads of that name, with a slash. */
static inline std::vector<std::string>
background_threads()
{
	const std::string tasks = "/proc/self/task/";
	std::vector<std::string> found;
	DIR *folder = opendir(tasks.c_str());

	while (struct dirent *entry = readdir(folder)) {
		std::string path = tasks + entry->d_name + "/";
		if (entry->d_name[0] != '.' &&
		    background_file(path + "comm") == "poolkind\n")
			found.push_back(path);
	}
	closedir(folder);
	return found;
}

/* How many threads there are beside the calling one, of whatever name: one that
 * was just made has none yet. ThreadSanitizer has one of its own. */
static inline size_t
other_threads()
{
	size_t count = 0;
#ifdef __SANITIZE_THREAD__
	return background_threads().size();
#endif
	DIR *folder = opendir("/proc/self/task");

	while (struct dirent *entry = readdir(folder))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count - 1;
}

/* Whether all threads but the calling one have ended, also for the kernel. */
static inline bool
is_alone()
{
	return eventually([] { return other_threads() == 0; });
}

static inline bool
background_comes(size_t count = 1)
{
	return eventually([=] { return background_threads().size() == count; });
}

#endif /* TEST_LIB_BACKGROUND_H */
