/* SPDX-License-Identifier: BSD-2-Clause */
/* Weights by bandwidth: of saved machines, and of figures that are injected
 * where a live machine would be measured. */
#include "topology_test.h"

#include <map>

namespace {

using Pair = std::pair<unsigned, unsigned>;

/* What the probe was asked for, and what it answers: 0 where there is nothing.
 */
std::map<Pair, unsigned> probed_ms;
std::map<Pair, uint64_t> figures;
size_t probed_bytes;

uint64_t
figure(unsigned from, unsigned to, unsigned ms, size_t bytes)
{
	EXPECT_EQ(probed_ms.count({ from, to }), 0u) << from << " " << to;
	probed_ms[{ from, to }] = ms;
	probed_bytes = bytes;
	return figures[{ from, to }];
}

class Weights : public testing::Test {
protected:
	void
	SetUp() override
	{
		probed_ms.clear();
		figures.clear();
	}
	static std::string
	of(const char *name, const std::vector<unsigned> &nodes, int from = -1)
	{
		Topology topology(machine(name));

		return of(topology, nodes, from);
	}
	/* "5:3"; or "again", "-" with `why`. FROM -1: from anywhere. */
	static std::string
	of(Topology &topology, const std::vector<unsigned> &nodes,
	    int from = -1)
	{
		uint8_t weights[SPEC_WEIGHTS_MAX];
		struct node_set set = { { 0 } };
		std::string text;
		int error;

		for (unsigned id : nodes)
			set.bits[id / 64] |= (uint64_t)1 << (id % 64);
		memset(weights, 1, sizeof(weights));
		error = poolkind_topology_weights(topology.topology, &set,
		    from < 0 ? SPEC_ALL : SPEC_LOCAL, (unsigned)from, weights,
		    topology.why);
		if (error != 0)
			return error == EAGAIN ? "again" :
			    error == E2BIG     ? "many" :
						 "-";
		for (size_t i = 0; i < SPEC_WEIGHTS_MAX && weights[i]; i++)
			text += (i == 0 ? "" : ":") +
			    std::to_string(weights[i]);
		return text;
	}
	static void
	measure(Topology &topology)
	{
		poolkind_topology_measure(topology.topology, 4096, figure);
	}
};

} // namespace

TEST_F(Weights, AreAsTheFirmwaresBandwidths)
{
	Topology hopper(machine("grace-hopper")), cxl(machine("cxl")),
	    turin(machine("turin-cxl-nodes"));

	/* 486 and 297 GB/s. */
	EXPECT_EQ(of(hopper, { 0, 1 }, 0), "5:3");
	EXPECT_STREQ(hopper.why, "by the bandwidth of reads from node 0");
	EXPECT_EQ(of(cxl, { 0, 2 }, 0), "10:3");
	EXPECT_EQ(of(cxl, { 1, 3 }, 1), "10:3");
	/* 576 and twice 28 GB/s. */
	EXPECT_EQ(of(turin, { 0, 2, 3 }, 0), "21:1:1");
	EXPECT_EQ(of(turin, { 1, 4, 5 }, 1), "21:1:1");
	EXPECT_EQ(of("granite-rapids-cxl-set", { 0, 6 }, 0), "1:1");
	EXPECT_EQ(of("sapphire-rapids-snc4", { 0, 8 }, 0), "3:10");
}

TEST_F(Weights, FromAnywhereAreThoseFromWhereEachIsBest)
{
	Topology cxl(machine("cxl"));

	EXPECT_EQ(of(cxl, { 0, 1, 2, 3 }), "10:10:3:3");
	EXPECT_STREQ(cxl.why, "by the bandwidth of reads from anywhere");
	EXPECT_EQ(of("turin-cxl-set", { 0, 1, 2, 3 }), "21:21:4:4");
}

TEST_F(Weights, OfOneNodeNeedNoBandwidth)
{
	EXPECT_EQ(of("no-hmat", { 1 }, 0), "1");
	EXPECT_EQ(of("no-hmat", { 2 }), "1");
}

/* Every share is right to 2 %, whatever the ratio. */
TEST_F(Weights, AreSmallAndNear)
{
	for (uint64_t other :
	    { 10u, 17u, 50u, 99u, 100u, 333u, 1000u, 7777u }) {
		Topology topology(machine("no-hmat"));
		std::string text;
		unsigned a = 0, b = 0;

		SetUp();
		figures = { { { 0, 0 }, 100 }, { { 0, 1 }, other } };
		of(topology, { 0, 1 }, 0);
		measure(topology);
		text = of(topology, { 0, 1 }, 0);
		ASSERT_EQ(sscanf(text.c_str(), "%u:%u", &a, &b), 2) << text;
		EXPECT_NEAR(a * (100.0 + other) / ((a + b) * 100.0), 1, 0.02);
		EXPECT_NEAR(b * (100.0 + other) / ((a + b) * other), 1, 0.02);
		EXPECT_LE(a + b, 103u) << text;
	}
}

TEST_F(Weights, EndAtThoseThatTheKernelHas)
{
	Topology topology(machine("no-hmat"));

	figures = { { { 0, 0 }, 3000000 }, { { 0, 1 }, 1 } };
	of(topology, { 0, 1 }, 0);
	measure(topology);
	EXPECT_EQ(of(topology, { 0, 1 }, 0), "255:1");
}

