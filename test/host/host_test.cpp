/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_test.cpp - kinds on memory that is really there: that pages lie on the
 * nodes that a spec names, have the size that it names, and that file systems
 * and devices of persistent memory are used as they are.
 *
 * For the machine that test/host/run boots; elsewhere all is skipped. What
 * this one lacks (a node, huge pages, a device) is skipped with the reason.
 */
#include <gtest/gtest.h>
#include <libvmem.h>
#include <poolkind.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ostream>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "host_facts.h"

using engine::GIB;
using engine::KIB;
using engine::MIB;

/* ---- Nodes --------------------------------------------------------------- */

enum Spread {
	Anywhere, /* on the nodes, no matter how many pages on each */
	Evenly    /* as many on each node, give or take a tenth */
};

/* A kind, and where its pages are to lie. */
struct Placement {
	const char *options;
	unsigned nodes; /* how many the spec names */
	Spread spread;
	size_t page; /* 0: ordinary pages */
	size_t block;
};

static const Placement placements[] = {
	{ "", 1, Anywhere, 0, MIB },
	{ ",policy=preferred", 1, Anywhere, 0, MIB },
	{ ",policy=interleave", 1, Anywhere, 0, MIB },
	{ ",page=thp", 1, Anywhere, 0, 8 * MIB },
	{ ",page=2M", 1, Anywhere, 2 * MIB, 8 * MIB },
	{ ",page=1G", 1, Anywhere, GIB, 8 * MIB },
	{ "", 2, Anywhere, 0, MIB },
	{ ",policy=preferred", 2, Anywhere, 0, MIB },
	{ ",policy=interleave", 2, Evenly, 0, MIB },
	{ ",policy=interleave,page=2M", 2, Evenly, 2 * MIB, 16 * MIB },
};

/* A placement on nodes of this machine. */
struct Case {
	Placement placement;
	std::vector<unsigned> nodes;
};

static std::string
spec_of(const Case &one)
{
	std::string list;
	for (unsigned node : one.nodes)
		list += (list.empty() ? "" : ",") + std::to_string(node);
	return "nodes:" + list + one.placement.options;
}

void
PrintTo(const Case &one, std::ostream *stream)
{
	*stream << spec_of(one);
}

static std::string
case_name(const testing::TestParamInfo<Case> &info)
{
	std::string name = spec_of(info.param);
	for (char &c : name)
		c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
	return name;
}

/* Each placement on each node, or on each node and the one after it. */
static std::vector<Case>
cases_of_this_machine()
{
	std::vector<unsigned> nodes = host::nodes_that("has_memory");
	std::vector<Case> cases;
	for (const Placement &placement : placements) {
		for (size_t i = 0; i + placement.nodes <= nodes.size(); i++) {
			auto first = nodes.begin() + static_cast<long>(i);
			cases.push_back(
			    { placement, { first, first + placement.nodes } });
		}
	}
	return cases;
}

class NodesTest : public testing::TestWithParam<Case> {
protected:
	void
	SetUp() override
	{
		IN_GUEST_OR_SKIP();
		const Placement &placement = GetParam().placement;
		size_t wanted = placement.block / GetParam().nodes.size();
		for (unsigned node : GetParam().nodes) {
			size_t page = placement.page;
			if (page &&
			    host::free_huge_pages(node, page) * page < wanted)
				GTEST_SKIP() << "node " << node
					     << " has too few huge pages of "
					     << page / KIB << " KiB";
		}
	}
	void expect_pages(const char *block);
};

