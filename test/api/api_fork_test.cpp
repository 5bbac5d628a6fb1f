/* SPDX-License-Identifier: BSD-2-Clause */
/* Law 6 over fork: what fork=shared, copy and refuse say, and that locks and
 * caches of threads that vanished are put right in the child. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"
#include "../lib/engine_storm.h"
#include "../lib/lone_child.h"

using namespace engine;

namespace {

std::string
file_spec(const std::string &directory, const char *options)
{
	return "file:" + directory + ",size=14M," + options;
}

/* A word that parent and child both see, to take turns by. */
class Turn {
public:
	Turn() : memory_(4096, false, true) {}
	void
	set(int step)
	{
		*word() = step;
	}
	int
	get()
	{
		return *word();
	}
	void
	await(int step)
	{
		for (int i = 0; *word() < step && i < 200000; i++)
			usleep(1000);
	}

private:
	std::atomic<int> *
	word()
	{
		return reinterpret_cast<std::atomic<int> *>(memory_.start());
	}
	Region memory_;
};

} // namespace

TEST(ApiFork, DramIsACopy)
{
	Kind kind = open_kind("dram");
	void *block = poolkind_malloc(kind.get(), 100000);
	paint(block, 100000, 1);
	in_child(20, [&] {
		EXPECT_EQ(kind.get(), poolkind_of(block));
		EXPECT_TRUE(painted(block, 100000, 1));
		paint(block, 100000, 2);
		Chain chain;
		EXPECT_EQ(1000u, chain.fill(kind.get(), 1000, 1000));
		chain.free_all(kind.get());
		poolkind_free(kind.get(), block);
		EXPECT_EQ(0u, stats_of(kind.get()).live);
		EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
		kind.reset();
	});
	EXPECT_TRUE(painted(block, 100000, 1));
	poolkind_free(kind.get(), block);
	EXPECT_EQ(0u, stats_of(kind.get()).live);
}

TEST(ApiFork, WithSharedBothSeeTheSamePages)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	Kind kind = open_kind(file_spec(directory, "fork=shared"));
	void *small = poolkind_malloc(kind.get(), 100);
	void *large = poolkind_malloc(kind.get(), 1 * MIB);
	paint(small, 100, 1);
	paint(large, 1 * MIB, 2);
	in_child(20, [&] {
		EXPECT_EQ(kind.get(), poolkind_of(large));
		EXPECT_TRUE(painted(small, 100, 1));
		EXPECT_TRUE(painted(large, 1 * MIB, 2));
		paint(small, 100, 3);
		paint(large, 1 * MIB, 4);
		kind.release();
	});
	EXPECT_TRUE(painted(small, 100, 3));
	EXPECT_TRUE(painted(large, 1 * MIB, 4));
	poolkind_free(kind.get(), small);
	poolkind_free(kind.get(), large);
}

