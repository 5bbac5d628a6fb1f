/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kokkos-views.cpp - Kokkos views on kinds: one array in fast memory, one in
 * the largest, and a kernel over both. A view that is given its memory does not
 * own it: pointers do, which free it, and kinds, which go last.
 *
 *	c++ -std=c++17 -isystem /usr/include/trilinos kokkos-views.cpp \
 *	    -o kokkos-views -ltrilinos_kokkoscore -ldl \
 *	    $(pkg-config --cflags --libs libpoolkind)
 *
 * with Debian's Kokkos, libtrilinos-kokkos-dev.
 */
#include <Kokkos_Core.hpp>
#include <poolkind.hpp>

#include <cstring>
#include <iostream>

namespace {

using View = Kokkos::View<double *, Kokkos::HostSpace,
    Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
using Space = Kokkos::DefaultHostExecutionSpace;
using Range = Kokkos::RangePolicy<Space>;

constexpr std::size_t LENGTH = 100000;

int
print_help()
{
	std::cout << "usage: kokkos-views [FAST [LARGE]]\n\n"
		     "Adds up a vector in FAST and one in LARGE, which are\n"
		     "bandwidth|dram and capacity|dram if nothing else is\n"
		     "asked for.\n";
	return 0;
}

double
sum(const poolkind::kind &fast, const poolkind::kind &large)
{
	auto x_memory = poolkind::make_unique<double[]>(fast, LENGTH);
	auto y_memory = poolkind::make_unique<double[]>(large, LENGTH);
	View x(x_memory.get(), LENGTH), y(y_memory.get(), LENGTH);
	double total = 0;

	Kokkos::parallel_for(
	    "fill", Range(0, LENGTH), KOKKOS_LAMBDA(std::size_t i) {
		    x(i) = 1;
		    y(i) = 2;
	    });
	Kokkos::parallel_reduce(
	    "sum", Range(0, LENGTH),
	    KOKKOS_LAMBDA(
		std::size_t i, double &partial) { partial += x(i) + y(i); },
	    total);
	Kokkos::fence();
	return total;
}

} // namespace

int
main(int argc, char **argv)
{
	if (argc > 1 && std::strcmp(argv[1], "--help") == 0)
		return print_help();
	try {
		poolkind::kind fast(argc > 1 ? argv[1] : "bandwidth|dram");
		poolkind::kind large(argc > 2 ? argv[2] : "capacity|dram");
		Kokkos::ScopeGuard started;

		std::cout << "x in " << fast.resolved() << ", y in "
			  << large.resolved() << ", sum " << sum(fast, large)
			  << "\n";
	} catch (const std::system_error &error) {
		std::cerr << "kokkos-views: " << error.what() << "\n";
		return 1;
	}
	return 0;
}
