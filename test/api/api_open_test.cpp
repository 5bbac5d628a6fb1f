/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and closing kinds: results, errors and their sentences, names. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

TEST(ApiVersion, LibraryAndHeaderAgree)
{
	EXPECT_EQ(unsigned(POOLKIND_VERSION_MAJOR << 16 |
		      POOLKIND_VERSION_MINOR << 8 | POOLKIND_VERSION_PATCH),
	    poolkind_version());
}

TEST(ApiOpen, LeavesErrnoAloneOnSuccess)
{
	ENGINE_PLACE_OR_SKIP(directory, 4 * MIB);
	for (std::string spec :
	    { std::string("dram"), "file:" + directory + ",size=4M" }) {
		errno = 4242;
		poolkind *kind = poolkind_open(spec.c_str(), 0);
		EXPECT_EQ(4242, errno);
		ASSERT_NE(nullptr, kind) << poolkind_errormsg();
		EXPECT_EQ(0, poolkind_close(kind));
		EXPECT_EQ(4242, errno);
	}
}

TEST(ApiOpen, RefusesNull)
{
	EXPECT_REFUSED(!poolkind_open(nullptr, 0), EINVAL, "");
	EXPECT_STRNE("", poolkind_errormsg());
}

TEST(ApiOpen, RefusesEveryFlag)
{
	Region region(POOLKIND_REGION_MIN);
	for (unsigned bit = 0; bit < 32; bit++) {
		EXPECT_REFUSED(
		    !poolkind_open("dram", 1u << bit), EINVAL, "flag");
		EXPECT_REFUSED(!poolkind_open_region(region.start(),
				   region.size(), nullptr, 1u << bit),
		    EINVAL, "flag");
	}
}

struct BadWord {
	const char *spec;
	const char *offender; /* what the sentence must name */
	const char *valid;    /* what it must name as valid */
};

class ApiBadSpec : public testing::TestWithParam<BadWord> {};

TEST_P(ApiBadSpec, IsEinvalAndNamesTheWord)
{
	EXPECT_REFUSED(
	    !poolkind_open(GetParam().spec, 0), EINVAL, GetParam().offender);
	EXPECT_SENTENCE(GetParam().valid);
	EXPECT_STRNE("", poolkind_errormsg());
	EXPECT_EQ(nullptr, strchr(poolkind_errormsg(), '\n'));
}

INSTANTIATE_TEST_SUITE_P(Words, ApiBadSpec,
    testing::Values(BadWord{ "", "", "" }, BadWord{ "dramm", "dramm", "dram" },
	BadWord{ "fil:/tmp", "fil", "file" }, BadWord{ "region", "region", "" },
	BadWord{ "dram,", "", "" }, BadWord{ "dram,,limit=1M", "", "" },
	BadWord{ "dram,limt=1M", "limt", "limit" },
	BadWord{ "dram,siez=1M", "siez", "size" },
	BadWord{ "dram,limit", "limit", "" },
	BadWord{ "dram,limit=", "limit", "" },
	BadWord{ "dram,limit=12Q", "12Q", "" },
	BadWord{ "dram,limit=-1", "-1", "" },
	BadWord{
	    "dram,limit=99999999999999999999", "99999999999999999999", "" },
	BadWord{ "dram,limit=99999999999T", "99999999999T", "" },
	BadWord{ "dram,page=3M", "3M", "2M" },
	BadWord{ "dram:here", "here", "" },
	BadWord{ "dram,fork=copy", "fork", "" },
	BadWord{ "file:,size=4M", "", "" },
	BadWord{ "file:/tmp,size=4M,fork=maybe", "maybe", "refuse" },
	BadWord{ "file:/tmp,size=4M,grow=perhaps", "perhaps", "yes" },
	BadWord{ "nodes:", "", "" }, BadWord{ "nodes:x", "x", "" },
	BadWord{ "nodes:3-1", "3-1", "" },
	BadWord{ "nodes:0,policy=bnid", "bnid", "bind" }));

TEST(ApiOpen, RefusesAnOverlongName)
{
	std::string spec = "dram,name=" + std::string(5000, 'n');
	EXPECT_REFUSED(!poolkind_open(spec.c_str(), 0), EINVAL, "name");
}

