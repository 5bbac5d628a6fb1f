/* SPDX-License-Identifier: BSD-2-Clause */
/* Spans of every source: where they lie, what commits them, what they hold. */
#include "source_test.h"

#include <fcntl.h>
#include <fstream>
#include <random>
#include <sstream>
#include <vector>

extern "C" {
#include "os/records.h"
}

namespace {

bool
whole_span_is_writable(char *span, size_t bytes)
{
	memset(span, 0x5a, bytes);
	return span[0] == 0x5a && span[bytes - 1] == 0x5a;
}

/* Whether huge pages are asked for at ADDR, by the flags of its mapping. */
bool
asks_for_huge_pages(const char *addr)
{
	std::ifstream maps("/proc/self/smaps");
	bool inside = false;

	for (std::string line; std::getline(maps, line);) {
		uintptr_t begin, end;
		char dash;
		std::istringstream range(line);

		if (range >> std::hex >> begin >> dash >> end && dash == '-')
			inside = begin <= (uintptr_t)addr &&
			    (uintptr_t)addr < end;
		else if (inside && line.rfind("VmFlags:", 0) == 0)
			return line.find(" hg") != std::string::npos;
	}
	return false;
}

} // namespace

/* Every source with 8 MiB, by its text; "region" is the caller's memory. */
class Spans : public testing::TestWithParam<const char *> {
protected:
	void
	SetUp() override
	{
		std::string text = GetParam();

		if (text == "region") {
			region = std::make_unique<Region>(8 * MIB);
			source = std::make_unique<Source>(*region);
		} else
			source = std::make_unique<Source>(text);
		ASSERT_NE((struct source *)*source, nullptr) << error_text();
	}
	bool
	fixed() const
	{
		return source->stats().size != 0;
	}

	std::unique_ptr<Region> region;
	std::unique_ptr<Source> source;
};
INSTANTIATE_TEST_SUITE_P(Sources, Spans,
    testing::Values("dram", "dram,size=8M", "dram,page=thp,size=8M",
	"nodes:0,size=8M", "region", "file:/dev/shm,size=8M",
	"file:/dev/shm,size=1M,grow=yes", "file:/dev/shm,size=8M,reserve=yes"));

TEST_P(Spans, AreAlignedApartAndWritable)
{
	size_t total = 0;
	std::vector<std::pair<char *, size_t>> spans;

	for (size_t bytes : { PAGE_BYTES, 3 * PAGE_BYTES, 64 * KIB, 512 * KIB })
		for (size_t alignment : { PAGE_BYTES, 64 * KIB, MIB }) {
			char *span = source->span(bytes, alignment);

			ASSERT_NE(span, nullptr) << bytes << " " << alignment;
			EXPECT_TRUE(is_aligned((uintptr_t)span, alignment));
			EXPECT_TRUE(whole_span_is_writable(span, bytes));
			for (auto [other, size] : spans)
				EXPECT_TRUE(span + bytes <= other ||
				    other + size <= span);
			spans.push_back({ span, bytes });
			total += bytes;
		}
	EXPECT_EQ(source->stats().spans, total);
}

TEST_P(Spans, OfAFixedSourceAreAllOfIt)
{
	if (!fixed())
		GTEST_SKIP() << "grows";
	std::vector<char *> spans;

	while (char *span = source->span(64 * KIB))
		spans.push_back(span);
	EXPECT_EQ(spans.size(), 8 * MIB / (64 * KIB));
	EXPECT_EQ(source->span(PAGE_BYTES), nullptr);
	EXPECT_EQ(source->committed(), 8 * MIB);
	for (char *span : spans)
		source->free(span, 64 * KIB);
	char *all = source->span(8 * MIB);
	EXPECT_EQ(all, source_base(*source));
	source->free(all, 8 * MIB);
}

