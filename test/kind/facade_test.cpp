/* SPDX-License-Identifier: BSD-2-Clause */
/* What the engine does for facades alone: kinds placed by others, blocks moved
 * so that slabs become empty, the decay of idle kinds, blocks of any kind. */
#include "kind_test.h"

extern "C" {
void *poolkind_defragment(void *ptr);
void poolkind_decay(poolkind *kind);
bool poolkind_free_if_any(void *ptr);
}

namespace {

/* COUNT blocks of BYTES, each holding its number. */
std::vector<size_t *>
numbered_blocks(poolkind *kind, size_t count, size_t bytes)
{
	std::vector<size_t *> blocks;

	for (size_t i = 0; i < count; i++) {
		size_t *block = static_cast<size_t *>(
		    poolkind_malloc(kind, bytes));
		*block = i;
		blocks.push_back(block);
	}
	return blocks;
}

size_t
active(poolkind *kind)
{
	struct poolkind_stats stats;

	EXPECT_EQ(poolkind_trim(kind), 0);
	EXPECT_EQ(poolkind_get_stats(kind, &stats, sizeof(stats)), 0);
	return stats.active;
}

} // namespace

/* Of 20000 blocks nine of ten are freed, here and there; what is left lies
 * three times as dense after one round, and nothing is lost. */
TEST(Defragment, EmptiesSlabs)
{
	if (PAGE_BYTES != 4 * KIB)
		GTEST_SKIP() << "of larger slabs all are left alike";
	Kind kind("dram");
	auto blocks = numbered_blocks(kind, 20000, 128);
	size_t moved = 0, before;

	for (size_t i = 0; i < blocks.size(); i++)
		if (i % 10 != 0)
			poolkind_free(kind, blocks[i]);
	before = active(kind);
	for (size_t i = 0; i < blocks.size(); i += 10) {
		size_t *to = static_cast<size_t *>(
		    poolkind_defragment(blocks[i]));
		moved += to != nullptr;
		if (to != nullptr)
			blocks[i] = to;
		ASSERT_EQ(*blocks[i], i);
		ASSERT_EQ(poolkind_of(blocks[i]), kind);
	}
	EXPECT_GT(moved, 500u);
	EXPECT_LT(active(kind), before / 2);
	EXPECT_EQ(poolkind_check(kind), 0) << poolkind_errormsg();
	for (size_t i = 0; i < blocks.size(); i += 10)
		poolkind_free(kind, blocks[i]);
}

/* Blocks that nothing is gained by stay, and what is not a block is no harm. */
TEST(Defragment, LeavesTheRest)
{
	Kind kind("dram");
	int local;
	auto full = numbered_blocks(kind, 2000, 128);
	void *large = poolkind_malloc(kind, 100 * KIB);

	for (size_t *block : full)
		ASSERT_EQ(poolkind_defragment(block), nullptr);
	EXPECT_EQ(poolkind_defragment(large), nullptr);
	EXPECT_EQ(poolkind_defragment(&local), nullptr);
	poolkind_free(kind, large);
	for (size_t *block : full)
		poolkind_free(kind, block);
}

namespace {

/* Bytes committed after 4 MiB were freed, and so many milliseconds later. */
size_t
committed_after(poolkind *kind, unsigned milliseconds)
{
	struct poolkind_stats stats = {};

	poolkind_free(kind, poolkind_malloc(kind, 4 * MIB));
	/* Arenas keep it for a moment after they were first asked. */
	for (int i = 0; i < 2; i++) {
		usleep(30000);
		poolkind_decay(kind);
	}
	kind_let_time_pass(kind, milliseconds);
	poolkind_decay(kind);
	EXPECT_EQ(poolkind_get_stats(kind, &stats, sizeof(stats)), 0);
	return stats.committed;
}

} // namespace

/* To ask for it does not hurry what a kind keeps for a while. */
TEST(Decay, WaitsForTheTimeThatPagesHave)
{
	Kind kind("file:/dev/shm,size=16M");

	EXPECT_GE(committed_after(kind, 0), 4 * MIB);
	EXPECT_LT(committed_after(kind, 11000), 1 * MIB);
}

TEST(Decay, WaitsForTheTimeThatIsGiven)
{
	const char text[] = "file:/dev/shm,size=16M";
	poolkind *soon = kind_open_decaying(text, 3000);
	poolkind *at_once = kind_open_decaying(text, 0);
	poolkind *never = kind_open_decaying(text, -1);

	EXPECT_GE(committed_after(soon, 0), 4 * MIB);
	EXPECT_LT(committed_after(soon, 4000), 1 * MIB);
	EXPECT_LT(committed_after(at_once, 0), 1 * MIB);
	EXPECT_GE(committed_after(never, 100000000), 4 * MIB);
	for (poolkind *kind : { soon, at_once, never })
		EXPECT_EQ(poolkind_close(kind), 0);
}

