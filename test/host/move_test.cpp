/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move_test.cpp - kinds and blocks that move from node to node: the kernel says
 * where the pages are and under which policy, the blocks what is in them.
 *
 * For the machine that test/host/run boots, profile full: nodes 0 and 1 have
 * processors, 2 is fast, 3 slow. Elsewhere all is skipped.
 */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

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
using Moved = struct poolkind_moved;

struct Block {
	void *start;
	size_t bytes;
	unsigned seed;
};

/* Blocks of many sizes, each with a pattern of its own. */
class Blocks {
public:
	Blocks(poolkind *kind, std::initializer_list<size_t> sizes)
	    : kind_(kind)
	{
		for (size_t bytes : sizes)
			add(bytes);
	}
	~Blocks()
	{
		for (auto &block : blocks_)
			poolkind_free(kind_, block.start);
	}
	Blocks(const Blocks &) = delete;
	Blocks &operator=(const Blocks &) = delete;

	void
	add(size_t bytes, size_t alignment = 16)
	{
		void *start = poolkind_aligned_alloc(kind_, alignment, bytes);
		unsigned seed = static_cast<unsigned>(blocks_.size() * 7 + 1);

		ASSERT_NE(nullptr, start) << bytes;
		engine::paint(start, bytes, seed);
		blocks_.push_back({ start, bytes, seed });
	}
	void
	expect_content() const
	{
		for (auto &block : blocks_)
			EXPECT_TRUE(engine::painted(
			    block.start, block.bytes, block.seed))
			    << block.bytes;
	}
	/* Of all their pages. */
	Nodes
	nodes() const
	{
		Nodes found;
		for (auto &block : blocks_)
			for (auto &[node, pages] :
			    host::pages_per_node(block.start, block.bytes))
				found.push_back(static_cast<unsigned>(node));
		std::sort(found.begin(), found.end());
		found.erase(
		    std::unique(found.begin(), found.end()), found.end());
		return found;
	}
	void *
	at(size_t i) const
	{
		return blocks_[i].start;
	}

private:
	poolkind *kind_;
	std::vector<Block> blocks_;
};

Moved
move(poolkind *kind, const char *to, size_t rate = 0)
{
	Moved moved;

	EXPECT_EQ(0, poolkind_move(kind, to, rate, &moved, sizeof(moved)))
	    << poolkind_errormsg();
	return moved;
}

/* The account by node has nothing elsewhere. */
void
expect_account(poolkind *kind, const Nodes &nodes)
{
	size_t bytes[16];

	ASSERT_EQ(0, poolkind_get_node_bytes(kind, bytes, 16));
	for (unsigned node = 0; node < 16; node++)
		EXPECT_EQ(bytes[node] != 0,
		    std::count(nodes.begin(), nodes.end(), node) != 0)
		    << bytes[node] << " bytes on node " << node;
}

/* What the kind hands out now lies there. */
void
expect_new_blocks(poolkind *kind, const Nodes &nodes)
{
	for (size_t bytes : { KIB, 300 * KIB, 6 * MIB }) {
		std::vector<void *> more;

		for (int i = 0; i < 3; i++) {
			more.push_back(poolkind_malloc(kind, bytes));
			ASSERT_NE(nullptr, more.back());
			memset(more.back(), 1, bytes);
			for (unsigned node : nodes_of(more.back(), bytes))
				EXPECT_EQ(1,
				    std::count(
					nodes.begin(), nodes.end(), node))
				    << node << " for " << bytes;
		}
		for (void *block : more)
			poolkind_free(kind, block);
	}
}

} // namespace

/* ---- Kinds -------------------------------------------------------------- */

struct MoveCase {
	const char *text, *to;
	Nodes there, home; /* home empty: none */
	const char *policy;
};

class MoveTest : public testing::TestWithParam<MoveCase> {};