/* jemalloc gives back parts of what it got, and several spans as one. */
TEST_P(Spans, ComeBackInPartsAndTogether)
{
	char *span = source->span(MIB);

	source->free(span + 256 * KIB, 256 * KIB);
	EXPECT_EQ(
	    source->span_at(span + 256 * KIB, 64 * KIB), span + 256 * KIB);
	EXPECT_EQ(source->span_at(span, PAGE_BYTES), nullptr) << "in use";
	EXPECT_EQ(
	    source->span_at(span + 320 * KIB, 192 * KIB), span + 320 * KIB);
	source->free(span, MIB);
	EXPECT_EQ(source->stats().spans, 0u);
	EXPECT_EQ(source_check(*source), 0) << error_text();
	EXPECT_EQ(source->span(MIB), span);
}

TEST_P(Spans, AtAnAddressAreThereOrNowhere)
{
	char *span = source->span(64 * KIB);
	char elsewhere;

	EXPECT_EQ(source->span_at(span + 64 * KIB, 64 * KIB), span + 64 * KIB);
	EXPECT_EQ(source->span_at(span + 64 * KIB, PAGE_BYTES), nullptr);
	EXPECT_EQ(source->span_at(
		      (void *)align_down((uintptr_t)&elsewhere, PAGE_BYTES),
		      PAGE_BYTES),
	    nullptr);
	if (!fixed())
		return;
	/* Not beyond the end, even when it begins inside. */
	char *last = (char *)source_base(*source) + 8 * MIB - PAGE_BYTES;
	EXPECT_EQ(source->span_at(last, 2 * PAGE_BYTES), nullptr);
	EXPECT_EQ(source->span_at(last, PAGE_BYTES), last);
}

/* What is said to be zero is zero, and what is asked to be zero is. */
TEST_P(Spans, AreZeroWhenTheSourceSaysSo)
{
	std::mt19937 random(7);
	std::vector<char *> spans(40, nullptr);

	for (int round = 0; round < 2000; round++) {
		char *&span = spans[random() % spans.size()];
		bool zero = random() % 2;

		if (span != nullptr) {
			source->free(span, 64 * KIB);
			span = nullptr;
		} else if (zero)
			ASSERT_TRUE(
			    all_zero(span = source->zeroed(64 * KIB), 64 * KIB))
			    << round;
		else {
			span = source->span(64 * KIB, PAGE_BYTES, &zero);
			ASSERT_TRUE(!zero || all_zero(span, 64 * KIB)) << round;
		}
		if (span != nullptr)
			memset(span + random() % (60 * KIB), 1, 4 * KIB);
		if (round % 300 == 0)
			source_trim(*source);
	}
}

/* Page for page: a granule is committed if, and as long as, a span needs it, or
 * until a trim where it was taken ahead. */
TEST_P(Spans, AreBackedAndTheRestIsNotAfterATrim)
{
	char *span = source->span(MIB + PAGE_BYTES);
	bool reserved = strstr(GetParam(), "reserve") != nullptr;
	size_t granule = strstr(GetParam(), "thp") ? 2 * MIB : PAGE_BYTES;

	for (size_t at = 0; at <= MIB; at += PAGE_BYTES)
		ASSERT_TRUE(is_backed(*source, span + at)) << at;
	source_trim(*source);
	EXPECT_EQ(source->committed(),
	    reserved ? 8 * MIB : align_up(MIB + PAGE_BYTES, granule));
	source->free(span, MIB);
	source_trim(*source);
	EXPECT_EQ(source->committed(), reserved ? 8 * MIB : granule);
	EXPECT_TRUE(is_backed(*source, span + MIB));
	EXPECT_EQ(is_backed(*source, span), reserved || granule > PAGE_BYTES);
	EXPECT_GE(source->stats().peak, MIB + PAGE_BYTES);
}

