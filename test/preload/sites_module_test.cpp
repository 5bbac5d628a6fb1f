/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_module_test.cpp - modules: known by build-id or name, opened later,
 * closed, and another in their place.
 */
#include "sites_test.h"

#include <atomic>
#include <thread>

#include "sites_glue.h"

extern "C" {
#include "preload/module.h"
}

namespace {

/* A library with the build-id of that many times 2A and B. */
std::string
flags_of(char b)
{
	return std::string("-O2 -Wl,--build-id=0x2a2a2a2a2a2a2a2a2a") + b + b;
}

std::string
id_of(char b)
{
	std::string digits(2, b);

	return std::string(9, 0x2a) +
	    (char)strtoul(digits.c_str(), nullptr, 16);
}

class SitesModuleTest : public ::testing::Test {
protected:
	SitesModuleTest()
	    : one(own_compiler(), flags_of('1')),
	      other(own_compiler(), flags_of('2'))
	{
		EXPECT_TRUE(one.built() && other.built());
	}
	void
	SetUp() override
	{
#ifndef HAVE__DL_FIND_OBJECT
		GTEST_SKIP() << "this libc does not tell of libraries that "
				"are opened later";
#endif
	}
	Library one, other;
};

/* Where `site` is in both: the code is the same. */
Range
where_of(Library &library)
{
	EXPECT_TRUE(library.open());
	Range range = library.in("site");
	EXPECT_EQ(library.close(), 0);
	return range;
}

TEST_F(SitesModuleTest, AreKnownByBuildIdWhateverTheirName)
{
	IN_CHILD({
		Table table;

		Range range = where_of(one);
		unsigned rule = table.rule(RULES_FROM_SITE,
		    table.module("another-name.so", id_of('1')), range);
		table.rule(RULES_FROM_SITE,
		    table.module(other.name(), id_of('3')), range);
		ASSERT_TRUE(table.start());
		ASSERT_TRUE(one.open());
		ASSERT_TRUE(other.open());
		EXPECT_EQ(one.call("site", 1), rule) << "opened later";
		EXPECT_EQ(other.call("site", 1), LIMIT)
		    << "the name is right, but not the build-id";
	});
}

TEST_F(SitesModuleTest, AreKnownByNameWhereTheTableHasNoBuildId)
{
	IN_CHILD({
		Table table;
		Range range = where_of(one);
		unsigned rule = table.rule(
		    RULES_FROM_SITE, table.module(one.name()), range);

		ASSERT_TRUE(table.start());
		ASSERT_TRUE(one.open());
		ASSERT_TRUE(other.open());
		EXPECT_EQ(one.call("site", 1), rule);
		EXPECT_EQ(other.call("site", 1), LIMIT);
	});
}

TEST_F(SitesModuleTest, ThatLieWhereAnotherLayAreNotTakenForIt)
{
	IN_CHILD({
		Table table;
		Range range = where_of(one);
		unsigned rule = table.rule(
		    RULES_FROM_SITE, table.module("one", id_of('1')), range);
		unsigned deep = table.rule(RULES_FROM_FUNCTION,
		    table.module("other", id_of('2')), range);
		unsigned same = 0;
		uintptr_t before;

		ASSERT_TRUE(table.start());
		for (int i = 0; i < 20; i++) {
			ASSERT_TRUE(one.open());
			before = one.base();
			EXPECT_EQ(one.call("site", 1), rule);
			EXPECT_EQ(one.call("site", 1), rule);
			ASSERT_EQ(one.close(), 0);
			ASSERT_TRUE(other.open());
			same += other.base() == before;
			EXPECT_EQ(other.call("middle", 1), deep);
			EXPECT_EQ(other.call("middle", 1), deep);
			ASSERT_EQ(other.close(), 0);
		}
		EXPECT_GT(same, 0u) << "no address was used again";
	});
}

/* Closes a library so that the cache does not hear of it. */
void
close_secretly(Library &library)
{
	auto libc_close = (int (*)(void *))dlsym(RTLD_NEXT, "dlclose");

	EXPECT_EQ(libc_close(library.give_up()), 0);
}

TEST_F(SitesModuleTest, ThatAreBeingClosedAreNotLookedUp)
{
	IN_CHILD({
		Table table;
		Range range = where_of(one);
		unsigned rule = table.rule(
		    RULES_FROM_SITE, table.module("one", id_of('1')), range);

		ASSERT_TRUE(table.start());
		ASSERT_TRUE(one.open());
		uintptr_t before = one.base();
		EXPECT_EQ(one.call("site", 1), rule);
		glue_closing();
		close_secretly(one);
		ASSERT_TRUE(other.open());
		EXPECT_EQ(other.base(), before) << "nothing is tested";
		EXPECT_EQ(other.call("site", 1), LIMIT);
		glue_closed();
		EXPECT_EQ(other.call("site", 1), LIMIT);
	});
}

std::atomic<bool> is_over;
std::atomic<unsigned> wrong;

/* Opens and closes copies of the libraries in turn. */
void
come_and_go(Library &one, Library &other, unsigned rule, unsigned deep)
{
	for (int i = 0; i < 300; i++) {
		wrong += !one.open();
		wrong += one.call("site", 1) != rule;
		wrong += one.call("middle", 1) != rule;
		one.close();
		wrong += !other.open();
		wrong += other.call("site", 1) != deep;
		wrong += other.call("init_tables", 1) != deep;
		other.close();
	}
}

TEST_F(SitesModuleTest, ComeAndGoWhileOthersAsk)
{
	Library stays(own_compiler(), "-O2 -Wl,--build-id=none");

	IN_CHILD({
		Table table;
		Range range = where_of(one);
		unsigned rule = table.rule(
		    RULES_FROM_SITE, table.module("one", id_of('1')), range);
		unsigned deep = table.rule(RULES_FROM_FUNCTION,
		    table.module("other", id_of('2')), range);
		unsigned mine = table.rule(RULES_FROM_FUNCTION,
		    table.module(stays.name()), where_of(stays));
		std::vector<std::thread> threads;

		ASSERT_TRUE(table.start());
		ASSERT_TRUE(stays.open());
		for (int i = 0; i < 6; i++)
			threads.emplace_back([&] {
				while (!is_over)
					wrong += stays.call("init_tables", 1) !=
					    mine;
			});
		come_and_go(one, other, rule, deep);
		is_over = true;
		for (std::thread &thread : threads)
			thread.join();
		EXPECT_EQ(wrong, 0u);
	});
}

TEST_F(SitesModuleTest, HaveFunctionsByName)
{
	IN_CHILD({
		struct module module;
		struct module_symbols symbols;

		ASSERT_TRUE(one.open());
		uintptr_t at = (uintptr_t)one.symbol("middle");
		module_start();
		ASSERT_TRUE(module_find(at, &module));
		EXPECT_EQ(module.base, one.base());
		ASSERT_TRUE(module_read_symbols(&module, &symbols));
		uint32_t hash = module_hash("middle");
		EXPECT_TRUE(module_is_in(&symbols, "middle", hash, at));
		EXPECT_FALSE(module_is_in(&symbols, "middle", hash, at - 1));
		EXPECT_FALSE(module_is_in(&symbols, "middle", hash, at + 999));
		EXPECT_FALSE(module_is_in(
		    &symbols, "muddle", module_hash("muddle"), at));
		EXPECT_FALSE(module_find((uintptr_t)&module, &module));
	});
}

} // namespace
