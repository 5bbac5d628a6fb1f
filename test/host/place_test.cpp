/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place_test.cpp - kinds that know the machine: nodes by attribute, threads
 * that move, full nodes, weights, devices. The kernel is asked where the pages
 * are.
 *
 * For the machine that test/host/run boots, whose nodes are written down there:
 * 0 and 1 have processors, 2 is fast and near 0, 3 slow and near 1, and one
 * comes from a DAX device. Elsewhere all is skipped.
 */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <algorithm>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "host_facts.h"

using engine::KIB;
using engine::Kind;
using engine::MIB;
using engine::open_kind;

namespace {

using host::Nodes;
using host::nodes_of;

/* The nodes of a block that KIND hands out to a thread on node FROM. */
Nodes
nodes_from(poolkind *kind, unsigned from, size_t bytes = MIB)
{
	Nodes nodes;
	host::run_on_node(from, [&] {
		void *block = poolkind_malloc(kind, bytes);
		ASSERT_NE(nullptr, block) << strerror(errno);
		memset(block, 1, bytes);
		nodes = nodes_of(block, bytes);
		poolkind_free(kind, block);
	});
	return nodes;
}

unsigned
kmem_node()
{
	return static_cast<unsigned>(
	    strtoul(host::variable("VM_KMEM_NODE").c_str(), nullptr, 10));
}

} // namespace

/* ---- Ranks ----------------------------------------------------------------
 */

TEST(RankTest, LocalIsTheBestForTheThreadThatAsks)
{
	FULL_PROFILE_OR_SKIP();
	const struct {
		const char *text;
		Nodes from_0, from_1;
	} cases[] = {
		{ "bandwidth", { 2 }, { 1 } },
		{ "latency", { 0 }, { 1 } },
		{ "capacity", { 0 }, { 1 } },
		{ "hbw", { 2 }, { 2 } },
		{ "bandwidth,policy=preferred", { 2 }, { 1 } },
		{ "bandwidth,page=thp", { 2 }, { 1 } },
		{ "bandwidth,page=2M", { 2 }, { 1 } },
		{ "dax-kmem", { kmem_node() }, { kmem_node() } },
	};
	for (auto &one : cases) {
		SCOPED_TRACE(one.text);
		Kind kind = open_kind(one.text);
		ASSERT_NE(nullptr, kind);
		EXPECT_EQ(one.from_0, nodes_from(kind.get(), 0));
		EXPECT_EQ(one.from_1, nodes_from(kind.get(), 1));
		EXPECT_EQ(one.from_0, nodes_from(kind.get(), 0, 100));
		EXPECT_EQ(0, poolkind_check(kind.get()));
	}
}

TEST(RankTest, AllIsTheBestOfTheMachine)
{
	FULL_PROFILE_OR_SKIP();
	const struct {
		const char *text;
		Nodes nodes;
	} cases[] = {
		{ "bandwidth,scope=all", { 2 } },
		{ "capacity,scope=all", { 0 } },
		{ "hbw,scope=all", { 2 } },
		{ "dax-kmem,scope=all", { kmem_node() } },
		{ "latency,scope=all,policy=interleave", { 0, 1 } },
	};
	for (auto &one : cases)
		for (unsigned from : { 0, 1 }) {
			SCOPED_TRACE(one.text);
			Kind kind = open_kind(one.text);
			ASSERT_NE(nullptr, kind);
			EXPECT_EQ(
			    one.nodes, nodes_from(kind.get(), from, 8 * MIB));
		}
}

TEST(RankTest, WithoutHmatSaysSo)
{
	if (host::variable("VM_PROFILE") != "nohmat")
		GTEST_SKIP() << "for the profile nohmat";
	for (const char *text : { "bandwidth", "latency,scope=all" })
		EXPECT_REFUSED(!poolkind_open(text, 0), ENODEV, "HMAT");
	Kind kind = open_kind("capacity");
	EXPECT_EQ(Nodes{ 1 }, nodes_from(kind.get(), 1));
}

TEST(RankTest, WithoutDevicesSaysSo)
{
	if (host::variable("VM_PROFILE") != "plain")
		GTEST_SKIP() << "for the profile plain";
	EXPECT_REFUSED(!poolkind_open("dax-kmem", 0), ENODEV, "DAX");
	EXPECT_REFUSED(!poolkind_open("dax:auto", 0), ENODEV, "DAX");
}

