/* SPDX-License-Identifier: BSD-2-Clause */
/* How much memory is left, as the machine and the cgroups of a process say. */
#include "fake_machine.h"

namespace {

const uint64_t all = UINT64_MAX;

struct Room {
	explicit Room(uint64_t enough = all)
	{
		struct os_memory_room room;

		error = os_memory_room(enough, &room);
		bytes = room.bytes;
		cgroup = room.cgroup;
	}

	int error;
	uint64_t bytes;
	std::string cgroup;
};

/* What a bound of this size keeps for others. */
uint64_t
spare(uint64_t bound)
{
	return std::min<uint64_t>(bound / 32, 256 * MIB);
}

TEST(Room, IsWhatTheMachineHasAvailable)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	EXPECT_EQ(Room().error, 0);
	EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB);
	EXPECT_EQ(Room().cgroup, "");
	machine.memory(100 * MIB, 1 * GIB);
	EXPECT_EQ(Room().bytes, 100 * MIB - 32 * MIB);
	machine.memory(10 * MIB, 1 * GIB);
	EXPECT_EQ(Room().bytes, 0u);
}

TEST(Room, SwapCountsForItIsUsedBeforeAProcessIsEnded)
{
	FakeMachine machine;

	machine.memory(1 * GIB, 64 * GIB, 3 * GIB);
	EXPECT_EQ(Room().bytes, 4 * GIB - 256 * MIB);
}

TEST(Room, OfThisMachineIsMoreThanNothing)
{
	EXPECT_EQ(Room().error, 0);
	EXPECT_GT(Room().bytes, 0u);
}

TEST(Room, NobodySays)
{
	FakeMachine machine;

	EXPECT_EQ(Room().error, ENODATA);
	machine.write("/proc/meminfo", "MemTotal: 1 kB\nMemFree: 1 kB\n");
	EXPECT_EQ(Room().error, ENODATA);
	machine.write("/proc/meminfo", "MemAvailable: many kB\n\n\1\2\n");
	EXPECT_EQ(Room().error, ENODATA);
	machine.write("/proc/meminfo", std::string(5000, 'x'));
	machine.member_of("0::/a\n");
	EXPECT_EQ(Room().error, ENODATA);
}

TEST(Room, InACgroupOfVersion2)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("0::/user.slice/a\n");
	machine.cgroup("/user.slice/a", std::to_string(GIB), 600 * MIB);
	EXPECT_EQ(Room().bytes, 424 * MIB - spare(GIB));
	EXPECT_EQ(Room().cgroup, "/user.slice/a");
	machine.cgroup("/user.slice/a", std::to_string(64 * GIB), 600 * MIB);
	EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB);
	EXPECT_EQ(Room().cgroup, "");
}

TEST(Room, PagesOfFilesAreTakenBackFirst)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("0::/a\n");
	machine.cgroup("/a", std::to_string(GIB), GIB, 300 * MIB);
	EXPECT_EQ(Room().bytes, 300 * MIB - spare(GIB));
	machine.write("/sys/fs/cgroup/a/memory.stat",
	    "inactive_file 1048576\nslab_reclaimable 209715200\n");
	EXPECT_EQ(Room().bytes, 201 * MIB - spare(GIB));
	machine.write("/sys/fs/cgroup/a/memory.stat",
	    "inactive_file 18446744073709551615\n");
	EXPECT_EQ(Room().bytes, GIB - spare(GIB))
	    << "it has at most what it uses";
}

TEST(Room, OfTheLowestOfAllLevels)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("0::/a/b/c\n");
	machine.cgroup("/a", std::to_string(2 * GIB), GIB);
	machine.cgroup("/a/b", "max", GIB);
	machine.cgroup("/a/b/c", std::to_string(3 * GIB), GIB);
	EXPECT_EQ(Room().bytes, GIB - spare(2 * GIB));
	EXPECT_EQ(Room().cgroup, "/a");
	machine.cgroup("", std::to_string(GIB), GIB - 64 * MIB);
	EXPECT_EQ(Room().bytes, 32 * MIB);
	EXPECT_EQ(Room().cgroup, "/") << "the root of a container";
}

TEST(Room, HighBoundsWhereItIsLower)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("0::/a\n");
	machine.cgroup("/a", "max", GIB);
	machine.write(
	    "/sys/fs/cgroup/a/memory.high", std::to_string(2 * GIB) + "\n");
	EXPECT_EQ(Room().bytes, GIB - spare(2 * GIB));
	machine.cgroup("/a", std::to_string(4 * GIB), GIB);
	machine.write("/sys/fs/cgroup/a/memory.high", "max\n");
	EXPECT_EQ(Room().bytes, 3 * GIB - spare(4 * GIB));
	machine.write("/sys/fs/cgroup/a/memory.high", "0\n");
	EXPECT_EQ(Room().bytes, 0u);
}

TEST(Room, AnUnlimitedCgroupIsNoBound)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("0::/a\n");
	machine.cgroup("/a", "max", 9 * GIB);
	EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB);
	machine.member_of("4:memory:/a\n0::/\n");
	machine.old_cgroup("/a", 9223372036854771712u, 9 * GIB);
	EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB);
}