TEST_P(Spans, AreFoundByTheirAddress)
{
	int owner;
	Source mine(in_shm("size=1M"), &owner);
	char *span = mine.span(64 * KIB);

	EXPECT_EQ(source_owner_of(span), &owner);
	EXPECT_EQ(source_owner_of(span + MIB - 1), &owner);
	EXPECT_EQ(source_owner_of(span + MIB), nullptr) << "its guard page";
	EXPECT_EQ(source_owner_of(&owner), nullptr);
	EXPECT_EQ(source_owner_of(nullptr), nullptr);
	EXPECT_EQ(source_owner_of((void *)UINTPTR_MAX), nullptr);
	mine.close();
	EXPECT_EQ(source_owner_of(span), nullptr);
}

/* A reader without a lock who found a segment just before its source was
 * closed: its record is still one, whatever was made since, and the reader is
 * told. */
TEST(Owner, IsReadWhileTheSourceIsClosed)
{
	int first, second;
	Source source("dram,size=2M", &first);
	char *span = source.span(PAGE_BYTES);
	unsigned begin = look_begin();
	struct segment *segment = segment_at(span);
	std::vector<void *> records;

	EXPECT_TRUE(look_holds(begin));
	source.close();
	EXPECT_FALSE(look_holds(begin));
	for (int i = 0; i < 100; i++) {
		void *record = record_new(segment_record_bytes());

		ASSERT_NE(record, (void *)segment);
		memset(record, 0xff, segment_record_bytes());
		records.push_back(record);
	}
	EXPECT_EQ(owner_read(segment), &first);
	EXPECT_EQ(source_owner_of(span), nullptr);
	Source other("dram,size=2M", &second);
	EXPECT_TRUE(
	    owner_read(segment) == &first || owner_read(segment) == &second);
	for (void *record : records)
		record_free(record, segment_record_bytes());
}

TEST_P(Spans, CountUpWhenOneComesBack)
{
	char *span = source->span(64 * KIB);
	uint64_t freed = source_freed(*source);

	source->free(span, 64 * KIB);
	EXPECT_GT(source_freed(*source), freed);
}

TEST(Region, IsHandedOutFromItsFirstToItsLastByte)
{
	Region region(MIB);
	Source source(region);

	EXPECT_EQ(source.span(MIB), region.start);
	EXPECT_EQ(source.stats().committed, MIB);
	source.free(region.start, MIB);
	EXPECT_EQ(source.committed(), 0u);
	source.close();
	EXPECT_TRUE(whole_span_is_writable(region.start, MIB))
	    << "still mapped";
}

TEST(Region, IsNeverTakenForZero)
{
	Region region(MIB);
	Source source(region);
	bool zero;

	EXPECT_NE(source.span(64 * KIB, PAGE_BYTES, &zero), nullptr);
	EXPECT_FALSE(zero);
	EXPECT_TRUE(all_zero(source.zeroed(64 * KIB), 64 * KIB));
	EXPECT_EQ((unsigned char)region.start[128 * KIB], 0xa5u)
	    << "only the span was zeroed";
}

/* The refused region leaves no trace on the one that is there. */
TEST(Region, IsRefusedWhereItOverlapsAnother)
{
	Region memory(64 * MIB);
	struct spec spec = {};
	int first;

	spec.source = SPEC_REGION;
	spec.size = 32 * MIB;
	Source source(spec, memory.start, &first);
	for (ptrdiff_t at :
	    { (ptrdiff_t)(31 * MIB), (ptrdiff_t)(8 * MIB), (ptrdiff_t)0 }) {
		int second;
		Source other(spec, memory.start + at, &second);

		EXPECT_EQ((struct source *)other, nullptr);
		EXPECT_EQ(errno, EEXIST);
	}
	for (size_t at = 0; at < 32 * MIB; at += MIB)
		EXPECT_EQ(source_owner_of(memory.start + at), &first) << at;
	EXPECT_EQ(source_owner_of(memory.start + 33 * MIB), nullptr);
	Source beside(spec, memory.start + 32 * MIB, &memory);
	EXPECT_NE((struct source *)beside, nullptr) << error_text();
}