void
NodesTest::expect_pages(const char *block)
{
	const Placement &placement = GetParam().placement;
	std::vector<unsigned> nodes = GetParam().nodes;
	auto found = host::pages_per_node(block, placement.block);
	size_t there = 0, pages = placement.block / (4 * KIB);
	for (unsigned node : nodes) {
		size_t part = found[static_cast<int>(node)];
		there += part;
		if (placement.spread != Evenly)
			continue;
		EXPECT_GE(part, pages / nodes.size() * 9 / 10) << node;
		EXPECT_LE(part, pages / nodes.size() * 11 / 10 + 1) << node;
	}
	size_t all = 0;
	for (auto &[node, part] : found) {
		all += part;
		if (std::find(nodes.begin(), nodes.end(), node) == nodes.end())
			ADD_FAILURE() << part << " pages on node " << node;
	}
	EXPECT_EQ(all, there);
	EXPECT_GE(all, pages);
	size_t page = placement.page ? placement.page : 4 * KIB;
	EXPECT_EQ(page / KIB, host::smaps_field(block, "KernelPageSize"));
}

/* Whichever processor touches the pages first. */
TEST_P(NodesTest, PagesLieWhereTheSpecSays)
{
	size_t bytes = GetParam().placement.block;
	for (unsigned node : host::nodes_that("has_cpu")) {
		host::run_on_node(node, [&] {
			SCOPED_TRACE("from node " + std::to_string(node));
			engine::Kind kind = engine::open_kind(
			    spec_of(GetParam()));
			ASSERT_NE(nullptr, kind);
			auto block = static_cast<char *>(
			    poolkind_malloc(kind.get(), bytes));
			ASSERT_NE(nullptr, block) << strerror(errno);
			engine::paint(block, bytes, node);
			EXPECT_TRUE(engine::painted(block, bytes, node));
			expect_pages(block);
			EXPECT_EQ(0, poolkind_check(kind.get()))
			    << poolkind_errormsg();
			poolkind_free(kind.get(), block);
		});
	}
}

INSTANTIATE_TEST_SUITE_P(
    Each, NodesTest, testing::ValuesIn(cases_of_this_machine()), case_name);

TEST(MissingNodesTest, AreRefusedByName)
{
	IN_GUEST_OR_SKIP();
	EXPECT_REFUSED(!poolkind_open("nodes:99", 0), ENODEV, "99");
	EXPECT_REFUSED(!poolkind_open("nodes:0,99", 0), ENODEV, "99");
}

/* Nodes that stand for devices only: they are there, and have no memory. */
TEST(MissingNodesTest, WithoutMemoryAreRefused)
{
	IN_GUEST_OR_SKIP();
	std::vector<unsigned> memory = host::nodes_that("has_memory");
	size_t tried = 0;
	for (unsigned node : host::nodes_that("possible")) {
		if (std::find(memory.begin(), memory.end(), node) !=
		    memory.end())
			continue;
		std::string name = std::to_string(node);
		EXPECT_REFUSED(
		    !poolkind_open(("nodes:" + name).c_str(), 0), ENODEV, name);
		tried++;
	}
	if (tried == 0)
		GTEST_SKIP() << "every node of this machine has memory";
}

/* What a kind of huge pages held can be had again by the next. */
TEST(HugePagesTest, GoBackWithTheirKind)
{
	IN_GUEST_OR_SKIP();
	for (unsigned node : host::nodes_that("has_memory")) {
		size_t before = host::free_huge_pages(node, 2 * MIB);
		if (before == 0)
			continue;
		SCOPED_TRACE(node);
		std::string list = std::to_string(node);
		engine::Kind kind = engine::open_kind(
		    "nodes:" + list + ",page=2M");
		engine::Chain chain;
		size_t blocks = chain.fill(kind.get(), 512 * KIB);
		EXPECT_GE(
		    blocks, engine::nearly_all(before * 2 * MIB, 512 * KIB));
		EXPECT_EQ(0u, host::free_huge_pages(node, 2 * MIB));
		EXPECT_EQ(blocks, chain.free_all(kind.get()));
		kind.reset();
		EXPECT_EQ(before, host::free_huge_pages(node, 2 * MIB));
	}
}

/* ---- Files --------------------------------------------------------------- */

/* A variable that names a place, and a name for the test. */
struct Place {
	const char *variable, *name;
};

