/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool in memory of the caller's: what vmem_create_in_region() refuses, what
 * it does to the region, and what is left there. */
#include "vmem_test.h"

#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace engine;
using namespace pools;

namespace {

const size_t MIN = VMEM_MIN_POOL;

std::string
hexadecimal(const void *addr)
{
	char text[32];
	snprintf(
	    text, sizeof(text), "%" PRIxPTR, reinterpret_cast<uintptr_t>(addr));
	return text;
}

/* A region with a page of a pattern on both sides. */
struct Framed {
	explicit Framed(size_t offset, size_t bytes)
	    : around(offset + bytes + 4 * MIB, true),
	      start(around.start() + 2 * MIB + offset), size(bytes)
	{
	}
	void
	expect_frame_intact() const
	{
		EXPECT_TRUE(all_bytes_are(around.start(),
		    static_cast<size_t>(start - around.start()), 0xa5));
		EXPECT_TRUE(all_bytes_are(start + size,
		    static_cast<size_t>(
			around.start() + around.size() - (start + size)),
		    0xa5));
	}
	Region around;
	char *start;
	size_t size;
};

} // namespace

TEST(VmemRegion, RefusesAnAddressInsideAPage)
{
	Region region(16 * MIB);
	for (size_t offset : { 1, 16, 2048, 4095 }) {
		char *start = region.start() + offset;
		VMEM_REFUSED(vmem_create_in_region(start, MIN), EINVAL,
		    hexadecimal(start), "4096");
	}
}

TEST(VmemRegion, RefusesASmallSize)
{
	Region region(16 * MIB);
	for (size_t size : { size_t(0), size_t(1), size_t(4096), MIN - 1 })
		VMEM_REFUSED(vmem_create_in_region(region.start(), size),
		    EINVAL, too_small(size));
}

TEST(VmemRegion, LooksAtTheAddressFirst)
{
	Region region(16 * MIB);
	char *start = region.start() + 1;
	VMEM_REFUSED(
	    vmem_create_in_region(start, 1), EINVAL, hexadecimal(start));
	EXPECT_EQ(nullptr, strstr(vmem_errormsg(), "smaller"));
}

TEST(VmemRegion, NullIsAlignedButNoRegion)
{
	VMEM_REFUSED(vmem_create_in_region(nullptr, 1), EINVAL, too_small(1));
	VMEM_REFUSED(vmem_create_in_region(nullptr, 0), EINVAL, too_small(0));
	VMEM_REFUSED(vmem_create_in_region(nullptr, MIN), EINVAL, "");
}

TEST(VmemRegion, RefusesASizeBeyondTheAddressSpace)
{
	Region region(16 * MIB);
	forget_error();
	EXPECT_EQ(nullptr, vmem_create_in_region(region.start(), SIZE_MAX));
	EXPECT_NE(0, errno);
	expect_sentence({});
}

TEST(VmemRegion, HandleIsTheAddress)
{
	Region region(24 * MIB);
	for (size_t offset :
	    { size_t(0), PAGE, 3 * PAGE, MIB, 2 * MIB + PAGE }) {
		char *start = region.start() + offset;
		errno = 4242;
		VMEM *pool = vmem_create_in_region(start, MIN);
		ASSERT_NE(nullptr, pool) << vmem_errormsg();
		EXPECT_EQ(start, start_of(pool));
		EXPECT_NE(nullptr, vmem_malloc(pool, 100));
		EXPECT_EQ(1, vmem_check(pool));
		vmem_delete(pool);
		EXPECT_EQ(4242, errno);
	}
}

TEST(VmemRegion, FirstPageCannotBeTouchedUntilItIsDeleted)
{
	Region region(MIN, true);
	Pool pool = make_pool(region);
	EXPECT_EQ(SIGSEGV, signal_on_touch(region.start()));
	EXPECT_EQ(SIGSEGV, signal_on_touch(region.start() + PAGE - 1));
	pool.reset();
	ASSERT_EQ(0, signal_on_touch(region.start()));
	memset(region.start(), 0x17, region.size());
	EXPECT_TRUE(all_bytes_are(region.start(), region.size(), 0x17));
}

TEST(VmemRegion, BlocksLieInsideAndNothingElseIsTouched)
{
	for (size_t odd :
	    { size_t(0), size_t(1), size_t(777), PAGE - 1, PAGE }) {
		Framed region(3 * PAGE, MIN + odd);
		Pool pool(vmem_create_in_region(region.start, region.size));
		ASSERT_NE(nullptr, pool.get()) << vmem_errormsg();
		for (size_t size : { 8, 1000, 4096, 300000 }) {
			Blocks blocks;
			EXPECT_GT(blocks.fill(pool.get(), size), 40u);
			EXPECT_TRUE(blocks.lie_in(
			    region.start + PAGE, region.size - PAGE))
			    << odd << ", " << size;
			blocks.free_all(pool.get());
		}
		pool.reset();
		region.expect_frame_intact();
	}
}

TEST(VmemRegion, AnyContentWillDo)
{
	Region region(MIN, true);
	Pool pool = make_pool(region);
	for (size_t size : { 8, 100, 5000, 100000, 2000000 }) {
		void *block = vmem_calloc(pool.get(), size, 1);
		ASSERT_NE(nullptr, block);
		EXPECT_TRUE(all_bytes_are(block, size, 0)) << size;
	}
	for (void *block; (block = vmem_calloc(pool.get(), 7, 9999));)
		ASSERT_TRUE(all_bytes_are(block, 7 * 9999, 0));
	EXPECT_EQ(1, vmem_check(pool.get()));
}

