/* SPDX-License-Identifier: BSD-2-Clause */
/* Which nodes are CXL memory. */
#include "topology_test.h"

namespace {

#define HOST "sys/devices/platform/ACPI0017:00/root0/"
#define REGION HOST "decoder0.0/region0/"

/* The nodes that are CXL memory: "2 3", or "-". */
std::string
cxl_of(const std::string &from)
{
	std::string text;

	for (const auto &node : Topology(from).nodes())
		if (node.is_cxl)
			text += (text.empty() ? "" : " ") +
			    std::to_string(node.id);
	return text.empty() ? "-" : text;
}

/* A region from 4 GiB to 4.5 GiB, less the first and the last MiB, and blocks
 * of 128 MiB: so block 33 is its first whole one. */
void
add_region(Tree &tree, const std::string &node)
{
	tree.add("sys/devices/system/memory/block_size_bytes\t8000000");
	tree.add("sys/devices/system/memory/memory32/node0 -> ../node/node0");
	tree.add("sys/devices/system/memory/memory33/" + node + " -> ../node/" +
	    node);
	tree.add("sys/bus/cxl/devices/region0/resource\t0x100100000");
	tree.add("sys/bus/cxl/devices/region0/size\t0x1fe00000");
	tree.add("sys/bus/cxl/devices/root0/uevent\t");
}

/* The device that is node 2 lies below a device on the bus BUS. */
void
add_device(Tree &tree, const std::string &bus)
{
	static const std::string folder = REGION "dax_region0/dax4.0/";

	tree.remove("sys/bus/dax/devices/dax4.0");
	tree.add("sys/bus/dax/devices/dax4.0 -> ../../../../" + folder);
	tree.add(folder + "size\t532676608");
	tree.add(folder + "align\t2097152");
	tree.add(folder + "target_node\t2");
	tree.add(folder + "numa_node\t2");
	tree.add(folder + "driver -> ../../../drivers/kmem");
	tree.add(folder + "subsystem -> ../../../bus/dax");
	tree.add(std::string(REGION "subsystem -> ../../bus/") + bus);
}

} // namespace

TEST(Cxl, IsTheNodeOfARegionsMemory)
{
	Tree tree("kmem");

	add_region(tree, "node2");
	EXPECT_EQ(cxl_of(tree.from()), "2");
	EXPECT_EQ(Topology(tree.from()).select(SPEC_CXL, SPEC_LOCAL, 1), "2");
}

TEST(Cxl, IsNoNodeWithCpus)
{
	Tree tree("kmem");

	add_region(tree, "node0");
	EXPECT_EQ(cxl_of(tree.from()), "-");
}

TEST(Cxl, IsNoNodeOfARegionWithoutAWholeBlock)
{
	Tree tree("kmem");

	add_region(tree, "node2");
	tree.add("sys/bus/cxl/devices/region0/size\t0xfe00000");
	EXPECT_EQ(cxl_of(tree.from()), "-");
	tree.remove("sys/devices/system/memory/block_size_bytes");
	EXPECT_EQ(cxl_of(tree.from()), "-");
}

TEST(Cxl, IsMemoryFromADaxDeviceOnARegion)
{
	Tree tree("kmem");

	add_device(tree, "cxl");
	EXPECT_EQ(cxl_of(tree.from()), "2");
	EXPECT_EQ(
	    Topology(tree.from()).select(SPEC_DAX_KMEM, SPEC_ALL, 0), "2");
}

TEST(Cxl, IsNoOtherMemoryFromADaxDevice)
{
	Tree tree("kmem");

	EXPECT_EQ(cxl_of(tree.from()), "-");
	add_device(tree, "nd");
	EXPECT_EQ(cxl_of(tree.from()), "-");
	add_device(tree, "cxl");
	tree.add(REGION "dax_region0/dax4.0/driver -> ../drivers/device_dax");
	EXPECT_EQ(cxl_of(tree.from()), "-");
}

TEST(Cxl, IsNoHighBandwidthMemoryHoweverFast)
{
	static const std::string fast = "bandwidth\t409600";
	static const std::string node2 =
	    "sys/devices/system/node/node2/access0/initiators/";
	Tree tree("kmem");

	tree.add(node2 + "read_" + fast);
	tree.add(node2 + "write_" + fast);
	EXPECT_EQ(Topology(tree.from()).select(SPEC_HBW, SPEC_ALL, 0), "2");
	add_region(tree, "node2");
	EXPECT_EQ(Topology(tree.from()).select(SPEC_HBW, SPEC_ALL, 0), "-");
	EXPECT_EQ(
	    Topology(tree.from()).select(SPEC_BANDWIDTH, SPEC_ALL, 0), "2");
}

TEST(Cxl, IsWhatHwlocCallsSo)
{
	Topology saved(machine("cxl-tiers"));

	EXPECT_EQ(cxl_of(machine("cxl-tiers")), "2 3");
	EXPECT_EQ(cxl_of(machine("cxl")), "-");
	EXPECT_EQ(saved.select(SPEC_CXL, SPEC_LOCAL, 0), "2");
	EXPECT_STREQ(saved.why,
	    "CXL memory from node 0: node 2, the nearest of nodes 2-3");
}

TEST(Cxl, IsLookedForInSeveralPlaces)
{
	Topology bare(machine("no-hmat"));

	EXPECT_EQ(bare.select(SPEC_CXL, SPEC_ALL, 0), "-");
	EXPECT_STREQ(bare.why,
	    "no node is CXL memory: none has memory of a region in "
	    "/sys/bus/cxl/devices, or of a DAX device on one, or is CXL by "
	    "hwloc (nodes: 0-3)");
}
