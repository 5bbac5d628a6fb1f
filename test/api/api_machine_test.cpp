/* SPDX-License-Identifier: BSD-2-Clause */
/* The nodes of the machine, and what can still be had of a kind. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

using Node = struct poolkind_node;
using Room = struct poolkind_room;

std::vector<Node>
machine_nodes()
{
	unsigned count = 0;

	EXPECT_EQ(0, poolkind_get_machine_nodes(nullptr, &count, sizeof(Node)))
	    << poolkind_errormsg();
	std::vector<Node> nodes(count);
	EXPECT_EQ(
	    0, poolkind_get_machine_nodes(nodes.data(), &count, sizeof(Node)));
	EXPECT_EQ(nodes.size(), count);
	return nodes;
}

Room
room_of(const Kind &kind)
{
	Room room;

	memset(&room, 77, sizeof(room));
	errno = 4242;
	EXPECT_EQ(0, poolkind_get_room(kind.get(), &room, sizeof(room)))
	    << poolkind_errormsg();
	EXPECT_EQ(4242, errno);
	EXPECT_LE(room.available, room.kind);
	return room;
}

/* Bytes of blocks of SIZE until NULL. */
size_t
fill(poolkind *kind, size_t size)
{
	size_t bytes = 0;

	while (poolkind_malloc(kind, size) != nullptr)
		bytes += size;
	return bytes;
}

/* Whether this library has one that knows the machine beside it. */
bool
knows_machine()
{
	unsigned count = 0;

	return poolkind_get_machine_nodes(nullptr, &count, sizeof(Node)) == 0 ||
	    errno != ENOSYS;
}

/* Another machine in place of this one, for as long as it stands. */
class SavedMachine {
public:
	explicit SavedMachine(const char *name)
	{
		setenv("HWLOC_XMLFILE",
		    (std::string(MACHINES "/") + name + ".xml").c_str(), 1);
		poolkind_refresh();
	}
	~SavedMachine()
	{
		unsetenv("HWLOC_XMLFILE");
		poolkind_refresh();
	}
	SavedMachine(const SavedMachine &) = delete;
	SavedMachine &operator=(const SavedMachine &) = delete;
};

#define MACHINE_OR_SKIP() \
	if (!knows_machine()) \
	GTEST_SKIP() << "no libpoolkind-topology"

} // namespace

TEST(ApiMachineNodes, AreThoseThatTheProcessMayUse)
{
	MACHINE_OR_SKIP();
	Kind all = open_kind("nodes:all");
	unsigned long mask[16];
	unsigned found = 0, cpus = 0;

	ASSERT_EQ(0, poolkind_get_nodes(all.get(), mask, 1024));
	for (const Node &node : machine_nodes()) {
		bool has_memory = mask[node.node / 64] >> (node.node % 64) & 1;

		EXPECT_EQ(has_memory, node.capacity != 0) << node.node;
		EXPECT_LE(node.free, node.capacity) << node.node;
		EXPECT_EQ(has_memory, node.free != 0) << node.node;
		EXPECT_GE(node.near_node, 0);
		if (node.has_cpus) {
			EXPECT_EQ((int)node.node, node.near_node);
		}
		found += has_memory;
		cpus += node.has_cpus;
	}
	unsigned wanted = 0;
	for (unsigned long word : mask)
		wanted += (unsigned)__builtin_popcountl(word);
	EXPECT_EQ(wanted, found);
	EXPECT_GT(cpus, 0u);
}

