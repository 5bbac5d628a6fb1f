/* SPDX-License-Identifier: BSD-2-Clause */
/* memtier: builders and what they refuse, fixed proportions, settings by name,
 * the account of each kind, and blocks, by many threads too. */
#include "../../lib/aligned.h"
#include "memtier_test.h"

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <thread>

/* ---- Builders ------------------------------------------------------------ */

TEST(MemtierBuilder, KnowsItsPolicies)
{
	EXPECT_NE(
	    nullptr, Builder(memtier_builder_new(MEMTIER_POLICY_STATIC_RATIO)));
	EXPECT_NE(nullptr,
	    Builder(memtier_builder_new(MEMTIER_POLICY_DYNAMIC_THRESHOLD)));
	for (int none : { 2, 3, -1 }) {
		errno = 0;
		EXPECT_EQ(nullptr,
		    memtier_builder_new(static_cast<memtier_policy_t>(none)));
		EXPECT_EQ(EINVAL, errno);
	}
	memtier_builder_delete(nullptr);
	memtier_delete_memtier_memory(nullptr);
}

TEST(MemtierBuilder, RefusesWhatIsNoTier)
{
	Builder builder = make_builder(
	    MEMTIER_POLICY_STATIC_RATIO, { { MEMKIND_DEFAULT, 1 } });

	EXPECT_NE(0, memtier_builder_add_tier(builder.get(), nullptr, 1));
	EXPECT_NE(
	    0, memtier_builder_add_tier(builder.get(), MEMKIND_DEFAULT, 2));
	EXPECT_NE(0, memtier_builder_add_tier(nullptr, MEMKIND_REGULAR, 1));
	memkind_t gone = OwnKind();
	EXPECT_NE(0, memtier_builder_add_tier(builder.get(), gone, 1));
	EXPECT_EQ(
	    0, memtier_builder_add_tier(builder.get(), MEMKIND_REGULAR, 1));
	EXPECT_NE(
	    0, memtier_builder_add_tier(builder.get(), MEMKIND_REGULAR, 1));
}

TEST(MemtierBuilder, NeedsTiers)
{
	EXPECT_EQ(nullptr, static_memory({}));
	EXPECT_EQ(nullptr, memtier_builder_construct_memtier_memory(nullptr));
	EXPECT_NE(nullptr, static_memory({ { MEMKIND_REGULAR, 1 } }));
	Builder builder = make_builder(MEMTIER_POLICY_DYNAMIC_THRESHOLD, {});
	EXPECT_EQ(nullptr, construct(builder));
	memtier_builder_add_tier(builder.get(), MEMKIND_REGULAR, 1);
	EXPECT_EQ(nullptr, construct(builder));
	memtier_builder_add_tier(builder.get(), MEMKIND_DEFAULT, 1);
	EXPECT_NE(nullptr, construct(builder));
}

TEST(MemtierBuilder, MakesMoreThanOneAndMayGoFirst)
{
	Builder builder = make_builder(
	    MEMTIER_POLICY_STATIC_RATIO, { { MEMKIND_REGULAR, 1 } });
	Memory one = construct(builder), two = construct(builder);
	Blocks blocks;

	builder.reset();
	EXPECT_NE(one, two);
	for (const Memory *memory : { &one, &two })
		EXPECT_EQ(MEMKIND_REGULAR,
		    memkind_detect_kind(
			blocks.keep(memtier_malloc(memory->get(), 100))));
}

TEST(MemtierBuilder, TakesManyTiers)
{
	std::vector<std::unique_ptr<engine::Region>> regions;
	std::vector<memkind_t> kinds;
	Builder builder = make_builder(MEMTIER_POLICY_STATIC_RATIO, {});

	for (int i = 0; i < 20; i++) {
		memkind_t kind;
		regions.push_back(std::make_unique<engine::Region>(MIB * 2));
		ASSERT_EQ(0,
		    memkind_create_fixed(
			regions.back()->start(), MIB * 2, &kind));
		kinds.push_back(kind);
		ASSERT_EQ(0, memtier_builder_add_tier(builder.get(), kind, 1));
	}
	Memory memory = construct(builder);
	{
		Blocks blocks;
		std::set<memkind_t> used;
		for (int i = 0; i < 20; i++)
			used.insert(memkind_detect_kind(
			    blocks.keep(memtier_malloc(memory.get(), KIB))));
		EXPECT_EQ(20u, used.size());
	}
	for (memkind_t kind : kinds)
		EXPECT_EQ(0, memkind_destroy_kind(kind));
}