static std::string
place_name(const testing::TestParamInfo<Place> &info)
{
	return info.param.name;
}

class FilesTest : public testing::TestWithParam<Place> {};

/* Filled up, with pages of 2 MiB alone: nothing about them can be seen in
 * smaps, so the kernel is asked for its faults. */
TEST_P(FilesTest, AreFilledByHugePages)
{
	VARIABLE_OR_SKIP(folder, GetParam().variable);
	host::Tracepoint faults("fs_dax/dax_pmd_fault_done");
	ASSERT_TRUE(faults.is_there());
	engine::Kind kind = engine::open_kind("file:" + folder + ",size=64M");
	ASSERT_NE(nullptr, kind);
	engine::Chain chain;
	size_t blocks = chain.fill(kind.get(), 64 * KIB);
	EXPECT_GE(blocks, engine::nearly_all(64 * MIB, 64 * KIB));
	EXPECT_GE(faults.count("NOPAGE"), 32u);
	EXPECT_EQ(0u, faults.count("FALLBACK"));
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	EXPECT_EQ(blocks, chain.free_all(kind.get()));
}

INSTANTIATE_TEST_SUITE_P(Each, FilesTest,
    testing::Values(
	Place{ "VM_FSDAX_EXT4", "ext4" }, Place{ "VM_FSDAX_XFS", "xfs" }),
    place_name);

/* ---- Devices ------------------------------------------------------------- */

class DevicesTest : public testing::TestWithParam<Place> {};

/* Blocks chained through themselves; returns how many were had. */
class PoolBlocks : public engine::Links {
public:
	size_t
	fill(VMEM *pool, size_t size)
	{
		return take([pool](size_t n) { return vmem_malloc(pool, n); },
		    size, SIZE_MAX);
	}
	size_t
	free_all(VMEM *pool)
	{
		return give_back(
		    [pool](void *block) { vmem_free(pool, block); });
	}
};

TEST_P(DevicesTest, WholeIsThePool)
{
	VARIABLE_OR_SKIP(device, GetParam().variable);
	size_t room = host::device_bytes(device);
	ASSERT_GE(room, VMEM_MIN_POOL) << device;
	VMEM *pool = vmem_create(device.c_str(), VMEM_MIN_POOL);
	ASSERT_NE(nullptr, pool) << vmem_errormsg();
	PoolBlocks chain;
	size_t blocks = chain.fill(pool, 256 * KIB);
	EXPECT_GE(blocks, engine::nearly_all(room, 256 * KIB)) << room;
	EXPECT_EQ(1, vmem_check(pool)) << vmem_errormsg();
	EXPECT_EQ(blocks, chain.free_all(pool));
	vmem_delete(pool);
}

TEST_P(DevicesTest, ServeOneProcess)
{
	VARIABLE_OR_SKIP(device, GetParam().variable);
	VMEM *pool = vmem_create(device.c_str(), VMEM_MIN_POOL);
	ASSERT_NE(nullptr, pool) << vmem_errormsg();
	engine::in_child(60, [&] {
		errno = 0;
		EXPECT_EQ(nullptr, vmem_create(device.c_str(), VMEM_MIN_POOL));
		EXPECT_EQ(EBUSY, errno) << vmem_errormsg();
		EXPECT_NE(nullptr, strstr(vmem_errormsg(), device.c_str()))
		    << vmem_errormsg();
	});
	vmem_delete(pool);
	engine::in_child(60, [&] {
		VMEM *mine = vmem_create(device.c_str(), VMEM_MIN_POOL);
		ASSERT_NE(nullptr, mine) << vmem_errormsg();
		vmem_delete(mine);
	});
}

INSTANTIATE_TEST_SUITE_P(Each, DevicesTest,
    testing::Values(Place{ "VM_DEVDAX_PMEM", "pmem" },
	Place{ "VM_DEVDAX_HMEM", "hmem" }, Place{ "VM_DEVDAX_CXL", "cxl" }),
    place_name);
