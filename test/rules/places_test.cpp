/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines and functions of this very program, as libdw finds them, against the
 * addresses that calls in them return to.
 */
#include "rules_test.h"

#include <dlfcn.h>
#include <map>
#include <unistd.h>

extern "C" {
#include "rules/needed.h"
#include "rules/resolve.h"
#include "rules/source_path.h"
}

#define NOINLINE __attribute__((noinline))
#define INLINE inline __attribute__((always_inline))

namespace {

/* Where the calls of mark() return to, as offsets, by their line. */
std::multimap<int, uint64_t> marks;

NOINLINE void
mark(int line)
{
	Dl_info info;
	void *address = __builtin_return_address(0);

	dladdr(address, &info);
	marks.emplace(line, (uintptr_t)address - (uintptr_t)info.dli_fbase);
	asm volatile(""); /* so that the call is not the end of anything */
}

const int line_of_inlined = __LINE__ + 5;

INLINE void
inlined()
{
	mark(line_of_inlined);
	asm volatile("");
}

const int line_of_plain = __LINE__ + 6;

NOINLINE void
plain_function()
{
	asm volatile("");
	mark(line_of_plain);
	asm volatile("");
}

const int first_copy = __LINE__ + 6, second_copy = first_copy + 2;

NOINLINE void
two_copies()
{
	asm volatile("");
	inlined();
	asm volatile("");
	inlined();
	asm volatile("");
}

} // namespace

namespace places {

const int line_of_method = __LINE__ + 6;

struct Solver {
	NOINLINE void
	step()
	{
		mark(line_of_method);
		asm volatile("");
	}
	template <typename T>
	NOINLINE void
	make()
	{
		mark(__LINE__ + (int)sizeof(T) * 1000);
		asm volatile("");
	}
	INLINE void quick();
};

const int line_of_quick = __LINE__ + 5;

INLINE void
Solver::quick()
{
	mark(line_of_quick);
	asm volatile("");
}

} // namespace places

namespace {

/* What rules with these conditions come to in this program. */
class Resolved {
public:
	explicit Resolved(const std::string &conditions)
	    : rules("kind a = dram\n" + conditions)
	{
		EXPECT_EQ(rules.error, "");
		EXPECT_EQ(findings_begin(&findings, rules.rules.rule_count), 0);
		EXPECT_EQ(needed_add(&modules, "/proc/self/exe"), 0);
		EXPECT_EQ(resolve(&rules.rules, &modules, &findings), 0)
		    << error_text();
		modules_sort(&modules);
	}
	~Resolved()
	{
		findings_end(&findings);
		modules_end(&modules);
	}
	Resolved(const Resolved &) = delete;
	Resolved &operator=(const Resolved &) = delete;

	/* Whether the address is one of the rule's in this program. */
	bool
	has(uint32_t rule, uint64_t address) const
	{
		const struct rules_file &file = modules.list[0];

		for (size_t i = 0; i < file.range_count; i++)
			if (file.ranges[i].rule == rule &&
			    file.ranges[i].low <= address &&
			    address <= file.ranges[i].high)
				return true;
		return false;
	}

	/* Of the marks in LINE: how many are the rule's. */
	int
	count(uint32_t rule, int line) const
	{
		auto range = marks.equal_range(line);
		int found = 0;

		for (auto at = range.first; at != range.second; ++at)
			found += has(rule, at->second);
		return found;
	}

	/* Those of all other lines. */
	int
	others(uint32_t rule, int line) const
	{
		int found = 0;

		for (const auto &one : marks)
			found += one.first != line && has(rule, one.second);
		return found;
	}

