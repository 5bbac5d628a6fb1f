/* SPDX-License-Identifier: BSD-2-Clause */
/* memkind_create_kind(), which chooses among the static kinds: the whole table,
 * where memory is there and where it is not; memkind_check_dax_path(). */
#include "../memkind_test.h"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

using namespace engine;
using namespace memkinds;

namespace {

enum { DEFAULT = 1, HIGH = 2 };
enum { BIND_LOCAL, BIND_ALL, PREFERRED, INTERLEAVE_LOCAL, INTERLEAVE_ALL };
enum { ORDINARY = 0, HUGE_2M = 21 };

int
choose(int types, int policy, int bits, memkind_t *kind)
{
	return memkind_create_kind(static_cast<memkind_memtype_t>(types),
	    static_cast<memkind_policy_t>(policy),
	    static_cast<memkind_bits_t>(bits), kind);
}

/* What there is to choose. */
const struct {
	int types, policy, bits;
	memkind_t *kind;
} table[] = {
	{ DEFAULT, PREFERRED, ORDINARY, &MEMKIND_DEFAULT },
	{ DEFAULT, PREFERRED, HUGE_2M, &MEMKIND_HUGETLB },
	{ HIGH, BIND_LOCAL, ORDINARY, &MEMKIND_HBW },
	{ HIGH, BIND_LOCAL, HUGE_2M, &MEMKIND_HBW_HUGETLB },
	{ HIGH, BIND_ALL, ORDINARY, &MEMKIND_HBW_ALL },
	{ HIGH, BIND_ALL, HUGE_2M, &MEMKIND_HBW_ALL_HUGETLB },
	{ HIGH, PREFERRED, ORDINARY, &MEMKIND_HBW_PREFERRED },
	{ HIGH, PREFERRED, HUGE_2M, &MEMKIND_HBW_PREFERRED_HUGETLB },
	{ HIGH, INTERLEAVE_ALL, ORDINARY, &MEMKIND_HBW_INTERLEAVE },
	{ DEFAULT | HIGH, INTERLEAVE_ALL, ORDINARY, &MEMKIND_INTERLEAVE },
};

/* The kind in the table, or NULL. */
memkind_t
in_table(int types, int policy, int bits)
{
	for (auto &row : table)
		if (row.types == types && row.policy == policy &&
		    row.bits == bits)
			return *row.kind;
	return nullptr;
}

} // namespace

/* Each row as "code name". */
MEMKIND_PROGRAM(choices)
{
	for (auto &row : table) {
		memkind_t kind = untouched();
		int code = choose(row.types, row.policy, row.bits, &kind);
		printf("%d %s\n", code, name_of(kind).c_str());
	}
	return 0;
}

TEST(MemkindChoose, WhatIsThere)
{
	for (auto &row : table) {
		memkind_t kind = untouched();
		int code = choose(row.types, row.policy, row.bits, &kind);
		if (memkind_check_available(*row.kind) == 0) {
			EXPECT_EQ(0, code) << name_of(*row.kind);
			EXPECT_EQ(*row.kind, kind);
		} else if (row.policy == PREFERRED) {
			EXPECT_EQ(0, code) << name_of(*row.kind);
			EXPECT_EQ(MEMKIND_DEFAULT, kind);
		} else {
			EXPECT_EQ(MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE, code);
			EXPECT_EQ(untouched(), kind) << name_of(*row.kind);
		}
	}
}

TEST(MemkindChoose, WithoutSuchMemory)
{
	const char *machine = "HWLOC_XMLFILE=" MACHINES "/no-hmat.xml";
	if (huge_pages())
		GTEST_SKIP() << "this machine has huge pages";
	EXPECT_EQ("0 DEFAULT\n0 DEFAULT\n"
		  "-20 untouched\n-20 untouched\n-20 untouched\n-20 untouched\n"
		  "0 DEFAULT\n0 DEFAULT\n-20 untouched\n0 INTERLEAVE\n",
	    said_by("choices", { machine }));
}

TEST(MemkindChoose, NothingElse)
{
	for (int types = -1; types < 6; types++)
		for (int policy = -1; policy < 8; policy++)
			for (int bits = -1; bits < 70; bits++) {
				if (in_table(types, policy, bits))
					continue;
				memkind_t kind = untouched();
				EXPECT_EQ(MEMKIND_ERROR_INVALID,
				    choose(types, policy, bits, &kind))
				    << types << " " << policy << " " << bits;
				EXPECT_EQ(untouched(), kind);
			}
	EXPECT_EQ(MEMKIND_ERROR_INVALID,
	    choose(DEFAULT, PREFERRED, ORDINARY, nullptr));
}

TEST(MemkindChoose, NeedsNotBeDestroyed)
{
	memkind_t kind = nullptr;
	ASSERT_EQ(0, choose(DEFAULT, PREFERRED, ORDINARY, &kind));
	void *block = memkind_malloc(kind, 100);
	EXPECT_EQ(0, memkind_destroy_kind(kind));
	EXPECT_EQ(MEMKIND_DEFAULT, memkind_detect_kind(block));
	memkind_free(kind, block);
}

/* ---- Persistent memory itself -------------------------------------------- */

TEST(MemkindDaxPath, NoFileCanBeMade)
{
	for (const char *path : { "/nowhere", "/proc", "/dev/null/x" }) {
		errno = 0;
		EXPECT_EQ(MEMKIND_ERROR_RUNTIME, memkind_check_dax_path(path));
		EXPECT_NE(0, errno) << path;
	}
	errno = 0;
	EXPECT_EQ(MEMKIND_ERROR_RUNTIME, memkind_check_dax_path("/nowhere"));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(MEMKIND_ERROR_RUNTIME, memkind_check_dax_path(nullptr));
}

TEST(MemkindDaxPath, OrdinaryFileSystems)
{
	Directory directory("/tmp");
	for (const char *path : { directory.path().c_str(), "/dev/shm" }) {
		if (access(path, W_OK) != 0)
			continue;
		errno = 0;
		EXPECT_EQ(MEMKIND_ERROR_MMAP, memkind_check_dax_path(path));
		EXPECT_EQ(EOPNOTSUPP, errno);
	}
	EXPECT_EQ(0u, directory.entries());
}

/* That test/host/run boots has one. */
TEST(MemkindDaxPath, FileSystemsOfPersistentMemory)
{
	const char *path = getenv("VM_FSDAX_XFS");
	if (!path)
		GTEST_SKIP()
		    << "no file system of persistent memory (VM_FSDAX_XFS)";
	EXPECT_EQ(0, memkind_check_dax_path(path));
}
