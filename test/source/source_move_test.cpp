/* SPDX-License-Identifier: BSD-2-Clause */
/* Sources that are moved, on the one node that every machine has: policies,
 * what is told of pages that stay, and what a failure leaves. Pages that do
 * change their node are test/host's. */
#include "source_test.h"

#include <atomic>
#include <thread>

namespace {

const uint64_t node_0[SPEC_NODES_MAX / 64] = { 1 };

struct source_moving
walk(struct source *source)
{
	struct source_moving moving = {};

	while (source_move_some(source, &moving))
		continue;
	return moving;
}

struct source_moving
move(struct source *source, const uint64_t *nodes)
{
	EXPECT_EQ(0, source_place(source, nodes));
	return walk(source);
}

void
expect_policy(int policy, const char *span, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		ASSERT_EQ(policy_at(span + i), policy) << i;
}

} // namespace

class MovedSources : public testing::Test {
protected:
	void
	SetUp() override
	{
		errno = 0;
		if (!Source("nodes:0"))
			GTEST_SKIP() << error_text();
	}
	void
	TearDown() override
	{
		os_fault_at(OS_SET_POLICY, 0, 0, false);
		os_fault_at(OS_MOVE_PAGES, 0, 0, false);
	}
};

TEST_F(MovedSources, AreBoundAgain)
{
	Source source("nodes:0");
	char *span = source.span(5 * MIB);

	memset(span, 1, 5 * MIB);
	for (const uint64_t *nodes : { node_0, node_0 }) {
		struct source_moving moving = move(source, nodes);

		EXPECT_EQ(0, moving.error);
		EXPECT_GE(moving.moved.there, 5 * MIB);
		EXPECT_EQ(0u, moving.moved.moved + moving.moved.full);
		expect_policy(BIND, span, 5 * MIB);
	}
	EXPECT_GE(move(source, nullptr).moved.there, 5 * MIB);
	expect_policy(BIND, span, 5 * MIB);
	char *more = source.span(100 * MIB); /* of a segment made later */
	expect_policy(BIND, more, 100 * MIB);
}

/* Pages that are touched for the first time later are on the node then. */
TEST_F(MovedSources, PromiseWhatIsAbsent)
{
	Source source("nodes:0");
	char *span = source.span(80 * MIB);
	struct source_moving moving = move(source, node_0);

	EXPECT_GE(moving.moved.absent, 80 * MIB);
	EXPECT_GE(moving.promised, 80 * MIB);
	expect_policy(BIND, span, 80 * MIB);
}

TEST_F(MovedSources, WithoutNodesPreferThem)
{
	for (const char *text : { "dram", "file:/dev/shm,size=8M" }) {
		Source source(text);
		char *span = source.span(MIB);

		EXPECT_EQ(DEFAULT, policy_at(span)) << text;
		memset(span, 1, MIB);
		struct source_moving moving = move(source, node_0);
		/* The thread may run on another. */
		EXPECT_GE(moving.moved.there + moving.moved.moved, MIB);
		expect_policy(PREFERRED, span, MIB);
		expect_policy(PREFERRED, source.span(4 * MIB), 4 * MIB);
		move(source, nullptr);
		expect_policy(DEFAULT, span, MIB);
	}
}

/* Those that grow: also where another thread makes the segment meanwhile. */
TEST_F(MovedSources, GrowOnTheNewNodes)
{
	for (const char *text : { "dram", "file:/dev/shm" }) {
		Source source(text);
		char *span = source.span(MIB);

		move(source, node_0);
		for (int i = 0; i < 3; i++) {
			span = source.span(48 * MIB);
			ASSERT_NE(nullptr, span);
			EXPECT_EQ(PREFERRED, policy_at(span)) << text << i;
		}
		EXPECT_GE(segments_of(source), 2u);
	}
}

TEST_F(MovedSources, TellOfWhatStays)
{
	FAULTS_OR_SKIP();
	struct {
		int errnum;
		size_t os_moved::*field;
	} cases[] = { { ENOMEM, &os_moved::full }, { EBUSY, &os_moved::busy },
		{ EMLINK, &os_moved::shared } };

	for (auto &one : cases) {
		Source source("nodes:0");
		char *span = source.span(3 * MIB);

		os_fault_at(OS_MOVE_PAGES, 1, one.errnum, true);
		struct source_moving moving = move(source, node_0);
		os_fault_at(OS_MOVE_PAGES, 0, 0, false);
		EXPECT_EQ(0, moving.error);
		EXPECT_EQ(source.committed(), moving.moved.*one.field);
		/* No touch, and no copy, ends the process. */
		expect_policy(PREFERRED, span, 3 * MIB);
		char *fresh = source.span(80 * MIB);
		expect_policy(BIND, fresh, 80 * MIB);
		source.free(span, 3 * MIB);
		source_trim(source);
		expect_policy(BIND, source.span_at(span, MIB), MIB);
	}
}

