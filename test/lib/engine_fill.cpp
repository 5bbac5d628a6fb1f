/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_fill.cpp - see engine_fill.h. */
#include "engine_fill.h"

#include <gtest/gtest.h>

#include "engine_kind.h"
#include "engine_space.h"

namespace engine {

static void
expect_full(poolkind *kind, size_t bytes, size_t size, const char *when)
{
	Chain chain;
	size_t blocks = chain.fill(kind, size);
	EXPECT_GE(blocks, nearly_all(bytes, size))
	    << when << ": " << blocks * size * 100.0 / bytes << " % of "
	    << bytes << " bytes in blocks of " << size;
	EXPECT_LE(blocks, bytes / size);
	EXPECT_EQ(blocks, chain.free_all(kind)) << "a block was changed";
}

void
expect_fill_matrix(size_t bytes)
{
	ENGINE_PLACE_OR_SKIP(directory, bytes);
	for (size_t first : FILL_SIZES)
		for (size_t second : FILL_SIZES) {
			Kind kind = open_kind("file:" + directory +
			    ",size=" + std::to_string(bytes));
			ASSERT_NE(nullptr, kind.get());
			expect_full(kind.get(), bytes, first, "fresh");
			expect_full(kind.get(), bytes, second,
			    ("after " + std::to_string(first)).c_str());
		}
}

void
expect_fill_in_turn(size_t bytes, unsigned rounds)
{
	ENGINE_PLACE_OR_SKIP(directory, bytes);
	Kind kind = open_kind(
	    "file:" + directory + ",size=" + std::to_string(bytes));
	ASSERT_NE(nullptr, kind.get());
	for (unsigned round = 0; round < rounds; round++)
		for (size_t size : FILL_SIZES)
			expect_full(kind.get(), bytes, size, "in turn");
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

} // namespace engine
