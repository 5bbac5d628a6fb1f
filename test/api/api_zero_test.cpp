/* SPDX-License-Identifier: BSD-2-Clause */
/* Large blocks of zeros: of ordinary memory that was used before, pages are
 * given up rather than cleared. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cstring>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"

using namespace engine;

TEST(ApiZero, OfAUsedBlockCostsNoPages)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer has pages for each page";
	for (std::string spec : { "dram", "dram,limit=64M" }) {
		Kind kind = open_kind(spec);
		for (size_t size : { 256 * KIB, MIB, 4 * MIB }) {
			void *block = poolkind_malloc(kind.get(), size);
			ASSERT_NE(nullptr, block);
			memset(block, 0x55, size);
			poolkind_free(kind.get(), block);
			size_t before = facts().resident;
			block = poolkind_calloc(kind.get(), 1, size);
			ASSERT_NE(nullptr, block);
			EXPECT_LT(facts().resident + size / 2, before);
			EXPECT_TRUE(all_bytes_are(block, size, 0));
			poolkind_free(kind.get(), block);
		}
		EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	}
}
