/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Law 3: no call of the engine calls malloc, directly or by way of libc.
 *
 * This program's malloc family stands before libc's and counts, per thread and
 * when asked to. With a sanitizer, which owns malloc, the tests are skipped.
 */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <pthread.h>
#include <unistd.h>
#include <sys/wait.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTING 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTING 0
#endif
#endif
#ifndef COUNTING
#define COUNTING 1
#endif

namespace {

struct Counter {
	bool on;
	unsigned calls;
};
__attribute__((tls_model("initial-exec"))) thread_local Counter counter;

void
count()
{
	counter.calls += counter.on;
}

/* The calls of malloc and its family that EXPRESSIONS made. */
#define MALLOC_CALLS_IN(...) \
	(counter = Counter{ true, 0 }, (void)(__VA_ARGS__), \
	    counter.on = false, counter.calls)

class ApiNoMalloc : public testing::Test {
protected:
	void
	SetUp() override
	{
		if (!COUNTING)
			GTEST_SKIP() << "the sanitizer owns malloc";
	}
};

} // namespace

#if COUNTING
extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

void *
malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *
calloc(size_t number, size_t size)
{
	count();
	return __libc_calloc(number, size);
}

void *
realloc(void *ptr, size_t size)
{
	count();
	return __libc_realloc(ptr, size);
}

void *
memalign(size_t alignment, size_t size)
{
	count();
	return __libc_memalign(alignment, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	count();
	return __libc_memalign(alignment, size);
}

int
posix_memalign(void **ptr, size_t alignment, size_t size)
{
	count();
	*ptr = __libc_memalign(alignment, size);
	return *ptr ? 0 : ENOMEM;
}

void
free(void *ptr)
{
	if (ptr)
		count();
	__libc_free(ptr);
}
}
#endif

namespace {

void
walk(poolkind *kind)
{
	void *blocks[64];
	for (size_t round = 0; round < 2000; round++) {
		size_t size = (size_t)8 << round % 18;
		void *&block = blocks[round % 64];
		if (round >= 64)
			poolkind_free(round % 2 ? kind : nullptr, block);
		block = poolkind_malloc(kind, size);
		if (round % 5 == 0)
			block = poolkind_realloc(kind, block, size * 2);
	}
	for (void *block : blocks)
		poolkind_free_sized(kind, block, poolkind_usable_size(block));
	poolkind_free(kind, poolkind_calloc(kind, 10, 1000));
	poolkind_free(kind, poolkind_aligned_alloc(kind, 65536, 1000));
	Stats stats;
	poolkind_get_stats(kind, &stats, sizeof(stats));
	poolkind_set_limit(kind, 8 << 20);
	poolkind_trim(kind);
	poolkind_check(kind);
	poolkind_text(kind);
	poolkind_name(kind);
	poolkind_free(kind, &stats);
	poolkind_usable_size(&stats);
}

} // namespace

TEST_F(ApiNoMalloc, TheCounterCounts)
{
	void *volatile block;
	EXPECT_EQ(2u, MALLOC_CALLS_IN(block = malloc(10), free(block)));
}

TEST_F(ApiNoMalloc, OpenUseClose)
{
	std::string directory = place(16 * MIB);
	Region region(32 * MIB);
	std::vector<std::string> specs = { "dram", "dram,limit=64M,name=mine" };
	if (!directory.empty()) {
		specs.push_back("file:" + directory + ",size=32M");
		specs.push_back("file:" + directory + ",size=2M,grow=yes");
	}
	for (const std::string &spec : specs) {
		poolkind *kind;
		EXPECT_EQ(
		    0u, MALLOC_CALLS_IN(kind = poolkind_open(spec.c_str(), 0)))
		    << spec;
		ASSERT_NE(nullptr, kind);
		EXPECT_EQ(0u, MALLOC_CALLS_IN(walk(kind))) << spec;
		EXPECT_EQ(0u, MALLOC_CALLS_IN(poolkind_close(kind))) << spec;
	}
	EXPECT_EQ(0u, MALLOC_CALLS_IN([&] {
		poolkind *kind = poolkind_open_region(
		    region.start(), region.size(), "limit=30M", 0);
		walk(kind);
		poolkind_close(kind);
	}()));
}

TEST_F(ApiNoMalloc, NamesAndShares)
{
	char path[] = "/tmp/poolkind-names.XXXXXX";
	int fd = mkstemp(path);
	const char text[] = "kind it = dram,limit=share > dram\n";
	poolkind *kind;

	ASSERT_GE(fd, 0);
	ASSERT_EQ((ssize_t)strlen(text), write(fd, text, strlen(text)));
	close(fd);
	setenv("POOLKIND_CONFIG", path, 1);
	setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "4", 1);
	EXPECT_EQ(0u, MALLOC_CALLS_IN(kind = poolkind_open("@it", 0)));
	EXPECT_NE(nullptr, kind);
	poolkind_close(kind);
	EXPECT_EQ(0u, MALLOC_CALLS_IN(poolkind_open("@other", 0)));
	unsetenv("OMPI_COMM_WORLD_LOCAL_SIZE");
	unsetenv("POOLKIND_CONFIG");
	unlink(path);
}

TEST_F(ApiNoMalloc, Failures)
{
	EXPECT_EQ(0u, MALLOC_CALLS_IN(poolkind_open("nosuch", 0)));
	EXPECT_EQ(0u, MALLOC_CALLS_IN(poolkind_open("dram,limt=1", 0)));
	EXPECT_EQ(
	    0u, MALLOC_CALLS_IN(poolkind_open("file:/no/such,size=4M", 0)));
	EXPECT_EQ(0u, MALLOC_CALLS_IN(poolkind_open("nodes:1000", 0)));
	EXPECT_EQ(0u, MALLOC_CALLS_IN(poolkind_errormsg()));
	Kind full = open_kind("dram,limit=2M");
	Chain chain;
	EXPECT_EQ(0u, MALLOC_CALLS_IN(chain.fill(full.get(), 1000)));
}

/* libc keeps the first 32 keys of a thread in place, and calls calloc for
 * those behind. This program takes more before main(), as large ones do: a key
 * that the engine makes at first use comes behind them. */
__attribute__((constructor)) void
take_keys()
{
	pthread_key_t key;

	for (int i = 0; i < 40; i++)
		pthread_key_create(&key, nullptr);
}

TEST_F(ApiNoMalloc, FirstUseByAThread)
{
	Kind kind = open_kind("dram");
	std::thread([&] {
		EXPECT_EQ(0u, MALLOC_CALLS_IN(walk(kind.get())));
	}).join();
}

TEST_F(ApiNoMalloc, Fork)
{
	ENGINE_PLACE_OR_SKIP(directory, 16 * MIB);
	Kind kind = open_kind("file:" + directory + ",size=8M,fork=copy");
	Kind dram = open_kind("dram");
	void *block = poolkind_malloc(kind.get(), 1 * MIB);
	memset(block, 1, 1 * MIB);
	counter = Counter{ true, 0 };
	pid_t pid = fork();
	counter.on = false;
	unsigned calls = counter.calls;
	if (pid == 0) {
		calls += MALLOC_CALLS_IN(walk(kind.get()), walk(dram.get()));
		_exit(calls != 0);
	}
	EXPECT_EQ(0u, calls);
	Ending ending = wait_for(pid, 20);
	EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
	EXPECT_EQ(0, ending.code) << "malloc was called in the child";
	poolkind_free(kind.get(), block);
}
