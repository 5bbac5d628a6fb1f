/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of rules: what is understood of them, and what is said of others. */
#include "rules_test.h"

#include <fstream>
#include <fcntl.h>
#include <random>
#include <regex>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include "rules/table.h"
}

namespace {

const std::string kinds = "kind a = dram\nkind b = dram,limit=1M\n";

/* A rule of one condition, which is all right. */
struct rule
only(const std::string &condition)
{
	static Rules *rules;

	delete rules;
	rules = new Rules(kinds + condition + " -> a, b\n");
	EXPECT_EQ(rules->error, "") << condition;
	return rules->error.empty() ? (*rules)[0] : ::rule();
}

TEST(Rules, SizesHaveBothEndsIncluded)
{
	EXPECT_EQ(only("size 64..4K").low, 64u);
	EXPECT_EQ(only("size 64..4K").high, 4096u);
	EXPECT_EQ(only("size 1M..").low, (size_t)1 << 20);
	EXPECT_EQ(only("size 1M..").high, SIZE_MAX);
	EXPECT_EQ(only("size ..2g").low, 0u);
	EXPECT_EQ(only("size ..2g").high, (size_t)2 << 30);
	EXPECT_EQ(only("size 7..7").low, only("size 7..7").high);
	EXPECT_EQ(only("size 0..0").high, 0u);
}

TEST(Rules, SitesAreLinesOrOffsets)
{
	struct rule line = only("site src/solver.c:120");

	EXPECT_EQ(line.where, RULES_AT_LINE);
	EXPECT_STREQ(line.place, "src/solver.c");
	EXPECT_EQ(line.number, 120u);

	struct rule offset = only("site /usr/lib/libfft.so.3+0x1F3c0");

	EXPECT_EQ(offset.where, RULES_AT_OFFSET);
	EXPECT_STREQ(offset.place, "/usr/lib/libfft.so.3");
	EXPECT_EQ(offset.number, 0x1f3c0u);
	EXPECT_STREQ(only("site a+b:7").place, "a+b");
	EXPECT_STREQ(only("site c++:12+0x10").place, "c++:12");
	EXPECT_STREQ(only("site C:\\x.c:7").place, "C:\\x.c");
}

TEST(Rules, FunctionsAreNamesOrOffsets)
{
	struct rule offset = only("function libsqlite3.so.0+0x1F3c0");

	EXPECT_EQ(offset.where, RULES_ON_STACK);
	EXPECT_STREQ(offset.place, "libsqlite3.so.0");
	EXPECT_EQ(offset.number, 0x1f3c0u);
	for (const char *name : { "operator+", "V::operator+=", "operator++",
		 "f<1+2>", "wait+nothing" })
		EXPECT_EQ(only("function " + std::string(name)).where,
		    RULES_IN_FUNCTION)
		    << name;
}

TEST(Rules, QuotedWordsHaveBlanks)
{
	EXPECT_STREQ(only("site \"my file.c:3\"").place, "my file.c");
	EXPECT_STREQ(only("function \"operator new\"").place, "operator new");
	EXPECT_STREQ(only("function \"#x\"").place, "#x");
	EXPECT_STREQ(only("function \"->\"").place, "->");
}

TEST(Rules, FunctionsMayBeOperators)
{
	EXPECT_STREQ(only("function Ref::operator->").place, "Ref::operator->");
	EXPECT_STREQ(only("function F::operator()").place, "F::operator()");
	EXPECT_STREQ(only("function io#3").place, "io#3");
}

TEST(Rules, ThreadsArePatterns)
{
	EXPECT_STREQ(only("thread io-*").thread, "io-*");
	EXPECT_STREQ(only("thread a-pattern-that-is-lon?").thread,
	    "a-pattern-that-is-lon?");
	EXPECT_EQ(only("size 1..").thread, nullptr);
}

TEST(Rules, ALineMayHaveSeveralConditions)
{
	struct rule rule = only("size 1M.. thread io-* site a.c:3");

	EXPECT_EQ(rule.low, (size_t)1 << 20);
	EXPECT_STREQ(rule.thread, "io-*");
	EXPECT_EQ(rule.where, RULES_AT_LINE);
}

TEST(Rules, AreAsWritten)
{
	Rules rules("\xef\xbb\xbfkind a=dram # one\r\n"
		    "\tkind\tb =  dram,limit=1M > dram  \r\n"
		    "# else -> c\r\n"
		    "  size 1M..\t->b ,a#\r\n"
		    "\n"
		    "else -> a");

	EXPECT_EQ(rules.error,
	    "4: no kind \"a#\": a line \"kind a# = TEXT\" is missing");

	Rules right("\xef\xbb\xbfkind a=dram # one\r\n"
		    "\tkind\tb =  dram,limit=1M > dram  \r\n"
		    "# else -> c\r\n"
		    "  size 1M..\t->b ,a #\r\n"
		    "\n"
		    "else -> a");

	EXPECT_EQ(right.error + right.warnings, "");
	ASSERT_EQ(right.rules.rule_count, 2u);
	EXPECT_STREQ(right.rules.kinds[0].spec, "dram");
	EXPECT_STREQ(right.rules.kinds[1].spec, "dram,limit=1M > dram");
	EXPECT_STREQ(right[0].text, "size 1M..\t->b ,a");
	EXPECT_EQ(right[0].line, 4u);
	EXPECT_EQ(right.kinds(0), "b,a");
	EXPECT_EQ(right.kinds(1), "a");
}

TEST(Rules, KindsMayStandBehindTheRules)
{
	Rules rules("else -> a\nkind a = dram\n");

	EXPECT_EQ(rules.error + rules.warnings, "");
	EXPECT_EQ(rules.kinds(0), "a");
}

TEST(Rules, WhatNoneIsForIsOrdinaryMemory)
{
	Rules rules("kind a = dram,limit=1M\nsize 1M.. -> a\n");

	EXPECT_EQ(rules.error + rules.warnings, "");
	ASSERT_EQ(rules.rules.rule_count, 2u);
	EXPECT_TRUE(rules_is_else(&rules[1]));
	EXPECT_EQ(rules.kinds(1), "dram");
	EXPECT_STREQ(rules.rules.kinds[1].spec, "dram");
}

TEST(Rules, OfNothingAreOrdinaryMemory)
{
	for (const char *text :
	    { "", "\n", "# nothing", "\r\n", "\xef\xbb\xbf" }) {
		Rules rules(text);

		EXPECT_EQ(rules.error + rules.warnings, "") << text;
		EXPECT_EQ(rules.rules.rule_count, 1u) << text;
	}
}

TEST(Rules, WhatIsNeverUsedIsAWarning)
{
	Rules rules(kinds + "else -> a\nsize 1.. -> b\nelse -> b\n");

	EXPECT_EQ(rules.error, "");
	EXPECT_EQ(rules.warnings,
	    "4: this rule is never reached: \"else\" of line 3 is before it\n"
	    "5: this rule is never reached: \"else\" of line 3 is before it\n"
	    "2: no rule uses the kind \"b\"\n");
	EXPECT_EQ(rules.rules.rule_count, 1u);
}

TEST(Rules, BehindElseAreReadForErrors)
{
	EXPECT_EQ(Rules(kinds + "else -> a\nsize x -> b\n").error,
	    "4: \"x\" is not a range of sizes: write LOW..HIGH, like 64..4K, "
	    "1M.. or ..256");
}

/* ---- What is wrong ------------------------------------------------------- */

/* TEXT with what stands behind a backslash as in C. */
std::string
unescape(const std::string &text)
{
	std::string plain;

	for (size_t i = 0; i < text.size(); i++) {
		if (text[i] != '\\') {
			plain += text[i];
			continue;
		}
		switch (text[++i]) {
		case 'n':
			plain += '\n';
			break;
		case 'r':
			plain += '\r';
			break;
		case 't':
			plain += '\t';
			break;
		case 'x':
			plain += (char)std::stoi(
			    text.substr(i + 1, 2), nullptr, 16);
			i += 2;
			break;
		default:
			ADD_FAILURE() << text;
		}
	}
	return plain;
}

TEST(WrongRules, AreNamedByLineAndWord)
{
	static const std::regex row("'(.*)' -> ([0-9]+: .*)");
	std::ifstream file(WRONG_RULES);
	std::string line;
	std::smatch parts;
	unsigned count = 0;

	while (std::getline(file, line)) {
		if (line.empty() || line[0] == '#')
			continue;
		ASSERT_TRUE(std::regex_match(line, parts, row)) << line;
		std::string text = unescape(parts[1]);

		if (text.compare(0, 2, "K\n") == 0)
			text = "kind a = dram" + text.substr(1);
		errno = 0;
		EXPECT_EQ(Rules(text).error, parts[2].str()) << line;
		EXPECT_EQ(errno, EINVAL) << line;
		count++;
	}
	EXPECT_GT(count, 60u);
}

TEST(WrongRules, LinesHaveABound)
{
	std::string most(RULES_LINE_MAX, '#');

	EXPECT_EQ(Rules(most + "\r\n").error, "");
	EXPECT_EQ(Rules("\n" + most + "#").error,
	    "2: a line may have 16384 characters: this one has more");
	EXPECT_EQ(
	    Rules("function " + std::string(RULES_LINE_MAX - 14, 'f') + " -> a")
		.error,
	    "1: no kind \"a\": a line \"kind a = TEXT\" is missing");
}

TEST(WrongRules, TooManyKindsAndRules)
{
	std::string text;

	for (int i = 0; i < RULES_KINDS_MAX - 1; i++)
		text += "kind k" + std::to_string(i) + " = dram\n";
	EXPECT_EQ(Rules(text).error, "");
	EXPECT_EQ(Rules(text + "kind x = dram\nkind y = dram").error,
	    "257: \"y\" is one kind too many: there may be 256");

	std::string rule = "size 1M.. -> a\n", many = "kind a = dram\n";

	for (int i = 0; i < RULES_MAX - 1; i++)
		many += rule;
	EXPECT_EQ(Rules(many).error, "");
	EXPECT_EQ(Rules(many + rule + rule).error,
	    "16386: one rule too many: there may be 16384");
}

TEST(WrongRules, NoiseIsAnErrorOfOneLine)
{
	std::mt19937 random(1);

	for (int i = 0; i < 2000; i++) {
		std::string noise(random() % 300 + 20, '\0');

		for (char &c : noise)
			c = (char)random();
		Rules rules(noise);

		ASSERT_NE(rules.error, "");
		ASSERT_EQ(rules.error.find('\n'), std::string::npos);
	}
}

/* ---- Files --------------------------------------------------------------- */

std::string
error_of_file(const std::string &path)
{
	struct rules rules = {};
	std::string error;

	if (rules_read(&rules, path.c_str()) != 0)
		error = error_text();
	rules_end(&rules);
	return error;
}

TEST(RulesFile, MustBeOneThatHasAnEnd)
{
	std::string folder = testing::TempDir() + "rules." +
	    std::to_string(getpid());
	std::string fifo = folder + ".fifo", large = folder + ".large";

	ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
	ASSERT_EQ(close(creat(large.c_str(), 0600)), 0);
	ASSERT_EQ(truncate(large.c_str(), (off_t)1 << 40), 0);
	EXPECT_EQ(error_of_file("/no/such"),
	    "cannot read \"/no/such\": No such file or directory");
	EXPECT_EQ(
	    error_of_file("/"), "\"/\" is a directory: rules are in a file");
	EXPECT_EQ(error_of_file("/dev/zero"),
	    "\"/dev/zero\" is no regular file: rules are in one");
	EXPECT_EQ(error_of_file(fifo),
	    "\"" + fifo + "\" is no regular file: rules are in one");
	EXPECT_EQ(error_of_file(large),
	    "\"" + large + "\" is too large: rules have at most 64 MiB");
	unlink(fifo.c_str());
	unlink(large.c_str());
}

} // namespace
