/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that a source takes itself is asked for first: what the machine or a
 * cgroup has no room for is refused, and nothing half-made stays. */
#include "../os/fake_machine.h"
#include "source_test.h"

namespace {

/* A machine of 1 GiB, which keeps 32 MiB of it, and one that is never granted,
 * with BYTES to spare. */
class SmallMachine : public FakeMachine {
public:
	explicit SmallMachine(size_t bytes) { spare(bytes); }
	void
	spare(size_t bytes)
	{
		memory(bytes + 33 * MIB, GIB);
	}
};

std::string
refusal(const std::string &text)
{
	struct spec spec = parsed(text);
	struct source *source = source_open(&spec, nullptr, nullptr, nullptr);

	EXPECT_EQ(source, nullptr) << text;
	EXPECT_EQ(errno, ENOMEM) << text;
	if (source != nullptr)
		source_close(source);
	return source != nullptr ? "" : error_text();
}

bool
has(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

} // namespace

TEST(Memory, ReserveIsRefusedWithWhatIsWantedAndWhatThereIs)
{
	SmallMachine machine(8 * MIB);

	for (const std::string &spec :
	    { std::string("dram,size=16M,reserve=yes"),
		std::string("dram,page=thp,size=16M,reserve=yes"),
		in_shm("size=16M,reserve=yes") }) {
		std::string sentence = refusal(spec);

		EXPECT_TRUE(has(sentence, spec)) << sentence;
		EXPECT_TRUE(has(sentence, "16777216")) << sentence;
		EXPECT_TRUE(has(sentence, "this machine has 8388608"))
		    << sentence;
	}
	machine.spare(16 * MIB);
	Source reserved("dram,size=16M,reserve=yes");
	EXPECT_EQ(reserved.committed(), 16 * MIB);
}

TEST(Memory, TheSentenceNamesTheCgroup)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("0::/tests/small\n");
	machine.cgroup("/tests/small", std::to_string(64 * MIB), 30 * MIB);
	std::string sentence = refusal("dram,size=40M,reserve=yes");

	EXPECT_TRUE(has(sentence, "41943040")) << sentence;
	EXPECT_TRUE(
	    has(sentence, "the cgroup \"/tests/small\" has 32505856 to spare"))
	    << sentence;
}

TEST(Memory, OfAWholeRequestIsAskedForBeforeAnyOfItIsTaken)
{
	SmallMachine machine(8 * MIB);

	os_fault_at(OS_POPULATE, 1, EIO, true);
	os_fault_at(OS_TAKE_SPACE, 1, EIO, true);
	refusal("dram,size=16M,reserve=yes");
	refusal(in_shm("size=16M,reserve=yes"));
	os_fault_at(OS_POPULATE, 0, 0, false);
	os_fault_at(OS_TAKE_SPACE, 0, 0, false);
}

/* The first pieces fit, and are given back when the rest does not. */
TEST(Memory, NothingHalfMadeStays)
{
	FakeMachine machine;
	size_t resident = 0;

	machine.memory(GIB, GIB);
	Source source("dram,populate=yes");
	EXPECT_NE(source.span(MIB), nullptr);
	machine.forget_answers();
	os_fault_at(OS_POPULATE, 2, ENOMEM, true);
	EXPECT_EQ(source.span(32 * MIB), nullptr);
	os_fault_at(OS_POPULATE, 0, 0, false);
	EXPECT_EQ(source.committed(), MIB);
	EXPECT_EQ(
	    os_resident(source_base(source), source_extent(source), &resident),
	    0);
	/* A transparent huge page of 32 MiB reaches to the end of what is
	 * readable, which is no more than 2 MiB further. */
	EXPECT_LE(resident, MIB + (system_page() > 4 * KIB ? 2 * MIB : 0));
}

TEST(Memory, OfAPopulatedKindEndsWithNoSpanAndComesAgain)
{
	SmallMachine machine(4 * MIB);
	Source source("dram,populate=yes");
	char *small = source.span(MIB);

	EXPECT_NE(small, nullptr);
	machine.forget_answers();
	EXPECT_EQ(source.span(5 * MIB), nullptr);
	EXPECT_EQ(source.committed(), MIB);
	machine.spare(0);
	EXPECT_EQ(source.span(PAGE_BYTES), nullptr);
	machine.spare(64 * MIB);
	EXPECT_NE(source.span(5 * MIB), nullptr);
}