namespace {

/* Blocks of many sizes, small and large. */
std::vector<void *>
painted_blocks(poolkind *kind, size_t count, unsigned seed)
{
	std::vector<void *> blocks;
	for (size_t i = 0; i < count; i++) {
		size_t size = i % 8 == 0 ? 100000 : 64 << i % 8;
		void *block = poolkind_malloc(kind, size);
		if (!block)
			break;
		paint(block, size, seed + i);
		blocks.push_back(block);
	}
	return blocks;
}

bool
still_painted(const std::vector<void *> &blocks, unsigned seed)
{
	for (size_t i = 0; i < blocks.size(); i++)
		if (!painted(
			blocks[i], i % 8 == 0 ? 100000 : 64 << i % 8, seed + i))
			return false;
	return true;
}

/* What a child does with a kind that it shares with its parent, and its child
 * then with what both have: all that it can. */
void
use_all(poolkind *kind, const std::vector<void *> &inherited, size_t least,
    int generations)
{
	void *larger = poolkind_realloc(kind, inherited[0], 300000);
	EXPECT_EQ(least != 0, larger != nullptr);
	EXPECT_NE(larger, inherited[0]);
	for (size_t i = larger ? 1 : 0; i < inherited.size(); i++)
		poolkind_free(i % 2 ? kind : nullptr, inherited[i]);
	poolkind_free(kind, larger);
	EXPECT_EQ(0u, stats_of(kind).live);
	std::vector<void *> own = painted_blocks(kind, 600, 77);
	EXPECT_EQ(least != 0 ? 600u : 0u, own.size());
	if (generations > 0 && least != 0)
		in_child(
		    20, [&] { use_all(kind, own, least, generations - 1); });
	EXPECT_TRUE(still_painted(own, 77));
	for (void *block : own)
		poolkind_free(kind, block);
	if (least != 0) {
		Chain chain;
		EXPECT_GE(chain.fill(kind, 4096), least / 4096);
		chain.free_all(kind);
	}
	EXPECT_EQ(0, poolkind_trim(kind));
	EXPECT_EQ(0, poolkind_check(kind)) << poolkind_errormsg();
}

/* The parent hands out what was free at the fork before the child begins. */
void
expect_parent_stands(Kind &kind, size_t least)
{
	std::vector<void *> kept = painted_blocks(kind.get(), 100, 1);
	std::vector<void *> freed = painted_blocks(kind.get(), 200, 2);
	for (void *block : freed)
		poolkind_free(kind.get(), block);
	Turn turn;
	pid_t pid = fork();
	if (pid == 0) {
		turn.await(1);
		use_all(kind.get(), kept, least, 1);
		EXPECT_EQ(0, poolkind_close(kind.release()));
		_exit(testing::Test::HasFailure());
	}
	std::vector<void *> mine = painted_blocks(kind.get(), 300, 3);
	EXPECT_EQ(300u, mine.size());
	turn.set(1);
	Ending ending = wait_for(pid, 60);
	EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
	EXPECT_EQ(0, ending.code);
	EXPECT_TRUE(still_painted(kept, 1));
	EXPECT_TRUE(still_painted(mine, 3));
	for (const auto &blocks : { kept, mine })
		for (void *block : blocks)
			poolkind_free(kind.get(), block);
	EXPECT_EQ(0u, stats_of(kind.get()).live);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

} // namespace

/* The child allocates, frees, resizes, trims, forks and closes as it likes. */
TEST(ApiFork, TheParentsDataStandWhateverTheChildOfASharedKindDoes)
{
	ENGINE_PLACE_OR_SKIP(directory, 64 * MIB);
	for (const char *options : { "size=16M", "size=16M,reserve=yes",
		 "size=1M,grow=yes,limit=16M", "limit=16M" }) {
		Kind kind = open_kind(
		    "file:" + directory + "," + options + ",fork=shared");
		expect_parent_stands(kind, 9 * MIB);
	}
}

/* Nothing can be had in the child of what only the parent has. */
TEST(ApiFork, ASharedRegionIsTheParents)
{
	Region region(16 * MIB, false, true);
	Kind kind(poolkind_open_region(region.start(), 16 * MIB, nullptr, 0));
	expect_parent_stands(kind, 0);
	in_child(10, [&] {
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 100));
		EXPECT_EQ(EPERM, errno);
		EXPECT_SENTENCE("fork");
		kind.release();
	});
}

TEST(ApiFork, APrivateRegionIsOrdinaryMemory)
{
	Region region(16 * MIB);
	Kind kind(poolkind_open_region(region.start(), 16 * MIB, nullptr, 0));
	std::vector<void *> kept = painted_blocks(kind.get(), 100, 1);
	in_child(20, [&] {
		EXPECT_TRUE(still_painted(kept, 1));
		for (void *block : kept)
			poolkind_free(kind.get(), block);
		std::vector<void *> own = painted_blocks(kind.get(), 200, 2);
		EXPECT_EQ(200u, own.size());
		for (void *block : own) {
			EXPECT_GE((char *)block, (char *)region.start());
			EXPECT_LT(
			    (char *)block, (char *)region.start() + 16 * MIB);
		}
		kind.release();
	});
	EXPECT_TRUE(still_painted(kept, 1));
}