TEST(ApiOpen, DirectoryThatDoesNotExist)
{
	EXPECT_REFUSED(!poolkind_open("file:/no/such/place,size=4M", 0), ENOENT,
	    "/no/such/place");
}

TEST(ApiOpen, DirectoryInWhichNoFilesAre)
{
	EXPECT_REFUSED(!poolkind_open("file:/proc,size=4M", 0), ENOENT,
	    "the directory \"/proc\" exists, but its file system does not let "
	    "anybody make files in it");
}

TEST(ApiOpen, MarksAPathThatItCuts)
{
	std::string path = "/" + std::string(200, 'x');

	EXPECT_REFUSED(!poolkind_open(("file:" + path).c_str(), 0), ENOENT,
	    "\"/" + std::string(139, 'x') + "...\": No such file");
}

TEST(ApiOpen, DirectoryThatIsAFile)
{
	EXPECT_REFUSED(!poolkind_open("file:/proc/self/exe,size=4M", 0),
	    ENOTDIR, "/proc/self/exe");
}

TEST(ApiOpen, DirectoryWithAnOverlongComponent)
{
	std::string spec = "file:/tmp/" + std::string(300, 'x') + ",size=4M";
	EXPECT_REFUSED(!poolkind_open(spec.c_str(), 0), ENAMETOOLONG, "xxx");
}

TEST(ApiOpen, DirectoryWithoutPermission)
{
	in_child(10, [] {
		Directory directory("/tmp");
		ASSERT_EQ(0, chmod(directory.path().c_str(), 0555));
		if (geteuid() == 0) {
			ASSERT_EQ(0, seteuid(65534));
		}
		EXPECT_REFUSED(
		    !poolkind_open(
			("file:" + directory.path() + ",size=4M").c_str(), 0),
		    EACCES, directory.path());
		if (getuid() == 0) {
			ASSERT_EQ(0, seteuid(0));
		}
	});
}

TEST(ApiOpen, ReadOnlyFileSystem)
{
	Directory directory("/tmp");
	in_child(10, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 4 * MIB);
		ASSERT_EQ("", remount_read_only(directory.path()));
		EXPECT_REFUSED(
		    !poolkind_open(
			("file:" + directory.path() + ",size=4M").c_str(), 0),
		    EROFS, directory.path());
	});
}

TEST(ApiOpen, SizeBeyondTheFileSizeLimit)
{
	ENGINE_PLACE_OR_SKIP(directory, 4 * MIB);
	in_child(10, [&] {
		struct rlimit limit = { 2 * MIB, 2 * MIB };
		ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
		EXPECT_REFUSED(
		    !poolkind_open(
			("file:" + directory + ",size=64M").c_str(), 0),
		    EFBIG, "");
		EXPECT_STRNE("", poolkind_errormsg());
		open_kind("file:" + directory + ",size=2M");
	});
}

TEST(ApiOpen, SizeBeyondTheAddressSpace)
{
	for (const char *spec : { "dram,size=8192T", "file:/tmp,size=8192T" })
		EXPECT_REFUSED(!poolkind_open(spec, 0), ENOMEM,
		    "cannot reserve 8 PiB of address space: ");
	EXPECT_REFUSED(!poolkind_open("dram,size=900000000001K", 0), ENOMEM,
	    "cannot reserve 900000000001 KiB of address space: ");
}

TEST(ApiOpen, ReserveMoreThanTheFileSystemHas)
{
	Directory directory("/tmp");
	in_child(10, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 8 * MIB);
		std::string where = "file:" + directory.path();
		EXPECT_REFUSED(
		    !poolkind_open(
			(where + ",size=16M,reserve=yes").c_str(), 0),
		    ENOSPC, directory.path());
		EXPECT_EQ(8 * MIB, free_bytes(directory.path()));
		Kind kind = open_kind(where + ",size=4M,reserve=yes");
		EXPECT_LE(free_bytes(directory.path()), 4 * MIB);
	});
}

TEST(ApiOpen, NodeThatDoesNotExist)
{
	EXPECT_REFUSED(!poolkind_open("nodes:1000", 0), ENODEV, "1000");
}

