/* SPDX-License-Identifier: BSD-2-Clause */
/* Nodes, what is known of them, and topologies that cannot be read. */
#include "topology_test.h"

#include <cstdlib>
#include <fstream>

#include <unistd.h>

namespace {

/* The error of opening FROM, and its sentence. */
std::string
refusal(const char *from, int error)
{
	char why[TOPOLOGY_TEXT_MAX];
	struct topology *topology = poolkind_topology_open(from, why);

	EXPECT_EQ(topology, nullptr) << from;
	EXPECT_EQ(errno, error) << from;
	poolkind_topology_close(topology);
	return why;
}

} // namespace

TEST(Nodes, AreThoseOfTheMachine)
{
	EXPECT_EQ(nodes_of(machine("one-node")), "0c");
	EXPECT_EQ(nodes_of(machine("hbm-flat")), "0c 1c 2 3");
	EXPECT_EQ(nodes_of(machine("hbm-only")), "0c 1c");
	EXPECT_EQ(nodes_of(machine("cxl")), "0c 1c 2 3");
	EXPECT_EQ(nodes_of(machine("four-sockets")), "0c 1c 2c 3c");
	EXPECT_EQ(nodes_of(machine("kmem")), "0c 1c 2d 3d");
	EXPECT_EQ(nodes_of(machine("no-hmat")), "0c 1c 2 3");
	EXPECT_EQ(nodes_of(machine("asymmetric")), "0c 1 2");
	EXPECT_EQ(nodes_of(machine("knl")), "0c 1c 2c 3c 4 5 6 7");
	EXPECT_EQ(nodes_of(machine("ties")), "0c 1 2 3");
}

TEST(Nodes, OfAPackageHaveItsCpusBeforeThoseOfTheMachine)
{
	EXPECT_EQ(nodes_of(machine("cxl-shared")), "0c 1c 2");
}

TEST(Nodes, ThatAreForbiddenAreNotThere)
{
	EXPECT_EQ(nodes_of(machine("hidden-hbm")), "0c 1c 3");
}

TEST(Nodes, WithCpusStayWhenTheirMemoryIsForbidden)
{
	EXPECT_EQ(nodes_of(machine("hidden-dram")), "0ce 1c 2 3");
	EXPECT_EQ(nodes_of(machine("hidden-socket")), "0ce 1c 3");
}

TEST(Nodes, MayBeMoreThanAWordHasBits)
{
	Topology many("synthetic:group:10 pack:10 [numa(memory=1GiB)] core:1 "
		      "pu:1");
	auto nodes = many.nodes();

	ASSERT_EQ(nodes.size(), 100u);
	for (unsigned i = 0; i < 100; i++) {
		EXPECT_EQ(nodes[i].id, i);
		EXPECT_TRUE(nodes[i].has_cpus);
		EXPECT_EQ(nodes[i].capacity, GIB);
	}
	EXPECT_EQ(many.select(SPEC_CAPACITY, SPEC_LOCAL, 99), "99");
	many.select(SPEC_CAPACITY, SPEC_ALL, 0);
	EXPECT_NE(std::string(many.why).find("nodes 0-99"), std::string::npos)
	    << many.why;
}

TEST(Nodes, HaveCapacityAndKind)
{
	auto knl = Topology(machine("knl")).nodes();

	EXPECT_EQ(knl[0].capacity, 24 * GIB);
	EXPECT_EQ(knl[4].capacity, 4 * GIB);
	EXPECT_EQ(Topology(machine("one-node")).nodes()[0].capacity, 16 * GIB);
	Topology named(machine("knl"));
	EXPECT_STREQ(named.nodes()[0].kind, "");
	EXPECT_STREQ(named.nodes()[4].kind, "MCDRAM");
}

TEST(Nodes, OfASavedTopologyHaveNothingFree)
{
	Topology saved(machine("one-node"));

	EXPECT_EQ(poolkind_topology_free(saved.topology, 0), 0u);
}

TEST(Values, AreReadFromEachNodeWithCpus)
{
	Topology hbm(machine("hbm-flat"));

	EXPECT_EQ(hbm.value(TOPOLOGY_READ_BANDWIDTH, 0, 0), 200000u);
	EXPECT_EQ(hbm.value(TOPOLOGY_WRITE_BANDWIDTH, 0, 0), 180000u);
	EXPECT_EQ(hbm.value(TOPOLOGY_BANDWIDTH, 0, 0), 190000u);
	EXPECT_EQ(hbm.value(TOPOLOGY_READ_LATENCY, 1, 3), 130u);
	EXPECT_EQ(hbm.value(TOPOLOGY_WRITE_LATENCY, 1, 3), 140u);
	EXPECT_EQ(hbm.value(TOPOLOGY_LATENCY, 1, 3), 135u);
}

TEST(Values, AreUnknownWhereTheFirmwareSaysNothing)
{
	Topology hbm(machine("hbm-flat")), bare(machine("no-hmat"));

	EXPECT_EQ(hbm.value(TOPOLOGY_BANDWIDTH, 0, 1), 0u);
	EXPECT_EQ(hbm.value(TOPOLOGY_BANDWIDTH, 0, 3), 0u);
	EXPECT_EQ(hbm.value(TOPOLOGY_BANDWIDTH, 2, 2), 0u);
	EXPECT_EQ(hbm.value(TOPOLOGY_BANDWIDTH, 0, 64), 0u);
	EXPECT_EQ(hbm.value(TOPOLOGY_ATTRIBUTES, 0, 0), 0u);
	EXPECT_EQ(bare.value(TOPOLOGY_BANDWIDTH, 0, 0), 0u);
}

