/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of pages, compared with an array of bools. */
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "base/page.h"
#include "os/os.h"
#include "source/page_set.h"
}
#pragma GCC diagnostic pop

namespace {

class Memory {
public:
	explicit Memory(size_t pages)
	    : bytes(align_up(page_set_bytes(pages), PAGE_BYTES))
	{
		void *memory = nullptr;
		EXPECT_EQ(os_map(bytes, &memory), 0);
		page_set_open(&set, pages, memory);
	}
	~Memory() { os_unmap(set.full[0], bytes); }
	Memory(const Memory &) = delete;
	Memory &operator=(const Memory &) = delete;

	size_t
	touched() const
	{
		size_t resident = 0;
		EXPECT_EQ(os_resident(set.full[0], bytes, &resident), 0);
		return resident;
	}

	size_t bytes;
	struct page_set set;
};

size_t
find(const std::vector<bool> &twin, size_t from, size_t end, bool in)
{
	while (from < end && twin[from] != in)
		from++;
	return from;
}

void
expect_same(const struct page_set *set, const std::vector<bool> &twin,
    size_t from, size_t end)
{
	ASSERT_EQ(
	    page_set_find(set, from, end, true), find(twin, from, end, true));
	ASSERT_EQ(
	    page_set_find(set, from, end, false), find(twin, from, end, false));
	ASSERT_EQ(page_set_count(set, from, end),
	    (size_t)std::count(
		twin.begin() + (long)from, twin.begin() + (long)end, true));
}

} // namespace

class PageSet : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(Pages, PageSet,
    testing::Values(1, 63, 64, 65, 127, 128, 4095, 4096, 4097, 5001, 262143,
	262144, 262145, 300000));

TEST_P(PageSet, AgreesWithAnArray)
{
	size_t pages = GetParam();
	Memory memory(pages);
	std::vector<bool> twin(pages, false);
	std::mt19937 random(1);

	for (int round = 0; round < 600; round++) {
		size_t a = random() % (pages + 1), b = random() % (pages + 1);
		/* Runs that begin and end where words do, and others. */
		size_t unit = (size_t[]){ 1, 64, 4096 }[random() % 3];
		size_t from = std::min(a, b) / unit * unit;
		size_t end = random() % 4 == 0 ?
		    pages :
		    std::max(from, std::max(a, b) / unit * unit);
		bool in = random() % 2;
		page_set_fill(&memory.set, from, end, in);
		std::fill(
		    twin.begin() + (long)from, twin.begin() + (long)end, in);
		expect_same(&memory.set, twin, 0, pages);
		expect_same(&memory.set, twin, std::min(a, b), std::max(a, b));
	}
	for (size_t word = 0; word * 64 < pages; word++)
		for (size_t i = word * 64; i < std::min(pages, word * 64 + 64);
		     i++)
			ASSERT_EQ(
			    (page_set_word(&memory.set, word) >> i % 64) & 1,
			    (uint64_t)twin[i]);
}

/* 1 TiB in a thousand runs of 1 GiB and a page, each of which costs a few
 * words, and so a page of the system's; where these are larger in fewer. */
TEST(PageSetOpen, TouchesNoMoreForALongRun)
{
	constexpr size_t PAGES = (size_t)1 << 28;
	const size_t part = system_page() / (4 * KIB), runs = 1000 / part,
		     run = (part << 18) + 1;
	Memory memory(PAGES);

	for (size_t i = 0; i < runs; i++)
		page_set_fill(&memory.set, i * run, (i + 1) * run, true);
	EXPECT_EQ(page_set_count(&memory.set, 0, PAGES), runs * run);
	EXPECT_EQ(page_set_find(&memory.set, 0, PAGES, false), runs * run);
	for (size_t i = 0; i < runs; i += 2)
		page_set_fill(&memory.set, i * run, (i + 1) * run, false);
	EXPECT_EQ(page_set_find(&memory.set, run, PAGES, false), 2 * run);
	EXPECT_EQ(page_set_count(&memory.set, 0, PAGES), runs / 2 * run);
	EXPECT_LT(memory.touched(), 10 * MIB) << "a bit a page is 32 MiB";
}
