/* SPDX-License-Identifier: BSD-2-Clause */
/* What memory policy the kernel says a bound source's addresses have: bound,
 * except from a fork on, and where it may not be changed. */
#include "source_test.h"

#include "../lib/engine_facts.h"

namespace {

void
expect_policy(int policy, const char *span, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		ASSERT_EQ(policy_at(span + i), policy) << i;
}

/* What fork(2) is preceded and followed by in the parent. */
void
as_if_forked()
{
	sources_prefork();
	sources_postfork_parent();
}

} // namespace

class BoundSources : public SourcesOfTexts {};

INSTANTIATE_TEST_SUITE_P(Sources, BoundSources,
    testing::Values("nodes:0", "nodes:0,page=thp", "nodes:0,populate=yes",
	"nodes:0,size=256M", "nodes:0,size=256M,reserve=yes"));

TEST_P(BoundSources, SaySoOfSpansOfAnySize)
{
	Source source(GetParam());

	for (size_t bytes : { PAGE_BYTES, 64 * KIB, MIB, 32 * MIB, 96 * MIB }) {
		char *span = source.span(bytes);

		ASSERT_NE(span, nullptr) << bytes;
		expect_policy(BIND, span, bytes);
	}
}

TEST_P(BoundSources, SaySoOfWhatComesBackAndIsTakenAgain)
{
	Source source(GetParam());
	const size_t whole = max_size(64 * KIB, 2 * PAGE_BYTES);
	char *spans[64];

	for (char *&span : spans)
		span = source.span(whole);
	for (size_t i = 0; i < 64; i += 2)
		source.free(spans[i], whole);
	source_trim(source);
	for (size_t i = 0; i < 64; i += 2)
		spans[i] = source.span(whole / 2);
	for (size_t i = 0; i < 64; i++)
		expect_policy(BIND, spans[i], whole / 2);
}

/* Under MPOL_BIND a page that is copied while its node is full ends the
 * process. What is taken after the fork is nobody else's. */
TEST_P(BoundSources, PreferWhatAForkMayHaveCopied)
{
	Source source(GetParam());
	bool stays = parsed(GetParam()).reserve;
	char *old = source.span(2 * MIB), *large = source.span(96 * MIB);

	as_if_forked();
	expect_policy(PREFERRED, old, 2 * MIB);
	expect_policy(PREFERRED, large, 96 * MIB);
	if (stays)
		return; /* its pages are all taken */
	char *fresh = source.span(4 * MIB), *later = source.span(96 * MIB);
	expect_policy(BIND, fresh, 4 * MIB);
	expect_policy(BIND, later, 96 * MIB);
	expect_policy(PREFERRED, old, 2 * MIB);
	source.free(old, 2 * MIB);
	source_trim(source);
	EXPECT_EQ(source.span_at(old, 2 * MIB), old);
	expect_policy(BIND, old, 2 * MIB);
}

/* Few mappings: a span beside others is one with them. */
TEST_P(BoundSources, AreFewMappings)
{
	Source source(GetParam());
	const size_t bytes = max_size(8 * KIB, PAGE_BYTES);
	size_t before = engine::facts().mappings;
	std::vector<char *> spans;

	for (size_t i = 0; i < 16 * MIB / bytes; i++)
		spans.push_back(source.span(bytes));
	for (size_t i = 0; i < spans.size(); i += 2)
		source.free(spans[i], bytes);
	source_trim(source);
	for (size_t i = 0; i < spans.size(); i += 4)
		source.span_at(spans[i], bytes);
	/* 31 where there are several nodes, of 16 MiB and of 128: the kernel
	 * does not join all of the first. One a span would be hundreds. */
	EXPECT_LE(engine::facts().mappings, before + 64);
}

