/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_facts.h - where pages lie, asked of the kernel and not of the library,
 * for tests on a machine with several memories.
 *
 * What a machine has is read from /sys; the devices and file systems of the
 * machine that test/host/run boots are named by its variables.
 */
#ifndef TEST_HOST_HOST_FACTS_H
#define TEST_HOST_HOST_FACTS_H

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace host {

/* Whether this is the machine that test/host/run boots. */
bool in_guest();

/* The path of this program. */
std::string program();

/* The variable NAME of the environment; "" where it is not set. */
std::string variable(const char *name);

/* First line of a file; "" where it cannot be read. */
std::string line_of(const std::string &path);

/* "0-1,3" as numbers. */
std::vector<unsigned> numbers(const std::string &list);

/* Nodes of a state of /sys/devices/system/node: has_memory, has_cpu, ... */
std::vector<unsigned> nodes_that(const char *state);

/* Huge pages of BYTES that NODE has free. */
size_t free_huge_pages(unsigned node, size_t bytes);

/* Bytes of the DAX device DEVICE, a path. */
size_t device_bytes(const std::string &device);

/* Runs BODY in a thread on the processors of NODE. */
void run_on_node(unsigned node, const std::function<void()> &body);

/* Moves this thread to the processors of NODE. */
void move_to_node(unsigned node);

/* The node of each page of 4 KiB; below 0 the error of move_pages(2). */
std::vector<int> nodes_of_pages(const void *start, size_t bytes);

/* Computes until move_pages(2) takes most of the pages for absent that are in
 * memory, or for long enough: false. */
bool wait_for_passed_over(const void *start, size_t bytes);

/* How many pages each node has. */
using PagesPerNode = std::map<int, size_t>;
PagesPerNode pages_per_node(const void *start, size_t bytes);

/* The nodes that have some. */
using Nodes = std::vector<unsigned>;
Nodes nodes_of(const void *block, size_t bytes);

/* The node of one page by get_mempolicy(2); -1 where it does not say. */
int node_at(const void *addr);

/* The policy of the memory at ADDR, as "bind", "prefer" or "default", by
 * get_mempolicy(2) and by /proc/self/numa_maps; "?" where they do not agree. */
std::string policy_at(const void *addr);

/* The number of a field of /proc/self/smaps for the mapping of ADDR, in the
 * file's unit; 0 where there is none. */
size_t smaps_field(const void *addr, const char *field);

/* Counts events of the kernel, of this whole machine, from its making on. */
class Tracepoint {
public:
	/* EVENT as in "fs_dax/dax_pmd_fault_done". */
	explicit Tracepoint(const std::string &event);
	~Tracepoint();
	Tracepoint(const Tracepoint &) = delete;
	Tracepoint &operator=(const Tracepoint &) = delete;
	/* Whether the kernel has it. */
	bool
	is_there() const
	{
		return there_;
	}
	/* Events so far whose line has WORD. */
	size_t count(const std::string &word) const;

private:
	std::string name_, switch_;
	bool there_;
};

} // namespace host

#define IN_GUEST_OR_SKIP() \
	if (!host::in_guest()) \
	GTEST_SKIP() << "not in the machine of test/host/run (VM_GUEST)"

#define FULL_PROFILE_OR_SKIP() \
	if (host::variable("VM_PROFILE") != "full") \
	GTEST_SKIP() << "for the machine of test/host/run, profile full"

/* Puts the value of a variable into VAR, or skips the test. */
#define VARIABLE_OR_SKIP(var, name) \
	IN_GUEST_OR_SKIP(); \
	std::string var = host::variable(name); \
	if (var.empty()) \
	GTEST_SKIP() << "this machine has no " << (name)

#endif /* TEST_HOST_HOST_FACTS_H */