/* ---- Threads --------------------------------------------------------------
 */

/* A thread that moves has blocks of the new node when its cache was empty. */
TEST(LocalTest, FollowsTheThread)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("latency");
	std::vector<void *> blocks;
	auto take = [&] {
		for (int i = 0; i < 4000; i++) {
			blocks.push_back(poolkind_malloc(kind.get(), 1000));
			memset(blocks.back(), 1, 1000);
		}
	};
	host::run_on_node(0, [&] {
		take();
		EXPECT_EQ(Nodes{ 0 }, nodes_of(blocks.back(), 1000));
		host::move_to_node(1);
		take();
		EXPECT_EQ(Nodes{ 1 }, nodes_of(blocks.back(), 1000));
		host::move_to_node(0);
		take();
		EXPECT_EQ(Nodes{ 0 }, nodes_of(blocks.back(), 1000));
	});
	for (void *block : blocks)
		poolkind_free(kind.get(), block);
	EXPECT_EQ(0, poolkind_check(kind.get()));
	EXPECT_EQ(0u, engine::stats_of(kind.get()).live);
}

/* What a thread frees is not what it is given next, if it lies elsewhere. */
TEST(LocalTest, BlocksFreedElsewhereGoHome)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("latency");
	std::vector<void *> blocks;
	host::run_on_node(0, [&] {
		for (int i = 0; i < 4000; i++)
			blocks.push_back(poolkind_malloc(kind.get(), 4096));
	});
	host::run_on_node(1, [&] {
		for (void *block : blocks)
			poolkind_free(kind.get(), block);
		for (int i = 0; i < 4000; i++) {
			void *block = poolkind_malloc(kind.get(), 4096);
			memset(block, 1, 4096);
			ASSERT_EQ(Nodes{ 1 }, nodes_of(block, 4096)) << i;
		}
	});
}

TEST(LocalTest, ALimitIsForAllPlacesTogether)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("latency,limit=32M");
	for (unsigned first : { 0u, 1u }) {
		engine::Chain chain;
		size_t here = 0, there = 0;
		host::run_on_node(first,
		    [&] { here = chain.fill(kind.get(), 64 * KIB, 256); });
		host::run_on_node(1 - first,
		    [&] { there = chain.fill(kind.get(), 64 * KIB); });
		EXPECT_EQ(256u, here);
		EXPECT_GE(here + there, 490u);
		EXPECT_LE(here + there, 512u);
		chain.free_all(kind.get());
	}
}

/* ---- Limits that are a part -----------------------------------------------
 */

/* All bytes of a node: the first line is "Node 2 MemTotal:  524288 kB". */
size_t
memory_of(unsigned node)
{
	std::string line = host::line_of("/sys/devices/system/node/node" +
	    std::to_string(node) + "/meminfo");
	size_t at = line.find("MemTotal:");

	return at == std::string::npos ?
	    0 :
	    strtoull(line.c_str() + at + strlen("MemTotal:"), nullptr, 10) *
		KIB;
}

/* Of all nodes that the kind takes memory from. */
size_t
memory_of(poolkind *kind)
{
	unsigned long mask[1] = {};
	size_t sum = 0;

	EXPECT_EQ(0, poolkind_get_nodes(kind, mask, 64));
	for (unsigned node = 0; node < 64; node++)
		if (mask[0] >> node & 1)
			sum += memory_of(node);
	return sum;
}

TEST(PartTest, IsOneOfTheNodesOfTheKind)
{
	FULL_PROFILE_OR_SKIP();
	for (const char *text :
	    { "nodes:2", "nodes:0-1", "nodes:all", "dram", "hbw", "bandwidth",
		"bandwidth,scope=all", "latency", "dax-kmem" }) {
		Kind kind = open_kind(std::string(text) + ",limit=50%");
		size_t half = memory_of(kind.get()) / 2;

		EXPECT_EQ(
		    half / 4096 * 4096, engine::stats_of(kind.get()).limit)
		    << text;
	}
}

