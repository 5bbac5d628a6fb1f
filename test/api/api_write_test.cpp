/* SPDX-License-Identifier: BSD-2-Clause */
/* Law 9: all kinds of a process, their numbers as text, and what went wrong. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../lib/engine_kind.h"

using namespace engine;

namespace {

int
enter(void *to, poolkind *kind)
{
	static_cast<std::multiset<poolkind *> *>(to)->insert(kind);
	return 0;
}

void
append(void *to, const char *text, size_t length)
{
	static_cast<std::string *>(to)->append(text, length);
}

std::string
written(poolkind *kind, int format = POOLKIND_JSON)
{
	std::string text;
	EXPECT_EQ(0, poolkind_write_stats(kind, format, append, &text))
	    << poolkind_errormsg();
	return text;
}

std::string
member(const char *name, size_t value)
{
	return std::string("\"") + name + "\":" + std::to_string(value) + ",";
}

bool
has(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

} // namespace

TEST(ApiWrite, EveryOpenKindIsMetOnce)
{
	Kind one = open_kind("dram"), other = open_kind("dram > dram");
	std::multiset<poolkind *> met;
	EXPECT_EQ(0, poolkind_each_kind(enter, &met));
	EXPECT_EQ(1u, met.count(one.get()));
	EXPECT_EQ(1u, met.count(other.get()));
	poolkind *closed = one.release();
	EXPECT_EQ(0, poolkind_close(closed));
	met.clear();
	EXPECT_EQ(0, poolkind_each_kind(enter, &met));
	EXPECT_EQ(0u, met.count(closed));
}

TEST(ApiWrite, KindsAreNumberedAsTheyAreOpened)
{
	auto number = [](const Kind &kind) {
		std::string text = written(kind.get());
		return strtoul(
		    text.c_str() + text.find("\"number\":") + 9, nullptr, 10);
	};
	Kind first = open_kind("dram"), second = open_kind("dram");
	EXPECT_EQ(number(first) + 1, number(second));
}

TEST(ApiWrite, AVisitMayStopAndMayCloseTheKind)
{
	Kind kinds[3];
	for (Kind &kind : kinds)
		kind = open_kind("dram,name=visited");
	int visits = 0;
	auto stop = [](void *arg, poolkind *) {
		return ++*static_cast<int *>(arg) == 2 ? 7 : 0;
	};
	EXPECT_EQ(7, poolkind_each_kind(stop, &visits));
	EXPECT_EQ(2, visits);
	auto close = [](void *, poolkind *kind) {
		return strcmp(poolkind_name(kind), "visited") == 0 ?
		    poolkind_close(kind) :
		    0;
	};
	EXPECT_EQ(0, poolkind_each_kind(close, nullptr));
	std::multiset<poolkind *> met;
	poolkind_each_kind(enter, &met);
	for (Kind &kind : kinds)
		EXPECT_EQ(0u, met.count(kind.release()));
}

TEST(ApiWrite, NumbersAreThoseOfGetStats)
{
	Kind kind = open_kind("dram,limit=64M,name=told");
	std::vector<void *> blocks;
	for (size_t size = 1; size < 200000; size += size / 2 + 1)
		blocks.push_back(poolkind_malloc(kind.get(), size));
	Stats stats = stats_of(kind.get());
	std::string text = written(kind.get());
	EXPECT_TRUE(has(text, "\"text\":\"dram,limit=64M,name=told\"")) << text;
	EXPECT_TRUE(has(text, member("live", stats.live))) << text;
	EXPECT_TRUE(has(text, member("cached", stats.cached))) << text;
	EXPECT_TRUE(has(text, member("committed", stats.committed))) << text;
	EXPECT_TRUE(has(text, member("limit", 64 * MIB))) << text;
	EXPECT_TRUE(has(text, "\"size\":null")) << text;
	EXPECT_TRUE(has(text, member("allocations", blocks.size()))) << text;
	text = written(kind.get(), POOLKIND_OPENMETRICS);
	EXPECT_TRUE(has(text, "} " + std::to_string(stats.live) + "\n"))
	    << text;
	EXPECT_TRUE(has(text, "\n# EOF\n")) << text;
	for (void *block : blocks)
		poolkind_free(kind.get(), block);
}

TEST(ApiWrite, AllKindsAreWrittenAndOneAlone)
{
	Kind one = open_kind("dram,name=first"),
	     other = open_kind("dram,name=second");
	EXPECT_TRUE(has(written(nullptr), "\"first\""));
	EXPECT_TRUE(has(written(nullptr), "\"second\""));
	EXPECT_FALSE(has(written(one.get()), "\"second\""));
}

TEST(ApiWrite, WhatFailsAndWhatSpillsIsCounted)
{
	Kind alone = open_kind("dram,limit=1M"),
	     chain = open_kind("dram,limit=1M > dram");
	EXPECT_EQ(nullptr, poolkind_malloc(alone.get(), 2 * MIB));
	EXPECT_EQ(nullptr, poolkind_calloc(alone.get(), 2, MIB));
	EXPECT_EQ(nullptr, poolkind_aligned_alloc(alone.get(), 4096, 2 * MIB));
	void *spilled = poolkind_malloc(chain.get(), 2 * MIB);
	ASSERT_NE(nullptr, spilled);
	EXPECT_EQ(3u, stats_of(alone.get()).failures);
	EXPECT_EQ(0u, stats_of(alone.get()).spills);
	EXPECT_EQ(0u, stats_of(chain.get()).failures);
	EXPECT_EQ(1u, stats_of(chain.get()).spills);
	EXPECT_TRUE(has(written(alone.get()), "\"failures\":3,\"spills\":0"));
	poolkind_free(nullptr, spilled);
}

/* Kinds come and go in other threads: the text is whole, and what is in it was
 * open at some moment. */
TEST(ApiWrite, OthersMayOpenAndCloseKindsMeanwhile)
{
	std::atomic<bool> stop(false);
	std::vector<std::thread> threads;
	for (int i = 0; i < 3; i++)
		threads.emplace_back([&] {
			while (!stop) {
				Kind kind = open_kind("dram,name=fleeting");
				poolkind_free(kind.get(),
				    poolkind_malloc(kind.get(), 100));
			}
		});
	for (int i = 0; i < 200; i++) {
		std::string text = written(nullptr);
		EXPECT_EQ(0u, text.find("{\"version\":1,")) << text;
		EXPECT_EQ(text.size() - 4, text.rfind("\n]}\n")) << text;
	}
	stop = true;
	for (std::thread &thread : threads)
		thread.join();
}

TEST(ApiWrite, WhatCannotBeWrittenIsAnError)
{
	std::string text;
	Kind kind = open_kind("dram");
	EXPECT_EQ(-1, poolkind_write_stats(nullptr, 0, append, &text));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(
	    -1, poolkind_write_stats(nullptr, POOLKIND_JSON, nullptr, &text));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, poolkind_each_kind(nullptr, &text));
	EXPECT_EQ(EINVAL, errno);
	poolkind *closed = kind.release();
	poolkind_close(closed);
	EXPECT_EQ(
	    -1, poolkind_write_stats(closed, POOLKIND_JSON, append, &text));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ("", text);
}
