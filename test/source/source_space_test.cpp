/* SPDX-License-Identifier: BSD-2-Clause */
/* What a source takes from the system and gives back: ahead of use, up to a
 * limit, while held, as it grows, and when there is nothing left to have. */
#include "source_test.h"

#include <memory>

/* As much as there is, up to 64 KiB, which may be one page. */
TEST(Ahead, GrowsWithWhatThereIsUpToTwoMebibytes)
{
	Source source(in_shm("size=64M"));

	for (size_t held : { 1, 2, 4, 8, 16, 32, 48, 64 }) {
		size_t before = source.committed();

		if (PAGE_BYTES > 4 * KIB)
			held = before / PAGE_BYTES + 1;

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

/* An attempt that failed took nothing, though the limit would have let it. */
TEST(Limit, PeakIsOfWhatWasBacked)
{
	FAULTS_OR_SKIP();
	Source source("file:/dev/shm,size=8M,limit=6M");
	for (enum os_call call : { OS_POPULATE, OS_TAKE_SPACE })
		os_fault_at(call, 1, ENOMEM, true);
	EXPECT_EQ(source.span(4 * MIB), nullptr);
	for (enum os_call call : { OS_POPULATE, OS_TAKE_SPACE })
		os_fault_at(call, 0, 0, false);
	EXPECT_EQ(source.stats().peak, 0u);
	EXPECT_NE(source.span(MIB), nullptr);
	EXPECT_EQ(source.stats().peak, source.committed());
}

/* What can never give a block is refused when it is opened. */
TEST(Limit, IsAtLeastAPage)
{
	for (const char *text :
	    { "dram,limit=1", "dram,limit=4095", "dram,page=thp,limit=1M",
		"file:/dev/shm,size=8M,limit=100" }) {
		errno = 0;
		EXPECT_FALSE(Source(text)) << text;
		EXPECT_EQ(errno, EINVAL) << error_text();
		EXPECT_NE(
		    std::string(error_text()).find("limit="), std::string::npos)
		    << error_text();
	}
	EXPECT_TRUE(Source("dram,limit=" + std::to_string(PAGE_BYTES)));
	EXPECT_TRUE(Source("dram,page=thp,limit=2M"));
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
		size_t before = address_space_bytes();
		size_t segments = segments_of(source);

		for (int i = 0; i < 50; i++)
			ASSERT_EQ(source.span(64 * KIB), nullptr);
		EXPECT_LE(segments_of(source), segments + 1) << text;
		EXPECT_LE(address_space_bytes() - before, GIB);
	}
}

/* What a span got before the rest of it could not be had goes: no time runs for
 * it, so nobody else would give it back. */
TEST(Limit, OfASpanThatDoesNotFitNothingStaysCommitted)
{
	const size_t part = 2 * PAGE_BYTES;
	Source source("dram,limit=" + std::to_string(5 * PAGE_BYTES));
	char *low = source.span(part), *high = source.span(part);

	source.free(low, part);
	source_keep_idle(source, 10000);
	source.free(high, part);
	ASSERT_EQ(source.committed(), part) << "in the midst of the next";
	EXPECT_EQ(source.span_at(low, 3 * part), nullptr);
	EXPECT_EQ(source.committed(), 0u);
	EXPECT_NE(source.span_at(low, 5 * PAGE_BYTES), nullptr);
}

TEST(Limit, GivesWhatWasTakenAheadToWhoNeedsIt)
{
	Source source(in_shm("size=8M,limit=1M"));
	char *low = source.span(512 * KIB);
	char *high = source.span(64 * KIB);

	source.free(low, 512 * KIB);
	source_hold(source);
	source.free(high, 64 * KIB); /* stays committed, for nobody */
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

/* What was not needed while it was held goes also if no span comes back. */
TEST(Hold, IsNoReasonToKeepPagesAfterwards)
{
	Source source("dram");
	char *span = source.span(MIB);

	source_hold(source);
	source.free(span, MIB);
	EXPECT_TRUE(source_decay(source));
	EXPECT_EQ(source.committed(), MIB);
	source_unhold(source);
	EXPECT_FALSE(source_decay(source));
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
	EXPECT_LE(segments_of(source), 4u);
	EXPECT_EQ(source.span((size_t)1 << 46), nullptr);
	EXPECT_EQ(source.span(SIZE_MAX & ~(PAGE_BYTES - 1)), nullptr);
	EXPECT_EQ(source.span((size_t)1 << 63, (size_t)1 << 63), nullptr);
	EXPECT_LE(segments_of(source), 4u);
}

TEST(Growth, TakesFewerAddressesWhereManyCannotBeHad)
{
	EXPECT_EQ(in_child([] {
		Limit limit(RLIMIT_AS, address_space_bytes() + 24 * MIB);
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
	EXPECT_EQ(segments_of(source), 1u);
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
	EXPECT_EQ(segments_of(source), 1u);
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

/* Where giving back is dear, small pieces wait until they have met. */
TEST(DearFileSystem, IsGivenBackLargePieces)
{
	Source source(in_shm("size=32M"));
	char *spans[256];

	punch_is_dear(source, MIB);
	for (char *&span : spans)
		ASSERT_NE(span = source.span(64 * KIB), nullptr);
	size_t before = source.committed();
	for (size_t i = 0; i < 64; i += 2)
		source.free(spans[i], 64 * KIB);
	EXPECT_EQ(source.committed(), before) << "no piece is large";
	for (size_t i = 1; i < 64; i += 2)
		source.free(spans[i], 64 * KIB);
	for (size_t i = 64; i < 256; i += 2)
		source.free(spans[i], 64 * KIB);
	EXPECT_LE(source.committed(), before - 4 * MIB) << "these have met";
	EXPECT_GT(source.committed(), 10 * MIB) << "these have not";
	source_trim(source);
	EXPECT_EQ(source.committed(), 96 * 64 * KIB) << "at a word, all";
	for (size_t i = 65; i < 256; i += 2)
		source.free(spans[i], 64 * KIB);
}

/* They wait no longer than pages do elsewhere, whether or not spans come back
 * meanwhile. */
TEST(DearFileSystem, IsGivenBackAllInTheEnd)
{
	Source source(in_shm("size=32M"));
	char *spans[4];

	punch_is_dear(source, MIB);
	for (char *&span : spans)
		ASSERT_NE(span = source.span(256 * KIB), nullptr);
	EXPECT_FALSE(source_decay(source)) << "nothing waits";
	source.free(spans[0], 256 * KIB);
	EXPECT_TRUE(source_decay(source));
	os_clock_advance(9000);
	source.free(spans[2], 256 * KIB);
	EXPECT_TRUE(source_decay(source));
	EXPECT_TRUE(is_backed(source, spans[0]));
	os_clock_advance(2000);
	EXPECT_FALSE(source_decay(source));
	EXPECT_EQ(source.committed(), 512 * KIB);
	source.free(spans[1], 256 * KIB);
	os_clock_advance(11000);
	source.free(spans[3], 256 * KIB);
	EXPECT_EQ(source.committed(), 0u);
}

/* A limit that was lowered, or want of room, takes any. */
TEST(DearFileSystem, GivesWhatIsNeeded)
{
	Source source(in_shm("size=32M,limit=2M"));
	char *spans[32];

	punch_is_dear(source, 8 * MIB);
	for (char *&span : spans)
		ASSERT_NE(span = source.span(64 * KIB), nullptr);
	for (size_t i = 0; i < 32; i += 2)
		source.free(spans[i], 64 * KIB);
	EXPECT_NE(source.span(MIB), nullptr);
	source_set_limit(source, MIB);
	for (size_t i = 1; i < 32; i += 2)
		source.free(spans[i], 64 * KIB);
	EXPECT_LE(source.committed(), MIB);
}

/* The directory is needed for the first segment alone, and no descriptor for
 * any. */
TEST(GrowingFile, NeedsItsDirectoryOnce)
{
	char path[] = "/dev/shm/poolkind-test.XXXXXX";

	ASSERT_NE(mkdtemp(path), nullptr);
	Source source("file:" + std::string(path) + ",size=1M,grow=yes");
	ASSERT_EQ(rmdir(path), 0);
	std::vector<char *> spans;
	for (int i = 0; i < 12; i++) {
		spans.push_back(source.span(2 * MIB));
		ASSERT_NE(spans.back(), nullptr) << i;
		memset(spans.back(), i, 2 * MIB);
	}
	EXPECT_GT(segments_of(source), 2u);
	for (int i = 0; i < 12; i++)
		for (size_t at = 0; at < 2 * MIB; at += PAGE_BYTES)
			ASSERT_EQ(spans[(size_t)i][at], i) << at;
	char *large = source.span(8 * MIB);
	ASSERT_NE(large, nullptr);
	EXPECT_TRUE(all_zero(large, 8 * MIB));
	EXPECT_EQ(descriptor_of(source), -1);
}

/* A child that goes on in the parent's file would hand out the same pages. */
TEST(GrowingFile, IsNotTheChildsToGrow)
{
	Source source(in_shm("size=2M,grow=yes"));

	ASSERT_NE(source.span(2 * MIB), nullptr);
	EXPECT_EQ(in_child([&] {
		char *span = source.span(2 * MIB);

		if (span == nullptr)
			return 0;
		memset(span, 1, 2 * MIB);
		return 0;
	}),
	    0);
	char *span = source.span(2 * MIB);
	ASSERT_NE(span, nullptr);
	EXPECT_TRUE(all_zero(span, 2 * MIB));
}

TEST(GrowingFile, HasSeveralWhereFilesMayNotBeLong)
{
	EXPECT_EQ(in_child([] {
		Limit limit(RLIMIT_FSIZE, 10 * MIB);
		Source source("file:/dev/shm");

		if ((struct source *)source == nullptr)
			return 1;
		for (int i = 0; i < 24; i++) {
			char *span = source.span(MIB);
			if (span == nullptr)
				return 2;
			memset(span, 1, MIB);
		}
		return source.span(16 * MIB) == nullptr ? 0 : 3;
	}),
	    0);
	Limit limit(RLIMIT_FSIZE, 10 * MIB);
	Source source(in_shm("size=16M"));
	EXPECT_EQ((struct source *)source, nullptr);
	EXPECT_EQ(errno, EFBIG);
	EXPECT_NE(strstr(error_text(), "RLIMIT_FSIZE"), nullptr)
	    << error_text();
}

/* On a disk, pages that nobody touches are not there. */
TEST(FileOnDisk, TakesSpaceForALargeSpanWithoutItsPages)
{
	Directory directory;
	int fd = nameless(directory, 0);
	const struct os_file_system *on = os_file_system(fd);

	os_close(fd);
	if (!on->on_disk || !on->keeps_space)
		GTEST_SKIP() << directory.path << " is in " << on->name;
	Source source("file:" + directory.path);
	/* The second goes beyond the first segment. */
	for (size_t bytes : { 32 * MIB, 96 * MIB })
		ASSERT_NE(source.span(bytes), nullptr);
	EXPECT_EQ(source.committed(), 128 * MIB);
	EXPECT_LT(source.stats(true).resident, 4 * MIB);
	EXPECT_GE(descriptor_of(source), 0);
}

/* Descriptors that are merely useful are a part of what there may be. */
TEST(FileOnDisk, KeepsFewDescriptors)
{
	Directory directory;
	Limit limit(RLIMIT_NOFILE, 128);
	std::vector<std::unique_ptr<Source>> sources;

	for (int i = 0; i < 200; i++) {
		sources.push_back(std::make_unique<Source>(
		    "file:" + directory.path + ",trust=yes,size=1M"));
		ASSERT_NE((struct source *)*sources.back(), nullptr) << i;
	}
	int next = open("/dev/null", O_RDONLY);
	ASSERT_GE(next, 0);
	close(next);
}

#ifdef POOLKIND_DEBUG
TEST(FullFileSystem, IsAskedBeforeMuchIsTaken)
{
	SMALL_FILE_SYSTEM(directory, 8 * MIB);
	Source source("file:" + directory.path);
	Region page(PAGE_BYTES);

	ASSERT_NE(source.span(MIB), nullptr);
	os_fault_at(OS_POPULATE, 1, EXDEV, false);
	EXPECT_EQ(source.span(16 * MIB), nullptr);
	EXPECT_EQ(os_populate(page.start, PAGE_BYTES), EXDEV)
	    << "it was tried, and took what there is";
	EXPECT_NE(source.span(6 * MIB), nullptr);
	struct source_stats stats = source.stats();
	EXPECT_EQ(stats.committed, 7 * MIB);
}
/* A failure is remembered for a moment, however often it is asked meanwhile. */
TEST(FullFileSystem, IsTriedAgainAfterAWhile)
{
	SMALL_FILE_SYSTEM(directory, 8 * MIB);
	Source source("file:" + directory.path);
	char *span = nullptr;

	os_fault_at(OS_POPULATE, 1, ENOSPC, false);
	EXPECT_EQ(source.span(2 * MIB), nullptr);
	for (int i = 0; i < 20 && span == nullptr; i++) {
		os_clock_advance(30);
		span = source.span(2 * MIB);
	}
	EXPECT_NE(span, nullptr) << "each no made the next one";
}
#endif

namespace {

size_t
resident()
{
	size_t all = 0, here = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	EXPECT_EQ(fscanf(statm, "%zu %zu", &all, &here), 2);
	fclose(statm);
	return here * system_page();
}

/* How much is resident once TEXT is open and a page of it used, with LOCK; -1
 * where memory may not be locked. */
int
locked(const std::string &text, int lock, bool before)
{
	return in_child([&] {
		size_t at_first = resident();

		if (before && mlockall(lock) != 0)
			return 77;
		Source source(text);
		char *span = source.span(PAGE_BYTES);
		if (span == nullptr)
			return 78;
		*span = 1;
		if (!before && mlockall(lock) != 0)
			return 77;
		return (int)min_size((resident() - at_first) / MIB, 76);
	});
}

} // namespace

/* What a program locks into memory is what it uses. */
TEST(Locked, MemoryIsNotTheWholeOfASparseKind)
{
	for (std::string text : { in_shm("size=1G"), in_shm("size=1M,grow=yes"),
		 std::string("file:/dev/shm"), std::string("dram,size=64G"),
		 std::string("dram") }) {
		int mebibytes = locked(text, MCL_FUTURE, true);
		if (mebibytes == 77)
			GTEST_SKIP() << "may not lock memory";
		EXPECT_LE(mebibytes, 8) << text;
	}
}

TEST(Locked, LaterIsNotTheWholeOfASparseFile)
{
	int without = locked("dram,size=1M", MCL_CURRENT, false);

	if (without == 77)
		GTEST_SKIP() << "may not lock memory";
	EXPECT_LE(locked(in_shm("size=1G"), MCL_CURRENT, false), without + 8);
}

/* page=auto has a name for those who write texts; its pages have another. */
TEST(Reserved, SaysWhatPagesThereAreNot)
{
	FAULTS_OR_SKIP();
	os_fault_at(OS_MAKE_USABLE, 1, ENOMEM, true);
	Source source("dram,size=8M,reserve=yes");
	os_fault_at(OS_MAKE_USABLE, 0, 0, false);

	EXPECT_EQ((struct source *)source, nullptr);
	EXPECT_NE(strstr(error_text(), "takes 8 MiB in pages of 4K"), nullptr)
	    << error_text();
}

/* ---- A part that stays --------------------------------------------------- */

namespace {

/* What stays of it is committed and in no span. */
size_t
kept(const Source &source)
{
	return source.committed() - source_spans(source);
}

/* COUNT spans of BYTES, of which every other one comes back. */
std::vector<char *>
every_other(Source &source, size_t count, size_t bytes)
{
	std::vector<char *> spans;

	for (size_t i = 0; i < count; i++)
		spans.push_back(source.span(bytes));
	for (size_t i = 1; i < count; i += 2)
		source.free(spans[i], bytes);
	return spans;
}

} // namespace

/* As much as is handed out, up to 256 MiB, or a quarter of it; and 32 MiB, of
 * which nothing is left once it is more. */
TEST(KeptPart, IsAsMuchAsIsHandedOut)
{
	struct {
		size_t used, freed, least, most;
	} cases[] = { { 64 * MIB, 64 * MIB, 64 * MIB, 64 * MIB },
		{ 64 * MIB, 96 * MIB, 48 * MIB, 64 * MIB },
		{ MIB, 32 * MIB, 32 * MIB, 32 * MIB }, { MIB, 48 * MIB, 0, 0 },
		{ 512 * MIB, 512 * MIB, 176 * MIB, 256 * MIB },
		{ 2 * GIB, 800 * MIB, 384 * MIB, 512 * MIB } };

	for (auto &one : cases) {
		Source source("dram");
		source_keep_part(source);
		std::vector<char *> spans;

		ASSERT_NE(source.span(one.used), nullptr);
		for (size_t at = 0; at < one.freed; at += 16 * MIB)
			spans.push_back(source.span(16 * MIB));
		for (char *span : spans)
			source.free(span, 16 * MIB);
		EXPECT_GE(kept(source), one.least) << one.used;
		EXPECT_LE(kept(source), one.most) << one.used;
	}
}

/* What is handed out next, at the lowest addresses, has its pages still. */
TEST(KeptPart, IsAtTheLowestAddresses)
{
	Source source("dram");
	source_keep_part(source);
	std::vector<char *> spans = every_other(source, 16, 16 * MIB);

	source.free(spans[14], 16 * MIB);
	size_t before = source.committed();
	ASSERT_LT(kept(source), 144 * MIB);
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(source.span(16 * MIB), spans[1 + 2 * i]);
	EXPECT_EQ(source.committed(), before);
}

/* A huge page that a span is in stays whole, as far as that can be. */
TEST(KeptPart, LeavesHugePagesWhole)
{
	if (PAGE_BYTES != 4 * KIB)
		GTEST_SKIP() << "no huge pages by themselves where pages are "
				"not of 4 KiB";
	Source source("dram");
	source_keep_part(source);
	std::vector<char *> spans;

	for (size_t i = 0; i < 16; i++) {
		spans.push_back(source.span(9 * MIB));
		ASSERT_NE(source.span(7 * MIB), nullptr);
	}
	size_t before = source.committed();
	for (char *span : spans)
		source.free(span, 9 * MIB);
	EXPECT_LT(source.committed(), before);
	EXPECT_EQ((before - source.committed()) % (2 * MIB), 0u);
}

/* Where nothing whole is free all of it goes: each huge page has a span. */
TEST(KeptPart, GoesWhereItIsInSmallPieces)
{
	Source source("dram");
	source_keep_part(source);
	std::vector<char *> spans = every_other(source, 128, MIB);

	EXPECT_EQ(source_spans(source), 64 * MIB);
	for (size_t i = 0; i < 128; i += 2)
		source.free(spans[i] + PAGE_BYTES, MIB - PAGE_BYTES);
	EXPECT_LE(kept(source), 32 * MIB);
}
