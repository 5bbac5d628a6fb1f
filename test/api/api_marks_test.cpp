/* SPDX-License-Identifier: BSD-2-Clause */
/* Marks: large blocks go to the next kind before one is full, and come from it
 * again when it has room; and the program's function that is asked first. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine_kind.h"

using namespace engine;

namespace {

/* Blocks of no cache: they go back to the source when they are freed. */
constexpr size_t LARGE = 2 * MIB;

std::string
text_of(const std::string &text)
{
	return poolkind_text(open_kind(text).get());
}

class Blocks {
public:
	explicit Blocks(poolkind *kind) : kind_(kind) {}
	~Blocks() { free_all(); }
	Blocks(const Blocks &) = delete;
	Blocks &operator=(const Blocks &) = delete;

	/* The kind of a new block of SIZE bytes, which is kept. */
	poolkind *
	take(size_t size = LARGE)
	{
		void *block = poolkind_malloc(kind_, size);

		if (block == nullptr)
			return nullptr;
		memset(block, 1, size);
		blocks_.push_back(block);
		return poolkind_of(block);
	}
	/* How many came from the kind before one came from another. */
	unsigned
	fill(size_t size = LARGE)
	{
		unsigned count = 0;

		while (take(size) == kind_)
			count++;
		return count;
	}
	void
	free_first(unsigned count)
	{
		for (unsigned i = 0; i < count; i++)
			poolkind_free(nullptr, blocks_[i]);
		blocks_.erase(blocks_.begin(), blocks_.begin() + count);
	}
	void
	free_all()
	{
		free_first((unsigned)blocks_.size());
	}

private:
	poolkind *kind_;
	std::vector<void *> blocks_;
};

struct Asked {
	unsigned calls = 0, last = 0;
	size_t size = 0;
	poolkind *kind = nullptr;
	std::vector<void *> spare;
};

/* Frees what is spare, and says to try again as long as there was any. */
int
give_spare(void *arg, poolkind *kind, size_t size, unsigned asked)
{
	Asked *all = static_cast<Asked *>(arg);

	all->calls++;
	all->last = asked;
	all->size = size;
	all->kind = kind;
	if (all->spare.empty())
		return POOLKIND_GO_ON;
	poolkind_free(nullptr, all->spare.back());
	all->spare.pop_back();
	return POOLKIND_TRY_AGAIN;
}

void
expect_refused(const std::string &text, int error, const std::string &sentence)
{
	EXPECT_REFUSED(
	    poolkind_open(text.c_str(), 0) == nullptr, error, sentence);
}

} // namespace

TEST(ApiMarks, FromHighOnBlocksComeFromTheNextKind)
{
	Kind kind = open_kind("dram,limit=40M,high=80% > dram");
	Blocks blocks(kind.get());

	/* 32 MiB of 40 are used when the next is asked for. */
	EXPECT_EQ(16u, blocks.fill());
	EXPECT_EQ(1u, stats_of(kind.get()).spills);
	EXPECT_EQ(0u, stats_of(kind.get()).failures);
	EXPECT_EQ(0u, stats_of(kind.get()).returns);
}

TEST(ApiMarks, SmallerBlocksHaveWhatIsLeft)
{
	Kind kind = open_kind("dram,limit=40M,high=80%,spill-from=1M > dram");
	Blocks large(kind.get()), small(kind.get());

	large.fill();
	/* 8 MiB are left, and of those a little for what small ones need. */
	EXPECT_GT(small.fill(256 * KIB), 24u);
	EXPECT_NE(kind.get(), large.take());
}

TEST(ApiMarks, BelowLowTheyComeFromTheKindAgain)
{
	Kind kind = open_kind("dram,limit=40M,high=80%,low=50% > dram");
	Blocks blocks(kind.get());

	EXPECT_EQ(16u, blocks.fill());
	/* 20 MiB are low: with 20 it spills on, with 18 it does not. */
	blocks.free_first(6);
	EXPECT_NE(kind.get(), blocks.take());
	EXPECT_EQ(0u, stats_of(kind.get()).returns);
	blocks.free_first(1);
	unsigned looks = 0;
	while (blocks.take() != kind.get())
		ASSERT_LE(++looks, 64u);
	EXPECT_EQ(1u, stats_of(kind.get()).returns);
	/* Up to high once more, and not up to low. */
	EXPECT_EQ(6u, blocks.fill());
}

/* Blocks that lie in thread caches are of no use to others, and do not count
 * for a mark: neither before it is met nor when they were freed. */
