/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools on huge pages: in a region of them, whose first page cannot be
 * protected alone, and in a directory of a hugetlbfs. */
#include "vmem_test.h"

#include <csignal>

#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace engine;
using namespace pools;

namespace {

const size_t MIN = VMEM_MIN_POOL, HUGE_PAGE = 2 * MIB;

/* Memory of huge pages, of the process or of a file. */
char *
huge_region(bool of_file, size_t bytes)
{
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;

	if (of_file) {
		fd = memfd_create("huge", MFD_HUGETLB | MFD_CLOEXEC);
		EXPECT_EQ(0, ftruncate(fd, static_cast<off_t>(bytes)));
		flags = MAP_SHARED;
	}
	void *start = mmap(
	    nullptr, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd >= 0)
		close(fd);
	EXPECT_NE(MAP_FAILED, start) << strerror(errno);
	return static_cast<char *>(start);
}

} // namespace

TEST(VmemHuge, RegionIsUsedButForItsFirstPage)
{
	ENGINE_HUGE_PAGES_OR_SKIP(16);
	for (bool of_file : { false, true }) {
		char *start = huge_region(of_file, 16 * MIB);
		Pool pool(vmem_create_in_region(start, 16 * MIB));

		ASSERT_NE(nullptr, pool.get()) << vmem_errormsg();
		EXPECT_EQ(start, start_of(pool));
		EXPECT_EQ(0, signal_on_touch(start)) << "it stays readable";
		expect_filled(pool.get(), 16 * MIB - PAGE, 65536);
		Blocks blocks;
		EXPECT_GT(blocks.fill(pool.get(), 4096), 4000u);
		EXPECT_TRUE(blocks.lie_in(start + PAGE, 16 * MIB - PAGE));
		EXPECT_EQ(1, vmem_check(pool.get())) << vmem_errormsg();
		pool.reset();
		memset(start, 1, 16 * MIB);
		munmap(start, 16 * MIB);
	}
}

TEST(VmemHuge, DirectoryGivesAllOfItsPages)
{
	ENGINE_HUGE_PAGES_OR_SKIP(16);
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_HUGETLBFS_OR_SKIP(directory.path(), "size=32M");
		for (size_t size : { MIN, 16 * MIB, 16 * MIB + 1, 32 * MIB }) {
			size_t room = (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
			Pool pool = make_pool(directory.path(), size);

			ASSERT_NE(nullptr, pool.get());
			EXPECT_EQ(0u,
			    reinterpret_cast<uintptr_t>(pool.get()) %
				(4 * MIB));
			EXPECT_EQ(
			    32 * MIB - room, free_bytes(directory.path()));
			EXPECT_EQ(SIGSEGV, signal_on_touch(start_of(pool)));
			expect_filled(pool.get(), room, 65536);
			EXPECT_EQ(1, vmem_check(pool.get()));
			pool.reset();
			EXPECT_EQ(32 * MIB, free_bytes(directory.path()));
		}
	});
}

TEST(VmemHuge, DirectoryWithoutEnoughPages)
{
	ENGINE_HUGE_PAGES_OR_SKIP(16);
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_HUGETLBFS_OR_SKIP(directory.path(), "size=16M");
		const char *path = directory.path().c_str();

		VMEM_REFUSED(vmem_create(path, 17 * MIB), ENOSPC,
		    "posix_fallocate", strerror(ENOSPC));
		EXPECT_EQ(16 * MIB, free_bytes(path));
		Pool pool = make_pool(path);
		VMEM_REFUSED(vmem_create(path, MIN), ENOSPC, "posix_fallocate");
		EXPECT_NE(nullptr, vmem_malloc(pool.get(), 8 * MIB));
	});
}
