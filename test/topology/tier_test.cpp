/* SPDX-License-Identifier: BSD-2-Clause */
/* Which memory tier nodes are in. */
#include "topology_test.h"

namespace {

#define TIERS "sys/devices/virtual/memory_tiering/"

/* The tier of each node: "4 4 22", "-" where none is known. */
std::string
tiers_of(const Topology &topology)
{
	std::string text;

	for (const auto &node : topology.nodes())
		text += (text.empty() ? "" : " ") +
		    (node.tier < 0 ? "-" : std::to_string(node.tier));
	return text;
}

} // namespace

TEST(Tiers, AreTheKernels)
{
	Tree tree("kmem");

	tree.add(TIERS "memory_tier4/nodelist\t0-1");
	tree.add(TIERS "memory_tier22/nodelist\t2");
	tree.add(TIERS "memory_tier30/nodelist\t");
	tree.add(TIERS "uevent\t");
	EXPECT_EQ(tiers_of(Topology(tree.from())), "4 4 22");
}

TEST(Tiers, AreUnknownWhereNobodySaysThem)
{
	Tree tree("kmem");

	EXPECT_EQ(tiers_of(Topology(tree.from())), "- - -");
	EXPECT_EQ(tiers_of(Topology(machine("cxl"))), "- - - -");
}

TEST(Tiers, AreHwlocsWhereTheKernelHasNone)
{
	EXPECT_EQ(tiers_of(Topology(machine("cxl-tiers"))), "0 0 1 1");
}

TEST(Tiers, NameTheirNearestNodes)
{
	Tree tree("kmem");

	tree.add(TIERS "memory_tier4/nodelist\t0-1");
	tree.add(TIERS "memory_tier22/nodelist\t2");
	Topology here(tree.from()), saved(machine("cxl-tiers"));
	EXPECT_EQ(here.select(SPEC_TIER, SPEC_ALL, 0, 4), "0");
	EXPECT_EQ(here.select(SPEC_TIER, SPEC_LOCAL, 1, 22), "2");
	EXPECT_EQ(saved.select(SPEC_TIER, SPEC_ALL, 0, 1), "2 3");
	EXPECT_EQ(saved.select(SPEC_TIER, SPEC_LOCAL, 1, 1), "3");
	EXPECT_STREQ(saved.why,
	    "memory tier 1 from node 1: node 3, the nearest of nodes 2-3");
	EXPECT_EQ(saved.select(SPEC_TIER, SPEC_LOCAL, 1, 0), "1");
}

TEST(Tiers, ThatAreMissingAreToldWithThoseThatAreThere)
{
	Topology saved(machine("cxl-tiers")), bare(machine("cxl"));

	EXPECT_EQ(saved.select(SPEC_TIER, SPEC_ALL, 0, 4), "-");
	EXPECT_STREQ(saved.why,
	    "no node is in memory tier 4; there is tier 0 (nodes 0-1), tier 1 "
	    "(nodes 2-3)");
	EXPECT_EQ(bare.select(SPEC_TIER, SPEC_LOCAL, 0, 1), "-");
	EXPECT_STREQ(bare.why,
	    "no memory tier is known, by /sys/devices/virtual/memory_tiering "
	    "or by hwloc (nodes: 0-3)");
}
