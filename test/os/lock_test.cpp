/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock_test.cpp - how threads wait for each other: one at a time, asleep, and
 * over fork.
 */
#include <atomic>
#include <cerrno>
#include <ctime>
#include <thread>
#include <vector>

#include "../lib/watch.h"
#include "os_test.h"

extern "C" {
#include "lock_glue.h"
}

/* Milliseconds that the calling thread was on a processor. */
static double
thread_ms()
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* What WAIT took of a processor, while OTHER did something for long. */
static double
cost_of_waiting(
    const std::function<void()> &wait, const std::function<void()> &other)
{
	std::atomic<bool> begun{ false };
	double cost = 0;
	std::thread waiter([&] {
		double before = thread_ms();

		begun = true;
		wait();
		cost = thread_ms() - before;
	});

	while (!begun)
		usleep(100);
	usleep(200000);
	other();
	waiter.join();
	return cost;
}

TEST(Lock, LetsOneIn)
{
	std::vector<std::thread> threads;
	unsigned count = 0;

	for (int i = 0; i < 8; i++)
		threads.emplace_back([&] {
			for (int round = 0; round < 20000; round++) {
				the_lock_take();
				count++;
				the_lock_give();
			}
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(count, 160000u);
}

TEST(Lock, CanBeTried)
{
	the_lock_take();
	EXPECT_FALSE(the_lock_try());
	the_lock_give();
	EXPECT_TRUE(the_lock_try());
	the_lock_give();
}

/* A thread that the scheduler prefers would keep the lock's holder from
 * running. */
TEST(Lock, IsWaitedForAsleep)
{
	the_lock_take();
	EXPECT_LT(cost_of_waiting(
		      [] {
			      the_lock_take();
			      the_lock_give();
		      },
		      the_lock_give),
	    20);
}

/* What the forking thread held its child gives back, whoever waited for it. */
TEST(Lock, IsGivenBackInTheChildOfAFork)
{
#if defined(__SANITIZE_THREAD__)
	GTEST_SKIP() << "ThreadSanitizer knows no new threads in a child that "
			"was forked beside another thread";
#endif
	int status = -1;
	pid_t child;

	the_lock_take();
	std::thread waiter([] {
		the_lock_take();
		the_lock_give();
	});
	usleep(20000);
	child = fork();
	if (child == 0) {
		the_lock_give();
		std::thread([] {
			the_lock_take();
			the_lock_give();
		}).join();
		_exit(0);
	}
	the_lock_give();
	waiter.join();
	EXPECT_EQ(watch_wait(child, 60, &status), nullptr);
	EXPECT_EQ(status, 0);
}

TEST(Lock, LeavesErrnoAlone)
{
	errno = 77;
	cost_of_waiting([] { the_word_wait_while(0); },
	    [] {
		    the_word_set(1);
		    the_word_wake();
	    });
	the_word_set(0);
	EXPECT_FALSE(the_word_wait_while_for(0, 1));
	EXPECT_EQ(errno, 77);
}

TEST(Word, IsWaitedForAsleep)
{
	the_word_set(1);
	EXPECT_LT(cost_of_waiting([] { the_word_wait_while(1); },
		      [] {
			      the_word_set(2);
			      the_word_wake();
		      }),
	    60);
}

/* Who changes it does not always know that somebody waits. */
TEST(Word, IsLookedAtWithoutAWord)
{
	the_word_set(1);
	EXPECT_LT(cost_of_waiting([] { the_word_wait_until_zero(); },
		      [] {
			      the_word_set(3);
			      usleep(20000);
			      the_word_set(0);
		      }),
	    60);
}

TEST(Word, IsWaitedForSoLong)
{
	the_word_set(1);
	EXPECT_FALSE(the_word_wait_while_for(1, 20));
	EXPECT_TRUE(the_word_wait_while_for(2, 1000000));
	the_word_set(0);
}

static std::atomic<int> done_so_often;

TEST(Once, IsDoneOnceWhileOthersWait)
{
	std::vector<std::thread> threads;
	std::atomic<int> unready{ 0 };

	for (int i = 0; i < 8; i++)
		threads.emplace_back([&] {
			the_once_do([] {
				usleep(20000);
				done_so_often++;
			});
			unready += done_so_often != 1;
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(done_so_often, 1);
	EXPECT_EQ(unready, 0);
}
