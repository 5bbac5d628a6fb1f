/* SPDX-License-Identifier: BSD-2-Clause */
/* Where blocks lie, and what is said where they cannot: on any machine. What
 * needs several nodes or devices is in test/host. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include <sys/mman.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"

using namespace engine;

namespace {

/* Expects that TEXT cannot be opened, with ERROR and a sentence about WHAT. */
void
expect_refused(const std::string &text, int error, const char *what)
{
	errno = 0;
	poolkind *kind = poolkind_open(text.c_str(), 0);
	EXPECT_EQ(nullptr, kind) << text;
	EXPECT_EQ(error, errno) << text;
	EXPECT_NE(nullptr, strstr(poolkind_errormsg(), what))
	    << text << ": " << poolkind_errormsg();
	poolkind_close(kind);
}

size_t
on_node_0(poolkind *kind)
{
	size_t bytes = 0;
	EXPECT_EQ(0, poolkind_get_node_bytes(kind, &bytes, 1));
	return bytes;
}

} // namespace

TEST(ApiPlace, BoundBlocksHaveTheirPagesBeforeTheyAreTouched)
{
	Kind kind = open_kind("nodes:0");
	ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
	void *block = poolkind_malloc(kind.get(), 8 * MIB);
	size_t bytes = 0;
	ASSERT_EQ(0, poolkind_block_nodes(block, &bytes, 1));
	EXPECT_EQ(8 * MIB, bytes);
	EXPECT_GE(on_node_0(kind.get()), 8 * MIB);
	poolkind_free(kind.get(), block);
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_EQ(0u, on_node_0(kind.get()));
}

TEST(ApiPlace, LargeBoundBlocksKeepFirstTouch)
{
	Kind kind = open_kind("nodes:0");
	void *block = poolkind_malloc(kind.get(), 256 * MIB);
	ASSERT_NE(nullptr, block);
	size_t bytes = 1;
	ASSERT_EQ(0, poolkind_block_nodes(block, &bytes, 1));
	EXPECT_EQ(0u, bytes);
	static_cast<char *>(block)[100 * MIB] = 1;
	ASSERT_EQ(0, poolkind_block_nodes(block, &bytes, 1));
	EXPECT_GE(bytes, 4 * KIB);
	poolkind_free(kind.get(), block);
}

TEST(ApiPlace, MoreThanTheNodeHasIsEnomem)
{
	Kind kind = open_kind("nodes:0");
	errno = 0;
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 512 * GIB));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_NE(nullptr, poolkind_malloc(kind.get(), 100));
}

TEST(ApiPlace, PopulatedKindsAreThereAtOnce)
{
	for (const char *text :
	    { "dram,populate=yes", "nodes:0,policy=interleave,populate=yes" }) {
		Kind kind = open_kind(text);
		ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
		void *block = poolkind_malloc(kind.get(), 4 * MIB);
		EXPECT_EQ(4 * MIB, bytes_there(block)) << text;
		EXPECT_STREQ(text, poolkind_text(kind.get()));
	}
}

TEST(ApiPlace, EveryPolicyTheKernelHasHandsOutMemory)
{
	for (const char *text : { "dram,policy=local", "nodes:0,policy=bind",
		 "nodes:0,policy=preferred", "nodes:0,policy=interleave",
		 "nodes:0,policy=weighted-interleave,weights=3",
		 "nodes:0,page=thp" }) {
		Kind kind = open_kind(text);
		ASSERT_NE(nullptr, kind.get())
		    << text << ": " << poolkind_errormsg();
		void *block = poolkind_malloc(kind.get(), 3 * MIB);
		ASSERT_NE(nullptr, block) << text;
		memset(block, 1, 3 * MIB);
		EXPECT_EQ(3 * MIB, bytes_there(block)) << text;
		EXPECT_EQ(0, poolkind_check(kind.get()));
	}
}

TEST(ApiPlace, WhatMakesNoSenseIsRefused)
{
	expect_refused("dram,policy=bind", EINVAL, "policy=local");
	expect_refused("nodes:0,policy=local", EINVAL, "local is for dram");
	expect_refused("nodes:0,weights=3", EINVAL, "weighted-interleave");
	expect_refused("nodes:0,policy=weighted-interleave,weights=3:1", EINVAL,
	    "2 numbers for 1 node:");
	expect_refused("nodes:0,policy=weighted-interleave,weights=0", EINVAL,
	    "from 1 to 255");
	expect_refused("nodes:0,policy=interleave,home=0", EINVAL, "home=");
	expect_refused("dram,scope=all", EINVAL, "scope");
	expect_refused("bandwidth,scope=near", EINVAL, "scope");
	expect_refused("bandwidth,size=1G,reserve=yes", EINVAL, "scope=local");
	expect_refused("bandwidth:2", EINVAL, "takes no location");
	expect_refused("nodes:77", ENODEV, "nodes:77");
	expect_refused("dax", EINVAL, "dax:PATH");
	expect_refused("nodes:0,home=77", ENODEV, "no node 77, but 0");
	expect_refused("dax:/dev/null", EINVAL, "is not a DAX device");
	expect_refused("dax:/dev/there-is-none", ENOENT, "there-is-none");
	expect_refused("dax:node=x", EINVAL, "number");
}

