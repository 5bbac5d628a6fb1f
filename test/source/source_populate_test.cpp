/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages taken at once, by several threads: all of them or none. */
#include "source_test.h"

#include <sys/syscall.h>
#include <thread>

namespace {

size_t
resident(void *addr, size_t bytes)
{
	size_t there = 0;

	EXPECT_EQ(os_resident(addr, bytes, &there), 0);
	return there;
}

size_t
resident(const Source &source)
{
	return resident(source_base(source), source_extent(source));
}

/* The policy of the page at ADDR, by get_mempolicy(2). */
int
policy_of(const void *addr)
{
	int mode = -1;

	EXPECT_EQ(
	    syscall(SYS_get_mempolicy, &mode, nullptr, 0, addr, 2 /* ADDR */),
	    0);
	return mode & ~(1 << 15); /* MPOL_F_STATIC_NODES */
}

} // namespace

class Populated : public SourcesOfTexts {
protected:
	void
	TearDown() override
	{
		for (enum os_call call :
		    { OS_CLONE, OS_POPULATE, OS_MOVE_TO_NODES })
			os_fault_at(call, 0, 0, false);
	}
};

INSTANTIATE_TEST_SUITE_P(Sources, Populated,
    testing::Values("dram,populate=2", "dram,populate=7,page=thp",
	"nodes:0,populate=2", "nodes:0,policy=interleave,populate=3",
	"nodes:0,home=0,populate=2",
	"nodes:0,policy=weighted-interleave,weights=3,populate=2"));

/* Sizes on both sides of that from which threads are made. */
TEST_P(Populated, SpansAreThereAndZero)
{
	Source source(GetParam());

	for (size_t bytes : { PAGE_BYTES, 3 * MIB, 16 * MIB, 39 * MIB }) {
		char *span = source.zeroed(bytes);

		ASSERT_NE(span, nullptr) << bytes;
		EXPECT_EQ(resident(span, bytes), bytes);
		EXPECT_EQ(span[0] | span[bytes - 1], 0);
	}
}

TEST_P(Populated, SpansAreThereWhereNoThreadCanBeMade)
{
	FAULTS_OR_SKIP();
	Source source(GetParam());

	os_fault_at(OS_CLONE, 1, EAGAIN, true);
	char *span = source.span(32 * MIB);
	ASSERT_NE(span, nullptr);
	EXPECT_EQ(resident(span, 32 * MIB), 32 * MIB);
}

TEST_P(Populated, NothingIsKeptWhereAPageCannotBeHad)
{
	FAULTS_OR_SKIP();
	Source source(GetParam());

	EXPECT_NE(source.span(2 * MIB), nullptr);
	size_t before = source.committed();
	for (unsigned nth : { 1, 5 }) {
		os_fault_at(OS_POPULATE, nth, ENOMEM, true);
		EXPECT_EQ(source.span(32 * MIB), nullptr) << nth;
		EXPECT_EQ(source.committed(), before);
		EXPECT_EQ(resident(source), before);
	}
	os_fault_at(OS_POPULATE, 0, 0, false);
	EXPECT_NE(source.span(32 * MIB), nullptr);
}

TEST(PopulatedOnNodes, NothingIsKeptWhereANodeIsFull)
{
	FAULTS_OR_SKIP();
	Source source("nodes:0,populate=2");

	if (!source)
		GTEST_SKIP() << error_text();
	os_fault_at(OS_MOVE_TO_NODES, 6, ENOMEM, true);
	EXPECT_EQ(source.span(32 * MIB), nullptr);
	os_fault_at(OS_MOVE_TO_NODES, 0, 0, false);
	EXPECT_EQ(source.committed(), 0u);
	EXPECT_EQ(resident(source), 0u);
	EXPECT_NE(source.span(32 * MIB), nullptr);
}

/* ---- For who has the span ------------------------------------------------ */

class Touched : public Populated {};

INSTANTIATE_TEST_SUITE_P(Sources, Touched,
    testing::Values("dram", "nodes:0", "nodes:0,page=thp",
	"nodes:0,policy=interleave", "file:/dev/shm,size=32M"));

/* Three threads, ranges that end within a granule, something written before.
 * 72 MiB, of which a source on one node takes nothing by itself. */
TEST_P(Touched, RangesArePopulatedAndKeepWhatTheyHold)
{
	Source source(GetParam());
	size_t bytes = parsed(GetParam()).size != 0 ? 24 * MIB : 72 * MIB;
	char *span = source.span(bytes);
	std::vector<std::thread> threads;
	int mode;

	ASSERT_NE(span, nullptr);
	mode = policy_of(span);
	memset(span + 5 * PAGE_BYTES, 0x5a, 3 * PAGE_BYTES);
	for (size_t i = 0; i < 3; i++)
		threads.emplace_back([&, i] {
			EXPECT_EQ(source_populate(source,
				      span + i * (bytes / 3), bytes / 3),
			    0);
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(resident(span, bytes), bytes);
	for (size_t i = 5 * PAGE_BYTES; i < 8 * PAGE_BYTES; i++)
		ASSERT_EQ(span[i], 0x5a);
	for (size_t at = 0; at < bytes; at += MIB)
		EXPECT_EQ(policy_of(span + at), mode);
}

TEST_P(Touched, ARefusedCallIsATouch)
{
	FAULTS_OR_SKIP();
	Source source(GetParam());
	char *span = source.span(4 * MIB);

	ASSERT_NE(span, nullptr);
	span[PAGE_BYTES] = 7;
	os_fault_at(OS_POPULATE, 1, EPERM, true);
	EXPECT_EQ(source_populate(source, span, 4 * MIB), 0);
	EXPECT_EQ(resident(span, 4 * MIB), 4 * MIB);
	EXPECT_EQ(span[PAGE_BYTES], 7);
}

TEST(TouchedOnNodes, AFullNodeIsAnError)
{
	FAULTS_OR_SKIP();
	Source source("nodes:0");

	if (!source)
		GTEST_SKIP() << error_text();
	char *span = source.span(72 * MIB);
	int mode = policy_of(span);
	os_fault_at(OS_MOVE_TO_NODES, 2, ENOMEM, true);
	EXPECT_EQ(source_populate(source, span, 8 * MIB), ENOMEM);
	os_fault_at(OS_MOVE_TO_NODES, 0, 0, false);
	EXPECT_EQ(resident(span + 8 * MIB, 64 * MIB), 0u);
	EXPECT_EQ(policy_of(span + 2 * MIB), mode);
	EXPECT_EQ(source_populate(source, span, 8 * MIB), 0);
}

/* Bound again, a page that is copied while the node is full would end one of
 * the two processes. */
TEST(TouchedOnNodes, StayPreferredAfterAFork)
{
	Source source("nodes:0");

	if (!source)
		GTEST_SKIP() << error_text();
	char *span = source.span(72 * MIB);
	span[0] = 1;
	sources_prefork();
	sources_postfork_parent();
	int mode = policy_of(span);
	EXPECT_EQ(source_populate(source, span, 8 * MIB), 0);
	EXPECT_EQ(policy_of(span), mode);
	EXPECT_EQ(resident(span, 8 * MIB), 8 * MIB);
}