/* ---- A fixed proportion -------------------------------------------------- */

TEST(MemtierStatic, TakesTheLastTierThatLacks)
{
	OwnKind first, second, third;
	Memory memory = static_memory(
	    { { first, 1 }, { second, 1 }, { third, 1 } });
	Blocks blocks;
	std::vector<memkind_t> order;

	for (int i = 0; i < 6; i++)
		order.push_back(memkind_detect_kind(
		    blocks.keep(memtier_malloc(memory.get(), 64 * KIB))));
	/* Nobody lacks while the first tier has nothing. */
	EXPECT_EQ((std::vector<memkind_t>{
		      first, third, second, first, third, second }),
	    order);
}

TEST(MemtierStatic, KeepsTheSharesOfSmallBlocks)
{
	OwnKind first, second;
	Memory memory = static_memory({ { first, 1 }, { second, 4 } });
	Blocks blocks;

	for (int i = 0; i < 500; i++)
		blocks.keep(memtier_malloc(memory.get(), 64));
	EXPECT_EQ(100u * 64, allocated(first));
	EXPECT_EQ(400u * 64, allocated(second));
}

TEST(MemtierStatic, KeepsTheSharesWhateverTheFunction)
{
	OwnKind first, second;
	Memory memory = static_memory({ { first, 3 }, { second, 1 } });
	Blocks blocks;

	for (size_t i = 1; i <= 1000; i++) {
		const size_t size = 1 + i * 7919 % 5000;
		void *block;

		blocks.keep(memtier_malloc(memory.get(), size));
		blocks.keep(memtier_calloc(memory.get(), size, 1));
		blocks.keep(memtier_realloc(memory.get(), nullptr, size));
		ASSERT_EQ(
		    0, memtier_posix_memalign(memory.get(), &block, 64, size));
		blocks.keep(block);
	}
	const double part = double(allocated(first)) /
	    double(allocated(second));
	EXPECT_NEAR(3, part, 0.01);
}

TEST(MemtierStatic, CountsWhatIsFreed)
{
	OwnKind first, second;
	Memory memory = static_memory({ { first, 1 }, { second, 1 } });
	std::vector<void *> of_first;
	Blocks blocks;

	for (int i = 0; i < 100; i++) {
		void *block = memtier_malloc(memory.get(), KIB);
		if (memkind_detect_kind(block) == first)
			of_first.push_back(block);
		else
			blocks.keep(block);
	}
	for (void *block : of_first)
		memtier_free(block);
	for (int i = 0; i < 50; i++)
		EXPECT_EQ(first,
		    memkind_detect_kind(
			blocks.keep(memtier_malloc(memory.get(), KIB))));
}

TEST(MemtierStatic, GivesNothingToAShareOfNone)
{
	OwnKind first, second;
	Memory memory = static_memory({ { first, 1 }, { second, 0 } });
	Blocks blocks;

	for (int i = 0; i < 100; i++)
		blocks.keep(memtier_malloc(memory.get(), KIB));
	EXPECT_EQ(0u, allocated(second));
}

TEST(MemtierStatic, CountsWhatOthersAllocatedToo)
{
	OwnKind first, second;
	Memory one = static_memory({ { first, 1 }, { second, 1 } });
	Memory two = static_memory({ { second, 1 }, { first, 1 } });
	Blocks blocks;

	blocks.keep(memtier_kind_malloc(first, 100 * KIB));
	for (int i = 0; i < 50; i++)
		EXPECT_EQ(second,
		    memkind_detect_kind(
			blocks.keep(memtier_malloc(one.get(), KIB))));
	for (int i = 0; i < 50; i++)
		EXPECT_EQ(second,
		    memkind_detect_kind(
			blocks.keep(memtier_malloc(two.get(), KIB))));
}

TEST(MemtierStatic, HasSettingsOfNoName)
{
	Builder builder = make_builder(MEMTIER_POLICY_STATIC_RATIO,
	    { { MEMKIND_DEFAULT, 1 }, { MEMKIND_REGULAR, 1 } });

	EXPECT_EQ(-1, set(builder, "check_cnt", 5U));
	EXPECT_EQ(-1, set(builder, "thresholds[0].val", size_t(5)));
}

