/* SPDX-License-Identifier: BSD-2-Clause */
/* From an address to its segment. The segments are addresses and nothing else:
 * the map never looks at the memory itself. */
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "os/os.h"
#include "os/records.h"
#include "source/address_map.h"
#include "source_glue.h"
}
#pragma GCC diagnostic pop

namespace {

constexpr uintptr_t LEAF = 2 * MIB;     /* where segments share an entry */
constexpr uintptr_t MIDDLE = 256 * MIB; /* an entry of the level above */
constexpr uintptr_t TOP = 64 * GIB;     /* an entry of the root */
/* No process here has anything mapped at these. */
constexpr uintptr_t SPACE = (uintptr_t)0x1000 * GIB;

const void *
address(uintptr_t addr)
{
	return reinterpret_cast<const void *>(addr);
}

/* A segment that is in the map as long as it lives. */
class Entered {
public:
	Entered(uintptr_t from, size_t size)
	    : base(from), bytes(size),
	      segment(bare_segment(reinterpret_cast<void *>(from), size))
	{
		EXPECT_EQ(address_map_add(segment), 0);
	}
	~Entered()
	{
		address_map_remove(segment);
		expect(nullptr);
		bare_segment_free(segment);
	}
	Entered(const Entered &) = delete;
	Entered &operator=(const Entered &) = delete;

	/* That addresses all over the segment lead to WANT. */
	void
	expect(const struct segment *want) const
	{
		for (uintptr_t off : { (uintptr_t)0, (uintptr_t)1, bytes / 2,
			 bytes / 3, bytes - 1 })
			EXPECT_EQ(address_map_find(address(base + off)), want)
			    << off;
		for (size_t i = 1; i < 64; i++)
			EXPECT_EQ(
			    address_map_find(address(base + bytes / 64 * i)),
			    want)
			    << i;
	}
	void
	expect_itself() const
	{
		expect(segment);
	}

	const uintptr_t base;
	const size_t bytes;
	struct segment *const segment;
};

struct Case {
	uintptr_t base;
	size_t bytes;
};

} // namespace

class AddressMap : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Shapes, AddressMap,
    testing::Values(Case{ SPACE, PAGE_BYTES },
	Case{ SPACE + PAGE_BYTES, PAGE_BYTES }, Case{ SPACE, LEAF },
	Case{ SPACE + LEAF - PAGE_BYTES, 2 * PAGE_BYTES },
	Case{ SPACE + PAGE_BYTES, LEAF }, Case{ SPACE + PAGE_BYTES, 3 * LEAF },
	Case{ SPACE, MIDDLE }, Case{ SPACE + LEAF, MIDDLE },
	Case{ SPACE + 12345 * PAGE_BYTES, 3 * MIDDLE + 77 * PAGE_BYTES },
	Case{ SPACE, TOP }, Case{ SPACE + PAGE_BYTES, TOP },
	Case{ SPACE + MIDDLE - PAGE_BYTES, 3 * TOP },
	Case{ SPACE + 5 * PAGE_BYTES, 64 * TOP - 11 * PAGE_BYTES }));

TEST_P(AddressMap, LeadsToTheSegmentFromFirstToLastByte)
{
	auto [base, bytes] = GetParam();
	Entered segment(base, bytes);

	segment.expect_itself();
	EXPECT_EQ(address_map_find(address(base - 1)), nullptr);
	EXPECT_EQ(address_map_find(address(base + bytes)), nullptr);
}

/* Its neighbours begin where it ends, in the same leaves. */
TEST_P(AddressMap, LivesBesideItsNeighbours)
{
	auto [base, bytes] = GetParam();
	Entered before(base - PAGE_BYTES, PAGE_BYTES);
	Entered behind(base + bytes, PAGE_BYTES);
	{
		Entered segment(base, bytes);

		segment.expect_itself();
		before.expect_itself();
		behind.expect_itself();
	}
	before.expect_itself();
	behind.expect_itself();
}

TEST_P(AddressMap, TakesNeighboursAwayInAnyOrder)
{
	auto [base, bytes] = GetParam();
	auto before = std::make_unique<Entered>(base - PAGE_BYTES, PAGE_BYTES);
	auto segment = std::make_unique<Entered>(base, bytes);
	auto behind = std::make_unique<Entered>(base + bytes, 2 * PAGE_BYTES);

	before.reset();
	segment->expect_itself();
	behind->expect_itself();
	segment.reset();
	behind->expect_itself();
}

TEST(AddressMapLeaf, IsSharedByMany)
{
	std::vector<std::unique_ptr<Entered>> many;
	uintptr_t base = SPACE + TOP;

	/* All pages of a leaf, entered from both ends towards the middle. */
	for (uintptr_t i = 0; i < LEAF / PAGE_BYTES / 2; i++) {
		many.push_back(std::make_unique<Entered>(
		    base + i * PAGE_BYTES, PAGE_BYTES));
		many.push_back(std::make_unique<Entered>(
		    base + LEAF - (i + 1) * PAGE_BYTES, PAGE_BYTES));
	}
	for (auto &one : many)
		one->expect_itself();
	for (size_t i = 0; i < many.size(); i += 3)
		many[i].reset();
	for (auto &one : many)
		if (one)
			one->expect_itself();
}

/* Nodes that small segments left behind do not hide a huge one, nor does a
 * huge one hide small ones that come after it. */