TEST(ApiMachineNodes, HaveWhatIsKnownOfThem)
{
	MACHINE_OR_SKIP();
	SavedMachine saved("cxl-tiers");
	std::vector<Node> nodes = machine_nodes();

	ASSERT_EQ(4u, nodes.size());
	EXPECT_STREQ("DRAM", nodes[1].type);
	EXPECT_TRUE(nodes[1].has_cpus);
	EXPECT_FALSE(nodes[1].is_cxl);
	EXPECT_EQ(0, nodes[1].tier);
	EXPECT_EQ(100000u, nodes[1].bandwidth);
	EXPECT_EQ(3u, nodes[3].node);
	EXPECT_STREQ("CXL-DRAM", nodes[3].type);
	EXPECT_FALSE(nodes[3].has_cpus);
	EXPECT_TRUE(nodes[3].is_cxl);
	EXPECT_FALSE(nodes[3].from_dax);
	EXPECT_EQ(1, nodes[3].near_node);
	EXPECT_EQ(1, nodes[3].tier);
	EXPECT_EQ(256 * GIB, nodes[3].capacity);
	EXPECT_EQ(30000u, nodes[3].bandwidth);
	EXPECT_EQ(350u, nodes[3].latency);
}

TEST(ApiMachineNodes, SayWhatIsNotKnown)
{
	MACHINE_OR_SKIP();
	SavedMachine saved("no-hmat");
	std::vector<Node> nodes = machine_nodes();

	ASSERT_EQ(4u, nodes.size());
	EXPECT_STREQ("", nodes[0].type);
	EXPECT_EQ(-1, nodes[0].tier);
	EXPECT_EQ(0u, nodes[0].bandwidth);
	EXPECT_EQ(0u, nodes[0].latency);
}

TEST(ApiMachineNodes, TakeNoMoreThanTheirPlace)
{
	MACHINE_OR_SKIP();
	SavedMachine saved("cxl-tiers");
	struct Newer {
		Node node;
		char more[32];
	} newer[2];
	unsigned older[3], count = 1;

	memset(newer, 77, sizeof(newer));
	errno = 4242;
	ASSERT_EQ(0,
	    poolkind_get_machine_nodes(&newer[0].node, &count, sizeof(Newer)));
	EXPECT_EQ(4242, errno);
	EXPECT_EQ(4u, count);
	EXPECT_EQ(0u, newer[0].node.node);
	EXPECT_EQ(0, newer[0].more[0]) << "a field that is not known";
	EXPECT_EQ(77, newer[1].node.type[0]) << "no more than COUNT";
	count = 3;
	ASSERT_EQ(0,
	    poolkind_get_machine_nodes(
		reinterpret_cast<Node *>(older), &count, sizeof(unsigned)));
	EXPECT_EQ(4u, count);
	EXPECT_EQ(0u, older[0]);
	EXPECT_EQ(2u, older[2]);
}

TEST(ApiMachineNodes, WithoutAPlaceAreRefused)
{
	unsigned count = 1;
	Node node;

	for (int i = 0; i < 3; i++) {
		errno = 0;
		EXPECT_EQ(-1,
		    poolkind_get_machine_nodes(i == 0 ? nullptr : &node,
			i == 1 ? nullptr : &count, i == 2 ? 0 : sizeof(node)));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_NE(nullptr, strstr(poolkind_errormsg(), "a place of"));
	}
}

TEST(ApiRoom, IsWhatLimitOrSizeLeaves)
{
	Kind limited = open_kind("dram,limit=64M,size=1G");
	Kind sized = open_kind("nodes:0,size=32M");
	Kind growing = open_kind("dram,size=32M,grow=yes");
	Room before = room_of(limited);
	void *block = poolkind_malloc(limited.get(), 16 * MIB);

	EXPECT_EQ(64 * MIB, before.kind);
	EXPECT_EQ(SIZE_MAX, before.file_system);
	ASSERT_NE(nullptr, block);
	EXPECT_EQ(
	    64 * MIB - poolkind_usable_size(block), room_of(limited).kind);
	poolkind_free(limited.get(), block);
	EXPECT_EQ(64 * MIB, room_of(limited).kind);
	EXPECT_EQ(32 * MIB, room_of(sized).kind);
	EXPECT_EQ(SIZE_MAX, room_of(growing).kind);
}

