/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds and blocks that are moved: what is told, and what is refused, on any
 * machine. Pages that change their node are test/host's. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"
#include "../lib/refuse.h"

using namespace engine;

namespace {

using Moved = struct poolkind_moved;

#define NODES_OR_SKIP() \
	do { \
		Kind probe(poolkind_open("nodes:0", 0)); \
		if (probe == nullptr) \
			GTEST_SKIP() << poolkind_errormsg(); \
	} while (0)

} // namespace

TEST(ApiMove, SaysWhatBecameOfThePages)
{
	NODES_OR_SKIP();
	for (const char *text : { "nodes:0", "nodes:0,policy=interleave",
		 "dram", "nodes:0,limit=32M", "file:/dev/shm,size=16M" }) {
		SCOPED_TRACE(text);
		Kind kind = open_kind(text);
		char *block = static_cast<char *>(
		    poolkind_malloc(kind.get(), 4 * MIB));
		unsigned long mask = 0;
		Moved moved;

		paint(block, 4 * MIB, 3);
		errno = 5;
		ASSERT_EQ(0,
		    poolkind_move(
			kind.get(), "nodes:0", 0, &moved, sizeof(moved)))
		    << poolkind_errormsg();
		EXPECT_EQ(5, errno);
		EXPECT_GE(moved.there, 4 * MIB);
		EXPECT_EQ(0u, moved.moved + moved.full + moved.busy);
		ASSERT_EQ(0, poolkind_get_nodes(kind.get(), &mask, 64));
		EXPECT_EQ(1u, mask);
		ASSERT_EQ(0,
		    poolkind_move_block(
			block, "nodes:0", 0, &moved, sizeof(moved)));
		EXPECT_GE(moved.there, 4 * MIB);
		EXPECT_LE(moved.there, 4 * MIB + 8 * KIB);
		for (const char *home : { "home", (const char *)nullptr })
			ASSERT_EQ(0,
			    poolkind_move(
				kind.get(), home, 0, &moved, sizeof(moved)));
		EXPECT_EQ(0, poolkind_move(kind.get(), nullptr, 0, nullptr, 0));
		EXPECT_TRUE(painted(block, 4 * MIB, 3));
		poolkind_free(kind.get(), block);
		EXPECT_EQ(0, poolkind_check(kind.get()));
	}
}

/* A program of another release gets what it knows, or zeros. */
TEST(ApiMove, WritesAsMuchAsIsThere)
{
	NODES_OR_SKIP();
	Kind kind = open_kind("nodes:0");
	struct {
		Moved moved;
		size_t more;
	} later;
	struct {
		size_t moved, there, guard;
	} earlier = { 1, 1, 77 };

	void *block = poolkind_malloc(kind.get(), MIB);
	memset(block, 1, MIB);
	memset(&later, 0xff, sizeof(later));
	ASSERT_EQ(0,
	    poolkind_move(
		kind.get(), "nodes:0", 0, &later.moved, sizeof(later)));
	EXPECT_GE(later.moved.there, MIB);
	EXPECT_EQ(0u, later.more);
	ASSERT_EQ(0,
	    poolkind_move(kind.get(), "nodes:0", 0,
		reinterpret_cast<Moved *>(&earlier), 2 * sizeof(size_t)));
	EXPECT_GE(earlier.there, MIB);
	EXPECT_EQ(77u, earlier.guard);
	EXPECT_REFUSED(
	    poolkind_move(kind.get(), "nodes:0", 0, &later.moved, 0) != 0,
	    EINVAL, "48 bytes");
}

