/* SPDX-License-Identifier: BSD-2-Clause */
/* The allocators for C++: what all of them promise, on each of them; then what
 * each adds, and what becomes of the kind that a container uses. */
#include <fixed_allocator.h>
#include <gtest/gtest.h>
#include <hbw_allocator.h>
#include <memkind_allocator.h>
#include <pmem_allocator.h>

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <scoped_allocator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../../lib/engine_kind.h"
#include "../../lib/engine_space.h"

using libmemkind::allocation_policy;
using libmemkind::kind_allocator;
using libmemkind::kinds;

namespace {

constexpr size_t MIB = 1 << 20;

/* A directory with room for a kind in a file. */
std::string
directory()
{
	return engine::place(64 * MIB);
}

bool
is_alive(memkind_t kind)
{
	return memkind_check_available(kind) == 0;
}

template <class T> using Static = libmemkind::static_kind::allocator<T>;
template <class T> using Pmem = libmemkind::pmem::allocator<T>;
template <class T> using Fixed = libmemkind::fixed::allocator<T>;

/* How a test gets an allocator of each sort, and its kind, if it is known. */
struct HbwMaker {
	template <class T> using Of = hbw::allocator<T>;
	Of<char> one;
	memkind_t
	kind() const
	{
		return nullptr;
	}
};

struct StaticMaker {
	template <class T> using Of = Static<T>;
	Of<char> one{ kinds::REGULAR };
	memkind_t
	kind() const
	{
		return MEMKIND_REGULAR;
	}
};

struct PmemMaker {
	template <class T> using Of = Pmem<T>;
	Of<char> one{ directory(), 32 * MIB };
	memkind_t
	kind() const
	{
		return one.kind();
	}
};

struct FixedMaker {
	engine::Region region{ 32 * MIB, true };
	template <class T> using Of = Fixed<T>;
	Of<char> one{ region.start(), region.size() };
	memkind_t
	kind() const
	{
		return one.kind();
	}
};

struct KindMaker {
	template <class T> using Of = kind_allocator<T>;
	Of<char> one{ MEMKIND_INTERLEAVE };
	memkind_t
	kind() const
	{
		return MEMKIND_INTERLEAVE;
	}
};

template <class Maker> class Allocator : public testing::Test {
protected:
	template <class T>
	typename Maker::template Of<T>
	of() const
	{
		return typename Maker::template Of<T>(maker_.one);
	}

	bool
	is_ours(void *block) const
	{
		return maker_.kind() == nullptr ||
		    memkind_detect_kind(block) == maker_.kind();
	}

	Maker maker_;
};

using Makers =
    testing::Types<HbwMaker, StaticMaker, PmemMaker, FixedMaker, KindMaker>;
TYPED_TEST_SUITE(Allocator, Makers);

struct Wide {
	char bytes[3 * MIB];
};

/* More than the pages that a block of this size would have anyway. */
constexpr size_t ALIGNMENT = 64 * 1024;
struct alignas(ALIGNMENT) Aligned {
	char byte;
};

} // namespace

/* ---- What all promise ---------------------------------------------------- */

TYPED_TEST(Allocator, GivesRoomFromItsKind)
{
	auto numbers = this->template of<uint64_t>();
	uint64_t *block = numbers.allocate(1000);

	EXPECT_TRUE(this->is_ours(block));
	for (uint64_t i = 0; i < 1000; i++)
		block[i] = i;
	EXPECT_LE(8000u, memkind_malloc_usable_size(nullptr, block));
	numbers.deallocate(block, 1000);
}

TYPED_TEST(Allocator, RefusesMoreBytesThanCanBeCounted)
{
	auto wide = this->template of<Wide>();
	auto numbers = this->template of<uint64_t>();
	constexpr size_t most = std::numeric_limits<size_t>::max();

	EXPECT_THROW(
	    wide.allocate(most / sizeof(Wide) + 1), std::bad_array_new_length);
	/* The product is 8 with what does not fit cut off. */
	EXPECT_THROW(numbers.allocate(most / 8 + 2), std::bad_array_new_length);
	EXPECT_THROW(numbers.allocate(most), std::bad_array_new_length);
	EXPECT_THROW(numbers.allocate(most / 8), std::bad_alloc);
}

