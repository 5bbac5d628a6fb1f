/* SPDX-License-Identifier: BSD-2-Clause */
/* The fault injection that the tests of the folders above rely on. */
#include "os_test.h"

#include <sys/mman.h>

#include <atomic>
#include <thread>

/* arena/system.c: what jemalloc calls in the place of mmap(2). */
extern "C" void *poolkind_je_mmap(
    void *addr, size_t bytes, int protection, int flags, int fd, off_t offset);

namespace {

/* One call of each kind, with arguments that fail by themselves with
 * something else than the fault's number, or not at all. */
int
call(enum os_call which)
{
	static char page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
	struct os_moved moved = {};
	uint64_t nodes = 1;
	void *addr;
	int fd;

	switch (which) {
	case OS_RESERVE:
		return os_reserve(SIZE_MAX / 2 + 1, PAGE_BYTES, &addr);
	case OS_MAKE_USABLE:
		return os_make_usable(nullptr, PAGE_BYTES);
	case OS_MAKE_UNUSABLE:
		return os_make_unusable(nullptr, PAGE_BYTES);
	case OS_MAP:
		return os_map(0, &addr);
	case OS_MAP_RECORDS:
		return poolkind_je_mmap(nullptr, 0, 0, 0, -1, 0) == MAP_FAILED ?
		    errno :
		    0;
	case OS_MAP_FILE:
		return os_map_file(page, PAGE_BYTES, -1, 0, true);
	case OS_MAP_HUGE:
		return os_map_huge((void *)GIB, 0, 2 * MIB);
	case OS_POPULATE:
		return os_populate(nullptr, PAGE_BYTES);
	case OS_DISCARD:
		return os_discard(nullptr, PAGE_BYTES);
	case OS_PUNCH:
		return os_punch(nullptr, PAGE_BYTES);
	case OS_OPEN:
		return os_open_unlinked("", &fd);
	case OS_SET_LENGTH:
		return os_set_length(-1, 0);
	case OS_TAKE_SPACE:
		return os_take_space(-1, 0, 1);
	case OS_WRITE_FILE:
		return os_write_file(-1, "", 1, 0);
	case OS_SET_POLICY:
		return os_set_policy(
		    nullptr, PAGE_BYTES, OS_BIND, true, &nodes, 64);
	case OS_MOVE_TO_NODES:
		return os_move_to_nodes(nullptr, PAGE_BYTES, &nodes, 64);
	case OS_MOVE_PAGES:
		return os_move_pages(
		    0, nullptr, PAGE_BYTES, 0, 2 * MIB, &nodes, 64, &moved);
	case OS_SET_INHERITED:
		return os_set_inherited(nullptr, PAGE_BYTES, true);
	case OS_BARRIER_PREPARE:
		return os_barrier_prepare() ? 0 : EXDEV;
	case OS_CLONE:
		return os_on_threads(
			   1, [](void *, unsigned) {}, nullptr) == 0 ?
		    EXDEV :
		    0;
	default:
		return -1;
	}
}

class Fault : public testing::Test {
protected:
	void
	SetUp() override
	{
		FAULTS_OR_SKIP();
	}
	void
	TearDown() override
	{
		for (int which = 0; which < OS_CALLS; which++)
			os_fault_at((enum os_call)which, 0, 0, false);
	}
};

} // namespace

TEST_F(Fault, ReachesEveryCallAndNoOther)
{
	for (int which = 0; which < OS_CALLS; which++) {
		os_fault_at((enum os_call)which, 1, EXDEV, true);
		for (int other = 0; other < OS_CALLS; other++) {
			if ((other == OS_BARRIER_PREPARE ||
				other == OS_CLONE) &&
			    other != which)
				continue;
			EXPECT_EQ(
			    call((enum os_call)other) == EXDEV, other == which)
			    << which << " " << other;
		}
		os_fault_at((enum os_call)which, 0, 0, false);
	}
}

TEST_F(Fault, StrikesTheNthCallOnce)
{
	os_fault_at(OS_SET_LENGTH, 3, EIO, false);
	EXPECT_EQ(call(OS_SET_LENGTH), EBADF);
	EXPECT_EQ(call(OS_SET_LENGTH), EBADF);
	EXPECT_EQ(call(OS_SET_LENGTH), EIO);
	EXPECT_EQ(call(OS_SET_LENGTH), EBADF);
}

TEST_F(Fault, RepeatsUntilItIsTakenAway)
{
	os_fault_at(OS_SET_LENGTH, 2, EIO, true);
	EXPECT_EQ(call(OS_SET_LENGTH), EBADF);
	EXPECT_EQ(call(OS_SET_LENGTH), EIO);
	EXPECT_EQ(call(OS_SET_LENGTH), EIO);
	os_fault_at(OS_SET_LENGTH, 0, 0, false);
	EXPECT_EQ(call(OS_SET_LENGTH), EBADF);
}

TEST_F(Fault, StrikesOneOfManyThreads)
{
	std::atomic<int> struck{ 0 };
	std::vector<std::thread> threads;

	os_fault_at(OS_SET_LENGTH, 4000, EIO, false);
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] {
			for (int n = 0; n < 1000; n++)
				struck += call(OS_SET_LENGTH) == EIO;
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(struck, 1);
	EXPECT_EQ(call(OS_SET_LENGTH), EBADF);
}

#ifndef POOLKIND_DEBUG
TEST(Faults, DoNothingInTheReleaseLibrary)
{
	os_fault_at(OS_SET_LENGTH, 1, EIO, true);
	EXPECT_EQ(call(OS_SET_LENGTH), EBADF);
}
#endif
