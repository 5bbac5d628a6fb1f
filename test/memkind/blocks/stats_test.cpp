/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures as numbers, which stand still between updates, and as text: its first
 * and last line, what is left out, where it goes. memkind_programs.sh looks at
 * the JSON. */
#include "../memkind_test.h"

#include <cstdio>

using namespace engine;
using namespace memkinds;

namespace {

class MemkindStat : public EverySort {};
MEMKIND_EVERY_SORT(MemkindStat);

size_t
cached(memkind_t kind, memkind_stat_type stat)
{
	size_t value = SIZE_MAX;
	EXPECT_EQ(0, memkind_get_stat(kind, stat, &value));
	return value;
}

void
append(void *text, const char *piece)
{
	*static_cast<std::string *>(text) += piece;
}

std::string
printed(unsigned options)
{
	std::string text;
	EXPECT_EQ(0,
	    memkind_stats_print(
		append, &text, static_cast<memkind_stat_print_opt>(options)));
	return text;
}

} // namespace

/* ---- Numbers ------------------------------------------------------------- */

TEST_P(MemkindStat, NumbersAreThoseOfTheLastUpdate)
{
	size_t live = stat_now(kind(), MEMKIND_STAT_TYPE_ALLOCATED);
	size_t active = cached(kind(), MEMKIND_STAT_TYPE_ACTIVE);
	size_t resident = cached(kind(), MEMKIND_STAT_TYPE_RESIDENT);
	void *block = memkind_malloc(kind(), 8 * MIB);
	ASSERT_NE(nullptr, block);
	memset(block, 1, 8 * MIB);
	EXPECT_EQ(live, cached(kind(), MEMKIND_STAT_TYPE_ALLOCATED));
	EXPECT_EQ(active, cached(kind(), MEMKIND_STAT_TYPE_ACTIVE));
	EXPECT_EQ(resident, cached(kind(), MEMKIND_STAT_TYPE_RESIDENT));
	EXPECT_EQ(0, memkind_update_cached_stats());
	EXPECT_EQ(live + 8 * MIB, cached(kind(), MEMKIND_STAT_TYPE_ALLOCATED));
	EXPECT_GE(cached(kind(), MEMKIND_STAT_TYPE_ACTIVE), live + 8 * MIB);
	EXPECT_GE(cached(kind(), MEMKIND_STAT_TYPE_RESIDENT), 8 * MIB);
	memkind_free(kind(), block);
	EXPECT_EQ(live + 8 * MIB, cached(kind(), MEMKIND_STAT_TYPE_ALLOCATED));
	EXPECT_EQ(live, stat_now(kind(), MEMKIND_STAT_TYPE_ALLOCATED));
}

TEST_P(MemkindStat, OrderOfTheNumbers)
{
	Blocks blocks;
	blocks.fill(kind(), 100, 1000);
	size_t live = stat_now(kind(), MEMKIND_STAT_TYPE_ALLOCATED);
	size_t active = cached(kind(), MEMKIND_STAT_TYPE_ACTIVE);
	EXPECT_GE(live, 100000u);
	EXPECT_LE(live, active);
	EXPECT_EQ(0u, active % PAGE);
	blocks.free_all(kind());
}

TEST_P(MemkindStat, AllKindsTogether)
{
	size_t before = stat_now(nullptr, MEMKIND_STAT_TYPE_ALLOCATED);
	void *block = memkind_malloc(kind(), 4 * MIB);
	ASSERT_NE(nullptr, block);
	memset(block, 1, 4 * MIB);
	EXPECT_EQ(
	    before + 4 * MIB, stat_now(nullptr, MEMKIND_STAT_TYPE_ALLOCATED));
	for (int stat : { 0, 1, 2 }) {
		auto type = static_cast<memkind_stat_type>(stat);
		EXPECT_GE(cached(nullptr, type), cached(kind(), type)) << stat;
	}
	memkind_free(kind(), block);
}

MEMKIND_PROGRAM(unused)
{
	for (const Static &one : statics())
		for (int stat = 0; stat < 3; stat++) {
			size_t value = 1;
			memkind_update_cached_stats();
			if (memkind_get_stat(*one.kind,
				static_cast<memkind_stat_type>(stat),
				&value) != 0 ||
			    value != 0)
				printf("%s %zu\n", one.name, value);
		}
	return 0;
}