/* ---- Children that no handler knows of ----------------------------------- */

namespace {

/* As clone(2) and the runtimes of other languages do it. */
pid_t
raw_fork()
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

/* BODY in such a child. What it expects is told by its status alone. */
Ending
run_in_raw_child(const std::function<bool()> &body)
{
	pid_t pid = raw_fork();
	if (pid == 0) {
		lone_child_begin();
		_exit(body() ? 0 : 1);
	}
	int status = lone_child_end(pid);
	if (status == LONE_CHILD_HANGS)
		return Ending{ Ending::TimedOut, 0 };
	if (WIFSIGNALED(status))
		return Ending{ Ending::Signalled, WTERMSIG(status) };
	return Ending{ Ending::Exited, WEXITSTATUS(status) };
}

bool
is_refused(poolkind *kind, void *block)
{
	errno = 0;
	bool good = poolkind_malloc(kind, 100) == nullptr && errno == EPERM;
	errno = 0;
	good = good && poolkind_malloc(kind, 1 * MIB) == nullptr &&
	    errno == EPERM;
	good = good && poolkind_realloc(kind, block, 5000) == nullptr;
	poolkind_free(kind, block);
	poolkind_free(nullptr, block);
	return good && poolkind_trim(kind) == 0;
}

void
expect_raw_children_harm_nobody(Kind &kind)
{
	Kind dram = open_kind("dram");
	std::vector<void *> kept = painted_blocks(kind.get(), 100, 1);
	void *other = poolkind_malloc(dram.get(), 1000);
	for (void *block : painted_blocks(kind.get(), 100, 2))
		poolkind_free(kind.get(), block);
	Ending ending = run_in_raw_child([&] {
		for (size_t i = 0; i < kept.size(); i++)
			if (!is_refused(kind.get(), kept[i]))
				return false;
		/* Other memory goes on, and so do new kinds. */
		poolkind_free(dram.get(), other);
		void *block = poolkind_malloc(dram.get(), 1000);
		bool good = block != nullptr;
		poolkind *own = poolkind_open("file:/dev/shm,size=1M", 0);
		char *mine = (char *)poolkind_malloc(own, 1000);
		if (mine)
			mine[999] = 1;
		return good && mine && is_refused(kind.get(), kept[0]) &&
		    poolkind_close(kind.release()) == 0 &&
		    poolkind_close(own) == 0;
	});
	EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
	EXPECT_EQ(0, ending.code);
	EXPECT_TRUE(still_painted(kept, 1));
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	std::vector<void *> mine = painted_blocks(kind.get(), 100, 3);
	EXPECT_TRUE(still_painted(kept, 1));
	EXPECT_EQ(100u, mine.size());
}

} // namespace

