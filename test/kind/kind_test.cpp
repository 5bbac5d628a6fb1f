/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of kinds, looked at from behind their handles. */
#include "kind_test.h"

TEST(Close, RefusesAHandleThatWasClosed)
{
	poolkind *kind = poolkind_open("dram", 0);

	EXPECT_TRUE(kind_is_open(kind));
	EXPECT_EQ(poolkind_close(kind), 0);
	EXPECT_FALSE(kind_is_open(kind)) << "its record can still be read";
	EXPECT_EQ(poolkind_close(kind), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_TRUE(sentence_names("not an open kind")) << poolkind_errormsg();
}

TEST(Close, RefusesWhatNeverWasAHandle)
{
	std::vector<char> bytes(kind_record_bytes(), 0);

	errno = 0;
	EXPECT_EQ(
	    poolkind_close(reinterpret_cast<poolkind *>(bytes.data())), -1);
	EXPECT_EQ(errno, EINVAL);
	errno = 0;
	EXPECT_EQ(poolkind_close(nullptr), 0);
	EXPECT_EQ(errno, 0);
}

/* A failed open leaves no record that looks like a kind. */
TEST(Open, ThatFailsLeavesNothing)
{
	auto fail = [](int times) {
		for (int i = 0; i < times; i++)
			for (const char *text :
			    { "dram,size=9000000T", "file:/nonexistent,size=1M",
				"nodes:1000,size=1M" })
				EXPECT_EQ(poolkind_open(text, 0), nullptr);
	};
	fail(1); /* what finds addresses is kept */
	size_t records = record_bytes_in_use();
	engine::Facts before = engine::facts();

	fail(100);
	engine::Facts after = engine::facts();
	EXPECT_EQ(record_bytes_in_use(), records);
	EXPECT_EQ(after.mappings, before.mappings);
	EXPECT_EQ(after.descriptors, before.descriptors);
}

/* Before any kind was ever open the fork handlers have nothing to do. Runs in
 * a program of its own: here other tests have opened kinds. */
TEST(Open, ThatFailsFirstLeavesAProcessThatCanFork)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	ASSERT_GT(n, 0);
	self[n] = '\0';
	pid_t child = fork();
	int status;

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		execl(self, self, "--gtest_also_run_disabled_tests",
		    "--gtest_filter=Alone.DISABLED_FailsToOpenAndForks",
		    (char *)nullptr);
		_exit(127);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_EQ(status, 0);
}

TEST(Alone, DISABLED_FailsToOpenAndForks)
{
	EXPECT_EQ(poolkind_open("file:/nonexistent,size=1M", 0), nullptr);
	EXPECT_EQ(forked([] { return 0; }), 0);
}

/* Records, addresses and descriptors are what they were, for every source. */
TEST(Open, AndCloseTenThousandTimesLeaksNothing)
{
	static const char *const texts[] = { "dram", "dram,size=1M",
		"file:/dev/shm,size=1M",
		"file:/dev/shm,size=1M,grow=yes,fork=copy", "nodes:0",
		"dram,name=one-with-a-name-that-is-rather-long" };
	auto round = [&](size_t i) {
		poolkind *kind = poolkind_open(texts[i % 6], 0);
		ASSERT_NE(kind, nullptr) << poolkind_errormsg();
		void *block = poolkind_malloc(kind, 100);
		ASSERT_NE(block, nullptr);
		ASSERT_NE(poolkind_malloc(kind, 100000), nullptr);
		if (i % 2)
			poolkind_free(kind, block);
		ASSERT_EQ(poolkind_close(kind), 0);
	};
	for (size_t i = 0; i < 100; i++)
		round(i);
	size_t records = record_bytes_in_use();
	engine::Facts before = engine::facts();
	for (size_t i = 0; i < 10000 && !HasFatalFailure(); i++)
		round(i);
	engine::Facts after = engine::facts();
	EXPECT_EQ(record_bytes_in_use(), records);
	EXPECT_EQ(after.address, before.address);
	EXPECT_EQ(after.mappings, before.mappings);
	EXPECT_EQ(after.descriptors, before.descriptors);
	EXPECT_LT(after.resident, before.resident + MIB);
}

