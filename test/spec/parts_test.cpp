/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of several specs, and what is between them. */
#include "spec_test.h"

extern "C" {
#include "spec/parts.h"
}

namespace {

/* The parts, with "|" or ">" before each but the first; or the sentence. */
std::string
split(const std::string &text)
{
	struct spec_parts parts;
	std::string all;

	if (spec_split(word_of(text.c_str()), nullptr, &parts) != 0)
		return std::string("error: ") + error_text();
	for (unsigned i = 0; i < parts.count; i++) {
		if (i != 0)
			all += parts.is_next_link[i] ? '>' : '|';
		all += std::string(parts.part[i].text, parts.part[i].length);
	}
	return all;
}

} // namespace

TEST(Parts, AreAlternativesAndLinks)
{
	EXPECT_EQ(split("dram"), "dram");
	EXPECT_EQ(split(""), "");
	EXPECT_EQ(split(" dram "), " dram ");
	EXPECT_EQ(split("a|b"), "a|b");
	EXPECT_EQ(split("a | b > c|d>e"), "a|b>c|d>e");
	EXPECT_EQ(split("file:/x\\|y\\\\|dram"), "file:/x\\|y\\\\|dram");
	EXPECT_EQ(split("file:/x\\>y"), "file:/x\\>y");
	EXPECT_EQ(split("a\\"), "a\\");
	EXPECT_EQ(split("a|\\"), "a|\\");
}

TEST(Parts, AreNotEmpty)
{
	for (const char *text : { "|", "a|", "|a", "a||b", "a> >b", ">" })
		EXPECT_EQ(split(text),
		    std::string("error: a spec is missing in \"") + text +
			"\": alternatives are written A|B, a chain A > B");
}

TEST(Parts, AreParsedOneByOne)
{
	struct spec_parts parts;
	struct spec spec;

	ASSERT_EQ(spec_split(word_of("nodes:1|file:/a\\|b\\>,size=1M > dram"),
		      nullptr, &parts),
	    0);
	EXPECT_EQ(spec_parse_part(&parts, 1, &spec), 0) << error_text();
	EXPECT_STREQ(spec.path, "/a|b>");
	EXPECT_EQ(spec.size, MIB);
	EXPECT_EQ(print(spec), "file:/a\\|b\\>,size=1M");
	EXPECT_EQ(spec_parse_part(&parts, 2, &spec), 0) << error_text();
	EXPECT_EQ(spec.source, SPEC_DRAM);
}
