/* SPDX-License-Identifier: BSD-2-Clause */
/* Large blocks of zeros, of ordinary memory that was used before: pages are
 * cleared, and those of very large ones given up. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cstring>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"

using namespace engine;

namespace {

/* Uses a block of SIZE bytes, frees it, and has one of zeros in its place.
 * Returns how much less memory the process has then. */
size_t
memory_left(poolkind *kind, size_t size)
{
	void *block = poolkind_malloc(kind, size);

	EXPECT_NE(nullptr, block);
	memset(block, 0x55, size);
	poolkind_free(kind, block);
	size_t before = facts().resident;
	block = poolkind_calloc(kind, 1, size);
	EXPECT_NE(nullptr, block);
	size_t after = facts().resident;
	EXPECT_TRUE(all_bytes_are(block, size, 0));
	poolkind_free(kind, block);
	return before > after ? before - after : 0;
}

} // namespace

TEST(ApiZero, OfAUsedBlockHasItsPages)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer has pages for each page";
	for (std::string spec : { "dram", "dram,limit=64M" }) {
		Kind kind = open_kind(spec);
		for (size_t size : { 256 * KIB, MIB, 4 * MIB })
			EXPECT_LT(memory_left(kind.get(), size), size / 2);
		EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	}
}

TEST(ApiZero, OfAVeryLargeUsedBlockCostsNoPages)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer has pages for each page";
	Kind kind = open_kind("dram,limit=64M");

	EXPECT_GT(memory_left(kind.get(), 40 * MIB), 20 * MIB);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}
