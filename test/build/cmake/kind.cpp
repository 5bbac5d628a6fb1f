/* SPDX-License-Identifier: BSD-2-Clause */
/* A vector in a kind, for test/build/cmake. */
#include <poolkind.hpp>

#include <vector>

int
main()
{
	poolkind::kind kind("dram");
	std::vector<int, poolkind::allocator<int>> numbers(100, kind);

	return poolkind_of(numbers.data()) != kind.handle();
}