TEST(PartTest, SharesFitIntoTheNodeTogether)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(300, [] {
		setenv("MPI_LOCALNRANKS", "2", 1);
		Kind one = open_kind("nodes:2,limit=share");
		Kind two = open_kind("nodes:2,limit=share");
		engine::Chain of_one, of_two;

		of_one.fill(one.get(), MIB);
		of_two.fill(two.get(), MIB);
		size_t first = engine::stats_of(one.get()).committed;
		size_t second = engine::stats_of(two.get()).committed;
		EXPECT_GE(first, memory_of(2) / 2 / 10 * 9);
		EXPECT_LE(first, memory_of(2) / 2);
		EXPECT_LE(second, memory_of(2) / 2);
		EXPECT_GE(second, MIB);
		of_one.free_all(one.get());
		of_two.free_all(two.get());
	});
}

TEST(PartTest, IsOneOfTheDevice)
{
	VARIABLE_OR_SKIP(device, "VM_DEVDAX_PMEM");
	EXPECT_EQ(host::device_bytes(device) / 2 / 4096 * 4096,
	    engine::stats_of(open_kind("dax:" + device + ",limit=50%").get())
		.limit);
	Kind part = open_kind("dax:" + device + ",size=8M,limit=25%");
	EXPECT_EQ(2 * MIB, engine::stats_of(part.get()).limit);
}

/* ---- Full nodes -----------------------------------------------------------
 */

TEST(FullNodeTest, IsNullAndNobodyIsKilled)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(120, [] {
		Kind kind = open_kind("nodes:2");
		std::vector<void *> blocks;
		void *block;
		errno = 0;
		while ((block = poolkind_malloc(kind.get(), MIB)) != nullptr) {
			memset(block, 1, MIB);
			blocks.push_back(block);
		}
		EXPECT_EQ(ENOMEM, errno);
		EXPECT_GE(blocks.size(), 380u);
		for (void *one : blocks)
			ASSERT_EQ(Nodes{ 2 }, nodes_of(one, MIB));
		poolkind_free(kind.get(), blocks[0]);
		EXPECT_NE(nullptr, poolkind_malloc(kind.get(), MIB));
		EXPECT_EQ(0, poolkind_check(kind.get()));
	});
}

TEST(FullNodeTest, FallsBackWhereToldTo)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(120, [] {
		Kind spare = open_kind("nodes:0,name=spare");
		Kind kind = open_kind("hbw,scope=all,fallback=spare");
		std::vector<void *> blocks;
		for (int i = 0; i < 600; i++) {
			blocks.push_back(poolkind_malloc(kind.get(), MIB));
			ASSERT_NE(nullptr, blocks.back()) << i;
		}
		EXPECT_EQ(kind.get(), poolkind_of(blocks.front()));
		EXPECT_EQ(spare.get(), poolkind_of(blocks.back()));
		EXPECT_EQ(Nodes{ 0 }, nodes_of(blocks.back(), MIB));
		for (void *one : blocks)
			poolkind_free(kind.get(), one);
	});
}

/* Large blocks leave a part of the node to small ones; and when some of them
 * are freed others come from it again. No thread cache has blocks of 2 MiB. */
TEST(FullNodeTest, MarksAreOfWhatItsNodesHave)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(300, [] {
		Kind kind = open_kind("nodes:2,high=90%,low=60% > nodes:0");
		struct poolkind_room room;
		std::vector<void *> blocks;
		auto take = [&](size_t bytes) {
			void *block = poolkind_malloc(kind.get(), bytes);
			ASSERT_NE(nullptr, block);
			memset(block, 1, bytes);
			blocks.push_back(block);
		};
		auto is_own = [&] {
			return poolkind_of(blocks.back()) == kind.get();
		};

		ASSERT_EQ(
		    0, poolkind_get_room(kind.get(), &room, sizeof(room)));
		do
			take(2 * MIB);
		while (is_own() && blocks.size() < 1000);
		size_t percent = (blocks.size() - 1) * 2 * MIB * 100 /
		    room.nodes;
		EXPECT_GE(percent, 87u) << room.nodes;
		EXPECT_LE(percent, 92u) << room.nodes;
		EXPECT_EQ(Nodes{ 0 }, nodes_of(blocks.back(), 2 * MIB));
		for (int i = 0; i < 2000; i++) {
			take(4 * KIB);
			ASSERT_TRUE(is_own()) << i;
		}
		EXPECT_EQ(Nodes{ 2 }, nodes_of(blocks.back(), 4 * KIB));
		for (size_t i = 0; i < 125; i++)
			poolkind_free(nullptr, blocks[i]);
		blocks.erase(blocks.begin(), blocks.begin() + 125);
		unsigned looks = 0;
		do
			take(2 * MIB);
		while (!is_own() && ++looks <= 64);
		EXPECT_LE(looks, 64u);
		EXPECT_EQ(Nodes{ 2 }, nodes_of(blocks.back(), 2 * MIB));
		EXPECT_EQ(1u, engine::stats_of(kind.get()).returns);
		for (void *one : blocks)
			poolkind_free(nullptr, one);
	});
}

