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
