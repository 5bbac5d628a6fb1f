/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables, numbers, sizes and words, as the facades read them. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" {
#include "support/environment.h"
#include "support/numbers.h"
#include "support/numbers.h"
}

/* ---- Variables ----------------------------------------------------------- */

TEST(Variable, EmptyIsNotSet)
{
	setenv("POOLKIND_TEST_A", "x", 1);
	setenv("POOLKIND_TEST_B", "", 1);
	EXPECT_STREQ(variable("POOLKIND_TEST_A"), "x");
	EXPECT_EQ(variable("POOLKIND_TEST_B"), nullptr);
	EXPECT_EQ(variable("POOLKIND_TEST"), nullptr);
	unsetenv("POOLKIND_TEST_A");
	EXPECT_EQ(variable("POOLKIND_TEST_A"), nullptr);
}

TEST(Variable, OfAnEnvironmentThatWasGiven)
{
	char a[] = "NAME=x=y", b[] = "NAMES=z", c[] = "EMPTY=", d[] = "BARE";
	char *environment[] = { b, a, c, d, nullptr };

	EXPECT_STREQ(variable_in(environment, "NAME"), "x=y");
	EXPECT_STREQ(variable_in(environment, "NAMES"), "z");
	EXPECT_EQ(variable_in(environment, "EMPTY"), nullptr);
	EXPECT_EQ(variable_in(environment, "BARE"), nullptr);
	EXPECT_EQ(variable_in(environment, "NAM"), nullptr);
	EXPECT_EQ(variable_in(nullptr, "NAME"), nullptr);
}

/* ---- Numbers ------------------------------------------------------------- */

/* What no reader of numbers takes, whatever it is for. */
static const std::vector<const char *> no_values = { "", " ", "x", "1x", "1 ",
	" 1", "-1", "+1", "1.5", "1.5G", "1GiB", "1MB", "1KK", "1,2", "0x10",
	"1e3", "G", "99999999999999999999999x" };

TEST(Number, IsDigitsAlone)
{
	const struct {
		const char *text;
		uint64_t value;
	} table[] = { { "0", 0 }, { "1", 1 }, { "007", 7 },
		{ "18446744073709551615", UINT64_MAX } };

	for (const auto &one : table) {
		uint64_t value = 77;

		EXPECT_EQ(number_read(one.text, 0, UINT64_MAX, &value), 0);
		EXPECT_EQ(value, one.value) << one.text;
	}
}

TEST(Number, RefusesWhatIsNone)
{
	std::vector<const char *> none = no_values;

	none.insert(none.end(), { "1K", "1g", "1T" });
	for (const char *text : none) {
		uint64_t value = 77;

		errno = 7;
		EXPECT_EQ(number_read(text, 0, UINT64_MAX, &value), EINVAL)
		    << text;
		EXPECT_EQ(value, 77u);
		EXPECT_EQ(errno, 7);
	}
}

TEST(Number, StaysInItsRange)
{
	uint64_t value = 77;

	EXPECT_EQ(number_read("3", 4, 6, &value), ERANGE);
	EXPECT_EQ(number_read("7", 4, 6, &value), ERANGE);
	EXPECT_EQ(
	    number_read("18446744073709551616", 0, UINT64_MAX, &value), ERANGE);
	EXPECT_EQ(value, 77u);
	EXPECT_EQ(number_read("4", 4, 6, &value), 0);
	EXPECT_EQ(number_read("6", 4, 6, &value), 0);
}

TEST(Size, HasAUnitOrNone)
{
	const struct {
		const char *text;
		size_t value;
	} table[] = { { "0", 0 }, { "4096", 4096 }, { "1k", 1024 },
		{ "2M", 2 << 20 }, { "3G", 3ul << 30 }, { "1t", 1ul << 40 } };

	for (const auto &one : table) {
		size_t value = 77;

		EXPECT_EQ(size_read(one.text, &value), 0) << one.text;
		EXPECT_EQ(value, one.value) << one.text;
	}
}

TEST(Size, RefusesWhatIsNone)
{
	for (const char *text : no_values) {
		size_t value = 77;

		EXPECT_EQ(size_read(text, &value), EINVAL) << text;
		EXPECT_EQ(value, 77u);
	}
}

TEST(Size, MayBeTooLarge)
{
	for (const char *text : { "18446744073709551616", "16777216T",
		 "99999999999999999999999G" }) {
		size_t value = 77;

		errno = 7;
		EXPECT_EQ(size_read(text, &value), ERANGE) << text;
		EXPECT_EQ(value, 77u);
		EXPECT_EQ(errno, 7);
	}
}

TEST(Switch, IsOneOrNothing)
{
	bool on = false;

	EXPECT_EQ(switch_read("1", &on), 0);
	EXPECT_TRUE(on);
	EXPECT_EQ(switch_read("0", &on), 0);
	EXPECT_FALSE(on);
	for (const char *text : { "", "2", "yes", "1x", "true", "-1" })
		EXPECT_NE(switch_read(text, &on), 0) << text;
}

TEST(Address, IsHexadecimal)
{
	uintptr_t at = 77;

	EXPECT_EQ(address_read("0x10000000000", &at), 0);
	EXPECT_EQ(at, 0x10000000000u);
	EXPECT_EQ(address_read("7fFF", &at), 0);
	EXPECT_EQ(at, 0x7fffu);
	EXPECT_EQ(address_read("0", &at), 0);
	for (const char *text : { "", "0x", "none", "12g", " 1", "-1", "1 " })
		EXPECT_EQ(address_read(text, &at), EINVAL) << text;
	EXPECT_EQ(address_read("10000000000000000", &at), ERANGE);
	EXPECT_EQ(at, 0u);
}

/* ---- Words --------------------------------------------------------------- */

static std::vector<std::string>
split(const char *text, char separator)
{
	struct word rest = word_of(text), one;
	std::vector<std::string> words;

	while (word_next(&rest, separator, &one))
		words.emplace_back(one.text, one.length);
	return words;
}

TEST(Word, IsWhatStandsBetween)
{
	using words = std::vector<std::string>;

	EXPECT_EQ(split("a,b,c", ','), (words{ "a", "b", "c" }));
	EXPECT_EQ(split("a,", ','), (words{ "a", "" }));
	EXPECT_EQ(split("", ','), (words{ "" }));
	EXPECT_TRUE(word_is({ "DRAM,1", 4 }, "DRAM"));
	EXPECT_FALSE(word_is({ "DRAM,1", 4 }, "DRA"));
}

TEST(Word, IsANumberAsAWhole)
{
	size_t value = 77;

	EXPECT_TRUE(word_size({ "1K,5", 2 }, &value));
	EXPECT_EQ(value, 1024u);
	EXPECT_FALSE(word_size({ "1K,5", 0 }, &value));
	EXPECT_FALSE(word_size({ "1Kx,5", 3 }, &value));
	EXPECT_FALSE(word_number({ "1K,5", 2 }, 9999, &value));
	EXPECT_TRUE(word_number({ "15,5", 2 }, 15, &value));
	EXPECT_EQ(value, 15u);
	EXPECT_FALSE(word_number({ "16,5", 2 }, 15, &value));
}
