/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of kinds, looked at from behind their handles. */
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <set>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "../lib/engine_facts.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "kind_glue.h"
#include "os/os.h"
#include "os/records.h"
}
#pragma GCC diagnostic pop

namespace {

/* A kind for the length of a test. */
class Kind {
public:
	explicit Kind(const char *text) : kind(poolkind_open(text, 0))
	{
		EXPECT_NE(kind, nullptr) << poolkind_errormsg();
	}
	~Kind() { EXPECT_EQ(poolkind_close(kind), 0); }
	Kind(const Kind &) = delete;
	Kind &operator=(const Kind &) = delete;
	operator poolkind *() const { return kind; }

private:
	poolkind *kind;
};

bool
sentence_names(const char *word)
{
	return strstr(poolkind_errormsg(), word) != nullptr;
}

int
forked(const std::function<int()> &child_does)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		alarm(20);
		_exit(child_does());
	}
	EXPECT_EQ(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

} // namespace

TEST(Close, RefusesAHandleThatWasClosed)
{
	poolkind *kind = poolkind_open("dram", 0);

	EXPECT_TRUE(kind_is_open(kind));
	EXPECT_EQ(poolkind_close(kind), 0);
	EXPECT_FALSE(kind_is_open(kind)) << "its record can still be read";
	EXPECT_EQ(poolkind_close(kind), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_TRUE(sentence_names("no open kind")) << poolkind_errormsg();
}

TEST(Close, RefusesWhatNeverWasAHandle)
{
	std::vector<char> bytes(kind_record_bytes(), 0);

	errno = 0;
	EXPECT_EQ(poolkind_close(reinterpret_cast<poolkind *>(bytes.data())),
	    -1);
	EXPECT_EQ(errno, EINVAL);
	errno = 0;
	EXPECT_EQ(poolkind_close(nullptr), 0);
	EXPECT_EQ(errno, 0);
}

/* A failed open leaves no record that looks like a kind. */
TEST(Open, ThatFailsLeavesNothing)
{
	auto fail = [](int times) {
		for (int i = 0; i < times; i++)
			for (const char *text : { "dram,size=9000000T",
			    "file:/nonexistent,size=1M", "nodes:1000,size=1M" })
				EXPECT_EQ(poolkind_open(text, 0), nullptr);
	};
	fail(1); /* what finds addresses is kept */
	size_t records = record_bytes_in_use();
	engine::Facts before = engine::facts();

	fail(100);
	engine::Facts after = engine::facts();
	EXPECT_EQ(record_bytes_in_use(), records);
	EXPECT_EQ(after.mappings, before.mappings);
	EXPECT_EQ(after.descriptors, before.descriptors);
}

/* Before any kind was ever open the fork handlers have nothing to do. Runs in
 * a program of its own: here other tests have opened kinds. */
TEST(Open, ThatFailsFirstLeavesAProcessThatCanFork)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	ASSERT_GT(n, 0);
	self[n] = '\0';
	pid_t child = fork();
	int status;

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		execl(self, self, "--gtest_also_run_disabled_tests",
		    "--gtest_filter=Alone.DISABLED_FailsToOpenAndForks",
		    (char *)nullptr);
		_exit(127);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_EQ(status, 0);
}

TEST(Alone, DISABLED_FailsToOpenAndForks)
{
	EXPECT_EQ(poolkind_open("file:/nonexistent,size=1M", 0), nullptr);
	EXPECT_EQ(forked([] { return 0; }), 0);
}