INSTANTIATE_TEST_SUITE_P(Kinds, MoveTest,
    testing::Values(MoveCase{ "nodes:2", "nodes:3", { 3 }, { 2 }, "bind" },
	MoveCase{ "nodes:2", "nodes:0-1", { 0, 1 }, { 2 }, "bind" },
	MoveCase{ "nodes:2,limit=100M", "nodes:3", { 3 }, { 2 }, "bind" },
	MoveCase{ "nodes:0-1", "nodes:3", { 3 }, { 0, 1 }, "bind" },
	MoveCase{ "nodes:2,page=thp", "nodes:1", { 1 }, { 2 }, "bind" },
	MoveCase{ "nodes:2,populate=yes", "nodes:3", { 3 }, { 2 }, "bind" },
	MoveCase{
	    "nodes:2,policy=preferred", "nodes:3", { 3 }, { 2 }, "prefer" },
	MoveCase{ "nodes:0-1,policy=interleave", "nodes:2-3", { 2, 3 },
	    { 0, 1 }, "interleave" },
	MoveCase{ "nodes:0-1,policy=weighted-interleave,weights=3:1",
	    "nodes:2-3", { 2, 3 }, { 0, 1 }, "interleave" },
	MoveCase{ "hbw", "capacity,scope=all", { 0 }, { 2 }, "bind" },
	MoveCase{ "dram", "hbw", { 2 }, {}, "prefer" },
	MoveCase{ "dram,policy=local", "nodes:3", { 3 }, {}, "prefer" },
	MoveCase{ "dram,page=thp", "nodes:3", { 3 }, {}, "prefer" },
	MoveCase{ "file:/dev/shm", "nodes:3", { 3 }, {}, "prefer" },
	MoveCase{ "file:/dev/shm,size=64M", "nodes:2", { 2 }, {}, "prefer" }));

TEST_P(MoveTest, PagesGoAndComeHome)
{
	FULL_PROFILE_OR_SKIP();
	const MoveCase &one = GetParam();
	SCOPED_TRACE(one.text);
	Kind kind = open_kind(one.text);
	ASSERT_NE(nullptr, kind);
	Blocks blocks(kind.get(),
	    { 16, KIB, 3 * KIB, 64 * KIB, 500 * KIB, 2 * MIB, 9 * MIB });
	std::string before = poolkind_resolved(kind.get());

	Moved moved = move(kind.get(), one.to);
	EXPECT_GE(moved.moved, 11 * MIB);
	EXPECT_EQ(0u, moved.full + moved.shared + moved.busy);
	EXPECT_EQ(one.there, blocks.nodes());
	blocks.expect_content();
	expect_account(kind.get(), one.there);
	expect_new_blocks(kind.get(), one.there);
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	expect_new_blocks(kind.get(), one.there);
	unsigned long mask = 0, wanted = 0;
	ASSERT_EQ(0, poolkind_get_nodes(kind.get(), &mask, 64));
	for (unsigned node : one.there)
		wanted |= 1ul << node;
	EXPECT_EQ(wanted, mask);
	EXPECT_EQ(before, poolkind_resolved(kind.get()));
	/* Segments that are made after it. */
	for (int i = 0; i < 3; i++)
		if (strstr(one.text, "=64M") == nullptr &&
		    strstr(one.text, "limit") == nullptr)
			blocks.add(30 * MIB);
	EXPECT_EQ(one.there, blocks.nodes());

	moved = move(kind.get(), NULL);
	if (!one.home.empty()) {
		EXPECT_GE(moved.moved, 11 * MIB);
		EXPECT_EQ(one.home, blocks.nodes());
		expect_account(kind.get(), one.home);
		expect_new_blocks(kind.get(), one.home);
	}
	blocks.expect_content();
	EXPECT_EQ(0, poolkind_check(kind.get()));
}

/* The kernel says of each block what policy it is under: there, home, and of
 * what is handed out at both. */
TEST_P(MoveTest, PoliciesFollow)
{
	FULL_PROFILE_OR_SKIP();
	const MoveCase &one = GetParam();
	SCOPED_TRACE(one.text);
	if (strcmp(one.policy, "interleave") == 0 ||
	    strncmp(one.text, "file", 4) == 0)
		GTEST_SKIP() << "policy_at() does not know it";
	Kind kind = open_kind(one.text);
	Blocks blocks(kind.get(), { KIB, 500 * KIB, 9 * MIB });
	std::string before = host::policy_at(blocks.at(2));

	move(kind.get(), one.to);
	blocks.add(7 * MIB);
	for (size_t i = 0; i < 4; i++)
		EXPECT_EQ(one.policy, host::policy_at(blocks.at(i))) << i;
	move(kind.get(), "home");
	blocks.add(5 * MIB);
	for (size_t i = 0; i < 5; i++)
		EXPECT_EQ(before, host::policy_at(blocks.at(i))) << i;
}

