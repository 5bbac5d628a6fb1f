// SPDX-License-Identifier: BSD-2-Clause
/* background=yes: what a program sees of it. test/arena has the thread's life,
 * test/preload whole programs. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <pthread.h>
#include <sys/wait.h>
#include <vector>

#include "../lib/background.h"
#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"

using namespace engine;

namespace {

void
burst(poolkind *kind, size_t bytes)
{
	std::vector<void *> blocks(bytes / 1000);

	for (void *&block : blocks) {
		block = poolkind_malloc(kind, 1000);
		ASSERT_NE(block, nullptr);
		memset(block, 1, 1000);
	}
	for (void *block : blocks)
		poolkind_free(kind, block);
}

void *
work(void *kind)
{
	burst(static_cast<poolkind *>(kind), MIB);
	EXPECT_TRUE(background_comes());
	return nullptr;
}

/* A child whose first thread opens the kind, allocates nothing and ends; no
 * frames of C++ are left. */
void *
child_without_first(void *child)
{
	pid_t pid = fork();
	pthread_t thread;

	if (pid == 0 &&
	    pthread_create(&thread, nullptr, work,
		poolkind_open("dram,background=yes", 0)) != 0)
		_exit(1);
	if (pid == 0)
		pthread_exit(nullptr);
	*static_cast<pid_t *>(child) = pid;
	return nullptr;
}

} // namespace

TEST(ApiBackground, IsAWordOfTheText)
{
	Kind kind = open_kind("dram,background=yes");

	EXPECT_STREQ(poolkind_text(kind.get()), "dram,background=yes");
	EXPECT_STREQ(
	    poolkind_text(open_kind("dram,background=no").get()), "dram");
	EXPECT_EQ(poolkind_open("dram,background=1", 0), nullptr);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_NE(strstr(poolkind_errormsg(), "known: no, yes"), nullptr)
	    << poolkind_errormsg();
}

TEST(ApiBackground, KindsOfAllSortsShareOneThread)
{
	std::vector<Kind> kinds;

	for (const char *text :
	    { "dram,background=yes", "dram,limit=16M,background=yes",
		"file:/dev/shm,size=16M,background=yes",
		"hbw|dram,background=yes > dram,background=yes" })
		kinds.push_back(open_kind(text));
	for (const Kind &kind : kinds)
		burst(kind.get(), 4 * MIB);
	EXPECT_TRUE(background_comes());
	kinds.clear();
	EXPECT_TRUE(background_comes(0)) << "it ends with the last";
}

/* In kinds that give back what is free in a row no sooner than others. */
TEST(ApiBackground, GivesBackWhileTheProgramSleeps)
{
	Kind kind = open_kind("dram,background=yes");

	burst(kind.get(), 32 * MIB);
	EXPECT_TRUE(eventually(
	    [&] { return stats_of(kind.get()).committed < 24 * MIB; }));
	Stats stats = stats_of(kind.get());
	EXPECT_EQ(stats.live, 0u);
	EXPECT_EQ(stats.allocations, 32 * MIB / 1000);
	EXPECT_EQ(stats.frees, stats.allocations);
	EXPECT_EQ(poolkind_check(kind.get()), 0) << poolkind_errormsg();
	burst(kind.get(), 32 * MIB);
	EXPECT_EQ(poolkind_check(kind.get()), 0) << poolkind_errormsg();
}

TEST(ApiBackground, DoesNotKeepAProcessWhoseThreadsHaveEnded)
{
	pthread_t thread;
	pid_t child = -1;
	int how = -1;

	if (has_address_sanitizer())
		GTEST_SKIP() << "what a first thread that has ended knew of is "
				"a leak to the sanitizer";
	fflush(stdout);
	ASSERT_EQ(
	    pthread_create(&thread, nullptr, child_without_first, &child), 0);
	ASSERT_EQ(pthread_join(thread, nullptr), 0);
	ASSERT_GT(child, 0);
	EXPECT_TRUE(
	    eventually([&] { return waitpid(child, &how, WNOHANG) == child; }));
	if (how == -1)
		kill(child, SIGKILL);
	EXPECT_EQ(how, 0);
}