static long
number_in(const std::string &path)
{
	long number = 0;
	std::ifstream(path) >> number;
	return number;
}

/* No pages of a size, or none set up: each allocation would be NULL. */
TEST(ApiOpen, PageSizeThatDoesNotExist)
{
	const char *sizes[][2] = { { "2M", "2048kB" }, { "1G", "1048576kB" },
		{ "32M", "32768kB" }, { "512M", "524288kB" } };
	for (auto &size : sizes) {
		std::string spec = std::string("dram,page=") + size[0];
		std::string pages = std::string(
					"/sys/kernel/mm/hugepages/hugepages-") +
		    size[1];
		if (number_in(pages + "/nr_hugepages") != 0 ||
		    number_in(pages + "/nr_overcommit_hugepages") != 0)
			open_kind(spec);
		else
			EXPECT_REFUSED(
			    !poolkind_open(spec.c_str(), 0), ENODEV, size[0]);
		if (access(pages.c_str(), F_OK) != 0 &&
		    access("/sys/kernel/mm/hugepages", F_OK) == 0) {
			EXPECT_SENTENCE("that size, but of ");
		}
	}
}

TEST(ApiOpen, NoDescriptorLeft)
{
	ENGINE_PLACE_OR_SKIP(directory, 4 * MIB);
	in_child(10, [&] {
		std::string spec = "file:" + directory + ",size=4M";
		int lowest = dup(0);
		struct rlimit limit;
		ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
		limit.rlim_cur = static_cast<rlim_t>(lowest) + 1;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
		EXPECT_REFUSED(!poolkind_open(spec.c_str(), 0), EMFILE, "");
		close(lowest);
		open_kind(spec);
	});
}

TEST(ApiOpen, FailuresLeaveNothingBehind)
{
	ENGINE_PLACE_OR_SKIP(directory, 4 * MIB);
	auto fail_once = [&] {
		EXPECT_EQ(nullptr, poolkind_open("file:/no/such,size=4M", 0));
		EXPECT_EQ(nullptr,
		    poolkind_open(
			("file:" + directory + ",size=100000T").c_str(), 0));
		EXPECT_EQ(nullptr, poolkind_open("nodes:1000", 0));
	};
	fail_once();
	Facts before = facts();
	for (int i = 0; i < 1000; i++)
		fail_once();
	Facts after = facts();
	EXPECT_EQ(before.descriptors, after.descriptors);
	EXPECT_LE(after.mappings, before.mappings + 4);
	EXPECT_LE(after.address, before.address + 4 * MIB);
}

TEST(ApiName, IsTheOneOfTheTextOrUnique)
{
	Kind named = open_kind("dram,name=scratch");
	EXPECT_STREQ("scratch", poolkind_name(named.get()));
	Kind one = open_kind("dram"), two = open_kind("dram");
	std::string first = poolkind_name(one.get());
	std::string second = poolkind_name(two.get());
	EXPECT_EQ(0u, first.find("kind"));
	EXPECT_GT(first.size(), 4u);
	EXPECT_EQ(std::string::npos, first.find_first_not_of("0123456789", 4));
	EXPECT_NE(first, second);
}

class ApiText : public testing::TestWithParam<const char *> {};

TEST_P(ApiText, RoundTrip)
{
	Directory directory("/tmp");
	std::string spec = GetParam();
	size_t at = spec.find("DIR");
	if (at != std::string::npos)
		spec.replace(at, 3, directory.path());
	Kind one(poolkind_open(spec.c_str(), 0));
	if (!one && errno == ENODEV)
		GTEST_SKIP() << poolkind_errormsg();
	ASSERT_NE(nullptr, one.get()) << poolkind_errormsg();
	std::string text = poolkind_text(one.get());
	Kind two = open_kind(text);
	ASSERT_NE(nullptr, two.get());
	EXPECT_EQ(text, poolkind_text(two.get()));
	EXPECT_EQ(stats_of(one.get()).limit, stats_of(two.get()).limit);
	EXPECT_EQ(stats_of(one.get()).size, stats_of(two.get()).size);
}

