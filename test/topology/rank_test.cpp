/* SPDX-License-Identifier: BSD-2-Clause */
/* Which nodes a rank names, from where, and what is said of it. */
#include "topology_test.h"

TEST(Rank, OneNodeIsTheLargestAndNothingElse)
{
	EXPECT_EQ(ranked("one-node", SPEC_CAPACITY), "0: 0, all: 0");
	EXPECT_EQ(ranked("one-node", SPEC_BANDWIDTH), "0: -, all: -");
	EXPECT_EQ(ranked("one-node", SPEC_LATENCY), "0: -, all: -");
	EXPECT_EQ(ranked("one-node", SPEC_HBW), "0: -, all: -");
	EXPECT_EQ(ranked("one-node", SPEC_DAX_KMEM), "0: -, all: -");
}

TEST(Rank, HbmBesideDram)
{
	EXPECT_EQ(ranked("hbm-flat", SPEC_HBW), "0: 2, 1: 3, all: 2 3");
	EXPECT_EQ(ranked("hbm-flat", SPEC_BANDWIDTH), "0: 2, 1: 3, all: 2 3");
	EXPECT_EQ(ranked("hbm-flat", SPEC_LATENCY), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("hbm-flat", SPEC_CAPACITY), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("hbm-flat", SPEC_DAX_KMEM), "0: -, 1: -, all: -");
}

TEST(Rank, HbmAlone)
{
	EXPECT_EQ(ranked("hbm-only", SPEC_HBW), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("hbm-only", SPEC_BANDWIDTH), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("hbm-only", SPEC_LATENCY), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("hbm-only", SPEC_CAPACITY), "0: 0, 1: 1, all: 0 1");
}

TEST(Rank, CxlBesideDram)
{
	EXPECT_EQ(ranked("cxl", SPEC_BANDWIDTH), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("cxl", SPEC_LATENCY), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("cxl", SPEC_CAPACITY), "0: 2, 1: 3, all: 2 3");
	EXPECT_EQ(ranked("cxl", SPEC_HBW), "0: -, 1: -, all: -");
}

TEST(Rank, CxlSharedByTwoSockets)
{
	EXPECT_EQ(ranked("cxl-shared", SPEC_BANDWIDTH), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("cxl-shared", SPEC_CAPACITY), "0: 2, 1: 2, all: 2");
}

TEST(Rank, FourSockets)
{
	const char *own = "0: 0, 1: 1, 2: 2, 3: 3, all: 0 1 2 3";

	EXPECT_EQ(ranked("four-sockets", SPEC_BANDWIDTH), own);
	EXPECT_EQ(ranked("four-sockets", SPEC_LATENCY), own);
	EXPECT_EQ(ranked("four-sockets", SPEC_CAPACITY), own);
	EXPECT_EQ(
	    ranked("four-sockets", SPEC_HBW), "0: -, 1: -, 2: -, 3: -, all: -");
}

TEST(Rank, MemoryFromDaxDevices)
{
	EXPECT_EQ(ranked("kmem", SPEC_DAX_KMEM), "0: 2, 1: 3, all: 2 3");
	EXPECT_EQ(ranked("kmem", SPEC_CAPACITY), "0: 2, 1: 3, all: 2 3");
	EXPECT_EQ(ranked("kmem", SPEC_LATENCY), "0: 0, 1: 1, all: 0 1");
	EXPECT_EQ(ranked("kmem", SPEC_BANDWIDTH), "0: 0, 1: 1, all: 0 1");
}

TEST(Rank, WithoutHmatOnlyWhatNeedsNone)
{
	EXPECT_EQ(ranked("no-hmat", SPEC_BANDWIDTH), "0: -, 1: -, all: -");
	EXPECT_EQ(ranked("no-hmat", SPEC_LATENCY), "0: -, 1: -, all: -");
	EXPECT_EQ(ranked("no-hmat", SPEC_HBW), "0: -, 1: -, all: -");
	EXPECT_EQ(ranked("no-hmat", SPEC_CAPACITY), "0: 0, 1: 1, all: 0 1");
}