TEST(FullNodeTest, LargeBlocksAreComparedWithWhatIsFree)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("nodes:3");
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 1024 * MIB));
	EXPECT_EQ(ENOMEM, errno);
	char *block = static_cast<char *>(
	    poolkind_malloc(kind.get(), 128 * MIB));
	ASSERT_NE(nullptr, block);
	block[50 * MIB] = 1;
	EXPECT_EQ(Nodes{ 3 }, nodes_of(block + 50 * MIB, 4096));
	size_t bytes[8];
	ASSERT_EQ(0, poolkind_block_nodes(block, bytes, 8));
	EXPECT_LE(bytes[3], 4 * MIB) << "never touched";
	poolkind_free(kind.get(), block);
}

/* Parent and child write to all that they have in common while the node is
 * full: copies lie elsewhere, and nobody is killed. */
TEST(FullNodeTest, AForkKillsNobody)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(300, [] {
		Kind kind = open_kind("nodes:2");
		std::vector<char *> blocks;
		char *block,
		    *large = static_cast<char *>(
			poolkind_malloc(kind.get(), 80 * MIB));
		ASSERT_NE(nullptr, large);
		memset(large, 1, 80 * MIB);
		while ((block = static_cast<char *>(
			    poolkind_malloc(kind.get(), MIB))) != nullptr)
			blocks.push_back(block);
		EXPECT_EQ(ENOMEM, errno);
		EXPECT_GE(blocks.size(), 280u);
		EXPECT_EQ("bind", host::policy_at(large));
		EXPECT_EQ("bind", host::policy_at(blocks[100]));
		pid_t child = fork();
		EXPECT_EQ("prefer", host::policy_at(large));
		EXPECT_EQ("prefer", host::policy_at(blocks[100]));
		memset(large, 2, 80 * MIB);
		for (char *one : blocks)
			memset(one, 2, MIB);
		if (child == 0)
			_exit(testing::Test::HasFailure());
		engine::Ending ending = engine::wait_for(child, 300);
		EXPECT_EQ(engine::Ending::Exited, ending.how) << ending.text();
		EXPECT_EQ(0, ending.code);
		for (size_t i = 0; i < blocks.size(); i += 2)
			poolkind_free(kind.get(), blocks[i]);
		poolkind_trim(kind.get());
		block = static_cast<char *>(poolkind_malloc(kind.get(), MIB));
		ASSERT_NE(nullptr, block);
		EXPECT_EQ(Nodes{ 2 }, nodes_of(block, MIB));
		EXPECT_EQ("bind", host::policy_at(block));
		EXPECT_EQ(0, poolkind_check(kind.get()));
	});
}

/* ---- Policies -------------------------------------------------------------
 */

TEST(PolicyTest, WeightsAreKept)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind(
	    "nodes:0-1,policy=weighted-interleave,weights=3:1,size=256M");
	char *block = static_cast<char *>(
	    poolkind_malloc(kind.get(), 64 * MIB));
	memset(block, 1, 64 * MIB);
	auto pages = host::pages_per_node(block, 64 * MIB);
	EXPECT_NEAR(0.75, static_cast<double>(pages[0]) / (16 * KIB), 0.07);
	EXPECT_NEAR(0.25, static_cast<double>(pages[1]) / (16 * KIB), 0.07);
}

