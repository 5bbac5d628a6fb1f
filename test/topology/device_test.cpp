/* SPDX-License-Identifier: BSD-2-Clause */
/* DAX devices and mounts, and the memory that came from a device. */
#include "topology_test.h"

namespace {

/* The path of the device that is chosen, or "-"; SENTENCE may be NULL. */
std::string
device(const Topology &topology, int near, int target, unsigned skip,
    std::string *sentence = nullptr)
{
	char why[TOPOLOGY_TEXT_MAX];
	const struct topology_device *found = poolkind_topology_device(
	    topology.topology, near, target, skip, why);

	if (sentence != nullptr)
		*sentence = why;
	return found != nullptr ? found->path : "-";
}

} // namespace

TEST(Tree, HasNodesAsLinuxSaysWhoHasCpus)
{
	Tree tree("kmem");
	Topology topology(tree.from());
	auto nodes = topology.nodes();

	ASSERT_EQ(nodes.size(), 3u);
	EXPECT_TRUE(nodes[0].has_cpus);
	EXPECT_EQ(nodes[0].capacity, 4 * GIB);
	EXPECT_TRUE(nodes[1].has_cpus);
	EXPECT_EQ(nodes[1].capacity, 0u);
	EXPECT_FALSE(nodes[2].has_cpus);
	EXPECT_EQ(nodes[2].capacity, 384 * MIB);
	EXPECT_EQ(topology.value(TOPOLOGY_READ_BANDWIDTH, 0, 2), 40960u);
	EXPECT_EQ(topology.value(TOPOLOGY_BANDWIDTH, 0, 2), 25600u);
	EXPECT_EQ(topology.value(TOPOLOGY_BANDWIDTH, 0, 0), 102400u);
	EXPECT_EQ(topology.value(TOPOLOGY_LATENCY, 0, 2), 200u);
	EXPECT_EQ(topology.value(TOPOLOGY_LATENCY, 1, 2), 0u);
	EXPECT_EQ(poolkind_topology_distance(topology.topology, 1, 2), 28u);
}

TEST(Tree, LeavesTheEnvironmentAsItWas)
{
	Tree tree("kmem");

	unsetenv("HWLOC_FSROOT");
	Topology first(tree.from());
	EXPECT_EQ(getenv("HWLOC_FSROOT"), nullptr);
	setenv("HWLOC_FSROOT", "/elsewhere", 1);
	Topology second(tree.from());
	EXPECT_STREQ(getenv("HWLOC_FSROOT"), "/elsewhere");
	unsetenv("HWLOC_FSROOT");
}

TEST(Tree, HasCpusWhereItsFileSaysSo)
{
	Tree tree("kmem");

	tree.add("sys/devices/system/node/has_cpu\t1");
	Topology topology(tree.from());
	ASSERT_EQ(topology.nodes().size(), 3u);
	EXPECT_FALSE(topology.nodes()[0].has_cpus);
	EXPECT_TRUE(topology.nodes()[1].has_cpus);
}

TEST(Tree, WithoutCpusIsNotTakenForThisMachine)
{
	Tree tree("kmem");
	char why[TOPOLOGY_TEXT_MAX];

	tree.remove("sys/devices/system/cpu");
	tree.add("sys/devices/system/cpu/online\t0-3");
	EXPECT_EQ(poolkind_topology_open(tree.from().c_str(), why), nullptr);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(why, "hwloc finds no CPUs in the tree \"" + tree.root + "\"");
}

TEST(Tree, HasMemoryFromADaxDevice)
{
	Tree tree("kmem");
	Topology topology(tree.from());

	EXPECT_FALSE(topology.nodes()[0].from_dax);
	EXPECT_TRUE(topology.nodes()[2].from_dax);
	EXPECT_EQ(topology.select(SPEC_DAX_KMEM, SPEC_ALL, 0), "2");
	EXPECT_EQ(topology.select(SPEC_DAX_KMEM, SPEC_LOCAL, 1), "2");
}

TEST(Tree, NodeWithoutMemoryNearItLooksAtTheNearest)
{
	Tree tree("kmem");
	Topology topology(tree.from());

	EXPECT_EQ(topology.select(SPEC_CAPACITY, SPEC_LOCAL, 1), "0");
	EXPECT_EQ(topology.select(SPEC_BANDWIDTH, SPEC_LOCAL, 1), "-");
}

TEST(Tree, NodeWithCpusIsDramWhateverADeviceAdded)
{
	Tree tree("kmem");

	tree.add("sys/bus/dax/devices/dax4.0/target_node\t0");
	Topology topology(tree.from());
	EXPECT_FALSE(topology.nodes()[0].from_dax);
	EXPECT_FALSE(topology.nodes()[2].from_dax);
	EXPECT_EQ(topology.select(SPEC_DAX_KMEM, SPEC_ALL, 0), "-");
}

