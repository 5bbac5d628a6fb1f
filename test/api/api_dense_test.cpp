/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded kind is full when it is full: blocks of any size fill it, also
 * after small ones of other threads, whose caches hold some still. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include <pthread.h>

#include "../lib/engine_kind.h"

using namespace engine;

namespace {

std::vector<void *>
fill(poolkind *kind, size_t size)
{
	std::vector<void *> blocks;
	while (void *block = poolkind_malloc(kind, size))
		blocks.push_back(block);
	return blocks;
}

/* Frees all blocks, each by one of several threads, in no order, and calls
 * BODY while these threads live on and do nothing. */
template <class Body>
void
with_idle_threads(poolkind *kind, std::vector<void *> &blocks, Body body)
{
	constexpr unsigned COUNT = 8;
	std::shuffle(blocks.begin(), blocks.end(), std::mt19937(1));
	pthread_barrier_t freed, done;
	pthread_barrier_init(&freed, nullptr, COUNT + 1);
	pthread_barrier_init(&done, nullptr, COUNT + 1);
	std::vector<std::thread> threads;
	for (unsigned me = 0; me < COUNT; me++)
		threads.emplace_back([&, me] {
			for (size_t i = me; i < blocks.size(); i += COUNT)
				poolkind_free(kind, blocks[i]);
			pthread_barrier_wait(&freed);
			pthread_barrier_wait(&done);
		});
	pthread_barrier_wait(&freed);
	body();
	pthread_barrier_wait(&done);
	for (std::thread &thread : threads)
		thread.join();
	pthread_barrier_destroy(&freed);
	pthread_barrier_destroy(&done);
}

constexpr size_t ROOM = 14 * MIB;

} // namespace

class ApiDense : public testing::TestWithParam<size_t> {
protected:
	Region region_{ ROOM };
	Kind kind_{ poolkind_open_region(
	    region_.start(), region_.size(), nullptr, 0) };
};

TEST_P(ApiDense, BlocksOfOneSizeFillAKind)
{
	std::vector<void *> blocks = fill(kind_.get(), GetParam());
	size_t page_more = KIND_PAGE - 1, whole = GetParam() + page_more;
	EXPECT_GE(blocks.size() * whole, ROOM - whole);
	for (void *block : blocks)
		poolkind_free(kind_.get(), block);
	EXPECT_EQ(0, poolkind_check(kind_.get())) << poolkind_errormsg();
}

/* Until the kind is full the caches hold a few blocks. The slabs that these lie
 * in become holes, which are too small where the new slabs are larger: two or
 * three of at most 7 pages. */
TEST_P(ApiDense, WhatIdleThreadsFreedIsRoomForIt)
{
	size_t fresh = fill(kind_.get(), GetParam()).size();
	size_t in_holes = 24 * KIND_PAGE / GetParam();
	for (size_t before : { 16, 100, 1000, 5000, 20000 }) {
		kind_.reset();
		kind_.reset(poolkind_open_region(
		    region_.start(), region_.size(), nullptr, 0));
		std::vector<void *> blocks = fill(kind_.get(), before);
		with_idle_threads(kind_.get(), blocks, [&] {
			size_t now = fill(kind_.get(), GetParam()).size();
			EXPECT_GE((now + in_holes) * 100, fresh * 97 - 100)
			    << now << " of " << fresh << " after blocks of "
			    << before;
		});
	}
}

INSTANTIATE_TEST_SUITE_P(Sizes, ApiDense,
    testing::Values(20000, 65536, 70000, 100 * KIB, 150000, 200000, 300000));
