/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, pages, policies, processors: what src/os promises its callers. */
#include "os_test.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <thread>

namespace {

/* A reservation that the test does not have to give back. */
class Reservation {
public:
	explicit Reservation(size_t size, size_t alignment = PAGE_BYTES)
	    : bytes(size)
	{
		void *where = nullptr;

		EXPECT_EQ(os_reserve(bytes, alignment, &where), 0);
		addr = (char *)where;
	}
	~Reservation() { os_unreserve(addr, bytes); }

	size_t
	resident() const
	{
		size_t found = SIZE_MAX;

		EXPECT_EQ(os_resident(addr, bytes, &found), 0);
		return found;
	}

	char *addr;
	size_t bytes;
};

size_t
number_in(const std::string &path)
{
	FILE *file = fopen(path.c_str(), "r");
	size_t number = 0;

	if (file != nullptr) {
		if (fscanf(file, "%zu", &number) != 1)
			number = 0;
		fclose(file);
	}
	return number;
}

} // namespace

TEST(Reserve, AlignsAndCostsOnlyWhatItSays)
{
	for (size_t alignment = PAGE_BYTES; alignment <= GIB; alignment *= 2) {
		size_t before = address_space_bytes();
		Reservation space(5 * PAGE_BYTES, alignment);

		EXPECT_TRUE(is_aligned((size_t)space.addr, alignment));
		EXPECT_EQ(address_space_bytes() - before, 6 * PAGE_BYTES);
		EXPECT_FALSE(readable(space.addr));
		EXPECT_EQ(space.resident(), 0u);
	}
}

TEST(Reserve, KeepsAnUnreadablePageBehind)
{
	void *addr;

	ASSERT_EQ(os_reserve(MIB, 2 * MIB, &addr), 0);
	ASSERT_EQ(os_make_usable(addr, MIB), 0);
	memset(addr, 1, MIB);
	EXPECT_FALSE(readable((char *)addr + MIB));
	EXPECT_TRUE(mapped((char *)addr + MIB));
	os_unreserve(addr, MIB);
	EXPECT_FALSE(mapped(addr));
	EXPECT_FALSE(mapped((char *)addr + MIB));
}

TEST(Pages, AreReadableOrNotByWhatTheKernelSays)
{
	uint64_t *words;

	ASSERT_EQ(os_map(2 * PAGE_BYTES, (void **)&words), 0);
	EXPECT_TRUE(os_is_readable(words)) << "not touched yet";
	EXPECT_TRUE(os_is_readable(words + PAGE_BYTES / 8 - 1));
	ASSERT_EQ(mprotect(words + PAGE_BYTES / 8, PAGE_BYTES, PROT_NONE), 0);
	EXPECT_TRUE(os_is_readable(words + PAGE_BYTES / 8 - 1));
	EXPECT_FALSE(os_is_readable(words + PAGE_BYTES / 8));
	os_unmap(words, 2 * PAGE_BYTES);
	EXPECT_FALSE(os_is_readable(words));
	EXPECT_FALSE(os_is_readable(nullptr));
	EXPECT_FALSE(os_is_readable((void *)(UINTPTR_MAX - 4095)));
}

TEST(Reserve, SaysWhenThereIsNoAddressSpace)
{
	void *addr;

	EXPECT_EQ(os_reserve(SIZE_MAX / 2 + 1, PAGE_BYTES, &addr), ENOMEM);
	EXPECT_EQ(
	    os_reserve(align_down(SIZE_MAX, PAGE_BYTES), PAGE_BYTES, &addr),
	    ENOMEM);
	EXPECT_EQ(
	    os_reserve(align_down(SIZE_MAX, PAGE_BYTES), GIB, &addr), ENOMEM);
}

TEST(Pages, OfAnonymousMemoryComeAndGo)
{
	Reservation space(32 * MIB);

	ASSERT_EQ(os_make_usable(space.addr, space.bytes), 0);
	ASSERT_EQ(os_advise_huge(space.addr, space.bytes, false), 0);
	EXPECT_EQ(space.resident(), 0u);
	ASSERT_EQ(os_populate(space.addr + MIB, 20 * MIB), 0);
	EXPECT_EQ(space.resident(), 20 * MIB);
	space.addr[2 * MIB] = 'x';
	ASSERT_EQ(os_discard(space.addr + MIB, 19 * MIB), 0);
	EXPECT_EQ(space.resident(), MIB);
	EXPECT_EQ(space.addr[2 * MIB], 0);
}

/* A program may have called mlockall(2). */
TEST(Pages, ThatAreLockedCanBeDiscarded)
{
	Reservation space(4 * PAGE_BYTES);

	ASSERT_EQ(os_make_usable(space.addr, space.bytes), 0);
	memset(space.addr, 1, space.bytes);
	if (mlock(space.addr, space.bytes) != 0)
		GTEST_SKIP() << "memory cannot be locked here";
	ASSERT_EQ(os_discard(space.addr, space.bytes), 0);
	EXPECT_TRUE(all_zero(space.addr, space.bytes));
}

