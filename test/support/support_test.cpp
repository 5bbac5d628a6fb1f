/* SPDX-License-Identifier: BSD-2-Clause */
/* Variables, numbers, sizes and words, as the facades read them. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <unistd.h>

extern "C" {
#include "log_glue.h"
#include "support/conf.h"
#include "base/environment.h"
#include "support/numbers.h"
#include "support/setting.h"
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

/* ---- Settings ------------------------------------------------------------ */

struct record {
	const char *text;
	bool on;
	uint64_t number;
	uintptr_t address;
	unsigned choice;
};

static const char *const colours[] = { "red", "green", nullptr };
static const struct setting settings[] = {
	{ "TEXT", SETTING_TEXT, offsetof(struct record, text), nullptr, 0, 0,
	    nullptr },
	{ "ON", SETTING_SWITCH, offsetof(struct record, on),
	    "is neither 0 nor 1", 0, 0, nullptr },
	{ "NUMBER", SETTING_NUMBER, offsetof(struct record, number),
	    "is not a number", 3, 5, nullptr },
	{ "ADDRESS", SETTING_ADDRESS, offsetof(struct record, address),
	    "is not an address", 0, 0, nullptr },
	{ "COLOUR", SETTING_CHOICE, offsetof(struct record, choice),
	    "is not a colour", 0, 0, colours },
};

TEST(Setting, GoesToItsField)
{
	const char *texts[] = { "any text", "1", "4", "0xff", "green" };
	char line[SETTING_LINE_MAX] = "untouched";
	struct record record = {};

	for (size_t i = 0; i < 5; i++) {
		EXPECT_TRUE(
		    setting_store(&settings[i], texts[i], &record, line));
		EXPECT_TRUE(
		    setting_store(&settings[i], nullptr, &record, line));
	}
	EXPECT_STREQ(record.text, "any text");
	EXPECT_TRUE(record.on);
	EXPECT_EQ(record.number, 4u);
	EXPECT_EQ(record.address, 0xffu);
	EXPECT_EQ(record.choice, 2u);
	EXPECT_STREQ(line, "untouched");
}

TEST(Setting, IsNotStoredWhereItIsNotValid)
{
	const struct {
		size_t setting;
		const char *text, *line;
	} table[] = { { 1, "yes", "ON=yes is neither 0 nor 1" },
		{ 2, "2", "NUMBER=2 is not a number" },
		{ 2, "6", "NUMBER=6 is not a number" },
		{ 2, "4x", "NUMBER=4x is not a number" },
		{ 3, "12g", "ADDRESS=12g is not an address" },
		{ 4, "gree", "COLOUR=gree is not a colour" } };

	for (const auto &one : table) {
		char line[SETTING_LINE_MAX] = "";
		struct record record = {}, before = record;

		EXPECT_FALSE(setting_store(
		    &settings[one.setting], one.text, &record, line));
		EXPECT_STREQ(line, one.line);
		EXPECT_EQ(memcmp(&record, &before, sizeof(record)), 0);
	}
}

TEST(Setting, IsCutWhereItIsLong)
{
	std::string value(1000, 'x');
	char line[SETTING_LINE_MAX];
	struct record record = {};

	EXPECT_FALSE(setting_store(&settings[1], value.c_str(), &record, line));
	EXPECT_EQ(line, "ON=" + value.substr(0, 64) + "... is neither 0 nor 1");
}

/* ---- Lines --------------------------------------------------------------- */

TEST(Line, IsWrittenAtItsLevelAndAbove)
{
	EXPECT_STREQ(said(1, 2, "head: ", "more than is wanted"), "");
	EXPECT_STREQ(said(1, 1, "head: ", "said"), "head: said\n");
	EXPECT_STREQ(said(1, 0, "", "and this"), "and this\n");
}

TEST(Line, IsCutAndEndsAsALine)
{
	std::string text(2000, 'x'), line = said(0, 0, "head: ", text.c_str());

	EXPECT_LT(line.size(), 1024u);
	EXPECT_EQ(line.substr(0, 7), "head: x");
	EXPECT_EQ(line.back(), '\n');
}

TEST(Line, GoesOnWhenTheProgramHasClosedTheLog)
{
	char folder[] = "/tmp/support.XXXXXX";

	ASSERT_NE(mkdtemp(folder), nullptr);
	std::string name = folder + std::string("/log");
	EXPECT_EQ(descriptors_when_closed(name.c_str()), 1);
	unlink(name.c_str());
	rmdir(folder);
}

/* ---- jemalloc's conf text ------------------------------------------------ */

TEST(Conf, SetsWhatAKindCanDo)
{
	static const char *const passed_over[] = { "junk", nullptr };
	struct conf conf = {};

	testing::internal::CaptureStderr();
	conf_read(&conf,
	    "narenas:4,lg_tcache_max:15,junk:false,dirty_decay_ms:-1,"
	    "stats_print:true,background_thread:true,",
	    passed_over);
	EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
	EXPECT_EQ(conf.arenas, 4u);
	EXPECT_EQ(conf.cached, 32768u);
	EXPECT_TRUE(conf.decay_given);
	EXPECT_EQ(conf.decay_ms, -1);
	EXPECT_TRUE(conf.stats_print);
	EXPECT_TRUE(conf.background_thread);
}

/* The largest size that a kind's thread caches hold; 0 for the usual. */
static size_t
cached_by(const char *text)
{
	static const char *const passed_over[] = { nullptr };
	struct conf conf = {};
	struct spec spec = {};

	conf_read(&conf, text, passed_over);
	conf_apply(&conf, &spec);
	return spec.cached;
}

TEST(Conf, TurnsCachesOffInAnyOrder)
{
	EXPECT_EQ(cached_by("tcache:true"), 0u);
	EXPECT_EQ(cached_by("tcache:false"), 1u);
	EXPECT_EQ(cached_by("tcache:false,tcache:true"), 0u);
	EXPECT_EQ(cached_by("lg_tcache_max:15"), 32768u);
	EXPECT_EQ(cached_by("lg_tcache_max:15,tcache:true"), 32768u);
	EXPECT_EQ(cached_by("tcache:true,lg_tcache_max:15"), 32768u);
	EXPECT_EQ(cached_by("lg_tcache_max:15,tcache:false"), 1u);
	EXPECT_EQ(cached_by("tcache:false,lg_tcache_max:15"), 1u);
}

TEST(Conf, SaysWhatIsWrongAndGoesOn)
{
	static const char *const passed_over[] = { nullptr };
	struct conf conf = {};

	testing::internal::CaptureStderr();
	conf_read(&conf, "narenas:4x,tcache:1,narenas:5000,junk:true,narenas:2",
	    passed_over);
	conf_read(&conf, "bare", passed_over);
	EXPECT_EQ(testing::internal::GetCapturedStderr(),
	    "<jemalloc>: Invalid conf value: narenas:4x\n"
	    "<jemalloc>: Invalid conf value: tcache:1\n"
	    "<jemalloc>: Out-of-range conf value: narenas:5000\n"
	    "<jemalloc>: Invalid conf pair: junk:true\n"
	    "<jemalloc>: Invalid conf pair: bare:\n");
	EXPECT_EQ(conf.arenas, 2u);
	EXPECT_EQ(conf.cached, 0u);
}
