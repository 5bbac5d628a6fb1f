/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks that are freed and resized without a word on their kind: each goes
 * back to its own, in whatever order and at whatever addresses kinds lie. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cstdint>
#include <thread>
#include <vector>

#include <sys/mman.h>

#include "../lib/engine_kind.h"

using namespace engine;

namespace {

/* Regions of 2 MiB whose addresses are APART from each other. */
class Regions {
public:
	Regions(size_t count, size_t apart)
	{
		char *space = static_cast<char *>(
		    mmap(nullptr, count * apart, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
		for (size_t i = 0; space != MAP_FAILED && i < count; i++) {
			start.push_back(space + i * apart);
			mprotect(start[i], 2 * MIB, PROT_READ | PROT_WRITE);
		}
		bytes_ = count * apart;
	}
	~Regions()
	{
		if (!start.empty())
			munmap(start[0], bytes_);
	}
	std::vector<char *> start;

private:
	size_t bytes_;
};

/* Takes blocks of all kinds in turn, and frees or resizes them unnamed. */
void
use_in_turn(const std::vector<Kind> &kinds)
{
	std::vector<void *> blocks;

	for (int round = 0; round < 50; round++) {
		for (const Kind &kind : kinds)
			for (size_t size : { 24, 500, 40000 }) {
				blocks.push_back(
				    poolkind_malloc(kind.get(), size));
				ASSERT_NE(nullptr, blocks.back());
				paint(blocks.back(), 24, round);
			}
		for (size_t i = 0; i < blocks.size(); i++) {
			poolkind *kind = kinds[i / 3].get();
			void *block = poolkind_realloc(
			    nullptr, blocks[i], 24 + (size_t)round * 8);

			ASSERT_TRUE(painted(block, 24, round));
			ASSERT_EQ(kind, poolkind_of(block));
			poolkind_free(nullptr, block);
		}
		blocks.clear();
	}
}

} // namespace

TEST(ApiUnnamed, BlocksOfManyKindsGoHome)
{
	std::vector<Kind> kinds;

	for (int i = 0; i < 100; i++)
		kinds.push_back(open_kind("dram"));
	use_in_turn(kinds);
	std::thread(use_in_turn, std::cref(kinds)).join();
	for (const Kind &kind : kinds)
		EXPECT_EQ(0u, stats_of(kind.get()).live);
}

/* What the engine remembers of addresses is by some of their bits alone. */
TEST(ApiUnnamed, KindsOfLikeAddressesAreToldApart)
{
	for (size_t apart : { 2 * MIB, 1 * GIB, 128 * GIB, 1024 * GIB }) {
		Regions regions(4, apart);
		std::vector<Kind> kinds;

		if (regions.start.empty())
			continue;
		for (char *start : regions.start)
			kinds.emplace_back(
			    poolkind_open_region(start, 2 * MIB, nullptr, 0));
		use_in_turn(kinds);
		for (const Kind &kind : kinds) {
			EXPECT_EQ(0u, stats_of(kind.get()).live) << apart;
			EXPECT_EQ(0, poolkind_check(kind.get())) << apart;
		}
	}
}

/* Where a kind was there is another one, and then none. */
TEST(ApiUnnamed, AKindThatFollowsAtTheAddressesOfAnotherHasItsBlocks)
{
	Region region(4 * MIB);
	Kind other = open_kind("dram");
	void *block = nullptr;

	for (int round = 0; round < 20; round++) {
		Kind kind(poolkind_open_region(
		    region.start(), region.size(), nullptr, 0));
		ASSERT_NE(nullptr, kind.get());
		for (int i = 0; i < 100; i++) {
			block = poolkind_malloc(kind.get(), 64);
			poolkind_free(
			    nullptr, poolkind_malloc(other.get(), 64));
			ASSERT_EQ(kind.get(), poolkind_of(block));
			poolkind_free(nullptr, block);
		}
		EXPECT_EQ(0u, stats_of(kind.get()).live);
	}
	EXPECT_EQ(0u, stats_of(other.get()).live);
	EXPECT_EQ(0u, poolkind_usable_size(block));
}