/* ---- Settings ------------------------------------------------------------ */

TEST(MemtierSettings, AreKnownByTheirNames)
{
	Builder builder = dynamic_builder({ { MEMKIND_DEFAULT, 1 },
	    { MEMKIND_REGULAR, 1 }, { MEMKIND_INTERLEAVE, 1 } });

	EXPECT_EQ(0, set(builder, "check_cnt", 5U));
	EXPECT_EQ(0, set(builder, "trigger", 0.5F));
	EXPECT_EQ(0, set(builder, "degree", 0.5F));
	for (const char *name : { "thresholds[0].val", "thresholds[0].min",
		 "thresholds[0].max", "thresholds[1].val", "thresholds[1].min",
		 "thresholds[1].max", "thresholds[01].val" })
		EXPECT_EQ(0, set(builder, name, size_t(1))) << name;
	for (const char *name :
	    { "", "check_cn", "check_cnt ", "check_cnt.x", "thresholds",
		"thresholds[0]", "thresholds[0].", "degree.",
		"thresholds[0].va", "thresholds[0].vall", "thresholds[].val",
		"thresholds[-1].val", "thresholds[0x0].val", "thresholds[0]val",
		"thresholds[0.val", "thresholds[2].val", "thresholds[a].val",
		"thresholds[0].val.x", "thresholds[18446744073709551616].val",
		"thresholds[92233720368547758080].val", "Trigger" }) {
		errno = 0;
		EXPECT_EQ(-1, set(builder, name, size_t(1))) << name;
		EXPECT_EQ(EINVAL, errno);
	}
	size_t value = 1;
	for (const char *name : { "", "policy", "policy.static_ratio",
		 "policy.dynamic_threshold", "dynamic_threshold.trigger",
		 "policy..dynamic_threshold.trigger" })
		EXPECT_EQ(-1, memtier_ctl_set(builder.get(), name, &value))
		    << name;
	const char *good = "policy.dynamic_threshold.check_cnt";
	EXPECT_EQ(-1, memtier_ctl_set(builder.get(), nullptr, &value));
	EXPECT_EQ(-1, memtier_ctl_set(builder.get(), good, nullptr));
	EXPECT_EQ(-1, memtier_ctl_set(nullptr, good, &value));
}

TEST(MemtierSettings, NeedTheirTiers)
{
	Builder builder = dynamic_builder({ { MEMKIND_DEFAULT, 1 } });

	EXPECT_EQ(-1, set(builder, "thresholds[0].val", size_t(1)));
	memtier_builder_add_tier(builder.get(), MEMKIND_REGULAR, 1);
	EXPECT_EQ(0, set(builder, "thresholds[0].val", size_t(1000)));
	EXPECT_EQ(-1, set(builder, "thresholds[1].val", size_t(1000)));
	/* Later tiers leave it as it was set. */
	memtier_builder_add_tier(builder.get(), MEMKIND_INTERLEAVE, 1);
	Memory memory = construct(builder);
	EXPECT_EQ(MEMKIND_DEFAULT, next_kind(memory, 999));
	EXPECT_EQ(MEMKIND_REGULAR, next_kind(memory, 1000));
}

TEST(MemtierSettings, DefaultsAreTheLimitsOfOthers)
{
	/* The values that just fit between the defaults of the other two. */
	auto fits = [](const char *name, size_t value) {
		Builder builder = dynamic_builder({ { MEMKIND_DEFAULT, 1 },
		    { MEMKIND_REGULAR, 1 }, { MEMKIND_INTERLEAVE, 1 } });
		must_set(builder, name, value);
		return construct(builder) != nullptr;
	};

	EXPECT_TRUE(fits("thresholds[0].val", 512));
	EXPECT_FALSE(fits("thresholds[0].val", 511));
	EXPECT_TRUE(fits("thresholds[0].val", 1535));
	EXPECT_FALSE(fits("thresholds[0].val", 1536));
	EXPECT_TRUE(fits("thresholds[0].min", 1024));
	EXPECT_FALSE(fits("thresholds[0].min", 1025));
	EXPECT_TRUE(fits("thresholds[0].max", 1024));
	EXPECT_FALSE(fits("thresholds[0].max", 1023));
	EXPECT_TRUE(fits("thresholds[0].max", 1536));
	EXPECT_FALSE(fits("thresholds[0].max", 1537));
	EXPECT_TRUE(fits("thresholds[1].val", 2559));
	EXPECT_FALSE(fits("thresholds[1].val", 2560));
	EXPECT_TRUE(fits("thresholds[1].min", 1535));
	EXPECT_FALSE(fits("thresholds[1].min", 1534));
}