/* A region's kinds come and go without a trace on the region's neighbours. */
TEST(Open, AndCloseOfRegionsThatTouch)
{
	size_t bytes = 16 * MIB;
	char *memory = (char *)mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(memory, MAP_FAILED);

	for (int i = 0; i < 200; i++) {
		size_t cut = MIB + (size_t)i % 14 * MIB;
		poolkind *high = poolkind_open_region(
		    memory + cut, bytes - cut, nullptr, 0);
		poolkind *low = poolkind_open_region(memory, cut, nullptr, 0);
		ASSERT_TRUE(low != nullptr && high != nullptr)
		    << poolkind_errormsg();
		EXPECT_EQ(poolkind_open_region(
			      memory + cut - MIB, 2 * MIB, nullptr, 0),
		    nullptr);
		EXPECT_EQ(errno, EEXIST);
		for (size_t at = 0; at < bytes; at += MIB)
			ASSERT_EQ(
			    poolkind_of(memory + at), at < cut ? low : high)
			    << at << " of " << cut;
		EXPECT_EQ(poolkind_check(low), 0) << poolkind_errormsg();
		ASSERT_EQ(poolkind_close(i % 2 ? low : high), 0);
		poolkind *left = i % 2 ? high : low;
		for (size_t at = 0; at < bytes; at += MIB)
			ASSERT_EQ(poolkind_of(memory + at),
			    (at < cut) == (left == low) ? left : nullptr);
		ASSERT_EQ(poolkind_close(left), 0);
	}
	munmap(memory, bytes);
}

TEST(Names, AreGivenOrCountedUp)
{
	Kind named("dram,name=scratch"), one("dram"), two("dram");
	unsigned first, second;

	EXPECT_STREQ(poolkind_name(named), "scratch");
	ASSERT_EQ(sscanf(poolkind_name(one), "kind%u", &first), 1);
	ASSERT_EQ(sscanf(poolkind_name(two), "kind%u", &second), 1);
	EXPECT_EQ(second, first + 1);
	EXPECT_STREQ(poolkind_text(named), "dram,name=scratch");
	EXPECT_STREQ(poolkind_text(one), "dram");
}

TEST(Names, AreNeverTheSameForTwoThreads)
{
	std::vector<std::thread> threads;
	std::vector<std::set<std::string>> names(4);
	std::set<std::string> all;

	for (size_t i = 0; i < 4; i++)
		threads.emplace_back([&, i] {
			for (int n = 0; n < 100; n++)
				names[i].insert(poolkind_name(Kind("dram")));
		});
	for (std::thread &thread : threads)
		thread.join();
	for (auto &some : names)
		all.insert(some.begin(), some.end());
	EXPECT_EQ(all.size(), 400u);
}

/* Where there is room, an arena keeps for a moment what was freed; in a kind
 * that is more than half full, all that is free meets in one place, but for the
 * little that threads cache, which is of smaller blocks. */
TEST(Bounded, ArenasKeepWhatIsFreeWhileThereIsRoom)
{
	Kind kind("file:/dev/shm,size=16M");
	std::vector<void *> blocks;

	poolkind_free(kind, poolkind_malloc(kind, 2 * MIB));
	EXPECT_EQ(kind_spans(kind), 2 * MIB);
	for (int i = 0; i < 6; i++)
		blocks.push_back(poolkind_malloc(kind, 2 * MIB));
	for (void *block : blocks) {
		size_t before = kind_spans(kind);

		poolkind_free(kind, block);
		EXPECT_EQ(kind_spans(kind), before - 2 * MIB);
	}
	poolkind_free(kind, poolkind_malloc(kind, 2 * MIB));
	EXPECT_EQ(kind_spans(kind), 2 * MIB) << "there is room again";
	EXPECT_EQ(poolkind_check(kind), 0) << poolkind_errormsg();
}

/* As long as another thread's arena keeps something, none is told NULL. */
TEST(Bounded, WhatAnArenaKeepsIsThereForEverybody)
{
	Kind kind("file:/dev/shm,size=16M");
	void *whole;

	std::thread([&] {
		poolkind_free(kind, poolkind_malloc(kind, 6 * MIB));
	}).join();
	EXPECT_EQ(kind_spans(kind), 6 * MIB);
	whole = poolkind_malloc(kind, 15 * MIB);
	EXPECT_NE(whole, nullptr) << poolkind_errormsg();
	poolkind_free(kind, whole);
}

namespace {

/* Bytes that the kind's arenas have, after 16 MiB in pieces were freed. */
size_t
spans_after_burst(poolkind *kind)
{
	std::vector<void *> blocks;

	for (int i = 0; i < 8; i++)
		blocks.push_back(poolkind_malloc(kind, 2 * MIB));
	for (void *block : blocks)
		poolkind_free(kind, block);
	return kind_spans(kind);
}

} // namespace

/* Ordinary memory is not held until it has decayed once it is much. A hole in a
 * file is dear, and a time that was given holds. */
TEST(Unbounded, MuchFreeSpaceGoesBackAtOnce)
{
	Kind memory("dram"), file("file:/dev/shm,size=1M,grow=yes");
	poolkind *later = kind_open_decaying("dram", 60000);

	EXPECT_LT(spans_after_burst(memory), 8 * MIB);
	EXPECT_EQ(spans_after_burst(file), 16 * MIB);
	EXPECT_EQ(spans_after_burst(later), 16 * MIB);
	EXPECT_EQ(poolkind_close(later), 0);
}
