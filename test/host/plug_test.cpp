/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plug_test.cpp - nodes that come and go while kinds are open.
 *
 * For the machine that test/host/run boots, profile full: node 2 is memory that
 * stays, node 7 was a DAX device and can be taken offline, node 6 is such a
 * device. Elsewhere all is skipped. Last of all programs there: it leaves the
 * nodes as they were, but their memory was away.
 */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "host_facts.h"

using engine::KIB;
using engine::Kind;
using engine::MIB;
using engine::open_kind;

namespace {

using host::Nodes;
using host::nodes_of;

const unsigned GOES = 7, COMES = 6;

/* Above 64 MiB pages come when they are touched, also on one node. */
const size_t LARGE = 100 * MIB;

const std::string NODES = "/sys/devices/system/node/";
const std::string DAX = "/sys/bus/dax/";

bool
write_to(const std::string &path, const std::string &text)
{
	std::ofstream file(path);

	file << text << std::flush;
	return file.good();
}

std::vector<std::string>
names_in(const std::string &folder, const std::string &begin)
{
	std::vector<std::string> names;
	DIR *dir = opendir(folder.c_str());

	while (struct dirent *entry = dir == nullptr ? nullptr : readdir(dir))
		if (begin.compare(
			0, begin.size(), entry->d_name, begin.size()) == 0)
			names.push_back(entry->d_name);
	if (dir != nullptr)
		closedir(dir);
	return names;
}

/* Whether this process may use the node's memory. The kernel takes a moment to
 * say so. */
bool
is_there(unsigned node)
{
	unsigned long mask[16] = { 0 };

	syscall(SYS_get_mempolicy, nullptr, mask, 1025, nullptr, 4);
	return mask[0] >> node & 1;
}

void
wait_until(unsigned node, bool there)
{
	for (int i = 0; i < 10000 && is_there(node) != there; i++)
		usleep(10000);
	ASSERT_EQ(there, is_there(node)) << node;
}

void
set_memory(unsigned node, const char *state)
{
	std::string folder = NODES + "node" + std::to_string(node) + "/";

	/* Others that begin so have no state. */
	for (const std::string &name : names_in(folder, "memory")) {
		std::string file = folder + name + "/state";

		if (access(file.c_str(), F_OK) != 0)
			continue;
		EXPECT_TRUE(write_to(file, state))
		    << file << ": " << strerror(errno);
	}
	wait_until(node, std::string(state) != "offline");
}

void
go(unsigned node)
{
	set_memory(node, "offline");
}

void
come(unsigned node)
{
	set_memory(node, "online_movable");
}

/* Gives the DAX device of a node to a driver: kmem makes it a node's memory,
 * which is offline at first; device_dax takes the node away. */
void
hand_to(unsigned node, const char *driver)
{
	for (const std::string &name : names_in(DAX + "devices", "dax")) {
		if (host::line_of(DAX + "devices/" + name + "/target_node") !=
		    std::to_string(node))
			continue;
		for (const char *now : { "device_dax", "kmem" }) {
			std::string folder = DAX + "drivers/" + now + "/";

			if (access((folder + name).c_str(), F_OK) == 0)
				write_to(folder + "unbind", name);
		}
		/* The second where it was that driver's before. */
		std::string folder = DAX + "drivers/" + driver + "/";
		write_to(folder + "new_id", name);
		if (access((folder + name).c_str(), F_OK) != 0)
			write_to(folder + "bind", name);
		ASSERT_EQ(0, access((folder + name).c_str(), F_OK)) << driver;
	}
}

class Plug : public testing::Test {
protected:
	void
	SetUp() override
	{
		FULL_PROFILE_OR_SKIP();
		if (host::variable("VM_KMEM_NODE") != std::to_string(GOES))
			GTEST_SKIP() << "this machine has no such node";
		ASSERT_TRUE(is_there(GOES));
	}
	void
	TearDown() override
	{
		if (!IsSkipped() && !is_there(GOES))
			come(GOES);
	}
};

/* A block that is painted, on the nodes that it is said to be on. */
struct Block {
	poolkind *kind;
	char *start;
	size_t bytes;

