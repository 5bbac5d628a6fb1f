/* SPDX-License-Identifier: BSD-2-Clause */
/* Every byte of a pool is the user's, and what was freed can be had again, in
 * any size, by any thread. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstddef>
#include <atomic>
#include <thread>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../lib/engine_child.h"
#include "../lib/engine_fill.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

TEST(ApiFill, Matrix14MiB)
{
	expect_fill_matrix(14 * MIB);
}

TEST(ApiFill, InTurn14MiB)
{
	expect_fill_in_turn(14 * MIB, 3);
}

TEST(ApiFill, InTurn64MiB)
{
	expect_fill_in_turn(64 * MIB, 1);
}

TEST(ApiFill, EachSize64MiB)
{
	ENGINE_PLACE_OR_SKIP(directory, 64 * MIB);
	for (size_t size : FILL_SIZES) {
		Kind kind = open_kind("file:" + directory + ",size=64M");
		ASSERT_NE(nullptr, kind.get());
		Chain chain;
		EXPECT_GE(
		    chain.fill(kind.get(), size), nearly_all(64 * MIB, size))
		    << size;
	}
}

TEST(ApiFill, OneThreadFreesWhatAnotherTook)
{
	ENGINE_PLACE_OR_SKIP(directory, 14 * MIB);
	Kind kind = open_kind("file:" + directory + ",size=14M");
	Chain chain;
	for (size_t size : { 65536, 64, 4096, 1048576, 16 }) {
		std::thread([&] {
			EXPECT_GE(chain.fill(kind.get(), size),
			    nearly_all(14 * MIB, size))
			    << size;
		}).join();
		std::thread([&] { chain.free_all(kind.get()); }).join();
	}
}

TEST(ApiFill, WhatOneThreadFreedAnotherGetsWhileTheFirstLives)
{
	ENGINE_PLACE_OR_SKIP(directory, 14 * MIB);
	Kind kind = open_kind("file:" + directory + ",size=14M");
	Chain mine, theirs;
	for (size_t size : { 1024, 16, 65536, 256 }) {
		mine.fill(kind.get(), size);
		mine.free_all(kind.get());
		std::thread([&] {
			EXPECT_GE(theirs.fill(kind.get(), 8 * MIB), 1u) << size;
			theirs.free_all(kind.get());
		}).join();
	}
}

TEST(ApiFill, EveryOtherBlockFreedServesItsOwnSizeAgain)
{
	ENGINE_PLACE_OR_SKIP(directory, 14 * MIB);
	for (size_t size : { 64, 4096, 65536 }) {
		Kind kind = open_kind("file:" + directory + ",size=14M");
		std::vector<void *> blocks;
		while (void *block = poolkind_malloc(kind.get(), size))
			blocks.push_back(block);
		size_t freed = 0;
		for (size_t i = 0; i < blocks.size(); i += 2, freed++)
			poolkind_free(kind.get(), blocks[i]);
		Chain chain;
		EXPECT_GE(chain.fill(kind.get(), size), freed * 99 / 100);
	}
}

TEST(ApiFill, MixedSizesLeaveAKindThatCanBeFilled)
{
	ENGINE_PLACE_OR_SKIP(directory, 14 * MIB);
	Kind kind = open_kind("file:" + directory + ",size=14M");
	unsigned seed = 1;
	std::vector<void *> blocks;
	for (int step = 0; step < 100000; step++) {
		seed = seed * 1103515245 + 12345;
		size_t size = 1 + (seed >> 8) % ((seed >> 4) % 8 ? 300 : 60000);
		void *block = poolkind_malloc(kind.get(), size);
		if (block)
			blocks.push_back(block);
		if (!block || seed % 3 == 0) {
			size_t victim = (seed >> 3) % blocks.size();
			poolkind_free(kind.get(), blocks[victim]);
			blocks[victim] = blocks.back();
			blocks.pop_back();
		}
	}
	for (void *block : blocks)
		poolkind_free(kind.get(), block);
	Chain chain;
	EXPECT_GE(chain.fill(kind.get(), 1 * MIB), 14u);
	EXPECT_EQ(0, poolkind_check(kind.get())) << poolkind_errormsg();
}

/* After this, a system call that could look for memory ends the process. */
static void
forbid_looking_for_memory()
{
	const int calls[] = { SYS_mmap, SYS_munmap, SYS_madvise, SYS_mprotect,
		SYS_fallocate, SYS_ftruncate, SYS_mremap, SYS_membarrier };
	std::vector<sock_filter> program = { BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)) };
	for (int call : calls) {
		program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		    static_cast<unsigned>(call), 0, 1));
		program.push_back(
		    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
	}
	program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	sock_fprog filter = { static_cast<unsigned short>(program.size()),
		program.data() };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		GTEST_SKIP() << "no seccomp filter here";
}

/* Law 2: a full kind in which nothing was freed since the last try answers
 * NULL at once: shown by what it must not do for it. */
TEST(ApiFill, AFullKindAnswersAtOnce)
{
	if (has_address_sanitizer() || has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer maps memory when it likes";
	ENGINE_PLACE_OR_SKIP(directory, 14 * MIB);
	for (std::string spec : { "file:" + directory + ",size=14M",
		 std::string("dram,limit=14M") })
		in_child(20, [&] {
			Kind kind = open_kind(spec);
			Chain chain;
			chain.fill(kind.get(), 65536);
			chain.fill(kind.get(), 64);
			for (size_t size : { 64, 65536, 1000000 })
				EXPECT_EQ(
				    nullptr, poolkind_malloc(kind.get(), size));
			forbid_looking_for_memory();
			if (testing::Test::IsSkipped())
				return;
			for (int i = 0; i < 10000; i++)
				for (size_t size : { 64, 65536, 1000000 })
					if (poolkind_malloc(kind.get(), size))
						_exit(3);
			_exit(testing::Test::HasFailure());
		});
}

TEST(ApiFill, AFullKindNoticesOneFree)
{
	for (size_t size : { 64, 4096, 65536, 1000000 }) {
		Kind kind = open_kind("dram,limit=14M");
		Chain chain;
		void *one = poolkind_malloc(kind.get(), size);
		chain.fill(kind.get(), size);
		for (int i = 0; i < 100; i++) {
			ASSERT_EQ(nullptr, poolkind_malloc(kind.get(), size));
			poolkind_free(kind.get(), one);
			one = poolkind_malloc(kind.get(), size);
			ASSERT_NE(nullptr, one) << size;
		}
	}
}

TEST(ApiFill, AFullKindNoticesAFreeByAnotherThread)
{
	for (size_t size : { 64, 4096, 65536, 1000000 }) {
		Kind kind = open_kind("dram,limit=14M");
		Chain chain;
		void *one = poolkind_malloc(kind.get(), size);
		chain.fill(kind.get(), size);
		std::atomic<bool> freed{ false }, may_end{ false };
		std::thread other([&] {
			poolkind_free(kind.get(), one);
			freed = true;
			while (!may_end)
				std::this_thread::yield();
		});
		while (!freed)
			std::this_thread::yield();
		/* The other thread lives on, and its cache may keep a
		 * sixteenth of the kind: free in plenty for this one. */
		Chain second;
		second.fill(kind.get(), size);
		may_end = true;
		other.join();
		second.fill(kind.get(), size);
		EXPECT_EQ(1u, second.count()) << size;
	}
}