TEST(Pages, MappedByTheKernelsChoiceAreZeroAndGoAgain)
{
	void *addr;

	ASSERT_EQ(os_map(3 * PAGE_BYTES, &addr), 0);
	EXPECT_TRUE(all_zero(addr, 3 * PAGE_BYTES));
	memset(addr, 1, 3 * PAGE_BYTES);
	os_unmap(addr, 3 * PAGE_BYTES);
	EXPECT_FALSE(mapped(addr));
}

TEST(Pages, NotInheritedAreNotInTheChild)
{
	Reservation space(2 * PAGE_BYTES);

	ASSERT_EQ(os_make_usable(space.addr, space.bytes), 0);
	memset(space.addr, 1, space.bytes);
	ASSERT_EQ(os_set_inherited(space.addr, PAGE_BYTES, false), 0);
	EXPECT_EQ(in_child([&] {
		return readable(space.addr) +
		    2 * readable(space.addr + PAGE_BYTES);
	}),
	    2);
}

TEST(FileMapping, SharedChangesTheFileAndPunchingGivesTheSpaceBack)
{
	Directory directory;
	Reservation space(MIB);
	int fd = nameless(directory, MIB);
	char byte = 0;

	ASSERT_EQ(os_map_file(space.addr, MIB, fd, 0, false), 0);
	ASSERT_EQ(os_populate(space.addr, MIB), 0);
	space.addr[5000] = 'x';
	ASSERT_EQ(pread(fd, &byte, 1, 5000), 1);
	EXPECT_EQ(byte, 'x');
	fsync(fd);
	EXPECT_GE(space_of(fd), MIB);
	ASSERT_EQ(os_punch(space.addr, MIB), 0);
	EXPECT_LT(space_of(fd), MIB / 2);
	EXPECT_EQ(space.addr[5000], 0);
	os_close(fd);
}

TEST(FileMapping, PrivateLeavesTheFileAndShowsItAgain)
{
	Directory directory;
	Reservation space(4 * PAGE_BYTES);
	int fd = nameless(directory, 4 * PAGE_BYTES);
	char byte = 0;

	ASSERT_EQ(os_write_file(fd, "f", 1, PAGE_BYTES), 0);
	ASSERT_EQ(
	    os_map_file(space.addr, 3 * PAGE_BYTES, fd, PAGE_BYTES, true), 0);
	EXPECT_EQ(space.addr[0], 'f');
	space.addr[0] = 'm';
	ASSERT_EQ(pread(fd, &byte, 1, PAGE_BYTES), 1);
	EXPECT_EQ(byte, 'f');
	ASSERT_EQ(os_discard(space.addr, PAGE_BYTES), 0);
	EXPECT_EQ(space.addr[0], 'f');
	os_close(fd);
}

/* The promise on which "no block ends in SIGBUS" rests. */
TEST(Populate, AnswersAFullFileSystemWithoutASignal)
{
	Directory directory;
	Reservation space(2 * MIB);
	int fd;

	if (!directory.mount_here("tmpfs", "size=1M"))
		GTEST_SKIP() << "a file system cannot be mounted here";
	fd = nameless(directory, 2 * MIB);
	ASSERT_EQ(os_map_file(space.addr, 2 * MIB, fd, 0, false), 0);
	EXPECT_EQ(os_populate(space.addr, 2 * MIB), ENOMEM);
	ASSERT_EQ(os_punch(space.addr, 2 * MIB), 0);
	ASSERT_EQ(os_populate(space.addr, MIB), 0);
	EXPECT_EQ(os_populate(space.addr + MIB, PAGE_BYTES), ENOMEM);
	memset(space.addr, 1, MIB);
	os_close(fd);
}

TEST(HugePages, OfASizeTheMachineLacksAreNoDevice)
{
	Reservation space(32 * MIB, 32 * MIB);

	if (access("/sys/kernel/mm/hugepages/hugepages-32768kB", F_OK) == 0)
		GTEST_SKIP() << "this machine has pages of 32 MiB";
	EXPECT_EQ(os_map_huge(space.addr, space.bytes, 32 * MIB), ENODEV);
}

TEST(HugePages, AreTakenByPopulateAndNotBefore)
{
	const std::string pool = "/sys/kernel/mm/hugepages/hugepages-2048kB/";
	Reservation space(2 * MIB, 2 * MIB);
	int err = os_map_huge(space.addr, space.bytes, 2 * MIB);
	size_t have;

	if (err == ENODEV)
		GTEST_SKIP() << "this kernel has no pages of 2 MiB";
	ASSERT_EQ(err, 0);
	have = number_in(pool + "free_hugepages") -
	    number_in(pool + "resv_hugepages") +
	    number_in(pool + "nr_overcommit_hugepages");
	EXPECT_EQ(os_populate(space.addr, space.bytes), have ? 0 : ENOMEM);
	if (have != 0) {
		space.addr[MIB] = 'x';
		EXPECT_EQ(os_discard(space.addr, space.bytes), 0);
		EXPECT_EQ(os_populate(space.addr, space.bytes), 0);
		EXPECT_EQ(space.addr[MIB], 0);
	}
}