	Block(const Kind &of, size_t size)
	    : kind(of.get()),
	      start(static_cast<char *>(poolkind_malloc(kind, size))),
	      bytes(size)
	{
		EXPECT_NE(nullptr, start) << size << poolkind_errormsg();
		if (start != nullptr)
			engine::paint(start, bytes, 5);
	}
	~Block() { poolkind_free(kind, start); }
	Block(const Block &) = delete;
	Block &operator=(const Block &) = delete;
	bool
	is_whole() const
	{
		return engine::painted(start, bytes, 5);
	}
	Nodes
	nodes() const
	{
		return nodes_of(start, bytes);
	}
};

bool
says(const char *part)
{
	return strstr(poolkind_errormsg(), part) != nullptr;
}

/* Nothing is to be had of the kind, and why. */
void
expect_no_block(const Kind &kind, size_t bytes)
{
	errno = 0;
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), bytes)) << bytes;
	EXPECT_EQ(ENODEV, errno) << bytes;
	EXPECT_TRUE(says("node 7 has no memory any more: "))
	    << poolkind_errormsg();
	EXPECT_TRUE(says("poolkind_move()")) << poolkind_errormsg();
}

size_t
room_on_nodes(const Kind &kind)
{
	struct poolkind_room room = {};

	EXPECT_EQ(0, poolkind_get_room(kind.get(), &room, sizeof(room)));
	return room.nodes;
}

const Nodes GONE_NODE = { GOES }, STAYING_NODE = { 2 }, BOTH = { 2, GOES };

} // namespace

TEST_F(Plug, KindsStayOnTheirNodesWhileOthersComeAndGo)
{
	Kind bound = open_kind("nodes:7"),
	     turns = open_kind("nodes:2,7,policy=interleave");
	char *before = static_cast<char *>(poolkind_malloc(bound.get(), LARGE));
	char *after = static_cast<char *>(poolkind_malloc(bound.get(), LARGE));

	ASSERT_NE(nullptr, before);
	ASSERT_NE(nullptr, after);
	hand_to(COMES, "kmem");
	come(COMES);
	EXPECT_EQ(0, poolkind_refresh()) << poolkind_errormsg();
	engine::paint(before, LARGE, 1);
	EXPECT_EQ(GONE_NODE, nodes_of(before, LARGE));
	EXPECT_EQ("bind", host::policy_at(before));
	EXPECT_EQ(BOTH, Block(turns, MIB).nodes());
	go(COMES);
	hand_to(COMES, "device_dax");
	engine::paint(after, LARGE, 2);
	EXPECT_EQ(GONE_NODE, nodes_of(after, LARGE));
	EXPECT_EQ(BOTH, Block(turns, MIB).nodes());
	EXPECT_TRUE(engine::painted(before, LARGE, 1));
	poolkind_free(bound.get(), before);
	poolkind_free(bound.get(), after);
}

TEST_F(Plug, ABoundKindSaysThatItsNodeWent)
{
	Kind kind = open_kind("nodes:7,name=far");
	Block small(kind, 100), block(kind, 3 * MIB), large(kind, LARGE);

	go(GOES);
	EXPECT_TRUE(small.is_whole() && block.is_whole() && large.is_whole());
	EXPECT_NE(GONE_NODE, large.nodes());
	for (size_t bytes : { 5000 * sizeof(int), 2 * MIB, LARGE })
		expect_no_block(kind, bytes);
	EXPECT_EQ(nullptr, poolkind_calloc(kind.get(), 5, MIB));
	EXPECT_EQ(nullptr, poolkind_realloc(kind.get(), block.start, 20 * MIB));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_TRUE(block.is_whole());
	EXPECT_EQ(0u, room_on_nodes(kind));
	EXPECT_EQ(0, poolkind_check(kind.get()));
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_EQ(1, poolkind_refresh());
	EXPECT_TRUE(says("kind \"far\" (nodes:7,name=far): node 7 has no "
			 "memory any more"))
	    << poolkind_errormsg();
	EXPECT_EQ(-1, poolkind_move(kind.get(), "home", 0, nullptr, 0));
	EXPECT_EQ(ENODEV, errno);
	expect_no_block(kind, 7 * MIB);
	come(GOES);
	EXPECT_EQ(GONE_NODE, Block(kind, 7 * MIB).nodes());
	EXPECT_EQ(GONE_NODE, Block(kind, LARGE).nodes());
	EXPECT_EQ(0, poolkind_refresh());
	EXPECT_EQ(0, poolkind_move(kind.get(), "home", 0, nullptr, 0));
	EXPECT_EQ(GONE_NODE, large.nodes());
	EXPECT_TRUE(small.is_whole() && block.is_whole() && large.is_whole());
}

