/* SPDX-License-Identifier: BSD-2-Clause */
/* vmem_create() that fails: errno and the class of the sentence, one test for
 * each cause; the order in which causes are looked at; what fails leaves
 * nothing behind. */
#include "vmem_test.h"

#include <csignal>

#include <fcntl.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

using namespace engine;
using namespace pools;

namespace {

const size_t MIN = VMEM_MIN_POOL;

/* A path below the temporary folder, and a file of that name. */
struct File {
	explicit File(const std::string &name) : path(name)
	{
		close(open(path.c_str(), O_CREAT | O_WRONLY, 0600));
	}
	~File() { unlink(path.c_str()); }
	std::string path;
};

/* Becomes a user whom permissions concern. For children only. */
bool
drop_privileges()
{
	if (geteuid() != 0)
		return true;
	return setgroups(0, nullptr) == 0 &&
	    setresgid(65534, 65534, 65534) == 0 &&
	    setresuid(65534, 65534, 65534) == 0;
}

void
set_limit(int resource, size_t value)
{
	struct rlimit limit;
	ASSERT_EQ(
	    0, getrlimit(static_cast<__rlimit_resource>(resource), &limit));
	limit.rlim_cur = value;
	ASSERT_EQ(
	    0, setrlimit(static_cast<__rlimit_resource>(resource), &limit));
}

} // namespace

TEST(VmemCreate, TooSmall)
{
	for (size_t size : { size_t(0), size_t(1), size_t(4096), MIN - 1 }) {
		VMEM_REFUSED(
		    vmem_create("/tmp", size), EINVAL, too_small(size));
	}
}

TEST(VmemCreate, SizeIsLookedAtBeforeThePath)
{
	VMEM_REFUSED(vmem_create(nullptr, MIN - 1), EINVAL, too_small(MIN - 1));
	VMEM_REFUSED(vmem_create("/nowhere", 0), EINVAL, too_small(0));
	VMEM_REFUSED(vmem_create("", 7), EINVAL, too_small(7));
	VMEM_REFUSED(vmem_create("/dev/null", 14), EINVAL, too_small(14));
}

TEST(VmemCreate, NoPath)
{
	VMEM_REFUSED(vmem_create(nullptr, MIN), EINVAL, "NULL");
}

TEST(VmemCreate, NothingThere)
{
	std::string why = strerror(ENOENT);
	VMEM_REFUSED(vmem_create("", MIN), ENOENT, "open", why);
	VMEM_REFUSED(vmem_create("/nowhere", MIN), ENOENT, "open", why);
	VMEM_REFUSED(vmem_create("/nowhere/at/all", MIN), ENOENT, "open", why);
	VMEM_REFUSED(vmem_create("/tmp/%s%n%d", MIN), ENOENT, "open", why);
}

TEST(VmemCreate, AFile)
{
	Directory directory("/tmp");
	File file(directory.path() + "/file");
	VMEM_REFUSED(vmem_create(file.path.c_str(), MIN), ENOTDIR, "open",
	    strerror(ENOTDIR));
	std::string below = file.path + "/below";
	VMEM_REFUSED(vmem_create(below.c_str(), MIN), ENOTDIR, "os_access",
	    below, strerror(ENOTDIR));
}

TEST(VmemCreate, NameTooLong)
{
	std::string why = strerror(ENAMETOOLONG);
	std::string name = "/tmp/" + std::string(300, 'n');
	VMEM_REFUSED(vmem_create(name.c_str(), MIN), ENAMETOOLONG, "os_access",
	    name, why);
	std::string path;
	while (path.size() < 6000)
		path += "/directory";
	VMEM_REFUSED(vmem_create(path.c_str(), MIN), ENAMETOOLONG, "os_access",
	    path.substr(0, 100), why);
}

TEST(VmemCreate, NoPermission)
{
	Directory directory("/tmp");
	std::string inner = directory.path() + "/inner";
	ASSERT_EQ(0, mkdir(inner.c_str(), 0777));
	in_child(10, [&] {
		ASSERT_EQ(0, chmod(directory.path().c_str(), 0555));
		ASSERT_EQ(0, chmod(inner.c_str(), 0555));
		if (!drop_privileges())
			GTEST_SKIP() << "cannot become another user";
		VMEM_REFUSED(vmem_create(inner.c_str(), MIN), EACCES, "open",
		    strerror(EACCES));
	});
	in_child(10, [&] {
		ASSERT_EQ(0, chmod(directory.path().c_str(), 0444));
		if (!drop_privileges())
			GTEST_SKIP() << "cannot become another user";
		VMEM_REFUSED(vmem_create(inner.c_str(), MIN), EACCES,
		    "os_access", inner, strerror(EACCES));
	});
	chmod(directory.path().c_str(), 0700);
	rmdir(inner.c_str());
}

TEST(VmemCreate, DevicesThatAreNoDax)
{
	for (const char *device : { "/dev/null", "/dev/zero" }) {
		forget_error();
		EXPECT_EQ(nullptr, vmem_create(device, MIN));
		EXPECT_EQ(EINVAL, errno) << device;
	}
}

