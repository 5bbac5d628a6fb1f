/* SPDX-License-Identifier: BSD-2-Clause */
/* cpp_test.h - what the tests of poolkind.hpp have in common. */
#ifndef TEST_CPP_TEST_H
#define TEST_CPP_TEST_H

#include <gtest/gtest.h>
#include <poolkind.hpp>

#include <cerrno>
#include <string>
#include <system_error>

namespace cpp {

constexpr std::size_t MIB = 1 << 20;

/* Longer than what a string has in itself. */
const char *const LONG = "a text that does not fit into the string itself";

/* The number of the error that CALL throws as a std::system_error; 0 for
 * none. */
template <class Call>
int
thrown(Call call)
{
	try {
		call();
	} catch (const std::system_error &error) {
		EXPECT_EQ(error.code().category(), std::generic_category());
		return error.code().value();
	}
	return 0;
}

/* Whether ADDRESS lies in FROM. */
inline bool
is_in(const poolkind::kind &from, const void *address)
{
	return poolkind_of(address) == from.handle();
}

} // namespace cpp

#endif /* TEST_CPP_TEST_H */