TYPED_TEST(Allocator, RefusesNoObjects)
{
	/* memtier's tests say otherwise, for the whole process. */
	for (memkind_t kind :
	    { MEMKIND_DEFAULT, MEMKIND_REGULAR, MEMKIND_INTERLEAVE })
		memkind_set_allow_zero_allocs(kind, false);
	EXPECT_THROW(this->template of<int>().allocate(0), std::bad_alloc);
	EXPECT_THROW(this->template of<Aligned>().allocate(0), std::bad_alloc);
}

TYPED_TEST(Allocator, AlignsAsTheTypeWants)
{
	auto aligned = this->template of<Aligned>();
	auto pages = this->template of<std::array<char, 20480>>();
	std::vector<Aligned *> blocks;
	std::vector<std::array<char, 20480> *> others;

	for (size_t i = 0; i < 50; i++) {
		blocks.push_back(aligned.allocate(1));
		EXPECT_EQ(
		    0u, reinterpret_cast<uintptr_t>(blocks[i]) % ALIGNMENT);
		EXPECT_TRUE(this->is_ours(blocks[i]));
		others.push_back(pages.allocate(1));
	}
	for (Aligned *block : blocks)
		aligned.deallocate(block, 1);
	for (auto *other : others)
		pages.deallocate(other, 1);
}

TYPED_TEST(Allocator, IsOneWithItsCopiesOfOtherTypes)
{
	auto numbers = this->template of<int>();
	auto texts = this->template of<std::string>();
	typename std::allocator_traits<
	    decltype(numbers)>::template rebind_alloc<std::string>
	    bound(numbers);

	EXPECT_TRUE(numbers == texts);
	EXPECT_FALSE(numbers != texts);
	EXPECT_TRUE(bound == texts);
	int *block = numbers.allocate(10);
	decltype(numbers)(texts).deallocate(block, 10);
}

TYPED_TEST(Allocator, CanBeUsedAfterItWasMovedFrom)
{
	auto first = this->template of<int>();
	auto second = std::move(first);

	EXPECT_TRUE(first == second);
	first.deallocate(second.allocate(10), 10);
	second = std::move(first);
	second.deallocate(first.allocate(10), 10);
}

TYPED_TEST(Allocator, ServesContainers)
{
	using Pair = std::pair<const int, int>;
	auto pairs = this->template of<Pair>();
	std::map<int, int, std::less<int>, decltype(pairs)> map(pairs);
	auto numbers = this->template of<int>();
	std::vector<int, decltype(numbers)> vector(numbers);

	for (int i = 0; i < 10000; i++) {
		map[i] = i;
		vector.push_back(i);
	}
	EXPECT_TRUE(this->is_ours(vector.data()));
	EXPECT_TRUE(this->is_ours(&*map.find(5000)));
	for (int i = 0; i < 10000; i++)
		ASSERT_TRUE(map[i] == i && vector[i] == i);
}

TYPED_TEST(Allocator, HoldsWhatCanOnlyBeMoved)
{
	using Pointer = std::unique_ptr<int>;
	auto pointers = this->template of<Pointer>();
	std::vector<Pointer, decltype(pointers)> vector(pointers);

	for (int i = 0; i < 100; i++)
		vector.push_back(std::make_unique<int>(i));
	vector.emplace_back();
	EXPECT_EQ(99, *vector[99]);
	EXPECT_EQ(nullptr, vector[100]);
}

/* ---- memkind's static kinds ---------------------------------------------- */

