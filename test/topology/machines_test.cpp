/* SPDX-License-Identifier: BSD-2-Clause */
/* What attributes name on machines of today, where one may expect otherwise.
 * machines/README.md has the reasons, and kinds.sh the whole table. */
#include "topology_test.h"

TEST(GraceHopper, HasMemoryOfTheGpuAsANode)
{
	Topology topology(machine("grace-hopper"));

	EXPECT_EQ(nodes_of(machine("grace-hopper")), "0c 1");
	EXPECT_STREQ(topology.nodes()[1].kind, "GPUMemory");
	EXPECT_EQ(topology.nodes()[1].near_node, 0);
	EXPECT_EQ(poolkind_topology_distance(topology.topology, 0, 1), 80u);
}

TEST(GraceHopper, HasProcessorsForWhichTheGpusMemoryIsNotFast)
{
	EXPECT_EQ(ranked("grace-hopper", SPEC_HBW), "0: 0, all: 0");
	EXPECT_EQ(ranked("grace-hopper", SPEC_BANDWIDTH), "0: 0, all: 0");
	EXPECT_EQ(ranked("grace-hopper", SPEC_CAPACITY), "0: 0, all: 0");
	EXPECT_EQ(sentence("grace-hopper", SPEC_HBW, -1),
	    "high-bandwidth memory from anywhere, by kind or 200000 MB/s and "
	    "DRAM's bandwidth: node 0");
}

TEST(A64fx, HasHbmThatNobodyTellsOf)
{
	EXPECT_EQ(ranked("a64fx", SPEC_HBW), "0: -, 1: -, 2: -, 3: -, all: -");
	EXPECT_EQ(sentence("a64fx", SPEC_HBW, 0),
	    "no node has a known bandwidth, as hbw needs: the firmware has no "
	    "HMAT (nodes: 0-3)");
	EXPECT_EQ(Topology(machine("a64fx")).nearest(3, { 0, 1, 2 }), "2");
}

TEST(SapphireRapids, HasTheHbmOfEachCluster)
{
	std::string hbm;

	for (int i = 0; i < 8; i++)
		hbm += std::to_string(i) + ": " + std::to_string(8 + i) + ", ";
	hbm += "all: 8 9 10 11 12 13 14 15";
	EXPECT_EQ(ranked("sapphire-rapids-snc4", SPEC_HBW), hbm);
	EXPECT_EQ(ranked("sapphire-rapids-snc4", SPEC_BANDWIDTH), hbm);
}

TEST(SapphireRapids, HasNodesBelowACache)
{
	EXPECT_EQ(nodes_of(machine("sapphire-rapids-cache")), "0c 1c");
	EXPECT_EQ(
	    ranked("sapphire-rapids-cache", SPEC_HBW), "0: 0, 1: 1, all: 0 1");
}

TEST(Turin, HasCxlMemoryByDeviceOrBySet)
{
	EXPECT_EQ(ranked("turin-cxl-set", SPEC_CXL), "0: 2, 1: 3, all: 2 3");
	EXPECT_EQ(ranked("turin-cxl-nodes", SPEC_CXL),
	    "0: 2 3, 1: 4 5, all: 2 3 4 5");
	EXPECT_EQ(Topology(machine("turin-cxl-nodes"))
		      .select(SPEC_TIER, SPEC_LOCAL, 1, 1),
	    "4 5");
}

/* Which has more bandwidth than the DRAM of a cluster. */
TEST(GraniteRapids, HasCxlMemoryThatIsNoHbm)
{
	EXPECT_EQ(ranked("granite-rapids-cxl-set", SPEC_HBW),
	    "0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, all: 0 1 2 3 4 5");
	EXPECT_EQ(ranked("granite-rapids-cxl-set", SPEC_BANDWIDTH),
	    "0: 6, 1: 6, 2: 6, 3: 7, 4: 7, 5: 7, all: 6 7");
}

TEST(EightSockets, AreOneOrTwoHopsApart)
{
	Topology topology(machine("eight-sockets"));

	EXPECT_EQ(topology.nearest(0, { 3, 5, 7 }), "7");
	EXPECT_EQ(topology.nearest(0, { 1, 2, 4, 7 }), "1 2 4 7");
	EXPECT_EQ(topology.select(SPEC_HBW, SPEC_LOCAL, 5), "5");
}

TEST(ManyNodes, MayBeginPastTheFirstWord)
{
	Topology topology(machine("nodes-64-to-200"));

	EXPECT_EQ(topology.nodes().size(), 137u);
	EXPECT_EQ(topology.nodes()[0].id, 64u);
	EXPECT_EQ(topology.nodes()[136].id, 200u);
	EXPECT_EQ(topology.nodes()[136].near_node, 183);
	EXPECT_EQ(topology.select(SPEC_CAPACITY, SPEC_LOCAL, 183), "200");
	EXPECT_STREQ(topology.why,
	    "largest capacity from node 183: 65536 MiB of node 200 (looked at: "
	    "nodes 183-200)");
	EXPECT_EQ(topology.select(SPEC_CAPACITY, SPEC_LOCAL, 0), "-");
}

TEST(Container, HasWhatItsCpusetHas)
{
	EXPECT_EQ(nodes_of(machine("container")), "0ce 1c");
	EXPECT_EQ(ranked("container", SPEC_HBW), "0: -, 1: -, all: -");
	EXPECT_EQ(ranked("container", SPEC_BANDWIDTH), "0: -, 1: 1, all: 1");
	EXPECT_EQ(ranked("container", SPEC_CAPACITY), "0: 1, 1: 1, all: 1");
	EXPECT_EQ(sentence("container", SPEC_HBW, 1),
	    "no node is high-bandwidth memory: none has twice the 190000 MB/s "
	    "of DRAM or 200000 MB/s (nodes: 1)");
}
