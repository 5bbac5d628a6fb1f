/* SPDX-License-Identifier: BSD-2-Clause */
/* The space of file kinds: all of a limit can be had, and had again in any
 * size; what is freed goes back to the file system, at once or when it was not
 * wanted for a while; a full file system is an answer. */
#include "../memkind_test.h"

#include <thread>

#include <sys/statvfs.h>
#include <unistd.h>

using namespace engine;
using namespace memkinds;

namespace {

const size_t MIN = MEMKIND_PMEM_MIN_SIZE;

/* Bytes in use on the file system of PATH. */
size_t
used_bytes(const std::string &path)
{
	struct statvfs system;
	if (statvfs(path.c_str(), &system) != 0)
		return SIZE_MAX;
	return (system.f_blocks - system.f_bfree) * system.f_frsize;
}

/* Runs BODY in a child on a file system of its own, of BYTES. */
void
on_file_system(
    size_t bytes, const std::function<void(const std::string &)> &body)
{
	Directory directory("/tmp");
	in_child(120, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), bytes);
		body(directory.path());
	});
}

} // namespace

/* ---- Room ---------------------------------------------------------------- */

TEST(MemkindSpace, AllOfALimitInAnySizeAfterAnyOther)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Made kind = make_pmem(directory, MIN);
	for (size_t size : { 16384, 64, 1048576, 4096, 5000000, 256, 65536 }) {
		Blocks blocks;
		size_t count = blocks.fill(kind.get(), size);
		EXPECT_GE(count, nearly_all(MIN, size)) << size;
		EXPECT_LE(count, MIN / size + 1) << size;
		EXPECT_EQ(count, blocks.free_all(kind.get()));
	}
}

TEST(MemkindSpace, RoomThatAnotherThreadFreed)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Made kind = make_pmem(directory, MIN);
	Blocks blocks;
	std::thread([&] { blocks.fill(kind.get(), 10000); }).join();
	std::thread([&] { blocks.free_all(kind.get()); }).join();
	void *block = memkind_malloc(kind.get(), MIN / 100 * 95);
	EXPECT_NE(nullptr, block);
}

TEST(MemkindSpace, AFullFileSystemIsAnAnswer)
{
	on_file_system(32 * MIB, [](const std::string &path) {
		Made kind = make_pmem(path), other = make_pmem(path, MIN);
		Blocks blocks;
		size_t count = blocks.fill(kind.get(), 100000);
		EXPECT_GE(count, size_t(30) * MIB / 106496);
		EXPECT_LE(count, 32 * MIB / 100000);
		MEMKIND_NO_BLOCK(memkind_malloc(other.get(), MIB), ENOMEM);
		EXPECT_EQ(count, blocks.free_all(kind.get()));
		void *block = memkind_malloc(kind.get(), 20 * MIB);
		EXPECT_NE(nullptr, block);
		memset(block, 1, 20 * MIB);
	});
}

/* ---- Giving back --------------------------------------------------------- */

TEST(MemkindSpace, GoesBackWhenTheKindIsDestroyed)
{
	on_file_system(64 * MIB, [](const std::string &path) {
		size_t before = used_bytes(path);
		Made kind = make_pmem(path);
		ASSERT_NE(nullptr, memkind_malloc(kind.get(), 30 * MIB));
		EXPECT_GE(used_bytes(path), before + 30 * MIB);
		kind.reset();
		EXPECT_EQ(before, used_bytes(path));
	});
}

TEST(MemkindSpace, GoesBackWhenTheProcessEnds)
{
	on_file_system(64 * MIB, [](const std::string &path) {
		size_t before = used_bytes(path);
		in_child(10, [&] {
			memkind_malloc(make_pmem(path).release(), 30 * MIB);
			EXPECT_GE(used_bytes(path), before + 30 * MIB);
		});
		EXPECT_EQ(before, used_bytes(path));
	});
}