TEST(MoveKindTest, HugePagesGoWhole)
{
	FULL_PROFILE_OR_SKIP();
	for (unsigned from : { 0u, 1u, 2u })
		for (unsigned to : { 0u, 1u, 2u }) {
			if (from == to ||
			    host::free_huge_pages(from, 2 * MIB) < 2 ||
			    host::free_huge_pages(to, 2 * MIB) < 3)
				continue;
			Kind kind = open_kind(
			    "nodes:" + std::to_string(from) + ",page=2M");
			Blocks blocks(kind.get(), { 100, MIB, 100 * KIB });
			std::string there = "nodes:" + std::to_string(to);
			Moved moved = move(kind.get(), there.c_str());

			EXPECT_EQ(0u, moved.moved % (2 * MIB));
			EXPECT_GE(moved.moved, 2 * MIB);
			EXPECT_EQ(Nodes{ to }, blocks.nodes());
			EXPECT_EQ(2048u,
			    host::smaps_field(blocks.at(1), "KernelPageSize"));
			blocks.expect_content();
			/* More than there are. */
			size_t many = 2 * MIB *
			    (host::free_huge_pages(to, 2 * MIB) + 1);
			EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), many));
			return;
		}
	GTEST_SKIP() << "too few huge pages";
}

/* As kernels from 6.1 to 6.5 have it of what their balancing between nodes has
 * marked: move_pages(2) says that it is absent. */
TEST(MoveKindTest, PagesThatTheKernelBalancesGo)
{
	FULL_PROFILE_OR_SKIP();
	const size_t bytes = 32 * MIB;
	Kind kind = open_kind("dram,page=4K");
	Blocks blocks(kind.get(), { bytes });
	size_t on_node[16], sum = 0;
	Moved moved;

	if (!host::wait_for_passed_over(blocks.at(0), bytes))
		GTEST_SKIP() << "this kernel passes no page over";
	ASSERT_EQ(0, poolkind_get_node_bytes(kind.get(), on_node, 16));
	for (size_t node : on_node)
		sum += node;
	EXPECT_GE(sum, bytes);
	ASSERT_TRUE(host::wait_for_passed_over(blocks.at(0), bytes));
	moved = move(kind.get(), "nodes:3");
	EXPECT_GE(moved.moved, bytes);
	EXPECT_LT(moved.absent, MIB);
	EXPECT_EQ(Nodes{ 3 }, blocks.nodes());
	blocks.expect_content();
}

TEST(MoveKindTest, LocalKindsGoWhereTheirThreadsAreNear)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("latency");
	std::vector<char *> blocks;

	for (unsigned node : { 0u, 1u })
		host::run_on_node(node, [&] {
			blocks.push_back(static_cast<char *>(
			    poolkind_malloc(kind.get(), 3 * MIB)));
			memset(blocks.back(), 1 + (int)node, 3 * MIB);
		});
	move(kind.get(), "nodes:3");
	EXPECT_EQ(Nodes{ 3 }, nodes_of(blocks[0], 3 * MIB));
	EXPECT_EQ(Nodes{ 3 }, nodes_of(blocks[1], 3 * MIB));
	move(kind.get(), "bandwidth");
	EXPECT_EQ(Nodes{ 2 }, nodes_of(blocks[0], 3 * MIB));
	EXPECT_EQ(Nodes{ 1 }, nodes_of(blocks[1], 3 * MIB));
	move(kind.get(), NULL);
	EXPECT_EQ(Nodes{ 0 }, nodes_of(blocks[0], 3 * MIB));
	EXPECT_EQ(Nodes{ 1 }, nodes_of(blocks[1], 3 * MIB));
	EXPECT_TRUE(engine::all_bytes_are(blocks[0], 3 * MIB, 1));
	EXPECT_TRUE(engine::all_bytes_are(blocks[1], 3 * MIB, 2));
}

/* Seven mebibytes, at four a second: a second and more, by the clock of the
 * machine, never less. */
