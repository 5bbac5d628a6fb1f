/* SPDX-License-Identifier: BSD-2-Clause */
/* Each variable of the environment, valid and not, in programs of their own. */
#include "../memkind_test.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <thread>

using namespace engine;
using namespace memkinds;

/* ---- Arenas -------------------------------------------------------------- */

MEMKIND_PROGRAM(arenas)
{
	memkind_t kind = untouched();
	int error = memkind_create_pmem("/tmp", 0, &kind);
	void *block = memkind_malloc(MEMKIND_REGULAR, 100);
	printf("%d %d %s %d\n", error, kind == untouched(),
	    name_of(memkind_detect_kind(block)).c_str(),
	    memkind_check_available(MEMKIND_REGULAR));
	if (error == 0 && !memkind_malloc(kind, 100))
		return 1;
	return 0;
}

TEST(EnvironArenas, Numbers)
{
	for (const char *number : { "1", "2", "3", "64", "1000", "2147483647" })
		EXPECT_EQ("0 0 REGULAR 0\n",
		    said_by("arenas",
			{ std::string("MEMKIND_ARENA_NUM_PER_KIND=") +
			    number }));
}

TEST(EnvironArenas, NoNumber)
{
	for (const char *text :
	    { "0", "-1", "abc", "1x", "2147483648", "99999999999999999999" }) {
		std::string said = said_by("arenas",
		    { std::string("MEMKIND_ARENA_NUM_PER_KIND=") + text });
		EXPECT_EQ(1u, count_of(said, "-12 1 NULL -12\n")) << said;
		EXPECT_EQ(1u, count_of(said, "MEMKIND_WARNING: ")) << said;
	}
}

TEST(EnvironArenas, EmptyIsNotSet)
{
	EXPECT_EQ("0 0 REGULAR 0\n",
	    said_by("arenas", { "MEMKIND_ARENA_NUM_PER_KIND=" }));
}

/* Who stands on libmemkind in malloc's place needs MEMKIND_DEFAULT. */
MEMKIND_PROGRAM(default_alone)
{
	void *block = memkind_malloc(MEMKIND_DEFAULT, 100);
	printf("%s %d\n", name_of(memkind_detect_kind(block)).c_str(),
	    memkind_check_available(MEMKIND_DEFAULT));
	return memkind_malloc(MEMKIND_REGULAR, 100) != nullptr;
}

TEST(EnvironArenas, LeavesDefaultWhereItIsNoNumber)
{
	std::string said = said_by(
	    "default_alone", { "MEMKIND_ARENA_NUM_PER_KIND=1x" });
	EXPECT_EQ(1u, count_of(said, "DEFAULT 0\n")) << said;
	EXPECT_EQ(1u, count_of(said, "MEMKIND_WARNING: ")) << said;
}

/* Threads meet in blocks that none of them keeps. */
MEMKIND_PROGRAM(arenas_used)
{
	std::vector<std::thread> threads;
	for (int number = 0; number < 8; number++)
		threads.emplace_back([] {
			for (int i = 0; i < 20000; i++)
				memkind_free(MEMKIND_REGULAR,
				    memkind_malloc(MEMKIND_REGULAR, 100000));
		});
	for (std::thread &thread : threads)
		thread.join();
	return memkind_stats_print(nullptr, nullptr, MEMKIND_STAT_PRINT_ALL);
}

TEST(EnvironArenas, NoMoreThanThat)
{
	std::string said = said_by(
	    "arenas_used", { "MEMKIND_ARENA_NUM_PER_KIND=1" });
	EXPECT_EQ(1u, count_of(said, "arenas[0]:")) << said;
	EXPECT_EQ(0u, count_of(said, "arenas[1]:")) << said;
}

/* ---- Keeping what was freed ---------------------------------------------- */

