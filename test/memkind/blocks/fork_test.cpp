/* SPDX-License-Identifier: BSD-2-Clause */
/* fork(2) with kinds in use: what MEMKIND_PMEM_FORK says of file kinds, other
 * kinds, threads that were allocating, and kinds that the child makes. */
#include "../memkind_test.h"

#include <atomic>
#include <cstdlib>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

using namespace engine;
using namespace memkinds;

namespace {

const size_t MIN = MEMKIND_PMEM_MIN_SIZE;

/* A kind that is made with MEMKIND_PMEM_FORK=WORD; NULL: without. */
Made
make_with(const char *word, const std::string &directory)
{
	if (word)
		setenv("MEMKIND_PMEM_FORK", word, 1);
	Made kind = make_pmem(directory, MIN);
	unsetenv("MEMKIND_PMEM_FORK");
	return kind;
}

} // namespace

/* The child has what the parent had, for itself. */
TEST(MemkindFork, CopyAndPrivate)
{
	ENGINE_PLACE_OR_SKIP(directory, 2 * MIN);
	for (const char *word : { "copy", "private" }) {
		Made kind = make_with(word, directory);
		char *block = static_cast<char *>(
		    memkind_malloc(kind.get(), 3 * MIB));
		ASSERT_NE(nullptr, block);
		paint(block, 3 * MIB, 1);
		in_child(30, [&] {
			EXPECT_TRUE(painted(block, 3 * MIB, 1));
			paint(block, 3 * MIB, 2);
			Blocks blocks;
			EXPECT_LE(8u, blocks.fill(kind.get(), MIB));
			EXPECT_TRUE(painted(block, 3 * MIB, 2));
			blocks.free_all(kind.get());
			memkind_free(nullptr, block);
		});
		EXPECT_TRUE(painted(block, 3 * MIB, 1));
		EXPECT_EQ(kind.get(), memkind_detect_kind(block));
		Blocks blocks;
		EXPECT_LE(8u, blocks.fill(kind.get(), MIB));
		EXPECT_TRUE(painted(block, 3 * MIB, 1));
		blocks.free_all(kind.get());
	}
}

TEST(MemkindFork, Shared)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Made kind = make_with("shared", directory);
	char *block = static_cast<char *>(memkind_malloc(kind.get(), MIB));
	ASSERT_NE(nullptr, block);
	paint(block, MIB, 1);
	in_child(30, [&] {
		EXPECT_TRUE(painted(block, MIB, 1));
		paint(block, MIB, 2);
		/* What the child allocates is its own. */
		Blocks blocks;
		EXPECT_LE(8u, blocks.fill(kind.get(), MIB));
		blocks.free_all(kind.get());
	});
	EXPECT_TRUE(painted(block, MIB, 2)) << "both see the same pages";
}

/* So it is unless told otherwise. */
TEST(MemkindFork, Refuse)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Made kind = make_with(nullptr, directory);
	void *block = memkind_malloc(kind.get(), MIB);
	ASSERT_NE(nullptr, block);
	paint(block, MIB, 1);
	in_child(30, [&] {
		MEMKIND_NO_BLOCK(memkind_malloc(kind.get(), 100), EPERM);
		memkind_free(kind.get(), block);
		Made own = make_with(nullptr, directory);
		EXPECT_NE(nullptr, memkind_malloc(own.get(), 100));
	});
	Ending ending = run_in_child(10, [&] {
		signal(SIGSEGV, SIG_DFL);
		_exit(*static_cast<volatile char *>(block) ? 0 : 1);
	});
	EXPECT_EQ(Ending::Signalled, ending.how) << ending.text();
	EXPECT_TRUE(painted(block, MIB, 1));
}

/* A copy cannot be made where the directory is gone: the fork succeeds, and
 * the child is without. */
TEST(MemkindFork, CopyThatFails)
{
	std::string path = "/tmp/memkind-fork-" + std::to_string(getpid());
	ASSERT_EQ(0, mkdir(path.c_str(), 0700));
	Made kind = make_with("copy", path);
	void *block = memkind_malloc(kind.get(), 1000);
	paint(block, 1000, 1);
	ASSERT_EQ(0, rmdir(path.c_str()));
	in_child(30, [&] {
		MEMKIND_NO_BLOCK(memkind_malloc(kind.get(), 100), EPERM);
		EXPECT_NE(nullptr, memkind_malloc(MEMKIND_DEFAULT, 100));
	});
	EXPECT_TRUE(painted(block, 1000, 1));
	EXPECT_NE(nullptr, memkind_malloc(kind.get(), 100));
}

TEST(MemkindFork, StaticAndFixedKindsAreCopied)
{
	Region region(4 * MIB);
	Made fixed = make_fixed(region);
	for (memkind_t kind : { MEMKIND_DEFAULT, MEMKIND_REGULAR, MEMKIND_HBW,
		 MEMKIND_INTERLEAVE, fixed.get() }) {
		void *block = memkind_malloc(kind, 50000);
		ASSERT_NE(nullptr, block);
		paint(block, 50000, 1);
		in_child(30, [&] {
			EXPECT_TRUE(painted(block, 50000, 1));
			paint(block, 50000, 2);
			EXPECT_EQ(kind, memkind_detect_kind(block));
			memkind_free(kind, block);
			EXPECT_NE(nullptr, memkind_calloc(kind, 10, 1000));
		});
		EXPECT_TRUE(painted(block, 50000, 1));
		memkind_free(kind, block);
	}
}

/* Children of a program whose threads allocate, make and destroy kinds, and
 * ask for figures, find no lock held and no block lost. */
TEST(MemkindFork, AmidBusyThreads)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIN);
	const unsigned FORKS = has_thread_sanitizer() ? 20 : 60;
	setenv("MEMKIND_PMEM_FORK", "copy", 1);
	Made kind = make_pmem(directory);
	unsetenv("MEMKIND_PMEM_FORK");
	std::atomic<bool> stop{ false };
	std::vector<std::thread> threads;
	auto use = [&](memkind_t from, unsigned seed) {
		size_t size = 16 + seed * 7919 % 40000;
		char *block = static_cast<char *>(memkind_malloc(from, size));
		if (block)
			block[0] = block[size - 1] = 7;
		memkind_free(seed % 2 ? from : nullptr, block);
	};
	auto work = [&](unsigned number) {
		for (unsigned step = number; !stop; step++) {
			use(kind.get(), step);
			use(MEMKIND_REGULAR, step);
			if (number != 0 || step % 8)
				continue;
			Made own = make_pmem(directory, MIN);
			use(own.get(), step);
			memkind_update_cached_stats();
		}
	};
	for (unsigned number = 0; number < 4; number++)
		threads.emplace_back(work, number);
	EXPECT_EQ(0, memkind_set_bg_threads(true));
	for (unsigned i = 0; i < FORKS; i++)
		in_child(30, [&] {
			for (unsigned step = 0; step < 100; step++) {
				use(kind.get(), step);
				use(MEMKIND_REGULAR, step);
			}
			Made own = make_pmem(directory, MIN);
			use(own.get(), 1);
			EXPECT_NE(SIZE_MAX,
			    stat_now(nullptr, MEMKIND_STAT_TYPE_ACTIVE));
			EXPECT_EQ(0, memkind_check_available(MEMKIND_HBW));
		});
	stop = true;
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(0, memkind_set_bg_threads(false));
}
