/* SPDX-License-Identifier: BSD-2-Clause */
/* memtier's policy of moving thresholds. */
#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <unistd.h>

#include "../../lib/forked.h"
#include "memtier_test.h"

namespace {

/* The first size that comes from the second of two tiers, which are in
 * BUILDER with some other check_cnt; found without a check in between. */
size_t
threshold(memkind_t first, const Memory &memory)
{
	size_t low = 0, high = MIB;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		(next_kind(memory, middle) == first ? low : high) = middle;
	}
	return high;
}

/* What THRESHOLD needs at most. */
constexpr unsigned PROBES = 20;

/* A memory of two tiers, the second with SHARE times what the first has, which
 * looks at its shares after CALLS calls. */
class Two {
public:
	explicit Two(unsigned share, unsigned calls = PROBES + 10)
	    : builder(dynamic_builder({ { first, 1 }, { second, share } }))
	{
		must_set(builder, "thresholds[0].min", size_t(1));
		must_set(builder, "thresholds[0].max", size_t(MIB / 2));
		must_set(builder, "thresholds[0].val", size_t(10000));
		must_set(builder, "trigger", 0.1F);
		must_set(builder, "check_cnt", calls);
	}
	void
	make()
	{
		memory = construct(builder);
		ASSERT_NE(nullptr, memory);
	}
	/* BYTES in each tier, and no call. */
	void
	fill(size_t in_first, size_t in_second)
	{
		if (in_first != 0)
			blocks.keep(memtier_kind_malloc(first, in_first));
		if (in_second != 0)
			blocks.keep(memtier_kind_malloc(second, in_second));
	}
	void
	call(unsigned times)
	{
		for (unsigned i = 0; i < times; i++)
			next_kind(memory, 100);
	}
	size_t
	threshold() const
	{
		return ::threshold(first, memory);
	}

	OwnKind first, second;
	Builder builder;
	Memory memory;
	Blocks blocks;
};

} // namespace

TEST(MemtierDynamic, SplitsBySizeWithItsDefaults)
{
	OwnKind first, second, third;
	Memory memory = construct(
	    dynamic_builder({ { first, 1 }, { second, 1 }, { third, 1 } }));

	for (size_t size : { 0, 1, 512, 1023 })
		EXPECT_EQ(first, next_kind(memory, size)) << size;
	for (size_t size : { 1024, 2047 })
		EXPECT_EQ(second, next_kind(memory, size)) << size;
	for (size_t size : { 2048, 100000 })
		EXPECT_EQ(third, next_kind(memory, size)) << size;
}

TEST(MemtierDynamic, SplitsByTheProductAndTheNewSize)
{
	OwnKind first, second;
	Memory memory = construct(
	    dynamic_builder({ { first, 1 }, { second, 1 } }));
	Blocks blocks;
	void *block;

	EXPECT_EQ(first,
	    memkind_detect_kind(
		blocks.keep(memtier_calloc(memory.get(), 10, 100))));
	EXPECT_EQ(second,
	    memkind_detect_kind(
		blocks.keep(memtier_calloc(memory.get(), 10, 103))));
	EXPECT_EQ(second,
	    memkind_detect_kind(
		blocks.keep(memtier_realloc(memory.get(), nullptr, 1024))));
	ASSERT_EQ(0, memtier_posix_memalign(memory.get(), &block, 4096, 1023));
	EXPECT_EQ(first, memkind_detect_kind(blocks.keep(block)));
	ASSERT_EQ(0, memtier_posix_memalign(memory.get(), &block, 64, 1024));
	EXPECT_EQ(second, memkind_detect_kind(blocks.keep(block)));
}