TEST(VmemRegion, CanBeUsedAgainAndAgain)
{
	Region region(MIN);
	for (int round = 0; round < 20; round++) {
		Pool pool = make_pool(region);
		ASSERT_NE(nullptr, pool.get());
		expect_filled(pool.get(), MIN - PAGE, 65536);
		memset(vmem_malloc(pool.get(), 5 * MIB), 0xee, 5 * MIB);
		pool.reset();
		ASSERT_TRUE(is_mapped(region.start()));
		ASSERT_TRUE(is_mapped(region.start() + MIN - 1));
		region.start()[0] = region.start()[MIN - 1] = 7;
	}
}

TEST(VmemRegion, OfASharedMappingAndOfAFile)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	int fd = open(directory.c_str(), O_TMPFILE | O_RDWR, 0600);
	if (fd < 0)
		GTEST_SKIP() << directory << " has no files without name";
	ASSERT_EQ(0, ftruncate(fd, static_cast<off_t>(MIN)));
	void *file = mmap(
	    nullptr, MIN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	ASSERT_NE(MAP_FAILED, file);
	Region shared(MIN, false, true);
	for (void *start : { file, static_cast<void *>(shared.start()) }) {
		Pool pool(vmem_create_in_region(start, MIN));
		ASSERT_NE(nullptr, pool.get()) << vmem_errormsg();
		expect_filled(pool.get(), MIN - PAGE, 4096);
	}
	munmap(file, MIN);
}

TEST(VmemRegion, OfMoreThanTheMachineHas)
{
	Region region(64 * GIB);
	Pool pool = make_pool(region);
	std::vector<char *> blocks;
	for (int i = 0; i < 20; i++) {
		blocks.push_back(
		    static_cast<char *>(vmem_malloc(pool.get(), 3 * GIB)));
		ASSERT_NE(nullptr, blocks.back()) << i;
		EXPECT_TRUE(lies_in(
		    blocks.back(), 3 * GIB, region.start(), region.size()));
		blocks.back()[0] = blocks.back()[3 * GIB - 1] = 1;
	}
	EXPECT_EQ(1, vmem_check(pool.get()));
}

/* ---- Misuse ------------------------------------------------------------- */

TEST(VmemRegion, ASecondPoolAtTheSameStart)
{
	Region region(32 * MIB);
	Pool pool = make_pool(region);
	char *block = static_cast<char *>(vmem_malloc(pool.get(), MIB));
	ASSERT_NE(nullptr, block);
	paint(block, MIB, 5);
	for (size_t size : { region.size(), MIN, 20 * MIB })
		VMEM_REFUSED(
		    vmem_create_in_region(region.start(), size), EINVAL, "");
	EXPECT_TRUE(painted(block, MIB, 5));
	EXPECT_EQ(1, vmem_check(pool.get()));
	vmem_free(pool.get(), block);
	expect_filled(pool.get(), region.size() - PAGE, 65536);
}

TEST(VmemRegion, ASecondDelete)
{
	Region region(MIN);
	VMEM *pool = make_pool(region).release();
	vmem_delete(pool);
	for (int i = 0; i < 2; i++) {
		forget_error();
		vmem_delete(pool);
		EXPECT_EQ(EINVAL, errno);
		expect_sentence({ "invalid pool handle", hexadecimal(pool) });
	}
	EXPECT_EQ(-1, vmem_check(pool));
}

TEST(VmemRegion, DeletingWhatIsNoPool)
{
	Region region(MIN, true);
	char here[64] = { 1 };
	Pool pool = make_pool(region);
	void *block = vmem_malloc(pool.get(), 10000);
	for (void *other : { static_cast<void *>(here), block,
		 static_cast<void *>(region.start() + PAGE),
		 static_cast<void *>(region.start() + 1),
		 static_cast<void *>(nullptr) }) {
		forget_error();
		vmem_delete(static_cast<VMEM *>(other));
		EXPECT_EQ(EINVAL, errno) << other;
		expect_sentence({ "invalid pool handle" });
	}
	EXPECT_EQ(1, here[0]);
	EXPECT_EQ(1, vmem_check(pool.get()));
	vmem_free(pool.get(), block);
}

/* In a thread that has used no pool, and in one that has. */
TEST(VmemRegion, AllocatingFromWhatIsNoPool)
{
	Region region(MIN);
	char here[64];
	Pool pool = make_pool(region);
	auto refuse = [&](VMEM *none) {
		for (auto way : WAYS_TO_A_BLOCK) {
			forget_error();
			EXPECT_EQ(nullptr, way(none));
			EXPECT_EQ(EINVAL, errno);
			expect_sentence({ "invalid pool handle" });
		}
		void *block = vmem_malloc(pool.get(), 100);
		vmem_free(none, block);
	};
	for (uintptr_t number : { uintptr_t(0), uintptr_t(1),
		 reinterpret_cast<uintptr_t>(here), UINTPTR_MAX }) {
		SCOPED_TRACE(number);
		VMEM *none = reinterpret_cast<VMEM *>(number);
		std::thread(refuse, none).join();
		refuse(none);
	}
	EXPECT_EQ(1, vmem_check(pool.get()));
}
