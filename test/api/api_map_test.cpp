/* SPDX-License-Identifier: BSD-2-Clause */
/* poolkind_on_map(): a registrar that knows of all memory of a kind, and looks
 * that no block lies in memory that it does not know. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/lone_child.h"
#include "../lib/registrar.h"

using namespace engine;

namespace {

class MapHook : public testing::TestWithParam<const char *> {
protected:
	void
	SetUp() override
	{
		Kind kind(poolkind_open(GetParam(), 0));

		if (!kind && errno == ENOSYS)
			GTEST_SKIP() << poolkind_errormsg();
	}
};

INSTANTIATE_TEST_SUITE_P(Kinds, MapHook,
    testing::Values("dram", "dram,limit=24M", "dram,populate=yes,limit=24M",
	"nodes:0,limit=24M", "dram,page=thp,limit=32M",
	"file:/dev/shm,size=24M", "capacity,limit=24M"));

/* The life of a child; 0 when all is well. */
int
live_without_parent(poolkind *kind, void *block, Registrar &registrar)
{
	size_t gets = registrar.gets, losses = registrar.losses;
	Registrar own;

	for (int i = 0; i < 2; i++) {
		poolkind_free(kind, poolkind_malloc(kind, 5 * MIB));
		poolkind_free(kind, block);
		block = poolkind_malloc(kind, 64);
		if (block == nullptr || poolkind_trim(kind) != 0 ||
		    stats_of(kind).committed >= 1 * MIB)
			return 1;
		/* With a kind of its own it is a process like any other. */
		if (poolkind_close(poolkind_open("dram", 0)) != 0)
			return 2;
	}
	if (registrar.gets != gets || registrar.losses != losses)
		return 3;
	if (poolkind_on_map(kind, Registrar::told, &own) != 0 ||
	    own.bytes() != stats_of(kind).committed)
		return 4;
	block = poolkind_malloc(kind, 5 * MIB);
	if (block == nullptr || !own.knows(block, 5 * MIB))
		return 5;
	poolkind_free(kind, block);
	if (poolkind_trim(kind) != 0 || poolkind_check(kind) != 0 ||
	    own.bytes() != stats_of(kind).committed)
		return 6;
	return registrar.gets == gets && poolkind_close(kind) == 0 &&
		own.runs() == 0 ?
	    0 :
	    7;
}

} // namespace

TEST_P(MapHook, NoBlockIsInMemoryThatWasNotToldOf)
{
	Registrar registrar;
	Kind kind = open_kind(GetParam());

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	churn_on_threads(kind.get(), registrar, 4000);
	EXPECT_GT(registrar.gets, 0u);
	expect_the_same(kind, registrar);
}

TEST_P(MapHook, NoBlockIsInMemoryThatWasRefused)
{
	Registrar registrar;
	Kind kind = open_kind(GetParam());

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	registrar.refuse_each = 3;
	churn_on_threads(kind.get(), registrar, 2000);
	registrar.refuse_each = 0;
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	kind.reset();
	EXPECT_EQ(0u, registrar.runs());
	EXPECT_EQ(registrar.gets, registrar.losses + registrar.refusals);
}

TEST_P(MapHook, WhatIsThereIsToldOfAtOnceAndLostInTheEnd)
{
	Registrar registrar;
	Kind kind = open_kind(GetParam());
	void *block = poolkind_malloc(kind.get(), 3 * MIB);

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	EXPECT_EQ(stats_of(kind.get()).committed, registrar.bytes());
	registrar.handed_out(block, 3 * MIB);
	registrar.given_back(block);
	ASSERT_EQ(0, poolkind_on_map(kind.get(), nullptr, nullptr));
	EXPECT_EQ(0u, registrar.runs());
	size_t gets = registrar.gets;
	poolkind_free(kind.get(), block);
	poolkind_free(kind.get(), poolkind_malloc(kind.get(), 5 * MIB));
	poolkind_trim(kind.get());
	EXPECT_EQ(gets, registrar.gets);
	registrar.refuse_each = 1;
	block = poolkind_malloc(kind.get(), 3 * MIB);
	errno = 0;
	EXPECT_EQ(-1, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_EQ(0u, registrar.runs());
	poolkind_free(kind.get(), block);
}

/* What is refused is NULL with ENOMEM, and what was accepted is handed out. */
TEST(MapHookOfOne, ARefusalIsNullAndNothingOfItIsKept)
{
	Registrar registrar;
	Kind kind = open_kind("dram");

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	registrar.refuse_each = 1;
	for (size_t bytes : { size_t{ 64 }, size_t{ 100000 }, 5 * MIB }) {
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), bytes));
		EXPECT_EQ(ENOMEM, errno);
	}
	EXPECT_EQ(0u, stats_of(kind.get()).committed);
	registrar.refuse_each = 0;
	EXPECT_NE(nullptr, poolkind_malloc(kind.get(), 64));
}

