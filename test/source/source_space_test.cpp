/* SPDX-License-Identifier: BSD-2-Clause */
/* What a source takes from the system and gives back: ahead of use, up to a
 * limit, while held, as it grows, and when there is nothing left to have. */
#include "source_test.h"

TEST(Ahead, GrowsWithWhatThereIsUpToTwoMebibytes)
{
	Source source(in_shm("size=64M"));

	for (size_t held : { 1, 2, 4, 8, 16, 32, 48, 64 }) {
		size_t before = source.committed();

		while (source.committed() == before)
			ASSERT_NE(source.span(PAGE_BYTES), nullptr);
		EXPECT_EQ(source.committed(), held * PAGE_BYTES);
	}
	source.span(32 * MIB);
	size_t before = source.committed();
	while (source.committed() == before)
		ASSERT_NE(source.span(PAGE_BYTES), nullptr);
	EXPECT_GT(source.committed() - before, MIB);
	EXPECT_LE(source.committed() - before, 2 * MIB);
}

TEST(Ahead, IsNotTakenFromMemoryThatFollowsFirstTouch)
{
	Source source("dram");

	source.span(PAGE_BYTES);
	EXPECT_EQ(source.committed(), PAGE_BYTES);
	EXPECT_EQ(source.stats(true).resident, 0u);
}

TEST(Ahead, NeverCostsASpanItsPlace)
{
	Source source(in_shm("size=8M,limit=1M"));
	size_t spans = 0;

	while (source.span(PAGE_BYTES) != nullptr)
		spans++;
	EXPECT_EQ(spans, MIB / PAGE_BYTES);
}

TEST(Limit, CountsWhatIsCommitted)
{
	Source source("dram,limit=1M");
	char *span = source.span(MIB);

	ASSERT_NE(span, nullptr);
	EXPECT_EQ(source.span(PAGE_BYTES), nullptr);
	source.free(span, 64 * KIB);
	EXPECT_NE(source.span(64 * KIB), nullptr);
	EXPECT_EQ(source.committed(), MIB);
	EXPECT_EQ(source.stats().peak, MIB);
}

TEST(Limit, MayBeRaisedLoweredAndTakenAway)
{
	Source source("dram,limit=1M");
	char *span = source.span(MIB);
	uint64_t freed = source_freed(source);

	source_set_limit(source, 2 * MIB);
	EXPECT_GT(source_freed(source), freed) << "worth another try";
	EXPECT_NE(source.span(MIB), nullptr);
	EXPECT_EQ(source.span(PAGE_BYTES), nullptr);
	source_set_limit(source, 512 * KIB);
	source.free(span, MIB);
	EXPECT_EQ(source.span(PAGE_BYTES), nullptr) << "1 MiB is still there";
	source_set_limit(source, 0);
	EXPECT_NE(source.span(16 * MIB), nullptr);
}

/* NULL for want of pages is no reason to take more addresses. */
TEST(Limit, CostsNoAddressesWhenReached)
{
	for (std::string text : { std::string("dram,limit=1M"),
		 in_shm("size=1M,grow=yes,limit=1M") }) {
		Source source(text);
		ASSERT_NE(source.span(MIB), nullptr);
		size_t pages = address_space_pages();
		size_t stretches = stretches_of(source);

		for (int i = 0; i < 50; i++)
			ASSERT_EQ(source.span(64 * KIB), nullptr);
		EXPECT_LE(stretches_of(source), stretches + 1) << text;
		EXPECT_LE(address_space_pages() - pages, GIB / PAGE_BYTES);
	}
}

TEST(Limit, GivesWhatWasTakenAheadToWhoNeedsIt)
{
	Source source(in_shm("size=8M,limit=1M"));
	char *low = source.span(512 * KIB);
	char *high = source.span(64 * KIB);

	source.free(low, 512 * KIB);
	source_hold(source);
	source.free(high, 64 * KIB); /* stays backed, for nobody */
	source_unhold(source);
	EXPECT_NE(source.span_at(low + 2 * MIB, MIB), nullptr);
	EXPECT_EQ(source.committed(), MIB);
}

TEST(Hold, KeepsFreedPagesUntilATrim)
{
	Source source(in_shm("size=8M"));
	char *span = source.span(MIB);

	source_hold(source);
	source_hold(source);
	source.free(span, 256 * KIB);
	source_unhold(source);
	source.free(span + 256 * KIB, 256 * KIB);
	EXPECT_TRUE(is_backed(source, span));
	EXPECT_TRUE(is_backed(source, span + 256 * KIB));
	source_unhold(source);
	source.free(span + 512 * KIB, 512 * KIB);
	EXPECT_FALSE(is_backed(source, span + 512 * KIB));
	source_trim(source);
	EXPECT_EQ(source.committed(), 0u);
}