/* A conservative kind has no more space than its blocks need. */
TEST(MemkindSpace, ConservativeKindsGiveBackAtOnce)
{
	on_file_system(64 * MIB, [](const std::string &path) {
		for (size_t limit : { size_t(0), 48 * MIB }) {
			Made kind = make_conservative(path, limit);
			Blocks blocks;
			blocks.fill(kind.get(), MIB, 30);
			EXPECT_GE(used_bytes(path), 30 * MIB);
			EXPECT_EQ(30u, blocks.free_all(kind.get()));
			EXPECT_LE(used_bytes(path), 4 * MIB) << limit;
			blocks.fill(kind.get(), 10000, 2000);
			blocks.free_all(kind.get());
			EXPECT_LE(used_bytes(path), 8 * MIB) << limit;
		}
	});
}

/* One large block after the other, with one of them alive: the file does not
 * grow. */
TEST(MemkindSpace, FewLiveBlocksNeedLittleSpace)
{
	for (bool conservative : { true, false })
		on_file_system(64 * MIB, [&](const std::string &path) {
			Made kind = conservative ? make_conservative(path) :
						   make_pmem(path);
			void *kept = memkind_malloc(kind.get(), MIB);
			for (int i = 0; i < 3000; i++) {
				void *next = memkind_malloc(kind.get(), MIB);
				ASSERT_NE(nullptr, next) << i;
				*static_cast<char *>(next) = 1;
				memkind_free(kind.get(), kept);
				kept = next;
			}
			EXPECT_LE(used_bytes(path), 12 * MIB);
		});
}

/* ---- In the background --------------------------------------------------- */

/* Waits until the file system of PATH has at most BYTES in use. */
static bool
comes_down(const std::string &path, size_t bytes, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10 * slowness(); i++) {
		if (used_bytes(path) <= bytes)
			return true;
		usleep(100000);
	}
	return false;
}

/* Nobody calls the kinds, which keep what was freed for ten seconds. A block
 * that lives shows that a kind is not simply emptied. */
TEST(MemkindBackground, IdleKindsGiveBackTheirSpace)
{
	on_file_system(64 * MIB, [](const std::string &path) {
		Made kinds[] = { make_pmem(path), make_pmem(path, 32 * MIB) };
		EXPECT_EQ(0, memkind_set_bg_threads(true));
		for (Made &kind : kinds) {
			Blocks blocks;
			EXPECT_EQ(20u, blocks.fill(kind.get(), MIB, 20));
			EXPECT_EQ(20u, blocks.free_all(kind.get()));
		}
		void *kept = memkind_malloc(kinds[0].get(), 3 * MIB);
		paint(kept, 3 * MIB, 1);
		memset(memkind_malloc(MEMKIND_REGULAR, MIB), 1, MIB);
		Blocks blocks;
		blocks.fill(MEMKIND_REGULAR, 50000, 500);
		blocks.free_all(MEMKIND_REGULAR);
		EXPECT_TRUE(comes_down(path, 8 * MIB, 25))
		    << used_bytes(path) << " bytes in use";
		EXPECT_GE(used_bytes(path), 3 * MIB);
		EXPECT_TRUE(painted(kept, 3 * MIB, 1));
		EXPECT_LE(stat_now(MEMKIND_REGULAR, MEMKIND_STAT_TYPE_RESIDENT),
		    12 * MIB);
		EXPECT_EQ(0, memkind_set_bg_threads(false));
	});
}

TEST(MemkindBackground, OnAndOff)
{
	in_child(60, [] {
		size_t before = facts().threads;
		for (int round = 0; round < 3; round++) {
			EXPECT_EQ(0, memkind_set_bg_threads(true));
			EXPECT_EQ(0, memkind_set_bg_threads(true));
			EXPECT_LT(before, facts().threads);
			EXPECT_EQ(0, memkind_set_bg_threads(false));
			EXPECT_EQ(0, memkind_set_bg_threads(false));
			EXPECT_EQ(before, facts().threads);
		}
		memkind_set_bg_threads(true);
		for (bool off_first : { true, false })
			in_child(20, [&] {
				EXPECT_EQ(1u, facts().threads);
				if (off_first)
					memkind_set_bg_threads(false);
				EXPECT_EQ(0, memkind_set_bg_threads(true));
				EXPECT_EQ(2u, facts().threads);
			});
	});
}