TEST(ApiFork, AChildThatNoHandlerKnowsOfIsRefusedAndHarmsNobody)
{
	if (has_thread_sanitizer() || has_address_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	ENGINE_PLACE_OR_SKIP(directory, 32 * MIB);
	for (const char *policy : { "shared", "copy", "refuse", "private" }) {
		Kind kind = open_kind(file_spec(
		    directory, (std::string("fork=") + policy).c_str()));
		expect_raw_children_harm_nobody(kind);
		/* And likewise the child of a child. */
		if (std::string(policy) != "private")
			in_child(20, [&] {
				if (std::string(policy) == "copy")
					expect_raw_children_harm_nobody(kind);
			});
	}
	Region region(16 * MIB, false, true);
	Kind shared(poolkind_open_region(region.start(), 16 * MIB, nullptr, 0));
	expect_raw_children_harm_nobody(shared);
}

TEST(ApiFork, AChildThatNoHandlerKnowsOfTouchesNothing)
{
	if (has_thread_sanitizer() || has_address_sanitizer())
		GTEST_SKIP() << "the sanitizer answers the fault itself";
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	Kind kind = open_kind(file_spec(directory, "fork=shared"));
	volatile char *block = (char *)poolkind_malloc(kind.get(), 100);
	*block = 1;
	Ending ending = run_in_raw_child([&] {
		signal(SIGSEGV, SIG_DFL);
		*block = 2;
		return true;
	});
	EXPECT_EQ(Ending::Signalled, ending.how) << ending.text();
	EXPECT_EQ(SIGSEGV, ending.code);
	EXPECT_EQ(1, *block);
}

/* What the kernel copies goes on in such a child, from both kinds of memory. */
TEST(ApiFork, AChildThatNoHandlerKnowsOfHasOrdinaryMemory)
{
	if (has_thread_sanitizer() || has_address_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	Region region(4 * MIB);
	Kind own(poolkind_open_region(region.start(), 4 * MIB, nullptr, 0));
	Kind dram = open_kind("dram");
	for (poolkind *kind : { own.get(), dram.get() }) {
		char *block = (char *)poolkind_malloc(kind, 1000);
		paint(block, 1000, 1);
		Ending ending = run_in_raw_child([&] {
			if (!painted(block, 1000, 1))
				return false;
			paint(block, 1000, 2);
			poolkind_free(kind, block);
			for (int i = 0; i < 1000; i++)
				if (!poolkind_malloc(kind, 1000))
					return false;
			return true;
		});
		EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
		EXPECT_EQ(0, ending.code);
		EXPECT_TRUE(painted(block, 1000, 1));
	}
}

/* The child that exits, or closes its handle, must not take the pages of the
 * parent with it. */
TEST(ApiFork, AChildThatClosesASharedKindLeavesTheParentsPages)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	Kind kind = open_kind(file_spec(directory, "fork=shared"));
	void *block = poolkind_malloc(kind.get(), 1 * MIB);
	paint(block, 1 * MIB, 1);
	in_child(20, [&] { kind.reset(); });
	EXPECT_TRUE(painted(block, 1 * MIB, 1));
	poolkind_free(kind.get(), block);
}

TEST(ApiFork, AProgramMayBecomeADaemonWithASharedKind)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	Turn turn;
	in_child(20, [&] {
		prctl(PR_SET_PDEATHSIG, 0);
		Kind kind = open_kind(file_spec(directory, "fork=shared"));
		void *block = poolkind_malloc(kind.get(), 5000);
		paint(block, 5000, 1);
		pid_t daemon = fork();
		if (daemon > 0) {
			kind.release();
			_exit(0);
		}
		usleep(50000);
		Chain chain;
		bool good = painted(block, 5000, 1) &&
		    chain.fill(kind.get(), 4096) >= 3000;
		chain.free_all(kind.get());
		poolkind_free(kind.get(), block);
		good = good && stats_of(kind.get()).live == 0 &&
		    poolkind_trim(kind.get()) == 0 &&
		    stats_of(kind.get()).committed == 0 &&
		    poolkind_close(kind.release()) == 0;
		turn.set(good ? 2 : 1);
		_exit(0);
	});
	turn.await(1);
	EXPECT_EQ(2, turn.get());
}