TEST(AddressMapHuge, FollowsSmallOnesAndMakesWayForThem)
{
	uintptr_t base = SPACE + 64 * TOP;

	size_t records = 0;

	for (int round = 0; round < 3; round++) {
		{
			Entered low(base + LEAF, PAGE_BYTES);
			Entered high(base + TOP + MIDDLE + 3 * LEAF, LEAF);
			low.expect_itself();
			high.expect_itself();
		}
		Entered huge(base, 4 * TOP);
		huge.expect_itself();
		EXPECT_EQ(address_map_find(address(base + LEAF)), huge.segment);
		EXPECT_EQ(address_map_find(
			      address(base + TOP + MIDDLE + 3 * LEAF + 1)),
		    huge.segment);
		if (round > 0) {
			EXPECT_EQ(record_bytes_in_use(), records)
			    << "the nodes are still there";
		}
		records = record_bytes_in_use();
	}
}

TEST(AddressMapEnds, AreTheFirstAndTheLastOf48Bits)
{
	uintptr_t end = (uintptr_t)1 << 48;
	Entered low(0, PAGE_BYTES);
	Entered high(end - TOP - PAGE_BYTES, TOP + PAGE_BYTES);

	low.expect_itself();
	high.expect_itself();
	EXPECT_EQ(address_map_find(address(end)), nullptr);
	EXPECT_EQ(address_map_find(address(end + high.base)), nullptr);
	EXPECT_EQ(address_map_find(address(UINTPTR_MAX)), nullptr);
}

TEST(AddressMapEnds, RefuseWhatLiesBeyond)
{
	uintptr_t end = (uintptr_t)1 << 48;
	struct segment *across = bare_segment(
	    reinterpret_cast<void *>(end - PAGE_BYTES), 2 * PAGE_BYTES);
	struct segment *beyond = bare_segment(
	    reinterpret_cast<void *>(end), PAGE_BYTES);

	EXPECT_EQ(address_map_add(across), ERANGE);
	EXPECT_EQ(address_map_add(beyond), ERANGE);
	EXPECT_EQ(address_map_find(address(end - 1)), nullptr);
	bare_segment_free(across);
	bare_segment_free(beyond);
}

#ifdef POOLKIND_DEBUG
/* Without memory for a node nothing is entered, and the next try works. */
TEST(AddressMapMemory, RunningOutEntersNothing)
{
	std::vector<void *> hoard;
	uintptr_t base = SPACE + 200 * TOP + PAGE_BYTES;
	struct segment *segment = bare_segment(
	    reinterpret_cast<void *>(base), 2 * TOP);

	Entered(base, PAGE_BYTES); /* its first nodes are there */
	os_fault_at(OS_MAP, 1, ENOMEM, true);
	while (void *record = record_new(sizeof(void *) * 128))
		hoard.push_back(record);
	EXPECT_EQ(address_map_add(segment), ENOMEM);
	os_fault_at(OS_MAP, 0, 0, false);
	for (uintptr_t at = base; at < base + 2 * TOP; at += MIDDLE)
		ASSERT_EQ(address_map_find(address(at)), nullptr);
	EXPECT_EQ(address_map_add(segment), 0);
	EXPECT_EQ(address_map_find(address(base + TOP)), segment);
	address_map_remove(segment);
	bare_segment_free(segment);
	for (void *record : hoard)
		record_free(record, sizeof(void *) * 128);
}
#endif

/* Segments of all sizes at random places, looked up at random, against a map
 * ordered by address. */
TEST(AddressMapRandom, AgreesWithAnOrderedMap)
{
	std::map<uintptr_t, std::unique_ptr<Entered>> all;
	std::mt19937_64 random(42);
	uintptr_t space = 8 * TOP, start = SPACE + 300 * TOP;

	auto owner = [&](uintptr_t addr) -> struct segment *
	{
		auto next = all.upper_bound(addr);
		if (next == all.begin())
			return nullptr;
		const Entered &one = *std::prev(next)->second;
		return addr - one.base < one.bytes ? one.segment : nullptr;
	};
	for (int round = 0; round < 4000; round++) {
		unsigned lg = 12 + (unsigned)(random() % 26);
		size_t bytes = align_up(
		    ((uintptr_t)1 << lg) + random() % ((uintptr_t)1 << lg),
		    PAGE_BYTES);
		uintptr_t base = start +
		    align_down(random() % (space - bytes), PAGE_BYTES);
		auto next = all.lower_bound(base);

		if (random() % 3 == 0 && !all.empty()) {
			auto victim = all.lower_bound(start + random() % space);
			all.erase(victim == all.end() ? all.begin() : victim);
		} else if (owner(base) == nullptr &&
		    (next == all.end() || next->first >= base + bytes))
			all[base] = std::make_unique<Entered>(base, bytes);
		for (int look = 0; look < 8; look++) {
			uintptr_t addr = start + random() % space;
			ASSERT_EQ(address_map_find(address(addr)), owner(addr));
		}
		for (auto &[at, one] : all) {
			ASSERT_EQ(address_map_find(address(at)), one->segment);
			ASSERT_EQ(
			    address_map_find(address(at + one->bytes - 1)),
			    one->segment);
		}
	}
}

/* Readers go on while neighbours in the same leaves come and go. */
TEST(AddressMapReaders, SeeWhatStaysWhileNeighboursChange)
{
	uintptr_t base = SPACE + 400 * TOP;
	Entered stays(base + MIDDLE - 4 * PAGE_BYTES, 8 * PAGE_BYTES);
	std::atomic<bool> stop{ false };
	std::atomic<size_t> lost{ 0 };
	std::thread reader([&] {
		while (!stop)
			lost += address_map_find(address(stays.base)) !=
			    stays.segment;
	});
	for (int round = 0; round < 20000; round++) {
		struct segment *comes = bare_segment(
		    reinterpret_cast<void *>(stays.base + stays.bytes),
		    PAGE_BYTES);
		ASSERT_EQ(address_map_add(comes), 0);
		address_map_remove(comes);
		bare_segment_free(comes);
	}
	stop = true;
	reader.join();
	EXPECT_EQ(lost, 0u);
}