TEST(Local, KindServesThreadsByTheirNode)
{
	const unsigned nodes[] = { 0, 0 };
	poolkind *kind = kind_open_local(nodes, 2);
	void *block;

	ASSERT_NE(kind, nullptr) << poolkind_errormsg();
	EXPECT_STREQ(poolkind_text(kind), "nodes:0");
	block = poolkind_malloc(kind, 100);
	ASSERT_NE(block, nullptr);
	EXPECT_EQ(poolkind_of(block), kind);
	poolkind_free(kind, block);
	EXPECT_EQ(poolkind_check(kind), 0);
	EXPECT_EQ(poolkind_close(kind), 0);
}

/* The size bounds all localities together, and no limit takes that away. */
TEST(Local, KindHasNoMoreThanItsSize)
{
	poolkind *kind = kind_open_in_two("nodes:0,policy=preferred,size=8M");
	struct poolkind_stats stats;

	if (kind == nullptr)
		GTEST_SKIP() << poolkind_errormsg();
	for (size_t limit : { 0 * MIB, 64 * MIB, 2 * MIB, 0 * MIB }) {
		EXPECT_EQ(poolkind_set_limit(kind, limit), 0);
		EXPECT_EQ(poolkind_get_stats(kind, &stats, sizeof(stats)), 0);
		EXPECT_EQ(stats.limit, limit == 2 * MIB ? limit : 8 * MIB);
	}
	EXPECT_EQ(poolkind_close(kind), 0);
}

/* However small the limit, no locality is without one. */
TEST(Local, KindWithTheLeastLimitKeepsNothing)
{
	poolkind *kind = kind_open_in_two("nodes:0,policy=preferred");
	struct poolkind_stats stats;
	void *block;

	if (kind == nullptr)
		GTEST_SKIP() << poolkind_errormsg();
	block = poolkind_malloc(kind, 64);
	EXPECT_EQ(poolkind_set_limit(kind, 1), 0);
	poolkind_free(kind, block);
	EXPECT_EQ(poolkind_get_stats(kind, &stats, sizeof(stats)), 0);
	EXPECT_EQ(stats.cached, 0u);
	EXPECT_EQ(poolkind_close(kind), 0);
}

TEST(Local, NodesBeyondTheLastSetKeepWhatIsNear)
{
	EXPECT_TRUE(localities_have(64));
	EXPECT_TRUE(localities_have(70));
}

TEST(Local, KindOnNodesThatAreNotThereIsASentence)
{
	const unsigned nodes[] = { 1000 };

	EXPECT_EQ(kind_open_local(nodes, 1), nullptr);
	EXPECT_EQ(errno, ENODEV);
	EXPECT_TRUE(sentence_names("1000")) << poolkind_errormsg();
}

/* A block of whatever kind is freed; what is none is told, and nothing said. */
TEST(FreeIfAny, TellsBlocksFromTheRest)
{
	Kind one("dram"), other("dram");
	void *small = poolkind_malloc(one, 100);
	void *large = poolkind_malloc(other, 300 * KIB);
	std::string before;
	int local;

	EXPECT_EQ(poolkind_open("no kind", 0), nullptr);
	before = poolkind_errormsg();
	errno = 7;
	EXPECT_TRUE(poolkind_free_if_any(small));
	EXPECT_TRUE(poolkind_free_if_any(large));
	EXPECT_FALSE(poolkind_free_if_any(&local));
	EXPECT_FALSE(poolkind_free_if_any(nullptr));
	EXPECT_EQ(errno, 7);
	EXPECT_EQ(poolkind_errormsg(), before);
	EXPECT_EQ(poolkind_usable_size(large), 0u);
}

/* What a facade, and `poolkind check', show is where memory comes from now. */
TEST(Place, IsThatAfterAMove)
{
	poolkind *weighted = poolkind_open(
	    "nodes:0,policy=weighted-interleave,weights=3", 0);
	Kind kind("dram");

	if (weighted == nullptr)
		GTEST_SKIP() << poolkind_errormsg();
	EXPECT_EQ(kind_place_nodes(kind), 0u);
	EXPECT_EQ(poolkind_move(kind, "nodes:0", 0, nullptr, 0), 0)
	    << poolkind_errormsg();
	EXPECT_EQ(kind_place_nodes(kind), 1u);
	EXPECT_EQ(poolkind_move(kind, "home", 0, nullptr, 0), 0);
	EXPECT_EQ(kind_place_nodes(kind), 0u);

	EXPECT_EQ(kind_place_weight(weighted), 3u);
	EXPECT_EQ(poolkind_move(weighted, "nodes:0", 0, nullptr, 0), 0);
	EXPECT_EQ(kind_place_weight(weighted), 0u);
	EXPECT_EQ(kind_place_nodes(weighted), 1u);
	poolkind_close(weighted);
}
