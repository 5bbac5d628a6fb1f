/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that the engine takes itself, for reserve=yes, populate=yes and files
 * of a tmpfs, is refused where the machine or a cgroup does not have it: no
 * process is ended for it. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine_cgroup.h"
#include "../lib/engine_child.h"

using namespace engine;

namespace {

const size_t MIB = 1 << 20;

/* Should the engine ask for too much, this process is the one that goes. */
void
be_the_first_to_go()
{
	std::ofstream("/proc/self/oom_score_adj") << 1000;
}

std::string
refusal(const std::string &spec)
{
	errno = 0;
	poolkind *kind = poolkind_open(spec.c_str(), 0);

	EXPECT_EQ(nullptr, kind) << spec;
	EXPECT_EQ(ENOMEM, errno) << spec;
	if (kind == nullptr)
		return poolkind_errormsg();
	poolkind_close(kind);
	return "";
}

bool
has(const std::string &text, const std::string &part)
{
	return text.find(part) != std::string::npos;
}

/* Bytes of blocks of SIZE until NULL, each written to; none is freed. */
size_t
fill(poolkind *kind, size_t size, size_t most)
{
	size_t bytes = 0;

	while (bytes < most) {
		errno = 0;
		void *block = poolkind_malloc(kind, size);
		if (block == nullptr) {
			EXPECT_EQ(ENOMEM, errno);
			break;
		}
		memset(block, 1, size);
		bytes += size;
	}
	return bytes;
}

/* BODY in a child of its own in the cgroup, whose limit is LIMIT. */
void
in_cgroup(const MemoryCgroup &cgroup, const std::function<void()> &body)
{
	in_child(60, [&] {
		ASSERT_TRUE(cgroup.enter());
		body();
	});
	EXPECT_EQ(0u, cgroup.kills());
}

const size_t limit = 64 * MIB * (slowness() > 1 ? 10 : 1);

} // namespace

TEST(ApiMemory, MoreThanTheMachineHasIsRefusedAtOpening)
{
	size_t have = (size_t)sysconf(_SC_PHYS_PAGES) * 4096;

	if (have > (size_t)256 << 30)
		GTEST_SKIP() << "this machine may have a TiB to spare";
	in_child(60, [&] {
		be_the_first_to_go();
		std::string sentence = refusal("dram,size=1T,reserve=yes");
		EXPECT_TRUE(has(sentence, "1099511627776")) << sentence;
		EXPECT_TRUE(has(sentence, "to spare")) << sentence;
		poolkind *kind = poolkind_open("dram,populate=yes", 0);
		errno = 0;
		EXPECT_EQ(nullptr, poolkind_malloc(kind, (size_t)1 << 40));
		EXPECT_EQ(ENOMEM, errno);
		EXPECT_NE(nullptr, poolkind_malloc(kind, MIB));
		EXPECT_EQ(0, poolkind_close(kind));
	});
}

TEST(ApiMemory, AReservationBeyondACgroupIsRefused)
{
	ENGINE_CGROUP_OR_SKIP(cgroup, 64);

	in_cgroup(cgroup, [&] {
		std::string sentence = refusal("dram,size=8G,reserve=yes");
		EXPECT_TRUE(has(sentence, "the cgroup \"" + cgroup.name()))
		    << sentence;
		sentence = refusal("file:/dev/shm,size=1G,reserve=yes");
		EXPECT_TRUE(has(sentence, cgroup.name()) ||
		    has(sentence, "No space left"))
		    << sentence;
		EXPECT_LT(cgroup.usage(), limit / 2) << "nothing stays taken";
		poolkind *kind = poolkind_open("dram,size=32M,reserve=yes", 0);
		ASSERT_NE(nullptr, kind) << poolkind_errormsg();
		fill(kind, 4096, 24 * MIB);
		EXPECT_EQ(0, poolkind_close(kind));
	});
}

