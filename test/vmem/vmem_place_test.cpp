/* SPDX-License-Identifier: BSD-2-Clause */
/* A pool in a directory: where the path may lead, where the pool lies, the
 * space that it takes and gives back, and what it leaves in the process. */
#include "vmem_test.h"

#include <csignal>
#include <cstddef>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace engine;
using namespace pools;

namespace {

const size_t MIN = VMEM_MIN_POOL;

/* After this, open() of a file without a name is what it is on a file system
 * that has none. */
void
forbid_files_without_name()
{
	const unsigned bit = O_TMPFILE & ~O_DIRECTORY;
	sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
		BPF_STMT(
		    BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	sock_fprog filter = { sizeof(program) / sizeof(program[0]), program };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		GTEST_SKIP() << "no seccomp filter here";
}

void
expect_usable(const Pool &pool)
{
	ASSERT_NE(nullptr, pool.get());
	char *block = static_cast<char *>(vmem_malloc(pool.get(), 100000));
	ASSERT_NE(nullptr, block);
	paint(block, 100000, 1);
	EXPECT_TRUE(painted(block, 100000, 1));
	EXPECT_EQ(1, vmem_check(pool.get()));
}

} // namespace

TEST(VmemPlace, LeavesErrnoAlone)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	errno = 4242;
	VMEM *pool = vmem_create(directory.c_str(), MIN);
	EXPECT_EQ(4242, errno);
	ASSERT_NE(nullptr, pool) << vmem_errormsg();
	EXPECT_EQ(1, vmem_check(pool));
	EXPECT_EQ(4242, errno);
	vmem_delete(pool);
	EXPECT_EQ(4242, errno);
}

TEST(VmemPlace, PathsOfEverySort)
{
	ENGINE_PLACE_OR_SKIP(base, MIN);
	Directory directory(base);
	std::string path = directory.path();
	std::string odd = path + "/\xc3\xa4 %s\xff\n";
	ASSERT_EQ(0, mkdir(odd.c_str(), 0700));
	std::string link = path + "/link";
	ASSERT_EQ(0, symlink(odd.c_str(), link.c_str()));
	in_child(20, [&] {
		ASSERT_EQ(0, chdir(path.c_str()));
		for (const std::string &one : { path, path + "/", odd, link,
			 std::string("."), std::string("link"),
			 std::string("link/.."), std::string("./link/") })
			expect_usable(make_pool(one));
	});
	unlink(link.c_str());
	rmdir(odd.c_str());
}

TEST(VmemPlace, BeginsAtAMultipleOf4MiB)
{
	ENGINE_PLACE_OR_SKIP(directory, 60 * MIB);
	std::vector<Pool> several;
	for (size_t size : { MIN, MIN + 1, 15 * MIB, 16 * MIB }) {
		several.push_back(make_pool(directory, size));
		EXPECT_EQ(0u,
		    reinterpret_cast<uintptr_t>(several.back().get()) %
			(4 * MIB))
		    << size;
	}
}

TEST(VmemPlace, FirstPageCannotBeTouched)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Pool pool = make_pool(directory);
	EXPECT_EQ(SIGSEGV, signal_on_touch(start_of(pool)));
	EXPECT_EQ(SIGSEGV, signal_on_touch(start_of(pool) + PAGE - 1));
	expect_usable(pool);
}

TEST(VmemPlace, BlocksLieInThePool)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Pool pool = make_pool(directory);
	for (size_t size : { 8, 100, 4096, 70000, 1000000 }) {
		Blocks blocks;
		blocks.fill(pool.get(), size);
		EXPECT_TRUE(blocks.lie_in(start_of(pool) + PAGE, MIN)) << size;
		blocks.free_all(pool.get());
	}
}

TEST(VmemPlace, SpaceIsTakenAtOnceAndGivenBack)
{
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 32 * MIB);
		std::string path = directory.path();
		Pool pool = make_pool(path, 20 * MIB);
		EXPECT_LE(free_bytes(path), 12 * MIB);
		EXPECT_GE(free_bytes(path), 12 * MIB - 16 * PAGE);
		pool.reset();
		EXPECT_EQ(32 * MIB, free_bytes(path));
	});
}

