/* SPDX-License-Identifier: BSD-2-Clause */
/* hbwmalloc.h. The first call that needs it fixes the policy of the process,
 * so each case has a child of its own; this process never allocates. */
#include "../../lib/aligned.h"
#include "../memkind_test.h"

#include <hbwmalloc.h>

#include <cstdio>
#include <cstdlib>

using namespace engine;
using namespace memkinds;

#define IS(name, value) \
	static_assert((name) == (value), "programs have this value in them")

IS(HBW_POLICY_BIND, 1);
IS(HBW_POLICY_PREFERRED, 2);
IS(HBW_POLICY_INTERLEAVE, 3);
IS(HBW_POLICY_BIND_ALL, 4);
IS(HBW_PAGESIZE_4KB, 1);
IS(HBW_PAGESIZE_2MB, 2);
IS(HBW_PAGESIZE_1GB_STRICT, 3);
IS(HBW_PAGESIZE_1GB, 4);
IS(HBW_TOUCH_PAGES, 1);

namespace {

hbw_policy_t
policy(int number)
{
	return static_cast<hbw_policy_t>(number);
}

/* The kind of a block that hbw_malloc() gives. */
std::string
kind_of_block()
{
	void *block = hbw_malloc(100);
	memkind_t kind = memkind_detect_kind(block);
	hbw_free(block);
	return name_of(kind);
}

} // namespace

/* ---- Policies ------------------------------------------------------------ */

TEST(HbwPolicy, PreferredUnlessSet)
{
	in_child(10, [] {
		EXPECT_EQ(HBW_POLICY_PREFERRED, hbw_get_policy());
		EXPECT_EQ("HBW_PREFERRED", kind_of_block());
		EXPECT_EQ(HBW_POLICY_PREFERRED, hbw_get_policy());
	});
}

TEST(HbwPolicy, EachHasItsKind)
{
	const char *const kinds[] = { "HBW", "HBW_PREFERRED", "HBW_INTERLEAVE",
		"HBW_ALL" };
	for (int number = 1; number <= 4; number++)
		in_child(10, [&] {
			EXPECT_EQ(0, hbw_set_policy(policy(number)));
			EXPECT_EQ(number, hbw_get_policy());
			EXPECT_EQ(kinds[number - 1], kind_of_block());
		});
}

TEST(HbwPolicy, TheFirstOneStays)
{
	for (int first = 1; first <= 4; first++)
		in_child(10, [&] {
			EXPECT_EQ(0, hbw_set_policy(policy(first)));
			for (int next = 1; next <= 4; next++)
				EXPECT_EQ(next == first ? 0 : EPERM,
				    hbw_set_policy(policy(next)));
			EXPECT_EQ(first, hbw_get_policy());
		});
}

/* Whatever allocates fixes the policy, even where it gives nothing. */
TEST(HbwPolicy, IsFixedByAnAllocation)
{
	void *block = nullptr;
	const std::function<void()> calls[] = {
		[] { hbw_malloc(1); },
		[] { hbw_malloc(0); },
		[] { hbw_calloc(1, 1); },
		[] { hbw_realloc(nullptr, 1); },
		[&] { hbw_posix_memalign(&block, 64, 1); },
		[&] {
			hbw_posix_memalign_psize(
			    &block, 64, 1, HBW_PAGESIZE_2MB);
		},
	};
	for (const std::function<void()> &call : calls)
		in_child(10, [&] {
			call();
			EXPECT_EQ(EPERM, hbw_set_policy(HBW_POLICY_BIND));
			EXPECT_EQ(0, hbw_set_policy(HBW_POLICY_PREFERRED));
		});
}

TEST(HbwPolicy, IsNotFixedByWhatAsks)
{
	in_child(10, [] {
		hbw_check_available();
		hbw_get_policy();
		hbw_free(nullptr);
		hbw_malloc_usable_size(nullptr);
		for (int none : { 0, 5, -1, 1000 })
			EXPECT_EQ(EINVAL, hbw_set_policy(policy(none)));
		EXPECT_EQ(HBW_POLICY_PREFERRED, hbw_get_policy());
		EXPECT_EQ(0, hbw_set_policy(HBW_POLICY_INTERLEAVE));
	});
}

/* ---- Without such memory ------------------------------------------------- */

MEMKIND_PROGRAM(hbw_without)
{
	printf("%d ", hbw_check_available() == ENODEV);
	if (getenv("WITH_POLICY"))
		hbw_set_policy(policy(atoi(getenv("WITH_POLICY"))));
	errno = 0;
	void *block = hbw_malloc(100);
	printf("%s %d ", name_of(memkind_detect_kind(block)).c_str(),
	    errno == ENOMEM);
	block = &block;
	int error = hbw_posix_memalign(&block, 64, 100);
	printf("%d\n", error == 0 || error == ENOMEM);
	return 0;
}

TEST(HbwWithout, PreferredIsOrdinaryMemoryTheRestIsNone)
{
	const char *machine = "HWLOC_XMLFILE=" MACHINES "/no-hmat.xml";
	EXPECT_EQ("1 DEFAULT 0 1\n", said_by("hbw_without", { machine }));
	for (const char *chosen :
	    { "WITH_POLICY=1", "WITH_POLICY=3", "WITH_POLICY=4" })
		EXPECT_EQ("1 NULL 1 1\n",
		    said_by("hbw_without", { machine, chosen }));
}