TEST(ApiFork, CopySeparatesParentAndChild)
{
	ENGINE_PLACE_OR_SKIP(directory, 32 * MIB);
	Kind kind = open_kind(file_spec(directory, "fork=copy"));
	void *small = poolkind_malloc(kind.get(), 100);
	void *large = poolkind_malloc(kind.get(), 3 * MIB);
	paint(small, 100, 1);
	paint(large, 3 * MIB, 2);
	Turn turn;
	pid_t pid = fork();
	if (pid == 0) {
		turn.await(1);
		int status = 0;
		if (poolkind_of(large) != kind.get())
			status = 2;
		else if (!painted(small, 100, 1) || !painted(large, 3 * MIB, 2))
			status = 3;
		paint(small, 100, 5);
		paint(large, 3 * MIB, 6);
		Chain chain;
		if (chain.fill(kind.get(), 4096) < 2000)
			status = 4;
		chain.free_all(kind.get());
		poolkind_free(kind.get(), large);
		if (poolkind_trim(kind.get()) != 0 ||
		    poolkind_check(kind.get()) != 0)
			status = 5;
		turn.set(2);
		turn.await(3);
		if (!painted(small, 100, 5))
			status = 6;
		if (poolkind_close(kind.release()) != 0)
			status = 7;
		_exit(status);
	}
	paint(small, 100, 3);
	paint(large, 3 * MIB, 4);
	turn.set(1);
	turn.await(2);
	EXPECT_TRUE(painted(small, 100, 3));
	EXPECT_TRUE(painted(large, 3 * MIB, 4));
	poolkind_free(kind.get(), small);
	Chain chain;
	EXPECT_GE(chain.fill(kind.get(), 4096), 2600u);
	chain.free_all(kind.get());
	turn.set(3);
	Ending ending = wait_for(pid, 20);
	EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
	EXPECT_EQ(0, ending.code);
	EXPECT_TRUE(painted(large, 3 * MIB, 4));
	poolkind_free(kind.get(), large);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

TEST(ApiFork, ACopyOutlivesTheParentsKind)
{
	ENGINE_PLACE_OR_SKIP(directory, 32 * MIB);
	Kind kind = open_kind(file_spec(directory, "fork=copy"));
	void *block = poolkind_malloc(kind.get(), 2 * MIB);
	paint(block, 2 * MIB, 1);
	Turn turn;
	pid_t pid = fork();
	if (pid == 0) {
		turn.await(1);
		Chain chain;
		bool good = painted(block, 2 * MIB, 1) &&
		    chain.fill(kind.get(), 1000) > 5000;
		_exit(good ? 0 : 1);
	}
	kind.reset();
	turn.set(1);
	Ending ending = wait_for(pid, 20);
	EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
	EXPECT_EQ(0, ending.code);
}

TEST(ApiFork, CopiesOfCopies)
{
	ENGINE_PLACE_OR_SKIP(directory, 64 * MIB);
	Kind kind = open_kind(file_spec(directory, "fork=copy"));
	void *block = poolkind_malloc(kind.get(), 50000);
	paint(block, 50000, 0);
	in_child(20, [&] {
		paint(block, 50000, 1);
		in_child(10, [&] {
			EXPECT_TRUE(painted(block, 50000, 1));
			paint(block, 50000, 2);
			in_child(5, [&] {
				EXPECT_TRUE(painted(block, 50000, 2));
				Chain chain;
				EXPECT_GT(chain.fill(kind.get(), 4096), 3000u);
			});
		});
		EXPECT_TRUE(painted(block, 50000, 1));
	});
	EXPECT_TRUE(painted(block, 50000, 0));
	poolkind_free(kind.get(), block);
}

TEST(ApiFork, CopyTakesOnlyWhatIsInUse)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 32 * MIB);
		Kind kind = open_kind(
		    "file:" + directory.path() + ",size=1G,fork=copy");
		void *block = poolkind_malloc(kind.get(), 2 * MIB);
		paint(block, 2 * MIB, 1);
		in_child(10, [&] {
			EXPECT_TRUE(painted(block, 2 * MIB, 1));
			EXPECT_GE(free_bytes(directory.path()), 22 * MIB);
		});
		EXPECT_GE(free_bytes(directory.path()), 26 * MIB)
		    << "the child's copy goes with it";
	});
}

/* Where there is no space for a copy the child does without the kind; fork
 * itself works, nobody gets a signal, and the parent's data stand. */
TEST(ApiFork, CopyOnAFullFileSystem)
{
	Directory directory("/tmp");
	in_child(30, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		Kind kind = open_kind(
		    "file:" + directory.path() + ",size=14M,fork=copy");
		void *block = poolkind_malloc(kind.get(), 10 * MIB);
		paint(block, 10 * MIB, 1);
		in_child(10, [&] {
			void *more = poolkind_malloc(kind.get(), 1000);
			if (more) {
				memset(more, 1, 1000);
				EXPECT_TRUE(painted(block, 10 * MIB, 1));
			} else {
				EXPECT_EQ(EPERM, errno);
				EXPECT_SENTENCE("could not be made: No space");
			}
			Kind fresh = open_kind("dram");
			EXPECT_NE(nullptr, poolkind_malloc(fresh.get(), 1000));
		});
		EXPECT_TRUE(painted(block, 10 * MIB, 1));
		poolkind_free(kind.get(), block);
		Chain chain;
		EXPECT_GE(chain.fill(kind.get(), 4096), 3400u);
	});
}