TEST(MoveKindTest, ARateIsKept)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("nodes:2");
	Blocks blocks(kind.get(), { 7 * MIB });
	auto begin = std::chrono::steady_clock::now();
	Moved moved = move(kind.get(), "nodes:3", 4 * MIB);
	std::chrono::duration<double> took = std::chrono::steady_clock::now() -
	    begin;

	EXPECT_GE(
	    took.count(), static_cast<double>(moved.moved - MIB) / (4 * MIB));
	EXPECT_EQ(Nodes{ 3 }, blocks.nodes());
}

/* ---- Full nodes --------------------------------------------------------- */

/* All but LEFT bytes of a node, for as long as it lives. */
class Filler {
public:
	Filler(unsigned node, size_t left)
	    : kind_(open_kind("nodes:" + std::to_string(node)))
	{
		struct poolkind_room room;
		void *block;

		while (
		    poolkind_get_room(kind_.get(), &room, sizeof(room)) == 0 &&
		    room.nodes > left &&
		    (block = poolkind_malloc(kind_.get(), 2 * MIB)) != nullptr)
			memset(block, 1, 2 * MIB);
	}

private:
	Kind kind_;
};

TEST(MoveToFullTest, SaysWhatStayedAndKillsNobody)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(300, [] {
		Kind kind = open_kind("nodes:3");
		Blocks blocks(kind.get(), { 40 * MIB, 30 * MIB, 500 * KIB });
		Moved moved;
		{
			Filler filler(2, 32 * MIB);
			EXPECT_REFUSED(poolkind_move(kind.get(), "nodes:2", 0,
					   &moved, sizeof(moved)) != 0,
			    ENOMEM, "nodes 2 have no free pages");
			EXPECT_GE(moved.moved, 8 * MIB);
			EXPECT_GE(moved.full, 20 * MIB);
			EXPECT_GE(moved.moved + moved.full, 70 * MIB);
			EXPECT_EQ((Nodes{ 2, 3 }), blocks.nodes());
			blocks.expect_content();
			EXPECT_EQ(
			    nullptr, poolkind_malloc(kind.get(), 60 * MIB));
			EXPECT_EQ(0, poolkind_check(kind.get()));
		}
		/* The rest follows when there is room, and it all goes home. */
		move(kind.get(), "nodes:2");
		EXPECT_EQ(Nodes{ 2 }, blocks.nodes());
		move(kind.get(), NULL);
		EXPECT_EQ(Nodes{ 3 }, blocks.nodes());
		blocks.expect_content();
	});
}

/* Pages that come at the first touch are promised only where they fit; others
 * come from any node, and nobody is killed for them. */
TEST(MoveToFullTest, UntouchedPagesAreNoTrap)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(300, [] {
		Kind kind = open_kind("nodes:0");
		char *block = static_cast<char *>(
		    poolkind_malloc(kind.get(), 96 * MIB));
		Moved moved;

		ASSERT_NE(nullptr, block);
		memset(block, 1, MIB);
		Filler filler(2, 48 * MIB);
		EXPECT_REFUSED(poolkind_move(kind.get(), "nodes:2", 0, &moved,
				   sizeof(moved)) != 0,
		    ENOMEM, "no free pages");
		EXPECT_GE(moved.moved, MIB);
		EXPECT_GE(moved.full, 32 * MIB);
		memset(block, 2, 96 * MIB);
		EXPECT_TRUE(engine::all_bytes_are(block, 96 * MIB, 2));
	});
}

/* A kind that prefers a node spills to others, and fetches what it spilled. */
TEST(MoveToFullTest, SpilledPagesComeHome)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(300, [] {
		Kind kind = open_kind("nodes:2,policy=preferred");
		Moved moved;
		auto filler = std::make_unique<Filler>(2, 24 * MIB);
		Blocks blocks(kind.get(), { 40 * MIB, 20 * MIB });

		ASSERT_NE(Nodes{ 2 }, blocks.nodes());
		filler.reset();
		moved = move(kind.get(), NULL);
		EXPECT_GE(moved.moved, 20 * MIB);
		EXPECT_EQ(Nodes{ 2 }, blocks.nodes());
		blocks.expect_content();
	});
}