TEST(Values, AreTheMeanOfReadsAndWrites)
{
	Topology uneven(machine("asymmetric"));

	EXPECT_EQ(uneven.value(TOPOLOGY_READ_BANDWIDTH, 0, 1), 300000u);
	EXPECT_EQ(uneven.value(TOPOLOGY_WRITE_BANDWIDTH, 0, 1), 50000u);
	EXPECT_EQ(uneven.value(TOPOLOGY_BANDWIDTH, 0, 1), 175000u);
	EXPECT_EQ(uneven.value(TOPOLOGY_BANDWIDTH, 0, 2), 150000u);
	EXPECT_EQ(uneven.value(TOPOLOGY_LATENCY, 0, 1), 140u);
}

TEST(Distances, AreTheFirmwares)
{
	Topology hbm(machine("hbm-flat")), plain(machine("one-node"));

	EXPECT_EQ(poolkind_topology_distance(hbm.topology, 0, 0), 10u);
	EXPECT_EQ(poolkind_topology_distance(hbm.topology, 0, 1), 21u);
	EXPECT_EQ(poolkind_topology_distance(hbm.topology, 0, 2), 13u);
	EXPECT_EQ(poolkind_topology_distance(hbm.topology, 1, 3), 13u);
	EXPECT_EQ(poolkind_topology_distance(hbm.topology, 0, 7), 0u);
	EXPECT_EQ(poolkind_topology_distance(plain.topology, 0, 0), 0u);
}

TEST(Open, ReadsThisMachine)
{
	Topology here(nullptr);
	uint64_t capacity = 0, cpus = 0, free_bytes = 0;

	for (const auto &node : here.nodes()) {
		capacity += node.capacity;
		cpus += node.has_cpus;
		free_bytes += poolkind_topology_free(here.topology, node.id);
		EXPECT_LE(poolkind_topology_free(here.topology, node.id),
		    node.capacity);
	}
	EXPECT_GT(capacity, 0u);
	EXPECT_GT(cpus, 0u);
	EXPECT_GT(free_bytes, 0u);
	EXPECT_NE(here.select(SPEC_CAPACITY, SPEC_ALL, 0), "-") << here.why;
}

TEST(Open, TakesTheMachineThatHwlocIsToldOf)
{
	setenv("HWLOC_XMLFILE", machine("knl").c_str() + strlen("xml:"), 1);
	Topology saved(nullptr);
	unsetenv("HWLOC_XMLFILE");
	EXPECT_EQ(saved.nodes().size(), 8u);
	EXPECT_TRUE(saved.devices().empty());
	EXPECT_EQ(poolkind_topology_free(saved.topology, 0), 0u);
}

TEST(Open, RefusesWhatItDoesNotKnow)
{
	EXPECT_EQ(refusal("lstopo:x", EINVAL),
	    "unknown topology \"lstopo:x\"; known are xml:PATH, "
	    "synthetic:TEXT and sysfs:PATH");
	EXPECT_EQ(refusal("", EINVAL).substr(0, 20), "unknown topology \"\";");
	EXPECT_EQ(refusal("synthetic:node", EINVAL),
	    "hwloc does not understand \"node\"");
}

TEST(Open, SaysWhichFileCannotBeRead)
{
	EXPECT_EQ(refusal("xml:/no/such", ENOENT),
	    "cannot read \"/no/such\": No such file or directory");
	EXPECT_EQ(refusal("sysfs:/no/such", ENOENT),
	    "\"/no/such\" is not a tree with sys/devices/system/cpu: No such "
	    "file or directory");
}

TEST(Open, SaysThatHwlocCannotReadAFile)
{
	char path[] = "/tmp/topology.XXXXXX";

	close(mkstemp(path));
	std::ofstream(path) << "<topology version=\"2.0\"></topology>\n";
	EXPECT_EQ(refusal(("xml:" + std::string(path)).c_str(), EINVAL),
	    "hwloc cannot read the topology: Invalid argument");
	unlink(path);
}

/* At which hwloc 2.9 follows a null pointer. */
TEST(Open, RefusesAFileWithoutSetsThatHwlocNeeds)
{
	std::ifstream saved(machine("knl").substr(strlen("xml:")));
	std::string whole((std::istreambuf_iterator<char>(saved)),
	    std::istreambuf_iterator<char>());

	for (std::string set : { "complete_cpuset", "complete_nodeset" }) {
		char path[] = "/tmp/topology.XXXXXX";
		std::string text = whole, name = " " + set + "=";
		size_t at = text.rfind(name);

		ASSERT_NE(at, std::string::npos);
		text.erase(at, text.find('"', at + name.size() + 1) + 1 - at);
		close(mkstemp(path));
		std::ofstream(path) << text;
		EXPECT_EQ(refusal(("xml:" + std::string(path)).c_str(), EINVAL),
		    "\"" + std::string(path) + "\" has an object without " +
			set + ", which hwloc needs: write it with lstopo");
		unlink(path);
	}
}

TEST(Open, CutsAPathThatIsTooLongForTheSentence)
{
	std::string path = "xml:/" + std::string(3000, 'x');

	EXPECT_LT(refusal(path.c_str(), ENAMETOOLONG).size(),
	    (size_t)TOPOLOGY_TEXT_MAX);
}