TEST(ApiRoom, OfMemoryIsWhatItsNodesHave)
{
	MACHINE_OR_SKIP();
	Kind dram = open_kind("dram"), bound = open_kind("nodes:0");
	Room room = room_of(dram), on_node = room_of(bound);

	EXPECT_EQ(SIZE_MAX, room.kind);
	EXPECT_GT(room.nodes, 0u);
	EXPECT_LT(room.nodes, SIZE_MAX);
	EXPECT_GE(room.available, room.nodes);
	EXPECT_LT(on_node.nodes, SIZE_MAX);
	if (machine_nodes().size() > 1) {
		EXPECT_LT(on_node.nodes, room.nodes);
	}
}

TEST(ApiRoom, OfAFileIsWhatItsFileSystemHas)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 8 * MIB);
		Kind kind = open_kind("file:" + directory.path() + ",size=64M");
		Room room = room_of(kind);
		EXPECT_EQ(64 * MIB, room.kind);
		EXPECT_EQ(8 * MIB, room.file_system);
		EXPECT_EQ(SIZE_MAX, room.nodes);
		EXPECT_EQ(8 * MIB, room.available);
		void *block = poolkind_malloc(kind.get(), 3 * MIB);
		ASSERT_NE(nullptr, block);
		room = room_of(kind);
		EXPECT_LE(room.file_system, 5 * MIB);
		EXPECT_LE(room.available, 5 * MIB);
		EXPECT_GE(room.available, 4 * MIB);
		EXPECT_LE(fill(kind.get(), 4096), room.available);
		EXPECT_LT(room_of(kind).available, 128 * KIB);
		poolkind_free(kind.get(), block);
		EXPECT_GE(room_of(kind).available, 3 * MIB);
	});
}

TEST(ApiRoom, OfARegionIsItsOwn)
{
	Region memory(4 * MIB);
	Kind kind(poolkind_open_region(memory.start(), 4 * MIB, nullptr, 0));
	Room room = room_of(kind);

	EXPECT_EQ(4 * MIB, room.kind);
	EXPECT_EQ(SIZE_MAX, room.file_system);
	EXPECT_EQ(SIZE_MAX, room.nodes);
	EXPECT_EQ(4 * MIB, room.available);
	fill(kind.get(), 4096);
	EXPECT_LT(room_of(kind).available, 128 * KIB);
}

TEST(ApiRoom, OfHugePagesIsThoseThatAreFree)
{
	ENGINE_HUGE_PAGES_OR_SKIP(4);
	Kind kind = open_kind("dram,page=2M");
	Room before = room_of(kind);
	void *block = poolkind_malloc(kind.get(), 2 * MIB);

	EXPECT_GE(before.nodes, 8 * MIB);
	ASSERT_NE(nullptr, block);
	EXPECT_LT(room_of(kind).nodes, before.nodes);
	poolkind_free(kind.get(), block);
}

TEST(ApiRoom, OfAKindThatAChildWasRefusedIsNothing)
{
	Directory directory("/tmp");
	Kind kind = open_kind("file:" + directory.path() + ",limit=8M");

	in_child(30, [&] {
		Room room = room_of(kind);
		EXPECT_EQ(0u, room.kind);
		EXPECT_EQ(0u, room.available);
	});
}

TEST(ApiRoom, TakesNoMoreThanItsPlace)
{
	Kind kind = open_kind("dram,limit=64M");
	struct {
		Room room;
		char more[32];
	} newer;
	size_t older[2] = { 77, 77 };

	memset(&newer, 77, sizeof(newer));
	ASSERT_EQ(0, poolkind_get_room(kind.get(), &newer.room, sizeof(newer)));
	EXPECT_EQ(64 * MIB, newer.room.kind);
	EXPECT_EQ(0, newer.more[31]);
	ASSERT_EQ(0,
	    poolkind_get_room(
		kind.get(), reinterpret_cast<Room *>(older), sizeof(size_t)));
	EXPECT_EQ(64 * MIB, older[0]);
	EXPECT_EQ(77u, older[1]);
	EXPECT_EQ(-1, poolkind_get_room(kind.get(), nullptr, sizeof(Room)));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, poolkind_get_room(kind.get(), &newer.room, 0));
	EXPECT_EQ(EINVAL, errno);
}
