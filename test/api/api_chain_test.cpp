/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of several specs: the first that this machine has, and the next when
 * one is full. Node 1000 is what it does not have. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "../lib/engine_kind.h"

using namespace engine;

namespace {

#define MISSING "nodes:1000"

std::string
text_of(const std::string &text)
{
	return poolkind_text(open_kind(text).get());
}

void
expect_refused(const std::string &text, int error, const std::string &sentence)
{
	errno = 0;
	EXPECT_EQ(nullptr, poolkind_open(text.c_str(), 0)) << text;
	EXPECT_EQ(error, errno) << text;
	EXPECT_NE(
	    std::string::npos, std::string(poolkind_errormsg()).find(sentence))
	    << text << ": " << poolkind_errormsg();
}

/* Opens a kind by NAME: ENOENT unless another of that name is open. */
bool
is_open(const std::string &name)
{
	poolkind *kind = poolkind_open(("dram,fallback=" + name).c_str(), 0);
	bool found = kind != nullptr;

	poolkind_close(kind);
	return found;
}

} // namespace

TEST(ApiChain, TheFirstAlternativeThatTheMachineHasIsTaken)
{
	EXPECT_EQ("dram,limit=1M", text_of("dram,limit=1M|nodes:0"));
	EXPECT_EQ("nodes:0", text_of(MISSING "|nodes:0|dram"));
	EXPECT_EQ("nodes:0", text_of("  " MISSING " |  nodes:0 "));
}

TEST(ApiChain, WhatTheMachineDoesNotHaveIsLeftOut)
{
	EXPECT_EQ("dram", text_of(MISSING " > dram"));
	EXPECT_EQ("dram,size=1M > nodes:0",
	    text_of("dram,size=1M > " MISSING "|" MISSING " > nodes:0"));
	EXPECT_EQ("nodes:0", text_of("nodes:0 > " MISSING));
}

TEST(ApiChain, TheTextOpensTheSameChainAgain)
{
	std::string text = "dram,size=1M > file:/dev/shm,size=2M > nodes:0";

	EXPECT_EQ(text, text_of(text));
	EXPECT_EQ(text, text_of(text_of(text)));
}

TEST(ApiChain, AFullLinkIsFollowedByTheNext)
{
	Kind first = open_kind("dram,size=4M>dram,size=4M,name=second > dram");
	std::vector<std::string> names;
	std::vector<void *> blocks;

	for (int i = 0; i < 12; i++) {
		void *block = poolkind_malloc(first.get(), MIB);

		ASSERT_NE(nullptr, block);
		blocks.push_back(block);
		std::string name = poolkind_name(poolkind_of(block));
		if (names.empty() || names.back() != name)
			names.push_back(name);
	}
	ASSERT_EQ(3u, names.size());
	EXPECT_EQ(poolkind_name(first.get()), names[0]);
	EXPECT_EQ("second", names[1]);
	EXPECT_EQ(
	    EBUSY, poolkind_close(poolkind_of(blocks.back())) == 0 ? 0 : errno)
	    << "the last link is the chain's";
	for (void *block : blocks)
		poolkind_free(first.get(), block);
	EXPECT_EQ(0, poolkind_check(first.get()));
}

TEST(ApiChain, IsClosedAsOne)
{
	{
		Kind first = open_kind("dram,name=one > dram,name=two");

		EXPECT_TRUE(is_open("one"));
		EXPECT_TRUE(is_open("two"));
	}
	EXPECT_FALSE(is_open("one"));
	EXPECT_FALSE(is_open("two"));
}

TEST(ApiChain, StaysOpenWhileAnyLinkIsTheFallbackOfAnother)
{
	Kind first = open_kind("dram,name=head > dram,name=tail");
	Kind other = open_kind("dram,fallback=tail");

	EXPECT_EQ(-1, poolkind_close(first.get()));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_NE(nullptr,
	    strstr(poolkind_errormsg(), "\"tail\" is the fallback of 1 open"))
	    << poolkind_errormsg();
	EXPECT_TRUE(is_open("head"));
	other.reset();
}

