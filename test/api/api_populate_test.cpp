/* SPDX-License-Identifier: BSD-2-Clause */
/* populate=N and poolkind_populate(), on any machine: test/host has those with
 * several nodes. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"

using namespace engine;

namespace {

void
expect_refused(int result, int error, const char *what)
{
	EXPECT_EQ(-1, result);
	EXPECT_EQ(error, errno);
	EXPECT_NE(nullptr, strstr(poolkind_errormsg(), what))
	    << poolkind_errormsg();
}

} // namespace

TEST(ApiPopulate, TakesABlockOnThreadsAndKeepsItsText)
{
	for (const char *text : { "dram,populate=3", "dram,populate=256" }) {
		Kind kind = open_kind(text);
		void *block = poolkind_malloc(kind.get(), 24 * MIB);
		EXPECT_EQ(24 * MIB, bytes_there(block));
		EXPECT_STREQ(text, poolkind_text(kind.get()));
	}
	EXPECT_STREQ("dram,populate=yes",
	    poolkind_text(open_kind("dram,populate=1").get()));
}

/* Whatever the number of parts, they are all of the block and none twice. */
TEST(ApiPopulate, PartsAreTheWholeBlock)
{
	Kind kind = open_kind("dram");

	for (size_t bytes : { 100 * KIB, 5 * MIB, 40 * MIB })
		for (unsigned parts : { 1u, 2u, 3u, 7u, 100u }) {
			char *block = static_cast<char *>(
			    poolkind_aligned_alloc(kind.get(), 8192, bytes));
			size_t before = bytes_there(block), sum = 0;
			for (unsigned part = 0; part < parts; part++) {
				ASSERT_EQ(0,
				    poolkind_populate(
					kind.get(), block, bytes, part, parts));
				sum += bytes_there(block) - before;
				before = bytes_there(block);
			}
			EXPECT_GE(before, bytes) << parts;
			EXPECT_LE(sum, before);
			poolkind_free(kind.get(), block);
			poolkind_trim(kind.get());
		}
}

/* A part is a fair share, and others are not touched for it. */
TEST(ApiPopulate, APartIsItsShare)
{
	Kind kind = open_kind("dram");
	void *block = poolkind_malloc(kind.get(), 40 * MIB);
	size_t before = bytes_there(block);

	ASSERT_EQ(0, poolkind_populate(kind.get(), block, 40 * MIB, 1, 4));
	EXPECT_GE(bytes_there(block) - before, 8 * MIB);
	EXPECT_LE(bytes_there(block) - before, 12 * MIB);
}

TEST(ApiPopulate, ServesAKindThatFallsBackAndAddressesWithin)
{
	Kind next = open_kind("dram,name=populated-next");
	Kind first = open_kind("dram,limit=4M,fallback=populated-next");
	char *block = static_cast<char *>(
	    poolkind_malloc(first.get(), 20 * MIB));

	ASSERT_EQ(next.get(), poolkind_of(block));
	EXPECT_EQ(
	    0, poolkind_populate(first.get(), block + 5 * MIB, 10 * MIB, 0, 1));
	EXPECT_GE(bytes_there(block), 10 * MIB);
	EXPECT_LT(bytes_there(block), 14 * MIB);
	poolkind_free(first.get(), block);
}

TEST(ApiPopulate, RefusesWhatIsNoPartOfNoBlock)
{
	Kind kind = open_kind("dram,name=mine"), other = open_kind("dram");
	void *block = poolkind_malloc(kind.get(), MIB);
	int local;

	expect_refused(poolkind_populate(kind.get(), block, MIB, 2, 2), EINVAL,
	    "part 2 of 2");
	expect_refused(poolkind_populate(kind.get(), block, MIB, 0, 0), EINVAL,
	    "part 0 of 0");
	expect_refused(poolkind_populate(kind.get(), &local, 1, 0, 1), EINVAL,
	    "in no block");
	expect_refused(poolkind_populate(kind.get(), block, 2 * MIB, 0, 1),
	    EINVAL, "2097152 bytes");
	expect_refused(poolkind_populate(other.get(), block, MIB, 0, 1), EINVAL,
	    "block of kind \"mine\"");
	poolkind_free(kind.get(), block);
}

/* Threads of the library are under way while others fork. */
TEST(ApiPopulate, ThreadsEndBeforeAFork)
{
	Kind kind = open_kind("dram,populate=2");
	std::atomic<bool> stop{ false };
	std::thread worker([&] {
		while (!stop)
			poolkind_free(
			    kind.get(), poolkind_malloc(kind.get(), 20 * MIB));
	});

	for (int i = 0; i < 10; i++) {
		pid_t child = fork();
		if (child == 0) {
			void *block = poolkind_malloc(kind.get(), 20 * MIB);
			_exit(
			    block != nullptr && bytes_there(block) == 20 * MIB ?
				0 :
				1);
		}
		Ending ending = wait_for(child, 60);
		EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
		EXPECT_EQ(0, ending.code);
	}
	stop = true;
	worker.join();
}
