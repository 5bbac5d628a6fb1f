/* SPDX-License-Identifier: BSD-2-Clause */
/* Page maps, compared with an array of bools that is searched page by page. */
#include "../os/os_test.h"

#include <random>
#include <vector>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "os/os.h"
#include "source/page_map.h"
}
#pragma GCC diagnostic pop

namespace {

/* A page map and its naive twin. */
class Twin {
public:
	explicit Twin(size_t pages) : used(pages, false)
	{
		EXPECT_EQ(page_map_open(&map, pages), 0);
	}
	~Twin() { page_map_close(&map); }
	Twin(const Twin &) = delete;
	Twin &operator=(const Twin &) = delete;

	void
	set(size_t from, size_t count, bool value)
	{
		page_map_set(&map, from, count, value);
		std::fill(used.begin() + (long)from,
		    used.begin() + (long)(from + count), value);
	}

	bool
	is_free(size_t from, size_t count) const
	{
		if (from + count > used.size())
			return false;
		for (size_t i = from; i < from + count; i++)
			if (used[i])
				return false;
		return true;
	}

	/* The lowest run by walking over all pages. */
	size_t
	find(size_t count, size_t alignment, size_t first) const
	{
		size_t run = 0;

		for (size_t end = 1; end <= used.size(); end++) {
			run = used[end - 1] ? 0 : run + 1;
			size_t page = end - count;
			if (run >= count && (page + first) % alignment == 0)
				return page;
		}
		return PAGE_MAP_NONE;
	}

	struct page_map map;
	std::vector<bool> used;
};

bool
is_sound(const struct page_map *map)
{
	for (size_t i = 0; i * PAGE_MAP_PIECE < map->pages; i++)
		if (!page_map_piece_is_sound(map, i))
			return false;
	return page_map_top_is_sound(map);
}

/* What the map finds is a free and aligned run, it finds one whenever there
 * is one, and without an alignment it finds the lowest. */
void
expect_same(const Twin &twin, size_t count, size_t alignment, size_t first)
{
	size_t is = page_map_find(&twin.map, count, alignment, first);
	size_t lowest = twin.find(count, alignment, first);

	SCOPED_TRACE(testing::Message() << count << " pages, alignment "
					<< alignment << ", first " << first);
	if (lowest == PAGE_MAP_NONE || alignment == 1) {
		ASSERT_EQ(is, lowest);
		return;
	}
	ASSERT_NE(is, PAGE_MAP_NONE) << "there is one at " << lowest;
	ASSERT_EQ((is + first) % alignment, 0u);
	ASSERT_TRUE(twin.is_free(is, count)) << is;
}

} // namespace

/* Around each power at which a level begins or ends. */
class PageMap : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(Pages, PageMap,
    testing::Values(1, 2, 63, 64, 65, 511, 512, 513, 1000, 4095, 4096, 4097,
	4608, 5001, 32767, 32768, 32769, 40000));

TEST_P(PageMap, IsFreeAtFirstAndEndsWhereItEnds)
{
	size_t pages = GetParam();
	Twin twin(pages);

	EXPECT_EQ(page_map_find(&twin.map, pages, 1, 0), 0u);
	EXPECT_EQ(page_map_find(&twin.map, pages + 1, 1, 0), PAGE_MAP_NONE);
	EXPECT_TRUE(page_map_is_free(&twin.map, 0, pages));
	EXPECT_FALSE(page_map_is_free(&twin.map, 0, pages + 1));
	EXPECT_FALSE(page_map_is_free(&twin.map, pages, 1));
	EXPECT_FALSE(page_map_is_free(&twin.map, pages + 1, 1));
	EXPECT_FALSE(page_map_is_free(&twin.map, 1, SIZE_MAX));
	EXPECT_TRUE(is_sound(&twin.map));
}

TEST_P(PageMap, GivesItsLastPage)
{
	size_t pages = GetParam();
	Twin twin(pages);

	if (pages > 1)
		twin.set(0, pages - 1, true);
	EXPECT_EQ(page_map_find(&twin.map, 1, 1, 0), pages - 1);
	EXPECT_EQ(page_map_find(&twin.map, 2, 1, 0), PAGE_MAP_NONE);
	twin.set(pages - 1, 1, true);
	EXPECT_EQ(page_map_find(&twin.map, 1, 1, 0), PAGE_MAP_NONE);
	EXPECT_TRUE(is_sound(&twin.map));
	twin.set(0, pages, false);
	EXPECT_EQ(page_map_find(&twin.map, pages, 1, 0), 0u);
}

/* Spans come and go at random, of sizes that a heap asks for, and every
 * search finds what walking finds. */
