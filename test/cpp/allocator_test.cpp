/* SPDX-License-Identifier: BSD-2-Clause */
/* poolkind::allocator and poolkind::memory_resource in the standard library's
 * containers: all that these hold is in the kind, nothing stays behind, and
 * each container has the kind that the header says. */
#include "../lib/aligned.h"
#include "cpp_test.h"

#include <array>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <scoped_allocator>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace cpp;

namespace {

template <class T> using Allocator = poolkind::allocator<T>;
template <class T> using Vector = std::vector<T, Allocator<T>>;
template <class T> using Scoped = std::scoped_allocator_adaptor<Allocator<T>>;
using String = std::basic_string<char, std::char_traits<char>, Allocator<char>>;

struct alignas(64) Line {
	char bytes[64];
};
/* More than a page: smaller ones come out of size classes by themselves. */
struct alignas(65536) Page {
	char bytes[65536];
};
template <class T>
bool
is_aligned(const T *object)
{
	return reinterpret_cast<std::uintptr_t>(object) % alignof(T) == 0;
}

static_assert(!std::is_constructible_v<Allocator<int>>);
static_assert(!std::is_constructible_v<Allocator<int>, std::nullptr_t>);
static_assert(!std::is_constructible_v<Allocator<int>, poolkind::kind>);
static_assert(
    std::is_nothrow_constructible_v<Allocator<int>, const poolkind::kind &>);
static_assert(sizeof(Vector<int>) == sizeof(std::vector<int>) + sizeof(void *));

class CppAllocator : public testing::Test {
protected:
	void
	TearDown() override
	{
		EXPECT_EQ(fast.stats().live, 0u);
		EXPECT_EQ(slow.stats().live, 0u);
		EXPECT_NO_THROW(fast.check());
	}
	poolkind::kind fast{ "dram,name=fast" }, slow{ "dram,name=slow" };
};

/* Fills a container by VALUES, one each, and looks at every element. */
template <class Container, class Add>
void
holds(const poolkind::kind &in, Container &&container, Add add)
{
	for (int i = 0; i < 1000; i++)
		add(container, i);
	EXPECT_EQ(container.size(), 1000u);
	for (const auto &element : container)
		ASSERT_TRUE(is_in(in, &element));
}

TEST_F(CppAllocator, ServesContainers)
{
	auto back = [](auto &to, int i) { to.push_back(i); };
	auto pair = [](auto &to, int i) { to.emplace(i, i); };
	using Pair = Allocator<std::pair<const int, int>>;

	holds(fast, Vector<int>(fast), back);
	holds(fast, std::list<int, Allocator<int>>(fast), back);
	holds(fast, std::deque<int, Allocator<int>>(fast), back);
	holds(fast, std::map<int, int, std::less<int>, Pair>(fast), pair);
	holds(fast,
	    std::unordered_map<int, int, std::hash<int>, std::equal_to<int>,
		Pair>(fast),
	    pair);
	holds(fast, String(fast),
	    [](auto &to, int i) { to.push_back(char('a' + i % 26)); });
	EXPECT_GT(fast.stats().allocations, 3000u);
	EXPECT_EQ(slow.stats().allocations, 0u);
}

TEST_F(CppAllocator, AlignsBeyondMalloc)
{
	Vector<char> odd(20000, fast); /* pages: what follows lies anywhere */
	Vector<Line> lines(3, fast);
	std::list<Page, Allocator<Page>> pages(3, Page{}, fast);
	Vector<long double> wide(1, fast);
	Vector<char> narrow(1, fast);

	EXPECT_TRUE(is_aligned(lines.data()));
	for (const Page &page : pages)
		EXPECT_TRUE(is_aligned(&page));
	EXPECT_TRUE(is_aligned(wide.data()));
	EXPECT_TRUE(is_in(fast, narrow.data()));
}

TEST_F(CppAllocator, SaysWhyNot)
{
	poolkind::kind small("dram,limit=4M"), none;

	EXPECT_THROW(Vector<int>(4 * MIB, small), std::bad_alloc);
	EXPECT_THROW((void)Allocator<int>(small).allocate(
			 static_cast<std::size_t>(-1) / 2),
	    std::bad_array_new_length);
	EXPECT_EQ(
	    thrown([&] { (void)Allocator<int>(none).allocate(1); }), EINVAL);
	EXPECT_EQ(small.stats().live, 0u);
	int *nothing = Allocator<int>(small).allocate(0);

	Allocator<int>(small).deallocate(nothing, 0);
}

TEST_F(CppAllocator, IsEqualForTheSameKind)
{
	Allocator<int> one(fast), two(slow);
	Allocator<char> other(one);

	EXPECT_TRUE(one == other && !(one != other));
	EXPECT_TRUE(one != two && !(one == two));
	EXPECT_EQ(other.handle(), fast.handle());
}

TEST_F(CppAllocator, CopiesStayInTheKind)
{
	Vector<int> original(10, 1, fast), copy(original);
	Vector<int> elsewhere(original, slow);

	EXPECT_TRUE(is_in(fast, copy.data()));
	EXPECT_TRUE(is_in(slow, elsewhere.data()));
	EXPECT_TRUE(copy == original && elsewhere == original);
}

TEST_F(CppAllocator, AssignmentLeavesAContainerInItsKind)
{
	Vector<int> target(1, 0, fast), source(10, 1, slow);

	target = source;
	EXPECT_TRUE(is_in(fast, target.data()));
	source.push_back(2);
	target = std::move(source);
	EXPECT_TRUE(is_in(fast, target.data()));
	EXPECT_EQ(target.size(), 11u);
	EXPECT_EQ(target.get_allocator(), Allocator<int>(fast));

	Vector<int> same(100, 3, fast);
	const int *block = same.data();

	target = std::move(same);
	EXPECT_EQ(target.data(), block);
}

TEST_F(CppAllocator, SwapExchangesTheKinds)
{
	Vector<int> one(10, 1, fast), two(20, 2, slow);
	const int *first = one.data(), *second = two.data();

	swap(one, two);
	EXPECT_EQ(one.data(), second);
	EXPECT_EQ(two.data(), first);
	EXPECT_EQ(one.get_allocator(), Allocator<int>(slow));
	one.resize(1000);
	two.resize(1000);
	EXPECT_TRUE(is_in(slow, one.data()) && is_in(fast, two.data()));

	using Map = std::map<int, int, std::less<int>,
	    Allocator<std::pair<const int, int>>>;
	Map left(fast), right(slow);

	left[1] = right[2] = 1;
	left.swap(right);
	EXPECT_TRUE(is_in(slow, &*left.begin()));
	EXPECT_TRUE(is_in(fast, &*right.begin()));
}

TEST_F(CppAllocator, ScopedReachesElements)
{
	std::map<String, String, std::less<String>,
	    Scoped<std::pair<const String, String>>>
	    words(fast);
	std::vector<Vector<int>, Scoped<Vector<int>>> rows(fast);

	words.emplace(LONG, LONG);
	words[String("key", slow)] = LONG;
	for (const auto &[key, value] : words) {
		EXPECT_TRUE(is_in(fast, &key));
		EXPECT_TRUE(is_in(fast, value.data()));
	}
	EXPECT_TRUE(is_in(fast, words.rbegin()->first.data()));
	rows.emplace_back(10);
	rows.push_back(Vector<int>(10, slow));
	for (const auto &row : rows)
		EXPECT_TRUE(is_in(fast, row.data()));
}

TEST_F(CppAllocator, SharesObjects)
{
	struct Base {
		virtual ~Base() = default;
	};
	struct Derived : std::array<int, 100>, Base {};
	std::shared_ptr<Base> shared = std::allocate_shared<Derived>(
	    Allocator<Derived>(fast));

	EXPECT_TRUE(is_in(fast, shared.get()));
	std::thread([last = std::move(shared)] {}).join();
}

/* ---- std::pmr ------------------------------------------------------------ */

TEST_F(CppAllocator, ServesPmr)
{
	poolkind::memory_resource resource(fast);
	std::pmr::map<std::pmr::string, std::pmr::vector<int>> map(&resource);

	for (int i = 0; i < 100; i++)
		map[std::pmr::string(LONG) + char(i)].resize(100);
	for (const auto &[key, value] : map) {
		EXPECT_TRUE(is_in(fast, key.data()));
		EXPECT_TRUE(is_in(fast, value.data()));
	}
	std::pmr::vector<Page> pages(3, &resource);

	EXPECT_TRUE(is_aligned(pages.data()));
	for (std::size_t alignment = 1; alignment <= 8192; alignment *= 2) {
		void *block[100];

		for (void *&each : block) {
			each = resource.allocate(4, alignment);
			EXPECT_TRUE(is_aligned_to(each, alignment));
		}
		for (void *each : block)
			resource.deallocate(each, 4, alignment);
	}
}

TEST_F(CppAllocator, StandsBehindOtherResources)
{
	poolkind::memory_resource resource(fast);
	std::pmr::monotonic_buffer_resource buffer(&resource);
	std::pmr::unsynchronized_pool_resource pool(&buffer);
	std::pmr::list<std::pmr::string> list(1000, LONG, &pool);

	for (const auto &text : list)
		ASSERT_TRUE(is_in(fast, text.data()));
}

TEST_F(CppAllocator, ResourcesAreEqualForTheSameKind)
{
	poolkind::memory_resource one(fast), same(fast), other(slow);

	EXPECT_TRUE(one.is_equal(one) && one == same);
	EXPECT_TRUE(one != other);
	EXPECT_TRUE(one != *std::pmr::new_delete_resource());
	EXPECT_EQ(one.handle(), fast.handle());
	std::pmr::vector<int> target(&one), source(100, 1, &same);
	const int *block = source.data();

	target = std::move(source);
	EXPECT_EQ(target.data(), block);
}

TEST_F(CppAllocator, ResourcesSayWhyNot)
{
	poolkind::kind small("dram,limit=4M"), none;
	poolkind::memory_resource full(small), no(none);

	EXPECT_THROW(std::pmr::vector<int>(4 * MIB, &full), std::bad_alloc);
	EXPECT_EQ(thrown([&] { (void)no.allocate(1); }), EINVAL);
}

/* ---- Pointers that free -------------------------------------------------- */

/* Counts its objects, and throws where COUNT would be LIMIT. */
struct Counted {
	static int count, limit;
	int value;
	explicit Counted(int v = 5) : value(v)
	{
		if (count == limit)
			throw std::runtime_error("enough");
		count++;
	}
	~Counted() { count--; }
};
int Counted::count, Counted::limit = -1;

TEST_F(CppAllocator, MakesObjects)
{
	auto one = poolkind::make_unique<Counted>(fast, 7);
	auto constant = poolkind::make_unique<const std::string>(fast, LONG);
	auto line = poolkind::make_unique<Line>(fast);
	poolkind::unique_ptr<Counted> moved = std::move(one);

	EXPECT_EQ(moved->value, 7);
	EXPECT_TRUE(is_in(fast, moved.get()) && is_in(fast, constant.get()));
	EXPECT_TRUE(is_aligned(line.get()));
	EXPECT_EQ(Counted::count, 1);
	std::thread([last = std::move(moved)] {}).join();
	EXPECT_EQ(Counted::count, 0);
}

TEST_F(CppAllocator, MakesArrays)
{
	auto numbers = poolkind::make_unique<int[]>(fast, 1000);
	auto some = poolkind::make_unique<Counted[]>(fast, 10);
	auto none = poolkind::make_unique<Page[]>(fast, 0);

	EXPECT_EQ(numbers[999], 0);
	EXPECT_EQ(numbers.get_deleter().count(), 1000u);
	EXPECT_EQ(some[9].value, 5);
	EXPECT_EQ(Counted::count, 10);
	some.reset();
	EXPECT_EQ(Counted::count, 0);
	EXPECT_TRUE(none);
}

TEST_F(CppAllocator, LosesNothingWhenAConstructorThrows)
{
	Counted::limit = 3;
	EXPECT_THROW((void)poolkind::make_unique<Counted[]>(fast, 10),
	    std::runtime_error);
	EXPECT_EQ(Counted::count, 0);
	Counted::limit = 0;
	EXPECT_THROW(
	    (void)poolkind::make_unique<Counted>(fast), std::runtime_error);
	Counted::limit = -1;
}

TEST_F(CppAllocator, MakesNothingWithoutRoom)
{
	poolkind::kind small("dram,limit=4M"), none;
	constexpr auto LOTS = static_cast<std::size_t>(-1) / 2;
	using Large = std::array<char, 8 * MIB>;

	EXPECT_THROW((void)poolkind::make_unique<Large>(small), std::bad_alloc);
	EXPECT_THROW(
	    (void)poolkind::make_unique<int[]>(small, LOTS), std::bad_alloc);
	EXPECT_FALSE(poolkind::try_make_unique<Large>(small));
	EXPECT_FALSE(poolkind::try_make_unique<int[]>(small, LOTS));
	EXPECT_EQ(errno, ENOMEM);
	EXPECT_TRUE(poolkind::try_make_unique<int[]>(small, 10));
	EXPECT_TRUE(poolkind::try_make_unique<int>(small, 10));
	EXPECT_EQ(
	    thrown([&] { (void)poolkind::make_unique<int>(none); }), EINVAL);
}

} // namespace
