/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_frame_test.cpp - the tables by which stacks unwind, sound and broken.
 */
#include "sites_test.h"

#ifdef __x86_64__

#include <cstring>
#include <random>
#include <sys/mman.h>

extern "C" {
#include "preload/frame.h"
}

namespace {

/* A copy of a library's image, which has nothing around it that can be read. */
class Image {
public:
	explicit Image(const struct module &of)
	{
		size_t end = 0;

		for (unsigned i = 0; i < of.segment_count; i++)
			if (of.segments[i].p_type == PT_LOAD)
				end = of.segments[i].p_vaddr +
				    of.segments[i].p_memsz;
		bytes = (end + 8191) / 4096 * 4096;
		memory = (char *)mmap(nullptr, bytes, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		module = of;
		module.base = (uintptr_t)memory;
		for (unsigned i = 0; i < of.segment_count; i++)
			if (of.segments[i].p_type == PT_LOAD)
				copy(of, of.segments[i]);
	}
	~Image() { munmap(memory, bytes); }
	Image(const Image &) = delete;
	Image &operator=(const Image &) = delete;

	struct module module;
	char *memory;

private:
	/* Not by memcpy(3), which a sanitizer keeps from what it has laid
	 * between variables. */
	__attribute__((no_sanitize("address"))) void
	copy(const struct module &of, const ElfW(Phdr) & segment)
	{
		char *to = memory + segment.p_vaddr;
		const volatile char *from = (const char *)of.base +
		    segment.p_vaddr;
		uintptr_t page = (uintptr_t)to & ~(uintptr_t)4095;

		mprotect((void *)page, (uintptr_t)to + segment.p_memsz - page,
		    PROT_READ | PROT_WRITE);
		for (size_t i = 0; i < segment.p_memsz; i++)
			to[i] = from[i];
	}
	size_t bytes;
};

class SitesFrameTest : public ::testing::Test {
protected:
	SitesFrameTest() : library(own_compiler(), "-O2 -fomit-frame-pointer")
	{
		EXPECT_TRUE(library.built() && library.open());
		module_start();
		EXPECT_TRUE(
		    module_find((uintptr_t)library.symbol("site"), &module));
	}
	~SitesFrameTest() override { library.close(); }
	Library library;
	struct module module;
};

TEST_F(SitesFrameTest, OfAFunctionIsKnownAtEachPlace)
{
	uintptr_t at = (uintptr_t)library.symbol("broken");
	struct frame frame;

	frame_read(&module, at + 1, &frame);
	EXPECT_EQ(frame.cfa, FRAME_SP);
	EXPECT_EQ(frame.cfa_offset, 8);
	EXPECT_EQ(frame.fp, FRAME_FP_SAME);
	frame_read(&module, at + 8, &frame);
	EXPECT_EQ(frame.cfa, FRAME_SP);
	EXPECT_EQ(frame.cfa_offset, 1048576);
	frame_read(&module, module.base + 1, &frame);
	EXPECT_EQ(frame.cfa, FRAME_UNKNOWN) << "no code";
}

TEST_F(SitesFrameTest, OfAnAlignedFunctionIsInMemory)
{
#ifdef __clang__
	GTEST_SKIP() << "clang aligns a stack otherwise";
#endif
	Range range = library.in("aligned");
	unsigned in_memory = 0;
	struct frame frame;

	for (uint64_t at = range.low; at <= range.high; at++) {
		frame_read(&module, module.base + at, &frame);
		in_memory += frame.cfa == FRAME_AT_FP &&
		    frame.fp == FRAME_FP_AT_FP;
	}
	EXPECT_GT(in_memory, 0u);
}

TEST_F(SitesFrameTest, ACopyIsReadAsTheLibraryIs)
{
	Image image(module);
	Range range = library.in("recurse");

	for (uint64_t at = range.low; at <= range.high; at++) {
		struct frame frame, copied;

		frame_read(&module, module.base + at, &frame);
		frame_read(&image.module, image.module.base + at, &copied);
		EXPECT_EQ(memcmp(&frame, &copied, sizeof(frame)), 0);
		EXPECT_NE(frame.cfa, FRAME_UNKNOWN);
	}
}

/* Where the tables are: from a first byte to the end of the segment. */
Range
tables_of(const struct module &module)
{
	const ElfW(Phdr) *header = module_segment(&module, PT_GNU_EH_FRAME);

	for (unsigned i = 0; i < module.segment_count; i++) {
		const ElfW(Phdr) &segment = module.segments[i];

		if (segment.p_type == PT_LOAD &&
		    header->p_vaddr - segment.p_vaddr < segment.p_memsz)
			return { header->p_vaddr,
				segment.p_vaddr + segment.p_memsz };
	}
	return { 0, 0 };
}

TEST_F(SitesFrameTest, BrokenTablesAreReadWithinTheModule)
{
	Range tables = tables_of(module);
	std::vector<uint64_t> places;
	std::mt19937 random(6);

	ASSERT_GT(tables.high, tables.low);
	for (const char *name : { "site", "aligned", "recurse", "broken" })
		for (uint64_t at = library.in(name).low;
		     at <= library.in(name).high; at += 5)
			places.push_back(at);
	IN_CHILD({
		Image image(module);
		size_t bytes = tables.high - tables.low;
		char *broken = image.memory + tables.low;
		std::string whole(broken, bytes);

		for (int round = 0; round < 20000; round++) {
			struct frame frame;

			memcpy(broken, whole.data(), bytes);
			for (unsigned i = random() % 6 + 1; i > 0; i--)
				broken[random() % (i % 2 ? bytes : 64)] =
				    random() % 3 ? (char)random() : '\xff';
			for (uint64_t at : places) {
				frame_read(&image.module,
				    image.module.base + at, &frame);
				ASSERT_LE(frame.cfa, FRAME_AT_FP);
			}
		}
	});
}

} // namespace

#endif