/* The child is told of nothing, and may have a function of its own. */
TEST(MapHookOfOne, IsNotTheChilds)
{
	Registrar registrar;
	Kind kind = open_kind("dram,limit=32M");

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	std::thread worker([&] { churn(kind.get(), registrar, 9, 20000); });
	for (int i = 0; i < 8; i++) {
		pid_t child = fork();
		if (child == 0) {
			size_t gets = registrar.gets;
			Registrar own;
			void *block = poolkind_malloc(kind.get(), 4 * MIB);
			bool good = registrar.gets == gets &&
			    poolkind_on_map(
				kind.get(), Registrar::told, &own) == 0 &&
			    own.bytes() == stats_of(kind.get()).committed;
			poolkind_free(kind.get(), block);
			poolkind_trim(kind.get());
			good = good && poolkind_check(kind.get()) == 0 &&
			    own.bytes() == stats_of(kind.get()).committed;
			_exit(good ? 0 : 1);
		}
		Ending ending = wait_for(child, 60);
		EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
		EXPECT_EQ(0, ending.code);
	}
	worker.join();
}

/* Nor that of a child that runs no handler, whatever it does. */
TEST(MapHookOfOne, IsNotThatOfAChildThatNoHandlerKnowsOf)
{
	if (has_thread_sanitizer() || has_address_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	Registrar registrar;
	Kind kind = open_kind("dram");

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	void *block = poolkind_malloc(kind.get(), 3 * MIB);
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		lone_child_begin();
		_exit(live_without_parent(kind.get(), block, registrar));
	}
	EXPECT_EQ(0, lone_child_end(child));
	EXPECT_TRUE(registrar.knows(block, 3 * MIB));
	poolkind_free(kind.get(), block);
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_EQ(stats_of(kind.get()).committed, registrar.bytes());
}

TEST(MapHookOfOne, IsRefusedWhatItAsksOfItsKind)
{
	static std::atomic<int> refused{ 0 };
	Kind kind = open_kind("dram,name=asked");

	ASSERT_EQ(0,
	    poolkind_on_map(
		kind.get(),
		[](void *, poolkind *asked, void *, size_t, int what) {
			if (what != POOLKIND_GETS_MEMORY)
				return 0;
			errno = 0;
			EXPECT_EQ(nullptr, poolkind_malloc(asked, 5 * MIB));
			EXPECT_EQ(EDEADLK, errno);
			EXPECT_EQ(-1, poolkind_on_map(asked, nullptr, nullptr));
			EXPECT_EQ(EDEADLK, errno);
			refused++;
			free(unknown(malloc(100)));
			return 0;
		},
		nullptr));
	void *block = poolkind_malloc(kind.get(), 3 * MIB);
	EXPECT_NE(nullptr, block);
	EXPECT_GT(refused, 0);
	poolkind_free(kind.get(), block);
	Kind apart = open_kind("file:/dev/shm,size=4M,fork=private");
	EXPECT_EQ(-1,
	    poolkind_on_map(
		apart.get(),
		[](void *, poolkind *, void *, size_t, int) { return 0; },
		nullptr));
	EXPECT_EQ(ENOTSUP, errno);
	Kind parents = open_kind("file:/dev/shm,size=4M");
	in_child(20, [&] {
		Registrar own;
		EXPECT_EQ(
		    -1, poolkind_on_map(parents.get(), Registrar::told, &own));
		EXPECT_EQ(EPERM, errno);
		EXPECT_EQ(0u, own.gets);
	});
}

/* Also where the function has used another kind meanwhile, which has one, too:
 * from within that and afterwards. */
TEST(MapHookOfOne, IsRefusedThatBehindAnotherKindsFunction)
{
	static poolkind *outer;
	static std::atomic<int> refused;
	static const auto expect_refusal = [] {
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_malloc(outer, 5 * MIB));
		EXPECT_EQ(EDEADLK, errno);
		refused++;
	};

	in_child(20, [] {
		Kind kind = open_kind("dram"), inner = open_kind("dram");

		outer = kind.get();
		ASSERT_EQ(0,
		    poolkind_on_map(
			inner.get(),
			[](void *, poolkind *, void *, size_t, int what) {
				if (what == POOLKIND_GETS_MEMORY)
					expect_refusal();
				return 0;
			},
			nullptr));
		ASSERT_EQ(0,
		    poolkind_on_map(
			kind.get(),
			[](void *other, poolkind *, void *, size_t, int what) {
				auto *other_kind = static_cast<poolkind *>(
				    other);

				if (what != POOLKIND_GETS_MEMORY)
					return 0;
				poolkind_free(other_kind,
				    poolkind_malloc(other_kind, 9 * MIB));
				expect_refusal();
				return 0;
			},
			inner.get()));
		EXPECT_NE(nullptr, poolkind_malloc(kind.get(), 3 * MIB));
		EXPECT_GE(refused, 2);
	});
}

