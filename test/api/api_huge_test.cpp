/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds on memory whose pages are huge without their having asked for it: a
 * region of the caller's, and files of a hugetlbfs. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

const size_t HUGE_PAGE = 2 * MIB;

/* What a child of fork finds in a block, and whether it may write to it and to
 * one of its own. */
int
child_uses(poolkind *kind, unsigned char *block, size_t bytes)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		unsigned char *own = static_cast<unsigned char *>(
		    poolkind_malloc(kind, bytes));
		bool good = painted(block, bytes, 1) && own != nullptr;

		if (good) {
			paint(own, bytes, 2);
			paint(block, bytes, 3);
			good = painted(own, bytes, 2) &&
			    poolkind_check(kind) == 0;
		}
		_exit(good ? 0 : 1);
	}
	EXPECT_EQ(child, waitpid(child, &status, 0));
	return status;
}

} // namespace

TEST(Huge, RegionIsUsedWhole)
{
	ENGINE_HUGE_PAGES_OR_SKIP(8);
	void *start = mmap(nullptr, 16 * MIB, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << MAP_HUGE_SHIFT,
	    -1, 0);
	ASSERT_NE(MAP_FAILED, start) << strerror(errno);
	Kind kind(poolkind_open_region(start, 16 * MIB, nullptr, 0));
	ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
	for (size_t size : { 64u, 4096u, 327680u }) {
		Chain chain;

		EXPECT_GE(
		    chain.fill(kind.get(), size), nearly_all(16 * MIB, size));
		EXPECT_EQ(0, poolkind_check(kind.get()));
		size_t count = chain.count();
		EXPECT_EQ(count, chain.free_all(kind.get()));
	}
	kind.reset();
	munmap(start, 16 * MIB);
}

TEST(Huge, FilesGrowAndGiveBackByWholePages)
{
	ENGINE_HUGE_PAGES_OR_SKIP(16);
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_HUGETLBFS_OR_SKIP(
		    directory.path(), "pagesize=2M,size=32M");
		for (const char *options : { "", ",size=32M", ",limit=16M" }) {
			Kind kind = open_kind(
			    "file:" + directory.path() + options);
			size_t most = strcmp(options, ",limit=16M") == 0 ? 16 :
									   32;
			Chain chain;

			EXPECT_EQ(32 * MIB, free_bytes(directory.path()));
			EXPECT_GE(chain.fill(kind.get(), 100000),
			    nearly_all(most * MIB, whole_pages(114688)));
			EXPECT_EQ(ENOMEM, errno) << "and no SIGBUS";
			EXPECT_EQ(most * MIB, stats_of(kind.get()).committed);
			size_t count = chain.count();
			EXPECT_EQ(count, chain.free_all(kind.get()));
			void *block = poolkind_malloc(kind.get(), 100);
			EXPECT_EQ(0, poolkind_trim(kind.get()));
			EXPECT_EQ(HUGE_PAGE, stats_of(kind.get()).committed);
			EXPECT_EQ(
			    32 * MIB - HUGE_PAGE, free_bytes(directory.path()));
			EXPECT_EQ(0, poolkind_check(kind.get()));
			poolkind_free(kind.get(), block);
		}
	});
}

TEST(Huge, FilesAreCopiedToAChild)
{
	ENGINE_HUGE_PAGES_OR_SKIP(24);
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_HUGETLBFS_OR_SKIP(
		    directory.path(), "pagesize=2M,size=48M");
		for (const char *options : { "", ",size=24M" }) {
			Kind kind = open_kind("file:" + directory.path() +
			    options + ",fork=copy");
			size_t bytes = 5 * MIB + 12345;
			void *between = poolkind_malloc(kind.get(), 3 * MIB);
			unsigned char *block = static_cast<unsigned char *>(
			    poolkind_malloc(kind.get(), bytes));

			ASSERT_NE(nullptr, block);
			poolkind_free(kind.get(), between);
			paint(block, bytes, 1);
			EXPECT_EQ(0, child_uses(kind.get(), block, bytes));
			EXPECT_TRUE(painted(block, bytes, 1));
			EXPECT_EQ(0, poolkind_check(kind.get()));
		}
	});
}
