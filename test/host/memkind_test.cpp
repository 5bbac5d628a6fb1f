/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind_test.cpp - where the memory of memkind's kinds lies, asked of the
 * kernel, from threads on each node.
 *
 * For the machine that test/host/run boots, as place_test.cpp. What a variable
 * changes is tried in a process of its own, which is this program again.
 */
#include <gtest/gtest.h>
#include <hbwmalloc.h>
#include <memkind.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host_facts.h"

namespace {

constexpr size_t MIB = 1 << 20;
using host::Nodes;

unsigned
kmem_node()
{
	return static_cast<unsigned>(
	    strtoul(host::variable("VM_KMEM_NODE").c_str(), nullptr, 10));
}

/* The nodes of the pages of a block, all of which were touched. */
Nodes
nodes_of(void *block, size_t bytes)
{
	memset(block, 1, bytes);
	return host::nodes_of(block, bytes);
}

/* The nodes of a block that a thread on node FROM gets. */
Nodes
nodes_from(unsigned from, memkind_t kind, size_t bytes = 2 * MIB)
{
	Nodes nodes;
	host::run_on_node(from, [&] {
		void *block = memkind_malloc(kind, bytes);
		ASSERT_NE(nullptr, block) << strerror(errno);
		nodes = nodes_of(block, bytes);
		EXPECT_EQ(kind, memkind_detect_kind(block));
		memkind_free(kind, block);
	});
	return nodes;
}

/* Runs the test NAME, disabled here, with VARIABLE set. */
void
run_with(const char *name, const char *variable, const char *value)
{
	std::string command = std::string(variable) + "=" + value + " '" +
	    host::program() + "' --gtest_also_run_disabled_tests " +
	    "--gtest_filter='" + name + "' 2>&1";
	std::string said;
	char line[256];
	FILE *child = popen(command.c_str(), "r");
	ASSERT_NE(nullptr, child);
	while (fgets(line, sizeof(line), child) != nullptr)
		said += std::string("| ") + line;
	EXPECT_EQ(0, pclose(child)) << command << "\n" << said;
}

} // namespace

TEST(MemkindTest, KindsLieWhereTheirNamesSay)
{
	FULL_PROFILE_OR_SKIP();
	unsigned kmem = kmem_node();
	const struct {
		const char *name;
		memkind_t kind;
		Nodes from_0, from_1;
	} cases[] = {
		{ "HBW", MEMKIND_HBW, { 2 }, { 2 } },
		{ "HBW_ALL", MEMKIND_HBW_ALL, { 2 }, { 2 } },
		{ "HBW_PREFERRED", MEMKIND_HBW_PREFERRED, { 2 }, { 2 } },
		{ "HBW_INTERLEAVE", MEMKIND_HBW_INTERLEAVE, { 2 }, { 2 } },
		{ "HBW_HUGETLB", MEMKIND_HBW_HUGETLB, { 2 }, { 2 } },
		{ "DAX_KMEM", MEMKIND_DAX_KMEM, { kmem }, { kmem } },
		{ "DAX_KMEM_ALL", MEMKIND_DAX_KMEM_ALL, { kmem }, { kmem } },
		{ "DAX_KMEM_PREFERRED", MEMKIND_DAX_KMEM_PREFERRED, { kmem },
		    { kmem } },
		{ "DAX_KMEM_INTERLEAVE", MEMKIND_DAX_KMEM_INTERLEAVE, { kmem },
		    { kmem } },
		{ "HIGHEST_CAPACITY", MEMKIND_HIGHEST_CAPACITY, { 0 }, { 0 } },
		{ "HIGHEST_CAPACITY_PREFERRED",
		    MEMKIND_HIGHEST_CAPACITY_PREFERRED, { 0 }, { 0 } },
		{ "HIGHEST_CAPACITY_LOCAL", MEMKIND_HIGHEST_CAPACITY_LOCAL,
		    { 0 }, { 1 } },
		{ "HIGHEST_CAPACITY_LOCAL_PREFERRED",
		    MEMKIND_HIGHEST_CAPACITY_LOCAL_PREFERRED, { 0 }, { 1 } },
		{ "LOWEST_LATENCY_LOCAL", MEMKIND_LOWEST_LATENCY_LOCAL, { 0 },
		    { 1 } },
		{ "HIGHEST_BANDWIDTH_LOCAL", MEMKIND_HIGHEST_BANDWIDTH_LOCAL,
		    { 2 }, { 1 } },
		{ "HIGHEST_BANDWIDTH_LOCAL_PREFERRED",
		    MEMKIND_HIGHEST_BANDWIDTH_LOCAL_PREFERRED, { 2 }, { 1 } },
	};
	for (auto &one : cases) {
		SCOPED_TRACE(one.name);
		EXPECT_EQ(0, memkind_check_available(one.kind));
		EXPECT_EQ(one.from_0, nodes_from(0, one.kind));
		EXPECT_EQ(one.from_1, nodes_from(1, one.kind));
		EXPECT_EQ(one.from_0, nodes_from(0, one.kind, 100));
	}
}