TEST(ApiFork, RefusedKindDoesNotReachTheChild)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	Kind kind = open_kind("file:" + directory + ",size=14M");
	char *block = static_cast<char *>(poolkind_malloc(kind.get(), 100000));
	void *small = poolkind_malloc(kind.get(), 100);
	paint(block, 100000, 1);
	poolkind_free(kind.get(), poolkind_malloc(kind.get(), 100));
	in_child(20, [&] {
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_malloc(kind.get(), 100));
		EXPECT_EQ(EPERM, errno);
		EXPECT_SENTENCE("fork");
		for (size_t size : { 100, 200 })
			EXPECT_REFUSED(
			    !poolkind_realloc(kind.get(), small, size), EPERM,
			    "fork");
		EXPECT_EQ(nullptr, poolkind_calloc(kind.get(), 1, 100));
		EXPECT_EQ(nullptr, poolkind_aligned_alloc(kind.get(), 64, 100));
		poolkind_free(kind.get(), block);
		poolkind_free(nullptr, block + 65536);
		Kind fresh = open_kind("dram");
		EXPECT_NE(nullptr, poolkind_malloc(fresh.get(), 1000));
		Stats stats;
		poolkind_get_stats(kind.get(), &stats, sizeof(stats));
		poolkind_trim(kind.get());
		poolkind_check(kind.get());
		poolkind_close(kind.release());
	});
	poolkind_free(kind.get(), small);
	EXPECT_TRUE(painted(block, 100000, 1));
	Chain chain;
	EXPECT_GT(chain.fill(kind.get(), 4096, 1000), 999u);
	chain.free_all(kind.get());
	poolkind_free(kind.get(), block);
	EXPECT_EQ(0u, stats_of(kind.get()).live);
}

TEST(ApiFork, ReadingARefusedBlockIsASegmentationFault)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	if (has_address_sanitizer() || has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer answers the fault itself";
	Kind kind = open_kind(file_spec(directory, "fork=refuse"));
	volatile char *block = (char *)poolkind_malloc(kind.get(), 100);
	Ending ending = run_in_child(10, [&] { *block = 1; });
	EXPECT_EQ(Ending::Signalled, ending.how) << ending.text();
	EXPECT_EQ(SIGSEGV, ending.code);
}

TEST(ApiFork, RegionsFollowTheirOwnMapping)
{
	Region privately(2 * MIB), shared(2 * MIB, false, true);
	Kind own(poolkind_open_region(privately.start(), 2 * MIB, nullptr, 0));
	Kind both(poolkind_open_region(shared.start(), 2 * MIB, nullptr, 0));
	void *mine = poolkind_malloc(own.get(), 1000);
	void *ours = poolkind_malloc(both.get(), 1000);
	paint(mine, 1000, 1);
	paint(ours, 1000, 2);
	in_child(10, [&] {
		EXPECT_TRUE(painted(mine, 1000, 1));
		EXPECT_TRUE(painted(ours, 1000, 2));
		paint(mine, 1000, 3);
		paint(ours, 1000, 4);
		own.release();
		both.release();
	});
	EXPECT_TRUE(painted(mine, 1000, 1));
	EXPECT_TRUE(painted(ours, 1000, 4));
}

/* Sixteen threads whose caches hold what they can: none of them is in the
 * child, and what they held is to be had there. */
