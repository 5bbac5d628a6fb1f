/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind's headers as a C++ program sees them: the allocators' first, which
 * include what they need, and containers on each of them, with what older and
 * newer standards ask of an allocator. memkind_headers.sh compiles this under
 * each standard and runs it; ONE names a single header instead.
 */
#ifdef ONE
#include ONE
int
main()
{
	return 0;
}
#else
#include <fixed_allocator.h>
#include <hbw_allocator.h>
#include <memkind_allocator.h>
#include <pmem_allocator.h>

#include <autohbw_api.h>
#include <hbwmalloc.h>
#include <memkind.h>
#include <memkind_memtier.h>

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <scoped_allocator>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

template <class T> using Fixed = libmemkind::fixed::allocator<T>;
template <class T> using Hbw = hbw::allocator<T>;
template <class T> using Kind = libmemkind::kind_allocator<T>;
template <class T> using Pmem = libmemkind::pmem::allocator<T>;
template <class T> using Static = libmemkind::static_kind::allocator<T>;

/* What memkind's allocators have as members. */
template <class A> struct Members {
	typedef typename A::value_type value;
	typedef typename std::is_same<typename A::pointer, value *>::type is;
	static_assert(is::value, "pointer");
	static_assert(
	    std::is_same<typename A::const_pointer, const value *>::value,
	    "const_pointer");
	static_assert(
	    std::is_same<typename A::reference, value &>::value, "reference");
	static_assert(
	    std::is_same<typename A::const_reference, const value &>::value,
	    "const_reference");
	static_assert(
	    std::is_same<typename A::size_type, std::size_t>::value, "size");
	static_assert(
	    std::is_same<typename A::difference_type, std::ptrdiff_t>::value,
	    "difference_type");
	static_assert(
	    std::is_same<typename A::template rebind<value>::other, A>::value,
	    "rebind");
};
template struct Members<Fixed<int>>;
template struct Members<Hbw<int>>;
template struct Members<Pmem<int>>;
template struct Members<Static<int>>;

static_assert(std::allocator_traits<Hbw<int>>::is_always_equal::value, "");
static_assert(!std::allocator_traits<Kind<int>>::is_always_equal::value, "");
static_assert(!std::is_default_constructible<Kind<int>>::value, "");
static_assert(!std::is_default_constructible<Static<int>>::value, "");
static_assert(sizeof(Kind<int>) == sizeof(memkind_t), "one pointer");

template <template <class> class A>
int
containers(const A<int> &allocator)
{
	std::vector<int, A<int>> numbers(allocator);
	std::deque<int, A<int>> queue(allocator);
	std::list<int, A<int>> list(allocator);
	typedef std::pair<const int, int> Pair;
	const A<Pair> pairs(allocator);
	std::map<int, int, std::less<int>, A<Pair>> map(pairs);
	std::unordered_map<int, int, std::hash<int>, std::equal_to<int>,
	    A<Pair>>
	    table(8, std::hash<int>(), std::equal_to<int>(), pairs);
	std::basic_string<char, std::char_traits<char>, A<char>> text(
	    "text", A<char>(allocator));

	for (int i = 0; i < 1000; i++) {
		numbers.push_back(i);
		queue.push_front(i);
		list.push_back(i);
		map[i] = i;
		table[i] = i;
		text += 'x';
	}
	auto same = numbers;
	auto moved = std::move(list);
	return same == numbers && queue.front() == 999 &&
		moved.size() == 1000 && map.size() == 1000 &&
		table.at(999) == 999 && text.size() == 1004 ?
	    0 :
	    1;
}

/* A vector of strings, all of one kind. */
int
scoped()
{
	typedef std::basic_string<char, std::char_traits<char>, Kind<char>>
	    Text;
	typedef std::scoped_allocator_adaptor<Kind<Text>> Outer;
	std::vector<Text, Outer> texts{ Outer(MEMKIND_REGULAR) };

	texts.emplace_back(100, 'x');
	texts.emplace_back("a text that has no room in its object");
	for (auto &text : texts)
		if (memkind_detect_kind(&text[0]) != MEMKIND_REGULAR)
			return 1;
	return memkind_detect_kind(&texts[0]) == MEMKIND_REGULAR ? 0 : 2;
}

} // namespace

int
main()
{
	static char region[1 << 22] __attribute__((aligned(4096)));

	if (containers<Fixed>(Fixed<int>(region, sizeof(region))) != 0)
		return 1;
	if (containers<Hbw>(Hbw<int>()) != 0)
		return 2;
	if (containers<Kind>(MEMKIND_REGULAR) != 0)
		return 3;
	if (containers<Pmem>(Pmem<int>("/tmp", 0)) != 0)
		return 4;
	if (containers<Static>(Static<int>(libmemkind::kinds::REGULAR)) != 0)
		return 5;
	memtier_free(memtier_kind_malloc(MEMKIND_DEFAULT, 100));
	return scoped() == 0 ? 0 : 6;
}
#endif
