/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What poolkind.hpp has, used once each, in a program that
 * test/cpp/standards.sh compiles by each compiler and standard, with exceptions
 * and without, and runs on libc's malloc and on libpoolkind-malloc's. Ends with
 * the number of the first step that went wrong, or 0. MALLOC: scopes have to
 * work.
 */
#include <poolkind.hpp>

#include <cstdio>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

/* Wider than a page: up to that size classes are aligned by themselves. */
struct alignas(65536) Wide {
	char bytes[65536];
};

bool
containers(const poolkind::kind &in)
{
	/* Of an odd number of pages, so that what follows lies anywhere. */
	std::vector<char, poolkind::allocator<char>> odd(20000, in);
	std::vector<Wide, poolkind::allocator<Wide>> wide(10, in);
	std::unordered_map<int, int, std::hash<int>, std::equal_to<int>,
	    poolkind::allocator<std::pair<const int, int>>>
	    map(in);

	for (int i = 0; i < 1000; i++)
		map[i] = i;
	return poolkind_of(wide.data()) == in.handle() &&
	    poolkind_of(&*map.begin()) == in.handle() &&
	    reinterpret_cast<std::size_t>(wide.data()) % alignof(Wide) == 0;
}

bool
pointers(const poolkind::kind &in)
{
	auto text = poolkind::make_unique<std::string>(in, "text");
	auto numbers = poolkind::try_make_unique<int[]>(in, 1000);
	auto nothing = poolkind::try_make_unique<int[]>(in, 100000000);

	return *text == "text" && numbers[999] == 0 && !nothing;
}

bool
resources(const poolkind::kind &in)
{
#if defined(__cpp_lib_memory_resource)
	poolkind::memory_resource resource(in);
	std::pmr::map<int, std::pmr::string> map(&resource);

	map[1] = "a text that does not fit into the string itself";
	return poolkind_of(map[1].data()) == in.handle();
#else
	return in.handle() != nullptr;
#endif
}

/* A scope begins where libpoolkind-malloc is there, and else says so. */
bool
scopes(const poolkind::kind &in)
{
	std::error_code error;
	poolkind::scope inside(in, error);
#ifdef MALLOC
	std::vector<int> plain(1000);

	return inside && !error && poolkind_of(plain.data()) == in.handle();
#else
	return !inside && error == std::errc::not_supported;
#endif
}

bool
errors()
{
	std::error_code error;
	poolkind::kind no("no such kind", error);

	if (no || error != std::errc::invalid_argument)
		return false;
#if defined(__cpp_exceptions)
	try {
		poolkind::kind thrown("no such kind");
	} catch (const std::system_error &caught) {
		return caught.code() == error;
	}
	return false;
#else
	return true;
#endif
}

} // namespace

int
main()
{
	std::error_code error;
	poolkind::kind in("dram,limit=16M", error);
	int step = error           ? 1 :
	    !containers(in)        ? 2 :
	    !pointers(in)          ? 3 :
	    !resources(in)         ? 4 :
	    !scopes(in)            ? 5 :
	    !errors()              ? 6 :
	    in.stats().live != 0   ? 7 :
	    (in.close(error), !in) ? 0 :
				     8;

	if (step != 0)
		std::printf("step %d: %s\n", step, poolkind_errormsg());
	return step;
}