TEST_F(Weights, AreMeasuredWhereTheFirmwareTellsNothing)
{
	Topology topology(machine("no-hmat"));

	figures = { { { 0, 0 }, 100 }, { { 0, 1 }, 60 }, { { 1, 0 }, 60 },
		{ { 1, 1 }, 100 } };
	EXPECT_EQ(of(topology, { 0, 1 }, 0), "again");
	EXPECT_EQ(of(topology, { 0, 1 }, 1), "again");
	measure(topology);
	EXPECT_EQ(probed_ms.size(), 4u);
	EXPECT_EQ(probed_bytes, 4096u);
	EXPECT_EQ(of(topology, { 0, 1 }, 0), "5:3");
	EXPECT_STREQ(topology.why,
	    "by the bandwidth of reads that was measured from node 0");
	EXPECT_EQ(of(topology, { 0, 1 }, 1), "3:5");
	EXPECT_EQ(of(topology, { 0, 1 }), "1:1");
	/* Kept: figure() takes each pair once. */
	measure(topology);
}

/* All nodes, since a firmware's figure says nothing beside a measured one. */
TEST_F(Weights, AreMeasuredOfAllNodesOrNone)
{
	Topology cxl(machine("cxl"));

	figures = { { { 1, 0 }, 40 }, { { 1, 1 }, 80 } };
	EXPECT_EQ(of(cxl, { 0, 1 }, 1), "again");
	measure(cxl);
	EXPECT_EQ(probed_ms.size(), 2u);
	EXPECT_EQ(of(cxl, { 0, 1 }, 1), "1:2");
}

TEST_F(Weights, FromAnywhereAreMeasuredFromTheNearest)
{
	Topology topology(machine("no-hmat"));

	figures = { { { 0, 0 }, 300 }, { { 1, 1 }, 100 } };
	EXPECT_EQ(of(topology, { 0, 1 }), "again");
	measure(topology);
	EXPECT_EQ(probed_ms.size(), 2u);
	EXPECT_EQ(of(topology, { 0, 1 }), "3:1");
}

TEST_F(Weights, TakeTwoSecondsAtMost)
{
	Topology topology(machine("no-hmat"));
	unsigned ms = 0;

	of(topology, { 0, 1, 2, 3 }, 0);
	measure(topology);
	for (auto &[pair, one] : probed_ms)
		EXPECT_EQ(one, 200u);
	SetUp();
	Topology many("synthetic:pack:20 [numa(memory=1GiB)] core:1 pu:1");
	std::vector<unsigned> all;
	for (unsigned i = 0; i < 20; i++)
		all.push_back(i);
	for (int from = 0; from < 20; from++)
		EXPECT_EQ(of(many, all, from), "again");
	measure(many);
	EXPECT_EQ(probed_ms.size(), 400u);
	for (auto &[pair, one] : probed_ms)
		ms += one;
	EXPECT_EQ(ms, 2000u);
}

/* As where no thread of the process may run. */
TEST_F(Weights, ThatCannotBeMeasuredAreThoseFromElsewhere)
{
	Topology cxl(machine("cxl")), topology(machine("no-hmat"));

	EXPECT_EQ(of(cxl, { 0, 2 }, 1), "again");
	measure(cxl);
	EXPECT_EQ(of(cxl, { 0, 2 }, 1), "10:3");
	EXPECT_STREQ(cxl.why, "by the bandwidth of reads from anywhere");
	figures = { { { 0, 0 }, 100 }, { { 0, 1 }, 50 } };
	probed_ms.clear();
	of(topology, { 0, 1 }, 0);
	of(topology, { 0, 1 }, 1);
	measure(topology);
	EXPECT_EQ(of(topology, { 0, 1 }, 1), "2:1");
}

TEST_F(Weights, ThatNobodyKnowsAreNone)
{
	Topology topology(machine("no-hmat"));

	EXPECT_EQ(of(topology, { 0, 2 }, 0), "again");
	/* A saved machine is not measured. */
	poolkind_topology_measure(topology.topology, 4096, nullptr);
	EXPECT_EQ(of(topology, { 0, 2 }, 0), "-");
	EXPECT_STREQ(topology.why,
	    "weights=auto: no bandwidth of nodes 0,2 is known from node 0: the "
	    "firmware tells none of each of them, and it cannot be measured, "
	    "as threads of this process do not run there or a node has no "
	    "memory free");
}

TEST_F(Weights, AreForNodesThatAreThere)
{
	Topology cxl(machine("cxl")), many(machine("nodes-64-to-200"));
	std::vector<unsigned> all;

	EXPECT_EQ(of(cxl, { 0, 9 }, 0), "-");
	EXPECT_STREQ(cxl.why,
	    "weights=auto: this process has no memory on node 9 (nodes: 0-3)");
	EXPECT_EQ(of("hidden-hbm", { 0, 2 }, 0), "-");
	for (unsigned i = 64; i < 129; i++)
		all.push_back(i);
	EXPECT_EQ(of(many, all), "many");
	EXPECT_STREQ(many.why,
	    "weights=auto: 65 nodes, and weights are for 64 at most; the "
	    "system's own serve any number");
}