/* Bound again here and there after a fork, they would be too many. */
TEST(BoundMappings, EndBeforeTheProcessHasNoMore)
{
	if (PAGE_BYTES != 4 * KIB)
		GTEST_SKIP() << "so many larger pages have gigabytes";
	if (!Source("nodes:0"))
		GTEST_SKIP() << error_text();
	Source source("nodes:0");
	size_t before = engine::facts().mappings, bound = 0;
	const int count = 40000;
	std::vector<char *> spans;

	for (int i = 0; i < count; i++)
		spans.push_back(source.span(PAGE_BYTES));
	as_if_forked();
	for (int i = 0; i < count; i += 2)
		source.free(spans[i], PAGE_BYTES);
	source_trim(source);
	for (int i = 0; i < count; i += 2) {
		ASSERT_NE(source.span_at(spans[i], PAGE_BYTES), nullptr);
		bound += policy_at(spans[i]) == BIND;
	}
	EXPECT_GE(bound, 4000u);
	EXPECT_LE(engine::facts().mappings, before + 20000);
	/* They are there for others. */
	source.close();
	Source other("nodes:0");
	EXPECT_EQ(policy_at(other.span(PAGE_BYTES)), BIND);
}

/* A sandbox that was set up after the source. */
class RefusedPolicies : public testing::Test {
protected:
	void
	SetUp() override
	{
		FAULTS_OR_SKIP();
		if (!Source("nodes:0"))
			GTEST_SKIP() << error_text();
	}
	void
	TearDown() override
	{
		os_fault_at(OS_SET_POLICY, 0, 0, false);
	}
};

TEST_F(RefusedPolicies, AreNoError)
{
	for (int errnum : { EPERM, EACCES, ENOSYS }) {
		Source source("nodes:0");

		os_fault_at(OS_SET_POLICY, 1, errnum, true);
		char *span = source.span(MIB);
		ASSERT_NE(span, nullptr);
		memset(span, 1, MIB);
		EXPECT_NE(source.span(96 * MIB), nullptr);
		as_if_forked();
		EXPECT_NE(source.span(MIB), nullptr);
		os_fault_at(OS_SET_POLICY, 0, 0, false);
	}
}

/* Set up in between: the pages are there, and are preferred there. */
TEST_F(RefusedPolicies, LeaveSpansPreferred)
{
	Source source("nodes:0");

	os_fault_at(OS_SET_POLICY, 2, EPERM, true);
	char *span = source.span(MIB);
	ASSERT_NE(span, nullptr);
	EXPECT_EQ(policy_at(span), PREFERRED);
	os_fault_at(OS_SET_POLICY, 0, 0, false);
	source.free(span, MIB);
	source_trim(source);
	EXPECT_EQ(source.span_at(span, MIB), span);
	EXPECT_EQ(policy_at(span), BIND);
}

/* What is known of a range is what the kernel says of it: where it could not be
 * bound, nothing of it counts as bound; and where it could not be made
 * "preferred" again either, it is bound the next time, whatever it was. */
TEST_F(RefusedPolicies, ForWantOfMappingsAreKnown)
{
	for (bool again : { false, true }) {
		Source source("nodes:0");
		char *old = source.span(MIB);

		as_if_forked();
		char *fresh = source.span(MIB);
		ASSERT_EQ(fresh, old + MIB);
		expect_policy(PREFERRED, old, MIB);
		expect_policy(BIND, fresh, MIB);
		os_fault_at(OS_SET_POLICY, 1, ENOMEM, again);
		EXPECT_FALSE(bind_range(source, old, 2 * MIB));
		os_fault_at(OS_SET_POLICY, 0, 0, false);
		expect_policy(again ? BIND : PREFERRED, fresh, MIB);
		EXPECT_TRUE(bind_range(source, fresh, MIB));
		expect_policy(BIND, fresh, MIB);
		EXPECT_TRUE(bind_range(source, old, MIB));
		expect_policy(BIND, old, MIB);
	}
}

/* When a policy cannot be had for want of mappings, pages are not taken under
 * the one that ends processes. */
TEST_F(RefusedPolicies, ForWantOfMappingsAreNull)
{
	Source source("nodes:0");

	os_fault_at(OS_SET_POLICY, 1, ENOMEM, true);
	EXPECT_EQ(source.span(MIB), nullptr);
	os_fault_at(OS_SET_POLICY, 0, 0, false);
	EXPECT_NE(source.span(MIB), nullptr);
}