/* What is left of a kind's memory, taken again, too. */
TEST(PolicyTest, KindsThatBindSaySo)
{
	FULL_PROFILE_OR_SKIP();
	for (const char *text :
	    { "nodes:2", "nodes:2-3", "nodes:0-1,home=1", "nodes:2,page=thp",
		"nodes:2,page=2M", "nodes:2-3,populate=yes", "hbw", "bandwidth",
		"capacity,scope=all", "dax-kmem" }) {
		SCOPED_TRACE(text);
		Kind kind = open_kind(text);
		ASSERT_NE(nullptr, kind);
		for (int turn = 0; turn < 3; turn++) {
			std::vector<void *> blocks;
			for (size_t bytes : { 64 * MIB, 8 * MIB, MIB, 64 * KIB,
				 4 * KIB, KIB, KIB / 16 }) {
				void *block = poolkind_malloc(
				    kind.get(), bytes);
				if (block == nullptr)
					continue; /* huge pages are few */
				EXPECT_EQ("bind", host::policy_at(block))
				    << bytes;
				blocks.push_back(block);
			}
			EXPECT_GE(blocks.size(), 6u);
			for (void *block : blocks)
				poolkind_free(kind.get(), block);
			poolkind_trim(kind.get());
		}
	}
	Kind prefers = open_kind("nodes:2,policy=preferred");
	EXPECT_EQ(
	    "prefer", host::policy_at(poolkind_malloc(prefers.get(), KIB)));
}

TEST(PolicyTest, HomeIsWherePagesComeFrom)
{
	FULL_PROFILE_OR_SKIP();
	for (unsigned home : { 0u, 1u })
		for (unsigned from : { 0u, 1u }) {
			Kind kind = open_kind(
			    "nodes:0-1,home=" + std::to_string(home));
			EXPECT_EQ(Nodes{ home }, nodes_from(kind.get(), from));
		}
}

TEST(PolicyTest, LocalIsWhereTheToucherRuns)
{
	FULL_PROFILE_OR_SKIP();
	for (unsigned from : { 0u, 1u }) {
		Kind kind = open_kind("dram,policy=local");
		EXPECT_EQ(Nodes{ from }, nodes_from(kind.get(), from));
		Kind many = open_kind("nodes:0-1,policy=preferred-many");
		EXPECT_EQ(Nodes{ from }, nodes_from(many.get(), from));
	}
}

TEST(PolicyTest, PopulatedBlocksOnSeveralNodesAreThere)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("nodes:2-3,populate=yes");
	void *block = poolkind_malloc(kind.get(), 8 * MIB);
	size_t bytes[8];
	ASSERT_EQ(0, poolkind_block_nodes(block, bytes, 8));
	EXPECT_EQ(8 * MIB, bytes[2] + bytes[3]);
	ASSERT_EQ(0, poolkind_get_node_bytes(kind.get(), bytes, 8));
	EXPECT_GE(bytes[2] + bytes[3], 8 * MIB);
}

/* As many parts as nodes, each taken near one of them; slices by weight; what
 * threads of a node without processors take. */
TEST(PopulateTest, ThreadsTakeEachPageOnItsNode)
{
	FULL_PROFILE_OR_SKIP();
	const size_t bytes = 64 * MIB, half = bytes / 2 / (4 * KIB);
	const struct {
		const char *text;
		host::PagesPerNode pages;
	} cases[] = {
		{ "nodes:2,populate=2", { { 2, 2 * half } } },
		{ "nodes:0-1,populate=2", { { 0, half }, { 1, half } } },
		{ "nodes:0-1,populate=5", { { 0, half }, { 1, half } } },
		{ "nodes:2-3,populate=2", { { 2, half }, { 3, half } } },
		{ "nodes:0-1,policy=interleave,populate=2",
		    { { 0, half }, { 1, half } } },
		{ "nodes:2-3,policy=weighted-interleave,weights=3:1,populate=2",
		    { { 2, half + half / 2 }, { 3, half / 2 } } },
		{ "nodes:0-1,home=1,populate=2", { { 1, 2 * half } } },
	};
	for (auto &one : cases)
		for (unsigned from : { 0u, 1u }) {
			Kind kind = open_kind(one.text);
			host::run_on_node(from, [&] {
				void *block = poolkind_aligned_alloc(
				    kind.get(), 8 * MIB, bytes);
				ASSERT_NE(nullptr, block) << one.text;
				EXPECT_EQ(one.pages,
				    host::pages_per_node(block, bytes))
				    << one.text << " from " << from;
				poolkind_free(kind.get(), block);
			});
		}
}

