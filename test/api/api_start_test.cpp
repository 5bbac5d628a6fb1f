/* SPDX-License-Identifier: BSD-2-Clause */
/* Law 3: what a kind costs at its start does not grow with its size. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

struct Cost {
	size_t mappings, resident, space;
};

/* What opening SPEC and taking a first block costs. The kind before it pays
 * for what the engine itself needs. */
Cost
cost_of(const std::string &directory, const std::string &size)
{
	std::string where = "file:" + directory + ",size=";
	Kind first = open_kind(where + "14M");
	poolkind_free(first.get(), poolkind_malloc(first.get(), 100));
	Facts before = facts();
	size_t space = free_bytes(directory);
	Kind kind = open_kind(where + size);
	EXPECT_NE(nullptr, kind.get());
	EXPECT_NE(nullptr, poolkind_malloc(kind.get(), 100));
	Facts after = facts();
	return Cost{ after.mappings - before.mappings,
		after.resident - before.resident,
		space - free_bytes(directory) };
}

/* ThreadSanitizer leaves a program 1.5 TiB of addresses, if not in a row. */
std::string
a_tebibyte()
{
	return has_thread_sanitizer() ? "256G" : "1T";
}

} // namespace

TEST(ApiStart, OneTebibyteCostsWhat14MiBDo)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 64 * MIB);
		Cost small = cost_of(directory.path(), "14M");
		Cost large = cost_of(directory.path(), a_tebibyte());
		if (!has_thread_sanitizer()) { /* which has a shadow of it */
			EXPECT_LE(large.mappings, small.mappings + 4);
			EXPECT_LE(large.resident, small.resident + 512 * KIB);
		}
		EXPECT_EQ(small.space, large.space);
		EXPECT_LE(large.space, 2 * MIB);
	});
}

TEST(ApiStart, LargeKindCanBeUsedAtItsEnds)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 64 * MIB);
		Kind kind = open_kind(
		    "file:" + directory.path() + ",size=" + a_tebibyte());
		EXPECT_EQ(has_thread_sanitizer() ? GIB * 256 : GIB * 1024,
		    stats_of(kind.get()).size);
		Chain chain;
		EXPECT_GE(chain.fill(kind.get(), 65536), 950u);
		chain.free_all(kind.get());
		EXPECT_EQ(0, poolkind_check(kind.get()));
	});
}

TEST(ApiStart, OpeningTakesNoMemory)
{
	in_child(30, [] {
		Region region(64 * GIB);
		Kind first = open_kind("dram");
		poolkind_free(first.get(), poolkind_malloc(first.get(), 100));
		Facts before = facts();
		Kind kind(poolkind_open_region(
		    region.start(), region.size(), nullptr, 0));
		ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
		EXPECT_NE(nullptr, poolkind_malloc(kind.get(), 100));
		EXPECT_LE(facts().resident, before.resident + 4 * MIB);
	});
}

/* Law 5: cost is paid when used: threads that do not touch a kind add nothing
 * to it, and kinds that are not used cost little. */
TEST(ApiStart, UnusedKindsAreCheap)
{
	in_child(30, [] {
		open_kind("dram");
		Facts before = facts();
		std::vector<Kind> kinds;
		for (int i = 0; i < 1000; i++)
			kinds.push_back(open_kind("dram"));
		Facts after = facts();
		if (!has_address_sanitizer() && !has_thread_sanitizer()) {
			EXPECT_LE(
			    after.resident - before.resident, 1000 * 128 * KIB);
		}
		if (!has_thread_sanitizer()) {
			EXPECT_LE(after.mappings - before.mappings, 4000u);
		}
	});
}
