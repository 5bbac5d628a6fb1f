/* SPDX-License-Identifier: BSD-2-Clause */
/* poolkind_on_map() where memory comes and goes all the time: kinds that keep
 * nothing, trims by other threads, forks, and moves. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/registrar.h"

using namespace engine;

namespace {

class MapStress : public testing::TestWithParam<const char *> {};

INSTANTIATE_TEST_SUITE_P(Kinds, MapStress,
    testing::Values("dram", "dram,limit=4M", "nodes:0,limit=4M",
	"dram,populate=2,limit=24M", "file:/dev/shm,size=8M,fork=copy",
	"file:/dev/shm,size=8M,fork=shared"));

/* Threads that use a kind for ROUNDS. */
class Busy {
public:
	Busy(poolkind *kind, Registrar &registrar, unsigned rounds)
	{
		for (unsigned i = 0; i < 3; i++)
			threads_.emplace_back(
			    [this, kind, i, rounds, &registrar] {
				    churn(kind, registrar, i, rounds);
				    ended_++;
			    });
	}
	~Busy()
	{
		for (std::thread &thread : threads_)
			thread.join();
	}
	bool
	goes_on() const
	{
		return ended_ < threads_.size();
	}

private:
	std::atomic<unsigned> ended_{ 0 };
	std::vector<std::thread> threads_;
};

/* The life of a child; 0 when all is well. */
int
live(poolkind *kind, Registrar &registrar)
{
	size_t gets = registrar.gets, losses = registrar.losses;
	Registrar own;

	poolkind_free(kind, poolkind_malloc(kind, 1 * MIB));
	if (poolkind_trim(kind) != 0 || registrar.gets != gets ||
	    registrar.losses != losses)
		return 1;
	if (poolkind_on_map(kind, Registrar::told, &own) != 0 ||
	    own.bytes() != stats_of(kind).committed)
		return 2;
	churn(kind, own, 1, 300);
	if (poolkind_trim(kind) != 0 || poolkind_check(kind) != 0 ||
	    own.bytes() != stats_of(kind).committed)
		return 3;
	return testing::Test::HasFailure() ? 4 : 0;
}

} // namespace

TEST_P(MapStress, ATrimByAnotherThreadTakesNoBlocksMemory)
{
	Registrar registrar;
	Kind kind = open_kind(GetParam());

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	{
		Busy busy(kind.get(), registrar, 3000);
		while (busy.goes_on())
			ASSERT_EQ(0, poolkind_trim(kind.get()));
	}
	expect_the_same(kind, registrar);
}

TEST_P(MapStress, AForkAmidThreadsLeavesTheParentsAlone)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer dislikes fork amid threads";
	Registrar registrar;
	Kind kind = open_kind(GetParam());

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	{
		Busy busy(kind.get(), registrar, 6000);
		for (int i = 0; i < 10 && !HasFailure(); i++) {
			pid_t child = fork();
			if (child == 0)
				_exit(live(kind.get(), registrar));
			Ending ending = wait_for(child, 60);
			EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
			EXPECT_EQ(0, ending.code);
		}
	}
	EXPECT_EQ(0, poolkind_trim(kind.get()));
	EXPECT_EQ(stats_of(kind.get()).committed, registrar.bytes());
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

/* Around a move all is lost, and there again when it returns; a refusal of that
 * is the move's error, and the kind goes on. */
TEST(MapMove, HasAllLostAndThereAgain)
{
	Kind kind(poolkind_open("nodes:0", 0));
	if (kind == nullptr)
		GTEST_SKIP() << poolkind_errormsg();
	Registrar registrar;
	std::vector<void *> blocks;

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	for (size_t bytes : { size_t{ 64 }, size_t{ 100000 }, 5 * MIB }) {
		blocks.push_back(poolkind_malloc(kind.get(), bytes));
		registrar.handed_out(blocks.back(), bytes);
	}
	registrar.all_go = true;
	for (int whole = 0; whole < 2; whole++) {
		size_t gets = registrar.gets, losses = registrar.losses;
		size_t runs = registrar.runs();
		EXPECT_EQ(0,
		    whole ?
			poolkind_move(kind.get(), "nodes:0", 0, nullptr, 0) :
			poolkind_move_block(
			    blocks[2], "nodes:0", 0, nullptr, 0))
		    << poolkind_errormsg();
		EXPECT_EQ(losses + runs, registrar.losses);
		EXPECT_EQ(gets + registrar.runs(), registrar.gets);
		EXPECT_TRUE(registrar.knows_all());
		EXPECT_EQ(stats_of(kind.get()).committed, registrar.bytes());
	}
	registrar.refuse_each = 1;
	errno = 0;
	EXPECT_EQ(-1, poolkind_move(kind.get(), "nodes:0", 0, nullptr, 0));
	EXPECT_EQ(ENOMEM, errno);
	EXPECT_NE(nullptr, strstr(poolkind_errormsg(), "poolkind_on_map()"));
	registrar.refuse_each = 0;
	blocks.push_back(poolkind_malloc(kind.get(), 3 * MIB));
	registrar.handed_out(blocks.back(), 3 * MIB);
	EXPECT_TRUE(registrar.knows_all());
	for (void *block : blocks)
		poolkind_free(kind.get(), block);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	kind.reset();
	EXPECT_EQ(0u, registrar.runs());
}

TEST(MapMove, GoesOnAmidThreads)
{
	Kind kind(poolkind_open("nodes:0,limit=24M", 0));
	if (kind == nullptr)
		GTEST_SKIP() << poolkind_errormsg();
	Registrar registrar;

	ASSERT_EQ(0, poolkind_on_map(kind.get(), Registrar::told, &registrar));
	registrar.all_go = true;
	{
		Busy busy(kind.get(), registrar, 3000);
		for (int i = 0; busy.goes_on(); i++)
			ASSERT_EQ(0,
			    poolkind_move(kind.get(),
				i % 2 ? "home" : "nodes:0", 0, nullptr, 0))
			    << poolkind_errormsg();
	}
	expect_the_same(kind, registrar);
}
