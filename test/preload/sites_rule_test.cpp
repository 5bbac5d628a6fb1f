/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_rule_test.cpp - which rule applies: sizes, names, order, and functions
 * whatever they were compiled with.
 */
#include "sites_test.h"

namespace {

class SitesRuleTest : public ::testing::Test {
protected:
	SitesRuleTest() : library(own_compiler(), "-g -O2")
	{
		EXPECT_TRUE(library.built());
	}
	Library library;
};

TEST_F(SitesRuleTest, ASiteIsWhereMallocIsCalled)
{
	IN_CHILD({
		Table table;

		ASSERT_TRUE(library.open());
		unsigned module = table.module(library.name());
		unsigned rule = table.rule(
		    RULES_FROM_SITE, module, library.in("site"));
		ASSERT_TRUE(table.start());
		EXPECT_EQ(library.call("site", 1), rule);
		EXPECT_EQ(library.call("middle", 1), rule);
		EXPECT_EQ(ask(1), LIMIT);
	});
	IN_CHILD({
		Table table;

		ASSERT_TRUE(library.open());
		table.rule(RULES_FROM_SITE, table.module(library.name()),
		    library.in("middle"));
		ASSERT_TRUE(table.start());
		EXPECT_EQ(library.call("middle", 1), LIMIT)
		    << "it calls a function that calls malloc";
	});
}

TEST_F(SitesRuleTest, AReturnAddressBelongsToTheRangeItEnds)
{
	IN_CHILD({
		Table table;
		const uintptr_t at = 0x1234;

		unsigned module = table.module(own_name());
		table.rule(RULES_FROM_SITE, module, { at - 8, at - 1 });
		table.rule(RULES_FROM_SITE, module, { at + 1, at + 8 });
		unsigned rule = table.rule(RULES_FROM_SITE, module, { at, at });
		ASSERT_TRUE(table.start());
		EXPECT_EQ(
		    sites_first((void *)(own_base() + at), 1, LIMIT), rule);
	});
}

TEST_F(SitesRuleTest, TheFirstThatAppliesAsAWhole)
{
	IN_CHILD({
		Table table(100);

		ASSERT_TRUE(library.open());
		unsigned module = table.module(library.name());
		unsigned by_name = table.rule(
		    RULES_FROM_SITE, 5000, 5999, "io-*");
		unsigned large = table.rule(RULES_FROM_SITE, 4096, 8192);
		unsigned deep = table.rule(RULES_FROM_FUNCTION, 200, 9000);
		table.rule(RULES_FROM_ANYWHERE);
		unsigned any = table.rule(RULES_FROM_SITE);
		for (unsigned rule : { by_name, large, any })
			table.range(module, library.in("site"), rule);
		table.range(module, library.in("init_tables"), deep);
		ASSERT_TRUE(table.start());
		EXPECT_EQ(library.call("site", 99), LIMIT) << "sites_from";
		EXPECT_EQ(library.call("site", 100), any);
		EXPECT_EQ(library.call("site", 4095), any);
		EXPECT_EQ(library.call("site", 4096), large);
		EXPECT_EQ(library.call("site", 8192), large);
		EXPECT_EQ(library.call("site", 8193), any);
		EXPECT_EQ(library.call("site", 5000), by_name);
		thread_has_name = false;
		EXPECT_EQ(library.call("site", 5000), LIMIT);
		thread_has_name = true;
		EXPECT_EQ(library.call("init_tables", 199), any);
		EXPECT_EQ(library.call("init_tables", 200), deep);
		EXPECT_EQ(library.call("init_tables", 4096), large);
		EXPECT_EQ(library.call("init_tables", 9000), deep);
		EXPECT_EQ(library.call("init_tables", 9001), any);
	});
}

unsigned ask_limit;

__attribute__((noinline)) unsigned
ask_below(size_t size)
{
	unsigned answer = sites_first(
	    __builtin_return_address(0), size, ask_limit);

	__asm__ volatile("" : "+r"(answer));
	return answer;
}

TEST_F(SitesRuleTest, OnlyRulesBelowTheLimit)
{
	IN_CHILD({
		Table table;

		ASSERT_TRUE(library.open());
		unsigned module = table.module(library.name());
		table.rule(RULES_FROM_ANYWHERE);
		table.rule(RULES_FROM_FUNCTION, module, library.in("middle"));
		table.rule(RULES_FROM_SITE, module, library.in("site"));
		ASSERT_TRUE(table.start());
		auto middle = (unsigned (*)(
		    AskFunction *, size_t))library.symbol("middle");
		for (unsigned limit : { 0, 1, 2, 3 }) {
			ask_limit = limit;
			EXPECT_EQ(middle(ask_below, 1), limit < 1 ? 0 : 1);
		}
		auto site = (unsigned (*)(AskFunction *, size_t))library.symbol(
		    "site");
		for (unsigned limit : { 0, 1, 2, 3 }) {
			ask_limit = limit;
			EXPECT_EQ(site(ask_below, 1), limit < 2 ? limit : 2);
		}
	});
}

TEST_F(SitesRuleTest, NothingIsAskedBeforeTheStart)
{
	IN_CHILD({
		EXPECT_EQ(ask(1 << 20), LIMIT);
		Table table;
		table.rule(RULES_FROM_ANYWHERE);
		EXPECT_FALSE(table.start()) << "no rule asks where";
		EXPECT_EQ(ask(1 << 20), LIMIT);
	});
}

TEST_F(SitesRuleTest, ASiteBehindOperatorNewIsItsCaller)
{
	IN_CHILD({
		Table table;

		ASSERT_TRUE(library.open());
		unsigned module = table.module(library.name());
		unsigned in_new = table.rule(
		    RULES_FROM_SITE, module, library.in("_Znwm"));
		unsigned plain = table.rule(
		    RULES_FROM_SITE, module, library.in("new_site"));
		unsigned nothrow = table.rule(
		    RULES_FROM_SITE, module, library.in("new_nothrow_site"));
		ASSERT_TRUE(table.start());
		EXPECT_NE(library.call("new_site", 1), in_new);
		EXPECT_EQ(library.call("new_site", 1), plain);
		EXPECT_EQ(library.call("new_nothrow_site", 1), nothrow);
	});
	IN_CHILD({
		Table table;

		ASSERT_TRUE(library.open());
		unsigned rule = table.rule(RULES_FROM_FUNCTION,
		    table.module(library.name()), library.in("_Znwm"));
		ASSERT_TRUE(table.start());
		EXPECT_EQ(library.call("new_site", 1), rule)
		    << "as a function it is on the stack";
	});
}

/* ---- Whatever the compiler did ------------------------------------------- */

struct Variant {
	const char *compiler, *flags;
};

class SitesVariantTest : public ::testing::TestWithParam<Variant> {};

TEST_P(SitesVariantTest, AFunctionIsFoundAnywhereOnTheStack)
{
	if (!RULES_CAN_WALK)
		GTEST_SKIP() << "no stack is walked on this processor";
	if (!has_compiler(GetParam().compiler))
		GTEST_SKIP() << GetParam().compiler << " is missing";
	Library library(GetParam().compiler, GetParam().flags);
	ASSERT_TRUE(library.built());
	for (const char *name : { "site", "middle", "init_tables" })
		IN_CHILD({
			Table table;

			ASSERT_TRUE(library.open());
			unsigned rule = table.rule(RULES_FROM_FUNCTION,
			    table.module(library.name()), library.in(name));
			ASSERT_TRUE(table.start());
			for (int i = 0; i < 3; i++)
				EXPECT_EQ(library.call("init_tables", 1), rule)
				    << name;
			EXPECT_EQ(ask(1), LIMIT);
		});
	IN_CHILD({
		Table table;

		ASSERT_TRUE(library.open());
		unsigned rule = table.rule(RULES_FROM_FUNCTION,
		    table.module(library.name()),
		    library.in("through_aligned"));
		ASSERT_TRUE(table.start());
		EXPECT_EQ(library.call("through_aligned", 1), rule)
		    << "a frame that is aligned";
		EXPECT_EQ(library.call("aligned", 1, 50), LIMIT);
	});
}

INSTANTIATE_TEST_SUITE_P(Compiled, SitesVariantTest,
    ::testing::Values(Variant{ "gcc", "-O0" },
	Variant{ "gcc", "-O2 -fomit-frame-pointer" },
	Variant{ "gcc", "-O2 -fno-omit-frame-pointer" },
	Variant{ "gcc", "-Os -fno-stack-protector" },
	Variant{ "gcc", "-O3 -fstack-clash-protection -fcf-protection" },
	Variant{ "clang", "-O0" }, Variant{ "clang", "-O2" },
	Variant{ "clang", "-O2 -fno-omit-frame-pointer" }));

} // namespace