TEST(ApiMarks, WhatIsFreeInCachesDoesNotCount)
{
	Kind kind = open_kind(
	    "dram,limit=64M,high=90%,low=1%,spill-from=1M > dram");
	Blocks blocks(kind.get()), large(kind.get());

	/* 58 MiB without what caches hold. */
	for (int round = 0; round < 3; round++) {
		unsigned few = 0;
		while (stats_of(kind.get()).live < 57 * MIB) {
			ASSERT_EQ(kind.get(), blocks.take(64 * KIB));
			few++;
		}
		EXPECT_EQ(kind.get(), large.take(MIB)) << round;
		EXPECT_GT(few, 800u);
		unsigned tries = 0;
		while (large.take(MIB) == kind.get())
			ASSERT_LE(++tries, 2u);
		blocks.free_all();
		large.free_all();
		unsigned looks = 0;
		while (large.take(LARGE) != kind.get())
			ASSERT_LE(++looks, 64u);
		large.free_all();
	}
	EXPECT_EQ(3u, stats_of(kind.get()).returns);
}

/* What a thread that lives on has in its cache is taken out of it before a mark
 * counts as met: blocks of another size are made of it, and none spills. */
TEST(ApiMarks, WhatIsFreeInCachesMakesNothingSpill)
{
	Kind kind = open_kind(
	    "dram,limit=64M,high=95%,low=1%,spill-from=64K > dram");
	Blocks blocks(kind.get());
	std::atomic<bool> freed{ false }, done{ false };
	std::thread other([&] {
		Blocks own(kind.get());
		while (stats_of(kind.get()).live < 60 * MIB)
			own.take(32 * KIB);
		own.free_first(96);
		freed = true;
		while (!done)
			std::this_thread::yield();
	});

	while (!freed)
		std::this_thread::yield();
	for (int i = 0; i < 40; i++)
		EXPECT_EQ(kind.get(), blocks.take(64 * KIB)) << i;
	EXPECT_EQ(0u, stats_of(kind.get()).spills);
	done = true;
	other.join();
}

TEST(ApiMarks, WhereTheOthersAreFullTheRestIsHadAllTheSame)
{
	Kind kind = open_kind("dram,limit=40M,high=50% > dram,limit=4M");
	Blocks blocks(kind.get());
	unsigned own = 0, other = 0;

	for (poolkind *from; (from = blocks.take()) != nullptr;)
		(from == kind.get() ? own : other)++;
	EXPECT_EQ(2u, other);
	EXPECT_EQ(20u, own);
	EXPECT_EQ(2u, stats_of(kind.get()).spills);
	EXPECT_EQ(1u, stats_of(kind.get()).failures);
}

TEST(ApiMarks, EachLinkOfALongChainHasItsOwn)
{
	std::vector<Kind> kinds;
	std::vector<unsigned> count(40);
	kinds.push_back(open_kind("dram,name=k0"));
	for (int i = 1; i < 40; i++)
		kinds.push_back(open_kind("dram,limit=4M,high=50%,name=k" +
		    std::to_string(i) + ",fallback=k" + std::to_string(i - 1)));
	Blocks blocks(kinds.back().get());

	for (int i = 0; i < 50; i++) {
		poolkind *from = blocks.take(LARGE);
		for (size_t k = 0; k < kinds.size(); k++)
			count[k] += kinds[k].get() == from;
	}
	for (size_t k = 1; k < kinds.size(); k++)
		EXPECT_EQ(1u, count[k]) << k;
	EXPECT_EQ(11u, count[0]);
	blocks.free_all();
	while (!kinds.empty())
		kinds.pop_back();
}

/* Threads meet high and low again and again: no block is lost, and none is
 * handed out twice. */
