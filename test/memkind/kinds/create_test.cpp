/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds that programs make: memkind_create_pmem(), _with_config(), _fixed(),
 * _kind() and memkind_destroy_kind(); each error, with *KIND untouched. */
#include "../memkind_test.h"

#include <csignal>

#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

using namespace engine;
using namespace memkinds;

namespace {

const size_t MIN = MEMKIND_PMEM_MIN_SIZE;

/* That EXPRESSION, which makes KIND, gives CODE with ERRNUM and lets the
 * variable alone. */
#define REFUSED(expression, code, errnum) \
	do { \
		memkind_t kind = untouched(); \
		errno = NO_ERRNO; \
		int got = (expression); \
		int got_errno = errno; \
		EXPECT_EQ(code, got) << #expression; \
		EXPECT_EQ(errnum, got_errno) << #expression; \
		EXPECT_EQ(untouched(), kind) << #expression; \
	} while (0)

/* A configuration, deleted with the object. */
struct Config {
	Config(const char *path, size_t size, int policy)
	{
		memkind_config_set_path(get, path);
		memkind_config_set_size(get, size);
		memkind_config_set_memory_usage_policy(
		    get, static_cast<memkind_mem_usage_policy>(policy));
	}
	~Config() { memkind_config_delete(get); }
	struct memkind_config *get = memkind_config_new();
};

} // namespace

/* ---- In a file ----------------------------------------------------------- */

TEST(MemkindPmem, LeavesNoNameNoDescriptor)
{
	Directory directory("/tmp");
	Made first = make_pmem(directory.path());
	Facts before = facts();
	errno = NO_ERRNO;
	Made kind = make_pmem(directory.path(), MIN);
	EXPECT_EQ(NO_ERRNO, errno);
	ASSERT_NE(nullptr, kind.get());
	EXPECT_EQ(0, memkind_check_available(kind.get()));
	void *block = memkind_malloc(kind.get(), MIB);
	EXPECT_EQ(kind.get(), memkind_detect_kind(block));
	EXPECT_EQ(0u, directory.entries());
	/* Before Linux 5.14 one stays open, but not for exec. */
	EXPECT_LE(facts().descriptors, before.descriptors + 1);
	for (int fd = 3; fd < 1024; fd++) {
		struct stat file;
		if (fstat(fd, &file) == 0 && file.st_nlink == 0 &&
		    S_ISREG(file.st_mode)) {
			EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC) << fd;
		}
	}
}

TEST(MemkindPmem, TheLimitIsExactToThePage)
{
	const size_t STEP = 4096;
	for (size_t size : { MIN, MIN + 1, MIN + STEP, size_t(1) << 40,
		 size_t(5) << 40, size_t(1) << 62 }) {
		/* A limit up to 4 TiB is addresses, of which it has few. */
		if (has_thread_sanitizer() && size >> 40 == 1)
			continue;
		Made kind = make_pmem("/tmp", size);
		ASSERT_NE(nullptr, kind.get()) << size;
		EXPECT_EQ((ssize_t)((size + STEP - 1) / STEP * STEP),
		    memkind_get_capacity(kind.get()));
		void *block = memkind_malloc(kind.get(), 100000);
		EXPECT_NE(nullptr, block);
	}
}

TEST(MemkindPmem, WithoutALimitTheFileSystemIsIt)
{
	struct statvfs system;
	ENGINE_PLACE_OR_SKIP(directory, MIN);
	ASSERT_EQ(0, statvfs(directory.c_str(), &system));
	Made kind = make_pmem(directory);
	EXPECT_EQ((ssize_t)(system.f_blocks * system.f_frsize),
	    memkind_get_capacity(kind.get()));
}

TEST(MemkindPmem, PathsOfAllSorts)
{
	for (const char *name : { "a,b", "a b", "a\\b", "a\"b", "a:b,size=1",
		 "%s%n", "\xc3\xa4" }) {
		Directory directory("/tmp");
		std::string path = directory.path() + "/" + name;
		ASSERT_EQ(0, mkdir(path.c_str(), 0700));
		Made kind = make_pmem(path);
		EXPECT_GT(memkind_get_capacity(kind.get()), 0) << path;
		void *block = memkind_malloc(kind.get(), 3 * MIB);
		EXPECT_NE(nullptr, block) << path;
		rmdir(path.c_str());
	}
}