TEST(StaticAllocator, KnowsEachKindByItsName)
{
	const std::map<kinds, memkind_t> wanted = {
		{ kinds::DEFAULT, MEMKIND_DEFAULT },
		{ kinds::HUGETLB, MEMKIND_HUGETLB },
		{ kinds::INTERLEAVE, MEMKIND_INTERLEAVE },
		{ kinds::HBW, MEMKIND_HBW },
		{ kinds::HBW_ALL, MEMKIND_HBW_ALL },
		{ kinds::HBW_HUGETLB, MEMKIND_HBW_HUGETLB },
		{ kinds::HBW_ALL_HUGETLB, MEMKIND_HBW_ALL_HUGETLB },
		{ kinds::HBW_PREFERRED, MEMKIND_HBW_PREFERRED },
		{ kinds::HBW_PREFERRED_HUGETLB, MEMKIND_HBW_PREFERRED_HUGETLB },
		{ kinds::HBW_INTERLEAVE, MEMKIND_HBW_INTERLEAVE },
		{ kinds::REGULAR, MEMKIND_REGULAR },
		{ kinds::DAX_KMEM, MEMKIND_DAX_KMEM },
		{ kinds::DAX_KMEM_ALL, MEMKIND_DAX_KMEM_ALL },
		{ kinds::DAX_KMEM_PREFERRED, MEMKIND_DAX_KMEM_PREFERRED },
		{ kinds::DAX_KMEM_INTERLEAVE, MEMKIND_DAX_KMEM_INTERLEAVE },
		{ kinds::HIGHEST_CAPACITY, MEMKIND_HIGHEST_CAPACITY },
		{ kinds::HIGHEST_CAPACITY_PREFERRED,
		    MEMKIND_HIGHEST_CAPACITY_PREFERRED },
		{ kinds::HIGHEST_CAPACITY_LOCAL,
		    MEMKIND_HIGHEST_CAPACITY_LOCAL },
		{ kinds::HIGHEST_CAPACITY_LOCAL_PREFERRED,
		    MEMKIND_HIGHEST_CAPACITY_LOCAL_PREFERRED },
		{ kinds::LOWEST_LATENCY_LOCAL, MEMKIND_LOWEST_LATENCY_LOCAL },
		{ kinds::LOWEST_LATENCY_LOCAL_PREFERRED,
		    MEMKIND_LOWEST_LATENCY_LOCAL_PREFERRED },
		{ kinds::HIGHEST_BANDWIDTH_LOCAL,
		    MEMKIND_HIGHEST_BANDWIDTH_LOCAL },
		{ kinds::HIGHEST_BANDWIDTH_LOCAL_PREFERRED,
		    MEMKIND_HIGHEST_BANDWIDTH_LOCAL_PREFERRED },
	};
	std::set<int> numbers;

	for (const auto &one : wanted) {
		EXPECT_EQ(one.second, Static<int>(one.first).kind());
		numbers.insert(static_cast<int>(one.first));
	}
	EXPECT_EQ(23u, numbers.size());
	EXPECT_EQ(0, *numbers.begin());
	EXPECT_EQ(22, *numbers.rbegin());
}

TEST(StaticAllocator, RefusesAnUnknownNumber)
{
	for (int number : { -1, 23, 1000 })
		EXPECT_THROW(Static<int>(static_cast<kinds>(number)),
		    std::runtime_error);
}

TEST(StaticAllocator, IsEqualByKind)
{
	Static<int> regular(kinds::REGULAR), fallback(kinds::DEFAULT);

	EXPECT_TRUE(regular == Static<char>(kinds::REGULAR));
	EXPECT_TRUE(regular != fallback);
	EXPECT_FALSE(std::is_default_constructible<Static<int>>::value);
}

TEST(StaticAllocator, OfAKindThatIsNotThereHasNoMemory)
{
	if (memkind_check_available(MEMKIND_HBW_HUGETLB) == 0)
		GTEST_SKIP() << "this machine has huge pages of that memory";
	EXPECT_THROW(
	    Static<int>(kinds::HBW_HUGETLB).allocate(1), std::bad_alloc);
}