TEST(MemtierSettings, OfLessThanNothingAreRefused)
{
	for (const char *name : { "trigger", "degree" }) {
		Builder builder = dynamic_builder(
		    { { MEMKIND_DEFAULT, 1 }, { MEMKIND_REGULAR, 1 } });
		must_set(builder, name, 0.0F);
		EXPECT_NE(nullptr, construct(builder)) << name;
		must_set(builder, name, -0.01F);
		errno = 0;
		EXPECT_EQ(nullptr, construct(builder)) << name;
		EXPECT_EQ(EINVAL, errno);
		must_set(builder, name, std::nanf(""));
		EXPECT_EQ(nullptr, construct(builder)) << name;
	}
}

/* ---- Blocks and their account -------------------------------------------- */

TEST(MemtierAccount, IsWhatIsUsable)
{
	OwnKind kind;
	void *block;

	EXPECT_EQ(0u, allocated(kind));
	char *first = static_cast<char *>(memtier_kind_malloc(kind, 100));
	size_t sum = memtier_usable_size(first);
	EXPECT_LE(100u, sum);
	EXPECT_EQ(sum, allocated(kind));
	memset(first, 1, sum);
	void *second = memtier_kind_calloc(kind, 10, 100);
	sum += memtier_usable_size(second);
	EXPECT_EQ(sum, allocated(kind));
	ASSERT_EQ(0, memtier_kind_posix_memalign(kind, &block, 4096, 100));
	EXPECT_TRUE(is_aligned_to(block, 4096));
	sum += memtier_usable_size(block);
	EXPECT_EQ(sum, allocated(kind));
	memtier_kind_free(kind, first);
	memtier_kind_free(nullptr, second);
	memtier_free(block);
	EXPECT_EQ(0u, allocated(kind));
	EXPECT_EQ(0u, memtier_usable_size(nullptr));
	memtier_free(nullptr);
	memtier_kind_free(kind, nullptr);
}

/* By the quick ways and the slow ones, whatever the policy. */
TEST(MemtierAccount, IsExactAtEachStep)
{
	OwnKind first, second;
	Builder by_size = dynamic_builder({ { first, 1 }, { second, 1 } });
	Memory memories[] = { static_memory({ { first, 1 } }),
		static_memory({ { first, 1 }, { second, 3 } }),
		construct(by_size) };

	for (const Memory &memory : memories) {
		std::vector<void *> blocks;
		size_t sum = 0;
		for (size_t i = 0; i < 3000; i++) {
			const size_t size = 1 + i * 7919 % (i % 3 ? 300 : 9000);
			void *block = memtier_malloc(memory.get(), size);
			sum += memtier_usable_size(block);
			blocks.push_back(block);
			if (i % 4 == 3) {
				std::swap(blocks[i * 31 % blocks.size()],
				    blocks.back());
				sum -= memtier_usable_size(blocks.back());
				memtier_free(blocks.back());
				blocks.pop_back();
			}
			ASSERT_EQ(sum, allocated(first) + allocated(second));
		}
		for (void *block : blocks)
			memtier_free(block);
		EXPECT_EQ(0u, allocated(first) + allocated(second));
	}
}

TEST(MemtierAccount, FollowsABlockThatIsResized)
{
	OwnKind first, second;
	void *block = memtier_kind_realloc(first, nullptr, 100);

	for (size_t size : { 5000, 100000, 50 }) {
		block = memtier_kind_realloc(first, block, size);
		EXPECT_EQ(memtier_usable_size(block), allocated(first));
	}
	block = memtier_kind_realloc(nullptr, block, 7000);
	EXPECT_EQ(first, memkind_detect_kind(block));
	EXPECT_EQ(memtier_usable_size(block), allocated(first));
	/* A kind that is not the block's: wherever it ends, it counts there. */
	block = memtier_kind_realloc(second, block, 20000);
	memkind_t home = memkind_detect_kind(block);
	EXPECT_EQ(memtier_usable_size(block), allocated(home));
	EXPECT_EQ(0u, allocated(home == first ? second : first));
	EXPECT_EQ(nullptr, memtier_kind_realloc(home, block, 0));
	EXPECT_EQ(0u, allocated(first) + allocated(second));
}