/* A fork finds another thread anywhere in poolkind_on_map(). */
TEST(MapHookOfOne, IsSetInTheChildWhateverTheParentDoes)
{
	Registrar registrar;
	Kind kind = open_kind("dram");
	std::atomic<bool> stop(false);

	std::thread worker([&] {
		while (!stop) {
			poolkind_on_map(
			    kind.get(), Registrar::told, &registrar);
			poolkind_on_map(kind.get(), nullptr, nullptr);
		}
	});
	for (int i = 0; i < 60; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(poolkind_on_map(
			    kind.get(),
			    [](void *, poolkind *, void *, size_t, int) {
				    return 0;
			    },
			    nullptr));
		Ending ending = wait_for(child, 20);
		EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
		if (ending.how != Ending::Exited)
			break;
	}
	stop = true;
	worker.join();
}

/* A block of memory that was told of is there for one thread while another's
 * is refused. */
TEST(MapHookOfOne, RefusesNoBlockOfOther)
{
	static std::atomic<int> calls;
	Kind kind = open_kind("dram");

	calls = 0;
	poolkind_free(kind.get(), poolkind_malloc(kind.get(), 3 * MIB));
	ASSERT_EQ(0,
	    poolkind_on_map(
		kind.get(),
		[](void *, poolkind *, void *, size_t bytes, int what) {
			if (what == POOLKIND_LOSES_MEMORY || bytes < 32 * MIB)
				return 0;
			for (int i = calls++ == 0 ? 10000 : 0; i > 0; i--)
				sched_yield();
			return -1;
		},
		nullptr));
	std::thread worker(
	    [&] { EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 40 * MIB)); });
	while (calls == 0)
		sched_yield();
	std::thread other([&] {
		void *block = poolkind_malloc(kind.get(), 3 * MIB);

		EXPECT_NE(nullptr, block);
		poolkind_free(kind.get(), block);
	});
	worker.join();
	other.join();
}

/* Memory of which the program is just told that it goes is nobody's. */
TEST(MapHookOfOne, IsSoundWhileMemoryGoes)
{
	static int losses;
	Kind kind = open_kind("dram");

	losses = 0;
	ASSERT_EQ(0,
	    poolkind_on_map(
		kind.get(),
		[](void *, poolkind *told, void *, size_t, int what) {
			if (what == POOLKIND_GETS_MEMORY)
				return 0;
			losses++;
			EXPECT_EQ(0, poolkind_check(told))
			    << poolkind_errormsg();
			return 0;
		},
		nullptr));
	poolkind_free(kind.get(), poolkind_malloc(kind.get(), 3 * MIB));
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_GT(losses, 0);
	kind.reset();
}

/* Who wants a block meanwhile waits for it, and is not answered NULL. */
TEST(MapHookOfOne, LetsOthersHaveWhatGoes)
{
	static std::thread other;
	static std::atomic<pid_t> other_thread;
	static void *block;
	Kind kind = open_kind("dram,limit=16M");

	other_thread = 0;
	ASSERT_EQ(0,
	    poolkind_on_map(
		kind.get(),
		[](void *, poolkind *told, void *, size_t, int what) {
			if (what == POOLKIND_GETS_MEMORY || other_thread != 0)
				return 0;
			other = std::thread([told] {
				other_thread = (pid_t)syscall(SYS_gettid);
				block = poolkind_malloc(told, 10 * MIB);
			});
			for (int i = 0; i < 10000; i++) {
				if (lone_child_waits(other_thread))
					break;
				usleep(1000);
			}
			return 0;
		},
		nullptr));
	poolkind_free(kind.get(), poolkind_malloc(kind.get(), 10 * MIB));
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	ASSERT_TRUE(other.joinable());
	other.join();
	EXPECT_NE(nullptr, block);
	poolkind_free(kind.get(), block);
}

/* What a block grows into while another thread gives the function is told of
 * when both are done; or refused, and then the block is as it was. */
TEST(MapHookOfOne, IsToldOfWhatABlockGrowsInto)
{
	for (int round = 0; round < 300 && !HasFailure(); round++) {
		Registrar registrar;
		Kind kind = open_kind("dram");
		void *block = poolkind_malloc(kind.get(), 2 * MIB), *grown;
		std::atomic<int> ready{ 0 };
		int result = 0;

		ASSERT_NE(nullptr, block);
		registrar.refuse_each = round % 3 == 0 ? 2 : 0;
		paint(block, 2 * MIB, 7);
		std::thread other([&] {
			for (ready++; ready < 2;)
				;
			for (int i = round * 4; i > 0; i--)
				ready++;
			result = poolkind_on_map(
			    kind.get(), Registrar::told, &registrar);
		});
		for (ready++; ready < 2;)
			;
		grown = poolkind_realloc(kind.get(), block, 20 * MIB);
		other.join();
		EXPECT_TRUE(
		    painted(grown != nullptr ? grown : block, 2 * MIB, 7));
		if (grown != nullptr && result == 0) {
			EXPECT_TRUE(registrar.knows(grown, 20 * MIB))
			    << (grown == block);
		}
		EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
		kind.reset();
		EXPECT_EQ(0u, registrar.runs());
	}
}