TEST_F(Plug, AKindWhoseNodeWentMovesToOthers)
{
	Kind kind = open_kind("nodes:7");
	Block block(kind, 3 * MIB);

	go(GOES);
	expect_no_block(kind, 2 * MIB);
	EXPECT_EQ(0, poolkind_move(kind.get(), "nodes:2", 0, nullptr, 0))
	    << poolkind_errormsg();
	EXPECT_EQ(0, poolkind_refresh());
	EXPECT_EQ(STAYING_NODE, block.nodes());
	EXPECT_EQ(STAYING_NODE, Block(kind, 2 * MIB).nodes());
	EXPECT_TRUE(block.is_whole());
}

TEST_F(Plug, OfSeveralNodesThoseThatAreLeftServe)
{
	for (const char *text : { "nodes:2,7", "nodes:2,7,home=7",
		 "nodes:2,7,policy=interleave" }) {
		SCOPED_TRACE(text);
		Kind kind = open_kind(text);
		Block block(kind, 8 * MIB);

		go(GOES);
		EXPECT_TRUE(block.is_whole());
		EXPECT_EQ(STAYING_NODE, Block(kind, 7 * MIB).nodes());
		EXPECT_EQ(STAYING_NODE, Block(kind, LARGE).nodes());
		EXPECT_EQ(1, poolkind_refresh());
		EXPECT_EQ(0, poolkind_move(kind.get(), "home", 0, nullptr, 0))
		    << poolkind_errormsg();
		EXPECT_EQ(STAYING_NODE, block.nodes());
		engine::in_child(60, [&] {
			EXPECT_TRUE(block.is_whole());
			engine::paint(block.start, block.bytes, 9);
			EXPECT_EQ(STAYING_NODE, Block(kind, 9 * MIB).nodes());
		});
		EXPECT_EQ(STAYING_NODE, Block(kind, 9 * MIB).nodes());
		EXPECT_TRUE(block.is_whole());
		come(GOES);
		if (strstr(text, "interleave") != nullptr) {
			EXPECT_EQ(BOTH, Block(kind, LARGE).nodes());
		} else {
			Block after(kind, LARGE);
			Nodes nodes = after.nodes();
			EXPECT_TRUE(std::includes(BOTH.begin(), BOTH.end(),
			    nodes.begin(), nodes.end()));
		}
		EXPECT_EQ(0, poolkind_refresh());
	}
}

/* What by its weights belongs to a node that is away comes from anywhere, as
 * where the node is full. */
TEST_F(Plug, WeightsCountAgainWhenTheNodeIsBack)
{
	Kind kind = open_kind(
	    "nodes:2,7,policy=weighted-interleave,weights=1:1");
	Block block(kind, 8 * MIB);

	go(GOES);
	EXPECT_TRUE(block.is_whole());
	EXPECT_NE(BOTH, Block(kind, LARGE).nodes());
	EXPECT_EQ(1, poolkind_refresh());
	come(GOES);
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_EQ(BOTH, Block(kind, LARGE).nodes());
	EXPECT_EQ(BOTH, Block(kind, 20 * MIB).nodes());
}

