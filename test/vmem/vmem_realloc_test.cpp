/* SPDX-License-Identifier: BSD-2-Clause */
/* vmem_realloc(): content, the special cases, failure, and shrinking in a pool
 * that has no room left. */
#include "vmem_test.h"

#include <vector>

using namespace engine;
using namespace pools;

namespace {

class VmemRealloc : public EveryPool {
protected:
	char *
	resize(void *block, size_t size)
	{
		return static_cast<char *>(vmem_realloc(pool(), block, size));
	}
};
VMEM_EVERY_POOL(VmemRealloc);

/* Leaves not even room for the smallest block. */
void
take_what_is_left(VMEM *pool)
{
	for (size_t size : { 1048576, 65536, 4096, 512, 64, 16, 8 })
		while (vmem_malloc(pool, size)) {
		}
}

} // namespace

TEST_P(VmemRealloc, KeepsTheContentUpToTheSmallerSize)
{
	const size_t sizes[] = { 1, 15, 16, 17, 100, 4000, 4096, 4097, 65536,
		100000, 1048576, 3000000 };
	for (size_t from : sizes)
		for (size_t to : sizes) {
			char *block = resize(nullptr, from);
			ASSERT_NE(nullptr, block) << from;
			paint(block, from, 1);
			block = resize(block, to);
			ASSERT_NE(nullptr, block) << from << " to " << to;
			EXPECT_GE(vmem_malloc_usable_size(pool(), block), to);
			EXPECT_TRUE(painted(block, from < to ? from : to, 1))
			    << from << " to " << to;
			EXPECT_TRUE(lies_in(block, to, first(), room()));
			memset(block, 2, to);
			vmem_free(pool(), block);
		}
	EXPECT_EQ(1, vmem_check(pool()));
}

TEST_P(VmemRealloc, GrowsStepByStep)
{
	char *block = nullptr, *neighbour;
	std::vector<char *> neighbours;
	for (size_t size = 1; size < 3000000; size += 1 + size / 3) {
		block = resize(block, size);
		ASSERT_NE(nullptr, block) << size;
		block[size - 1] = static_cast<char>(size);
		if (size > 1) {
			EXPECT_EQ(1, block[0]);
		}
		neighbour = static_cast<char *>(
		    vmem_malloc(pool(), size % 512));
		ASSERT_NE(nullptr, neighbour);
		neighbours.push_back(neighbour);
	}
	for (char *one : neighbours)
		vmem_free(pool(), one);
	EXPECT_EQ(nullptr, resize(block, 0));
	expect_filled(pool(), room(), 4096);
}

TEST_P(VmemRealloc, ToNothingFrees)
{
	for (size_t size : { 0, 1, 1000, 100000, 9000000 })
		for (int i = 0; i < 20; i++) {
			void *block = vmem_malloc(pool(), size);
			ASSERT_NE(nullptr, block) << size << ", " << i;
			errno = 4242;
			ASSERT_EQ(nullptr, resize(block, 0));
			EXPECT_EQ(4242, errno);
		}
	expect_filled(pool(), room(), 65536);
}

TEST_P(VmemRealloc, FailureLeavesTheBlock)
{
	char *block = resize(nullptr, 5000);
	ASSERT_NE(nullptr, block);
	paint(block, 5000, 2);
	for (size_t size : { 14 * MIB, 100 * GIB, size_t(1) << 62, SIZE_MAX / 2,
		 SIZE_MAX - 4096, SIZE_MAX }) {
		VMEM_NO_BLOCK(resize(block, size), ENOMEM);
		EXPECT_TRUE(painted(block, 5000, 2)) << size;
		EXPECT_GE(vmem_malloc_usable_size(pool(), block), 5000u);
	}
	take_what_is_left(pool());
	VMEM_NO_BLOCK(resize(block, 50000), ENOMEM);
	EXPECT_TRUE(painted(block, 5000, 2));
	vmem_free(pool(), block);
	EXPECT_NE(nullptr, vmem_malloc(pool(), 5000));
}

TEST_P(VmemRealloc, ShrinksInAFullPool)
{
	const size_t steps[][2] = { { 4 * MIB, 16 }, { 4 * MIB, MIB },
		{ MIB, 70000 }, { MIB, 1 }, { 100000, 5000 }, { 65536, 16 },
		{ 5000, 100 }, { 100, 20 } };
	for (auto &step : steps) {
		char *block = resize(nullptr, step[0]);
		ASSERT_NE(nullptr, block) << step[0];
		paint(block, step[0], 4);
		std::vector<void *> others;
		for (size_t size : { 1048576, 65536, 4096, 64, 8 })
			while (void *other = vmem_malloc(pool(), size))
				others.push_back(other);
		char *less = resize(block, step[1]);
		EXPECT_NE(nullptr, less) << step[0] << " to " << step[1];
		if (less)
			block = less;
		EXPECT_TRUE(painted(block, step[1], 4));
		vmem_free(pool(), block);
		for (void *other : others)
			vmem_free(pool(), other);
	}
	expect_filled(pool(), room(), 1048576);
}

TEST_P(VmemRealloc, ShrinkingGivesRoomToOthers)
{
	char *block = resize(nullptr, 8 * MIB);
	ASSERT_NE(nullptr, block);
	ASSERT_EQ(nullptr, vmem_malloc(pool(), 7 * MIB));
	paint(block, 1000, 6);
	block = resize(block, 1000);
	ASSERT_NE(nullptr, block);
	void *other = vmem_malloc(pool(), 6 * MIB);
	ASSERT_NE(nullptr, other);
	memset(other, 0, 6 * MIB);
	EXPECT_TRUE(painted(block, 1000, 6));
}