TEST(ApiChain, AMistakeIsToldWhereverItStands)
{
	expect_refused("dram|drum", EINVAL, "\"drum\"");
	expect_refused("drum > dram", EINVAL, "\"drum\"");
	expect_refused("dram||nodes:0", EINVAL, "a spec is missing");
	expect_refused("dram >", EINVAL, "a spec is missing");
	expect_refused("| dram", EINVAL, "a spec is missing");
	expect_refused("dram,fallback=x > dram", EINVAL, "fallback=x before");
	expect_refused("file:/nope|dram", ENOENT, "/nope");
	expect_refused(
	    "dram,name=left > file:/nope > dram,name=right", ENOENT, "/nope");
	EXPECT_FALSE(is_open("right")) << "what was opened is closed again";
}

TEST(ApiChain, NothingOfAllIsHere)
{
	expect_refused(MISSING "|" MISSING ",limit=1M", ENODEV,
	    "this machine has nothing of \"" MISSING "|" MISSING ",limit=1M\"");
	expect_refused(MISSING " > " MISSING, ENODEV, "1000");
}

TEST(ApiChain, HasSixteenSpecsAtMost)
{
	std::string text = "dram,size=1M";

	for (int i = 1; i < 16; i++)
		text += "|dram";
	EXPECT_EQ("dram,size=1M", text_of(text));
	expect_refused(text + "|dram", EINVAL, "more than 16 specs");
}

TEST(ApiChain, APathMayHaveTheSigns)
{
	expect_refused("file:/a\\|b\\>c|dram", ENOENT, "\"/a|b>c\"");
}

TEST(ApiNodes, TheTextThatAKindCameToNamesThem)
{
	EXPECT_STREQ("dram,limit=1M",
	    poolkind_resolved(open_kind("dram,limit=1M").get()));
	EXPECT_STREQ("nodes:0,policy=preferred,limit=8M",
	    poolkind_resolved(
		open_kind("nodes:0,policy=preferred,limit=8M").get()));
	std::string all = poolkind_resolved(open_kind("nodes:all").get());
	EXPECT_EQ(0u, all.find("nodes:0")) << all;
	EXPECT_EQ("nodes:0,size=1M > " + all,
	    poolkind_resolved(open_kind("nodes:0,size=1M > nodes:all").get()));
}

TEST(ApiNodes, AMaskHasThem)
{
	unsigned long mask[4] = { 77, 77, 77, 77 };
	Kind bound = open_kind("nodes:0"), dram = open_kind("dram");

	errno = 4242;
	ASSERT_EQ(0, poolkind_get_nodes(bound.get(), mask, 128));
	EXPECT_EQ(1u, mask[0]);
	EXPECT_EQ(0u, mask[1]);
	EXPECT_EQ(77u, mask[2]) << "no more than was asked for";
	ASSERT_EQ(0, poolkind_get_nodes(dram.get(), mask, 64));
	EXPECT_EQ(1u, mask[0] & 1);
	EXPECT_EQ(4242, errno);
	for (unsigned nodes : { 0, 1, 63, 100 }) {
		EXPECT_EQ(-1, poolkind_get_nodes(dram.get(), mask, nodes));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, poolkind_get_nodes(dram.get(), nullptr, 64));
	EXPECT_EQ(EINVAL, errno);
}

TEST(ApiNodes, AllAreThoseThatTheProcessMayUse)
{
	Kind kind = open_kind("nodes:all,limit=8M");
	void *block = poolkind_malloc(kind.get(), MIB);

	EXPECT_STREQ("nodes:all,limit=8M", poolkind_text(kind.get()));
	ASSERT_NE(nullptr, block);
	memset(block, 1, MIB);
	EXPECT_GE(bytes_there(block), MIB);
	poolkind_free(kind.get(), block);
}