	Rules rules;
	struct modules modules = {};
	struct findings findings = {};
};

class Places : public testing::Test {
protected:
	void
	SetUp() override
	{
		if (places_lack() != nullptr)
			GTEST_SKIP() << "built without libdw";
		Resolved none("site places_test.cpp:1 -> a\n");

		if (!none.modules.list[0].has_debug)
			GTEST_SKIP() << "built without debug information";
		marks.clear();
		plain_function();
		two_copies();
		places::Solver().step();
		places::Solver().make<char>();
		places::Solver().make<int>();
		places::Solver().quick();
		ASSERT_EQ(marks.size(), 7u);
	}
};

std::string
site(int line)
{
	return "site rules/places_test.cpp:" + std::to_string(line) + " -> a\n";
}

TEST_F(Places, OfALineAreItsCalls)
{
	Resolved found(site(line_of_plain) + site(places::line_of_method));

	EXPECT_EQ(found.rules.warnings, "");
	EXPECT_EQ(found.count(0, line_of_plain), 1);
	EXPECT_EQ(found.others(0, line_of_plain), 0);
	EXPECT_EQ(found.count(1, places::line_of_method), 1);
	EXPECT_EQ(found.others(1, places::line_of_method), 0);
	EXPECT_STREQ(source_path_name(found.findings.list[0].names[0]),
	    "places_test.cpp");
}

TEST_F(Places, OfAnInlinedLineAreAllCopies)
{
	Resolved found(site(line_of_inlined));

	EXPECT_EQ(found.count(0, line_of_inlined), 2);
	EXPECT_EQ(found.others(0, line_of_inlined), 0);
}

/* The function that was put there is on that line. */
TEST_F(Places, OfALineWithACopyIsThatCopy)
{
	Resolved found(site(first_copy) + site(second_copy));

	EXPECT_EQ(found.count(0, line_of_inlined), 1);
	EXPECT_EQ(found.count(1, line_of_inlined), 1);
	for (const auto &one : marks)
		EXPECT_FALSE(
		    found.has(0, one.second) && found.has(1, one.second));
}

TEST_F(Places, OfAFunctionAreAllItsCalls)
{
	Resolved found("function plain_function -> a\n"
		       "function two_copies -> a\n"
		       "function inlined -> a\n");

	EXPECT_EQ(found.rules.warnings, "");
	EXPECT_EQ(found.count(0, line_of_plain), 1);
	EXPECT_EQ(found.others(0, line_of_plain), 0);
	EXPECT_EQ(found.count(1, line_of_inlined), 2);
	EXPECT_EQ(found.others(1, line_of_inlined), 0);
	EXPECT_EQ(found.count(2, line_of_inlined), 2);
	EXPECT_EQ(found.others(2, line_of_inlined), 0);
}

TEST_F(Places, OfAMethodByAnyOfItsNames)
{
	Resolved found("function step -> a\n"
		       "function Solver::step -> a\n"
		       "function places::Solver::step -> a\n"
		       "function _ZN6places6Solver4stepEv -> a\n"
		       "function Other::step -> a\n");

	for (uint32_t i = 0; i < 4; i++) {
		EXPECT_EQ(found.count(i, places::line_of_method), 1) << i;
		EXPECT_EQ(found.others(i, places::line_of_method), 0) << i;
	}
	EXPECT_EQ(found.count(4, places::line_of_method), 0);
	EXPECT_NE(found.rules.warnings.find("6: no function \"Other::step\""),
	    std::string::npos)
	    << found.rules.warnings;
}

/* Which has no symbol, and is declared elsewhere than it is defined. */
TEST_F(Places, OfAMethodThatWasInlined)
{
	Resolved found("function Solver::quick -> a\n"
		       "function _ZN6places6Solver5quickEv -> a\n");

	EXPECT_EQ(found.rules.warnings, "");
	for (uint32_t i = 0; i < 2; i++) {
		EXPECT_EQ(found.count(i, places::line_of_quick), 1) << i;
		EXPECT_EQ(found.others(i, places::line_of_quick), 0) << i;
	}
}

TEST_F(Places, OfATemplateAreAllInstances)
{
	Resolved found("function Solver::make -> a\n"
		       "function Solver::make<int> -> a\n");
	int all = 0, one = 0;

	for (const auto &mark : marks) {
		all += found.has(0, mark.second);
		one += found.has(1, mark.second);
	}
	EXPECT_EQ(all, 2);
	EXPECT_EQ(one, 1);
}

/* What the caller of malloc returns to is known, but not what is before it. */
TEST_F(Places, OfAnOffsetIsThatAddress)
{
	char number[32];

	snprintf(number, sizeof(number), "0x%llx",
	    (unsigned long long)marks.find(line_of_plain)->second);
	Resolved found(std::string("site rules_test+") + number + " -> a\n" +
	    "site libstdc++.so+0x7 -> a\nsite libnone.so+0x8 -> a\n");

	EXPECT_EQ(found.count(0, line_of_plain), 1);
	EXPECT_EQ(found.others(0, line_of_plain), 0);
	EXPECT_EQ(found.modules.list[0].range_count, 1u);
	EXPECT_NE(found.modules.list[0].build_id_bytes, 0u);

	const struct rules_file *last = &found.modules
					     .list[found.modules.count - 1];
	const struct rules_file *cxx = needed_find(
	    &found.modules, "libstdc++.so.6");

	EXPECT_STREQ(last->name, "libnone.so");
	EXPECT_EQ(last->build_id_bytes, 0u);
	ASSERT_EQ(last->range_count, 1u);
	EXPECT_EQ(last->ranges[0].low, 8u);
	ASSERT_NE(cxx, nullptr);
	EXPECT_NE(cxx->build_id_bytes, 0u);
	EXPECT_EQ(cxx->range_count, 1u);
	EXPECT_NE(found.rules.warnings.find("4: no module \"libnone.so\""),
	    std::string::npos)
	    << found.rules.warnings;
}

TEST_F(Places, ThatAreNowhereAreAWarningWithWhatIsNear)
{
	Resolved found("site palces_test.cpp:1 -> a\n" +
	    site(line_of_plain - 4) + "function plain_fuction -> a\n" +
	    "function wholly_out_of_the_blue -> a\n");

	EXPECT_EQ(found.modules.list[0].range_count, 0u);
	for (std::string line :
	    { std::string("2: no source file \"palces_test.cpp\": did you mean "
			  "\"places_test.cpp\"?"),
		"3: line " + std::to_string(line_of_plain - 4) +
		    " of rules/places_test.cpp has no code: lines ",
		std::string("4: no function \"plain_fuction\": did you mean "
			    "\"plain_function\"?"),
		std::string("5: no function \"wholly_out_of_the_blue\" in ") })
		EXPECT_NE(found.rules.warnings.find(line), std::string::npos)
		    << line << "\n"
		    << found.rules.warnings;
}

/* Each is held against millions of names, but all at once. */
TEST_F(Places, OfThousandsOfRulesAreFoundInOneGo)
{
	std::string text;

	for (int i = 0; i < 5000; i++)
		text += "function places_nowhere" + std::to_string(i) +
		    " -> a\n" + site(10000 + i);
	Resolved found(text + site(line_of_plain));

	EXPECT_EQ(found.count(10000, line_of_plain), 1);
}

TEST(Needed, AreTheLibrariesOfAProgram)
{
	struct modules modules = {};

	ASSERT_EQ(needed_add(&modules, "/proc/self/exe"), 0);
	EXPECT_STREQ(modules.list[0].name, "rules_test");
	for (const char *name :
	    { "libc.so.6", "libstdc++.so.6", "libm.so.6" }) {
		Dl_info info;
		const struct rules_file *file = needed_find(&modules, name);

		ASSERT_NE(file, nullptr) << name;
		if (strcmp(name, "libc.so.6") != 0)
			continue;
		dladdr((void *)getpid, &info);
		char *mine = realpath(info.dli_fname, nullptr);
		char *found = realpath(file->path, nullptr);

		EXPECT_STREQ(mine, found);
		free(mine);
		free(found);
	}
	size_t count = modules.count;

	EXPECT_EQ(needed_add(&modules, "/proc/self/exe"), 0);
	EXPECT_EQ(modules.count, count);
	EXPECT_EQ(needed_add(&modules, "/etc/passwd"), 0);
	EXPECT_EQ(modules.count, count);
	modules_end(&modules);
}

} // namespace