TEST(Rank, ReadsAndWritesCountAlike)
{
	EXPECT_EQ(ranked("asymmetric", SPEC_BANDWIDTH), "0: 1, all: 1");
	EXPECT_EQ(ranked("asymmetric", SPEC_LATENCY), "0: 0, all: 0");
}

TEST(Rank, McdramNeedsNoHmat)
{
	EXPECT_EQ(
	    ranked("knl", SPEC_HBW), "0: 4, 1: 5, 2: 6, 3: 7, all: 4 5 6 7");
	EXPECT_EQ(ranked("knl", SPEC_CAPACITY),
	    "0: 0, 1: 1, 2: 2, 3: 3, all: 0 1 2 3");
}

TEST(Rank, HbmOfTheOtherSocketWhereTheNearOneIsForbidden)
{
	EXPECT_EQ(ranked("hidden-hbm", SPEC_HBW), "0: 3, 1: 3, all: 3");
	EXPECT_EQ(ranked("hidden-hbm", SPEC_BANDWIDTH), "0: 0, 1: 3, all: 3");
}

TEST(Rank, IsAsSeenFromANodeWhoseMemoryIsForbidden)
{
	EXPECT_EQ(ranked("hidden-dram", SPEC_HBW), "0: 2, 1: 3, all: 2 3");
	EXPECT_EQ(ranked("hidden-dram", SPEC_LATENCY), "0: 2, 1: 1, all: 1");
	EXPECT_EQ(ranked("hidden-dram", SPEC_CAPACITY), "0: 2, 1: 1, all: 1");
	EXPECT_EQ(ranked("hidden-socket", SPEC_HBW), "0: 3, 1: 3, all: 3");
	EXPECT_EQ(ranked("hidden-socket", SPEC_CAPACITY), "0: 1, 1: 1, all: 1");
	EXPECT_EQ(ranked("hidden-socket", SPEC_LATENCY), "0: -, 1: 1, all: 1");
}

TEST(Rank, OfEqualsIsTheNearestThenTheSmaller)
{
	EXPECT_EQ(ranked("ties", SPEC_BANDWIDTH), "0: 3, all: 1 2 3");
	EXPECT_EQ(ranked("ties", SPEC_LATENCY), "0: 3, all: 1 2 3");
	EXPECT_EQ(ranked("ties", SPEC_CAPACITY), "0: 0, all: 0 1 2");
	EXPECT_EQ(ranked("ties", SPEC_HBW), "0: 2 3, all: 1 2 3");
}

TEST(Rank, FromAnywhereIsFromWhereANodeIsBest)
{
	EXPECT_EQ(sentence("hidden-sockets", SPEC_BANDWIDTH, -1),
	    "highest bandwidth from anywhere: 30000 MB/s of node 2 (known: "
	    "node 2)");
	EXPECT_EQ(sentence("hidden-sockets", SPEC_LATENCY, -1),
	    "lowest latency from anywhere: 350 ns of node 2 (known: node 2)");
}

TEST(Rank, WithoutDistancesOwnMemoryIsNearest)
{
	Topology alike("synthetic:pack:2 [numa(memory=1GiB)] "
		       "[numa(memory=1GiB)] core:1 pu:1");

	EXPECT_EQ(alike.select(SPEC_CAPACITY, SPEC_LOCAL, 0), "0");
	EXPECT_EQ(alike.select(SPEC_CAPACITY, SPEC_LOCAL, 2), "2");
	Topology far("synthetic:pack:2 [numa(memory=1GiB)] "
		     "[numa(memory=2GiB)] core:1 pu:1");
	EXPECT_EQ(far.select(SPEC_CAPACITY, SPEC_LOCAL, 0), "1");
	EXPECT_EQ(far.select(SPEC_CAPACITY, SPEC_LOCAL, 2), "3");
}