TEST(Policy, BindsToNodesThatAreThere)
{
	const enum os_policy modes[] = { OS_BIND, OS_PREFERRED, OS_INTERLEAVE };
	/* The kernel never changes the nodes of the second. */
	const int kernel_modes[] = { 2 | 1 << 15 /* MPOL_F_STATIC_NODES */, 1,
		3 };
	uint64_t nodes[16] = { 1 };
	Reservation space(MIB);

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int err = os_set_policy(
		    space.addr, MIB, modes[i], i < 2, nodes, 1024);
		int mode = -1;

		if (err == ENOSYS || err == EPERM)
			GTEST_SKIP() << "no memory policies here";
		ASSERT_EQ(err, 0);
		ASSERT_EQ(syscall(SYS_get_mempolicy, &mode, nullptr, 0,
			      space.addr, 2 /* of the address */),
		    0);
		EXPECT_EQ(mode, kernel_modes[i]);
	}
}

/* Of the second mask one is. */
TEST(Policy, RefusesNodesOfWhichNoneIsThere)
{
	const enum os_policy modes[] = { OS_BIND, OS_PREFERRED, OS_INTERLEAVE };
	uint64_t missing[16] = { 0 }, partly[16] = { 1 };
	Reservation space(MIB);

	missing[15] = partly[15] = (uint64_t)1 << 63;
	for (enum os_policy mode : modes) {
		int err = os_set_policy(
		    space.addr, MIB, mode, true, missing, 1024);

		if (err == ENOSYS || err == EPERM)
			GTEST_SKIP() << "no memory policies here";
		EXPECT_EQ(err, EINVAL);
		EXPECT_EQ(
		    os_set_policy(space.addr, MIB, mode, true, partly, 1024),
		    0);
	}
}

TEST(Policy, NamesTheNodeThatIsNotThere)
{
	uint64_t here[16] = { 1 }, partly[16] = { 1 };

	partly[15] = (uint64_t)1 << 62;
	EXPECT_EQ(os_missing_node(here, 1024), 1024u);
	EXPECT_EQ(os_missing_node(partly, 1024), 1022u);
}

TEST(Nodes, PagesAreCountedWhenTheyWereTouched)
{
	Reservation space(MIB);
	size_t on[1024] = { 0 }, all = 0;

	ASSERT_EQ(os_make_usable(space.addr, MIB), 0);
	ASSERT_EQ(os_advise_huge(space.addr, MIB, false), 0);
	ASSERT_EQ(os_count_on_nodes(space.addr, MIB, on, 1024), 0);
	for (size_t bytes : on)
		EXPECT_EQ(bytes, 0u);
	memset(space.addr, 1, 5 * PAGE_BYTES);
	ASSERT_EQ(os_count_on_nodes(space.addr, MIB, on, 1024), 0);
	for (size_t bytes : on)
		all += bytes;
	EXPECT_EQ(all, 5 * PAGE_BYTES);
}

TEST(Nodes, PagesThatAreWhereTheyShouldBeStay)
{
	Reservation space(4 * MIB);
	uint64_t all[16], first[16] = { 1 };

	memset(all, 0xff, sizeof(all));
	ASSERT_EQ(os_make_usable(space.addr, 4 * MIB), 0);
	EXPECT_EQ(os_move_to_nodes(space.addr, 4 * MIB, first, 1024), ENOMEM)
	    << "nothing was touched";
	memset(space.addr, 7, 4 * MIB);
	EXPECT_EQ(os_move_to_nodes(space.addr, 4 * MIB, all, 1024), 0);
	EXPECT_EQ(os_move_to_nodes(space.addr, 4 * MIB, first, 1024), 0);
	EXPECT_EQ(space.addr[4 * MIB - 1], 7);
}

TEST(Nodes, HaveSomethingFree)
{
	uint64_t first[16] = { 1 }, none[16] = { 0 }, missing[16] = { 0 };
	uint64_t bytes = 0;

	missing[15] = (uint64_t)1 << 63;
	EXPECT_EQ(os_free_on_nodes(first, 1024, &bytes), 0);
	EXPECT_GT(bytes, MIB);
	EXPECT_EQ(os_free_on_nodes(none, 1024, &bytes), 0);
	EXPECT_EQ(bytes, 0u);
	bytes = 1;
	EXPECT_EQ(os_free_on_nodes(missing, 1024, &bytes), 0);
	EXPECT_EQ(bytes, 0u);
	EXPECT_LT(os_node(), 1024u);
}

TEST(Processors, AreThoseOfTheAffinity)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	EXPECT_EQ(os_processors(), (unsigned)CPU_COUNT(&set));
}

TEST(Barrier, IsThereWhenTheKernelHasIt)
{
	long can = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	if (can < 0 || !(can & MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		GTEST_SKIP() << "this kernel has no membarrier(2)";
#if defined(__SANITIZE_THREAD__)
	EXPECT_FALSE(os_barrier_prepare());
#else
	ASSERT_TRUE(os_barrier_prepare());
	ASSERT_EQ(
	    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
	os_barrier();
#endif
}

TEST(Clock, OnlyGoesForward)
{
	uint64_t before = os_now_ms();

	usleep(20000);
	EXPECT_GE(os_now_ms(), before + 10);
}