TEST(MemtierDynamic, MovesTowardsTheTierThatLacks)
{
	/* The share is 4, so the first is 2 below, the last 4 above it. */
	for (auto &one : std::initializer_list<std::pair<size_t, size_t>>{
		 { 2, 8500 }, { 4, 10000 }, { 8, 11500 } }) {
		Two two(4);
		two.make();
		two.fill(MIB, one.first * MIB);
		two.call(PROBES + 10);
		EXPECT_EQ(one.second, two.threshold()) << one.first;
	}
}

TEST(MemtierDynamic, LooksWhenItsCallsAreMade)
{
	Two two(4, 100);
	two.make();
	two.fill(MIB, 0);
	two.call(99 - PROBES);
	EXPECT_EQ(10000u, two.threshold());
	two.call(1);
	two.call(99 - PROBES);
	EXPECT_EQ(8500u, two.threshold());
}

TEST(MemtierDynamic, HasDefaults)
{
	/* What the second tier has more, in per cent. 1024 less 15 % is 870. */
	for (int more : { -1, -3 }) {
		OwnKind first, second;
		Memory memory = construct(
		    dynamic_builder({ { first, 1 }, { second, 1 } }));
		Blocks blocks;

		for (int i = 0; i < 100; i++)
			blocks.keep(memtier_kind_malloc(first, 16 * KIB));
		for (int i = 0; i < 100 + more; i++)
			blocks.keep(memtier_kind_malloc(second, 16 * KIB));
		for (int i = 0; i < 20; i++)
			EXPECT_EQ(first, next_kind(memory, 1000)) << i;
		EXPECT_EQ(more == -1 ? first : second, next_kind(memory, 1000));
		EXPECT_EQ(more == -1 ? first : second, next_kind(memory, 870));
		EXPECT_EQ(first, next_kind(memory, 869));
	}
}

TEST(MemtierDynamic, CountsEachFunctionOfAMemory)
{
	using Call = void (*)(memtier_memory *, void *&block);
	for (Call call : std::initializer_list<Call>{
		 [](memtier_memory *memory, void *&) {
			 memtier_free(memtier_malloc(memory, 1));
		 },
		 [](memtier_memory *memory, void *&) {
			 memtier_free(memtier_calloc(memory, 1, 1));
		 },
		 [](memtier_memory *memory, void *&block) {
			 block = memtier_realloc(memory, block, 1);
		 },
		 [](memtier_memory *memory, void *&) {
			 void *block;
			 memtier_posix_memalign(memory, &block, 64, 1);
			 memtier_free(block);
		 } }) {
		Two two(4, 100);
		void *block = nullptr;
		two.make();
		two.fill(MIB, 0);
		for (int i = 0; i < 100; i++)
			call(two.memory.get(), block);
		EXPECT_EQ(8500u, two.threshold());
		memtier_free(block);
	}
}

TEST(MemtierDynamic, DoesNotCountOtherCalls)
{
	Two two(4, 100);
	two.make();
	two.fill(MIB, 0);
	for (int i = 0; i < 200; i++)
		memtier_free(memtier_kind_malloc(two.first, 1));
	EXPECT_EQ(10000u, two.threshold());
}

TEST(MemtierDynamic, NeverLooksAfterNoCalls)
{
	Two two(4, 0);
	two.make();
	two.fill(MIB, 0);
	two.call(1000);
	EXPECT_EQ(10000u, two.threshold());
}

TEST(MemtierDynamic, LeavesAThresholdOnItsWayBack)
{
	Two two(4, 100);
	two.make();
	two.fill(MIB, 0);
	two.call(100);
	EXPECT_EQ(8500u, two.threshold());
	two.fill(0, MIB); /* 1 : 1 is nearer to 1 : 4 than 1 : 0 */
	two.call(100 - PROBES);
	EXPECT_EQ(8500u, two.threshold());
	two.call(100 - PROBES); /* and now it is no nearer than it was */
	EXPECT_EQ(7225u, two.threshold());
}

