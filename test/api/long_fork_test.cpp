/* SPDX-License-Identifier: BSD-2-Clause */
/* Law 6, at length: forks beside threads that allocate. What these take of the
 * processors the children do not have: so the forks are few hundred. */
#include <gtest/gtest.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"
#include "../lib/engine_storm.h"

using namespace engine;

TEST(LongFork, ManyTimesWithEightThreads)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	ENGINE_PLACE_OR_SKIP(directory, 64 * MIB);
	in_child(1200, [&] {
		expect_forks_survive(
		    { "dram", "dram,limit=64M",
			"file:" + directory + ",size=32M,fork=copy" },
		    8, 400);
	});
}

TEST(LongFork, WithManyKinds)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	in_child(1200, [&] {
		expect_forks_survive(
		    std::vector<std::string>(20, "dram"), 4, 100);
	});
}