TEST(StaticAllocator, StaysWhereItIsWhenAssigned)
{
	using Vector = std::vector<int, Static<int>>;
	Vector regular(100, 1, Static<int>(kinds::REGULAR));
	Vector other{ Static<int>(kinds::DEFAULT) };

	other = regular;
	EXPECT_EQ(MEMKIND_DEFAULT, memkind_detect_kind(other.data()));
	other = Vector(100000, 2, Static<int>(kinds::REGULAR));
	EXPECT_EQ(MEMKIND_DEFAULT, memkind_detect_kind(other.data()));
	EXPECT_EQ(100000u, other.size());
	other.swap(regular);
	EXPECT_EQ(MEMKIND_REGULAR, memkind_detect_kind(other.data()));
	EXPECT_EQ(MEMKIND_DEFAULT, memkind_detect_kind(regular.data()));
	EXPECT_EQ(MEMKIND_REGULAR, other.get_allocator().kind());
}

/* ---- High bandwidth memory ----------------------------------------------- */

TEST(HbwAllocator, IsEqualToAnyOther)
{
	EXPECT_TRUE(hbw::allocator<int>() == hbw::allocator<char>());
	EXPECT_FALSE(hbw::allocator<int>() != hbw::allocator<char>());
}

TEST(HbwAllocator, HasWhatAllocatorsOnceHad)
{
	hbw::allocator<int> allocator;
	const hbw::allocator<int> &constant = allocator;
	int *block = allocator.allocate(10, &allocator);
	const int &second = block[1];

	EXPECT_EQ(std::numeric_limits<size_t>::max() / sizeof(int),
	    constant.max_size());
	EXPECT_EQ(block, allocator.address(*block));
	EXPECT_EQ(block + 1, constant.address(second));
	allocator.construct(block, 7);
	EXPECT_EQ(7, *block);
	allocator.destroy(block);
	allocator.deallocate(block, 10);
}

/* ---- Kinds that allocators own ------------------------------------------- */

TEST(PmemAllocator, MakesAKindInADirectory)
{
	const std::string path = directory();
	Pmem<int> unlimited(path.c_str(), 0);
	Pmem<int> limited(path, 16 * MIB);
	Pmem<int> sparing(
	    path.c_str(), 16 * MIB, allocation_policy::CONSERVATIVE);
	Pmem<int> usual(path, 16 * MIB, allocation_policy::DEFAULT);

	EXPECT_TRUE(unlimited != limited);
	EXPECT_EQ(ssize_t(16 * MIB), memkind_get_capacity(limited.kind()));
	EXPECT_LT(ssize_t(16 * MIB), memkind_get_capacity(unlimited.kind()));
	for (auto &one : { unlimited, limited, sparing, usual }) {
		int *block = one.allocate(1000);
		EXPECT_EQ(one.kind(), memkind_detect_kind(block));
		one.deallocate(block, 1000);
	}
}

TEST(PmemAllocator, RefusesWhatCannotBeMade)
{
	const std::string path = directory();

	EXPECT_THROW(Pmem<int>(path, 1), std::invalid_argument);
	EXPECT_THROW(Pmem<int>(path, 16 * MIB - 1), std::invalid_argument);
	EXPECT_THROW(
	    Pmem<int>("/nowhere/at/all", 16 * MIB), std::invalid_argument);
	EXPECT_THROW(
	    Pmem<int>(path, 16 * MIB, static_cast<allocation_policy>(2)),
	    std::invalid_argument);
	try {
		Pmem<int> none(path, 1);
	} catch (const std::exception &error) {
		EXPECT_EQ(0u,
		    std::string(error.what())
			.find("libmemkind::pmem::allocator: <memkind>"));
	}
}

TEST(PmemAllocator, LastOneDestroysTheKind)
{
	auto first = std::make_unique<Pmem<int>>(directory(), 16 * MIB);
	memkind_t kind = first->kind();
	auto second = std::make_unique<Pmem<std::string>>(*first);

	ASSERT_TRUE(is_alive(kind));
	first.reset();
	ASSERT_TRUE(is_alive(kind));
	second->deallocate(second->allocate(10), 10);
	second.reset();
	EXPECT_FALSE(is_alive(kind));
}