TEST(MemkindPmem, LimitsThatAreNone)
{
	for (size_t size : { size_t(1), PAGE, MIN - 1 })
		REFUSED(memkind_create_pmem("/tmp", size, &kind),
		    MEMKIND_ERROR_INVALID, EINVAL);
}

TEST(MemkindPmem, DirectoriesThatAreNone)
{
	const struct {
		const char *path;
		int errnum;
	} table[] = { { "/nowhere", ENOENT }, { "/tmp/%s%n", ENOENT },
		{ "/dev/null", ENOTDIR } };
	for (auto &one : table)
		REFUSED(memkind_create_pmem(one.path, 0, &kind),
		    MEMKIND_ERROR_INVALID, one.errnum);
	std::string path = "/tmp/" + std::string(300, 'n');
	REFUSED(memkind_create_pmem(path.c_str(), 0, &kind),
	    MEMKIND_ERROR_INVALID, ENAMETOOLONG);
	while (path.size() < 9000)
		path += "/directory";
	REFUSED(memkind_create_pmem(path.c_str(), 0, &kind),
	    MEMKIND_ERROR_INVALID, ENAMETOOLONG);
	REFUSED(memkind_create_pmem(nullptr, 0, &kind), MEMKIND_ERROR_INVALID,
	    EINVAL);
	EXPECT_EQ(
	    MEMKIND_ERROR_INVALID, memkind_create_pmem("/tmp", 0, nullptr));
}

TEST(MemkindPmem, NoPermission)
{
	Directory directory("/tmp");
	chmod(directory.path().c_str(), 0555);
	in_child(10, [&] {
		if (geteuid() == 0 &&
		    (setgroups(0, nullptr) != 0 || setgid(65534) != 0 ||
			setuid(65534) != 0))
			GTEST_SKIP() << "cannot become another user";
		REFUSED(memkind_create_pmem(directory.path().c_str(), 0, &kind),
		    MEMKIND_ERROR_INVALID, EACCES);
	});
}

TEST(MemkindPmem, NoDescriptor)
{
	in_child(10, [&] {
		int lowest = dup(0);
		close(lowest);
		struct rlimit limit = { rlim_t(lowest), rlim_t(lowest) };
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
		REFUSED(memkind_create_pmem("/tmp", 0, &kind),
		    MEMKIND_ERROR_INVALID, EMFILE);
	});
}

/* ---- With a configuration ------------------------------------------------ */

TEST(MemkindConfig, NewOnesAreEmpty)
{
	struct memkind_config *config = memkind_config_new();
	ASSERT_NE(nullptr, config);
	REFUSED(memkind_create_pmem_with_config(config, &kind),
	    MEMKIND_ERROR_INVALID, EINVAL);
	memkind_config_set_path(config, "/tmp");
	memkind_t kind = nullptr;
	EXPECT_EQ(0, memkind_create_pmem_with_config(config, &kind));
	memkind_config_delete(config);
	memkind_config_delete(nullptr);
	EXPECT_NE(nullptr, memkind_malloc(kind, 100)) << "it lives on";
	EXPECT_EQ(0, memkind_destroy_kind(kind));
}

TEST(MemkindConfig, SaysPathSizeAndPolicy)
{
	for (int policy : { MEMKIND_MEM_USAGE_POLICY_DEFAULT,
		 MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE }) {
		Config config("/tmp", MIN + 1, policy);
		memkind_t kind = nullptr;
		ASSERT_EQ(
		    0, memkind_create_pmem_with_config(config.get, &kind));
		EXPECT_EQ((ssize_t)(MIN + 4096), memkind_get_capacity(kind));
		EXPECT_EQ(0, memkind_destroy_kind(kind));
	}
}