/* 40 spans of a MiB, of which the first has no huge page in any source that
 * does not have them throughout. */
TEST(HugePages, AreAskedForInALargeSourceWithoutABound)
{
	static const struct {
		const char *text;
		bool first, last;
	} cases[] = {
		{ "dram", false, true },
		{ "dram,page=4K", false, false },
		{ "dram,page=thp", true, true },
		{ "dram,limit=1G", false, false },
		{ "dram,size=1G", false, false },
		{ "dram,size=64M,grow=yes", false, false },
		{ "dram,populate=yes", false, false },
		{ "nodes:0", false, false },
		{ "nodes:0,policy=interleave", false, false },
	};

	if (access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) != 0 ||
	    sysconf(_SC_PAGESIZE) != 4096)
		GTEST_SKIP() << "this kernel has no huge pages of 2 MiB";
	for (const auto &one : cases) {
		Source source(one.text);
		char *first = source.span(MIB), *last = first;

		for (int i = 0; i < 39; i++)
			last = source.span(MIB);
		ASSERT_NE(last, nullptr) << one.text;
		EXPECT_EQ(asks_for_huge_pages(first), one.first) << one.text;
		EXPECT_EQ(asks_for_huge_pages(last), one.last) << one.text;
	}
}

/* A limit that came later counts as well. */
TEST(HugePages, AreNotAskedForUnderALimitThatCameLater)
{
	Source source("dram");
	char *last = nullptr;

	source_set_limit(source, GIB);
	for (int i = 0; i < 40; i++)
		last = source.span(MIB);
	ASSERT_NE(last, nullptr);
	EXPECT_FALSE(asks_for_huge_pages(last));
}

/* A piece that is mapped anew, as it cannot be made readable otherwise, is
 * asked about anew. */
TEST(HugePages, AreAskedForWhereMprotectIsRefused)
{
	if (access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) != 0 ||
	    sysconf(_SC_PAGESIZE) != 4096)
		GTEST_SKIP() << "this kernel has no huge pages of 2 MiB";
	Source source("dram");
	char *last = nullptr;

	os_fault_at(OS_MAKE_USABLE, 1, EPERM, true);
	for (int i = 0; i < 40; i++) {
		last = source.span(MIB);
		EXPECT_NE(last, nullptr);
	}
	os_fault_at(OS_MAKE_USABLE, 0, 0, false);
	EXPECT_TRUE(asks_for_huge_pages(last));
}

/* What is longer than a segment can be has several, which are parts of one
 * device: a device, as far as that goes, may be any file. */
TEST(Spans, AreOfAllOfALongDevice)
{
	const size_t tib = (size_t)1 << 40;
	Directory directory;
	std::string path = directory.path + "/device";
	int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (ftruncate(fd, (off_t)(5 * tib)) != 0) {
		close(fd);
		GTEST_SKIP() << "no file of 5 TiB can be had here";
	}
	struct spec spec = parsed("dax:" + path);
	spec.offset = 2 * MIB;
	spec.size = 5 * tib - spec.offset;
	{
		Source source(spec, nullptr, nullptr);
		if (source == nullptr && errno == ENOMEM)
			GTEST_SKIP() << "so many addresses cannot be had";
		ASSERT_NE((struct source *)source, nullptr) << error_text();
		EXPECT_EQ(segments_of(source), 2u);
		char *low = source.span(4 * tib);
		char *high = source.span(tib - spec.offset);
		ASSERT_NE(low, nullptr);
		ASSERT_NE(high, nullptr);
		*low = 1;
		*high = 2;
	}
	char at_low = 0, at_high = 0;
	EXPECT_EQ(pread(fd, &at_low, 1, (off_t)spec.offset), 1);
	EXPECT_EQ(pread(fd, &at_high, 1, (off_t)(4 * tib + spec.offset)), 1);
	EXPECT_EQ(at_low, 1);
	EXPECT_EQ(at_high, 2);
	close(fd);
}