TEST(ApiFork, CachesOfVanishedThreadsAreNotLost)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	ENGINE_PLACE_OR_SKIP(directory, 32 * MIB);
	for (std::string spec : { file_spec(directory, "fork=copy"),
		 std::string("dram,limit=14M") }) {
		Kind kind = open_kind(spec);
		std::atomic<unsigned> ready(0);
		std::atomic<bool> stop(false);
		std::vector<std::thread> threads;
		for (unsigned i = 0; i < 16; i++)
			threads.emplace_back([&, i] {
				Chain chain;
				chain.fill(kind.get(), 32 << i % 8,
				    400 * KIB / (32 << i % 8));
				chain.free_all(kind.get());
				ready++;
				while (!stop)
					usleep(1000);
			});
		while (ready < 16)
			usleep(1000);
		in_child(20, [&] {
			EXPECT_EQ(0u, stats_of(kind.get()).live);
			void *large = poolkind_malloc(kind.get(), 8 * MIB);
			EXPECT_NE(nullptr, large) << spec;
			poolkind_free(kind.get(), large);
			for (size_t size : { 64, 65536 }) {
				Chain chain;
				EXPECT_GE(chain.fill(kind.get(), size),
				    nearly_all(14 * MIB, size))
				    << spec;
				chain.free_all(kind.get());
			}
			EXPECT_EQ(0, poolkind_check(kind.get()))
			    << poolkind_errormsg();
		});
		stop = true;
		for (std::thread &thread : threads)
			thread.join();
		EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
	}
}

TEST(ApiFork, TheChildMayStartThreadsAndForkAgain)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	Kind kind = open_kind("dram");
	std::atomic<bool> stop(false);
	std::thread busy([&] {
		while (!stop) {
			Chain chain;
			chain.fill(kind.get(), 500, 100);
			chain.free_all(kind.get());
		}
	});
	for (int i = 0; i < 20; i++)
		in_child(20, [&] {
			std::vector<std::thread> threads;
			for (int t = 0; t < 3; t++)
				threads.emplace_back([&] {
					Chain chain;
					EXPECT_EQ(100u,
					    chain.fill(kind.get(), 5000, 100));
					chain.free_all(kind.get());
				});
			in_child(10, [&] {
				void *block = poolkind_malloc(
				    kind.get(), 10000);
				EXPECT_NE(nullptr, block);
				poolkind_free(kind.get(), block);
			});
			for (std::thread &thread : threads)
				thread.join();
		});
	stop = true;
	busy.join();
}

TEST(ApiFork, OpeningAndClosingThreadsMeetFork)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	ENGINE_PLACE_OR_SKIP(directory, 64 * MIB);
	in_child(120, [&] {
		std::atomic<bool> stop(false);
		std::vector<std::thread> threads;
		for (int t = 0; t < 4; t++)
			threads.emplace_back([&, t] {
				std::string spec = t % 2 ?
				    "dram" :
				    "file:" + directory + ",size=4M,fork=" +
					(t ? "copy" : "refuse");
				while (!stop) {
					poolkind *kind = poolkind_open(
					    spec.c_str(), 0);
					poolkind_free(
					    kind, poolkind_malloc(kind, 1000));
					poolkind_trim(kind);
					poolkind_close(kind);
				}
			});
		for (int i = 0; i < 100; i++) {
			pid_t pid = fork();
			if (pid == 0) {
				poolkind *kind = poolkind_open("dram", 0);
				void *block = poolkind_malloc(kind, 1000);
				_exit(block && !poolkind_close(kind) ? 0 : 1);
			}
			Ending ending = wait_for(pid, 20);
			ASSERT_EQ(Ending::Exited, ending.how)
			    << i << " " << ending.text();
			ASSERT_EQ(0, ending.code);
		}
		stop = true;
		for (std::thread &thread : threads)
			thread.join();
	});
}

TEST(ApiFork, AHundredTimesWithEightThreads)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer does not follow such forks";
	ENGINE_PLACE_OR_SKIP(directory, 64 * MIB);
	in_child(300, [&] {
		expect_forks_survive(
		    { "dram", "dram,limit=64M",
			"file:" + directory + ",size=32M,fork=copy" },
		    8, 100);
	});
}
