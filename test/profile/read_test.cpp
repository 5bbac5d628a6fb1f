/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are no profile, or no whole one, are one clear line. */
#include "profile_test.h"

#include <dlfcn.h>
#include <zlib.h>

namespace {

class Read : public InFolder {
protected:
	/* The sentence for a file with this content, "" if it is read. */
	std::string
	said(const std::string &content)
	{
		fill(path("a"), content);
		Profile profile = own(profile_read(path("a").c_str()));

		return profile != nullptr ? "" : error_text();
	}
	std::string
	whole()
	{
		Profile profile = small_profile();

		EXPECT_EQ(profile_write(profile.get(), path("w").c_str()), 0);
		return content(path("w"));
	}
	std::string
	unpack(const char *name)
	{
		std::string all(1 << 20, '\0');
		gzFile file = gzopen(path(name).c_str(), "rb");
		int got = gzread(file, &all[0], (unsigned)all.size());

		gzclose(file);
		all.resize((size_t)got);
		return all;
	}
	std::string
	unpacked()
	{
		whole();
		return unpack("w");
	}
};

TEST_F(Read, WhatIsNoProfile)
{
	EXPECT_EQ(said(""), path("a") + " is empty");
	EXPECT_EQ(
	    said("hello, world"), path("a") + " is no profile, or damaged");
	EXPECT_EQ(said(std::string(100, '\0')),
	    path("a") + " is no profile, or damaged");
	EXPECT_EQ(own(profile_read(path("none").c_str())), nullptr);
	EXPECT_EQ(error_text(),
	    "cannot read " + path("none") + ": No such file or directory");
	EXPECT_EQ(own(profile_read(folder.c_str())), nullptr);
	EXPECT_EQ(error_text(), "cannot read " + folder + ": Is a directory");
}

/* A profile of time: samples/count and cpu/nanoseconds, and nothing else. */
TEST_F(Read, ProfileOfSomethingElse)
{
	const std::string foreign("\x0a\x04\x08\x01\x10\x02"
				  "\x32\x00\x32\x07samples\x32\x05"
				  "count",
	    6 + 2 + 9 + 7);

	EXPECT_EQ(said(foreign),
	    path("a") +
		" is no profile of memory: it has no samples of "
		"\"alloc_space\"");
}

/* Fields of a message; all numbers are small. */
std::string
field(int number, const std::string &content)
{
	return std::string{ (char)(number << 3 | 2), (char)content.size() } +
	    content;
}

std::string
field(int number, int value)
{
	return { (char)(number << 3), (char)value };
}

/* Tables are in any order. */
TEST_F(Read, WhatHasItsIdsInAnyOrder)
{
	std::string all = field(1, field(1, 1) + field(2, 2));

	for (const char *text : { "", "alloc_space", "bytes", "a", "b", "c" })
		all += field(6, std::string(text));
	for (int i : { 2, 0, 1 }) {
		all += field(5, field(1, 90 + i) + field(2, 3 + i));
		all += field(4, field(1, 70 + i) + field(4, field(1, 90 + i)));
		all += field(2, field(1, 70 + i) + field(2, 10 + i));
	}
	fill(path("a"), all);
	Profile profile = own(profile_read(path("a").c_str()));

	ASSERT_NE(profile, nullptr) << error_text();
	ASSERT_EQ(profile->site_count, 3u);
	for (size_t i = 0; i < 3; i++) {
		const struct profile_site *site = profile->sites[i];

		ASSERT_EQ(site->frame_count, 1u);
		EXPECT_EQ(
		    site->frames[0].function[0] - 'a', (int)site->bytes - 10);
	}
}

/* Each site has a number for each of them. */
TEST_F(Read, TooManySnapshots)
{
	Profile profile = small_profile();

	profile_set_snapshots(profile.get(), 5000);
	for (size_t i = 0; i < 5000; i++) {
		profile->snapshot_time[i] = i;
		profile->sites[0]->live[i] = 1;
	}
	EXPECT_EQ(profile_write(profile.get(), path("w").c_str()), 0);
	EXPECT_EQ(said(content(path("w"))),
	    path("a") + " is damaged: it has too many snapshots");
}

TEST_F(Read, UncompressedIsReadAsWell)
{
	EXPECT_EQ(said(unpacked()), "");
}

TEST_F(Read, CutShortAnywhere)
{
	const std::string all = whole();

	for (size_t i = 3; i < all.size(); i++)
		EXPECT_NE(said(all.substr(0, i)), "") << i;
	EXPECT_EQ(
	    said(all.substr(0, all.size() / 2)), path("a") + " is cut short");
	EXPECT_EQ(
	    said(all.substr(0, all.size() - 1)), path("a") + " is cut short");
}

TEST_F(Read, AnyBitFlippedIsFound)
{
	const std::string all = whole();

	/* Behind the header of gzip, where time and system do not matter. Some
	 * bits of the compressed form are unused: then nothing has changed. */
	for (size_t i = 10; i < all.size(); i++) {
		std::string other = all;

		other[i] = (char)(other[i] ^ 1 << i % 8);
		if (said(other) == "") {
			EXPECT_EQ(unpack("a"), unpack("w")) << i;
		}
	}
}

/* Without a checksum what was flipped may be a number like another. */
TEST_F(Read, NothingThatIsNotCompressedLeadsAstray)
{
	const std::string all = unpacked();

	for (size_t i = 0; i < all.size(); i++) {
		std::string other = all;

		said(all.substr(0, i));
		other[i] = (char)(other[i] ^ 1 << i % 8);
		said(other);
	}
}

/* A file of dhat with one block, allocated at this frame. */
std::string
dhat_of(const std::string &frame)
{
	return "{\"dhatFileVersion\":2,\"bkacc\":true,\"te\":9,\"tg\":5,"
	       "\"pps\":[{\"tb\":8,\"tbk\":1,\"tl\":1,\"mb\":8,\"gb\":8,"
	       "\"eb\":0,\"rb\":1,\"wb\":1,\"fs\":[1]}],"
	       "\"ftbl\":[\"[root]\",\"" +
	    frame + "\"]}";
}

/* An address is one in a file where Valgrind has logged where that was; and no
 * more than an address where the file was elsewhere, or there is no log. */
TEST_F(Read, WhereTheFilesOfDhatWere)
{
	std::string self = std::filesystem::canonical("/proc/self/exe");
	Dl_info info;

	ASSERT_NE(dladdr((void *)&dhat_of, &info), 0);
	uint64_t offset = (uintptr_t)&dhat_of - (uintptr_t)info.dli_fbase;
	char address[32];
	std::string log = "==1== DHAT\n--1-- Reading syms from " + self +
	    "\n--1--    svma 0x0000001000, avma 0x0070001000\n--1-- end";

	snprintf(address, sizeof(address), "0x%jX",
	    (uintmax_t)(0x70000000 + offset - 1));
	fill(path("a"), dhat_of(address + (": ??? (in " + self + ")")));
	fill(path("a.log"), log);
	Profile known = own(
	    profile_read_dhat(path("a").c_str(), path("a.log").c_str()));
	ASSERT_NE(known, nullptr);
	const struct profile_frame *frame = known->sites[0]->frames;
	ASSERT_EQ(frame->module, 0u);
	EXPECT_EQ(known->modules[0].path, self);
	EXPECT_EQ(frame->offset, offset);
	EXPECT_EQ(frame->function, nullptr);

	fill(path("a"), dhat_of("0x60000000: ??? (in " + self + ")"));
	known = own(
	    profile_read_dhat(path("a").c_str(), path("a.log").c_str()));
	ASSERT_NE(known, nullptr);
	EXPECT_EQ(known->sites[0]->frames->module, PROFILE_NO_MODULE);
	EXPECT_EQ(known->sites[0]->frames->function, "in " + self);
	EXPECT_NE(
	    own(profile_read_dhat(path("a").c_str(), path("none").c_str())),
	    nullptr);
}

} // namespace
