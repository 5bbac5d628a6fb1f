/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * told.cpp - where what C++ makes in the kind of its argument lies: containers
 * with poolkind::allocator and on a memory resource, and a pointer that owns.
 * test/host/languages runs it.
 */
#include <poolkind.hpp>

#include <iostream>
#include <memory_resource>
#include <vector>

extern "C" void tell_nodes(
    const char *what, const void *from, std::size_t bytes);

constexpr std::size_t COUNT = 1 << 19; /* 4 MiB of doubles */

int
main(int, char **argv)
try {
	poolkind::kind in(argv[1]);
	std::vector<double, poolkind::allocator<double>> x(COUNT, 1, in);
	tell_nodes("vector", x.data(), COUNT * sizeof(double));

	poolkind::memory_resource resource(in);
	std::pmr::vector<double> y(COUNT, 2, &resource);
	tell_nodes("resource", y.data(), COUNT * sizeof(double));

	auto z = poolkind::make_unique<double[]>(in, COUNT);
	for (std::size_t i = 0; i < COUNT; i++)
		z[i] = x[i] + y[i];
	tell_nodes("pointer", z.get(), COUNT * sizeof(double));
} catch (const std::exception &error) {
	std::cerr << error.what() << "\n";
	return 1;
}
