/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds with names: lines of a file, and texts that refer to them. */
#include "spec_test.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include "spec/parts.h"
}

namespace {

/* A file of named kinds; its folder is left out of sentences. */
class Names : public testing::Test {
protected:
	void
	SetUp() override
	{
		const char *base = getenv("TMPDIR");

		folder = std::string(base != nullptr ? base : "/tmp") +
		    "/poolkind-names.XXXXXX";
		ASSERT_NE(mkdtemp(&folder[0]), nullptr);
		path = folder + "/n";
	}
	void
	TearDown() override
	{
		std::filesystem::remove_all(folder);
	}
	void
	write(const std::string &text)
	{
		std::ofstream(path, std::ios::binary) << text;
	}

	/* What the text is split into, each part with its line behind it if
	 * it has one; or "error: " and the sentence. */
	std::string
	split(const std::string &text)
	{
		struct named_file file = {};
		struct spec_parts parts;
		std::string all;

		file.given = path.c_str();
		errno = 0;
		if (spec_split(word_of(text.c_str()), &file, &parts) != 0) {
			error = errno;
			all = std::string("error: ") + error_text();
		}
		for (unsigned i = 0; i < parts.count && all.find("error") != 0;
		     i++) {
			if (i != 0)
				all += parts.is_next_link[i] ? '>' : '|';
			all += std::string(
			    parts.part[i].text, parts.part[i].length);
			if (parts.line[i] != 0)
				all += ":" + std::to_string(parts.line[i]);
		}
		named_close(&file);
		while (all.find(folder + "/") != std::string::npos)
			all.erase(all.find(folder + "/"), folder.size() + 1);
		return all;
	}

	std::string folder, path;
	int error = 0;
};

std::string
text_of(struct word word)
{
	return std::string(word.text, word.length);
}

/* "NAME=TEXT" of a line, or the sentence. */
std::string
read(const std::string &line)
{
	struct named_kind kind;

	errno = 0;
	if (named_read(named_strip(word_of(line.c_str())), &kind) == 0)
		return text_of(kind.name) + "=" + text_of(kind.text);
	EXPECT_EQ(errno, EINVAL);
	return error_text();
}

} // namespace

TEST(NamedLine, HasANameAndAText)
{
	EXPECT_EQ(read("kind fast = hbw"), "fast=hbw");
	EXPECT_EQ(read("kind fast=hbw"), "fast=hbw");
	EXPECT_EQ(read(" \tkind\tfast  =\thbw,limit=8G > dram \r"),
	    "fast=hbw,limit=8G > dram");
	EXPECT_EQ(read("kind a_B.9- = @other"), "a_B.9-=@other");
	EXPECT_EQ(read("kind a = file:/x=y"), "a=file:/x=y");
	EXPECT_EQ(read("kind " + std::string(63, 'n') + " = dram"),
	    std::string(63, 'n') + "=dram");
}

TEST(NamedLine, MayHaveAComment)
{
	EXPECT_EQ(read("kind a = dram # ordinary"), "a=dram");
	EXPECT_EQ(read("kind a = dram\t#"), "a=dram");
	EXPECT_EQ(read("kind a = file:/x#y"), "a=file:/x#y")
	    << "within a word it is none";
	EXPECT_EQ(named_strip(word_of("# all of it")).length, 0u);
	EXPECT_EQ(named_strip(word_of("  # all of it")).length, 0u);
	EXPECT_EQ(named_strip(word_of(" \t\r")).length, 0u);
}

TEST(NamedLine, SaysWhatIsMissing)
{
	EXPECT_EQ(
	    read("kind"), "\"kind\" has no \"=\": write kind NAME = TEXT");
	EXPECT_EQ(read("kind fast hbw"),
	    "\"kind fast hbw\" has no \"=\": write kind NAME = TEXT");
	EXPECT_EQ(read("kind = hbw"),
	    "\"kind = hbw\" has no name: write kind NAME = TEXT");
	EXPECT_EQ(read("kind fast = # hbw"),
	    "kind fast has no text: write kind NAME = TEXT, with a text such "
	    "as dram or \"hbw,limit=8G > dram\"");
}

TEST(NamedLine, SaysWhichNameIsNone)
{
	const std::string rule = " is not the name of a kind: a name has "
				 "letters, digits, \"_\", \".\" and \"-\" only";

	EXPECT_EQ(read("kind very fast = hbw"), "\"very fast\"" + rule);
	EXPECT_EQ(read("kind fa\xc3\xbcst = hbw"), "\"fa\xc3\xbcst\"" + rule);
	EXPECT_EQ(read("kind @ = hbw"), "\"@\"" + rule);
	EXPECT_EQ(read("kind @fast = hbw"),
	    "\"@fast\" is not the name of a kind: write it without \"@\"");
	EXPECT_EQ(read("kind " + std::string(64, 'n') + " = dram"),
	    "\"" + std::string(48, 'n') +
		"...\" is not the name of a kind: a name has 63 characters at "
		"most");
}