TEST(MemkindStats, OfKindsThatWereNotUsed)
{
	EXPECT_EQ("", said_by("unused"));
}

TEST(MemkindStats, Errors)
{
	size_t value = 4711;
	for (int stat : { 3, 4, 1000, -1 })
		for (memkind_t kind : { MEMKIND_DEFAULT, memkind_t(nullptr) })
			EXPECT_EQ(MEMKIND_ERROR_INVALID,
			    memkind_get_stat(kind,
				static_cast<memkind_stat_type>(stat), &value));
	EXPECT_EQ(4711u, value);
	EXPECT_EQ(MEMKIND_ERROR_INVALID,
	    memkind_get_stat(
		MEMKIND_DEFAULT, MEMKIND_STAT_TYPE_ACTIVE, nullptr));
	for (int options : { 512, 1024, -1, 1 << 30 }) {
		std::string text;
		EXPECT_EQ(MEMKIND_ERROR_INVALID,
		    memkind_stats_print(append, &text,
			static_cast<memkind_stat_print_opt>(options)));
		EXPECT_EQ("", text);
	}
}

/* ---- Text ---------------------------------------------------------------- */

TEST(MemkindPrint, BeginsAndEndsAsJemallocDoes)
{
	for (unsigned options = 0; options < 512; options += 2) {
		std::string text = printed(options);
		EXPECT_EQ(0u, text.find("___ Begin jemalloc statistics ___\n"));
		const std::string end = "--- End jemalloc statistics ---\n";
		ASSERT_GE(text.size(), end.size());
		EXPECT_EQ(end, text.substr(text.size() - end.size()));
		EXPECT_EQ(1u, count_of(text, end));
	}
}

TEST(MemkindPrint, JsonIsOneObject)
{
	for (unsigned options = 1; options < 512; options += 2) {
		std::string text = printed(options);
		EXPECT_EQ(0u, text.find("{\n\t\"jemalloc\": {")) << options;
		EXPECT_EQ("}\n", text.substr(text.size() - 2));
		EXPECT_EQ(count_of(text, "{"), count_of(text, "}"));
		EXPECT_EQ(std::string::npos, text.find("___ Begin"));
		EXPECT_NE(std::string::npos, text.find("\"allocated\": "));
	}
}

TEST(MemkindPrint, NamesTheKindsInUse)
{
	Made kind = make_pmem("/tmp");
	void *block = memkind_malloc(kind.get(), 5 * MIB);
	memkind_free(MEMKIND_REGULAR, memkind_malloc(MEMKIND_REGULAR, 100));
	std::string text = printed(0);
	EXPECT_NE(std::string::npos, text.find("memkind_regular"));
	EXPECT_NE(std::string::npos, text.find("file:/tmp"));
	EXPECT_NE(std::string::npos, text.find("Allocated: "));
	memkind_free(kind.get(), block);
}

TEST(MemkindPrint, LeavesOut)
{
	memkind_free(MEMKIND_REGULAR, memkind_malloc(MEMKIND_REGULAR, 100));
	size_t whole = printed(0).size();
	for (unsigned option : { MEMKIND_STAT_PRINT_OMIT_GENERAL,
		 MEMKIND_STAT_PRINT_OMIT_PER_ARENA,
		 MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_BINS,
		 MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_LARGE })
		EXPECT_LT(printed(option).size(), whole) << option;
	EXPECT_LT(printed(510).size(), whole / 2);
	EXPECT_LT(printed(511).size(), printed(1).size() / 2);
}

MEMKIND_PROGRAM(to_stderr)
{
	fclose(stdout);
	return memkind_stats_print(nullptr, nullptr, MEMKIND_STAT_PRINT_ALL);
}

TEST(MemkindPrint, ToStandardErrorWithoutAFunction)
{
	std::string text = said_by("to_stderr");
	EXPECT_EQ(0u, text.find("___ Begin jemalloc statistics ___\n"));
	EXPECT_EQ(1u, count_of(text, "--- End jemalloc statistics ---\n"));
}
