/* SPDX-License-Identifier: BSD-2-Clause */
/* What threads wrote, as one trace: in the order of the numbers, with blocks in
 * place of addresses. */
#include <memory>

#include "trace_test.h"

namespace {

class Merge : public ::testing::Test {
protected:
	void
	begin(unsigned chunks)
	{
		raw.reset(raw_file_new(chunks));
	}
	/* What the trace says, which is read again. */
	std::string
	merged()
	{
		EXPECT_EQ(raw_file_merge(raw.get(), &got), 0);
		const Told all = told(std::string(got.bytes, got.size));

		EXPECT_EQ(all.sentence, "");
		EXPECT_EQ(all.lost, got.lost);
		return all.text;
	}
	/* The chunk NUMBER as one of thread NUMBER of the process 1. */
	void
	thread(unsigned number)
	{
		raw_file_chunk(raw.get(), number, 1, 10, "program");
		raw_file_thread(raw.get(), number, number);
	}

	std::unique_ptr<struct raw_file, void (*)(struct raw_file *)> raw{
		nullptr, raw_file_free
	};
	struct raw_merged got = {};
};

TEST_F(Merge, Nothing)
{
	begin(0);
	EXPECT_EQ(merged(), "");
	begin(2);
	thread(0);
	EXPECT_EQ(merged(), "");
	EXPECT_EQ(got.processes, 0u);
}

/* Blocks that one thread makes and the other frees, and an address that is used
 * again in between. */
TEST_F(Merge, ThreadsThatFreeForEachOther)
{
	begin(2);
	thread(0);
	thread(1);
	raw_file_malloc(raw.get(), 0, 0, 0x1000, 10);
	raw_file_malloc(raw.get(), 1, 1, 0x2000, 20);
	raw_file_freed(raw.get(), 1, 2, 0x1000);
	raw_file_calloc(raw.get(), 0, 3, 0x1000, 30);
	raw_file_freed(raw.get(), 0, 4, 0x2000);
	raw_file_freed(raw.get(), 1, 5, 0x1000);
	raw_file_thread_ends(raw.get(), 1, 6);
	EXPECT_EQ(merged(),
	    "program:\n"
	    "t0 malloc 10 =0\n"
	    "t1 malloc 20 =1\n"
	    "t1 free 0\n"
	    "t0 calloc 30 =0\n"
	    "t0 free 1\n"
	    "t1 free 0\n"
	    "t1 ends\n"
	    "end: 6 events, 2 threads, 50 bytes, 2 blocks, 0 unknown\n");
	EXPECT_EQ(got.events, 6u);
}

/* Each moves to the place that the one before has left. */
TEST_F(Merge, ChainOfResizes)
{
	begin(1);
	thread(0);
	raw_file_malloc(raw.get(), 0, 0, 0x1000, 1);
	raw_file_resize(raw.get(), 0, 1, 0x1000);
	raw_file_resized(raw.get(), 0, 2, 0x2000, 2);
	raw_file_aligned(raw.get(), 0, 3, 6, 0x1000, 64);
	raw_file_resize(raw.get(), 0, 4, 0x2000);
	raw_file_resized(raw.get(), 0, 5, 0x2000, 3);
	raw_file_resize(raw.get(), 0, 6, 0x2000);
	raw_file_not_resized(raw.get(), 0, 7, 0x2000);
	raw_file_freed(raw.get(), 0, 8, 0x1000);
	raw_file_freed(raw.get(), 0, 9, 0x2000);
	EXPECT_EQ(merged(),
	    "program:\n"
	    "t0 malloc 1 =0\n"
	    "t0 realloc 0 2\n"
	    "t0 aligned 6 64 =1\n"
	    "t0 realloc 0 3\n"
	    "t0 free 1\n"
	    "t0 free 0\n"
	    "end: 6 events, 1 threads, 67 bytes, 2 blocks, 0 unknown\n");
}

/* While a thread resizes, another gets the old address. */
TEST_F(Merge, AddressTakenWhileItIsResized)
{
	begin(2);
	thread(0);
	thread(1);
	raw_file_malloc(raw.get(), 0, 0, 0x1000, 1);
	raw_file_resize(raw.get(), 0, 1, 0x1000);
	raw_file_malloc(raw.get(), 1, 2, 0x1000, 9);
	raw_file_resized(raw.get(), 0, 3, 0x3000, 2);
	raw_file_freed(raw.get(), 1, 4, 0x3000);
	raw_file_freed(raw.get(), 0, 5, 0x1000);
	EXPECT_EQ(merged(),
	    "program:\n"
	    "t0 malloc 1 =0\n"
	    "t1 malloc 9 =1\n"
	    "t0 realloc 0 2\n"
	    "t1 free 0\n"
	    "t0 free 1\n"
	    "end: 5 events, 2 threads, 11 bytes, 2 blocks, 0 unknown\n");
}

/* What it does with blocks of its parent's is left out, and counted: a block
 * that it resizes is a new one. */
TEST_F(Merge, ChildAfterFork)
{
	begin(2);
	thread(0);
	raw_file_malloc(raw.get(), 0, 0, 0x1000, 10);
	raw_file_malloc(raw.get(), 0, 1, 0x2000, 20);
	raw_file_chunk(raw.get(), 1, 2, 11, "program");
	raw_file_thread(raw.get(), 1, 0);
	raw_file_freed(raw.get(), 1, 2, 0x1000);
	raw_file_malloc(raw.get(), 1, 3, 0x1000, 5);
	raw_file_resize(raw.get(), 1, 4, 0x2000);
	raw_file_resized(raw.get(), 1, 5, 0x2000, 6);
	raw_file_freed(raw.get(), 0, 2, 0x1000);
	EXPECT_EQ(merged(),
	    "program:\n"
	    "t0 malloc 10 =0\n"
	    "t0 malloc 20 =1\n"
	    "t0 free 0\n"
	    "end: 3 events, 1 threads, 30 bytes, 2 blocks, 0 unknown\n"
	    "program:\n"
	    "t0 malloc 5 =0\n"
	    "t0 malloc 6 =1\n"
	    "end: 2 events, 1 threads, 11 bytes, 2 blocks, 1 unknown\n");
	EXPECT_EQ(got.processes, 2u);
	EXPECT_EQ(got.unknown, 1u);
}

/* The block that was there went past malloc: it is freed before the next. */
TEST_F(Merge, AddressThatIsUsedAgain)
{
	begin(1);
	thread(0);
	raw_file_malloc(raw.get(), 0, 0, 0x1000, 10);
	raw_file_malloc(raw.get(), 0, 1, 0x1000, 20);
	EXPECT_EQ(merged(),
	    "program:\n"
	    "t0 malloc 10 =0\n"
	    "t0 free 0\n"
	    "t0 malloc 20 =0\n"
	    "end: 3 events, 1 threads, 20 bytes, 1 blocks, 0 unknown\n");
}

/* A process that was killed has gaps; what is not understood ends a chunk. */
TEST_F(Merge, GapsAndDamage)
{
	begin(3);
	thread(0);
	thread(1);
	thread(2);
	raw_file_lost(raw.get(), 4);
	raw_file_malloc(raw.get(), 0, 7, 0x1000, 10);
	raw_file_word(raw.get(), 0, 15);
	raw_file_malloc(raw.get(), 0, 8, 0x2000, 10);
	raw_file_malloc(raw.get(), 1, 2, 0x3000, 30);
	raw_file_malloc(raw.get(), 1, 3, 0, 30);
	EXPECT_EQ(merged(),
	    "program:\n"
	    "t0 malloc 30 =0\n"
	    "t1 malloc 10 =1\n"
	    "end: 2 events, 2 threads, 40 bytes, 2 blocks, 0 unknown\n");
	EXPECT_EQ(got.lost, 6u);
}

/* Numbers that no process writes would be a table of that length. */
TEST_F(Merge, NumbersFarApart)
{
	begin(1);
	thread(0);
	raw_file_malloc(raw.get(), 0, 0, 0x1000, 10);
	raw_file_malloc(raw.get(), 0, UINT64_C(1) << 50, 0x2000, 10);
	EXPECT_EQ(merged(), "");
	EXPECT_EQ(got.lost, 2u);
}

} /* namespace */