TEST_F(Names, AreReplacedByTheirTexts)
{
	write("# kinds of this machine\n\n"
	      "kind fast = hbw,limit=8G|bandwidth\n"
	      "kind rest = @slow > dram   # in the end\r\n"
	      "kind slow = nodes:1\n"
	      "kind all = @fast > @rest");
	EXPECT_EQ(split("@fast"), "hbw,limit=8G:3|bandwidth:3");
	EXPECT_EQ(split("@slow"), "nodes:1:5");
	EXPECT_EQ(
	    split("dram,limit=1M > @rest"), "dram,limit=1M>nodes:1:5>dram:4");
	EXPECT_EQ(split("@fast|nodes:7 > @slow|dram"),
	    "hbw,limit=8G:3|bandwidth:3|nodes:7>nodes:1:5|dram");
	EXPECT_EQ(split("@all"), "hbw,limit=8G:3|bandwidth:3>nodes:1:5>dram:4");
	EXPECT_EQ(split("@all>@slow"),
	    "hbw,limit=8G:3|bandwidth:3>nodes:1:5>dram:4>nodes:1:5");
}

TEST_F(Names, AreNotLookedForWhereNoneIsMeant)
{
	path = "/no/such/file";
	EXPECT_EQ(split("dram|nodes:0"), "dram|nodes:0");
	EXPECT_EQ(split("file:/mnt/@home"), "file:/mnt/@home");
	EXPECT_EQ(split("dram,name=@x"), "dram,name=@x");
}

TEST_F(Names, ThatAreNotThere)
{
	write("kind fast = hbw\nkind rest = dram\n");
	EXPECT_EQ(split("@fsat"),
	    "error: no kind is called \"fsat\": did you mean \"fast\"? in n "
	    "(known: fast, rest)");
	EXPECT_EQ(error, ENOENT);
	EXPECT_EQ(split("dram > @anything"),
	    "error: no kind is called \"anything\" in n (known: fast, rest)");
	write("kind fast = hbw|@rst\n\nkind rest = dram\n");
	EXPECT_EQ(split("@fast"),
	    "error: n:1: no kind is called \"rst\": did you mean \"rest\"? in "
	    "n (known: fast, rest)");
	write("\n");
	EXPECT_EQ(split("@fast"),
	    "error: no kind is called \"fast\": n has none, or is not there; "
	    "POOLKIND_CONFIG names another file");
	EXPECT_EQ(error, ENOENT);
}

TEST_F(Names, OfWhichTooManyAreKnown)
{
	std::string all;

	for (int i = 0; i < 10000; i++)
		all += "kind name" + std::to_string(i) + " = dram\n";
	write(all);
	EXPECT_EQ(split("@name9999"), "dram:10000");
	EXPECT_EQ(split("@other"),
	    "error: no kind is called \"other\" in n (known: name0, name1, "
	    "name2, name3, name4, name5, name6, name7, name8, name9, name10, "
	    "name11, name12, ...)");
}

TEST_F(Names, ThatAreNone)
{
	write("kind fast = hbw\n");
	EXPECT_EQ(split("@fast,limit=1G"),
	    "error: \"@fast,limit=1G\" has options: a kind has them where its "
	    "name is given");
	EXPECT_EQ(error, EINVAL);
	EXPECT_EQ(split("@").find("error: \"\" is not the name of a kind"), 0u);
	EXPECT_EQ(
	    split("@fast:1").find("error: \"fast:1\" is not the name"), 0u);
}

TEST_F(Names, ThatLeadBackToThemselves)
{
	write("kind a = @b\nkind b = dram > @c\nkind c = @a|@b\nkind d = @d\n");
	EXPECT_EQ(split("@a"),
	    "error: n:3: kind a leads back to itself (@a, @b, @c, @a): give it "
	    "a text that ends in memory");
	EXPECT_EQ(error, EINVAL);
	EXPECT_EQ(split("@d"),
	    "error: n:4: kind d leads back to itself (@d, @d): give it a text "
	    "that ends in memory");
}

/* Which would be a thousand million specs. */
TEST_F(Names, ThatDoubleEachOther)
{
	std::string all = "kind n30 = dram\n";

	for (int i = 29; i >= 0; i--)
		all += "kind n" + std::to_string(i) + " = @n" +
		    std::to_string(i + 1) + " > @n" + std::to_string(i + 1) +
		    "\n";
	write(all);
	EXPECT_EQ(split("@n26"),
	    "dram:1>dram:1>dram:1>dram:1>dram:1>dram:1>dram:1>dram:1>dram:1>"
	    "dram:1>dram:1>dram:1>dram:1>dram:1>dram:1>dram:1");
	EXPECT_EQ(split("@n25"), "error: \"@n25\" has more than 16 specs");
	EXPECT_EQ(split("@n10"),
	    "error: n:6: kind n26: names lead to it by way of more than 15 "
	    "others");
}