TEST_P(PageMap, AgreesWithWalking)
{
	struct Span {
		size_t from, count;
	};
	size_t pages = GetParam();
	Twin twin(pages);
	std::mt19937 random(4711 + (unsigned)pages);
	std::vector<Span> spans;
	size_t rounds = pages > 10000 ? 600 : 2000;

	auto below = [&](size_t n) { return (size_t)random() % n; };
	for (size_t round = 0; round < rounds; round++) {
		size_t most = below(8) == 0 ? pages : 1 + below(200);
		size_t count = 1 + below(std::min(most, pages));
		size_t alignment = (size_t)1 << (below(2) ? 0 : below(11));
		size_t first = below(3) ? 0 : below(1024);

		expect_same(twin, count, alignment, first);
		if (HasFatalFailure())
			return;
		size_t at = page_map_find(&twin.map, count, alignment, first);
		/* Half full on the whole, now and then nearly so. */
		if (at != PAGE_MAP_NONE &&
		    below(100) < 55 + 40 * (round / 200 % 2)) {
			twin.set(at, count, true);
			spans.push_back({ at, count });
		} else if (!spans.empty()) {
			size_t which = below(spans.size());
			Span span = spans[which];
			/* Sometimes a part of it only, as jemalloc does. */
			size_t part = below(3) ? span.count :
						 1 + below(span.count);

			twin.set(span.from + span.count - part, part, false);
			if (part == span.count) {
				spans[which] = spans.back();
				spans.pop_back();
			} else
				spans[which].count -= part;
		}
		size_t from = below(pages);
		size_t some = 1 + below(64);
		ASSERT_EQ(page_map_is_free(&twin.map, from, some),
		    twin.is_free(from, some))
		    << from << " " << some;
		if (round % 50 == 0) {
			ASSERT_TRUE(is_sound(&twin.map)) << round;
		}
	}
}

/* Runs that are long enough but lie so that no aligned one fits. */
TEST(PageMapAlignment, LooksIntoEachRunThatMightDo)
{
	Twin twin(4096);

	twin.set(0, 4096, true);
	for (size_t at = 1; at + 8 < 4096; at += 16)
		twin.set(at, 8, false);
	expect_same(twin, 8, 1, 0);
	expect_same(twin, 8, 8, 0);
	expect_same(twin, 8, 16, 0);
	expect_same(twin, 8, 8, 7);
	expect_same(twin, 7, 8, 0);
	expect_same(twin, 1, 8, 0);
	twin.set(4000, 8, false);
	twin.set(4095, 1, false);
	expect_same(twin, 8, 32, 0);
	expect_same(twin, 1, 4096, 1);
	expect_same(twin, 1, 4096, 0);
}

TEST(PageMapAlignment, MayBeLargerThanTheSegment)
{
	Twin twin(1024);

	/* The segment begins at page 5000 of an address space. */
	EXPECT_EQ(page_map_find(&twin.map, 4, 8192, 5000), PAGE_MAP_NONE);
	EXPECT_EQ(page_map_find(&twin.map, 4, 8192, 8000), 192u);
	EXPECT_EQ(page_map_find(&twin.map, 4, (size_t)1 << 50, 0), 0u);
	EXPECT_EQ(
	    page_map_find(&twin.map, 4, (size_t)1 << 50, 1), PAGE_MAP_NONE);
}

/* The largest map costs what is touched of it, and works at both ends. */
TEST(PageMapLargest, HoldsFourTebibytes)
{
	struct page_map map;

	ASSERT_EQ(page_map_open(&map, PAGE_MAP_MAX), 0);
	EXPECT_EQ(map.levels, (unsigned)PAGE_MAP_LEVELS);
	EXPECT_EQ(page_map_find(&map, PAGE_MAP_MAX, 1, 0), 0u);
	page_map_set(&map, PAGE_MAP_MAX - 1, 1, true);
	page_map_set(&map, 0, 1, true);
	EXPECT_EQ(page_map_find(&map, PAGE_MAP_MAX - 2, 1, 0), 1u);
	EXPECT_EQ(page_map_find(&map, PAGE_MAP_MAX - 1, 1, 0), PAGE_MAP_NONE);
	EXPECT_EQ(
	    page_map_find(&map, 1, PAGE_MAP_MAX / 2, 0), PAGE_MAP_MAX / 2);
	page_map_set(&map, 0, 1, false);
	EXPECT_EQ(page_map_find(&map, PAGE_MAP_MAX - 1, 1, 0), 0u);
	size_t resident;
	ASSERT_EQ(os_resident(map.used.full[0], map.bytes, &resident), 0);
	EXPECT_LT(resident, MIB);
	page_map_close(&map);
}

TEST(PageMapOpen, TellsAWantOfMemory)
{
	FAULTS_OR_SKIP();
	struct page_map map;

	os_fault_at(OS_MAP, 1, ENOMEM, false);
	EXPECT_EQ(page_map_open(&map, 1000), ENOMEM);
}
