/* SPDX-License-Identifier: BSD-2-Clause */
/* Law 4: a pointer's kind is found without locks, for any address. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/time.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

class ApiOf : public EveryKind {};
ENGINE_EVERY_KIND(ApiOf);

poolkind *signal_kind;
void *signal_block;
volatile sig_atomic_t signal_count, signal_wrong;

void
on_alarm(int)
{
	signal_count = signal_count + 1;
	if (poolkind_of(signal_block) != signal_kind)
		signal_wrong = signal_wrong + 1;
}

} // namespace

TEST_P(ApiOf, BlocksStartInsideAndEnd)
{
	for (size_t size : { 1, 100, 4096, 20000, 1000000, 9000000 }) {
		char *block = static_cast<char *>(
		    poolkind_malloc(kind(), size));
		ASSERT_NE(nullptr, block);
		for (size_t at = 0; at < size; at += 1 + size / 64)
			EXPECT_EQ(kind(), poolkind_of(block + at));
		EXPECT_EQ(kind(), poolkind_of(block + size - 1));
		poolkind_free(kind(), block);
	}
}

TEST_P(ApiOf, ForeignAddressesAreNull)
{
	void *block = poolkind_malloc(kind(), 100);
	int here;
	static int there;
	std::vector<char> heap(1000);
	char *gone = static_cast<char *>(mmap(
	    nullptr, 1 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	munmap(gone, 1 * MIB);
	ASSERT_EQ(nullptr, poolkind_open("dram,limt=1", 0));
	std::string sentence = poolkind_errormsg();
	errno = 4242;
	for (const void *address :
	    { (const void *)nullptr, (const void *)1, (const void *)&here,
		(const void *)&there, (const void *)heap.data(),
		(const void *)"text", (const void *)&signal_kind,
		(const void *)gone, (const void *)kind(),
		(const void *)((uintptr_t)1 << 47),
		(const void *)(((uintptr_t)1 << 47) - 1),
		(const void *)((uintptr_t)1 << 63), (const void *)UINTPTR_MAX })
		EXPECT_EQ(nullptr, poolkind_of(address)) << address;
	for (unsigned bit = 0; bit < 64; bit++)
		poolkind_of((const void *)((uintptr_t)block ^ 1ull << bit));
	EXPECT_EQ(4242, errno);
	EXPECT_EQ(sentence, poolkind_errormsg());
	poolkind_free(kind(), block);
}

TEST(ApiOfRegion, AnyAddressInItAndNoneBeside)
{
	Region region(6 * MIB);
	char *start = region.start() + 2 * MIB;
	Kind kind(poolkind_open_region(start, 2 * MIB, nullptr, 0));
	ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
	EXPECT_EQ(kind.get(), poolkind_of(start));
	EXPECT_EQ(kind.get(), poolkind_of(start + 1234567));
	EXPECT_EQ(kind.get(), poolkind_of(start + 2 * MIB - 1));
	EXPECT_EQ(nullptr, poolkind_of(start - 1));
	EXPECT_EQ(nullptr, poolkind_of(start + 2 * MIB));
	kind.reset();
	EXPECT_EQ(nullptr, poolkind_of(start));
}

TEST(ApiOfRegion, NeighboursAreToldApart)
{
	Region region(32 * MIB);
	std::vector<Kind> kinds;
	size_t step = POOLKIND_REGION_MIN + KIND_PAGE;
	for (size_t at = 0; at + step <= region.size(); at += step)
		kinds.emplace_back(poolkind_open_region(
		    region.start() + at, step, nullptr, 0));
	for (size_t i = 0; i < kinds.size(); i++) {
		ASSERT_NE(nullptr, kinds[i].get());
		char *start = region.start() + i * step;
		EXPECT_EQ(kinds[i].get(), poolkind_of(start));
		EXPECT_EQ(kinds[i].get(), poolkind_of(start + step - 1));
	}
}

TEST_P(ApiOf, InASignalHandlerAmidAllocation)
{
	signal_kind = kind();
	signal_block = poolkind_malloc(kind(), 100);
	struct sigaction action = {}, before;
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, &before);
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = {};
	setitimer(ITIMER_REAL, &often, nullptr);
	while (signal_count < 200) {
		Chain chain;
		chain.fill(kind(), 5000, 100);
		chain.free_all(kind());
		poolkind_trim(kind());
	}
	setitimer(ITIMER_REAL, &never, nullptr);
	sigaction(SIGALRM, &before, nullptr);
	EXPECT_EQ(0, signal_wrong);
	signal_count = 0;
	poolkind_free(kind(), signal_block);
}

TEST(ApiOfThreads, AnswersWhileKindsComeAndGo)
{
	Kind stays = open_kind("dram");
	void *block = poolkind_malloc(stays.get(), 100);
	std::atomic<bool> stop(false);
	std::atomic<unsigned> wrong(0);
	std::vector<std::thread> readers;
	std::atomic<void *> passing(nullptr);
	for (int i = 0; i < 3; i++)
		readers.emplace_back([&] {
			while (!stop) {
				wrong += poolkind_of(block) != stays.get();
				poolkind_of(passing);
			}
		});
	for (int i = 0; i < 500; i++) {
		Kind kind = open_kind("dram");
		passing = poolkind_malloc(kind.get(), 1 + i * 1000);
		EXPECT_EQ(kind.get(), poolkind_of(passing));
	}
	stop = true;
	for (std::thread &reader : readers)
		reader.join();
	EXPECT_EQ(0u, wrong);
	poolkind_free(stays.get(), block);
}