TEST(Memory, OfATmpfsEndsWithNoSpanAndComesAgain)
{
	SmallMachine machine(0);
	Source source(in_shm("size=64M"));

	for (size_t bytes : { PAGE_BYTES, MIB, 8 * MIB })
		EXPECT_EQ(source.span(bytes), nullptr) << bytes;
	EXPECT_EQ(source.committed(), 0u);
	machine.spare(64 * MIB);
	for (size_t bytes : { PAGE_BYTES, MIB, 8 * MIB })
		EXPECT_NE(source.span(bytes), nullptr) << bytes;
}

TEST(Memory, ThatComesWithATouchIsTheKernels)
{
	SmallMachine machine(0);
	Source source("dram");
	char *span = source.span(16 * MIB);

	ASSERT_NE(span, nullptr);
	span[0] = 1;
}

TEST(Memory, OfADiskIsNotAskedFor)
{
	Directory directory;
	int fd;

	ASSERT_EQ(os_open_unlinked(directory.path.c_str(), &fd), 0);
	bool is_memory = os_file_system(fd)->is_memory;
	os_close(fd);
	if (is_memory)
		GTEST_SKIP() << directory.path << " is in memory";
	SmallMachine machine(0);
	Source source(
	    "file:" + directory.path + ",size=8M,reserve=yes,trust=yes");
	EXPECT_NE(source.span(MIB), nullptr);
}

TEST(Memory, IsAskedForPieceByPieceAndAllOfItIsThere)
{
	SmallMachine machine(48 * MIB);
	const size_t bytes = 40 * MIB;

	for (const std::string &text :
	    { std::string("dram,populate=yes"), in_shm("size=64M") }) {
		Source source(text);
		char *span = source.span(bytes);
		size_t resident = 0;

		machine.forget_answers();
		ASSERT_NE(span, nullptr) << text;
		memset(span, 1, bytes);
		EXPECT_EQ(os_resident(span, bytes, &resident), 0);
		EXPECT_EQ(resident, bytes);
	}
}

namespace {

/* Forks, and tells whether the child has the source. */
bool
child_has(const Source &source, int *error)
{
	int status = 0;

	*error = sources_prefork();
	records_prefork();
	pid_t child = fork();
	records_postfork();
	if (child == 0) {
		sources_postfork_child();
		_exit(source_refused(source) ? 1 : 0);
	}
	sources_postfork_parent();
	EXPECT_EQ(waitpid(child, &status, 0), child);
	return status == 0;
}

} // namespace

TEST(Memory, ACopyForAChildThatDoesNotFitIsRefusedToTheChild)
{
	SmallMachine machine(64 * MIB);
	Source source(in_shm("size=64M,fork=copy"));
	char *span = source.span(8 * MIB);
	int error;

	ASSERT_NE(span, nullptr);
	memset(span, 1, 8 * MIB);
	machine.spare(4 * MIB);
	EXPECT_FALSE(child_has(source, &error));
	EXPECT_EQ(error, ENOMEM);
	machine.spare(64 * MIB);
	EXPECT_TRUE(child_has(source, &error));
	EXPECT_EQ(error, 0);
	EXPECT_EQ(span[0], 1);
}

TEST(Memory, NorDoesOneInMemory)
{
	SmallMachine machine(64 * MIB);
	struct spec spec = parsed(in_shm("size=64M"));
	int error;

	spec.fork = SPEC_FORK_PRIVATE;
	spec.keep_file = true;
	Source source(spec, nullptr, nullptr);
	char *span = source.span(8 * MIB);
	ASSERT_NE(span, nullptr);
	memset(span, 1, 8 * MIB);
	os_close(descriptor_of(source));
	os_fault_at(OS_OPEN, 1, EMFILE, true);
	machine.spare(4 * MIB);
	EXPECT_FALSE(child_has(source, &error));
	EXPECT_EQ(error, ENOMEM);
	machine.spare(64 * MIB);
	EXPECT_TRUE(child_has(source, &error));
	os_fault_at(OS_OPEN, 0, 0, false);
	EXPECT_EQ(error, 0);
	EXPECT_EQ(span[0], 1);
}