/* Records, addresses and descriptors are what they were, for every source. */
TEST(Open, AndCloseTenThousandTimesLeaksNothing)
{
	static const char *const texts[] = { "dram", "dram,size=1M",
	    "file:/dev/shm,size=1M", "file:/dev/shm,size=1M,grow=yes,fork=copy",
	    "nodes:0", "dram,name=one-with-a-name-that-is-rather-long" };
	auto round = [&](size_t i) {
		poolkind *kind = poolkind_open(texts[i % 6], 0);
		ASSERT_NE(kind, nullptr) << poolkind_errormsg();
		void *block = poolkind_malloc(kind, 100);
		ASSERT_NE(block, nullptr);
		ASSERT_NE(poolkind_malloc(kind, 100000), nullptr);
		if (i % 2)
			poolkind_free(kind, block);
		ASSERT_EQ(poolkind_close(kind), 0);
	};
	for (size_t i = 0; i < 100; i++)
		round(i);
	size_t records = record_bytes_in_use();
	engine::Facts before = engine::facts();
	for (size_t i = 0; i < 10000 && !HasFatalFailure(); i++)
		round(i);
	engine::Facts after = engine::facts();
	EXPECT_EQ(record_bytes_in_use(), records);
	EXPECT_EQ(after.address, before.address);
	EXPECT_EQ(after.mappings, before.mappings);
	EXPECT_EQ(after.descriptors, before.descriptors);
	EXPECT_LT(after.resident, before.resident + MIB);
}

/* A region's kinds come and go without a trace on the region's neighbours. */
TEST(Open, AndCloseOfRegionsThatTouch)
{
	size_t bytes = 16 * MIB;
	char *memory = (char *)mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(memory, MAP_FAILED);

	for (int i = 0; i < 200; i++) {
		size_t cut = MIB + (size_t)i % 14 * MIB;
		poolkind *high = poolkind_open_region(memory + cut,
		    bytes - cut, nullptr, 0);
		poolkind *low = poolkind_open_region(memory, cut, nullptr, 0);
		ASSERT_TRUE(low != nullptr && high != nullptr)
		    << poolkind_errormsg();
		EXPECT_EQ(poolkind_open_region(memory + cut - MIB, 2 * MIB,
		    nullptr, 0), nullptr);
		EXPECT_EQ(errno, EEXIST);
		for (size_t at = 0; at < bytes; at += MIB)
			ASSERT_EQ(poolkind_of(memory + at),
			    at < cut ? low : high) << at << " of " << cut;
		EXPECT_EQ(poolkind_check(low), 0) << poolkind_errormsg();
		ASSERT_EQ(poolkind_close(i % 2 ? low : high), 0);
		poolkind *left = i % 2 ? high : low;
		for (size_t at = 0; at < bytes; at += MIB)
			ASSERT_EQ(poolkind_of(memory + at),
			    (at < cut) == (left == low) ? left : nullptr);
		ASSERT_EQ(poolkind_close(left), 0);
	}
	munmap(memory, bytes);
}

TEST(Names, AreGivenOrCountedUp)
{
	Kind named("dram,name=scratch"), one("dram"), two("dram");
	unsigned first, second;

	EXPECT_STREQ(poolkind_name(named), "scratch");
	ASSERT_EQ(sscanf(poolkind_name(one), "kind%u", &first), 1);
	ASSERT_EQ(sscanf(poolkind_name(two), "kind%u", &second), 1);
	EXPECT_EQ(second, first + 1);
	EXPECT_STREQ(poolkind_text(named), "dram,name=scratch");
	EXPECT_STREQ(poolkind_text(one), "dram");
}

TEST(Names, AreNeverTheSameForTwoThreads)
{
	std::vector<std::thread> threads;
	std::vector<std::set<std::string>> names(4);
	std::set<std::string> all;

	for (size_t i = 0; i < 4; i++)
		threads.emplace_back([&, i] {
			for (int n = 0; n < 100; n++)
				names[i].insert(poolkind_name(Kind("dram")));
		});
	for (std::thread &thread : threads)
		thread.join();
	for (auto &some : names)
		all.insert(some.begin(), some.end());
	EXPECT_EQ(all.size(), 400u);
}

/* As many as jemalloc has arenas for; one more is a sentence, and closing one
 * makes room. Each of them works, and all leave nothing. */