TEST(MemkindConfig, ErrorsMakeNoKind)
{
	size_t before = facts().mappings;
	for (int round = 0; round < 100; round++) {
		for (int policy : { 2, 3, 1000, -1 })
			REFUSED(memkind_create_pmem_with_config(
				    Config("/tmp", MIN, policy).get, &kind),
			    MEMKIND_ERROR_INVALID, EINVAL);
		REFUSED(memkind_create_pmem_with_config(
			    Config("/tmp", MIN - 1, 0).get, &kind),
		    MEMKIND_ERROR_INVALID, EINVAL);
		REFUSED(memkind_create_pmem_with_config(
			    Config("/nowhere", MIN, 0).get, &kind),
		    MEMKIND_ERROR_INVALID, ENOENT);
	}
	REFUSED(memkind_create_pmem_with_config(nullptr, &kind),
	    MEMKIND_ERROR_INVALID, EINVAL);
	EXPECT_EQ(MEMKIND_ERROR_INVALID,
	    memkind_create_pmem_with_config(
		Config("/tmp", MIN, 0).get, nullptr));
	EXPECT_LE(facts().mappings, before + 4);
}

/* ---- In a region --------------------------------------------------------- */

TEST(MemkindFixed, AllOfItAndNothingElse)
{
	Region region(8 * MIB, true);
	Made kind = make_fixed(region);
	EXPECT_EQ(8 << 20, memkind_get_capacity(kind.get()));
	EXPECT_EQ(0, memkind_check_available(kind.get()));
	Blocks blocks;
	size_t count = blocks.fill(kind.get(), 1024);
	EXPECT_GE(count, nearly_all(8 * MIB, 1024));
	EXPECT_LE(count, 8 * MIB / 1024);
	EXPECT_EQ(count, blocks.free_all(kind.get()));
	char *block = static_cast<char *>(memkind_malloc(kind.get(), 7 * MIB));
	ASSERT_NE(nullptr, block);
	EXPECT_TRUE(block >= region.start() &&
	    block + 7 * MIB <= region.start() + region.size());
}

TEST(MemkindFixed, OfAnySizeAtAnyAddress)
{
	Region region(MIB, true);
	memkind_t kind = nullptr;
	for (size_t pages : { 1, 2, 5, 100 }) {
		ASSERT_EQ(0,
		    memkind_create_fixed(region.start(), pages * PAGE, &kind))
		    << pages;
		EXPECT_NE(nullptr, memkind_malloc(kind, 64)) << pages;
		EXPECT_EQ(0, memkind_destroy_kind(kind));
	}
	ASSERT_EQ(0, memkind_create_fixed(region.start() + 100, 50000, &kind));
	for (char *block; (block = (char *)memkind_malloc(kind, 1000));)
		EXPECT_TRUE(block >= region.start() + 100 &&
		    block + 1000 <= region.start() + 50100);
	EXPECT_EQ(0, memkind_destroy_kind(kind));
}

TEST(MemkindFixed, OutlivesItsKind)
{
	Region region(4 * MIB);
	for (int round = 0; round < 3; round++) {
		Made kind = make_fixed(region);
		void *block = memkind_calloc(kind.get(), 1, 2 * MIB);
		ASSERT_NE(nullptr, block);
		EXPECT_TRUE(all_bytes_are(block, 2 * MIB, 0)) << round;
		paint(block, 2 * MIB, 1);
		kind.reset();
		EXPECT_TRUE(is_mapped(block));
	}
	paint(region.start(), region.size(), 1);
}

TEST(MemkindFixed, Errors)
{
	Region region(MIB);
	char *at = region.start();
	REFUSED(memkind_create_fixed(nullptr, MIB, &kind),
	    MEMKIND_ERROR_INVALID, EINVAL);
	REFUSED(
	    memkind_create_fixed(at, 0, &kind), MEMKIND_ERROR_INVALID, EINVAL);
	REFUSED(memkind_create_fixed(at, SIZE_MAX, &kind),
	    MEMKIND_ERROR_INVALID, EINVAL);
	EXPECT_EQ(
	    MEMKIND_ERROR_INVALID, memkind_create_fixed(at, MIB, nullptr));
	Made first = make_fixed(region);
	REFUSED(memkind_create_fixed(at, MIB, &kind), MEMKIND_ERROR_INVALID,
	    EEXIST);
}