/* What they have free bounds a kind: nobody is killed. */
TEST_F(Plug, NoMoreIsHandedOutThanTheOtherNodesHave)
{
	Kind kind = open_kind("nodes:2,7"), alone = open_kind("nodes:7");

	go(GOES);
	hand_to(GOES, "device_dax");
	EXPECT_NE(0, access((NODES + "node7").c_str(), F_OK));
	EXPECT_EQ(0u, room_on_nodes(alone));
	EXPECT_LT(room_on_nodes(kind), 512 * MIB);
	expect_no_block(alone, MIB);
	expect_no_block(alone, LARGE);
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 520 * MIB));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(STAYING_NODE, Block(kind, LARGE).nodes());
	hand_to(GOES, "kmem");
	come(GOES);
	EXPECT_EQ(GONE_NODE, Block(alone, LARGE).nodes());
}

TEST_F(Plug, WhatIsPreferredIsAgainWhenItIsBack)
{
	Kind kind = open_kind("nodes:7,policy=preferred");
	Block block(kind, 3 * MIB);

	go(GOES);
	EXPECT_TRUE(block.is_whole());
	EXPECT_NE(GONE_NODE, Block(kind, MIB).nodes());
	EXPECT_NE(GONE_NODE, Block(kind, LARGE).nodes());
	EXPECT_EQ(1, poolkind_refresh());
	come(GOES);
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_EQ(GONE_NODE, Block(kind, LARGE).nodes());
	EXPECT_EQ(GONE_NODE, Block(kind, 5 * MIB).nodes());
}

/* The kernel would take them from the pools of other nodes. */
TEST_F(Plug, HugePagesAreOfTheKindsNodesAlone)
{
	const std::string pool = NODES +
	    "node7/hugepages/hugepages-2048kB/nr_hugepages";

	ASSERT_TRUE(write_to(pool, "8"));
	if (host::free_huge_pages(GOES, 2 * MIB) < 8)
		GTEST_SKIP() << "node 7 has no room for huge pages";
	Kind kind = open_kind("nodes:7,page=2M");
	Block block(kind, 6 * MIB);

	EXPECT_EQ(GONE_NODE, block.nodes());
	go(GOES);
	EXPECT_TRUE(block.is_whole());
	expect_no_block(kind, 5 * MIB);
	come(GOES);
	ASSERT_TRUE(write_to(pool, "8"));
	EXPECT_EQ(GONE_NODE, Block(kind, 5 * MIB).nodes());
	EXPECT_TRUE(write_to(pool, "0"));
}

TEST_F(Plug, AChainGoesOnWithTheNextKind)
{
	Kind kind = open_kind("nodes:7 > nodes:2");
	Block block(kind, 3 * MIB);

	EXPECT_EQ(GONE_NODE, block.nodes());
	go(GOES);
	EXPECT_EQ(STAYING_NODE, Block(kind, 2 * MIB).nodes());
	EXPECT_EQ(STAYING_NODE, Block(kind, LARGE).nodes());
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 600 * MIB));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_TRUE(block.is_whole());
	come(GOES);
	EXPECT_EQ(GONE_NODE, Block(kind, LARGE).nodes());
}

TEST_F(Plug, AKindOpensOnceItsNodeIsThere)
{
	go(GOES);
	poolkind_refresh();
	for (const char *text : { "nodes:7", "dax-kmem" }) {
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_open(text, 0)) << text;
		EXPECT_EQ(ENODEV, errno);
		EXPECT_STRNE("", poolkind_errormsg());
	}
	come(GOES);
	EXPECT_EQ(GONE_NODE, Block(open_kind("nodes:7"), MIB).nodes());
	EXPECT_EQ(0, poolkind_refresh());
	Kind kind = open_kind("dax-kmem");
	EXPECT_STREQ("nodes:7", poolkind_resolved(kind.get()));
	EXPECT_EQ(GONE_NODE, Block(kind, MIB).nodes());
}
