/* SPDX-License-Identifier: BSD-2-Clause */
/* hbw_verify_memory_region(): whether pages lie in high bandwidth memory. */
#include "../memkind_test.h"

#include <hbwmalloc.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace engine;
using namespace memkinds;

/* Has its memory on node 0, which is high bandwidth memory here. */
static void
bind_to_first(const Region &region)
{
	const int BIND = 2; /* MPOL_BIND */
	unsigned long mask = 1;
	syscall(SYS_mbind, region.start(), region.size(), BIND, &mask, 64, 0);
}

TEST(HbwVerify, Errors)
{
	char here = 0;
	EXPECT_EQ(EINVAL, hbw_verify_memory_region(nullptr, 1, 0));
	EXPECT_EQ(EINVAL, hbw_verify_memory_region(&here, 0, 0));
	for (int flags : { 2, 4, -1 })
		EXPECT_EQ(EINVAL, hbw_verify_memory_region(&here, 1, flags));
	EXPECT_EQ(EINVAL, hbw_verify_memory_region(&here, SIZE_MAX, 0));
}

/* Page by page, whole pages, and only those of the region. */
TEST(HbwVerify, LooksAtEachPage)
{
	Region region(64 * PAGE);
	char *at = region.start();
	bind_to_first(region);
	EXPECT_EQ(-1, hbw_verify_memory_region(at, 64 * PAGE, 0));
	at[5 * PAGE] = 1;
	EXPECT_EQ(0, hbw_verify_memory_region(at + 5 * PAGE, PAGE, 0));
	EXPECT_EQ(0, hbw_verify_memory_region(at + 6 * PAGE - 1, 1, 0));
	EXPECT_EQ(-1, hbw_verify_memory_region(at + 6 * PAGE - 1, 2, 0));
	EXPECT_EQ(-1, hbw_verify_memory_region(at + 4 * PAGE, 2 * PAGE, 0));
	paint(at, 64 * PAGE, 1);
	EXPECT_EQ(0, hbw_verify_memory_region(at, 64 * PAGE, 0));
}

TEST(HbwVerify, TouchesIfTold)
{
	Region region(64 * PAGE);
	bind_to_first(region);
	EXPECT_EQ(0,
	    hbw_verify_memory_region(
		region.start() + 100, 63 * PAGE, HBW_TOUCH_PAGES));
	paint(region.start(), region.size(), 1);
	EXPECT_EQ(0,
	    hbw_verify_memory_region(
		region.start(), region.size(), HBW_TOUCH_PAGES));
	EXPECT_TRUE(painted(region.start(), region.size(), 1));
}

/* Neither in front of the region, nor in it, where each page is touched. */
TEST(HbwVerify, LosesNothingThatOthersWrite)
{
	constexpr unsigned TIMES = 200000;
	Region region(256 * PAGE);
	char *at = region.start(), *end = at + region.size();
	std::atomic<bool> done(false);

	bind_to_first(region);
	std::thread other([&] {
		for (unsigned i = 0; i < TIMES; i++)
			for (char *page = at; page < end; page += PAGE)
				__atomic_fetch_add(
				    reinterpret_cast<unsigned *>(page), 1,
				    __ATOMIC_RELAXED);
		done = true;
	});
	while (!done)
		EXPECT_EQ(0,
		    hbw_verify_memory_region(
			at + 100, region.size() - 100, HBW_TOUCH_PAGES));
	other.join();
	for (char *page = at; page < end; page += PAGE)
		EXPECT_EQ(TIMES, *reinterpret_cast<unsigned *>(page));
}

TEST(HbwVerify, WhatIsNotMapped)
{
	void *addr = nullptr;
	{
		Region region(4 * PAGE);
		addr = region.start();
	}
	int said = hbw_verify_memory_region(addr, 4 * PAGE, 0);
	EXPECT_TRUE(said == -1 || said == EFAULT) << said;
}

MEMKIND_PROGRAM(verify_without)
{
	static char bytes[3 * PAGE];
	memset(bytes, 1, sizeof(bytes));
	return hbw_verify_memory_region(bytes, sizeof(bytes), 0) != -1;
}

/* Neither on a machine without any, nor where other nodes are it. */
TEST(HbwVerify, NothingLiesInMemoryThatIsNotThere)
{
	for (const char *machine : { "no-hmat", "hbm-flat" })
		EXPECT_EQ("",
		    said_by("verify_without",
			{ std::string("HWLOC_XMLFILE=" MACHINES "/") + machine +
			    ".xml" }));
}