INSTANTIATE_TEST_SUITE_P(Specs, ApiText,
    testing::Values("dram", "dram,limit=64M", "dram,limit=67108864",
	"dram,name=alpha,limit=3G", "dram,page=2M", "file:DIR,size=14M",
	"file:DIR,size=4M,grow=yes", "file:DIR,size=4M,reserve=yes",
	"file:DIR,size=8M,fork=copy", "file:DIR,fork=shared,size=8M,limit=4M",
	"file:DIR,size=8M,fork=private", "nodes:0", "nodes:0,policy=interleave",
	"nodes:0-0,policy=preferred"));

TEST(ApiText, IsNormalised)
{
	Kind bytes = open_kind("dram,limit=67108864");
	Kind kilos = open_kind("dram,limit=65536k");
	Kind megas = open_kind("dram,limit=64M");
	EXPECT_STREQ("dram,limit=64M", poolkind_text(megas.get()));
	EXPECT_STREQ("dram,limit=64M", poolkind_text(kilos.get()));
	EXPECT_STREQ("dram,limit=64M", poolkind_text(bytes.get()));
}

TEST(ApiText, LeavesDefaultsOut)
{
	ENGINE_PLACE_OR_SKIP(directory, 4 * MIB);
	std::string plain = "file:" + directory + ",size=4M";
	Kind kind = open_kind(plain + ",fork=refuse");
	EXPECT_EQ(plain, poolkind_text(kind.get()));
}

TEST(ApiText, OfARegionBeginsWithRegion)
{
	Region region(2 * MIB);
	Kind kind(poolkind_open_region(
	    region.start(), region.size(), "limit=1M,name=scratch", 0));
	ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
	EXPECT_EQ(0u, std::string(poolkind_text(kind.get())).find("region"));
	EXPECT_STREQ("scratch", poolkind_name(kind.get()));
	EXPECT_EQ(1 * MIB, stats_of(kind.get()).limit);
}

TEST(ApiUserData, IsCarried)
{
	Kind one = open_kind("dram"), two = open_kind("dram");
	int mine, other;
	EXPECT_EQ(nullptr, poolkind_user_data(one.get()));
	poolkind_set_user_data(one.get(), &mine);
	poolkind_set_user_data(two.get(), &other);
	EXPECT_EQ(&mine, poolkind_user_data(one.get()));
	EXPECT_EQ(&other, poolkind_user_data(two.get()));
	poolkind_set_user_data(one.get(), nullptr);
	EXPECT_EQ(nullptr, poolkind_user_data(one.get()));
}

TEST(ApiUserData, IsNullInAKindThatTakesTheRoomOfAClosedOne)
{
	int mine;
	poolkind_set_user_data(open_kind("dram").get(), &mine);
	Kind next = open_kind("dram");
	EXPECT_EQ(nullptr, poolkind_user_data(next.get()));
}

TEST(ApiClose, NullIsNothing)
{
	errno = 4242;
	EXPECT_EQ(0, poolkind_close(nullptr));
	EXPECT_EQ(4242, errno);
}

TEST(ApiClose, RefusesWhatIsNoKind)
{
	static long zeros[512];
	char here[4096] = { 1 };
	EXPECT_REFUSED(poolkind_close((poolkind *)zeros) == -1, EINVAL, "");
	EXPECT_REFUSED(poolkind_close((poolkind *)here) == -1, EINVAL, "");
	EXPECT_STRNE("", poolkind_errormsg());
}

TEST(ApiClose, RefusesAKindThatWasClosed)
{
	poolkind *kind = open_kind("dram").release();
	ASSERT_EQ(0, poolkind_close(kind));
	EXPECT_REFUSED(poolkind_close(kind) == -1, EINVAL, "");
}

TEST(ApiClose, GivesFileSpaceBack)
{
	Directory directory("/tmp");
	in_child(10, [&] {
		ENGINE_TMPFS_OR_SKIP(directory.path(), 16 * MIB);
		Kind kind = open_kind("file:" + directory.path() + ",size=14M");
		Chain chain;
		chain.fill(kind.get(), 65536);
		EXPECT_LT(free_bytes(directory.path()), 3 * MIB);
		kind.reset();
		EXPECT_EQ(16 * MIB, free_bytes(directory.path()));
	});
}