/* A page that was held is not zero although its neighbours are. */
TEST(Hold, RemembersWhatIsNotZero)
{
	Source source(in_shm("size=8M"));
	char *span = source.span(64 * KIB);

	memset(span, 1, 64 * KIB);
	source_hold(source);
	source.free(span, 64 * KIB);
	bool zero;
	EXPECT_EQ(source.span(128 * KIB, PAGE_BYTES, &zero), span);
	EXPECT_FALSE(zero);
	source.free(span, 128 * KIB);
	EXPECT_TRUE(all_zero(source.zeroed(128 * KIB), 128 * KIB));
	source_unhold(source);
}

TEST(Growth, DoublesAndFindsRoomForWhatIsLarger)
{
	Source source("dram");

	EXPECT_EQ(source.stats().size, 0u);
	ASSERT_NE(source.span(PAGE_BYTES), nullptr);
	ASSERT_NE(source.span(100 * MIB), nullptr);
	ASSERT_NE(source.span(GIB, GIB), nullptr);
	EXPECT_LE(stretches_of(source), 4u);
	EXPECT_EQ(source.span((size_t)1 << 46), nullptr);
	EXPECT_EQ(source.span(SIZE_MAX & ~(PAGE_BYTES - 1)), nullptr);
	EXPECT_EQ(source.span((size_t)1 << 63, (size_t)1 << 63), nullptr);
	EXPECT_LE(stretches_of(source), 4u);
}

TEST(Growth, TakesFewerAddressesWhereManyCannotBeHad)
{
	EXPECT_EQ(in_child([] {
		Limit limit(
		    RLIMIT_AS, address_space_pages() * PAGE_BYTES + 24 * MIB);
		Source source("dram"); /* 64 MiB do not fit */
		if (source.span(PAGE_BYTES) == nullptr)
			return 1;
		if (source.span(32 * MIB) != nullptr)
			return 2;
		return source.span(PAGE_BYTES) == nullptr ? 3 : 0;
	}),
	    0);
}

TEST(Growth, OfAFixedSourceIsNone)
{
	Source source("dram,size=1M");

	EXPECT_EQ(source.stats().size, MIB);
	EXPECT_EQ(source.span(2 * MIB), nullptr);
	EXPECT_EQ(stretches_of(source), 1u);
}

TEST(Reserve, TakesEverythingAtOnceAndKeepsIt)
{
	SMALL_FILE_SYSTEM(directory, 8 * MIB);
	Source source("file:" + directory.path + ",size=4M,reserve=yes");
	ASSERT_NE((struct source *)source, nullptr) << error_text();

	EXPECT_EQ(source.committed(), 4 * MIB);
	use_up(directory);
	char *span = source.span(4 * MIB);
	memset(span, 1, 4 * MIB);
	source.free(span, 4 * MIB);
	source_trim(source);
	EXPECT_EQ(source.committed(), 4 * MIB);
	memset(source.span(4 * MIB), 1, 4 * MIB);
	EXPECT_EQ((struct source *)Source(
		      "file:" + directory.path + ",size=4M,reserve=yes"),
	    nullptr);
	EXPECT_EQ(errno, ENOSPC);
}

/* A full file system is NULL at the span, not SIGBUS at the touch. */
TEST(FullFileSystem, AnswersNull)
{
	SMALL_FILE_SYSTEM(directory, 4 * MIB);
	Source source("file:" + directory.path + ",size=64M");
	std::vector<char *> spans;

	while (char *span = source.span(64 * KIB))
		spans.push_back((char *)memset(span, 1, 64 * KIB));
	EXPECT_GE(spans.size() * 64 * KIB, 4 * MIB - 64 * KIB);
	EXPECT_EQ(stretches_of(source), 1u);
	source.free(spans.back(), 64 * KIB);
	EXPECT_NE(source.span(64 * KIB), nullptr);
	for (size_t i = 0; i + 1 < spans.size(); i++)
		source.free(spans[i], 64 * KIB);
	source_trim(source);
	EXPECT_EQ(source.committed(), 64 * KIB) << "the space went back";
}

TEST(Size, ThatNoMachineHasIsRefused)
{
	for (const char *text :
	    { "dram,size=18446744073709551615", "dram,size=15000000T",
		"file:/dev/shm,size=18446744073709551615" }) {
		Source source(text);

		EXPECT_EQ((struct source *)source, nullptr) << text;
	}
}

TEST(Descriptors, AreNotKept)
{
	int before = open("/dev/null", O_RDONLY);
	close(before);
	Source source(in_shm("size=8M"));
	Source growing(in_shm("size=1M,grow=yes"));

	growing.span(2 * MIB);
	int after = open("/dev/null", O_RDONLY);
	close(after);
	EXPECT_EQ(before, after);
	EXPECT_EQ(descriptor_of(source), -1);
}