/* How many of 30 MiB a conservative kind still has after they were freed. */
MEMKIND_PROGRAM(hog)
{
	Directory directory("/tmp");
	if (!mount_tmpfs(directory.path(), 64 * MIB).empty())
		return engine::SKIPPED;
	size_t all = free_bytes(directory.path());
	Made kind = make_conservative(directory.path());
	Blocks blocks;
	blocks.fill(kind.get(), MIB, 30);
	blocks.free_all(kind.get());
	printf("%d", int((all - free_bytes(directory.path())) / (10 * MIB)));
	return 0;
}

static std::string
left_after(const char *variable)
{
	Ran ran = run_program("hog", { variable });
	return ran.ending.code == SKIPPED ? "skipped" : ran.said;
}

TEST(EnvironHog, KeepsMemory)
{
	if (left_after("MEMKIND_HOG_MEMORY=1") == "skipped")
		GTEST_SKIP() << "cannot mount a tmpfs";
	EXPECT_EQ("3", left_after("MEMKIND_HOG_MEMORY=1"));
	for (const char *other :
	    { "MEMKIND_HOG_MEMORY=0", "MEMKIND_HOG_MEMORY=" })
		EXPECT_EQ("0", left_after(other)) << other;
	for (const char *other :
	    { "MEMKIND_HOG_MEMORY=11", "MEMKIND_HOG_MEMORY=yes" })
		EXPECT_EQ(std::string("MEMKIND_WARNING: ") + other +
			" is neither 0 nor 1: memory is given back\n0",
		    left_after(other));
}

/* ---- What is said -------------------------------------------------------- */

TEST(EnvironDebug, SaysWhatIsDone)
{
	std::string said = said_by(
	    "arenas", { "MEMKIND_DEBUG=1", "MEMKIND_HBW_NODES=0" });
	EXPECT_LE(2u, count_of(said, "MEMKIND_INFO: ")) << said;
	EXPECT_EQ(1u, count_of(said, "0 0 REGULAR 0\n")) << said;
	EXPECT_LE(1u, count_of(said, "memkind_regular")) << said;
	said = said_by("codes", { "MEMKIND_DEBUG=1" });
	EXPECT_LE(1u, count_of(said, "MEMKIND_INFO: ")) << said;
	EXPECT_LE(1u, count_of(said, "memkind_hbw")) << said;
}

MEMKIND_PROGRAM(again)
{
	for (int i = 0; i < 3; i++) {
		memkind_check_available(MEMKIND_HBW);
		memkind_check_available(MEMKIND_HBW_ALL);
		memkind_check_available(MEMKIND_DAX_KMEM);
	}
	return 0;
}

TEST(EnvironDebug, SaysEachThingOnce)
{
	std::string said = said_by("again", { "MEMKIND_DEBUG=1" }), line;
	std::istringstream lines(said);

	EXPECT_LE(2u, count_of(said, "MEMKIND_INFO: ")) << said;
	while (std::getline(lines, line))
		EXPECT_EQ(1u, count_of(said, line + "\n")) << line;
}

TEST(EnvironDebug, IsQuietWithoutIt)
{
	EXPECT_EQ("0 0 REGULAR 0\n", said_by("arenas"));
}

TEST(EnvironDebug, OtherValues)
{
	EXPECT_EQ("0 0 REGULAR 0\n", said_by("arenas", { "MEMKIND_DEBUG=" }));
	for (const char *text : { "0", "2", "yes" }) {
		std::string said = said_by(
		    "arenas", { std::string("MEMKIND_DEBUG=") + text });
		EXPECT_EQ(0u, said.find("MEMKIND_WARNING: debug option "));
		EXPECT_EQ(0u, count_of(said, "MEMKIND_INFO")) << said;
		EXPECT_EQ(2u, count_of(said, "\n")) << said;
	}
}

/* ---- Background threads -------------------------------------------------- */

MEMKIND_PROGRAM(threads)
{
	if (facts().threads != 1)
		return 1;
	if (memkind_set_bg_threads(true) != 0 || facts().threads == 1)
		return 2;
	return memkind_set_bg_threads(false);
}