TEST_F(Names, OfChainsAreNoAlternatives)
{
	write("kind chain = hbw > dram\nkind two = @chain|nodes:1\n"
	      "kind one = @chain\n");
	EXPECT_EQ(split("@chain > nodes:1"), "hbw:1>dram:1>nodes:1");
	EXPECT_EQ(split("@one > nodes:1"), "hbw:1>dram:1>nodes:1");
	for (const char *text : { "@chain|nodes:1", "nodes:1|@chain",
		 "nodes:1|@chain > dram", "@two", "@one|dram" })
		EXPECT_EQ(split(text),
		    "error: n:1: kind chain is a chain, and stands beside a "
		    "\"|\": an alternative has no \">\"")
		    << text;
}

TEST_F(Names, OfLinesThatAreNotUnderstood)
{
	write("kind fast = hbw\nkin rest = dram\n");
	EXPECT_EQ(split("@fast"),
	    "error: n:2: unknown word \"kin\": did you mean \"kind\"? (known: "
	    "kind)");
	EXPECT_EQ(error, EINVAL);
	write("\n\nkind fast = hbw\nkind slow\n");
	EXPECT_EQ(split("@fast"),
	    "error: n:4: \"kind slow\" has no \"=\": write kind NAME = TEXT");
	write("kind fast = hbw\nkind slow = dram\nkind fast = dram\n");
	EXPECT_EQ(split("@fast"),
	    "error: n:3: kind fast is there twice: line 1 has it, too");
	EXPECT_EQ(split("@slow"), "dram:2");
	write("kind fast = @slow\nkind slow = dram\nkind slow = hbw\n");
	EXPECT_EQ(split("@fast"),
	    "error: n:3: kind slow is there twice: line 2 has it, too")
	    << "the place once";
	write("kind fast = hbw >\n");
	EXPECT_EQ(split("@fast"),
	    "error: n:1: a spec is missing in \"hbw >\": alternatives are "
	    "written A|B, a chain A > B");
}

TEST_F(Names, OfSpecsThatAreNotUnderstood)
{
	struct named_file file = {};
	struct spec_parts parts;
	struct spec spec;

	write("\nkind fast = hbw|drm\n");
	file.given = path.c_str();
	ASSERT_EQ(spec_split(word_of("@fast"), &file, &parts), 0);
	EXPECT_EQ(spec_parse_part(&parts, 0, &spec), 0);
	EXPECT_EQ(spec.source, SPEC_HBW);
	EXPECT_EQ(spec_parse_part(&parts, 1, &spec), -1);
	EXPECT_EQ(std::string(error_text())
		      .find(path + ":2: unknown source \"drm\": did you mean"),
	    0u)
	    << error_text();
	named_close(&file);
}

TEST_F(Names, OfAnyBytes)
{
	std::string noise;

	for (unsigned i = 0, x = 7; i < 100000; i++, x = x * 1103515245 + 12345)
		noise += (char)(x >> 16);
	write(noise);
	EXPECT_EQ(split("@fast").find("error: n:"), 0u) << split("@fast");
	EXPECT_EQ(error, EINVAL);
	write(std::string("kind fast = hbw\n\0\n", 18));
	EXPECT_EQ(split("@fast").find("error: n:2: unknown word"), 0u);
	write(std::string("kind f\0t = hbw\n", 15));
	EXPECT_EQ(split("@fast").find("error: n:1: "), 0u);
}

TEST_F(Names, OfFilesThatCannotBeRead)
{
	EXPECT_EQ(split("@fast"),
	    "error: cannot read n, which POOLKIND_CONFIG names: No such file "
	    "or directory");
	EXPECT_EQ(error, ENOENT);
	path = folder;
	EXPECT_NE(split("@fast").find("POOLKIND_CONFIG names: Is a directory"),
	    std::string::npos);
	path = folder + "/n";
	ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
	EXPECT_EQ(split("@fast").find("error: no kind is called"), 0u)
	    << "nobody is waited for";
}

TEST_F(Names, OfFilesThatAreTooLarge)
{
	const size_t most = NAMED_BYTES_MAX;

	write("kind fast = dram\n#" + std::string(most - 18, 'x'));
	EXPECT_EQ(split("@fast"), "dram:1");
	write("kind fast = dram\n#" + std::string(most - 17, 'x'));
	EXPECT_EQ(split("@fast"),
	    "error: n has more than 1048576 bytes: it should have lines \"kind "
	    "NAME = TEXT\"");
	EXPECT_EQ(error, EFBIG);
	ASSERT_EQ(truncate(path.c_str(), (off_t)1 << 40), 0);
	EXPECT_EQ(split("@fast").find("error: n has more than"), 0u)
	    << "a terabyte of one line";
}