TEST(ApiClose, BlocksAreNobodysAfterwards)
{
	Kind kind = open_kind("dram");
	void *block = poolkind_malloc(kind.get(), 1000);
	ASSERT_NE(nullptr, block);
	EXPECT_EQ(kind.get(), poolkind_of(block));
	kind.reset();
	EXPECT_EQ(nullptr, poolkind_of(block));
}

/* ---- Regions ------------------------------------------------------------ */

TEST(ApiRegion, RefusesWhatIsTooSmallOrUnaligned)
{
	Region region(4 * MIB);
	char *start = region.start();
	EXPECT_REFUSED(!poolkind_open_region(nullptr, 2 * MIB, nullptr, 0),
	    EINVAL, "the address of the region is NULL");
	EXPECT_REFUSED(!poolkind_open_region(start, 0, nullptr, 0), EINVAL, "");
	EXPECT_REFUSED(!poolkind_open_region(
			   start, POOLKIND_REGION_MIN - 4096, nullptr, 0),
	    EINVAL, "");
	EXPECT_REFUSED(
	    !poolkind_open_region(start + 64, 2 * MIB, nullptr, 0), EINVAL, "");
	EXPECT_REFUSED(
	    !poolkind_open_region(start, 2 * MIB + 64, nullptr, 0), EINVAL, "");
	EXPECT_REFUSED(
	    !poolkind_open_region(start + 4096, SIZE_MAX - 4095, nullptr, 0),
	    EINVAL, "");
	EXPECT_STRNE("", poolkind_errormsg());
}

TEST(ApiRegion, RefusesOptionsItDoesNotKnow)
{
	Region region(2 * MIB);
	EXPECT_REFUSED(
	    !poolkind_open_region(region.start(), region.size(), "limt=1M", 0),
	    EINVAL, "limt");
	EXPECT_SENTENCE("limit");
	EXPECT_REFUSED(!poolkind_open_region(
			   region.start(), region.size(), "dram,limit=1M", 0),
	    EINVAL, "dram");
	Kind kind(poolkind_open_region(region.start(), region.size(), "", 0));
	EXPECT_NE(nullptr, kind.get()) << poolkind_errormsg();
}

TEST(ApiRegion, RefusesOverlaps)
{
	Region region(8 * MIB);
	char *middle = region.start() + 3 * MIB;
	Kind kind(poolkind_open_region(middle, 2 * MIB, nullptr, 0));
	ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
	auto overlaps = [](char *start, size_t size) {
		return !poolkind_open_region(start, size, nullptr, 0);
	};
	EXPECT_REFUSED(overlaps(middle, 2 * MIB), EEXIST, "");
	EXPECT_REFUSED(overlaps(region.start(), 8 * MIB), EEXIST, "");
	EXPECT_REFUSED(
	    overlaps(region.start(), 3 * MIB + KIND_PAGE), EEXIST, "");
	EXPECT_REFUSED(
	    overlaps(middle + KIND_PAGE, POOLKIND_REGION_MIN), EEXIST, "");
	EXPECT_REFUSED(
	    overlaps(middle + 2 * MIB - KIND_PAGE, 2 * MIB), EEXIST, "");
	Kind below(poolkind_open_region(region.start(), 3 * MIB, nullptr, 0));
	Kind above(poolkind_open_region(middle + 2 * MIB, 3 * MIB, nullptr, 0));
	EXPECT_NE(nullptr, below.get()) << poolkind_errormsg();
	EXPECT_NE(nullptr, above.get()) << poolkind_errormsg();
}

TEST(ApiRegion, OverlapWithMemoryOfAnotherKind)
{
	Kind dram = open_kind("dram");
	void *block = poolkind_aligned_alloc(dram.get(), 4096, 4 * MIB);
	ASSERT_NE(nullptr, block);
	errno = 0;
	poolkind *inner = poolkind_open_region(block, 2 * MIB, nullptr, 0);
	if (inner) {
		EXPECT_EQ(inner, poolkind_of(block));
		EXPECT_EQ(0, poolkind_close(inner));
		EXPECT_EQ(dram.get(), poolkind_of(block));
	} else {
		EXPECT_EQ(EEXIST, errno);
	}
	poolkind_free(dram.get(), block);
}