TEST(EnvironLimit, Numbers)
{
	for (const char *text : { "", "0", "1", "4", "4294967295" })
		EXPECT_EQ("",
		    said_by("threads",
			{ std::string("MEMKIND_BACKGROUND_THREAD_LIMIT=") +
			    text }));
}

TEST(EnvironLimit, NoNumberEndsTheProcess)
{
	for (const char *text : { "abc", "-1", "1x", "4294967296" }) {
		Ran ran = run_program("threads",
		    { std::string("MEMKIND_BACKGROUND_THREAD_LIMIT=") + text });
		EXPECT_EQ(Ending::Signalled, ran.ending.how) << text;
		EXPECT_EQ(SIGABRT, ran.ending.code) << text;
		EXPECT_EQ(0u, ran.said.find("MEMKIND_FATAL: ")) << ran.said;
		EXPECT_EQ(1u, count_of(ran.said, "\n")) << ran.said;
	}
}

/* It can be ended as any. A sanitizer may have a thread of its own. */
MEMKIND_PROGRAM(threads_from_the_start)
{
	size_t before = facts().threads;

	memkind_set_bg_threads(false);
	printf("%zu fewer\n", before - facts().threads);
	return 0;
}

TEST(EnvironConf, StartsTheThread)
{
	EXPECT_EQ("1 fewer\n",
	    said_by("threads_from_the_start",
		{ "JEMK_MALLOC_CONF=background_thread:true" }));
	for (const char *text : { "", "background_thread:false" })
		EXPECT_EQ("0 fewer\n",
		    said_by("threads_from_the_start",
			{ std::string("JEMK_MALLOC_CONF=") + text }));
}

/* ---- The rest ------------------------------------------------------------ */

TEST(EnvironHeapManager, IsOneAlone)
{
	for (const char *text : { "", "JEMALLOC" })
		EXPECT_EQ("0 0 REGULAR 0\n",
		    said_by("arenas",
			{ std::string("MEMKIND_HEAP_MANAGER=") + text }));
	for (const char *text : { "TBB", "other" }) {
		std::string said = said_by(
		    "arenas", { std::string("MEMKIND_HEAP_MANAGER=") + text });
		EXPECT_EQ(0u, said.find("MEMKIND_WARNING: ")) << said;
		EXPECT_EQ(1u, count_of(said, "0 0 REGULAR 0\n")) << said;
	}
}

TEST(EnvironFork, NoWord)
{
	for (const char *text : { "", "copy", "shared", "refuse", "private" })
		EXPECT_EQ("0 0 REGULAR 0\n",
		    said_by("arenas",
			{ std::string("MEMKIND_PMEM_FORK=") + text }));
	for (const char *text : { "Copy", "copied" }) {
		std::string said = said_by(
		    "arenas", { std::string("MEMKIND_PMEM_FORK=") + text });
		EXPECT_EQ(1u, count_of(said, "MEMKIND_WARNING: "));
		EXPECT_EQ(1u, count_of(said, "0 0 REGULAR 0\n")) << said;
	}
}

TEST(EnvironConf, OfJemalloc)
{
	EXPECT_EQ("0 0 REGULAR 0\n",
	    said_by("arenas",
		{ "JEMK_MALLOC_CONF=narenas:4,dirty_decay_ms:-1,tcache:false,"
		  "background_thread:true,retain:false,thp:never" }));
	std::string said = said_by(
	    "arenas", { "JEMK_MALLOC_CONF=stats_print:true" });
	EXPECT_EQ(1u, count_of(said, "--- End jemalloc statistics ---"));
	said = said_by("arenas", { "JEMK_MALLOC_CONF=nosuch:1,narenas:x" });
	EXPECT_EQ(
	    1u, count_of(said, "<jemalloc>: Invalid conf pair: nosuch:1"));
	EXPECT_EQ(1u, count_of(said, "<jemalloc>: Invalid conf value: "));
	EXPECT_EQ(1u, count_of(said, "0 0 REGULAR 0\n")) << said;
}
