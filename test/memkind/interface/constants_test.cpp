/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that programs have in them: constants, the version, error codes and
 * what they mean. */
#include "../memkind_test.h"

#include <set>

using namespace memkinds;

/* ---- Constants ----------------------------------------------------------- */

#define IS(name, value) \
	static_assert((name) == (value), "programs have this value in them")

IS(MEMKIND_MEMTYPE_DEFAULT, 1);
IS(MEMKIND_MEMTYPE_HIGH_BANDWIDTH, 2);
IS(MEMKIND_POLICY_BIND_LOCAL, 0);
IS(MEMKIND_POLICY_BIND_ALL, 1);
IS(MEMKIND_POLICY_PREFERRED_LOCAL, 2);
IS(MEMKIND_POLICY_INTERLEAVE_LOCAL, 3);
IS(MEMKIND_POLICY_INTERLEAVE_ALL, 4);
IS(MEMKIND_POLICY_MAX_VALUE, 5);
IS(MEMKIND_MASK_PAGE_SIZE_2MB, 21);
IS(MEMKIND_MAX_KIND, 512);
IS(MEMKIND_ERROR_MESSAGE_SIZE, 128);
IS(MEMKIND_PMEM_MIN_SIZE, 16777216);
IS(MEMKIND_MEM_USAGE_POLICY_DEFAULT, 0);
IS(MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE, 1);
IS(MEMKIND_MEM_USAGE_POLICY_MAX_VALUE, 2);
IS(MEMKIND_STAT_TYPE_RESIDENT, 0);
IS(MEMKIND_STAT_TYPE_ACTIVE, 1);
IS(MEMKIND_STAT_TYPE_ALLOCATED, 2);
IS(MEMKIND_STAT_TYPE_MAX_VALUE, 3);
IS(MEMKIND_STAT_PRINT_ALL, 0);
IS(MEMKIND_STAT_PRINT_JSON_FORMAT, 1);
IS(MEMKIND_STAT_PRINT_OMIT_GENERAL, 2);
IS(MEMKIND_STAT_PRINT_OMIT_MERGED_ARENA, 4);
IS(MEMKIND_STAT_PRINT_OMIT_DESTROYED_MERGED_ARENA, 8);
IS(MEMKIND_STAT_PRINT_OMIT_PER_ARENA, 16);
IS(MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_BINS, 32);
IS(MEMKIND_STAT_PRINT_OMIT_PER_SIZE_CLASS_LARGE, 64);
IS(MEMKIND_STAT_PRINT_OMIT_MUTEX, 128);
IS(MEMKIND_STAT_PRINT_OMIT_EXTENT, 256);
IS(MEMKIND_SUCCESS, 0);
IS(MEMKIND_ERROR_UNAVAILABLE, -1);
IS(MEMKIND_ERROR_MBIND, -2);
IS(MEMKIND_ERROR_MMAP, -3);
IS(MEMKIND_ERROR_MALLOC, -6);
IS(MEMKIND_ERROR_ENVIRON, -12);
IS(MEMKIND_ERROR_INVALID, -13);
IS(MEMKIND_ERROR_TOOMANY, -15);
IS(MEMKIND_ERROR_BADOPS, -17);
IS(MEMKIND_ERROR_HUGETLB, -18);
IS(MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE, -20);
IS(MEMKIND_ERROR_OPERATION_FAILED, -21);
IS(MEMKIND_ERROR_ARENAS_CREATE, -22);
IS(MEMKIND_ERROR_RUNTIME, -255);
IS(sizeof(memkind_t), 8);

TEST(MemkindVersion, IsTheOneThatProgramsAskFor)
{
	EXPECT_EQ(1014000, memkind_get_version());
}

/* ---- Error numbers ------------------------------------------------------- */

static std::string
message(int error)
{
	char text[MEMKIND_ERROR_MESSAGE_SIZE];
	memset(text, 'x', sizeof(text));
	memkind_error_message(error, text, sizeof(text));
	EXPECT_NE(nullptr, memchr(text, '\0', sizeof(text))) << error;
	return std::string(text, strnlen(text, sizeof(text)));
}

TEST(MemkindMessage, OneLineForEachCode)
{
	std::set<std::string> seen;
	for (int code : { 0, -1, -2, -3, -6, -12, -13, -15, -17, -18, -20, -21,
		 -22, -255 }) {
		std::string text = message(code);
		EXPECT_EQ(0u, text.find("<memkind> ")) << text;
		EXPECT_LT(text.size(), 127u);
		EXPECT_GT(text.size(), strlen("<memkind> "));
		EXPECT_EQ(std::string::npos, text.find('\n'));
		EXPECT_EQ(std::string::npos, text.find("Undefined")) << text;
		EXPECT_TRUE(seen.insert(text).second) << text;
	}
}

TEST(MemkindMessage, CodesThatAreNone)
{
	for (int code : { 1, -4, -5, -100, -254, 12345, INT32_MAX, INT32_MIN })
		EXPECT_EQ(
		    "<memkind> Undefined error number: " + std::to_string(code),
		    message(code));
}

TEST(MemkindMessage, IsCutToItsRoom)
{
	std::string whole = message(MEMKIND_ERROR_INVALID);
	for (size_t size = 1; size <= whole.size() + 1; size++) {
		char text[200];
		memset(text, 'x', sizeof(text));
		memkind_error_message(MEMKIND_ERROR_INVALID, text, size);
		EXPECT_EQ(whole.substr(0, size - 1), text);
		EXPECT_EQ('x', text[size]);
	}
	char text = 'x';
	memkind_error_message(MEMKIND_ERROR_INVALID, nullptr, 0);
	memkind_error_message(MEMKIND_ERROR_INVALID, nullptr, 100);
	memkind_error_message(MEMKIND_ERROR_INVALID, &text, 0);
	EXPECT_EQ('x', text);
}
