/* SPDX-License-Identifier: BSD-2-Clause */
/* Each system call of a source's life fails once, at each place where it is
 * made: nothing crashes, what was opened closes, and nothing is left behind. */
#include "source_test.h"

#include "../lib/engine_facts.h"

namespace {

struct Left {
	size_t address, mappings, descriptors, records;

	bool
	operator==(const Left &other) const
	{
		return address == other.address && mappings == other.mappings &&
		    descriptors == other.descriptors &&
		    records == other.records;
	}
};

std::ostream &
operator<<(std::ostream &out, const Left &left)
{
	return out << left.address << " bytes in " << left.mappings
		   << " mappings, " << left.descriptors << " descriptors, "
		   << left.records << " bytes of records";
}

Left
left()
{
	engine::Facts now = engine::facts();

#ifdef __SANITIZE_THREAD__
	/* What its runtime has mapped grows as it runs. */
	now.address = 0;
#endif
	return { now.address, now.mappings, now.descriptors,
		record_bytes_in_use() };
}

/* The fault is taken away; false if nothing met it. */
bool
disarm(enum os_call call)
{
	bool met = true;

	for (int i = 0; i < 1000 && met; i++)
		met = os_fault(call) == 0;
	os_fault_at(call, 0, 0, false);
	return met;
}

/* The life of a source: opened, used in all ways, forked over, closed. Goes on
 * as far as it comes. */
void
live(const struct spec &spec, void *region)
{
	struct source *source = source_open(&spec, region, nullptr, nullptr);
	char *spans[8];
	bool zero = true;

	if (source == nullptr)
		return;
	for (size_t i = 0; i < 8; i++) {
		spans[i] = (char *)source_alloc(source, nullptr, 256 * KIB,
		    i % 2 ? 64 * KIB : PAGE_BYTES, &zero);
		if (spans[i] != nullptr)
			memset(spans[i], 1, 256 * KIB);
	}
	if (char *more = (char *)source_alloc(
		source, nullptr, 4 * MIB, PAGE_BYTES, &zero))
		source_free(source, more, 4 * MIB);
	if (spans[3] != nullptr)
		source_free(source, spans[3], 256 * KIB);
	sources_prefork();
	sources_postfork_parent();
	source_trim(source);
	for (size_t i = 0; i < 8; i++)
		if (i != 3 && spans[i] != nullptr)
			source_free(source, spans[i], 256 * KIB);
	source_hold(source);
	if (void *last = source_alloc(source, nullptr, MIB, MIB, &zero))
		source_free(source, last, MIB);
	source_unhold(source);
	EXPECT_EQ(source_check(source), 0) << error_text();
	source_close(source);
}

const char *const call_names[] = { "RESERVE", "MAKE_USABLE", "MAP", "MAP_FILE",
	"MAP_HUGE", "POPULATE", "DISCARD", "PUNCH", "OPEN", "SET_LENGTH",
	"TAKE_SPACE", "WRITE_FILE", "SET_POLICY", "MOVE_TO_NODES",
	"BARRIER_PREPARE", "SET_INHERITED" };

struct Life {
	const char *text;
	enum spec_fork fork;
};

} // namespace

class SourceFaults : public testing::TestWithParam<Life> {
protected:
	void
	SetUp() override
	{
		FAULTS_OR_SKIP();
	}

	/* Fails CALL at each place, each time with ERRNUM; how many places. */
	unsigned
	strike(const struct spec &spec, void *region, enum os_call call,
	    int errnum)
	{
		unsigned nth = 1;

		for (;; nth++) {
			SCOPED_TRACE(testing::Message()
			    << call_names[call] << " number " << nth << ": "
			    << strerror(errnum));
			Left before = left();
			os_fault_at(call, nth, errnum, false);
			live(spec, region);
			bool met = disarm(call);
			Left after = left();
			EXPECT_EQ(before, after);
			if (!met || HasFailure())
				return nth - 1;
		}
	}
};
INSTANTIATE_TEST_SUITE_P(Lives, SourceFaults,
    testing::Values(Life{ "dram", SPEC_FORK_SHARED },
	Life{ "dram,size=8M", SPEC_FORK_SHARED },
	Life{ "nodes:0,size=8M,policy=preferred", SPEC_FORK_SHARED },
	Life{ "nodes:0,size=8M", SPEC_FORK_SHARED },
	Life{ "nodes:0,policy=interleave,populate=yes", SPEC_FORK_SHARED },
	Life{ "dram,page=2M,size=8M", SPEC_FORK_SHARED },
	Life{ "dram,page=thp", SPEC_FORK_SHARED },
	Life{ "file:/dev/shm,size=8M", SPEC_FORK_SHARED },
	Life{ "file:/dev/shm,size=1M,grow=yes", SPEC_FORK_COPY },
	Life{ "file:/dev/shm,size=8M,reserve=yes", SPEC_FORK_COPY },
	Life{ "file:/dev/shm,size=8M", SPEC_FORK_PRIVATE },
	Life{ "file:/dev/shm,size=8M", SPEC_FORK_COPY_OR_PRIVATE },
	Life{ "region", SPEC_FORK_SHARED }));