TEST(ApiMove, WhereToIsNodesAndNothingElse)
{
	NODES_OR_SKIP();
	Kind kind = open_kind("nodes:0");
	void *block = poolkind_malloc(kind.get(), 100);
	const struct {
		const char *to;
		int error;
		const char *word;
	} cases[] = {
		{ "", EINVAL, "" },
		{ "node:1", EINVAL, "nodes" },
		{ "dram", EINVAL, "names no nodes" },
		{ "file:/dev/shm", EINVAL, "names no nodes" },
		{ "dax:auto", EINVAL, "names no nodes" },
		{ "nodes:0,page=2M", EINVAL, "options" },
		{ "nodes:0,policy=interleave", EINVAL, "options" },
		{ "nodes:0,limit=1M", EINVAL, "options" },
		{ "nodes:0,name=x", EINVAL, "options" },
		{ "nodes:999", ENODEV, "node 999" },
		{ "nodes:0,999", ENODEV, "node 999" },
	};

	for (auto &one : cases) {
		SCOPED_TRACE(one.to);
		EXPECT_REFUSED(
		    poolkind_move(kind.get(), one.to, 0, nullptr, 0) != 0,
		    one.error, one.word);
		EXPECT_REFUSED(
		    poolkind_move_block(block, one.to, 0, nullptr, 0) != 0,
		    one.error, one.word);
	}
	EXPECT_EQ(0, poolkind_move(kind.get(), "nodes:all", 0, nullptr, 0))
	    << poolkind_errormsg();
	poolkind_free(kind.get(), block);
}

TEST(ApiMove, WhatCannotMoveSaysSo)
{
	Region region(4 * MIB);
	Kind of_region(
	    poolkind_open_region(region.start(), region.size(), nullptr, 0));
	void *block = poolkind_malloc(of_region.get(), 100);
	poolkind *closed = poolkind_open("dram", 0);
	char local;

	EXPECT_REFUSED(
	    poolkind_move(of_region.get(), "nodes:0", 0, nullptr, 0) != 0,
	    EOPNOTSUPP, "a region");
	EXPECT_REFUSED(poolkind_move_block(block, nullptr, 0, nullptr, 0) != 0,
	    EOPNOTSUPP, "a region");
	poolkind_close(closed);
	poolkind_set_report([](void *, const char *) {}, nullptr);
	EXPECT_REFUSED(poolkind_move(closed, "nodes:0", 0, nullptr, 0) != 0,
	    EINVAL, "not an open kind");
	EXPECT_REFUSED(poolkind_move(nullptr, "nodes:0", 0, nullptr, 0) != 0,
	    EINVAL, "NULL");
	EXPECT_REFUSED(
	    poolkind_move_block(&local, "nodes:0", 0, nullptr, 0) != 0, EINVAL,
	    "not a block");
	EXPECT_REFUSED(
	    poolkind_move_block(nullptr, "nodes:0", 0, nullptr, 0) != 0, EINVAL,
	    "NULL");
	poolkind_set_report(nullptr, nullptr);
}

TEST(ApiMove, FilesOnADiskHaveNoNodes)
{
	std::string place = engine::place(16 * MIB);
	if (place.empty())
		GTEST_SKIP() << "no directory with 16 MiB to spare";
	Kind kind(
	    poolkind_open(("file:" + place + ",size=8M,trust=yes").c_str(), 0));
	if (kind == nullptr)
		GTEST_SKIP() << poolkind_errormsg();
	if (poolkind_move(kind.get(), "nodes:0", 0, nullptr, 0) == 0)
		GTEST_SKIP() << place << " is a tmpfs";
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_SENTENCE("tmpfs");
}

TEST(ApiMove, ASandboxIsToldOf)
{
	NODES_OR_SKIP();
	if (has_address_sanitizer() || has_thread_sanitizer())
		GTEST_SKIP() << "a sanitizer makes calls of its own";
	for (long call : { SYS_mbind, SYS_move_pages })
		in_child(60, [call] {
			Kind kind = open_kind("nodes:0");
			void *block = poolkind_malloc(kind.get(), 3 * MIB);

			memset(block, 1, 3 * MIB);
			if (refuse(&call, 1, EPERM) != 0)
				GTEST_SKIP() << "no filter";
			EXPECT_REFUSED(poolkind_move(kind.get(), "nodes:0", 0,
					   nullptr, 0) != 0,
			    EPERM, "may not say where pages are");
			EXPECT_TRUE(all_bytes_are(block, 3 * MIB, 1));
			EXPECT_NE(
			    nullptr, poolkind_malloc(kind.get(), 3 * MIB));
			EXPECT_EQ(0, poolkind_check(kind.get()));
		});
}