TEST(HbwAvailable, AsTheVariableSays)
{
	EXPECT_EQ(0, hbw_check_available());
	in_child(10, [] {
		setenv("MEMKIND_HBW_NODES", "nonsense", 1);
		EXPECT_EQ(ENODEV, hbw_check_available());
	});
}

/* ---- Blocks -------------------------------------------------------------- */

TEST(HbwBlock, AllFunctions)
{
	in_child(10, [] {
		char *block = static_cast<char *>(hbw_malloc(1000));
		ASSERT_NE(nullptr, block);
		EXPECT_GE(hbw_malloc_usable_size(block), 1000u);
		paint(block, 1000, 1);
		block = static_cast<char *>(hbw_realloc(block, 50000));
		EXPECT_TRUE(painted(block, 1000, 1));
		EXPECT_EQ(nullptr, hbw_realloc(block, 0));
		block = static_cast<char *>(hbw_calloc(100, 30));
		EXPECT_TRUE(all_bytes_are(block, 3000, 0));
		hbw_free(block);
		void *aligned = nullptr;
		EXPECT_EQ(0, hbw_posix_memalign(&aligned, 4096, 100));
		EXPECT_TRUE(is_aligned_to(aligned, 4096));
		hbw_free(aligned);
		hbw_free(nullptr);
		EXPECT_EQ(0u, hbw_malloc_usable_size(nullptr));
	});
}

/* Also the first, which reads the machine. */
TEST(HbwBlock, LeavesErrnoAlone)
{
	in_child(10, [] {
		errno = 0;
		EXPECT_EQ(0, hbw_check_available());
		EXPECT_EQ(0, errno);
	});
	in_child(10, [] {
		errno = 0;
		void *block = hbw_malloc(100);
		EXPECT_EQ(0, errno);
		EXPECT_NE(nullptr, block);
		hbw_free(block);
		memkind_check_available(MEMKIND_HBW_HUGETLB);
		EXPECT_EQ(0, errno);
	});
}

TEST(HbwBlock, NothingAndTooMuch)
{
	in_child(10, [] {
		volatile size_t half = size_t(1) << 63;
		MEMKIND_NO_BLOCK(hbw_malloc(0), NO_ERRNO);
		MEMKIND_NO_BLOCK(hbw_calloc(0, 5), NO_ERRNO);
		MEMKIND_NO_BLOCK(hbw_calloc(5, 0), NO_ERRNO);
		MEMKIND_NO_BLOCK(hbw_realloc(nullptr, 0), NO_ERRNO);
		MEMKIND_NO_BLOCK(hbw_malloc(half), ENOMEM);
		MEMKIND_NO_BLOCK(hbw_calloc(half + 1, 2), ENOMEM);
		void *block = &block;
		EXPECT_EQ(0, hbw_posix_memalign(&block, 64, 0));
		EXPECT_EQ(nullptr, block);
		EXPECT_EQ(EINVAL, hbw_posix_memalign(&block, 7, 100));
		EXPECT_EQ(ENOMEM, hbw_posix_memalign(&block, 64, half));
	});
}

/* realloc takes the kind of the policy, whatever the block's. */
TEST(HbwBlock, ReallocMovesToThePolicysKind)
{
	in_child(10, [] {
		void *block = memkind_malloc(MEMKIND_REGULAR, 100);
		paint(block, 100, 1);
		block = hbw_realloc(block, 5000);
		EXPECT_EQ(MEMKIND_HBW_PREFERRED, memkind_detect_kind(block));
		EXPECT_TRUE(painted(block, 100, 1));
		hbw_free(block);
	});
}

/* ---- Sizes of pages ------------------------------------------------------ */

static int
by_pages(int pages, size_t size)
{
	void *block = nullptr;
	int error = hbw_posix_memalign_psize(
	    &block, 64, size, static_cast<hbw_pagesize_t>(pages));
	if (error == 0 && block)
		memset(block, 1, size);
	hbw_free(block);
	return error;
}

TEST(HbwPages, OrdinaryAndHuge)
{
	in_child(10, [] {
		bool huge = memkind_check_available(
				MEMKIND_HBW_PREFERRED_HUGETLB) == 0;
		EXPECT_EQ(0, by_pages(HBW_PAGESIZE_4KB, 100));
		for (int pages : { HBW_PAGESIZE_2MB, HBW_PAGESIZE_1GB })
			EXPECT_EQ(huge ? 0 : ENOMEM, by_pages(pages, 100));
		for (size_t size : { size_t(1), MIB, GIB + 1, GIB - 1 })
			EXPECT_EQ(
			    EINVAL, by_pages(HBW_PAGESIZE_1GB_STRICT, size));
	});
}

TEST(HbwPages, ThatAreNone)
{
	in_child(10, [] {
		for (int pages : { 0, 5, -1, 1000, INT32_MIN, INT32_MAX })
			EXPECT_EQ(EINVAL, by_pages(pages, 100)) << pages;
	});
}

TEST(HbwPages, NoHugeOnesInterleaved)
{
	in_child(10, [] {
		EXPECT_EQ(0, hbw_set_policy(HBW_POLICY_INTERLEAVE));
		EXPECT_EQ(0, by_pages(HBW_PAGESIZE_4KB, 100));
		EXPECT_EQ(EINVAL, by_pages(HBW_PAGESIZE_2MB, 100));
		EXPECT_EQ(EINVAL, by_pages(HBW_PAGESIZE_1GB, 100));
	});
}