/* ---- Fallback -------------------------------------------------------------
 */

TEST(ApiPlace, AFullKindFallsBack)
{
	Kind spare = open_kind("dram,name=spare");
	Kind first = open_kind("dram,size=4M,fallback=spare");
	std::vector<void *> blocks;
	for (int i = 0; i < 8; i++) {
		void *block = poolkind_malloc(first.get(), MIB);
		ASSERT_NE(nullptr, block);
		blocks.push_back(block);
	}
	EXPECT_EQ(first.get(), poolkind_of(blocks[0]));
	EXPECT_EQ(spare.get(), poolkind_of(blocks[7]));
	for (void *block : blocks)
		poolkind_free(first.get(), block);
	EXPECT_EQ(0u, stats_of(spare.get()).live);
}

TEST(ApiPlace, ABlockOfAFallbackIsResizedInPlace)
{
	Kind spare = open_kind("dram,name=spare3");
	Kind first = open_kind("dram,size=4M,fallback=spare3");
	std::vector<void *> blocks;
	while (blocks.empty() || poolkind_of(blocks.back()) == first.get())
		blocks.push_back(poolkind_malloc(first.get(), MIB));
	void *last = blocks.back();
	poolkind_free(first.get(), blocks.front());
	blocks.front() = NULL;
	EXPECT_EQ(last, poolkind_realloc(first.get(), last, MIB - 1));
	EXPECT_EQ(last, poolkind_realloc(first.get(), last, MIB / 2));
	Kind other = open_kind("dram");
	void *moved = poolkind_realloc(other.get(), last, MIB / 2);
	EXPECT_EQ(other.get(), poolkind_of(moved));
	blocks.back() = NULL;
	poolkind_free(other.get(), moved);
	for (void *block : blocks)
		poolkind_free(first.get(), block);
}

TEST(ApiPlace, AFallbackIsOpenAndStaysSo)
{
	expect_refused("dram,fallback=nobody", ENOENT, "nobody");
	Kind spare = open_kind("dram,name=spare2");
	Kind first = open_kind("dram,size=4M,fallback=spare2");
	EXPECT_EQ(-1, poolkind_close(spare.get()));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_NE(nullptr, strstr(poolkind_errormsg(), "spare2"));
	first.reset();
}

/* ---- Blocks from addresses ------------------------------------------------
 */

TEST(ApiPlace, AnyAddressInABlockTellsTheBlock)
{
	Kind kind = open_kind("dram");
	for (size_t size : { size_t(1), size_t(100), size_t(5000), 100 * KIB,
		 5 * MIB, 5 * GIB }) {
		EXPECT_NE(nullptr, poolkind_malloc(kind.get(), size));
		char *block = static_cast<char *>(
		    poolkind_malloc(kind.get(), size));
		size_t usable = poolkind_usable_size(block);
		for (size_t at : { size_t(0), usable / 5 * 2, usable / 2,
			 usable / 5 * 4, usable - 5000, usable - 1 }) {
			if (at >= usable)
				continue;
			struct poolkind_block found;
			EXPECT_EQ(0, poolkind_block_at(block + at, &found));
			EXPECT_EQ(kind.get(), found.kind);
			EXPECT_EQ(block, found.start) << size << " " << at;
			EXPECT_EQ(usable, found.size);
		}
	}
}

TEST(ApiPlace, AddressesInNoBlockAreToldApart)
{
	Kind kind = open_kind("dram");
	char *block = static_cast<char *>(poolkind_malloc(kind.get(), 5 * MIB));
	struct poolkind_block found;
	int local;
	EXPECT_EQ(-1, poolkind_block_at(&local, &found));
	EXPECT_EQ(-1, poolkind_block_at(nullptr, &found));
	EXPECT_EQ(-1, poolkind_block_at(block + 6 * MIB, &found));
	EXPECT_EQ(nullptr, found.kind);
	poolkind_free(kind.get(), block);
	EXPECT_EQ(-1, poolkind_block_at(block + MIB, &found));
}

namespace {

struct poolkind_block lost;
char *guarded; /* 64 KiB: whole pages of any system */

void
on_fault(int, siginfo_t *info, void *)
{
	poolkind_block_at(info->si_addr, &lost);
	mprotect(guarded, 64 * KIB, PROT_READ | PROT_WRITE);
}

} // namespace

TEST(ApiPlace, ASignalHandlerMayAsk)
{
	if (has_address_sanitizer() || has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer has the signal";
	Kind kind = open_kind("dram");
	char *block = static_cast<char *>(poolkind_malloc(kind.get(), MIB));
	struct sigaction action = {}, before;
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGSEGV, &action, &before);
	guarded = block + 64 * KIB;
	ASSERT_EQ(0, mprotect(guarded, 64 * KIB, PROT_NONE));
	guarded[9000] = 1;
	sigaction(SIGSEGV, &before, nullptr);
	EXPECT_EQ(block, lost.start);
	EXPECT_EQ(kind.get(), lost.kind);
}