/* A child that has nothing of a file kind; and one that has a kind that was
 * being moved in its parent: there it is not. */
TEST(ApiMove, OverFork)
{
	NODES_OR_SKIP();
	Kind file = open_kind("file:/dev/shm,size=8M");
	Kind kind = open_kind("nodes:0");
	std::vector<void *> blocks;
	for (int i = 0; i < 16; i++)
		blocks.push_back(
		    memset(poolkind_malloc(kind.get(), MIB), i, MIB));
	ASSERT_EQ(0, poolkind_move(file.get(), "nodes:0", 0, nullptr, 0));
	std::atomic<bool> stop{ false };
	std::atomic<unsigned> moves{ 0 };
	std::thread mover([&] {
		for (; !stop; moves++)
			poolkind_move(kind.get(), "nodes:0", 0, nullptr, 0);
	});
	for (int i = 0; i < 8; i++) {
		while (moves < static_cast<unsigned>(i))
			std::this_thread::yield();
		in_child(60, [&] {
			EXPECT_REFUSED(poolkind_move(file.get(), "nodes:0", 0,
					   nullptr, 0) != 0,
			    EPERM, "refused");
			EXPECT_EQ(0,
			    poolkind_move(kind.get(), "nodes:0", 0, nullptr, 0))
			    << poolkind_errormsg();
			EXPECT_TRUE(all_bytes_are(blocks[5], MIB, 5));
		});
	}
	stop = true;
	mover.join();
	for (void *block : blocks)
		poolkind_free(kind.get(), block);
	EXPECT_EQ(0, poolkind_check(kind.get()));
}

/* A chain's next link is a kind of its own. */
TEST(ApiMove, AChainMovesItsFirstLink)
{
	NODES_OR_SKIP();
	Kind kind = open_kind("nodes:0,limit=4M > dram");
	std::vector<void *> blocks;
	Moved moved;

	for (int i = 0; i < 12; i++)
		blocks.push_back(
		    memset(poolkind_malloc(kind.get(), MIB), 1, MIB));
	ASSERT_NE(kind.get(), poolkind_of(blocks.back()));
	ASSERT_EQ(
	    0, poolkind_move(kind.get(), "nodes:0", 0, &moved, sizeof(moved)));
	EXPECT_LE(moved.there, 4 * MIB);
	for (void *block : blocks)
		poolkind_free(nullptr, block);
}

/* What is told of memory is called in the midst of a move, and has another
 * thread try one, of the kind and of another. */
TEST(ApiMove, OfAKindIsDoneByOneThreadAtATime)
{
	NODES_OR_SKIP();
	static int error, error_of_other;
	static std::string why;
	Kind kind = open_kind("dram"), other = open_kind("dram");
	auto told = [](void *beside, poolkind *moving, void *, size_t,
			int what) -> int {
		if (what != POOLKIND_LOSES_MEMORY || error != 0)
			return 0;
		std::thread([=] {
			auto move = [](poolkind *one) {
				return poolkind_move(
					   one, "nodes:0", 0, nullptr, 0) == 0 ?
				    0 :
				    errno;
			};
			error_of_other = move(static_cast<poolkind *>(beside));
			error = move(moving);
			why = poolkind_errormsg();
		}).join();
		return 0;
	};

	memset(poolkind_malloc(kind.get(), MIB), 1, MIB);
	ASSERT_EQ(0, poolkind_on_map(kind.get(), told, other.get()));
	ASSERT_EQ(0, poolkind_move(kind.get(), "nodes:0", 0, nullptr, 0))
	    << poolkind_errormsg();
	EXPECT_EQ(EBUSY, error);
	EXPECT_NE(std::string::npos, why.find("by another thread")) << why;
	EXPECT_EQ(0, error_of_other);
	ASSERT_EQ(0, poolkind_on_map(kind.get(), nullptr, nullptr));
	EXPECT_EQ(0, poolkind_move(kind.get(), "home", 0, nullptr, 0));
}