/* ---- Forks -------------------------------------------------------------- */

/* What a child has, too, stays, and is told; after a fork no page is bound. */
TEST(MoveForkTest, SharedPagesStayUntilTheChildEnds)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(120, [] {
		Kind kind = open_kind("nodes:2");
		Blocks blocks(kind.get(), { 4 * MIB });
		int pipes[2];
		Moved moved;
		char byte;

		ASSERT_EQ(0, pipe(pipes));
		pid_t child = fork();
		if (child == 0) {
			close(pipes[1]);
			_exit(read(pipes[0], &byte, 1) != 0);
		}
		EXPECT_REFUSED(poolkind_move(kind.get(), "nodes:3", 0, &moved,
				   sizeof(moved)) != 0,
		    EBUSY, "since a fork");
		EXPECT_GE(moved.shared, 4 * MIB);
		EXPECT_EQ(0u, moved.full);
		EXPECT_EQ("prefer", host::policy_at(blocks.at(0)));
		close(pipes[1]);
		close(pipes[0]);
		engine::wait_for(child, 60);
		move(kind.get(), "nodes:3");
		EXPECT_EQ(Nodes{ 3 }, blocks.nodes());
		EXPECT_EQ("prefer", host::policy_at(blocks.at(0)));
		blocks.expect_content();
		expect_new_blocks(kind.get(), { 3 });
	});
}

/* ---- Blocks ------------------------------------------------------------- */

TEST(MoveBlockTest, GoesWithItsPagesAlone)
{
	FULL_PROFILE_OR_SKIP();
	for (const char *text :
	    { "nodes:2", "dram,policy=local", "nodes:2-3" }) {
		SCOPED_TRACE(text);
		Kind kind = open_kind(text);
		host::move_to_node(0);
		/* Whole huge pages, as the kernel may make some. */
		Blocks blocks(kind.get(), {});
		blocks.add(4 * MIB, 2 * MIB);
		blocks.add(6 * MIB, 2 * MIB);
		blocks.add(100);
		Nodes others = nodes_of(blocks.at(0), 4 * MIB);
		Moved moved;

		ASSERT_EQ(0,
		    poolkind_move_block(
			blocks.at(1), "nodes:1", 0, &moved, sizeof(moved)))
		    << poolkind_errormsg();
		EXPECT_EQ(6 * MIB, moved.moved);
		EXPECT_EQ(Nodes{ 1 }, nodes_of(blocks.at(1), 6 * MIB));
		EXPECT_EQ(others, nodes_of(blocks.at(0), 4 * MIB));
		ASSERT_EQ(0,
		    poolkind_move_block(blocks.at(2), "nodes:1", 0, NULL, 0));
		EXPECT_EQ(Nodes{ 1 }, nodes_of(blocks.at(2), 100));
		blocks.expect_content();
		if (strncmp(text, "nodes", 5) == 0) {
			ASSERT_EQ(0,
			    poolkind_move_block(
				blocks.at(1), NULL, 0, NULL, 0));
			for (unsigned node : nodes_of(blocks.at(1), 6 * MIB))
				EXPECT_TRUE(node == 2 || node == 3) << node;
		}
		blocks.add(4 * MIB, 2 * MIB);
		for (unsigned node : nodes_of(blocks.at(3), 4 * MIB))
			EXPECT_NE(1u, node);
		EXPECT_EQ(0, poolkind_check(kind.get()));
	}
}

/* ---- Under load --------------------------------------------------------- */

namespace {

/* A thread's blocks, each with a pattern that it knows. */
class Worker {
public:
	Worker(poolkind *kind, unsigned id) : kind_(kind), seed_(id * 97 + 1) {}

