/* SPDX-License-Identifier: BSD-2-Clause */
/* What a fork makes of a source, policy by policy. The tests call the handlers
 * themselves, as kind/ and the shim do. */
#include "source_test.h"

#include "../lib/engine_facts.h"

namespace {

/* fork(2) between the handlers; what IN_CHILD returns there, or 128 + the
 * signal. MEANWHILE runs in the parent after the fork, before the child. */
int
forked(
    const std::function<int()> &in_child_,
    const std::function<void()> &meanwhile = [] {}, int *result = nullptr)
{
	int go[2], status;
	char byte = 0;

	EXPECT_EQ(pipe(go), 0);
	int error = sources_prefork();
	records_prefork();
	pid_t child = fork();
	records_postfork();
	if (child == 0) {
		sources_postfork_child();
		if (read(go[0], &byte, 1) != 1)
			_exit(99);
		_exit(in_child_());
	}
	sources_postfork_parent();
	if (result != nullptr)
		*result = error;
	else
		EXPECT_EQ(error, 0);
	meanwhile();
	EXPECT_EQ(write(go[1], &byte, 1), 1);
	EXPECT_EQ(waitpid(child, &status, 0), child);
	close(go[0]);
	close(go[1]);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

struct spec
with_fork(const std::string &text, enum spec_fork fork)
{
	struct spec spec = parsed(text);

	spec.fork = fork;
	spec.keep_file = fork >= SPEC_FORK_PRIVATE;
	return spec;
}

} // namespace

TEST(ForkShared, LetsBothSeeTheSamePages)
{
	Source source(in_shm("size=4M,fork=shared"));
	char *span = source.span(64 * KIB);

	EXPECT_EQ(forked(
		      [&] {
			      if (span[0] != 'p')
				      return 1;
			      span[1] = 'c';
			      return source_refused(source) ? 2 : 0;
		      },
		      [&] { span[0] = 'p'; }),
	    0);
	EXPECT_EQ(span[1], 'c');
}

/* Neither gives back what the other may be using; both go on to hand out what
 * is theirs: the parent what was free, the child nothing. */
TEST(ForkShared, GivesNoPagesBackToTheSystem)
{
	Source source(in_shm("size=4M,fork=shared"));
	char *span = source.span(MIB), *other = source.span(MIB);

	memset(span, 'p', MIB);
	memset(other, 'p', MIB);
	EXPECT_EQ(forked(
		      [&] {
			      if (!source_inherited(source) ||
				  source.span(PAGE_BYTES) != nullptr)
				      return 1;
			      source.free(other, MIB);
			      source_trim(source);
			      return span[MIB - 1] == 'p' ? 0 : 2;
		      },
		      [&] {
			      source.free(span, MIB);
			      source_trim(source);
		      }),
	    0);
	EXPECT_FALSE(source_inherited(source));
	EXPECT_EQ(other[0], 'p');
	EXPECT_GE(source.committed(), 2 * MIB);
	EXPECT_EQ(source.span(MIB), span);
}

TEST(ForkRefuse, LeavesTheChildWithoutPagesAndSpans)
{
	Source source(in_shm("size=4M,fork=refuse"));
	char *span = source.span(64 * KIB);

	span[0] = 'p';
	EXPECT_EQ(forked([&] {
		if (!source_refused(source) || readable(span))
			return 1;
		if (source.span(PAGE_BYTES) != nullptr)
			return 2;
		source.free(span, 64 * KIB);
		source_trim(source);
		source.stats(true);
		/* A second fork has nothing to refuse any more. */
		return forked([&] { return source_refused(source) ? 0 : 3; });
	}),
	    0);
	EXPECT_EQ(span[0], 'p');
	EXPECT_FALSE(source_refused(source));
	EXPECT_NE(source.span(PAGE_BYTES), nullptr);
}

/* The two that give the child pages of its own. */
class ForkApart : public testing::TestWithParam<enum spec_fork> {};
INSTANTIATE_TEST_SUITE_P(Policies, ForkApart,
    testing::Values(
	SPEC_FORK_COPY, SPEC_FORK_PRIVATE, SPEC_FORK_COPY_OR_PRIVATE));

TEST_P(ForkApart, HidesWhatEitherWritesAfterwards)
{
	Source source(
	    with_fork(in_shm("size=4M"), GetParam()), nullptr, nullptr);
	char *low = source.span(64 * KIB);
	char *high = source.span(MIB);

	memset(low, 'b', 64 * KIB);
	memset(high, 'b', MIB);
	EXPECT_EQ(forked(
		      [&] {
			      if (low[0] != 'b' || high[MIB - 1] != 'b')
				      return 1;
			      memset(high, 'c', MIB);
			      source.free(low, 64 * KIB);
			      source_trim(source);
			      char *mine = source.zeroed(64 * KIB);
			      if (mine == nullptr || !all_zero(mine, 64 * KIB))
				      return 2;
			      memset(mine, 'c', 64 * KIB);
			      return source_check(source) == 0 ? 0 : 3;
		      },
		      [&] { low[0] = 'p'; }),
	    0);
	EXPECT_EQ(low[0], 'p');
	EXPECT_EQ(low[1], 'b') << "the child freed it, the parent did not";
	EXPECT_EQ(high[0], 'b');
	source.free(low, 64 * KIB);
	EXPECT_TRUE(all_zero(source.zeroed(64 * KIB), 64 * KIB));
}

/* A fork in the child of a fork, with blocks from before and after. */
TEST_P(ForkApart, CanBeDoneAgainInTheChild)
{
	Source source(
	    with_fork(in_shm("size=4M"), GetParam()), nullptr, nullptr);
	char *span = source.span(64 * KIB);

	memset(span, 'a', 64 * KIB);
	EXPECT_EQ(forked([&] {
		char *more = source.span(64 * KIB);
		memset(more, 'm', 64 * KIB);
		span[0] = 'c';
		return forked([&] {
			bool right = span[0] == 'c' && span[1] == 'a' &&
			    more[0] == 'm';
			memset(span, 'g', 64 * KIB);
			return right ? 0 : 1;
		}) + (span[0] == 'c' ? 0 : 2);
	}),
	    0);
	EXPECT_EQ(span[0], 'a');
}

/* On a full file system no block of the child ends in SIGBUS: neither what it
 * has, nor what it is handed out of space that the parent took ahead. */
TEST_P(ForkApart, BacksWhatItHandsOutInTheChild)
{
	for (const char *options : { ",size=8M", ",size=8M,reserve=yes" }) {
		SMALL_FILE_SYSTEM(directory, 24 * MIB);
		Source source(
		    with_fork("file:" + directory.path + options, GetParam()),
		    nullptr, nullptr);
		char *large = source.span(3 * MIB);
		char *small = source.span(PAGE_BYTES); /* and space ahead */

		memset(large, 1, 3 * MIB);
		EXPECT_EQ(forked(
			      [&] {
				      memset(large, 2, 3 * MIB);
				      memset(small, 2, PAGE_BYTES);
				      while (char *span = source.span(64 * KIB))
					      memset(span, 2, 64 * KIB);
				      return source_check(source) == 0 ? 0 : 1;
			      },
			      [&] { use_up(directory); }),
		    0)
		    << options;
		memset(large, 1, 3 * MIB);
	}
}

TEST(ForkCopy, ThatCannotBeMadeIsRefusedToTheChildAlone)
{
	SMALL_FILE_SYSTEM(directory, 4 * MIB);
	Source source("file:" + directory.path + ",size=4M,fork=copy");
	Source other(in_shm("size=4M,fork=copy"));
	char *span = source.span(3 * MIB), *fine = other.span(64 * KIB);
	int error = 0;

	memset(span, 'p', 3 * MIB);
	memset(fine, 'p', 64 * KIB);
	engine::Facts before = engine::facts();
	EXPECT_EQ(
	    forked(
		[&] {
			if (!source_refused(source) || source_refused(other))
				return 1;
			return fine[0] == 'p' && !readable(span) ? 0 : 2;
		},
		[] {}, &error),
	    0);
	EXPECT_EQ(error, ENOSPC);
	engine::Facts after = engine::facts();
	EXPECT_EQ(after.descriptors, before.descriptors);
	EXPECT_EQ(after.address, before.address);
	EXPECT_EQ(span[3 * MIB - 1], 'p');
}

TEST(ForkCopyOrPrivate, GoesOnInMemoryWhereNoCopyFits)
{
	SMALL_FILE_SYSTEM(directory, 4 * MIB);
	Source source(with_fork("file:" + directory.path + ",size=4M",
			  SPEC_FORK_COPY_OR_PRIVATE),
	    nullptr, nullptr);
	char *span = source.span(3 * MIB);

	memset(span, 'b', 3 * MIB);
	EXPECT_EQ(forked([&] {
		memset(span, 'c', MIB);
		return span[3 * MIB - 1] == 'b' ? 0 : 1;
	}),
	    0);
	EXPECT_EQ(span[0], 'b');
}

/* Of a fork for which the file could not be mapped anew, at whichever of its
 * parts, the child has nothing. The parent loses nothing by it: neither what it
 * had, nor at the next fork what it wrote in between. */
TEST(ForkPrivate, ThatCannotBeMadeCostsTheParentNothing)
{
	for (unsigned nth = 1; nth <= 3; nth++)
		for (bool repeat : { false, true }) {
			SCOPED_TRACE(testing::Message() << nth << repeat);
			Source source(
			    with_fork(in_shm("size=16M"), SPEC_FORK_PRIVATE),
			    nullptr, nullptr);
			char *span = source.span(64 * KIB);
			int error = 0;

			memset(span, 'a', 64 * KIB);
			os_fault_at(OS_MAP_FILE, nth, ENOMEM, repeat);
			int status = forked(
			    [&] { return source_refused(source) ? 1 : 0; },
			    [] {}, &error);
			EXPECT_EQ(status, error == 0 ? 0 : 1);
			os_fault_at(OS_MAP_FILE, 0, 0, false);
			EXPECT_EQ(span[1], 'a');
			span[0] = 'b';
			char *large = source.span(8 * MIB);
			ASSERT_NE(large, nullptr);
			memset(large, 'l', 8 * MIB);
			auto as_before = [&] {
				return span[0] == 'b' && span[1] == 'a' &&
				    large[0] == 'l' &&
				    large[8 * MIB - 1] == 'l';
			};
			EXPECT_EQ(
			    forked([&] { return as_before() ? 0 : 1; }), 0);
			EXPECT_TRUE(as_before());
			source.free(large, 8 * MIB);
			EXPECT_TRUE(all_zero(source.zeroed(8 * MIB), 8 * MIB));
		}
}

/* A program that closes all descriptors takes the file from the shim. */
TEST(ForkPrivate, CopiesWhenTheDescriptorIsLost)
{
	Source source(
	    with_fork(in_shm("size=4M"), SPEC_FORK_PRIVATE), nullptr, nullptr);
	char *span = source.span(64 * KIB);

	memset(span, 'b', 64 * KIB);
	close(descriptor_of(source));
	EXPECT_EQ(forked([&] {
		span[0] = 'c';
		return span[1] == 'b' ? 0 : 1;
	}),
	    0);
	EXPECT_EQ(span[0], 'b');
}

/* Where neither descriptors nor a file can be had the child has a copy in
 * memory, to which it would write anyway. */
TEST(ForkPrivate, CopiesIntoMemoryWithoutDescriptors)
{
	Source source(
	    with_fork(in_shm("size=4M"), SPEC_FORK_PRIVATE), nullptr, nullptr);
	char *span = source.span(64 * KIB), *free = source.span(64 * KIB);

	memset(span, 'b', 64 * KIB);
	source.free(free, 64 * KIB);
	close(descriptor_of(source));
	os_fault_at(OS_OPEN, 1, EMFILE, true);
	EXPECT_EQ(forked([&] {
		os_fault_at(OS_OPEN, 0, 0, false);
		span[0] = 'c';
		char *more = source.zeroed(64 * KIB);
		if (more == nullptr || !all_zero(more, 64 * KIB))
			return 1;
		source.free(more, 64 * KIB);
		source.free(span, 64 * KIB);
		return source_check(source) == 0 ? 0 : 2;
	}),
	    0);
	os_fault_at(OS_OPEN, 0, 0, false);
	EXPECT_EQ(span[0], 'b');
}

TEST(ForkAnonymous, IsTheKernelsWork)
{
	for (const char *text : { "dram,size=4M", "nodes:0,size=4M" }) {
		Source source(text);
		char *span = source.span(64 * KIB);

		span[0] = 'b';
		/* A thread that the child does not have was holding. */
		source_hold(source);
		EXPECT_EQ(forked([&] {
			span[0] = 'c';
			source.free(span, 64 * KIB);
			source_trim(source);
			return holds_of(source) == 0 &&
				source.committed() == 0 ?
			    0 :
			    1;
		}),
		    0)
		    << text;
		source_unhold(source);
		EXPECT_EQ(span[0], 'b');
	}
}

TEST(ForkLeaks, AreNone)
{
	Source copied(in_shm("size=4M,fork=copy"));
	Source refused(in_shm("size=4M,fork=refuse"));
	Source growing(in_shm("size=1M,grow=yes,fork=copy"));

	memset(copied.span(64 * KIB), 1, 64 * KIB);
	growing.span(2 * MIB);
	engine::Facts before = engine::facts();
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(forked([&] {
			engine::Facts child = engine::facts();
			/* The pipe's ends, which the parent has now too. */
			return child.descriptors == before.descriptors + 2 &&
				child.address == before.address ?
			    0 :
			    1;
		}),
		    0);
	engine::Facts after = engine::facts();
	EXPECT_EQ(after.descriptors, before.descriptors);
	EXPECT_EQ(after.address, before.address);
	EXPECT_EQ(after.mappings, before.mappings);
}