TEST_P(SourceFaults, LeaveNothingBehind)
{
	Life life = GetParam();
	Region region(8 * MIB);
	bool is_region = strcmp(life.text, "region") == 0;
	struct spec spec = {};

	if (is_region) {
		spec.source = SPEC_REGION;
		spec.size = region.bytes;
	} else
		spec = parsed(life.text);
	spec.fork = life.fork;
	spec.keep_file = life.fork == SPEC_FORK_PRIVATE ||
	    life.fork == SPEC_FORK_COPY_OR_PRIVATE;
	void *memory = is_region ? region.start : nullptr;
	if (spec.page == SPEC_PAGE_HUGE && !Source(life.text))
		GTEST_SKIP() << error_text();
	live(spec, memory); /* records and libc have what they need */
	live(spec, memory);
	Left before = left();
	live(spec, memory);
	ASSERT_EQ(left(), before) << "without any fault";

	unsigned places = 0;
	for (int call = 0; call <= OS_MOVE_TO_NODES; call++)
		for (int errnum : { ENOMEM, ENOSYS })
			places += strike(
			    spec, memory, (enum os_call)call, errnum);
	EXPECT_GE(places, is_region ? 2u : 6u) << "faults were met";
}

/* When mapping fails for good the source says NULL, and when that is over it
 * serves again. */
TEST_P(SourceFaults, PassWhenTheShortageIsOver)
{
	Life life = GetParam();

	if (strcmp(life.text, "region") == 0 || strstr(life.text, "page=2M"))
		GTEST_SKIP() << "nothing to run out of, or no huge pages";
	Source source(life.text);
	std::vector<char *> spans;
	bool reserve = parsed(life.text).reserve;

	for (enum os_call call : { OS_POPULATE, OS_MAKE_USABLE, OS_TAKE_SPACE,
		 OS_RESERVE, OS_OPEN, OS_MAP })
		os_fault_at(call, 1, ENOMEM, true);
	for (int i = 0; i < 3 && !reserve; i++)
		EXPECT_EQ(source.span(3 * MIB), nullptr);
	for (int call = 0; call < OS_CALLS; call++)
		os_fault_at((enum os_call)call, 0, 0, false);
	EXPECT_NE(source.span(3 * MIB), nullptr);
	EXPECT_EQ(source.stats().spans, 3 * MIB);
}

/* The kernel that cannot populate (before 5.14): the descriptor is kept, and
 * takes the space. */
TEST(OldKernel, TakesSpaceThroughTheDescriptor)
{
	FAULTS_OR_SKIP();
	SMALL_FILE_SYSTEM(directory, 4 * MIB);
	os_fault_at(OS_POPULATE, 1, ENOSYS, true);
	{
		Source source("file:" + directory.path + ",size=64M");
		EXPECT_GE(descriptor_of(source), 0);
		size_t spans = 0;

		while (char *span = source.span(64 * KIB)) {
			memset(span, 1, 64 * KIB);
			spans++;
		}
		EXPECT_GE(spans, 60u);
		/* Whoever closed it, and opened something else, loses
		 * nothing to us. */
		int fd = descriptor_of(source);
		dup2(STDERR_FILENO, fd);
		EXPECT_EQ(source.span(PAGE_BYTES), nullptr);
		source.close();
		EXPECT_EQ(fcntl(fd, F_GETFD), 0) << "still open";
		close(fd);
	}
	os_fault_at(OS_POPULATE, 0, 0, false);
}