TEST(ApiMarks, ThreadsMayMeetThemAtOnce)
{
	Kind kind = open_kind(
	    "dram,limit=24M,high=75%,low=40% > dram,limit=24M,high=50% > dram");
	std::vector<std::thread> threads;

	for (unsigned t = 0; t < 4; t++)
		threads.emplace_back([&kind, t] {
			std::vector<std::pair<void *, size_t>> held(12);
			for (unsigned i = 0; i < 600; i++) {
				auto &[block, size] = held[i * 7 % 12];
				if (block != nullptr) {
					ASSERT_TRUE(painted(block, size, t));
					poolkind_free(nullptr, block);
				}
				size = (64 * KIB << (i + t) % 6) - i;
				block = poolkind_malloc(kind.get(), size);
				ASSERT_NE(nullptr, block);
				paint(block, size, t);
			}
			for (auto &[block, size] : held)
				poolkind_free(nullptr, block);
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(0u, stats_of(kind.get()).live);
	EXPECT_EQ(0u, stats_of(kind.get()).failures);
	EXPECT_GT(stats_of(kind.get()).spills, 0u);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

TEST(ApiMarks, ALimitThatIsRaisedRaisesThem)
{
	Kind kind = open_kind("dram,limit=20M,high=80%,low=70% > dram");
	Blocks blocks(kind.get());

	EXPECT_EQ(8u, blocks.fill());
	EXPECT_EQ(0, poolkind_set_limit(kind.get(), 40 * MIB));
	EXPECT_EQ(8u, blocks.fill());
	EXPECT_EQ(1u, stats_of(kind.get()).returns);
}

/* Without a bound of its own a kind may have what the machine has free. */
TEST(ApiMarks, WithoutALimitTheyAreOfWhatTheMachineHas)
{
	Kind kind = open_kind("dram,high=100% > dram");
	Blocks blocks(kind.get());

	EXPECT_EQ(kind.get(), blocks.take());
	EXPECT_EQ(0u, stats_of(kind.get()).spills);
}

TEST(ApiMarks, TheTextHasThem)
{
	EXPECT_EQ("dram,high=95%,low=85%,spill-from=1M > dram",
	    text_of("dram,spill-from=1024K,low=85%,high=95% > dram"));
	EXPECT_EQ("dram,high=9% > dram", text_of("dram,high=9%>dram"));
	/* What is left of a chain has nowhere to go. */
	EXPECT_EQ("dram,limit=1M",
	    text_of("dram,limit=1M,high=95%,low=9% > nodes:1000"));
}

TEST(ApiMarks, MistakesAreTold)
{
	expect_refused("dram,high=95%", EINVAL, "without a kind to go to");
	expect_refused("dram,high=95%|dram", EINVAL, "without a kind to go to");
	expect_refused(
	    "dram > dram,high=95%", EINVAL, "without a kind to go to");
	expect_refused("dram,low=85% > dram", EINVAL, "low= without high=");
	expect_refused(
	    "dram,spill-from=1M > dram", EINVAL, "spill-from= without high=");
	expect_refused(
	    "dram,high=80%,low=80% > dram", EINVAL, "low=80% with high=80%");
	expect_refused("dram,high=101% > dram", EINVAL, "from 1% to 100%");
	expect_refused("dram,high=90 > dram", EINVAL, "from 1% to 100%");
	Region region(MIB);
	EXPECT_REFUSED(poolkind_open_region(region.start(), region.size(),
			   "high=50%", 0) == nullptr,
	    EINVAL, "without a kind to go to");
}

TEST(ApiMarks, AKindThatFallsBackToItselfIsRefused)
{
	expect_refused("dram,name=round,fallback=round", EINVAL,
	    "fallback=round is the kind itself");
	Kind other = open_kind("dram,name=round");
	EXPECT_NE(nullptr, open_kind("dram,name=round,fallback=round"));
}

TEST(ApiOnFull, IsAskedBeforeNull)
{
	Kind kind = open_kind("dram,limit=8M");
	Blocks blocks(kind.get());
	Asked asked;

	for (int i = 0; i < 2; i++)
		asked.spare.push_back(poolkind_malloc(kind.get(), LARGE));
	EXPECT_EQ(0, poolkind_on_full(kind.get(), give_spare, &asked));
	/* Two blocks as they are, two after a call each, one after none. */
	EXPECT_EQ(kind.get(), blocks.take());
	EXPECT_EQ(kind.get(), blocks.take());
	EXPECT_EQ(0u, asked.calls);
	EXPECT_EQ(kind.get(), blocks.take());
	EXPECT_EQ(1u, asked.calls);
	EXPECT_EQ(kind.get(), asked.kind);
	EXPECT_EQ(LARGE, asked.size);
	EXPECT_EQ(kind.get(), blocks.take());
	EXPECT_EQ(0u, stats_of(kind.get()).failures);
	errno = 0;
	EXPECT_EQ(nullptr, blocks.take());
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(3u, asked.calls);
	EXPECT_EQ(0u, asked.last) << "a request of its own";
	EXPECT_EQ(1u, stats_of(kind.get()).failures);
	EXPECT_EQ(0, poolkind_on_full(kind.get(), nullptr, nullptr));
	EXPECT_EQ(nullptr, blocks.take());
	EXPECT_EQ(3u, asked.calls);
}

TEST(ApiOnFull, IsToldHowOftenItWasAsked)
{
	Kind kind = open_kind("dram,limit=8M");
	std::vector<unsigned> seen;

	poolkind_on_full(
	    kind.get(),
	    [](void *arg, poolkind *, size_t, unsigned asked) {
		    static_cast<std::vector<unsigned> *>(arg)->push_back(asked);
		    return asked < 3 ? POOLKIND_TRY_AGAIN : POOLKIND_GO_ON;
	    },
	    &seen);
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 9 * MIB));
	EXPECT_EQ((std::vector<unsigned>{ 0, 1, 2, 3 }), seen);
}

TEST(ApiOnFull, IsAskedBeforeTheNextKindIs)
{
	Kind kind = open_kind("dram,limit=40M,high=50%,low=40% > dram");
	Blocks blocks(kind.get());
	Asked asked;

	EXPECT_EQ(10u, blocks.fill());
	EXPECT_EQ(0, poolkind_on_full(kind.get(), give_spare, &asked));
	EXPECT_NE(kind.get(), blocks.take());
	EXPECT_EQ(1u, asked.calls);
	EXPECT_EQ(2u, stats_of(kind.get()).spills);
}

TEST(ApiOnFull, MayRaiseTheLimit)
{
	Kind kind = open_kind("dram,limit=4M");
	Blocks blocks(kind.get());

	poolkind_on_full(
	    kind.get(),
	    [](void *, poolkind *full, size_t, unsigned asked) {
		    poolkind_set_limit(full, 16 * MIB);
		    return asked == 0 ? POOLKIND_TRY_AGAIN : POOLKIND_GO_ON;
	    },
	    nullptr);
	EXPECT_EQ(8u, blocks.fill());
}

/* What it allocates itself is answered as if there was no function. */
TEST(ApiOnFull, IsNotAskedForWhatItAllocates)
{
	struct Own {
		unsigned calls = 0;
		void *spilled = nullptr;
		void *none = nullptr;
		Kind other;
	} own;
	Kind kind = open_kind("dram,limit=4M > dram");
	auto full = [](void *arg, poolkind *from, size_t, unsigned) {
		Own *all = static_cast<Own *>(arg);
		all->calls++;
		all->spilled = poolkind_malloc(from, 5 * MIB);
		all->none = poolkind_malloc(all->other.get(), 5 * MIB);
		return POOLKIND_GO_ON;
	};

	own.other = open_kind("dram,limit=4M");
	poolkind_on_full(kind.get(), full, &own);
	poolkind_on_full(own.other.get(), full, &own);
	void *block = poolkind_malloc(kind.get(), 5 * MIB);
	EXPECT_NE(nullptr, block);
	EXPECT_NE(nullptr, own.spilled);
	EXPECT_EQ(nullptr, own.none);
	EXPECT_EQ(1u, own.calls);
	poolkind_free(nullptr, block);
	poolkind_free(nullptr, own.spilled);
}

/* No lock is held: another thread allocates, opens, closes and forks while one
 * is in the function, which waits for it. */
TEST(ApiOnFull, HoldsNoLock)
{
	Kind kind = open_kind("dram,limit=4M");

	poolkind_on_full(
	    kind.get(),
	    [](void *, poolkind *full, size_t, unsigned asked) {
		    std::thread other([full] {
			    void *block = poolkind_malloc(full, MIB);
			    EXPECT_NE(nullptr, block);
			    Kind more = open_kind("dram,limit=4M");
			    poolkind_free(full, block);
			    EXPECT_EQ(0, poolkind_trim(full));
			    EXPECT_EQ(0, poolkind_check(full));
			    EXPECT_EQ(
				0, poolkind_on_full(full, nullptr, nullptr));
			    pid_t child = fork();
			    if (child == 0)
				    _exit(
					poolkind_malloc(full, MIB) == nullptr);
			    int status = 1;
			    EXPECT_EQ(child, waitpid(child, &status, 0));
			    EXPECT_EQ(0, status);
		    });
		    other.join();
		    return asked == 0 ? POOLKIND_TRY_AGAIN : POOLKIND_GO_ON;
	    },
	    nullptr);
	EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 5 * MIB));
}

TEST(ApiOnFull, ManyThreadsMayBeInItAtOnce)
{
	constexpr unsigned THREADS = 4;
	struct Shared {
		std::atomic<unsigned> inside{ 0 };
	} shared;
	Kind kind = open_kind("dram,limit=4M");
	std::vector<std::thread> threads;

	/* Each waits for all of them. */
	poolkind_on_full(
	    kind.get(),
	    [](void *arg, poolkind *, size_t, unsigned) {
		    Shared *all = static_cast<Shared *>(arg);
		    all->inside++;
		    while (all->inside < THREADS)
			    std::this_thread::yield();
		    return POOLKIND_GO_ON;
	    },
	    &shared);
	for (unsigned i = 0; i < THREADS; i++)
		threads.emplace_back([&] {
			EXPECT_EQ(
			    nullptr, poolkind_malloc(kind.get(), 5 * MIB));
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(THREADS, shared.inside);
}

TEST(ApiOnFull, AKindMustBeOpen)
{
	EXPECT_REFUSED(poolkind_on_full(nullptr, give_spare, nullptr) == -1,
	    EINVAL, "the kind is NULL");
}