TEST(ApiRegion, StaysMappedAndCanBeOpenedAgain)
{
	Region region(2 * MIB, true);
	for (int round = 0; round < 20; round++) {
		Kind kind(poolkind_open_region(
		    region.start(), region.size(), nullptr, 0));
		ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
		Chain chain;
		EXPECT_GE(chain.fill(kind.get(), 4096),
		    nearly_all(region.size(), 4096));
		kind.reset();
		ASSERT_TRUE(is_mapped(region.start()));
		ASSERT_TRUE(is_mapped(region.start() + region.size() - 1));
		region.start()[0] = region.start()[region.size() - 1] = 7;
	}
}

TEST(ApiRegion, NothingOutsideIsTouched)
{
	Region around(6 * MIB, true);
	char *start = around.start() + 2 * MIB + KIND_PAGE;
	size_t size = 2 * MIB + 3 * KIND_PAGE;
	{
		Kind kind(poolkind_open_region(start, size, nullptr, 0));
		ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
		for (size_t block : { 64, 4096, 200000 }) {
			Chain chain;
			EXPECT_GT(chain.fill(kind.get(), block), 5u);
			chain.free_all(kind.get());
		}
		EXPECT_EQ(0, poolkind_trim(kind.get()));
	}
	EXPECT_TRUE(
	    all_bytes_are(around.start(), start - around.start(), 0xa5));
	EXPECT_TRUE(all_bytes_are(start + size,
	    around.start() + around.size() - (start + size), 0xa5));
}

TEST(ApiRegion, EveryByteIsHandedOut)
{
	Region region(POOLKIND_REGION_MIN + KIND_PAGE);
	Kind kind(
	    poolkind_open_region(region.start(), region.size(), nullptr, 0));
	ASSERT_NE(nullptr, kind.get()) << poolkind_errormsg();
	EXPECT_EQ(region.size(), stats_of(kind.get()).size);
	Chain chain;
	for (size_t block : { 64, 1024, 4096, 65536 }) {
		EXPECT_GE(chain.fill(kind.get(), block),
		    nearly_all(region.size(), block))
		    << block;
		EXPECT_EQ(chain.count(), chain.count());
		chain.free_all(kind.get());
	}
}

/* ---- The sentence ------------------------------------------------------- */

TEST(ApiErrormsg, IsEmptyAtFirstAndOneForEachThread)
{
	ASSERT_EQ(nullptr, poolkind_open("dram,limt=1", 0));
	std::string mine = poolkind_errormsg();
	std::string theirs, at_first = "not run";
	std::thread([&] {
		at_first = poolkind_errormsg();
		EXPECT_EQ(nullptr, poolkind_open("nosuchsource", 0));
		theirs = poolkind_errormsg();
	}).join();
	EXPECT_EQ("", at_first);
	EXPECT_NE(std::string::npos, theirs.find("nosuchsource"));
	EXPECT_EQ(mine, poolkind_errormsg());
}

TEST(ApiErrormsg, OutlivesSuccesses)
{
	ASSERT_EQ(nullptr, poolkind_open("dram,limt=1", 0));
	std::string before = poolkind_errormsg();
	Kind kind = open_kind("dram");
	poolkind_free(kind.get(), poolkind_malloc(kind.get(), 10));
	EXPECT_EQ(before, poolkind_errormsg());
}

TEST(ApiErrormsg, HandlesHostileTexts)
{
	std::string percent = "dram,%s%n%d=%s";
	EXPECT_REFUSED(!poolkind_open(percent.c_str(), 0), EINVAL, "%");
	std::string lines = "dr\nam";
	EXPECT_EQ(nullptr, poolkind_open(lines.c_str(), 0));
	EXPECT_EQ(nullptr, strchr(poolkind_errormsg(), '\n'));
	std::string huge(1 << 20, 'x');
	EXPECT_REFUSED(!poolkind_open(huge.c_str(), 0), EINVAL, "x");
	EXPECT_LT(strlen(poolkind_errormsg()), 1024u);
}