TEST(Many, KindsAreOpenAtOnceAndOneMoreIsAClearError)
{
	std::string most = std::to_string(kinds_most()) + " kinds are open";
	std::vector<poolkind *> kinds;
	size_t records = 0;

	for (int round = 0; round < 2; round++) {
		while (poolkind *kind = poolkind_open("dram,size=1M", 0))
			kinds.push_back(kind);
		EXPECT_EQ(errno, ENOMEM);
		EXPECT_TRUE(sentence_names(most.c_str())) <<
		    poolkind_errormsg();
		EXPECT_EQ(kinds.size(), kinds_most());
		EXPECT_GE(kinds.size(), 4000u);
		for (poolkind *kind : kinds) {
			ASSERT_NE(poolkind_malloc(kind, 64), nullptr);
			ASSERT_EQ(kind_arenas(kind), 1u);
		}
		ASSERT_EQ(poolkind_close(kinds[1000]), 0);
		kinds[1000] = poolkind_open("dram,size=1M", 0);
		ASSERT_NE(kinds[1000], nullptr) << poolkind_errormsg();
		EXPECT_NE(poolkind_malloc(kinds[1000], 64), nullptr);
		EXPECT_EQ(poolkind_open("dram", 0), nullptr);
		for (poolkind *kind : kinds)
			ASSERT_EQ(poolkind_close(kind), 0);
		kinds.clear();
		if (round == 1) {
			/* What finds addresses may be new, and is kept. */
			EXPECT_LT(record_bytes_in_use(), records + 64 * KIB);
		}
		records = record_bytes_in_use();
	}
}

TEST(Check, TellsRecordsThatDisagree)
{
	Kind kind("dram,size=8M");

	ASSERT_NE(poolkind_malloc(kind, MIB), nullptr);
	EXPECT_EQ(poolkind_check(kind), 0) << poolkind_errormsg();
	kind_falsify(kind, 4096);
	errno = 0;
	EXPECT_EQ(poolkind_check(kind), -1);
	EXPECT_EQ(errno, EIO);
	kind_falsify(kind, -4096);
	EXPECT_EQ(poolkind_check(kind), 0) << poolkind_errormsg();
}

/* The child of a fork that refuses the kind: each call answers, none touches
 * what is not there. */
TEST(Refused, KindsAnswerWithEPERM)
{
	Kind kind("file:/dev/shm,size=8M,fork=refuse,name=secret");
	Kind other("dram");
	char *small = (char *)poolkind_malloc(kind, 100);
	char *large = (char *)poolkind_malloc(kind, MIB);

	strcpy(small, "secret");
	EXPECT_EQ(forked([&] {
		if (!kind_is_refused(kind) || kind_is_refused(other))
			return 1;
		if (poolkind_malloc(kind, 100) != nullptr || errno != EPERM ||
		    !sentence_names("secret"))
			return 2;
		for (void *home : { (void *)kind, (void *)other }) {
			errno = 0;
			if (poolkind_realloc((poolkind *)home, large, 2 * MIB)
			    != nullptr || errno != EPERM)
				return 3;
			if (poolkind_realloc((poolkind *)home, small, 10)
			    != nullptr)
				return 4;
		}
		poolkind_free(kind, large);
		poolkind_free(nullptr, small);
		if (poolkind_calloc(kind, 1, MIB) != nullptr ||
		    poolkind_aligned_alloc(kind, 8192, 8192) != nullptr)
			return 5;
		if (poolkind_of(large) != kind || poolkind_trim(kind) != 0 ||
		    poolkind_set_limit(kind, MIB) != 0)
			return 6;
		if (poolkind_malloc(other, 100) == nullptr)
			return 7;
		return poolkind_close(kind) == 0 ? 0 : 8;
	}), 0);
	EXPECT_STREQ(small, "secret");
	EXPECT_FALSE(kind_is_refused(kind));
	EXPECT_NE(poolkind_malloc(kind, MIB), nullptr);
}
