/* SPDX-License-Identifier: BSD-2-Clause */
/* States that kinds get into: too many, with records that disagree, refused to
 * the child of a fork. */
#include "kind_test.h"

/* As many as jemalloc has arenas for; one more is a sentence, and closing one
 * makes room. Each of them works, and all leave nothing. */
TEST(Many, KindsAreOpenAtOnceAndOneMoreIsAClearError)
{
	std::string most = std::to_string(kinds_most()) + " kinds are open";
	std::vector<poolkind *> kinds;
	size_t records = 0;

	for (int round = 0; round < 2; round++) {
		while (poolkind *kind = poolkind_open("dram,size=1M", 0))
			kinds.push_back(kind);
		EXPECT_EQ(errno, ENOMEM);
		EXPECT_TRUE(sentence_names(most.c_str()))
		    << poolkind_errormsg();
		EXPECT_EQ(kinds.size(), kinds_most());
		EXPECT_GE(kinds.size(), 4000u);
		for (poolkind *kind : kinds) {
			ASSERT_NE(poolkind_malloc(kind, 64), nullptr);
			ASSERT_EQ(kind_arenas(kind), 1u);
		}
		ASSERT_EQ(poolkind_close(kinds[1000]), 0);
		kinds[1000] = poolkind_open("dram,size=1M", 0);
		ASSERT_NE(kinds[1000], nullptr) << poolkind_errormsg();
		EXPECT_NE(poolkind_malloc(kinds[1000], 64), nullptr);
		EXPECT_EQ(poolkind_open("dram", 0), nullptr);
		for (poolkind *kind : kinds)
			ASSERT_EQ(poolkind_close(kind), 0);
		kinds.clear();
		if (round == 1) {
			/* What finds addresses may be new, and is kept. */
			EXPECT_LT(record_bytes_in_use(), records + 64 * KIB);
		}
		records = record_bytes_in_use();
	}
}

TEST(Check, TellsRecordsThatDisagree)
{
	Kind kind("dram,size=8M");

	ASSERT_NE(poolkind_malloc(kind, MIB), nullptr);
	EXPECT_EQ(poolkind_check(kind), 0) << poolkind_errormsg();
	kind_falsify(kind, 4096);
	errno = 0;
	EXPECT_EQ(poolkind_check(kind), -1);
	EXPECT_EQ(errno, EIO);
	kind_falsify(kind, -4096);
	EXPECT_EQ(poolkind_check(kind), 0) << poolkind_errormsg();
}

/* The child of a fork that refuses the kind: each call answers, none touches
 * what is not there. */
TEST(Refused, KindsAnswerWithEPERM)
{
	Kind kind("file:/dev/shm,size=8M,fork=refuse,name=secret");
	Kind other("dram");
	char *small = (char *)poolkind_malloc(kind, 100);
	char *large = (char *)poolkind_malloc(kind, MIB);

	strcpy(small, "secret");
	EXPECT_EQ(forked([&] {
		if (!kind_is_refused(kind) || kind_is_refused(other))
			return 1;
		if (poolkind_malloc(kind, 100) != nullptr || errno != EPERM ||
		    !sentence_names("secret"))
			return 2;
		for (void *home : { (void *)kind, (void *)other }) {
			errno = 0;
			if (poolkind_realloc(
				(poolkind *)home, large, 2 * MIB) != nullptr ||
			    errno != EPERM)
				return 3;
			if (poolkind_realloc((poolkind *)home, small, 10) !=
			    nullptr)
				return 4;
		}
		poolkind_free(kind, large);
		poolkind_free(nullptr, small);
		if (poolkind_calloc(kind, 1, MIB) != nullptr ||
		    poolkind_aligned_alloc(kind, 8192, 8192) != nullptr)
			return 5;
		if (poolkind_of(large) != kind || poolkind_trim(kind) != 0 ||
		    poolkind_set_limit(kind, MIB) != 0)
			return 6;
		if (poolkind_malloc(other, 100) == nullptr)
			return 7;
		return poolkind_close(kind) == 0 ? 0 : 8;
	}),
	    0);
	EXPECT_STREQ(small, "secret");
	EXPECT_FALSE(kind_is_refused(kind));
	EXPECT_NE(poolkind_malloc(kind, MIB), nullptr);
}

/* What a thread last freed without naming the kind is forgotten with the kind:
 * the next one at those addresses gets its blocks back. */
TEST(Free, WithoutTheKindFindsTheKindOfToday)
{
	constexpr size_t bytes = 4 * MIB;
	void *region = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(region, MAP_FAILED);
	for (int round = 0; round < 100; round++) {
		/* Its cache gets the record that was freed last. */
		poolkind *other = poolkind_open("dram", 0);
		void *first = poolkind_malloc(other, 64);
		poolkind *kind = poolkind_open_region(
		    region, bytes, nullptr, 0);

		ASSERT_NE(kind, nullptr) << poolkind_errormsg();
		for (int i = 0; i < 20; i++) {
			void *block = poolkind_malloc(kind, 64);
			ASSERT_NE(block, nullptr);
			poolkind_free(nullptr, block);
			ASSERT_EQ(poolkind_malloc(kind, 64), block);
			void *another = poolkind_malloc(other, 64);
			ASSERT_EQ(poolkind_of(another), other);
			poolkind_free(other, another);
			poolkind_free(nullptr, block);
		}
		poolkind_free(other, first);
		EXPECT_EQ(poolkind_close(other), 0);
		EXPECT_EQ(poolkind_close(kind), 0);
	}
	munmap(region, bytes);
}
