/* SPDX-License-Identifier: BSD-2-Clause */
/* Sources as libvmem needs them: with a page that is their handle, at an
 * address that was asked for, in what others leave of a region. And what a
 * source keeps for a while. */
#include "source_test.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

struct spec
spec_with_handle(const std::string &text)
{
	struct spec spec = parsed(text);

	spec.handle = true;
	return spec;
}

struct spec
region_with_handle(size_t bytes, bool overlap = false)
{
	struct spec spec = {};

	spec.source = SPEC_REGION;
	spec.size = bytes;
	spec.handle = true;
	spec.overlap = overlap;
	return spec;
}

/* The signal that touching ADDR ends a process with, or 0. */
int
signal_on_touch(char *addr)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)addr = 1;
		_exit(0);
	}
	EXPECT_EQ(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Takes every page the source has; returns the lowest and counts them. */
char *
take_all(Source &source, size_t *count)
{
	char *lowest = nullptr;

	*count = 0;
	while (char *page = source.span(PAGE_BYTES)) {
		memset(page, 1, PAGE_BYTES);
		if (lowest == nullptr || page < lowest)
			lowest = page;
		++*count;
	}
	return lowest;
}

char *
base_of(const Source &source)
{
	return static_cast<char *>(source_base(source));
}

} // namespace

TEST(Handle, IsAPageBeyondTheSizeOfAFile)
{
	for (const char *options : { "size=4M", "size=4M,reserve=yes" }) {
		Source source(
		    spec_with_handle(in_shm(options)), nullptr, nullptr);
		size_t pages;

		ASSERT_NE(base_of(source), nullptr);
		EXPECT_EQ(source.stats().size, 4 * MIB);
		EXPECT_EQ(
		    take_all(source, &pages), base_of(source) + PAGE_BYTES);
		EXPECT_EQ(pages, 4 * MIB / PAGE_BYTES);
		EXPECT_EQ(source.committed(), 4 * MIB) << "and takes no space";
		EXPECT_EQ(signal_on_touch(base_of(source)), SIGSEGV);
		EXPECT_TRUE(readable(base_of(source) + PAGE_BYTES));
	}
}

/* No segment is longer for it than one can be. */
TEST(Handle, OfALongFileHasPlaceInASegment)
{
	Source source(spec_with_handle(in_shm("size=4T")), nullptr, nullptr);

	if (source == nullptr && errno == ENOMEM)
		GTEST_SKIP() << "so many addresses cannot be had";
	ASSERT_NE((struct source *)source, nullptr) << error_text();
	EXPECT_EQ(segments_of(source), 2u);
	EXPECT_LE(source_extent(source), SOURCE_SEGMENT_MAX);
	EXPECT_EQ(source.span(PAGE_BYTES), base_of(source) + PAGE_BYTES);
	EXPECT_EQ(source_check(source), 0) << error_text();
}

TEST(Handle, IsTheFirstPageOfARegionAndGivenBack)
{
	Region region(2 * MIB);
	Source source(region_with_handle(2 * MIB), region.start, nullptr);
	size_t pages;

	EXPECT_EQ(base_of(source), region.start);
	EXPECT_EQ(take_all(source, &pages), region.start + PAGE_BYTES);
	EXPECT_EQ(pages, 2 * MIB / PAGE_BYTES - 1);
	EXPECT_EQ(signal_on_touch(region.start), SIGSEGV);
	source.close();
	region.start[0] = 1;
}

TEST(Handle, BelongsToItsSource)
{
	int owner;
	Source source(spec_with_handle(in_shm("size=4M")), nullptr, &owner);
	char *base = base_of(source);

	EXPECT_EQ(source_owner_of(base), &owner);
	EXPECT_EQ(source_owner_of(base + 4 * MIB), &owner);
	EXPECT_EQ(source_owner_of(base + 4 * MIB + PAGE_BYTES), nullptr);
}

TEST(Handle, StaysAsItIsWhereTheRegionCannotBeProtected)
{
	Region region(2 * MIB);
	size_t pages;

	os_fault_at(OS_MAKE_UNUSABLE, 1, EINVAL, false);
	Source source(region_with_handle(2 * MIB), region.start, nullptr);
	ASSERT_NE((struct source *)source, nullptr) << error_text();
	EXPECT_EQ(signal_on_touch(region.start), 0);
	EXPECT_EQ(take_all(source, &pages), region.start + PAGE_BYTES);
	EXPECT_EQ(pages, 2 * MIB / PAGE_BYTES - 1);
}

TEST(Handle, WhereNothingIsMappedIsNoSource)
{
	void *addr;

	ASSERT_EQ(os_reserve(4 * MIB, 2 * MIB, &addr), 0);
	os_unreserve(addr, 4 * MIB);
	Source source(region_with_handle(4 * MIB), addr, nullptr);
	EXPECT_EQ((struct source *)source, nullptr);
	EXPECT_EQ(errno, ENOMEM);
}

TEST(Place, IsAlignedAndAnywhereForWantOfAGap)
{
	struct spec spec = spec_with_handle(in_shm("size=6M"));

	spec.alignment = 4 * MIB;
	Source source(spec, nullptr, nullptr);
	EXPECT_EQ((uintptr_t)base_of(source) % (4 * MIB), 0u);
	spec.hint = UINTPTR_MAX - PAGE_BYTES;
	Source other(spec, nullptr, nullptr);
	EXPECT_NE(base_of(other), nullptr);
}