TEST(MemkindTest, PlainKindsLieWhereTheyAreTouched)
{
	FULL_PROFILE_OR_SKIP();
	for (memkind_t kind : { MEMKIND_DEFAULT, MEMKIND_REGULAR }) {
		EXPECT_EQ(Nodes{ 0 }, nodes_from(0, kind, 2 * MIB));
		EXPECT_EQ(Nodes{ 1 }, nodes_from(1, kind, 16 * MIB));
	}
}

TEST(MemkindTest, InterleaveIsOnEveryNode)
{
	IN_GUEST_OR_SKIP();
	Nodes all = host::nodes_that("has_memory");
	EXPECT_EQ(all, nodes_from(0, MEMKIND_INTERLEAVE, 8 * MIB));
}

/* B17 of memkind: memory stayed where the arena's first thread ran. */
TEST(MemkindTest, LocalKindsFollowTheThread)
{
	FULL_PROFILE_OR_SKIP();
	memkind_t kind = MEMKIND_HIGHEST_BANDWIDTH_LOCAL;
	host::move_to_node(0);
	void *first = memkind_malloc(kind, MIB);
	EXPECT_EQ(Nodes{ 2 }, nodes_of(first, MIB));
	host::move_to_node(1);
	void *second = memkind_malloc(kind, MIB);
	EXPECT_EQ(Nodes{ 1 }, nodes_of(second, MIB));
	memkind_free(kind, first);
	memkind_free(kind, second);
}

TEST(MemkindTest, KindsThatBindSaySo)
{
	FULL_PROFILE_OR_SKIP();
	const struct {
		const char *policy;
		memkind_t kind;
	} cases[] = {
		{ "bind", MEMKIND_REGULAR },
		{ "bind", MEMKIND_HBW },
		{ "bind", MEMKIND_HBW_ALL },
		{ "bind", MEMKIND_DAX_KMEM },
		{ "bind", MEMKIND_DAX_KMEM_ALL },
		{ "bind", MEMKIND_HIGHEST_CAPACITY },
		{ "bind", MEMKIND_HIGHEST_CAPACITY_LOCAL },
		{ "bind", MEMKIND_LOWEST_LATENCY_LOCAL },
		{ "bind", MEMKIND_HIGHEST_BANDWIDTH_LOCAL },
		{ "prefer", MEMKIND_HBW_PREFERRED },
		{ "prefer", MEMKIND_DAX_KMEM_PREFERRED },
		{ "default", MEMKIND_DEFAULT },
	};
	for (auto &one : cases)
		for (size_t bytes :
		    { size_t{ 16 }, size_t{ 4096 }, MIB, 100 * MIB }) {
			void *block = memkind_malloc(one.kind, bytes);
			ASSERT_NE(nullptr, block) << one.policy << bytes;
			EXPECT_EQ(one.policy, host::policy_at(block)) << bytes;
			memkind_free(one.kind, block);
		}
}

TEST(MemkindTest, VariablesNameNodes)
{
	FULL_PROFILE_OR_SKIP();
	run_with("*DISABLED_HbwIsNode3", "MEMKIND_HBW_NODES", "3");
	run_with("*DISABLED_HbwIsNearest", "MEMKIND_HBW_NODES", "2,3");
	run_with("*DISABLED_HbwIsNode2", "MEMKIND_HBW_THRESHOLD", "300000");
	run_with("*DISABLED_KmemIsNode3", "MEMKIND_DAX_KMEM_NODES", "3");
	run_with("*DISABLED_NoHbw", "MEMKIND_HBW_THRESHOLD", "4000000000");
}