	/* Allocates a block and, once there are ten or no room, frees one. */
	void
	step()
	{
		size_t bytes = next(16) == 0 ? 300 * KIB + next(MIB) :
					       16 + next(8 * KIB);
		void *start = poolkind_malloc(kind_, bytes);

		steps_++;
		if (start != nullptr) {
			engine::paint(start, bytes, steps_);
			held_.push_back({ start, bytes, steps_ });
		}
		if (held_.size() > 10 || (start == nullptr && !held_.empty()))
			drop(next(static_cast<unsigned>(held_.size())));
	}
	/* A child finds what the parent has, whatever becomes of that. */
	void
	fork_child()
	{
		pid_t child = fork();

		if (child == 0) {
			for (auto &block : held_)
				look(block);
			_exit(wrong_ != 0);
		}
		engine::Ending end = engine::wait_for(child, 300);
		wrong_ += end.how != engine::Ending::Exited || end.code != 0;
	}
	unsigned
	end()
	{
		while (!held_.empty())
			drop(0);
		return wrong_;
	}

private:
	unsigned
	next(size_t most)
	{
		seed_ = seed_ * 1103515245 + 12345;
		return (seed_ >> 8) % static_cast<unsigned>(most);
	}
	void
	look(const Block &block)
	{
		wrong_ += !engine::painted(
		    block.start, block.bytes, block.seed);
	}
	void
	drop(size_t which)
	{
		look(held_[which]);
		poolkind_free(kind_, held_[which].start);
		held_[which] = held_.back();
		held_.pop_back();
	}

	poolkind *kind_;
	std::vector<Block> held_;
	unsigned seed_, steps_ = 0, wrong_ = 0;
};

/* Eight threads, of which one forks, use the kind while it goes from node to
 * node. What a child has at that moment stays, and is told. */
void
move_under_load(poolkind *kind)
{
	std::atomic<bool> stop{ false };
	std::atomic<unsigned> rounds{ 0 }, wrong{ 0 };
	std::vector<std::thread> threads;

	for (unsigned id = 0; id < 8; id++)
		threads.emplace_back([&, id] {
			Worker worker(kind, id);

			for (unsigned i = 0; !stop; i++, rounds++) {
				worker.step();
				if (id == 0 && i % 64 == 0)
					worker.fork_child();
			}
			wrong += worker.end();
		});
	for (const char *to : { "nodes:3", "nodes:0-1", "home", "nodes:1" }) {
		unsigned before = rounds;

		if (poolkind_move(kind, to, 0, nullptr, 0) != 0) {
			EXPECT_EQ(EBUSY, errno) << poolkind_errormsg();
		}
		while (rounds < before + 50)
			std::this_thread::yield();
	}
	stop = true;
	for (auto &thread : threads)
		thread.join();
	EXPECT_EQ(0u, wrong);
}

} // namespace

TEST(MoveLoadTest, NothingIsLostUnderThreadsAndForks)
{
	FULL_PROFILE_OR_SKIP();
	engine::in_child(900, [] {
		for (const char *text :
		    { "nodes:2", "nodes:2-3,policy=preferred,limit=64M" }) {
			SCOPED_TRACE(text);
			Kind kind = open_kind(text);

			move_under_load(kind.get());
			move(kind.get(), "nodes:1");
			EXPECT_EQ(0, poolkind_check(kind.get()))
			    << poolkind_errormsg();
			EXPECT_EQ(0u, engine::stats_of(kind.get()).live);
			expect_new_blocks(kind.get(), { 1 });
			Blocks blocks(kind.get(), { MIB });
			expect_account(kind.get(), { 1 });
		}
	});
}

/* ---- Refusals ----------------------------------------------------------- */

TEST(MoveRefusalTest, NodesAndDevicesThatCannotBe)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("nodes:2");

	EXPECT_REFUSED(poolkind_move(kind.get(), "nodes:99", 0, NULL, 0) != 0,
	    ENODEV, "node 99");
	EXPECT_REFUSED(
	    poolkind_move(kind.get(), "cxl", 0, NULL, 0) != 0, ENODEV, "CXL");
	VARIABLE_OR_SKIP(device, "VM_DEVDAX_PMEM");
	Kind dax = open_kind("dax:" + device);
	EXPECT_REFUSED(poolkind_move(dax.get(), "nodes:2", 0, NULL, 0) != 0,
	    EOPNOTSUPP, "device");
	VARIABLE_OR_SKIP(directory, "VM_FSDAX_EXT4");
	Kind file = open_kind("file:" + directory + ",size=8M");
	EXPECT_REFUSED(poolkind_move(file.get(), "nodes:2", 0, NULL, 0) != 0,
	    EOPNOTSUPP, "tmpfs");
}
