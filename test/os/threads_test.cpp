/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads for the length of one call, and where they run. */
#include "os_test.h"

#include <atomic>
#include <csignal>
#include <set>
#include <sys/syscall.h>
#include <thread>

namespace {

constexpr unsigned MOST = 8;

/* What each thread says of itself; the tests start one group at a time. */
struct Seen {
	pid_t id[MOST];
	uint64_t mask[MOST];
	std::atomic<unsigned> calls;
};

void
look(void *arg, unsigned number)
{
	auto *seen = static_cast<Seen *>(arg);

	seen->id[number] = (pid_t)syscall(SYS_gettid);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &seen->mask[number],
	    sizeof(uint64_t));
	seen->calls++;
}

bool
is_there(pid_t thread)
{
	return access(("/proc/self/task/" + std::to_string(thread)).c_str(),
		   F_OK) == 0;
}

/* Of 128 KiB of stack it would leave 10. */
thread_local volatile char large[114000];

/* Touches 64 KiB of the stack, the highest first. */
void *
use_stack(void *arg)
{
	volatile char used[64 * 1024];

	for (size_t at = sizeof(used); at > 0; at -= 1024)
		used[at - 1] = 1;
	*static_cast<std::atomic<bool> *>(arg) = used[1023] == 1;
	return nullptr;
}

/* How many threads there were, or a skipped test. */
#define STARTED_OR_SKIP(started, count, what, arg) \
	unsigned started = os_on_threads(count, what, arg); \
	if (started == 0) \
	GTEST_SKIP() << "no threads here: valgrind, a sanitizer, a filter"

} // namespace

TEST(Threads, AreOthersAndGoneAfterwards)
{
	Seen seen = {};
	STARTED_OR_SKIP(started, MOST, look, &seen);

	EXPECT_EQ(started, MOST);
	EXPECT_EQ(seen.calls, MOST);
	EXPECT_EQ(std::set<pid_t>(seen.id, seen.id + MOST).size(), MOST);
	for (pid_t id : seen.id) {
		EXPECT_NE(id, (pid_t)syscall(SYS_gettid));
		/* The kernel has its number a moment longer. */
		while (is_there(id))
			sched_yield();
	}
}

TEST(Threads, HandleNoSignalButTheirOwnAndLeaveTheCallersMask)
{
	sigset_t before, after;
	Seen seen = {};

	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
	STARTED_OR_SKIP(started, 1, look, &seen);
	EXPECT_EQ(started, 1u);
	ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &after), 0);
	for (int signal : { SIGUSR1, SIGTERM, SIGALRM, SIGRTMIN })
		EXPECT_TRUE(seen.mask[0] >> (signal - 1) & 1) << signal;
	for (int signal : { SIGSEGV, SIGSYS })
		EXPECT_FALSE(seen.mask[0] >> (signal - 1) & 1) << signal;
	EXPECT_TRUE(sigismember(&after, SIGUSR2));
	EXPECT_FALSE(sigismember(&after, SIGUSR1));
}

/* Those of the node, though the caller is pinned to one of them. */
TEST(Threads, RunOnAllProcessorsOfTheNode)
{
	cpu_set_t before, one, thread;

	ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
	CPU_ZERO(&one);
	for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
		if (CPU_ISSET(cpu, &before))
			CPU_SET(cpu, &one);
	CPU_ZERO(&thread);
	ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
	unsigned started = os_on_threads(
	    1,
	    [](void *arg, unsigned) {
		    uint64_t nodes[1] = { 1 };

		    os_run_near(nodes, 64);
		    sched_getaffinity(
			0, sizeof(cpu_set_t), static_cast<cpu_set_t *>(arg));
	    },
	    &thread);
	CPU_ZERO(&one);
	ASSERT_EQ(sched_getaffinity(0, sizeof(one), &one), 0);
	ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
	if (started == 0)
		GTEST_SKIP() << "no threads here";
	EXPECT_EQ(CPU_COUNT(&one), 1);
	EXPECT_GE(CPU_COUNT(&thread), 1);
	if (access("/sys/devices/system/node/node0/cpumap", R_OK) == 0 &&
	    access("/sys/devices/system/node/node1", F_OK) != 0) {
		EXPECT_GE(CPU_COUNT(&thread), CPU_COUNT(&before));
	}
}

TEST(Threads, ThatCannotBeMadeAreToldAndNothingIsCalled)
{
	Seen seen = {};

	FAULTS_OR_SKIP();
	os_fault_at(OS_CLONE, 1, EAGAIN, true);
	EXPECT_EQ(os_on_threads(2, look, &seen), 0u);
	os_fault_at(OS_CLONE, 0, 0, false);
	EXPECT_EQ(seen.calls, 0u);
}

/* The runtime of OpenMP binds threads, and one that it has bound may be who
 * makes ours. */
TEST(Threads, RunAnywhereWhoeverMadeThem)
{
	cpu_set_t all, one, found;

	ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	std::thread([&] {
		CPU_ZERO(&one);
		for (int i = 0; CPU_COUNT(&one) == 0; i++)
			if (CPU_ISSET(i, &all))
				CPU_SET(i, &one);
		ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
		std::thread([&] {
			os_run_anywhere();
			sched_getaffinity(0, sizeof(found), &found);
		}).join();
	}).join();
	EXPECT_TRUE(CPU_EQUAL(&found, &all));
}

TEST(Threads, ThatStayHaveTheirStackBesidesTheProgramsTls)
{
	static std::atomic<bool> done;

	large[0] = 1;
	ASSERT_EQ(os_start_thread(use_stack, &done), 0);
	while (!done)
		sched_yield();
}