/* Before the node is full: what is preferred stays elsewhere for a while. */
TEST(MemkindTest, HbwIsVerified)
{
	FULL_PROFILE_OR_SKIP();
	ASSERT_EQ(0, hbw_check_available());
	char *block = static_cast<char *>(hbw_malloc(MIB));
	ASSERT_NE(nullptr, block);
	EXPECT_EQ(0, hbw_verify_memory_region(block, MIB, HBW_TOUCH_PAGES));
	void *other = memkind_malloc(MEMKIND_HIGHEST_CAPACITY, MIB);
	EXPECT_EQ(-1, hbw_verify_memory_region(other, MIB, HBW_TOUCH_PAGES));
	hbw_free(block);
	hbw_free(other);
}

TEST(MemkindTest, FullNodeIsAnAnswer)
{
	FULL_PROFILE_OR_SKIP();
	std::vector<void *> blocks;
	void *block;
	while ((block = memkind_malloc(MEMKIND_HBW, 2 * MIB)) != nullptr) {
		memset(block, 1, 2 * MIB);
		blocks.push_back(block);
		ASSERT_LT(blocks.size(), 4096u);
	}
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_GT(blocks.size(), 150u);
	EXPECT_EQ(Nodes{ 2 }, nodes_of(blocks.back(), 2 * MIB));
	/* What is preferred goes elsewhere. */
	block = memkind_malloc(MEMKIND_HBW_PREFERRED, 32 * MIB);
	ASSERT_NE(nullptr, block);
	EXPECT_NE(Nodes{ 2 }, nodes_of(block, 32 * MIB));
	memkind_free(nullptr, block);
	for (void *one : blocks)
		memkind_free(MEMKIND_HBW, one);
	EXPECT_EQ(Nodes{ 2 }, nodes_from(0, MEMKIND_HBW));
}

TEST(MemkindTest, CapacityIsThatOfTheNodes)
{
	FULL_PROFILE_OR_SKIP();
	ssize_t hbw = memkind_get_capacity(MEMKIND_HBW);
	ssize_t most = memkind_get_capacity(MEMKIND_HIGHEST_CAPACITY);
	ssize_t regular = memkind_get_capacity(MEMKIND_REGULAR);
	EXPECT_GT(hbw, 256 * static_cast<ssize_t>(MIB));
	EXPECT_LT(hbw, most);
	EXPECT_LT(most, regular);
	EXPECT_EQ(-1, memkind_get_capacity(MEMKIND_HBW_PREFERRED));
	EXPECT_EQ(-1, memkind_get_capacity(MEMKIND_HBW_HUGETLB));
	EXPECT_GT(memkind_get_capacity(MEMKIND_HUGETLB), 0);
}

TEST(MemkindTest, DaxDirectoriesAreTold)
{
	VARIABLE_OR_SKIP(dax, "VM_FSDAX_EXT4");
	EXPECT_EQ(0, memkind_check_dax_path(dax.c_str()));
	EXPECT_EQ(MEMKIND_ERROR_MMAP, memkind_check_dax_path("/dev/shm"));
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST(MemkindVariablesTest, DISABLED_HbwIsNode3)
{
	EXPECT_EQ(Nodes{ 3 }, nodes_from(0, MEMKIND_HBW));
	EXPECT_EQ(Nodes{ 3 }, nodes_from(1, MEMKIND_HBW_ALL));
}

TEST(MemkindVariablesTest, DISABLED_HbwIsNearest)
{
	EXPECT_EQ(Nodes{ 2 }, nodes_from(0, MEMKIND_HBW));
	EXPECT_EQ(Nodes{ 3 }, nodes_from(1, MEMKIND_HBW));
	EXPECT_EQ(Nodes{ 3 }, nodes_from(1, MEMKIND_HBW_PREFERRED));
	EXPECT_EQ((Nodes{ 2, 3 }), nodes_from(0, MEMKIND_HBW_INTERLEAVE));
}

TEST(MemkindVariablesTest, DISABLED_HbwIsNode2)
{
	EXPECT_EQ(Nodes{ 2 }, nodes_from(0, MEMKIND_HBW));
}

TEST(MemkindVariablesTest, DISABLED_KmemIsNode3)
{
	EXPECT_EQ(Nodes{ 3 }, nodes_from(0, MEMKIND_DAX_KMEM));
}

TEST(MemkindVariablesTest, DISABLED_NoHbw)
{
	EXPECT_EQ(MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE,
	    memkind_check_available(MEMKIND_HBW));
	EXPECT_EQ(nullptr, memkind_malloc(MEMKIND_HBW, 1));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(ENODEV, hbw_check_available());
	void *block = hbw_malloc(1);
	EXPECT_EQ(MEMKIND_DEFAULT, memkind_detect_kind(block));
	hbw_free(block);
}