/* Blocks of all sizes fill it, nearly, and then NULL is the answer. */
class ApiMemoryFill
    : public testing::TestWithParam<std::pair<const char *, size_t>> {};

TEST_P(ApiMemoryFill, EndsWithNullAtACgroupsLimit)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer takes as much of the cgroup";
	ENGINE_CGROUP_OR_SKIP(cgroup, 64);

	in_cgroup(cgroup, [&] {
		poolkind *kind = poolkind_open(GetParam().first, 0);
		ASSERT_NE(nullptr, kind) << poolkind_errormsg();
		size_t bytes = fill(kind, GetParam().second, 2 * limit);
		EXPECT_GE(bytes, limit / 2);
		EXPECT_LT(bytes, limit);
		/* As often as one likes. */
		for (int i = 0; i < 100; i++)
			EXPECT_EQ(nullptr, poolkind_malloc(kind, limit / 4));
		EXPECT_EQ(0, poolkind_close(kind));
	});
}

INSTANTIATE_TEST_SUITE_P(Kinds, ApiMemoryFill,
    testing::Values(std::make_pair("dram,populate=yes", 100),
	std::make_pair("dram,populate=yes", 4096),
	std::make_pair("dram,populate=yes", MIB),
	std::make_pair("dram,populate=yes", 16 * MIB),
	std::make_pair("dram,populate=yes,page=thp", 64 << 10),
	std::make_pair("file:/dev/shm", 4096),
	std::make_pair("file:/dev/shm", MIB),
	std::make_pair("file:/dev/shm", 5 * MIB),
	std::make_pair("file:/dev/shm,fork=private", MIB)));

/* Fills the memory of its cgroup from a kind, beside two others. */
static void
fill_by_three()
{
	pid_t others[2];

	for (pid_t &other : others)
		if ((other = fork()) == 0) {
			poolkind *kind = poolkind_open("dram,populate=yes", 0);
			fill(kind, 64 << 10, limit);
			_exit(0);
		}
	poolkind *kind = poolkind_open("dram,populate=yes", 0);
	size_t bytes = fill(kind, 64 << 10, limit);
	EXPECT_LT(bytes, limit);
	for (pid_t other : others) {
		int status;

		EXPECT_EQ(other, waitpid(other, &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* That the kernel kills one is unlikely, not impossible: what one of them asks
 * for another may be about to touch, or the kernel itself (source/memory.c). */
TEST(ApiMemory, ThreeProcessesShareACgroup)
{
	unsigned times = 8, killed = 0;

	for (unsigned i = 0; i < times; i++) {
		ENGINE_CGROUP_OR_SKIP(cgroup, 64);
		Ending ending = run_in_child(60, [&] {
			ASSERT_TRUE(cgroup.enter());
			fill_by_three();
		});
		if (cgroup.kills() != 0)
			killed++;
		else
			EXPECT_TRUE(
			    ending.how == Ending::Exited && ending.code == 0)
			    << ending.text();
	}
	EXPECT_LE(killed, 1u);
}

TEST(ApiMemory, ACopyThatDoesNotFitACgroupIsRefusedToTheChild)
{
	if (has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer's own memory fills the cgroup";
	ENGINE_CGROUP_OR_SKIP(cgroup, 64);

	in_cgroup(cgroup, [&] {
		poolkind *kind = poolkind_open("file:/dev/shm,fork=copy", 0);
		ASSERT_NE(nullptr, kind) << poolkind_errormsg();
		char *block = (char *)poolkind_malloc(kind, limit * 5 / 8);
		int status;

		ASSERT_NE(nullptr, block);
		memset(block, 1, limit * 5 / 8);
		pid_t child = fork();
		if (child == 0)
			_exit(poolkind_malloc(kind, 1) == nullptr &&
				    errno == EPERM ?
				0 :
				1);
		EXPECT_EQ(child, waitpid(child, &status, 0));
		EXPECT_EQ(0, status);
		EXPECT_EQ(1, block[limit * 5 / 8 - 1]);
	});
}
