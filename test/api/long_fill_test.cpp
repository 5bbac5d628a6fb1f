/* SPDX-License-Identifier: BSD-2-Clause */
/* The large fills: 64 MiB with all pairs of sizes, 1 GiB. */
#include <gtest/gtest.h>

#include "../lib/engine_fill.h"
#include "../lib/engine_kind.h"

using namespace engine;

TEST(LongFill, Matrix64MiB)
{
	expect_fill_matrix(64 * MIB);
}

TEST(LongFill, Matrix1GiB)
{
	expect_fill_matrix(GIB);
}

TEST(LongFill, InTurn1GiB)
{
	expect_fill_in_turn(GIB, 2);
}

TEST(LongFill, InTurn14MiBManyTimes)
{
	expect_fill_in_turn(14 * MIB, 50);
}