TEST(Room, InACgroupOfVersion1)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("9:name=systemd:/\n5:devices:/x\n"
			  "4:memory:/docker/abc\n1:cpu:/\n0::/\n");
	machine.old_cgroup("/docker/abc", GIB, 900 * MIB, 100 * MIB);
	EXPECT_EQ(Room().bytes, 224 * MIB - spare(GIB));
	EXPECT_EQ(Room().cgroup, "/docker/abc");
	machine.old_cgroup("/docker", 2 * GIB, 2 * GIB - 100 * MIB);
	EXPECT_EQ(Room().bytes, 100 * MIB - spare(2 * GIB));
	EXPECT_EQ(Room().cgroup, "/docker");
}

TEST(Room, TogetherWithOtherControllers)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("3:hugetlb,memory:/a\n2:memoryless:/b\n");
	machine.old_cgroup("/a", GIB, 0, 0, "/hugetlb,memory");
	EXPECT_EQ(Room().bytes, GIB - spare(GIB));
}

TEST(Room, OfVersion2BesideVersion1)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("1:name=systemd:/a\n0::/a\n");
	machine.cgroup("/a", std::to_string(GIB), 0, 0, "/unified");
	EXPECT_EQ(Room().bytes, GIB - spare(GIB));
	EXPECT_EQ(Room().cgroup, "/a");
}

/* Of its own cgroup a container sees the files alone, where it was mounted. */
TEST(Room, WhereThePathIsAnotherMountsTheMountCounts)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("4:memory:/docker/abc\n");
	machine.old_cgroup("", GIB, 0);
	EXPECT_EQ(Room().bytes, GIB - spare(GIB));
	machine.member_of("4:memory:/../../x\n");
	EXPECT_EQ(Room().bytes, GIB - spare(GIB));
}

TEST(Room, SwapOfACgroup)
{
	FakeMachine machine;

	machine.memory(GIB, 64 * GIB, 8 * GIB);
	machine.member_of("0::/a\n");
	machine.cgroup("/a", std::to_string(GIB), GIB);
	EXPECT_EQ(Room().bytes, 8 * GIB - spare(GIB)) << "no bound on swap";
	machine.write("/sys/fs/cgroup/a/memory.swap.max", "0\n");
	machine.write("/sys/fs/cgroup/a/memory.swap.current", "0\n");
	EXPECT_EQ(Room().bytes, 0u);
	machine.write(
	    "/sys/fs/cgroup/a/memory.swap.max", std::to_string(GIB) + "\n");
	EXPECT_EQ(Room().bytes, GIB - spare(GIB));
	machine.member_of("4:memory:/a\n");
	machine.old_cgroup("/a", GIB, GIB - 64 * MIB);
	machine.write("/sys/fs/cgroup/memory/a/memory.memsw.limit_in_bytes",
	    std::to_string(2 * GIB) + "\n");
	machine.write("/sys/fs/cgroup/memory/a/memory.memsw.usage_in_bytes",
	    std::to_string(2 * GIB - 100 * MIB) + "\n");
	EXPECT_EQ(Room().bytes, 100 * MIB - spare(GIB))
	    << "memory and swap together";
}

TEST(Room, WhatIsUnreadableOrNonsenseIsNoBound)
{
	FakeMachine machine;
	const std::string at = "/sys/fs/cgroup/a/";

	machine.memory(10 * GIB);
	for (const char *lines : { "", "\n", ":", "::", "0:", "0::", "0::\n",
		 "0::a", "x:memory\n", "4:memory:\n", "\1\2\3",
		 "4:memory,:/a\n", "4:,,:/a", "0::/gone/too\n" }) {
		machine.member_of(lines);
		EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB) << lines;
	}
	machine.member_of("0::/a\n");
	machine.cgroup("/a", "many", 0);
	EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB);
	machine.cgroup("/a", "", 0);
	EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB);
	machine.cgroup("/a", "-1", 0);
	EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB);
	machine.cgroup("/a", std::to_string(GIB), 0);
	machine.write(at + "memory.current", "few\n");
	EXPECT_EQ(Room().bytes, 10 * GIB - 256 * MIB);
	machine.cgroup("/a", std::to_string(GIB), GIB);
	machine.write(at + "memory.stat", "inactive_file\nactive_file -\n7\n");
	EXPECT_EQ(Room().bytes, 0u) << "it gives nothing back";
}

TEST(Room, OfPathsOfAnyLength)
{
	const std::string names(230, 'n');

	for (size_t parts : { 1, 2, 3, 8, 16 }) {
		FakeMachine machine;
		std::string path;

		machine.memory(10 * GIB);
		for (size_t i = 0; i < parts; i++)
			path += "/" + names;
		machine.member_of("0::" + path + "\n");
		machine.cgroup("", std::to_string(GIB), 0);
		EXPECT_EQ(Room().bytes, GIB - spare(GIB)) << parts;
	}
}

/* memory.stat is work for the kernel. */
TEST(Room, EnoughIsAsGoodAsMore)
{
	FakeMachine machine;

	machine.memory(10 * GIB);
	machine.member_of("0::/a\n");
	machine.cgroup("/a", std::to_string(2 * GIB), GIB, 512 * MIB);
	EXPECT_EQ(Room(100 * MIB).bytes, GIB - spare(2 * GIB));
	EXPECT_EQ(Room(GIB).bytes, GIB + 512 * MIB - spare(2 * GIB));
}

TEST(Room, KeepsNoDescriptor)
{
	FakeMachine machine;
	int before, after;

	machine.memory(10 * GIB);
	machine.member_of("0::/a\n");
	machine.cgroup("/a", std::to_string(GIB), GIB, MIB);
	before = dup(0);
	Room();
	after = dup(0);
	EXPECT_EQ(after, before + 1);
	close(before);
	close(after);
}

} /* namespace */
