/* SPDX-License-Identifier: BSD-2-Clause */
/* What a caller may rely on of the thread's last sentence. */
#include <gtest/gtest.h>

#include <cerrno>
#include <malloc.h>
#include <string>
#include <thread>

extern "C" {
#include "base/base.h"
#include "base/cut.h"
#include "base/error.h"
}

using std::string;

TEST(Error, IsEmptyBeforeTheFirst)
{
	string text = "unset";

	std::thread([&] { text = error_text(); }).join();
	EXPECT_EQ(text, "");
}

TEST(Error, KeepsTheSentenceAndSetsErrno)
{
	errno = 0;
	EXPECT_EQ(
	    error_set(ENOTDIR, "%s is no %s, %zu", "a", "b", (size_t)7), -1);
	EXPECT_EQ(errno, ENOTDIR);
	EXPECT_STREQ(error_text(), "a is no b, 7");
}

TEST(Error, BelongsToTheThread)
{
	string other;

	error_set(EINVAL, "mine");
	std::thread([&] {
		error_set(EINVAL, "its own");
		other = error_text();
	}).join();
	EXPECT_EQ(other, "its own");
	EXPECT_STREQ(error_text(), "mine");
}

TEST(Error, MayQuoteTheSentenceBefore)
{
	error_set(EINVAL, "inner");
	error_set(EINVAL, "outer (%s)", error_text());
	EXPECT_STREQ(error_text(), "outer (inner)");
	error_set_system(EIO, "again %s", error_text());
	EXPECT_EQ(string(error_text()).find("again outer (inner): "), 0u);
}

TEST(Error, IsCutAtTheEndOfItsBuffer)
{
	string longer(3 * ERROR_TEXT_MAX, 'x');

	error_set(EINVAL, "%s", longer.c_str());
	EXPECT_EQ(error_text(), string(ERROR_TEXT_MAX - 4, 'x') + "...");
	error_set(EINVAL, "%s", string(ERROR_TEXT_MAX - 1, 'x').c_str());
	EXPECT_EQ(error_text(), string(ERROR_TEXT_MAX - 1, 'x'));
}

TEST(Error, IsOneLine)
{
	error_set(EINVAL, "open \"%s\"", "a\nb\tc\x1b[0m");
	EXPECT_STREQ(error_text(), "open \"a?b?c?[0m\"");
	error_set(EINVAL, "%s",
	    "gr\xc3\xb6\xc3\x9f"
	    "e");
	EXPECT_STREQ(error_text(),
	    "gr\xc3\xb6\xc3\x9f"
	    "e");
}

TEST(Error, SaysWhatTheSystemMeant)
{
	errno = 0;
	EXPECT_EQ(error_set_system(ENOSPC, "taking %d bytes", 5), -1);
	EXPECT_EQ(errno, ENOSPC);
	EXPECT_STREQ(error_text(), "taking 5 bytes: No space left on device");
}

/* A path of 4096 bytes must not push the reason out of the sentence. */
TEST(Error, CutsThePathRatherThanTheReason)
{
	string path(4095, 'p');
	string reason = "p...: Permission denied", text;

	error_set_system(EACCES, "open %s", path.c_str());
	text = error_text();
	EXPECT_EQ(text.size(), (size_t)ERROR_TEXT_MAX - 1);
	EXPECT_EQ(text.substr(text.size() - reason.size()), reason);
	EXPECT_EQ(text.substr(0, 6), "open p");
}

TEST(Cut, MarksWhatIsMissing)
{
	EXPECT_STREQ(cut("", 4).text, "");
	EXPECT_STREQ(cut("four", 4).text, "four");
	EXPECT_STREQ(cut("fiver", 4).text, "five...");
	EXPECT_EQ(cut(string(4095, 'p').c_str(), CUT_MAX).text,
	    string(CUT_MAX, 'p') + "...");
}

TEST(Cut, KeepsCharactersWhole)
{
	EXPECT_STREQ(cut("gr\xc3\xb6\xc3\x9f", 5).text, "gr\xc3\xb6...");
	EXPECT_STREQ(cut("gr\xc3\xb6\xc3\x9f", 6).text, "gr\xc3\xb6\xc3\x9f");
}

TEST(Error, NamesEveryNumber)
{
	EXPECT_STREQ(error_name(ENOMEM), "Cannot allocate memory");
	for (int number : { -1, 100000 })
		EXPECT_STREQ(error_name(number), "Unknown error");
}

/* Engine code runs inside malloc: an error must not call it. */
TEST(Error, NeverAllocates)
{
	size_t before = 0, after = 1;

	std::thread([&] {
		before = mallinfo2().uordblks;
		for (int i = 0; i < 1000; i++) {
			error_set(EINVAL, "%s %zu", "text", (size_t)i);
			error_set_system(i, "%s %d", "text", i);
		}
		after = mallinfo2().uordblks;
	}).join();
	EXPECT_EQ(after, before);
}
