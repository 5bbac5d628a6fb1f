/* SPDX-License-Identifier: BSD-2-Clause */
/* vmem_stats_print(): what it prints, what its letters leave out, and that the
 * numbers are those of the pool. Lines may be printed in pieces. */
#include "vmem_test.h"

#include <algorithm>
#include <regex>
#include <vector>

using namespace engine;
using namespace pools;

namespace {

std::string collected;

void
collect(const char *text)
{
	ASSERT_NE(nullptr, text);
	collected += text;
}

std::string
stats_of(VMEM *pool, const char *letters)
{
	collected.clear();
	vmem_set_funcs(nullptr, nullptr, nullptr, nullptr, collect);
	vmem_stats_print(pool, letters);
	vmem_set_funcs(nullptr, nullptr, nullptr, nullptr, nullptr);
	return collected;
}

size_t
lines_of(VMEM *pool, const char *letters)
{
	std::string text = stats_of(pool, letters);
	return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

/* The number behind WORD in the totals; SIZE_MAX where there is none. */
size_t
total(VMEM *pool, const std::string &word)
{
	std::string text = stats_of(pool, "gmabl");
	std::smatch match;
	std::regex pattern(word + "[: ]+([0-9]+)", std::regex::icase);
	if (!std::regex_search(text, match, pattern)) {
		ADD_FAILURE() << "no number for " << word << " in\n" << text;
		return SIZE_MAX;
	}
	return std::stoull(match[1]);
}

class VmemStats : public testing::Test {
protected:
	void
	SetUp() override
	{
		Blocks small, large;
		small.fill(pool_.get(), 100, 1000);
		large.fill(pool_.get(), 200000, 10);
	}
	Region region_{ VMEM_MIN_POOL };
	Pool pool_ = make_pool(region_);
	VMEM *
	pool() const
	{
		return pool_.get();
	}
};

} // namespace

TEST_F(VmemStats, BeginsAndEnds)
{
	for (const char *letters :
	    { static_cast<const char *>(nullptr), "", "gmabl" }) {
		std::string text = stats_of(pool(), letters);
		EXPECT_TRUE(std::regex_search(text,
		    std::regex(
			"^[^a-z\n]*begin[^\n]*statistics", std::regex::icase)))
		    << text;
		EXPECT_TRUE(std::regex_search(text,
		    std::regex(
			"end[^\n]*statistics[^\n]*\n$", std::regex::icase)))
		    << text;
	}
}

TEST_F(VmemStats, NoLettersIsAll)
{
	size_t all = lines_of(pool(), nullptr);
	EXPECT_GT(all, 20u);
	EXPECT_EQ(all, lines_of(pool(), ""));
}

TEST_F(VmemStats, EachLetterLeavesItsPartOut)
{
	size_t all = lines_of(pool(), nullptr);
	for (const char *letter : { "g", "m", "a", "b", "l" }) {
		EXPECT_LT(lines_of(pool(), letter), all) << letter;
		EXPECT_GT(lines_of(pool(), letter), 3u) << letter;
	}
	EXPECT_EQ(lines_of(pool(), "gb"), lines_of(pool(), "bg"));
	EXPECT_EQ(lines_of(pool(), "g"), lines_of(pool(), "ggg"));
}

TEST_F(VmemStats, EachPartIsThereWhenItsLetterIsNot)
{
	size_t none = lines_of(pool(), "gmabl");
	EXPECT_GT(lines_of(pool(), "mabl"), none) << "general";
	EXPECT_GT(lines_of(pool(), "gabl"), none) << "merged arenas";
	EXPECT_GT(lines_of(pool(), "gmbl"), none) << "arenas";
	EXPECT_GT(lines_of(pool(), "gal"), lines_of(pool(), "gabl"))
	    << "small blocks";
	EXPECT_GT(lines_of(pool(), "gab"), lines_of(pool(), "gabl"))
	    << "large blocks";
	EXPECT_LT(none, 20u);
}

TEST_F(VmemStats, PartsAreCalledWhatTheyWere)
{
	const char *const parts[][2] = { { "g", "Version: " },
		{ "m", "Merged arenas stats:" }, { "a", "arenas[0]:" },
		{ "b", "bins: " } };
	for (auto &part : parts) {
		EXPECT_NE(
		    std::string::npos, stats_of(pool(), nullptr).find(part[1]));
		EXPECT_EQ(
		    std::string::npos, stats_of(pool(), part[0]).find(part[1]));
	}
}

TEST_F(VmemStats, OtherLettersMeanNothing)
{
	size_t all = lines_of(pool(), nullptr);
	for (const char *letters :
	    { "J", "dhexz", "GMABL", "1 %s%n\xff", "Jd" })
		EXPECT_EQ(all, lines_of(pool(), letters)) << letters;
	EXPECT_EQ(lines_of(pool(), "ga"), lines_of(pool(), "JgZax"));
	EXPECT_NE('{', stats_of(pool(), "J")[0]);
}

TEST_F(VmemStats, NumbersAreThoseOfThePool)
{
	Region other_region(VMEM_MIN_POOL);
	Pool other = make_pool(other_region);
	size_t mine = total(pool(), "allocated");
	EXPECT_GE(mine, 1000u * 100 + 10 * 200000);
	EXPECT_LE(mine, 2 * (1000u * 100 + 10 * 200000));
	EXPECT_LT(total(other.get(), "allocated"), 500000u);
	void *block = vmem_malloc(other.get(), 3 * MIB);
	EXPECT_GE(total(other.get(), "allocated"), 3 * MIB);
	EXPECT_EQ(mine, total(pool(), "allocated"));
	vmem_free(other.get(), block);
	EXPECT_LT(total(other.get(), "allocated"), 500000u);
	EXPECT_GE(total(pool(), "active"), mine);
	EXPECT_LE(total(pool(), "active"), VMEM_MIN_POOL);
	EXPECT_GE(total(pool(), "mapped"), total(pool(), "active"));
	EXPECT_LE(total(pool(), "mapped"), VMEM_MIN_POOL);
}

TEST_F(VmemStats, OfAPoolThatIsFullAndOfOneThatIsEmpty)
{
	Blocks blocks;
	for (size_t size : { 65536, 64, 8 })
		blocks.fill(pool(), size);
	EXPECT_GT(total(pool(), "allocated"), 13 * MIB);
	Region other_region(VMEM_MIN_POOL);
	Pool other = make_pool(other_region);
	EXPECT_GT(lines_of(other.get(), nullptr), 3u);
	EXPECT_EQ(1, vmem_check(pool()));
}

TEST_F(VmemStats, GoesToStandardErrorAndLeavesErrnoAlone)
{
	std::string wanted = stats_of(pool(), "gmabl");
	testing::internal::CaptureStderr();
	testing::internal::CaptureStdout();
	errno = 4242;
	vmem_stats_print(pool(), "gmabl");
	int error = errno;
	EXPECT_EQ(wanted, testing::internal::GetCapturedStderr());
	EXPECT_EQ("", testing::internal::GetCapturedStdout());
	EXPECT_EQ(4242, error);
}