/* The first piece stays, the others go. */
TEST_F(MovedSources, AreSettledPieceByPiece)
{
	FAULTS_OR_SKIP();
	Source source("nodes:0");
	char *span = source.span(6 * MIB, 2 * MIB);

	os_fault_at(OS_MOVE_PAGES, 1, ENOMEM, false);
	struct source_moving moving = move(source, node_0);
	EXPECT_EQ(2 * MIB, moving.moved.full);
	EXPECT_GE(moving.moved.there, 4 * MIB);
	expect_policy(PREFERRED, span, 2 * MIB);
	expect_policy(BIND, span + 2 * MIB, 4 * MIB);
}

TEST_F(MovedSources, ThatMayNotAreRefused)
{
	FAULTS_OR_SKIP();
	for (int errnum : { EPERM, EACCES, ENOSYS, ENODEV })
		for (const char *text :
		    { "nodes:0", "nodes:0,policy=preferred" }) {
			Source source(text);
			char *span = source.span(3 * MIB);

			os_fault_at(OS_MOVE_PAGES, 1, errnum, true);
			EXPECT_EQ(errnum, move(source, node_0).error);
			os_fault_at(OS_MOVE_PAGES, 0, 0, false);
			expect_policy(PREFERRED, span, 3 * MIB);
			EXPECT_NE(nullptr, source.span(MIB));
		}
}

/* Whichever policy cannot be set: the source is where it was, and is settled by
 * the walk. */
TEST_F(MovedSources, ThatCannotBePlacedStay)
{
	FAULTS_OR_SKIP();
	for (unsigned nth = 1; nth <= 2; nth++) {
		Source source("nodes:0");
		char *span = source.span(3 * MIB),
		     *large = source.span(96 * MIB);
		uint64_t nodes[SPEC_NODES_MAX / 64] = {};

		ASSERT_GE(segments_of(source), 2u);
		os_fault_at(OS_SET_POLICY, nth, ENOMEM, false);
		EXPECT_EQ(ENOMEM, source_place(source, node_0));
		EXPECT_EQ(0, walk(source).error);
		expect_policy(BIND, span, 3 * MIB);
		expect_policy(BIND, large, 96 * MIB);
		source_add_nodes(source, nodes);
		EXPECT_EQ(1u, nodes[0]);
		expect_policy(BIND, source.span(MIB), MIB);
	}
}

/* What parent and child have in common stays preferred, whenever the fork was:
 * before, or in the midst of the move. */
TEST_F(MovedSources, AreNotBoundAfterAFork)
{
	Source source("nodes:0");
	char *span = source.span(9 * MIB, 2 * MIB);
	struct source_moving moving = {};

	sources_prefork();
	sources_postfork_parent();
	move(source, node_0);
	expect_policy(PREFERRED, span, 9 * MIB);
	char *later = source.span(9 * MIB, 2 * MIB);
	expect_policy(BIND, later, 9 * MIB);
	ASSERT_EQ(0, source_place(source, node_0));
	for (int i = 0; i < 3; i++)
		ASSERT_TRUE(source_move_some(source, &moving));
	sources_prefork();
	sources_postfork_parent();
	while (source_move_some(source, &moving))
		continue;
	expect_policy(PREFERRED, span, 9 * MIB);
	expect_policy(PREFERRED, later, 9 * MIB);
}

/* Spans come and go while it is moved, and all are bound in the end. */
TEST_F(MovedSources, AreUsedMeanwhile)
{
	Source source("nodes:0");
	std::atomic<bool> stop{ false };
	std::atomic<unsigned> rounds{ 0 }, wrong{ 0 };
	std::thread other([&] {
		for (unsigned i = 0; !stop; i++, rounds++) {
			size_t bytes = (i % 40 + 1) * 64 * KIB;
			char *span = source.span(bytes);

			if (span == nullptr) {
				wrong++;
				continue;
			}
			memset(span, 1, bytes);
			source.free(span, bytes);
		}
	});
	char *span = source.span(3 * MIB);

	for (int i = 0; i < 20; i++) {
		unsigned before = rounds;

		move(source, i % 2 == 0 ? node_0 : nullptr);
		while (rounds < before + 2)
			std::this_thread::yield();
	}
	stop = true;
	other.join();
	EXPECT_EQ(0u, wrong);
	expect_policy(BIND, span, 3 * MIB);
}

TEST(UnmovableSources, SaySo)
{
	Region region(2 * MIB);
	Source of_region(region), file("file:/dev/shm,size=8M"), dram("dram");

	EXPECT_NE(nullptr, strstr(source_not_movable(of_region), "region"));
	EXPECT_EQ(nullptr, source_not_movable(file));
	EXPECT_EQ(nullptr, source_not_movable(dram));
}