TEST(PmemAllocator, ContainerKeepsTheKind)
{
	using Vector = std::vector<int, Pmem<int>>;
	auto vector = std::make_unique<Vector>(
	    1000, 7, Pmem<int>(directory(), 16 * MIB));
	memkind_t kind = vector->get_allocator().kind();

	EXPECT_EQ(kind, memkind_detect_kind(vector->data()));
	EXPECT_EQ(7, vector->back());
	vector.reset();
	EXPECT_FALSE(is_alive(kind));
}

TEST(PmemAllocator, SwapsAndAssigns)
{
	using Vector = std::vector<int, Pmem<int>>;
	Pmem<int> here(directory(), 16 * MIB), there(directory(), 16 * MIB);
	Vector one(1000, 1, here), two(2000, 2, there);

	one.swap(two);
	EXPECT_EQ(there.kind(), memkind_detect_kind(one.data()));
	EXPECT_EQ(here.kind(), memkind_detect_kind(two.data()));
	one = two;
	EXPECT_EQ(there, one.get_allocator());
	one = std::move(two);
	EXPECT_EQ(there.kind(), memkind_detect_kind(one.data()));
	EXPECT_EQ(1000u, one.size());
	two.clear();
	two.push_back(3);
	EXPECT_EQ(here.kind(), memkind_detect_kind(two.data()));
}

TEST(PmemAllocator, IsFullAndThenNot)
{
	Pmem<char> allocator(directory(), 16 * MIB);
	std::vector<char *> blocks;

	EXPECT_THROW(allocator.allocate(17 * MIB), std::bad_alloc);
	EXPECT_THROW(for (;;) blocks.push_back(allocator.allocate(64 * 1024)),
	    std::bad_alloc);
	EXPECT_LT(200u, blocks.size());
	for (char *block : blocks)
		allocator.deallocate(block, 64 * 1024);
	EXPECT_NO_THROW(
	    allocator.deallocate(allocator.allocate(8 * MIB), 8 * MIB));
}

TEST(PmemAllocator, CopiesMayBeMadeByManyThreads)
{
	std::vector<std::thread> threads;
	Pmem<int> allocator(directory(), 32 * MIB);

	for (int i = 0; i < 4; i++)
		threads.emplace_back([&allocator] {
			for (int j = 0; j < 10000; j++) {
				Pmem<uint64_t> copy(allocator);
				copy.deallocate(copy.allocate(10), 10);
			}
		});
	for (auto &thread : threads)
		thread.join();
	EXPECT_TRUE(is_alive(allocator.kind()));
}

TEST(FixedAllocator, StaysInItsRegion)
{
	engine::Region region(16 * MIB, true);
	Fixed<char> allocator(region.start(), region.size());
	std::vector<char *> blocks;

	EXPECT_EQ(ssize_t(16 * MIB), memkind_get_capacity(allocator.kind()));
	try {
		for (;;)
			blocks.push_back(allocator.allocate(100000));
	} catch (const std::bad_alloc &) {
	}
	EXPECT_LT(100u, blocks.size());
	for (char *block : blocks) {
		EXPECT_LE(region.start(), block);
		EXPECT_GE(region.start() + region.size(), block + 100000);
	}
}

TEST(FixedAllocator, RefusesARegionThatIsTakenOrNone)
{
	engine::Region region(16 * MIB);

	EXPECT_THROW(Fixed<int>(nullptr, 16 * MIB), std::invalid_argument);
	{
		Fixed<int> one(region.start(), region.size());
		EXPECT_THROW(Fixed<int>(region.start(), region.size()),
		    std::invalid_argument);
	}
	Fixed<int> again(region.start(), region.size());
	again.deallocate(again.allocate(10), 10);
}