TEST(MemtierDynamic, StaysWithinTheTrigger)
{
	for (float trigger : { 1.9F, 2.1F }) {
		Two two(4);
		must_set(two.builder, "trigger", trigger);
		two.make();
		two.fill(MIB, 2 * MIB);
		two.call(PROBES + 10);
		EXPECT_EQ(trigger < 2 ? 8500u : 10000u, two.threshold());
	}
}

TEST(MemtierDynamic, MovesByItsDegree)
{
	for (auto &one : std::initializer_list<std::pair<float, size_t>>{
		 { 0.5F, 5000 }, { 0.00001F, 9999 }, { 0, 10000 } }) {
		Two two(4);
		must_set(two.builder, "degree", one.first);
		two.make();
		two.fill(MIB, 0);
		two.call(PROBES + 10);
		EXPECT_EQ(one.second, two.threshold()) << one.first;
	}
}

TEST(MemtierDynamic, StaysBetweenItsBounds)
{
	for (size_t in_second : { size_t(0), 8 * MIB }) {
		Two two(4, 1);
		must_set(two.builder, "thresholds[0].min", size_t(9000));
		must_set(two.builder, "thresholds[0].max", size_t(11000));
		two.make();
		two.fill(MIB, in_second);
		two.call(20);
		EXPECT_EQ(in_second == 0 ? two.first : two.second,
		    next_kind(two.memory, in_second == 0 ? 8999 : 11000));
		EXPECT_EQ(in_second == 0 ? two.second : two.first,
		    next_kind(two.memory, in_second == 0 ? 9000 : 10999));
	}
}

TEST(MemtierDynamic, ComesBackFromZero)
{
	Two two(4, 1);
	must_set(two.builder, "thresholds[0].min", size_t(0));
	must_set(two.builder, "thresholds[0].val", size_t(1));
	two.make();
	two.fill(MIB, 0);
	two.call(2);
	EXPECT_EQ(two.second, next_kind(two.memory, 0));
	two.fill(0, 32 * MIB);
	two.call(3);
	EXPECT_EQ(two.first, next_kind(two.memory, 0));
}

/* Also in one that was made while another thread was just moving them. */
TEST(MemtierDynamic, MovesInEveryChild)
{
	Builder builder = dynamic_builder(
	    { { MEMKIND_DEFAULT, 1 }, { MEMKIND_REGULAR, 4 } });
	std::vector<std::thread> threads;
	std::atomic<bool> done(false);
	Blocks blocks;

	must_set(builder, "thresholds[0].min", size_t(1));
	must_set(builder, "thresholds[0].max", size_t(100000));
	must_set(builder, "check_cnt", 1U);
	Memory memory = construct(builder);
	/* So the threshold is low in the parent, and in the child it rises. */
	blocks.keep(memtier_kind_malloc(MEMKIND_DEFAULT, MIB));
	for (int i = 0; i < 2; i++)
		threads.emplace_back([&] {
			while (!done)
				next_kind(memory, 100);
		});
	for (int i = 0; i < 100; i++)
		EXPECT_EQ(0, forked_by(fork, [&] {
			memtier_kind_malloc(MEMKIND_REGULAR, 64 * MIB);
			for (int call = 0; call < 200; call++)
				next_kind(memory, 100);
			return next_kind(memory, 99999) != MEMKIND_DEFAULT;
		}));
	done = true;
	for (std::thread &thread : threads)
		thread.join();
}

TEST(MemtierDynamic, ReachesItsShares)
{
	OwnKind first, second;
	Builder builder = dynamic_builder({ { first, 1 }, { second, 4 } });
	Blocks blocks;

	must_set(builder, "thresholds[0].min", size_t(1));
	must_set(builder, "thresholds[0].max", size_t(100000));
	Memory memory = construct(builder);
	for (size_t i = 1; i <= 20000; i++)
		blocks.keep(memtier_malloc(memory.get(), 1 + i * 7919 % 2000));
	EXPECT_NEAR(
	    4, double(allocated(second)) / double(allocated(first)), 0.4);
}