TEST(PopulateTest, HugePagesAreTakenByThreads)
{
	FULL_PROFILE_OR_SKIP();
	size_t free = host::free_huge_pages(2, 2 * MIB) * 2 * MIB;

	if (free < 32 * MIB)
		GTEST_SKIP() << "no huge pages on node 2";
	Kind kind = open_kind("nodes:2,page=2M,populate=2");
	char *block = static_cast<char *>(
	    poolkind_aligned_alloc(kind.get(), 2 * MIB, 16 * MIB));
	ASSERT_NE(nullptr, block);
	EXPECT_EQ(Nodes{ 2 }, nodes_of(block, 16 * MIB));
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), free));
	poolkind_free(kind.get(), block);
	poolkind_trim(kind.get());
	EXPECT_EQ(free / (2 * MIB), host::free_huge_pages(2, 2 * MIB));
}

/* NULL where a node is full, with nothing kept; the other one still serves a
 * kind on two. */
TEST(PopulateTest, AFullNodeGivesNullAndNothingIsKept)
{
	FULL_PROFILE_OR_SKIP();
	Kind full = open_kind("nodes:2,populate=2");
	Kind both = open_kind("nodes:2-3,populate=2");
	engine::Chain fill;
	size_t node[8] = { 0 };

	EXPECT_EQ(nullptr, poolkind_malloc(full.get(), 600 * MIB));
	EXPECT_EQ(0u, engine::stats_of(full.get()).committed);
	ASSERT_EQ(0, poolkind_get_node_bytes(full.get(), node, 8));
	for (size_t bytes : node)
		EXPECT_EQ(0u, bytes);
	EXPECT_GE(fill.fill(full.get(), 16 * MIB), 16u);
	EXPECT_EQ(nullptr, poolkind_malloc(full.get(), 32 * MIB));
	size_t kept = engine::stats_of(full.get()).committed;
	memset(node, 0, sizeof(node));
	ASSERT_EQ(0, poolkind_get_node_bytes(full.get(), node, 8));
	EXPECT_EQ(kept, node[2]);
	void *block = poolkind_malloc(both.get(), 64 * MIB);
	ASSERT_NE(nullptr, block);
	size_t on[8] = { 0 };
	ASSERT_EQ(0, poolkind_block_nodes(block, on, 8));
	EXPECT_EQ(64 * MIB, on[2] + on[3]);
	EXPECT_GE(on[3], 48 * MIB);
	EXPECT_EQ(nullptr, poolkind_malloc(both.get(), 600 * MIB));
	fill.free_all(full.get());
}

/* poolkind_populate() by threads of the program, pinned. */
TEST(PopulateTest, PartsAreOnTheNodesOfWhoTakesThem)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("nodes:0-1");
	char *block = static_cast<char *>(
	    poolkind_aligned_alloc(kind.get(), 2 * MIB, 64 * MIB));

	for (unsigned part : { 0u, 1u })
		host::run_on_node(part, [&] {
			EXPECT_EQ(0,
			    poolkind_populate(
				kind.get(), block, 64 * MIB, part, 2));
		});
	EXPECT_EQ(Nodes{ 0 }, nodes_of(block, 32 * MIB));
	EXPECT_EQ(Nodes{ 1 }, nodes_of(block + 32 * MIB, 32 * MIB));
	EXPECT_EQ("bind", host::policy_at(block));
	Kind small = open_kind("nodes:2");
	void *large = poolkind_malloc(small.get(), 400 * MIB);
	engine::Chain fill;
	fill.fill(small.get(), 16 * MIB);
	errno = 0;
	EXPECT_EQ(-1, poolkind_populate(small.get(), large, 400 * MIB, 0, 1));
	EXPECT_EQ(ENOMEM, errno);
	fill.free_all(small.get());
}

TEST(PolicyTest, AnAttributeComesToItsNodes)
{
	FULL_PROFILE_OR_SKIP();
	unsigned long mask[1];

	EXPECT_STREQ("nodes:2,limit=8M",
	    poolkind_resolved(open_kind("hbw,limit=8M").get()));
	EXPECT_STREQ("nodes:2",
	    poolkind_resolved(open_kind("bandwidth,scope=all").get()));
	Kind kind = open_kind("bandwidth");
	EXPECT_STREQ("nodes:1-2", poolkind_resolved(kind.get()));
	ASSERT_EQ(0, poolkind_get_nodes(kind.get(), mask, 64));
	EXPECT_EQ(6u, mask[0]);
	EXPECT_STREQ("nodes:2,size=8M > dram",
	    poolkind_resolved(open_kind("hbw,size=8M > dram").get()));
	std::string device = poolkind_resolved(open_kind("dax:auto").get());
	EXPECT_EQ(0u, device.find("dax:/dev/dax")) << device;
}

