/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_stack_test.cpp - stacks of every sort: deep ones, small ones, those of
 * signal handlers and coroutines, and broken ones.
 */
#include "sites_test.h"

#include <csignal>
#include <execinfo.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <vector>

#include "sites_glue.h"

namespace {

class SitesStackTest : public ::testing::Test {
protected:
	SitesStackTest() : library(own_compiler(), "-g -O2")
	{
		EXPECT_TRUE(library.built());
	}
	void
	SetUp() override
	{
		if (!RULES_CAN_WALK)
			GTEST_SKIP() << "no stack is walked on this processor";
	}
	/* One rule for a function of the library, which is opened. */
	unsigned
	start(const char *function)
	{
		Table table;

		EXPECT_TRUE(library.open());
		unsigned rule = table.rule(RULES_FROM_FUNCTION,
		    table.module(library.name()), library.in(function));
		EXPECT_TRUE(table.start());
		return rule;
	}
	Library library;
};

Library *used;
unsigned answer;

const unsigned MOST = 64;
void *frames[MOST];
unsigned frame_count;

__attribute__((noinline)) unsigned
look_at_stack(size_t)
{
	frame_count = sites_stack(frames, MOST, __builtin_return_address(0));
	return frame_count;
}

__attribute__((noinline)) unsigned
look_with_libc(size_t)
{
	void *libc[MOST];
	int count = backtrace(libc, MOST), first = 0;

	/* It begins in this function, or in what a sanitizer puts there. */
	while (first < count && libc[first] != frames[0])
		first++;
	if (count - first != (int)frame_count)
		return 1000 + (unsigned)count;
	for (int i = first; i < count; i++)
		if (libc[i] != frames[i - first])
			return (unsigned)i;
	return 0;
}

TEST_F(SitesStackTest, IsTheOneThatTheUnwinderSees)
{
	IN_CHILD({
		start("middle");
		auto recurse = (unsigned (*)(
		    AskFunction *, size_t, unsigned))library.symbol("recurse");
		AskFunction *ways[] = { look_at_stack, look_with_libc };
		volatile int last_way = 1; /* both by the same call */
		unsigned last = 1;

		for (int way = 0; way <= last_way; way++)
			last = recurse(ways[way], 1, 3);
		EXPECT_GT(frame_count, 6u);
		EXPECT_EQ(last, 0u) << "the frame that differs";
	});
}

/* Calls that differ in their functions, and in how much of the stack each
 * takes, so that one stack begins where another began, and old words of others
 * are between its own. */
unsigned (*next_call[4])(unsigned ways);

template <int way>
__attribute__((noinline)) unsigned
call_next(unsigned ways)
{
	volatile char *room = (volatile char *)__builtin_alloca(
	    64 * (1 + ways / 2 % 4));

	room[0] = way;
	return ways == 1 ? next_call[3](1) + room[0] * 0 :
			   next_call[ways % 2](ways / 8) + room[0] * 0;
}

struct {
	std::vector<void *> frames;
	void *place;
	unsigned held, others, wrong;
} trails;

__attribute__((noinline)) unsigned
look_for_trail(unsigned)
{
	void *place = __builtin_frame_address(0);
	int held;
	frame_count = glue_stack_noted(
	    frames, MOST, __builtin_return_address(0), &held);
	std::vector<void *> now(frames, frames + frame_count);

	trails.held += held;
	trails.others += place == trails.place && now != trails.frames;
	trails.wrong += held && now != trails.frames;
	trails.frames = now;
	trails.place = place;
	return 1;
}

TEST_F(SitesStackTest, IsTheSameWhileItsTrailHolds)
{
	IN_CHILD({
		start("middle");
		next_call[0] = call_next<0>;
		next_call[1] = call_next<1>;
		next_call[3] = look_for_trail;
		unsigned random = 1;
		for (int i = 0; i < 20000; i++) {
			random = random * 1103515245 + 12345;
			/* Three calls, and a way for each. */
			unsigned ways = 512 + (random >> 16) % 512;
			for (int times = 0; times <= (i % 2); times++)
				call_next<0>(ways);
		}
		EXPECT_GE(trails.held, 10000u) << "as many came twice";
		EXPECT_GT(trails.others, 100u) << "from the same place";
		EXPECT_EQ(trails.wrong, 0u);
	});
}

TEST_F(SitesStackTest, IsAsLongAsItMayBe)
{
	IN_CHILD({
		start("middle");
		EXPECT_GE(look_at_stack(1), 3u);
		unsigned all = frame_count;
		void *few[2] = {};
		EXPECT_EQ(sites_stack(few, 2, (void *)own_base()), 1u)
		    << "an address that is not on the stack";
		EXPECT_EQ(few[0], (void *)own_base());
		EXPECT_EQ(sites_stack(few, 0, nullptr), 0u);
		EXPECT_LT(all, MOST);
	});
}

TEST_F(SitesStackTest, OfADeepRecursionIsWalkedToTheBound)
{
	IN_CHILD({
		unsigned rule = start("init_tables");

		auto recurse = (unsigned (*)(
		    AskFunction *, size_t, unsigned))library.symbol("recurse");
		used = &library;
		AskFunction *inside = [](size_t size) -> unsigned {
			auto again = (unsigned (*)(AskFunction *, size_t,
			    unsigned))used->symbol("recurse");

			return again(ask, size, answer);
		};
		auto tables = (unsigned (*)(
		    AskFunction *, size_t))library.symbol("init_tables");
		answer = 100;
		EXPECT_EQ(tables(inside, 1), rule);
		answer = glue_walk_max - 20;
		EXPECT_EQ(tables(inside, 1), rule);
		answer = glue_walk_max + 20;
		EXPECT_EQ(tables(inside, 1), LIMIT);
		EXPECT_EQ(recurse(ask, 1, 50000), LIMIT);
		answer = 100;
		EXPECT_EQ(tables(inside, 1), rule) << "as before";
	});
}

void
handle(int)
{
	answer = ask(1);
}

void
use_signal_stack(void *memory, size_t bytes)
{
	stack_t stack = {};
	struct sigaction action = {};

	stack.ss_sp = memory;
	stack.ss_size = bytes;
	ASSERT_EQ(sigaltstack(&stack, nullptr), 0);
	action.sa_handler = handle;
	action.sa_flags = SA_ONSTACK;
	ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
}

TEST_F(SitesStackTest, GoesOnBelowASignalHandler)
{
	for (bool on_its_own : { false, true })
		IN_CHILD({
			unsigned rule = start("interrupted");
			auto interrupted = (unsigned (*)(int))library.symbol(
			    "interrupted");

			if (on_its_own)
				use_signal_stack(
				    mmap(nullptr, 65536, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
				    65536);
			else
				signal(SIGUSR1, handle);
			for (int i = 0; i < 3; i++) {
				answer = 0;
				interrupted(SIGUSR1);
				EXPECT_EQ(answer, rule);
			}
			EXPECT_EQ(ask(1), LIMIT);
		});
}

/* Runs WHAT on a stack that ends where nothing can be read. */
void
on_coroutine(void (*what)())
{
	static ucontext_t here, there;
	const size_t bytes = 65536;
	char *stack = (char *)mmap(nullptr, bytes + 4096,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_EQ(mprotect(stack + bytes, 4096, PROT_NONE), 0);
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = bytes;
	there.uc_link = &here;
	makecontext(&there, what, 0);
	swapcontext(&here, &there);
	munmap(stack, bytes + 4096);
}

TEST_F(SitesStackTest, OfACoroutineIsWalked)
{
	IN_CHILD({
		unsigned rule = start("init_tables");

		used = &library;
		for (int i = 0; i < 100; i++) {
			answer = 0;
			on_coroutine(
			    [] { answer = used->call("init_tables", 1); });
			EXPECT_EQ(answer, rule);
			on_coroutine([] { answer = ask(1); });
			EXPECT_EQ(answer, LIMIT);
			EXPECT_EQ(library.call("init_tables", 1), rule);
		}
	});
}

#ifdef __x86_64__
TEST_F(SitesStackTest, ThatIsBrokenIsNotFollowed)
{
	IN_CHILD({
		start("init_tables");
		used = &library;
		EXPECT_EQ(library.call("broken", 1), LIMIT);
		on_coroutine([] { answer = used->call("broken", 1); });
		EXPECT_EQ(answer, LIMIT);
		std::vector<pthread_t> threads(4);
		for (pthread_t &thread : threads)
			ASSERT_EQ(pthread_create(
				      &thread, nullptr,
				      [](void *) -> void * {
					      return (void *)(size_t)used->call(
						  "broken", 1);
				      },
				      nullptr),
			    0);
		for (pthread_t thread : threads) {
			void *said;

			pthread_join(thread, &said);
			EXPECT_EQ((size_t)said, LIMIT);
		}
	});
}
#endif

TEST_F(SitesStackTest, OfASmallThreadIsEnough)
{
	IN_CHILD({
		unsigned rule = start("init_tables");
		pthread_attr_t small;
		pthread_t thread;
		void *said;

		used = &library;
		pthread_attr_init(&small);
		/* What the sanitizers want of a thread is more. */
		size_t bytes = PTHREAD_STACK_MIN;
		while (pthread_attr_setstacksize(&small, bytes) != 0 ||
		    pthread_create(
			&thread, &small,
			[](void *) -> void * {
				return (void *)(size_t)used->call(
				    "init_tables", 1);
			},
			nullptr) != 0)
			bytes *= 2;
		pthread_join(thread, &said);
		EXPECT_EQ((size_t)said, rule);
	});
}

TEST_F(SitesStackTest, OfAChildThatAThreadForkedIsWalked)
{
	IN_CHILD({
		unsigned rule = start("init_tables");
		pthread_t thread;
		void *said;

		answer = rule;
		used = &library;
		pthread_create(
		    &thread, nullptr,
		    [](void *) -> void * {
			    int ended = forked_by(fork, [] {
				    return used->call("init_tables", 1) !=
					answer;
			    });
			    return (void *)(size_t)ended;
		    },
		    nullptr);
		pthread_join(thread, &said);
		EXPECT_EQ(said, nullptr);
	});
}

} // namespace