TEST(Place, IsAsLowAsAskedFor)
{
	struct spec spec = spec_with_handle(in_shm("size=6M"));

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	GTEST_SKIP() << "the sanitizer has these addresses";
#endif
	spec.alignment = 4 * MIB;
	spec.hint = 0x20000000001;
	Source first(spec, nullptr, nullptr), second(spec, nullptr, nullptr);
	EXPECT_EQ((uintptr_t)base_of(first), 0x20000400000u);
	EXPECT_EQ((uintptr_t)base_of(second), 0x20000c00000u)
	    << "in the next gap";
}

/* Of a region of 8 MiB two sources hold the halves, and one wants the middle.
 */
TEST(Overlap, LeavesOutWhatOthersHold)
{
	Region region(8 * MIB);
	struct spec spec = region_with_handle(4 * MIB, true);
	char *start = region.start;
	size_t pages;

	Source low(spec, start, nullptr), high(spec, start + 4 * MIB, nullptr);
	Source middle(spec, start + 2 * MIB, nullptr);
	ASSERT_NE((struct source *)middle, nullptr);
	EXPECT_EQ(base_of(middle), nullptr) << "all of it is held";
	EXPECT_EQ(middle.span(PAGE_BYTES), nullptr);
	low.close();
	Source again(spec, start + 2 * MIB, nullptr);
	EXPECT_EQ(base_of(again), start + 2 * MIB);
	take_all(again, &pages);
	EXPECT_EQ(pages, 2 * MIB / PAGE_BYTES - 1);
	EXPECT_EQ(source_owner_of(start + MIB), nullptr);
	Source below(spec, start + MIB, nullptr);
	EXPECT_EQ(take_all(below, &pages), start + MIB + PAGE_BYTES);
	EXPECT_EQ(pages, MIB / PAGE_BYTES - 1);
}

/* A source that begins with no segment, and never gets one. */
TEST(Overlap, OfAllOfItIsNothing)
{
	Region region(4 * MIB);
	struct spec spec = region_with_handle(4 * MIB, true);

	spec.handle = false;
	Source whole(spec, region.start, nullptr);
	Source none(spec, region.start, nullptr);
	ASSERT_NE((struct source *)none, nullptr);
	uint64_t freed = source_freed(none);
	EXPECT_EQ(none.span(PAGE_BYTES), nullptr);
	EXPECT_EQ(none.span(MIB), nullptr);
	EXPECT_EQ(segments_of(none), 0u);
	EXPECT_EQ(source_freed(none), freed) << "it need not be tried again";
	EXPECT_EQ(source_owner_of(nullptr), nullptr);
}

TEST(Overlap, IsRefusedWhereNobodyAskedForIt)
{
	Region region(4 * MIB);
	Source first(region_with_handle(2 * MIB), region.start, nullptr);
	Source second(region_with_handle(2 * MIB), region.start + MIB, nullptr);

	EXPECT_EQ((struct source *)second, nullptr);
	EXPECT_EQ(errno, EEXIST);
}

TEST(Check, FindsAddressesThatAreGone)
{
	Region region(4 * MIB);
	Source source(region);
	char *page = region.start + MIB;

	EXPECT_EQ(source_check(source), 0) << error_text();
	ASSERT_EQ(munmap(page, PAGE_BYTES), 0);
	EXPECT_EQ(source_check(source), -1);
	EXPECT_EQ(errno, EIO);
	EXPECT_NE(std::string(error_text()).find("mapped"), std::string::npos)
	    << error_text();
	ASSERT_EQ(mmap(page, PAGE_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
	    page);
	EXPECT_EQ(source_check(source), 0) << error_text();
}

TEST(Check, FindsRecordsThatDisagree)
{
	static const char *const word_of[] = { "add up", "committed",
		"handed out", "committed" };
	Source source("dram,size=4M");

	source.span(MIB);
	for (int what = 0; what < DAMAGES; what++) {
		damage(source, (enum damage)what);
		EXPECT_EQ(source_check(source), -1) << word_of[what];
		EXPECT_NE(std::string(error_text()).find(word_of[what]),
		    std::string::npos)
		    << error_text();
		damage(source, (enum damage)what);
		EXPECT_EQ(source_check(source), 0) << error_text();
	}
}

TEST(Idle, PagesStayBackedForAWhileWhereTheyAreToBeKept)
{
	for (const std::string &text :
	    { in_shm("size=8M"), std::string("dram,limit=8M") }) {
		Source source(text);
		source_keep_idle(source, 10000);
		char *span = source.span(MIB), *other;

		memset(span, 1, MIB);
		source.free(span, MIB);
		EXPECT_GE(source.committed(), MIB) << text;
		EXPECT_EQ(source.span(MIB), span) << text;
		source.free(span, MIB);
		other = source.span(PAGE_BYTES);
		os_clock_advance(11000);
		source.free(other, PAGE_BYTES);
		EXPECT_EQ(source.committed(), 0u) << text;
	}
}

TEST(Idle, PagesMakeRoomForOthers)
{
	Source source("dram,limit=2M");
	source_keep_idle(source, 10000);
	char *span = source.span(MIB);

	source.free(span, MIB);
	EXPECT_NE(source.span_at(span + MIB, MIB), nullptr);
	EXPECT_NE(source.span_at(span + 2 * MIB, MIB), nullptr);
	EXPECT_EQ(source.committed(), 2 * MIB);
}

TEST(Idle, PagesGoAtOnceElsewhere)
{
	Source source("dram");
	char *span = source.span(MIB);

	source.free(span, MIB);
	EXPECT_EQ(source.committed(), 0u);
}
