/* SPDX-License-Identifier: BSD-2-Clause */
/* Functions and lines of this very program, and files that have changed. */
#include "profile_test.h"

#include <dlfcn.h>

extern "C" {
#include "profile/place.h"
#include "profile/symbols.h"
#include "rules/elf_file.h"
#include "rules/places.h"
}

namespace {

/* This program as a module, and where its calls of here() return to. */
class Symbols : public InFolder {
protected:
	void
	SetUp() override
	{
		InFolder::SetUp();
		char self[4096] = "";
		struct elf_file elf;

		ASSERT_GT(
		    readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
		path_of_self = self;
		ASSERT_EQ(elf_file_read(self, &elf), 0);
		if (elf.build_id_bytes == 0)
			GTEST_SKIP() << "this program has no build-id";
		id.assign(elf.build_id, elf.build_id + elf.build_id_bytes);
		elf_file_end(&elf);
	}
	uint32_t
	module(const std::string &path)
	{
		return profile_module(
		    profile.get(), path.c_str(), id.data(), id.size());
	}
	enum profile_file
	file(const std::string &path)
	{
		Profile one = own(profile_new());
		uint32_t number = profile_module(
		    one.get(), path.c_str(), id.data(), id.size());

		return profile_file_of(&one->modules[number]);
	}

	Profile profile = own(profile_new());
	std::string path_of_self;
	std::vector<uint8_t> id;
};

uint64_t returned_to;

__attribute__((noinline)) void
here()
{
	Dl_info info;
	auto address = (char *)__builtin_return_address(0);

	if (dladdr(address, &info) != 0)
		returned_to = (uint64_t)(address - (char *)info.dli_fbase);
	asm volatile("");
}

__attribute__((noinline)) unsigned
caller()
{
	here();
	asm volatile("");
	return __LINE__ - 2;
}

inline __attribute__((always_inline)) unsigned
inlined()
{
	here();
	asm volatile("");
	return __LINE__ - 2;
}

__attribute__((noinline)) unsigned
outer(unsigned *line)
{
	*line = inlined();
	asm volatile("");
	return __LINE__ - 2;
}

/* A build without libdw finds nothing. */
bool
can_look_up()
{
	return places_lack() == nullptr;
}

TEST_F(Symbols, OfACall)
{
	unsigned line = caller();
	struct profile_frame frame = frame_at(returned_to);
	struct profile_site *site;

	frame.module = module(path_of_self);
	site = profile_site(profile.get(), &frame, 1, nullptr);
	ASSERT_EQ(profile_symbolize(profile.get()), 0);
	if (!can_look_up())
		GTEST_SKIP() << "built without libdw";
	EXPECT_EQ(place_of(profile.get(), site).text,
	    "symbols_test.cpp:" + std::to_string(line));
	EXPECT_NE(strstr(place_function(site), "caller"), nullptr);
	ASSERT_EQ(profile_symbolize(profile.get()), 0);
	EXPECT_EQ(site->frame_count, 1u);
}

TEST_F(Symbols, OfACallThatWasPutInPlaceOfAnother)
{
	unsigned line = 0, outer_line = outer(&line);
	struct profile_frame frame = frame_at(returned_to);
	struct profile_site *site;

	frame.module = module(path_of_self);
	site = profile_site(profile.get(), &frame, 1, nullptr);
	ASSERT_EQ(profile_symbolize(profile.get()), 0);
	if (!can_look_up())
		GTEST_SKIP() << "built without libdw";
	ASSERT_EQ(site->frame_count, 2u);
	EXPECT_EQ(site->frames[0].line, line);
	EXPECT_EQ(site->frames[1].line, outer_line);
	EXPECT_EQ(site->frames[1].offset, returned_to);
	EXPECT_NE(strstr(site->frames[1].function, "outer"), nullptr);
}

TEST_F(Symbols, NothingOfAFileThatHasChanged)
{
	struct profile_frame frame = frame_at(returned_to = 0x1000);
	struct profile_site *site;

	id[0] ^= 1;
	frame.module = module(path_of_self);
	site = profile_site(profile.get(), &frame, 1, nullptr);
	ASSERT_EQ(profile_symbolize(profile.get()), 0);
	EXPECT_EQ(site->frames[0].function, nullptr);
	EXPECT_EQ(file(path_of_self), PROFILE_FILE_CHANGED);
	id[0] ^= 1;
	EXPECT_EQ(file(path_of_self), PROFILE_FILE_SAME);
	EXPECT_EQ(file(path("none")), PROFILE_FILE_GONE);
	fill(path("text"), "no program");
	EXPECT_EQ(file(path("text")), PROFILE_FILE_GONE);
}

} // namespace
