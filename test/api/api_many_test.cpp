/* SPDX-License-Identifier: BSD-2-Clause */
/* Laws 5 and 7: thousands of kinds at once, under 1024 descriptors, each
 * usable from several threads; and a clear error past the last. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

constexpr size_t MANY = 4032; /* as many as the engine can hold */

void
few_descriptors()
{
	struct rlimit limit;
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 1024;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* Each thread takes, writes, checks and frees blocks of every kind; one block
 * of each is freed by the next thread. */
void
use_from_threads(const std::vector<Kind> &kinds, unsigned count)
{
	std::vector<std::vector<void *>> left(count);
	std::atomic<unsigned> arrived(0), wrong(0);
	std::vector<std::thread> threads;
	for (unsigned me = 0; me < count; me++)
		threads.emplace_back([&, me] {
			for (size_t i = 0; i < kinds.size(); i++) {
				poolkind *kind = kinds[i].get();
				void *block = poolkind_malloc(kind, 200);
				void *stay = poolkind_malloc(kind, 3000);
				if (!block || !stay) {
					wrong++;
					left[me].push_back(stay);
					continue;
				}
				paint(stay, 3000, me + i);
				memset(block, 1, 200);
				wrong += poolkind_of(block) != kind;
				poolkind_free(kind, block);
				left[me].push_back(stay);
			}
			arrived++;
			while (arrived < count)
				std::this_thread::yield();
			unsigned next = (me + 1) % count;
			for (size_t i = 0; i < kinds.size(); i++) {
				wrong += !painted(
				    left[next][i], 3000, next + i);
				poolkind_free(i % 2 ? kinds[i].get() : nullptr,
				    left[next][i]);
			}
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(0u, wrong);
	for (const Kind &kind : kinds)
		ASSERT_EQ(0u, stats_of(kind.get()).live);
}

} // namespace

TEST(ApiMany, FileKindsUnder1024Descriptors)
{
	ENGINE_PLACE_OR_SKIP(directory, 1 * GIB);
	in_child(120, [&] {
		few_descriptors();
		Facts before = facts();
		std::vector<Kind> kinds;
		for (size_t i = 0; i < MANY; i++) {
			kinds.push_back(
			    open_kind("file:" + directory + ",size=2M"));
			ASSERT_NE(nullptr, kinds.back().get()) << i;
		}
		Facts open_now = facts();
		EXPECT_LE(open_now.mappings, before.mappings + 8 * MANY);
		use_from_threads(kinds, 3);
		int mine[16];
		for (int &fd : mine)
			EXPECT_LE(0, fd = open("/dev/null", O_RDONLY))
			    << "the program has none left for itself";
		for (int fd : mine)
			::close(fd);
		kinds.clear();
		EXPECT_LE(facts().descriptors, before.descriptors + 2);
	});
}

TEST(ApiMany, RegionKinds)
{
	in_child(120, [&] {
		few_descriptors();
		Region region(MANY * POOLKIND_REGION_MIN);
		std::vector<Kind> kinds;
		for (size_t i = 0; i < MANY; i++) {
			kinds.emplace_back(poolkind_open_region(
			    region.start() + i * POOLKIND_REGION_MIN,
			    POOLKIND_REGION_MIN, nullptr, 0));
			ASSERT_NE(nullptr, kinds.back().get())
			    << i << poolkind_errormsg();
		}
		use_from_threads(kinds, 3);
	});
}

TEST(ApiMany, DramKindsAndClosingHalf)
{
	in_child(120, [&] {
		std::vector<Kind> kinds;
		for (size_t i = 0; i < MANY; i++) {
			kinds.push_back(open_kind("dram"));
			ASSERT_NE(nullptr, kinds.back().get()) << i;
		}
		use_from_threads(kinds, 2);
		for (size_t i = 0; i < kinds.size(); i += 2)
			kinds[i].reset();
		for (size_t i = 0; i < kinds.size(); i += 2)
			kinds[i] = open_kind("dram");
		use_from_threads(kinds, 2);
	});
}

/* As many kinds as the engine can hold, then a clear error, then room for one
 * more after one was closed. */
TEST(ApiMany, PastTheLastOne)
{
	in_child(120, [&] {
		std::vector<Kind> kinds;
		poolkind *kind;
		errno = 0;
		while (kinds.size() < 5000 &&
		    (kind = poolkind_open("dram", 0)) != nullptr) {
			kinds.emplace_back(kind);
			poolkind_free(kind, poolkind_malloc(kind, 100));
		}
		EXPECT_EQ(MANY, kinds.size());
		EXPECT_EQ(ENOMEM, errno);
		EXPECT_SENTENCE("kind");
		use_from_threads(kinds, 2);
		kinds.pop_back();
		kind = poolkind_open("dram", 0);
		ASSERT_NE(nullptr, kind) << poolkind_errormsg();
		void *block = poolkind_malloc(kind, 100);
		EXPECT_NE(nullptr, block);
		EXPECT_EQ(0, poolkind_close(kind));
		use_from_threads(kinds, 1);
	});
}

/* Threads that contend give kinds second arenas: the first arenas of kinds
 * still to come must not run out by that. */
TEST(ApiMany, ContentionLeavesRoomForKinds)
{
	in_child(180, [&] {
		std::vector<Kind> kinds;
		for (size_t i = 0; i < 2500; i++)
			kinds.push_back(open_kind("dram"));
		std::vector<std::thread> threads;
		for (int t = 0; t < 8; t++)
			threads.emplace_back([&] {
				for (const Kind &kind : kinds) {
					Chain chain;
					chain.fill(kind.get(), 5000, 30);
					chain.free_all(kind.get());
				}
			});
		for (std::thread &thread : threads)
			thread.join();
		while (kinds.size() < MANY) {
			kinds.push_back(open_kind("dram"));
			ASSERT_NE(nullptr, kinds.back().get()) << kinds.size();
		}
		use_from_threads(kinds, 2);
	});
}

/* ---- Law 7: nothing outlives the process --------------------------------- */

TEST(ApiNameless, FilesHaveNoNameOnDisk)
{
	for (const char *base : { "/tmp", "/dev/shm" }) {
		if (access(base, W_OK) != 0)
			continue;
		Directory directory(base);
		Kind kind = open_kind("file:" + directory.path() + ",size=4M");
		Kind reserved = open_kind(
		    "file:" + directory.path() + ",size=1M,reserve=yes");
		Kind grows = open_kind(
		    "file:" + directory.path() + ",size=1M,grow=yes");
		EXPECT_EQ(0u, directory.entries());
		Chain chain;
		chain.fill(kind.get(), 10000, 300);
		chain.fill(grows.get(), 10000, 300);
		EXPECT_EQ(0u, directory.entries());
	}
}

TEST(ApiNameless, DescriptorsAreCloseOnExec)
{
	ENGINE_PLACE_OR_SKIP(directory, 8 * MIB);
	in_child(10, [&] {
		Kind kind = open_kind(
		    "file:" + directory + ",size=4M,grow=yes,fork=copy");
		poolkind_free(kind.get(), poolkind_malloc(kind.get(), 1000));
		DIR *dir = opendir("/proc/self/fd");
		while (struct dirent *entry = readdir(dir)) {
			int fd = atoi(entry->d_name);
			char target[512] = "";
			if (fd <= 2 ||
			    readlinkat(dirfd(dir), entry->d_name, target,
				sizeof(target) - 1) < 0)
				continue;
			if (!strstr(target, "deleted"))
				continue;
			EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC) << target;
		}
		closedir(dir);
	});
}

/* Daemons close every descriptor they did not open, and then open their own:
 * the engine must neither fail nor touch theirs. */
TEST(ApiNameless, SurvivesAProgramThatClosesAllDescriptors)
{
	ENGINE_PLACE_OR_SKIP(directory, 32 * MIB);
	in_child(20, [&] {
		Kind kind = open_kind(
		    "file:" + directory + ",size=4M,grow=yes");
		Kind copied = open_kind(
		    "file:" + directory + ",size=4M,fork=copy");
		void *block = poolkind_malloc(kind.get(), 1000);
		paint(block, 1000, 1);
		for (int fd = 3; fd < 20000; fd++)
			::close(fd);
		Directory other("/tmp");
		std::string path = other.path() + "/mine";
		int mine[64];
		for (int i = 0; i < 64; i++)
			mine[i] = open(path.c_str(), O_CREAT | O_RDWR, 0600);
		Chain chain;
		chain.fill(kind.get(), 50000, 200);
		chain.fill(copied.get(), 50000, 20);
		EXPECT_TRUE(painted(block, 1000, 1));
		kind.reset();
		copied.reset();
		for (int fd : mine)
			EXPECT_EQ(0, lseek(fd, 0, SEEK_END)) << "touched";
		unlink(path.c_str());
	});
}
