/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_cache_test.cpp - many rules and many return addresses: the answer is
 * the same whether it is kept, is not, or has to make room.
 */
#include "sites_test.h"

#include "sites_glue.h"

#include <atomic>
#include <random>
#include <thread>

extern "C" char __executable_start, etext;

namespace {

/* Addresses of the test's own code, all of which may be asked for. */
uintptr_t
code_bytes()
{
	return (uintptr_t)(&etext - &__executable_start);
}

unsigned
first_at(uintptr_t offset)
{
	return sites_first((void *)(own_base() + offset), 1, LIMIT);
}

TEST(SitesCacheTest, TenThousandRulesThatOverlap)
{
	IN_CHILD({
		std::mt19937 random(15);
		std::vector<Range> ranges;
		Table table;
		unsigned module = table.module(own_name());

		for (unsigned i = 0; i < 9999; i++) {
			uint64_t low = 4096 + random() % 1000000;
			ranges.push_back(
			    { low, low + random() % (i % 100 ? 64 : 5000) });
			table.rule(RULES_FROM_SITE, module, ranges[i]);
		}
		ASSERT_TRUE(table.start());
		for (int i = 0; i < 3000; i++) {
			uint64_t at = 4096 + random() % 1000000;
			unsigned expected = 0;

			while (expected < ranges.size() &&
			    (at < ranges[expected].low ||
				at > ranges[expected].high))
				expected++;
			if (expected == ranges.size())
				expected = LIMIT;
			if (at >= code_bytes())
				continue;
			ASSERT_EQ(first_at(at), expected) << at;
			ASSERT_EQ(first_at(at), expected) << at << " again";
		}
	});
}

TEST(SitesCacheTest, MoreRulesAtOneAddressThanAreKept)
{
	for (enum rules_from from : { RULES_FROM_SITE, RULES_FROM_FUNCTION })
		IN_CHILD({
			Table table;
			unsigned module = table.module(own_name());
			const unsigned count = glue_rules_max + 60;

			for (unsigned i = 0; i < count; i++)
				table.range(module, { 1, code_bytes() },
				    table.rule(from, i, i));
			table.range(module, { 0, code_bytes() },
			    table.rule(from, 0, count));
			ASSERT_TRUE(table.start());
			for (unsigned i = 0; i < count; i++)
				ASSERT_EQ(ask(i), i);
			EXPECT_EQ(ask(count), count) << "the last applies";
			EXPECT_EQ(ask(count + 1), LIMIT);
		});
}

/* Every 128 bytes of code have a rule of their own, or none. */
const unsigned PIECE = 128, PIECES = 200;

unsigned
expected_at(uintptr_t offset)
{
	unsigned piece = (unsigned)(offset / PIECE);

	return piece < PIECES && piece % 2 ? piece / 2 : LIMIT;
}

void
start_pieces()
{
	Table table;
	unsigned module = table.module(own_name());

	for (unsigned piece = 1; piece < PIECES; piece += 2)
		table.rule(RULES_FROM_SITE, module,
		    { piece * PIECE, piece * PIECE + PIECE - 1 });
	ASSERT_TRUE(table.start());
}

TEST(SitesCacheTest, ThatIsFullAnswersAsBefore)
{
	IN_CHILD({
		unsigned wrong = 0;

		ASSERT_GT(code_bytes(), 2 * glue_words);
		start_pieces();
		for (int round = 0; round < 3; round++)
			for (uintptr_t at = 1;
			     at < 3 * glue_words && at < code_bytes(); at++)
				wrong += first_at(at) != expected_at(at);
		EXPECT_EQ(wrong, 0u);
	});
}

TEST(SitesCacheTest, ThatManyFillAndSomebodyEmpties)
{
	IN_CHILD({
		std::vector<std::thread> threads;
		std::atomic<unsigned> wrong{ 0 };
		std::atomic<bool> is_over{ false };

		start_pieces();
		std::thread closer([&] {
			while (!is_over) {
				glue_closing();
				glue_closed();
				std::this_thread::yield();
			}
		});
		for (unsigned seed = 0; seed < 6; seed++)
			threads.emplace_back([&, seed] {
				std::mt19937 random(seed);

				for (int i = 0; i < 100000; i++) {
					uintptr_t at = 1 +
					    random() % (PIECES * PIECE + 999);

					wrong += first_at(at) !=
					    expected_at(at);
				}
			});
		for (std::thread &thread : threads)
			thread.join();
		is_over = true;
		closer.join();
		EXPECT_EQ(wrong, 0u);
	});
}

TEST(SitesCacheTest, AnAddressOfNoModuleHasNoRule)
{
	IN_CHILD({
		char here;

		start_pieces();
		EXPECT_EQ(sites_first(nullptr, 1, LIMIT), LIMIT);
		EXPECT_EQ(sites_first(&here, 1, LIMIT), LIMIT);
		EXPECT_EQ(sites_first((void *)UINTPTR_MAX, 1, LIMIT), LIMIT);
		EXPECT_EQ(sites_first((void *)1, 1, LIMIT), LIMIT);
		EXPECT_EQ(sites_first(nullptr, 1, LIMIT), LIMIT);
	});
}

} // namespace
