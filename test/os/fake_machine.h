/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_machine.h - a folder in the place of /proc and /sys, in which the tests
 * say what memory a machine and its cgroups have.
 */
#ifndef TEST_OS_FAKE_MACHINE_H
#define TEST_OS_FAKE_MACHINE_H

#include <filesystem>
#include <fstream>

#include "os_test.h"

class FakeMachine {
public:
	FakeMachine()
	{
		const char *base = getenv("TMPDIR");

		root = std::string(base != nullptr ? base : "/tmp") +
		    "/poolkind-machine.XXXXXX";
		if (mkdtemp(&root[0]) == nullptr)
			ADD_FAILURE() << root << ": " << strerror(errno);
		os_root_at(root.c_str());
	}
	~FakeMachine()
	{
		os_root_at(nullptr);
		forget_answers();
		std::filesystem::remove_all(root);
	}
	FakeMachine(const FakeMachine &) = delete;
	FakeMachine &operator=(const FakeMachine &) = delete;

	/* What the engine was told before counts no longer. */
	static void
	forget_answers()
	{
		os_clock_advance(1000);
	}

	void
	write(const std::string &path, const std::string &text)
	{
		std::filesystem::path whole = root + path;

		std::filesystem::create_directories(whole.parent_path());
		std::ofstream(whole) << text;
		forget_answers();
	}

	void
	memory(uint64_t available, uint64_t total = 64 * GIB, uint64_t swap = 0)
	{
		write("/proc/meminfo",
		    "MemTotal:       " + kib(total) + "MemFree:        1 kB\n" +
			"MemAvailable:   " + kib(available) +
			"SwapTotal:      999999999 kB\nSwapFree:       " +
			kib(swap));
	}

	void
	member_of(const std::string &lines)
	{
		write("/proc/self/cgroup", lines);
	}

	/* A cgroup of version 2; PATH as in /proc/self/cgroup. */
	void
	cgroup(const std::string &path, const std::string &limit,
	    uint64_t usage, uint64_t file = 0, const std::string &mount = "")
	{
		std::string at = "/sys/fs/cgroup" + mount + path;

		write("/sys/fs/cgroup" + mount + "/cgroup.controllers",
		    "memory\n");
		write(at + "/memory.max", limit + "\n");
		write(at + "/memory.current", std::to_string(usage) + "\n");
		write(at + "/memory.stat",
		    "anon 123456789\nfile " + std::to_string(2 * file) +
			"\ninactive_anon 99999999\nactive_file " +
			std::to_string(file / 2) + "\ninactive_file " +
			std::to_string(file - file / 2) + "\n");
	}

	/* One of version 1. */
	void
	old_cgroup(const std::string &path, uint64_t limit, uint64_t usage,
	    uint64_t file = 0, const std::string &mount = "/memory")
	{
		std::string at = "/sys/fs/cgroup" + mount + path;

		write(at + "/memory.limit_in_bytes",
		    std::to_string(limit) + "\n");
		write(at + "/memory.usage_in_bytes",
		    std::to_string(usage) + "\n");
		write(at + "/memory.stat",
		    "inactive_file 99999999999\ntotal_inactive_file " +
			std::to_string(file) + "\ntotal_active_file 0\n");
	}

	std::string root;

private:
	static std::string
	kib(uint64_t bytes)
	{
		return std::to_string(bytes / KIB) + " kB\n";
	}
};

#endif /* TEST_OS_FAKE_MACHINE_H */
