/* SPDX-License-Identifier: BSD-2-Clause */
/* What new gives inside of a scope, for test/build/cmake. */
#include <poolkind.hpp>

#include <vector>

int
main()
{
	poolkind::kind kind("dram");
	poolkind::scope inside(kind);
	std::vector<int> numbers(100);

	return poolkind_of(numbers.data()) != kind.handle();
}