/* ---- Devices --------------------------------------------------------------
 */

TEST(DaxTest, ADeviceIsTheKindAsAWholeOrInPart)
{
	VARIABLE_OR_SKIP(device, "VM_DEVDAX_PMEM");
	size_t room = host::device_bytes(device);
	{
		Kind kind = open_kind("dax:" + device);
		EXPECT_EQ(room, engine::stats_of(kind.get()).size);
		engine::Chain chain;
		EXPECT_GE(chain.fill(kind.get(), 256 * KIB),
		    engine::nearly_all(room, 256 * KIB));
		EXPECT_EQ(0, poolkind_check(kind.get()));
	}
	Kind part = open_kind("dax:" + device + ",offset=4M,size=8M");
	EXPECT_EQ(8 * MIB, engine::stats_of(part.get()).size);
	engine::Chain chain;
	EXPECT_GE(chain.fill(part.get(), 64 * KIB),
	    engine::nearly_all(8 * MIB, 64 * KIB));
}

TEST(DaxTest, WhatTheDeviceCannotDoIsRefused)
{
	VARIABLE_OR_SKIP(device, "VM_DEVDAX_PMEM");
	std::string dax = "dax:" + device;
	for (const char *options :
	    { ",offset=4K", ",size=3M", ",size=4G", ",offset=2M,size=4G" })
		EXPECT_REFUSED(!poolkind_open((dax + options).c_str(), 0),
		    EINVAL, "multiples of 2097152");
}

TEST(DaxTest, ASecondProcessIsToldWhoHasIt)
{
	VARIABLE_OR_SKIP(device, "VM_DEVDAX_PMEM");
	Kind kind = open_kind("dax:" + device);
	std::string parent = "process " + std::to_string(getpid());
	engine::in_child(60, [&] {
		EXPECT_REFUSED(!poolkind_open(("dax:" + device).c_str(), 0),
		    EBUSY, parent);
	});
}

TEST(DaxTest, DevicesAreFound)
{
	FULL_PROFILE_OR_SKIP();
	Kind first = open_kind("dax:auto"), second = open_kind("dax:auto");
	ASSERT_NE(nullptr, first);
	ASSERT_NE(nullptr, second);
	EXPECT_REFUSED(!poolkind_open("dax:auto", 0), ENODEV, "DAX");
	first.reset();
	second.reset();
	std::string target = host::line_of("/sys/bus/dax/devices/" +
	    host::variable("VM_DEVDAX_PMEM").substr(5) + "/target_node");
	Kind named = open_kind("dax:node=" + target);
	EXPECT_EQ(host::device_bytes(host::variable("VM_DEVDAX_PMEM")),
	    engine::stats_of(named.get()).size);
	EXPECT_REFUSED(!poolkind_open("dax:node=99", 0), ENODEV, "99");
}

/* ---- Poisoned pages -------------------------------------------------------
 */

namespace {

struct poolkind_block lost;
sigjmp_buf after;

void
on_poison(int, siginfo_t *info, void *)
{
	poolkind_block_at(info->si_addr, &lost);
	siglongjmp(after, info->si_code);
}

} // namespace

TEST(PoisonTest, AHandlerLearnsTheBlock)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(60, [] {
		Kind kind = open_kind("hbw,scope=all");
		char *block = static_cast<char *>(
		    poolkind_malloc(kind.get(), MIB));
		struct sigaction action = {};
		action.sa_sigaction = on_poison;
		action.sa_flags = SA_SIGINFO;
		sigaction(SIGBUS, &action, nullptr);
		if (madvise(block + 16 * KIB, 4096, MADV_HWPOISON) != 0)
			GTEST_SKIP()
			    << "no memory failures: " << strerror(errno);
		int code = sigsetjmp(after, 1);
		if (code == 0)
			block[16 * KIB + 5] = 1;
		EXPECT_EQ(BUS_MCEERR_AR, code);
		EXPECT_EQ(block, lost.start);
		EXPECT_EQ(kind.get(), lost.kind);
		kind.release(); /* the page would be given back */
	});
}
