/* SPDX-License-Identifier: BSD-2-Clause */
/* host_facts.cpp - see host_facts.h. */
#include "host_facts.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace host {

static const size_t PAGE = 4096;
static const int MPOL_F_NODE = 1, MPOL_F_ADDR = 2;
static const int MPOL_F_STATIC_NODES = 1 << 15;
static const std::string NODES = "/sys/devices/system/node/";
static const std::string TRACING = "/sys/kernel/tracing/";

bool
in_guest()
{
	return !variable("VM_GUEST").empty();
}

std::string
program()
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path));

	return std::string(path, length < 0 ? 0 : length);
}

std::string
variable(const char *name)
{
	const char *value = getenv(name);
	return value ? value : "";
}

std::string
line_of(const std::string &path)
{
	std::ifstream file(path);
	std::string line;
	std::getline(file, line);
	return line;
}

static bool
write_line(const std::string &path, const std::string &text)
{
	std::ofstream file(path);
	file << text << std::endl;
	return file.good();
}

std::vector<unsigned>
numbers(const std::string &list)
{
	std::vector<unsigned> found;
	std::istringstream ranges(list);
	unsigned first, last;
	char mark;
	while (ranges >> first) {
		last = first;
		if (ranges.peek() == '-')
			ranges >> mark >> last;
		for (unsigned i = first; i <= last; i++)
			found.push_back(i);
		ranges >> mark; /* the comma */
	}
	return found;
}

std::vector<unsigned>
nodes_that(const char *state)
{
	return numbers(line_of(NODES + state));
}

size_t
free_huge_pages(unsigned node, size_t bytes)
{
	std::string line = line_of(NODES + "node" + std::to_string(node) +
	    "/hugepages/hugepages-" + std::to_string(bytes / 1024) +
	    "kB/free_hugepages");
	return strtoull(line.c_str(), nullptr, 10);
}

size_t
device_bytes(const std::string &device)
{
	struct stat info;
	if (stat(device.c_str(), &info) != 0)
		return 0;
	std::string folder = "/sys/dev/char/" +
	    std::to_string(major(info.st_rdev)) + ":" +
	    std::to_string(minor(info.st_rdev));
	return strtoull(line_of(folder + "/size").c_str(), nullptr, 10);
}

void
move_to_node(unsigned node)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	for (unsigned cpu : numbers(
		 line_of(NODES + "node" + std::to_string(node) + "/cpulist")))
		CPU_SET(cpu, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set))
	    << "node " << node << ": " << strerror(errno);
}

void
run_on_node(unsigned node, const std::function<void()> &body)
{
	std::thread([&] {
		move_to_node(node);
		if (!testing::Test::HasFatalFailure())
			body();
	}).join();
}

std::vector<int>
nodes_of_pages(const void *start, size_t bytes)
{
	uintptr_t first = reinterpret_cast<uintptr_t>(start) & ~(PAGE - 1);
	uintptr_t end = reinterpret_cast<uintptr_t>(start) + bytes;
	std::vector<void *> pages;
	for (uintptr_t page = first; page < end; page += PAGE)
		pages.push_back(reinterpret_cast<void *>(page));
	std::vector<int> nodes(pages.size());
	long failed = syscall(SYS_move_pages, 0, pages.size(), pages.data(),
	    nullptr, nodes.data(), 0);
	EXPECT_EQ(0, failed) << "move_pages: " << strerror(errno);
	return nodes;
}

static size_t
count_passed_over(const void *start, size_t bytes)
{
	std::vector<int> nodes = nodes_of_pages(start, bytes);
	std::vector<unsigned char> there(nodes.size());
	size_t count = 0;

	EXPECT_EQ(0, mincore(const_cast<void *>(start), bytes, there.data()));
	for (size_t i = 0; i < bytes / PAGE; i++)
		count += (nodes[i] == -ENOENT || nodes[i] == -EFAULT) &&
		    (there[i] & 1) != 0;
	return count;
}

bool
wait_for_passed_over(const void *start, size_t bytes)
{
	volatile size_t sum = 0;

	for (unsigned rounds = 0; rounds < 200; rounds++) {
		for (size_t i = 0; i < 20000000; i++)
			sum = sum + i;
		if (count_passed_over(start, bytes) > bytes / PAGE / 2)
			return true;
	}
	return false;
}

PagesPerNode
pages_per_node(const void *start, size_t bytes)
{
	PagesPerNode count;
	for (int node : nodes_of_pages(start, bytes))
		count[node]++;
	return count;
}

Nodes
nodes_of(const void *block, size_t bytes)
{
	Nodes nodes;
	for (auto &[node, pages] : pages_per_node(block, bytes))
		nodes.push_back(static_cast<unsigned>(node));
	return nodes;
}

int
node_at(const void *addr)
{
	int node;
	if (syscall(SYS_get_mempolicy, &node, nullptr, 0, addr,
		MPOL_F_NODE | MPOL_F_ADDR) != 0)
		return -1;
	return node;
}

/* The second word of the line of the mapping, up to its nodes: "bind:2". */
static std::string
policy_in_maps(const void *addr)
{
	std::ifstream file("/proc/self/numa_maps");
	std::string line, policy = "?";
	uintptr_t wanted = reinterpret_cast<uintptr_t>(addr), start;
	char word[64];
	while (std::getline(file, line))
		if (sscanf(line.c_str(), "%lx %63[a-z]", &start, word) == 2 &&
		    start <= wanted)
			policy = word;
	return policy;
}

std::string
policy_at(const void *addr)
{
	/* MPOL_DEFAULT and so on; 5 prefers several. */
	static const std::map<int, std::string> names = { { 0, "default" },
		{ 1, "prefer" }, { 2, "bind" }, { 5, "prefer" } };
	std::string in_maps = policy_in_maps(addr);
	unsigned long mask[16];
	int policy;
	if (syscall(
		SYS_get_mempolicy, &policy, mask, 1024, addr, MPOL_F_ADDR) != 0)
		return "?" + in_maps;
	policy &= ~MPOL_F_STATIC_NODES;
	if (names.count(policy) == 0 || names.at(policy) != in_maps)
		return "?" + in_maps;
	return in_maps;
}

size_t
smaps_field(const void *addr, const char *field)
{
	std::ifstream file("/proc/self/smaps");
	std::string line, word = std::string(field) + ":";
	uintptr_t wanted = reinterpret_cast<uintptr_t>(addr);
	bool inside = false;
	while (std::getline(file, line)) {
		unsigned long low, high;
		if (sscanf(line.c_str(), "%lx-%lx ", &low, &high) == 2)
			inside = low <= wanted && wanted < high;
		else if (inside && line.compare(0, word.size(), word) == 0)
			return strtoull(
			    line.c_str() + word.size(), nullptr, 10);
	}
	return 0;
}

Tracepoint::Tracepoint(const std::string &event)
    : name_(event.substr(event.find('/') + 1) + ":"),
      switch_(TRACING + "events/" + event + "/enable")
{
	write_line(TRACING + "trace", "");
	there_ = write_line(switch_, "1");
}

Tracepoint::~Tracepoint()
{
	if (there_)
		write_line(switch_, "0");
}

size_t
Tracepoint::count(const std::string &word) const
{
	std::ifstream file(TRACING + "trace");
	std::string line;
	size_t found = 0;
	while (std::getline(file, line))
		found += line.find(name_) != std::string::npos &&
		    line.find(word) != std::string::npos;
	return found;
}

} // namespace host