TEST(Sentence, SaysWhatDecided)
{
	EXPECT_EQ(sentence("hbm-flat", SPEC_BANDWIDTH, 1),
	    "highest bandwidth from node 1: 780000 MB/s of node 3 (known: "
	    "nodes 1,3)");
	EXPECT_EQ(sentence("ties", SPEC_LATENCY, 0),
	    "lowest latency from node 0: 90 ns of node 3, the nearest and "
	    "smallest of 3 equals (known: nodes 0-3)");
	EXPECT_EQ(sentence("cxl", SPEC_CAPACITY, -1),
	    "largest capacity from anywhere: 262144 MiB of nodes 2-3 (looked "
	    "at: nodes 0-3)");
	EXPECT_EQ(sentence("hbm-flat", SPEC_HBW, 0),
	    "high-bandwidth memory from node 0, by kind or twice DRAM's "
	    "bandwidth: node 2, the nearest of nodes 2-3");
	EXPECT_EQ(sentence("hbm-only", SPEC_HBW, -1),
	    "high-bandwidth memory from anywhere, by kind or 200000 MB/s "
	    "and DRAM's bandwidth: nodes 0-1");
	EXPECT_EQ(sentence("kmem", SPEC_DAX_KMEM, 1),
	    "memory onlined from a DAX device from node 1: node 3, the nearest "
	    "of nodes 2-3");
}

TEST(Sentence, SaysWhatIsMissing)
{
	EXPECT_EQ(sentence("no-hmat", SPEC_BANDWIDTH, 0),
	    "no node has a known bandwidth: the firmware has no HMAT (nodes: "
	    "0-3)");
	EXPECT_EQ(sentence("no-hmat", SPEC_LATENCY, -1),
	    "no node has a known latency: the firmware has no HMAT (nodes: "
	    "0-3)");
	EXPECT_EQ(sentence("no-hmat", SPEC_HBW, 1),
	    "no node has a known bandwidth, as hbw needs: the firmware has no "
	    "HMAT (nodes: 0-3)");
	EXPECT_EQ(sentence("cxl", SPEC_HBW, 0),
	    "no node is high-bandwidth memory: none has twice the 100000 MB/s "
	    "of DRAM or 200000 MB/s (nodes: 0-3)");
	EXPECT_EQ(sentence("cxl", SPEC_DAX_KMEM, 0),
	    "no node is memory onlined from a DAX device (nodes: 0-3)");
	EXPECT_EQ(sentence("hidden-socket", SPEC_BANDWIDTH, 0),
	    "no bandwidth is known from node 0; from other nodes it is known "
	    "of nodes 1,3");
}

TEST(Sentence, SaysFromWhereOneCanLook)
{
	EXPECT_EQ(sentence("hbm-flat", SPEC_HBW, 2),
	    "node 2 has no CPUs to look from; those that have: 0-1");
	EXPECT_EQ(sentence("hbm-flat", SPEC_CAPACITY, 77),
	    "node 77 has no CPUs to look from; those that have: 0-1");
}

TEST(Rank, RefusesASourceThatIsNone)
{
	EXPECT_EQ(ranked("one-node", SPEC_DRAM), "0: -, all: -");
}

TEST(Nearest, OfGivenNodesThoseWithMemory)
{
	Topology topology(machine("hbm-flat"));

	EXPECT_EQ(topology.nearest(0, { 2, 3 }), "2");
	EXPECT_EQ(topology.nearest(1, { 2, 3 }), "3");
	EXPECT_EQ(topology.nearest(0, { 0, 2, 3 }), "0");
	EXPECT_EQ(topology.nearest(1, { 2 }), "2");
	EXPECT_EQ(topology.nearest(1, { 900 }), "-");
	EXPECT_EQ(topology.nearest(12345, { 2, 3 }), "2 3");
}