TEST(MemtierAccount, ReallocStaysInTheKindOfTheBlock)
{
	OwnKind kind;
	Memory memory = static_memory({ { MEMKIND_REGULAR, 1 } });
	char *block = static_cast<char *>(memtier_kind_malloc(kind, 100));

	memcpy(block, "content", 8);
	block = static_cast<char *>(
	    memtier_realloc(memory.get(), block, 100000));
	EXPECT_EQ(kind, memkind_detect_kind(block));
	EXPECT_STREQ("content", block);
	EXPECT_EQ(nullptr, memtier_realloc(memory.get(), block, 0));
	EXPECT_EQ(0u, allocated(kind));
}

TEST(MemtierAccount, DoesNotChangeWithoutABlock)
{
	OwnKind kind(16 * MIB);
	Memory memory = static_memory({ { kind, 1 }, { MEMKIND_REGULAR, 0 } });
	char *kept = static_cast<char *>(memtier_kind_malloc(kind, 1000));
	const size_t before = allocated(kind);
	void *block;

	kept[999] = 9;
	for (size_t size : { 64 * MIB, SIZE_MAX / 2, SIZE_MAX }) {
		errno = 0;
		EXPECT_EQ(nullptr, memtier_malloc(memory.get(), size));
		EXPECT_EQ(ENOMEM, errno);
		errno = 0;
		EXPECT_EQ(nullptr, memtier_kind_realloc(kind, kept, size));
		EXPECT_EQ(ENOMEM, errno);
		EXPECT_EQ(ENOMEM,
		    memtier_posix_memalign(memory.get(), &block, 64, size));
	}
	errno = 0;
	EXPECT_EQ(nullptr, memtier_calloc(memory.get(), SIZE_MAX / 2 + 2, 2));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(nullptr, memtier_kind_calloc(kind, SIZE_MAX / 2 + 2, 2));
	EXPECT_EQ(EINVAL, memtier_posix_memalign(memory.get(), &block, 3, 100));
	EXPECT_EQ(before, allocated(kind));
	EXPECT_EQ(9, kept[999]);
	memtier_free(kept);
}

TEST(MemtierAccount, OfNoKindIsNothing)
{
	EXPECT_EQ(0u, allocated(nullptr));
	memkind_t gone = OwnKind();
	EXPECT_EQ(0u, allocated(gone));
	EXPECT_EQ(0u, allocated(reinterpret_cast<memkind_t>(&gone)));
	errno = 0;
	EXPECT_EQ(nullptr, memtier_malloc(nullptr, 10));
	EXPECT_EQ(EINVAL, errno);
}

TEST(MemtierAccount, BeginsAnewWithTheNextKind)
{
	/* The records of kinds are used again, one of them soon. */
	for (int i = 0; i < 10; i++) {
		OwnKind one, two;
		EXPECT_EQ(0u, allocated(one));
		EXPECT_EQ(0u, allocated(two));
		memtier_kind_malloc(one, 100000);
		EXPECT_LE(100000u, allocated(one));
		EXPECT_EQ(0u, allocated(two));
		memtier_kind_malloc(two, 100);
	}
}

TEST(MemtierAccount, ForgetsNothingThatOtherKindsHave)
{
	OwnKind one;
	auto two = std::make_unique<OwnKind>();
	void *block = memtier_kind_malloc(one, 5000);
	const size_t before = allocated(one);

	two.reset();
	OwnKind three;
	memtier_kind_malloc(three, 7000);
	EXPECT_EQ(before, allocated(one));
	memtier_free(block);
	EXPECT_EQ(0u, allocated(one));
}