TEST(VmemPlace, SpaceStaysTakenWhenBlocksAreFreed)
{
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 32 * MIB);
		std::string path = directory.path();
		Pool pool = make_pool(path);
		size_t before = free_bytes(path);
		for (size_t size : { 64, 65536, 1048576 }) {
			Blocks blocks;
			blocks.fill(pool.get(), size);
			EXPECT_EQ(before, free_bytes(path)) << size;
			blocks.free_all(pool.get());
			EXPECT_EQ(before, free_bytes(path)) << size;
		}
	});
}

TEST(VmemPlace, SizeIsRoundedUpToPages)
{
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 32 * MIB);
		std::string path = directory.path();
		Pool whole = make_pool(path, MIN);
		size_t taken = 32 * MIB - free_bytes(path);
		whole.reset();
		Pool more = make_pool(path, MIN + 1);
		EXPECT_EQ(taken + PAGE, 32 * MIB - free_bytes(path));
	});
}

/* Space was reserved, so what happens to the file system later is no matter. */
TEST(VmemPlace, AFullFileSystemDoesNotHurt)
{
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		Pool pool = make_pool(directory.path());
		put_filler(directory.path(), 16 * MIB);
		for (size_t size : { 65536, 16, 4096, 1048576 })
			expect_filled(pool.get(), MIN, size);
		remove_filler(directory.path());
	});
}

TEST(VmemPlace, SpaceComesBackWhenTheProcessEnds)
{
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 32 * MIB);
		pid_t pid = fork();
		if (pid == 0)
			_exit(!vmem_create(directory.path().c_str(), MIN));
		int status = -1;
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		EXPECT_EQ(32 * MIB, free_bytes(directory.path()));
	});
}

TEST(VmemPlace, NoNameAndNoDescriptor)
{
	ENGINE_PLACE_OR_SKIP(base, 2 * MIN);
	Directory directory(base);
	make_pool(directory.path()).reset();
	size_t before = facts().descriptors;
	Pool one = make_pool(directory.path()), two = make_pool(base);
	expect_usable(one);
	EXPECT_EQ(before, facts().descriptors);
	EXPECT_EQ(0u, directory.entries());
	one.reset();
	EXPECT_EQ(before, facts().descriptors);
}

TEST(VmemPlace, WithoutFilesWithoutName)
{
	ENGINE_PLACE_OR_SKIP(base, MIN);
	Directory directory(base);
	in_child(20, [&] {
		sigset_t before, after;
		mode_t mask = umask(022);
		sigprocmask(SIG_BLOCK, nullptr, &before);
		forbid_files_without_name();
		if (testing::Test::IsSkipped())
			return;
		size_t descriptors = facts().descriptors;
		Pool pool = make_pool(directory.path());
		expect_usable(pool);
		EXPECT_EQ(0u, directory.entries());
		EXPECT_EQ(descriptors, facts().descriptors);
		EXPECT_EQ(022u, umask(mask));
		sigprocmask(SIG_BLOCK, nullptr, &after);
		for (int signal = 1; signal < 32; signal++)
			EXPECT_EQ(sigismember(&before, signal),
			    sigismember(&after, signal))
			    << signal;
		expect_filled(pool.get(), MIN - 32 * PAGE, 4096);
	});
}

TEST(VmemPlace, IsUnmappedWhenDeleted)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	Pool pool = make_pool(directory);
	char *start = start_of(pool);
	EXPECT_TRUE(is_mapped(start));
	EXPECT_TRUE(is_mapped(start + MIN - 1));
	pool.reset();
	for (size_t at = 0; at <= MIN; at += MIB)
		EXPECT_FALSE(is_mapped(start + at)) << at;
}

TEST(VmemPlace, ADeletedPoolIsNoPool)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	VMEM *pool = make_pool(directory).release();
	vmem_delete(pool);
	errno = 0;
	EXPECT_EQ(-1, vmem_check(pool));
	forget_error();
	vmem_delete(pool);
	EXPECT_EQ(EINVAL, errno);
	expect_sentence({ "invalid pool handle" });
}
