/* SPDX-License-Identifier: BSD-2-Clause */
/* topology_test.h - what the tests of src/topology share. */
#ifndef TEST_TOPOLOGY_TOPOLOGY_TEST_H
#define TEST_TOPOLOGY_TOPOLOGY_TEST_H

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "topology/topology.h"
}

/* MACHINES is the folder test/topology/machines. */
static inline std::string
machine(const std::string &name)
{
	return std::string("xml:" MACHINES "/") + name + ".xml";
}

/* A topology that closes itself. */
class Topology {
public:
	explicit Topology(const char *from)
	    : topology(poolkind_topology_open(from, why))
	{
		EXPECT_NE(topology, nullptr) << why;
	}
	explicit Topology(const std::string &from) : Topology(from.c_str()) {}
	~Topology() { poolkind_topology_close(topology); }
	Topology(const Topology &) = delete;
	Topology &operator=(const Topology &) = delete;

	std::vector<struct topology_node>
	nodes() const
	{
		const struct topology_node *first;
		unsigned count = poolkind_topology_nodes(topology, &first);

		return std::vector<struct topology_node>(first, first + count);
	}
	std::vector<struct topology_device>
	devices() const
	{
		const struct topology_device *first;
		unsigned count = poolkind_topology_devices(topology, &first);

		return std::vector<struct topology_device>(
		    first, first + count);
	}
	uint64_t
	value(
	    enum topology_attribute attribute, unsigned from, unsigned to) const
	{
		uint64_t value = 0;

		return poolkind_topology_value(
			   topology, attribute, from, to, &value) ?
		    value :
		    0;
	}
	static std::string
	list_of(const struct node_set &set)
	{
		std::string text;

		for (unsigned id = 0; id < SPEC_NODES_MAX; id++)
			if ((set.bits[id / 64] >> (id % 64)) & 1)
				text += (text.empty() ? "" : " ") +
				    std::to_string(id);
		return text.empty() ? "-" : text;
	}
	/* Those of AMONG that are nearest to FROM, as select() has them. */
	std::string
	nearest(unsigned from, const std::vector<unsigned> &among)
	{
		struct node_set set = { { 0 } };

		for (unsigned id : among)
			set.bits[id / 64] |= (uint64_t)1 << (id % 64);
		poolkind_topology_nearest(topology, from, &set);
		return list_of(set);
	}
	/* The nodes of RANK, "2 3", or "-"; `why` has the sentence. */
	std::string
	select(enum spec_source rank, enum spec_scope scope, unsigned from,
	    unsigned tier = 0)
	{
		struct node_set set;
		std::string text;
		int error;

		memset(why, 'x', sizeof(why));
		error = poolkind_topology_select(
		    topology, rank, tier, scope, from, &set, why);
		EXPECT_NE(memchr(why, '\0', sizeof(why)), nullptr);
		text = list_of(set);
		EXPECT_EQ(error, text == "-" ? ENODEV : 0) << why;
		return text;
	}

	char why[TOPOLOGY_TEXT_MAX];
	struct topology *topology;
};

/* The nodes of RANK from each node with CPUs and from anywhere: "0: 2, 1: 3,
 * all: 2 3". */
static inline std::string
ranked(const std::string &name, enum spec_source rank)
{
	Topology topology(machine(name));
	std::string text;

	for (const auto &node : topology.nodes())
		if (node.has_cpus)
			text += std::to_string(node.id) + ": " +
			    topology.select(rank, SPEC_LOCAL, node.id) + ", ";
	return text + "all: " + topology.select(rank, SPEC_ALL, 12345);
}

/* What is said of RANK as seen from FROM, or with -1 from anywhere. */
static inline std::string
sentence(const std::string &name, enum spec_source rank, int from)
{
	Topology topology(machine(name));

	if (from < 0)
		topology.select(rank, SPEC_ALL, 0);
	else
		topology.select(rank, SPEC_LOCAL, (unsigned)from);
	return topology.why;
}

/* "0c" for each node, with c: CPUs, d: from DAX, e: empty. */
static inline std::string
nodes_of(const std::string &from)
{
	std::string text;

	for (const auto &node : Topology(from).nodes()) {
		text += (text.empty() ? "" : " ") + std::to_string(node.id);
		text += node.has_cpus ? "c" : "";
		text += node.from_dax ? "d" : "";
		text += node.capacity == 0 ? "e" : "";
	}
	return text;
}

/* A folder made of the lines of machines/NAME.tree, removed at the end. */
class Tree {
public:
	explicit Tree(const std::string &name);
	~Tree();
	/* Adds one line of such a file. */
	void add(const std::string &line);
	void remove(const std::string &path);
	std::string
	from() const
	{
		return "sysfs:" + root;
	}

	std::string root;
};

#endif /* TEST_TOPOLOGY_TOPOLOGY_TEST_H */