TEST(Devices, AreThoseWithSizeAndDriverByNumber)
{
	Tree tree("kmem");
	Topology topology(tree.from());
	auto devices = topology.devices();

	ASSERT_EQ(devices.size(), 3u);
	EXPECT_STREQ(devices[0].path, "/dev/dax0.0");
	EXPECT_STREQ(devices[0].region, "0");
	EXPECT_EQ(devices[0].size, 512 * MIB);
	EXPECT_EQ(devices[0].alignment, 2 * MIB);
	EXPECT_EQ(devices[0].target_node, 4);
	EXPECT_EQ(devices[0].near_node, 0);
	EXPECT_FALSE(devices[0].is_system_ram);
	EXPECT_STREQ(devices[1].path, "/dev/dax4.0");
	EXPECT_TRUE(devices[1].is_system_ram);
	EXPECT_EQ(devices[1].target_node, 2);
	EXPECT_STREQ(devices[2].path, "/dev/dax10.0");
	EXPECT_STREQ(devices[2].region, "10");
	EXPECT_EQ(devices[2].alignment, 4 * KIB);
	EXPECT_EQ(devices[2].near_node, 1);
}

TEST(Devices, AreNearANodeWithCpusWhateverLinuxNames)
{
	Tree tree("kmem");

	tree.add("sys/bus/dax/devices/dax10.0/numa_node\t2");
	tree.add("sys/bus/dax/devices/dax0.0/numa_node\t-1");
	Topology topology(tree.from());
	EXPECT_EQ(topology.devices()[0].near_node, -1);
	EXPECT_EQ(topology.devices()[2].near_node, 0);
}

TEST(Devices, AreChosenNearestFirst)
{
	Tree tree("kmem");
	Topology topology(tree.from());
	std::string why;

	EXPECT_EQ(device(topology, -1, -1, 0), "/dev/dax0.0");
	EXPECT_EQ(device(topology, -1, -1, 1), "/dev/dax10.0");
	EXPECT_EQ(device(topology, 0, -1, 0), "/dev/dax0.0");
	EXPECT_EQ(device(topology, 1, -1, 0, &why), "/dev/dax10.0");
	EXPECT_EQ(why, "/dev/dax10.0, nearest to node 1, target node 6");
	EXPECT_EQ(device(topology, 1, -1, 1), "/dev/dax0.0");
	EXPECT_EQ(device(topology, 1, 4, 0), "/dev/dax0.0");
	EXPECT_EQ(device(topology, 0, 6, 0), "/dev/dax10.0");
}

TEST(Devices, ThatAreMemoryAreNeverChosen)
{
	Tree tree("kmem");
	Topology topology(tree.from());
	std::string why;

	EXPECT_EQ(device(topology, -1, 2, 0, &why), "-");
	EXPECT_EQ(why,
	    "no DAX device with target node 2 can be mapped (/dev/dax0.0: "
	    "target node 4, /dev/dax4.0: system RAM, /dev/dax10.0: target node "
	    "6)");
}

TEST(Devices, RunOut)
{
	Tree tree("kmem");
	Topology topology(tree.from());
	std::string why;

	EXPECT_EQ(device(topology, -1, 6, 1, &why), "-");
	EXPECT_EQ(why.substr(0, 80),
	    "no further DAX device with target node 6 can be mapped: 1 is in "
	    "use or unusable ");
	EXPECT_EQ(device(topology, 0, -1, 2, &why), "-");
	EXPECT_EQ(why.substr(0, 70),
	    "no further DAX device can be mapped: 2 are in use or unusable "
	    "(/dev/da");
}

TEST(Devices, MayBeMissing)
{
	Topology topology(machine("one-node"));
	std::string why;

	EXPECT_TRUE(topology.devices().empty());
	EXPECT_EQ(device(topology, 0, -1, 0, &why), "-");
	EXPECT_EQ(why, "this machine has no DAX device with a size");
}

TEST(Devices, MayBeTooManyForTheSentence)
{
	Tree tree("kmem");
	std::string why;

	for (int i = 20; i < 60; i++) {
		std::string name = "sys/bus/dax/devices/dax" +
		    std::to_string(i) + ".0/";

		tree.add(name + "size\t2097152");
		tree.add(name + "target_node\t" + std::to_string(i));
		tree.add(name + "driver -> ../../drivers/device_dax");
	}
	Topology topology(tree.from());
	EXPECT_EQ(topology.devices().size(), 43u);
	EXPECT_EQ(device(topology, -1, 59, 0), "/dev/dax59.0");
	EXPECT_EQ(device(topology, -1, 99, 0, &why), "-");
	EXPECT_EQ(why.substr(why.size() - 6), ", ...)") << why;
}

TEST(Mounts, AreThoseWithDaxForAllFiles)
{
	Tree tree("kmem");
	Topology topology(tree.from());
	const struct topology_mount *mounts;

	ASSERT_EQ(poolkind_topology_mounts(topology.topology, &mounts), 2u);
	EXPECT_STREQ(mounts[0].path, "/mnt/dax");
	EXPECT_STREQ(mounts[0].type, "ext4");
	EXPECT_STREQ(mounts[1].path, "/mnt/al ways");
	EXPECT_STREQ(mounts[1].type, "xfs");
}
