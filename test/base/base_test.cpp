/* SPDX-License-Identifier: BSD-2-Clause */
/* The small arithmetic that everything else leans on, and invariants. */
#include <gtest/gtest.h>

extern "C" {
#include "base/base.h"
}

TEST(Base, AlignsDownAndUp)
{
	EXPECT_EQ(align_down(4095, 4096), 0u);
	EXPECT_EQ(align_down(4096, 4096), 4096u);
	EXPECT_EQ(align_up(0, 4096), 0u);
	EXPECT_EQ(align_up(1, 4096), 4096u);
	EXPECT_EQ(align_up(4096, 4096), 4096u);
	EXPECT_TRUE(is_aligned(8192, 4096));
	EXPECT_FALSE(is_aligned(8192 + 64, 4096));
}

TEST(Base, KnowsPowersOfTwo)
{
	EXPECT_FALSE(is_power_of_two(0));
	EXPECT_TRUE(is_power_of_two(1));
	EXPECT_FALSE(is_power_of_two(3));
	EXPECT_TRUE(is_power_of_two((size_t)1 << 63));
	EXPECT_FALSE(is_power_of_two(SIZE_MAX));
}

TEST(Base, FindsTheStructureAroundAMember)
{
	struct outer {
		int first;
		int second;
	} whole = { 1, 2 };

	EXPECT_EQ(container_of(&whole.second, struct outer, second), &whole);
}

#ifdef POOLKIND_DEBUG
TEST(InvariantDeathTest, SaysWhatBrokeAndWhere)
{
	EXPECT_DEATH(invariant(1 + 1 == 3),
	    "poolkind: .*base_test.cpp:[0-9]+: invariant broken: 1 \\+ 1 == 3");
}
#else
TEST(Invariant, IsNotEvaluatedInTheReleaseLibrary)
{
	int evaluated = 0;

	invariant(++evaluated == 0);
	EXPECT_EQ(evaluated, 0);
}
#endif