TEST(VmemCreate, FileSystemsWithoutFiles)
{
	bool root = geteuid() == 0;
	VMEM_REFUSED(vmem_create("/proc", MIN), root ? ENOENT : EACCES,
	    root ? "mkstemp" : "open");
	forget_error();
	EXPECT_EQ(nullptr, vmem_create("/sys", MIN));
	EXPECT_TRUE(errno == EACCES || errno == EROFS) << strerror(errno);
	expect_sentence({ strerror(errno) });
}

TEST(VmemCreate, ReadOnlyFileSystem)
{
	Directory directory("/tmp");
	in_child(10, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		ASSERT_EQ("", remount_read_only(directory.path()));
		VMEM_REFUSED(vmem_create(directory.path().c_str(), MIN), EROFS,
		    "open", strerror(EROFS));
	});
}

/* ---- Sizes beyond what can be ------------------------------------------- */

TEST(VmemCreate, SizesBeyondAnOffset)
{
	size_t half = size_t(1) << 63;
	for (size_t size : { half - 4095, half, half + 1, SIZE_MAX - 8191 })
		VMEM_REFUSED(vmem_create("/tmp", size), EFBIG, "off_t");
	VMEM_REFUSED(vmem_create("/tmp", SIZE_MAX), EINVAL, "posix_fallocate",
	    strerror(EINVAL));
	VMEM_REFUSED(
	    vmem_create("/tmp", SIZE_MAX - 4094), EINVAL, "posix_fallocate");
}

TEST(VmemCreate, SizesBeyondAFile)
{
	struct statfs info;
	ASSERT_EQ(0, statfs("/tmp", &info));
	const unsigned tmpfs = 0x01021994; /* has a size of its own */
	int errnum = info.f_type == tmpfs ? ENOSPC : EFBIG;
	for (int bit : { 46, 62 })
		VMEM_REFUSED(vmem_create("/tmp", size_t(1) << bit), errnum,
		    "posix_fallocate", strerror(errnum));
}

TEST(VmemCreate, BeyondTheLimitOfFiles)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	in_child(10, [&] {
		signal(SIGXFSZ, SIG_IGN);
		set_limit(RLIMIT_FSIZE, MIN - 4096);
		VMEM_REFUSED(vmem_create(directory.c_str(), MIN), EFBIG,
		    "posix_fallocate", strerror(EFBIG));
	});
}

TEST(VmemCreate, FullFileSystem)
{
	Directory directory("/tmp");
	in_child(10, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		const char *path = directory.path().c_str();
		VMEM_REFUSED(vmem_create(path, 17 * MIB), ENOSPC,
		    "posix_fallocate", strerror(ENOSPC));
		EXPECT_EQ(16 * MIB, free_bytes(path));
		Pool pool = make_pool(path);
		VMEM_REFUSED(vmem_create(path, MIN), ENOSPC, "posix_fallocate");
		EXPECT_NE(nullptr, vmem_malloc(pool.get(), 8 * MIB));
		EXPECT_EQ(0u, directory.entries());
	});
}

TEST(VmemCreate, NoAddressSpace)
{
	if (has_address_sanitizer() || has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer needs the address space";
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	in_child(10, [&] {
		make_pool(directory).reset();
		set_limit(RLIMIT_AS, facts().address + 4 * MIB);
		VMEM_REFUSED(vmem_create(directory.c_str(), MIN), ENOMEM,
		    "mmap", strerror(ENOMEM));
	});
}

TEST(VmemCreate, NoDescriptor)
{
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	in_child(10, [&] {
		int lowest = dup(0);
		ASSERT_GE(lowest, 0);
		close(lowest);
		set_limit(RLIMIT_NOFILE, static_cast<size_t>(lowest));
		VMEM_REFUSED(vmem_create(directory.c_str(), MIN), EMFILE,
		    "open", strerror(EMFILE));
		set_limit(RLIMIT_NOFILE, static_cast<size_t>(lowest) + 1);
		make_pool(directory);
	});
}

/* ---- What failure leaves behind ----------------------------------------- */

TEST(VmemCreate, FailuresLeaveNothing)
{
	Directory directory("/tmp");
	in_child(20, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		const char *path = directory.path().c_str();
		auto fail = [&] {
			EXPECT_EQ(nullptr, vmem_create(path, 17 * MIB));
			EXPECT_EQ(nullptr, vmem_create(path, SIZE_MAX));
			EXPECT_EQ(nullptr, vmem_create("/proc", MIN));
			EXPECT_EQ(nullptr, vmem_create("/dev/null", MIN));
		};
		for (int i = 0; i < 20; i++)
			fail();
		Facts before = facts();
		for (int i = 0; i < 500; i++)
			fail();
		Facts after = facts();
		EXPECT_EQ(before.descriptors, after.descriptors);
		EXPECT_LE(after.mappings, before.mappings + 4);
		if (!has_address_sanitizer() && !has_thread_sanitizer()) {
			EXPECT_LE(after.resident, before.resident + MIB);
		}
		EXPECT_EQ(16 * MIB, free_bytes(path));
		EXPECT_EQ(0u, directory.entries());
	});
}
