/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weights_test.cpp - weights=auto: the kernel is asked where the pages are, and
 * the shares of nodes held against the bandwidths that the firmware of the
 * machine of test/host/run tells, which are written down there.
 */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cstring>
#include <fstream>

#include "../lib/engine_kind.h"
#include "host_facts.h"

using engine::KIB;
using engine::Kind;
using engine::MIB;
using engine::open_kind;

namespace {

const std::string AUTO = ",policy=weighted-interleave,weights=auto";

struct Block {
	Block(poolkind *kind, size_t bytes)
	    : size(bytes), start(poolkind_malloc(kind, bytes))
	{
		EXPECT_NE(nullptr, start) << poolkind_errormsg();
		memset(start, 1, bytes);
	}
	~Block() { poolkind_free(nullptr, start); }
	Block(const Block &) = delete;
	Block &operator=(const Block &) = delete;

	size_t size;
	void *start;
};

/* What the system's own weights are in; empty before Linux 6.9. */
std::string
weight_file(unsigned node)
{
	return "/sys/kernel/mm/mempolicy/weighted_interleave/node" +
	    std::to_string(node);
}

/* How often a page is on another node than the one before. */
unsigned
changes(const Block &block)
{
	std::vector<int> nodes = host::nodes_of_pages(block.start, block.size);
	unsigned count = 0;

	for (size_t i = 1; i < nodes.size(); i++)
		count += nodes[i] != nodes[i - 1];
	return count;
}

} // namespace

TEST(WeightsTest, GiveNodesTheirShareOfTheBandwidthOfEachSocket)
{
	FULL_PROFILE_OR_SKIP();
	/* 100, 400, 100 and 30 GB/s. Whole rounds: 1 + 4 slices of 2 MiB, and
	 * 10 + 3. */
	const struct {
		unsigned from, other;
		size_t bytes;
		double share;
	} cases[] = {
		{ 0, 2, 60 * MIB, 100.0 / 500 },
		{ 1, 3, 52 * MIB, 100.0 / 130 },
	};
	for (auto &one : cases) {
		Kind kind = open_kind("nodes:" + std::to_string(one.from) +
		    "," + std::to_string(one.other) + AUTO + ",size=256M");
		ASSERT_NE(nullptr, kind) << poolkind_errormsg();
		host::run_on_node(one.from, [&] {
			Block block(kind.get(), one.bytes);
			auto pages = host::pages_per_node(
			    block.start, block.size);
			double all = static_cast<double>(
			    block.size / (4 * KIB));
			EXPECT_NEAR(one.share,
			    static_cast<double>(
				pages[static_cast<int>(one.from)]) /
				all,
			    0.02);
			EXPECT_NEAR(1 - one.share,
			    static_cast<double>(
				pages[static_cast<int>(one.other)]) /
				all,
			    0.02);
		});
	}
}

TEST(WeightsTest, OfTheWholeMachineAreInTheTextThatTheKindCameTo)
{
	FULL_PROFILE_OR_SKIP();
	Kind kind = open_kind("nodes:0-3,scope=all" + AUTO);
	ASSERT_NE(nullptr, kind) << poolkind_errormsg();
	EXPECT_STREQ("nodes:0-3,policy=weighted-interleave,weights=10:10:39:3",
	    poolkind_resolved(kind.get()));
	EXPECT_STREQ(
	    ("nodes:0-3,scope=all" + AUTO).c_str(), poolkind_text(kind.get()));
	/* One of several nodes by attribute, of equal bandwidth. */
	Kind latency = open_kind("latency,scope=all" + AUTO);
	EXPECT_STREQ("nodes:0-1,policy=weighted-interleave,weights=1:1",
	    poolkind_resolved(latency.get()));
}

/* What the firmware does not tell is measured; what comes of it here is the
 * emulator's speed. */
TEST(WeightsTest, AreMeasuredWhereTheFirmwareTellsNothing)
{
	if (host::variable("VM_PROFILE") != "nohmat")
		GTEST_SKIP() << "for the profile nohmat";
	for (const char *scope : { "", ",scope=all" }) {
		Kind kind = open_kind("nodes:0-1" + AUTO + scope);
		ASSERT_NE(nullptr, kind) << poolkind_errormsg();
		Block block(kind.get(), 16 * MIB);
		for (auto &[node, pages] :
		    host::pages_per_node(block.start, block.size))
			EXPECT_TRUE(node == 0 || node == 1) << node;
	}
	EXPECT_EQ(0, poolkind_refresh());
	EXPECT_NE(nullptr, open_kind("nodes:0,2" + AUTO));
}

TEST(WeightsTest, CountPageByPageWhereTheSystemsAreTheSame)
{
	FULL_PROFILE_OR_SKIP();
	if (host::line_of(weight_file(0)).empty())
		GTEST_SKIP() << "this kernel has no weights (Linux 6.9)";
	auto count = [](const char *weight) {
		std::ofstream(weight_file(0)) << 1 << std::flush;
		std::ofstream(weight_file(2)) << weight << std::flush;
		unsigned changed = 0;
		Kind kind = open_kind("nodes:0,2" + AUTO + ",size=256M");
		host::run_on_node(0, [&] {
			Block block(kind.get(), 20 * MIB);
			auto pages = host::pages_per_node(
			    block.start, block.size);
			EXPECT_NEAR(0.2,
			    static_cast<double>(pages[0]) / (5 * KIB), 0.02);
			changed = changes(block);
		});
		return changed;
	};

	/* Two for each five pages. */
	EXPECT_NEAR(2 * KIB, count("4"), 100);
	/* In slices of 2 MiB: two for each five of these. */
	EXPECT_LE(count("1"), 8u);
}