TEST(FixedAllocator, LastOneDestroysTheKind)
{
	engine::Region region(16 * MIB);
	auto first = std::make_unique<Fixed<int>>(region.start(), 16 * MIB);
	memkind_t kind = first->kind();
	auto second = std::make_unique<Fixed<char>>(*first);

	first.reset();
	EXPECT_TRUE(is_alive(kind));
	second.reset();
	EXPECT_FALSE(is_alive(kind));
}

/* ---- Any kind ------------------------------------------------------------ */

TEST(KindAllocator, MakesAContainerOfAnyKind)
{
	memkind_t kind;
	ASSERT_EQ(0, memkind_create_pmem(directory().c_str(), 0, &kind));
	{
		std::vector<int, kind_allocator<int>> file(100, 1, kind);
		std::vector<int, kind_allocator<int>> memory(MEMKIND_REGULAR);

		memory.assign(100, 1);
		EXPECT_EQ(kind, memkind_detect_kind(file.data()));
		EXPECT_EQ(MEMKIND_REGULAR, memkind_detect_kind(memory.data()));
		EXPECT_TRUE(file == memory);
	}
	EXPECT_TRUE(is_alive(kind));
	EXPECT_EQ(0, memkind_destroy_kind(kind));
}

TEST(KindAllocator, GivesABlockForNoObjectsWhereTheKindDoes)
{
	Pmem<int> owner(directory(), 16 * MIB);
	kind_allocator<int> allocator(owner.kind());

	EXPECT_THROW(allocator.allocate(0), std::bad_alloc);
	memkind_set_allow_zero_allocs(owner.kind(), true);
	allocator.deallocate(allocator.allocate(0), 0);
}

TEST(KindAllocator, OfAnOwnedKind)
{
	Pmem<int> owner(directory(), 16 * MIB);
	std::vector<int, kind_allocator<int>> vector(10, 1, owner.kind());

	EXPECT_EQ(owner.kind(), memkind_detect_kind(vector.data()));
	EXPECT_EQ(sizeof(void *), sizeof(kind_allocator<int>));
}

TEST(KindAllocator, StaysWhereItIsWhenAssigned)
{
	using Vector = std::vector<int, kind_allocator<int>>;
	Vector regular(1000, 1, MEMKIND_REGULAR), other(MEMKIND_DEFAULT);
	const int *data = regular.data();

	Vector copy(regular);
	EXPECT_EQ(MEMKIND_REGULAR, memkind_detect_kind(copy.data()));
	other = regular;
	EXPECT_EQ(MEMKIND_DEFAULT, memkind_detect_kind(other.data()));
	copy = std::move(regular);
	EXPECT_EQ(data, copy.data());
	other = std::move(copy);
	EXPECT_EQ(MEMKIND_DEFAULT, memkind_detect_kind(other.data()));
	other.swap(copy);
	EXPECT_EQ(MEMKIND_REGULAR, other.get_allocator().kind());
	EXPECT_EQ(MEMKIND_DEFAULT, copy.get_allocator().kind());
}

TEST(KindAllocator, ReachesInnerContainers)
{
	using Text = std::basic_string<char, std::char_traits<char>,
	    kind_allocator<char>>;
	using Outer = std::scoped_allocator_adaptor<
	    kind_allocator<std::pair<const int, Text>>>;
	std::map<int, Text, std::less<int>, Outer> texts{ Outer(
	    MEMKIND_REGULAR) };

	texts.emplace(1, "a text that has no room in its object, so allocates");
	texts[2] = Text(100, 'x', MEMKIND_DEFAULT);
	for (auto &text : texts)
		EXPECT_EQ(
		    MEMKIND_REGULAR, memkind_detect_kind(&text.second[0]));
}

TEST(KindAllocator, SharesAnObject)
{
	std::shared_ptr<int> one = std::allocate_shared<int>(
	    kind_allocator<int>(MEMKIND_REGULAR), 7);
	std::shared_ptr<int> two = one;

	EXPECT_EQ(7, *two);
}
