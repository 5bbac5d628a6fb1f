/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds of a TiB of which little is used: what is recorded, looked at and
 * checked grows with what is used, and not with addresses or with the size of a
 * block. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <ctime>
#include <thread>
#include <vector>

#include <sys/mman.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"

using namespace engine;

namespace {

constexpr size_t TIB = 1024 * GIB;

class ApiSparse : public testing::Test {
protected:
	void
	SetUp() override
	{
		if (has_address_sanitizer() || has_thread_sanitizer())
			GTEST_SKIP() << "the sanitizer needs its addresses";
		region_ = mmap(nullptr, TIB, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (region_ == MAP_FAILED)
			GTEST_SKIP() << "no TiB of addresses";
		/* Of the records a bit costs a page, not a huge one. */
		before_ = facts().resident;
		kind_.reset(poolkind_open_region(region_, TIB, nullptr, 0));
		ASSERT_TRUE(kind_) << poolkind_errormsg();
	}

	void
	TearDown() override
	{
		kind_.reset();
		if (region_ != MAP_FAILED)
			munmap(region_, TIB);
	}

	size_t
	resident() const
	{
		return facts().resident - before_;
	}

	void *region_ = MAP_FAILED;
	Kind kind_;
	size_t before_ = 0;
};

double
processor_time()
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

} // namespace

TEST_F(ApiSparse, ALargeBlockCostsNoMoreThanASmallOne)
{
	std::vector<void *> blocks;
	for (int i = 0; i < 1000; i++)
		blocks.push_back(poolkind_malloc(kind_.get(), GIB));
	for (void *block : blocks)
		EXPECT_NE(nullptr, block);
	EXPECT_LT(resident(), 35 * MIB);
	EXPECT_EQ(0, poolkind_check(kind_.get())) << poolkind_errormsg();
	for (void *block : blocks)
		poolkind_free(kind_.get(), block);
	void *all = poolkind_malloc(kind_.get(), 1000 * GIB);
	EXPECT_NE(nullptr, all);
	poolkind_free(kind_.get(), all);
	EXPECT_LT(resident(), 35 * MIB);
	EXPECT_EQ(0, poolkind_check(kind_.get())) << poolkind_errormsg();
}

TEST_F(ApiSparse, ACheckLooksAtWhatIsUsed)
{
	for (int i = 0; i < 1000; i++)
		ASSERT_NE(nullptr, poolkind_malloc(kind_.get(), 100));
	ASSERT_NE(nullptr, poolkind_malloc(kind_.get(), 100 * GIB));
	double before = processor_time();
	EXPECT_EQ(0, poolkind_check(kind_.get())) << poolkind_errormsg();
	EXPECT_LT(processor_time() - before, 0.1);
}

/* What was a slab becomes part of a large block: its pages keep no mark. */
TEST_F(ApiSparse, ALargeBlockOnPagesOfSmallOnes)
{
	for (int round = 0; round < 3; round++) {
		Chain chain;
		ASSERT_EQ(chain.fill(kind_.get(), 48, 100000), 100000u);
		ASSERT_EQ(chain.free_all(kind_.get()), 100000u);
		EXPECT_EQ(0, poolkind_trim(kind_.get()));
		char *block = (char *)poolkind_malloc(kind_.get(), 3 * GIB);
		ASSERT_NE(nullptr, block);
		poolkind_free(kind_.get(), block);
	}
	EXPECT_EQ(stats_of(kind_.get()).live, 0u);
	EXPECT_EQ(0, poolkind_check(kind_.get())) << poolkind_errormsg();
}

/* Others go on meanwhile, and the sums are right all the same. */
TEST(ApiCheck, WhileOthersAllocate)
{
	for (std::string spec :
	    { "dram,limit=48M", "dram,size=64M", "dram,page=thp" }) {
		Kind kind = open_kind(spec);
		std::atomic<bool> over{ false };
		std::vector<std::thread> threads;
		for (unsigned me = 0; me < 2; me++)
			threads.emplace_back([&, me] {
				std::vector<void *> blocks(64);
				for (unsigned i = me; !over; i += 7) {
					void *&block = blocks[i % 64];
					poolkind_free(kind.get(), block);
					block = poolkind_malloc(
					    kind.get(), 4096 << i % 7);
				}
				for (void *block : blocks)
					poolkind_free(kind.get(), block);
			});
		for (int i = 0; i < 300; i++) {
			ASSERT_EQ(0, poolkind_check(kind.get()))
			    << poolkind_errormsg();
			poolkind_trim(kind.get());
		}
		over = true;
		for (std::thread &thread : threads)
			thread.join();
	}
}