TEST(MemtierBlocks, OfNoBytesAreThereOnceAKindIsATier)
{
	OwnKind kind;
	void *block;

	EXPECT_EQ(nullptr, memtier_kind_malloc(kind, 0));
	Memory memory = static_memory({ { kind, 1 } });
	Blocks blocks;
	blocks.keep(memtier_malloc(memory.get(), 0));
	blocks.keep(memtier_calloc(memory.get(), 0, 10));
	blocks.keep(memtier_calloc(memory.get(), 10, 0));
	blocks.keep(memtier_realloc(memory.get(), nullptr, 0));
	ASSERT_EQ(0, memtier_posix_memalign(memory.get(), &block, 64, 0));
	blocks.keep(block);
}

TEST(MemtierBlocks, SurviveTheirMemory)
{
	Memory memory = static_memory({ { MEMKIND_REGULAR, 1 } });
	char *block = static_cast<char *>(memtier_calloc(memory.get(), 1, 100));

	memory.reset();
	EXPECT_TRUE(engine::all_bytes_are(block, 100, 0));
	memtier_free(block);
}

/* ---- Threads ------------------------------------------------------------- */

namespace {

void
in_threads(unsigned count, void (*body)(memtier_memory *, unsigned),
    memtier_memory *memory)
{
	std::vector<std::thread> threads;

	for (unsigned i = 0; i < count; i++)
		threads.emplace_back(body, memory, i);
	for (auto &thread : threads)
		thread.join();
}

/* Allocates, resizes and frees, and keeps nothing. */
void
churn(memtier_memory *memory, unsigned seed)
{
	std::vector<void *> blocks(100);

	for (size_t i = 0; i < 20000; i++) {
		void *&block = blocks[(i * 7919 + seed) % blocks.size()];
		const size_t size = 1 + (i * 104729 + seed) % 3000;
		if (i % 5 == 0) {
			block = memtier_realloc(memory, block, size);
			continue;
		}
		memtier_free(block);
		block = memtier_malloc(memory, size);
	}
	for (void *block : blocks)
		memtier_free(block);
}

/* Leaves 1000 blocks of 64 bytes and 100 of 10000 in a list for others. */
std::atomic<size_t> kept_bytes;
std::atomic<void *> kept;

void
leave(memtier_memory *memory, unsigned)
{
	for (int i = 0; i < 1100; i++) {
		void *block = memtier_malloc(memory, i < 1000 ? 64 : 10000);
		kept_bytes += memtier_usable_size(block);
		void *next = kept.load();
		do
			*static_cast<void **>(block) = next;
		while (!kept.compare_exchange_weak(next, block));
	}
}

} // namespace

TEST(MemtierThreads, AccountIsExactWhenTheyAreDone)
{
	OwnKind first, second;
	Memory memory = static_memory({ { first, 1 }, { second, 2 } });

	/* Below zero would look like zero. */
	void *base[] = { memtier_kind_malloc(first, MIB),
		memtier_kind_malloc(second, MIB) };
	/* More of them than there are counters of calls. */
	for (int i = 0; i < 10; i++)
		in_threads(8, churn, memory.get());
	EXPECT_EQ(memtier_usable_size(base[0]), allocated(first));
	EXPECT_EQ(memtier_usable_size(base[1]), allocated(second));
	for (void *block : base)
		memtier_free(block);
}

TEST(MemtierThreads, OneFreesWhatOthersAllocated)
{
	OwnKind first, second;
	Memory memory = static_memory({ { first, 1 }, { second, 4 } });

	kept_bytes = 0;
	in_threads(8, leave, memory.get());
	EXPECT_EQ(kept_bytes, allocated(first) + allocated(second));
	EXPECT_NEAR(
	    4, double(allocated(second)) / double(allocated(first)), 0.4);
	while (kept) {
		void *block = kept;
		kept = *static_cast<void **>(block);
		memtier_free(block);
	}
	EXPECT_EQ(0u, allocated(first) + allocated(second));
}

TEST(MemtierThreads, ThresholdsMoveUnderThem)
{
	OwnKind first, second;
	Builder builder = dynamic_builder({ { first, 1 }, { second, 4 } });

	must_set(builder, "thresholds[0].min", size_t(1));
	must_set(builder, "thresholds[0].max", size_t(100000));
	must_set(builder, "check_cnt", 1U);
	Memory memory = construct(builder);
	in_threads(8, churn, memory.get());
	EXPECT_EQ(0u, allocated(first) + allocated(second));
}
