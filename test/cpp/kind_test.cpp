/* SPDX-License-Identifier: BSD-2-Clause */
/* poolkind::kind: who owns a kind, what it says, and how errors come. */
#include "../lib/aligned.h"
#include "cpp_test.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

using namespace cpp;

namespace {

bool
is_open(poolkind *handle)
{
	return poolkind_each_kind(
	    [](void *wanted, poolkind *one) { return int(wanted == one); },
	    handle);
}

static_assert(!std::is_copy_constructible_v<poolkind::kind>);
static_assert(std::is_nothrow_move_constructible_v<poolkind::kind>);
static_assert(std::is_nothrow_move_assignable_v<poolkind::kind>);
static_assert(sizeof(poolkind::kind) == sizeof(poolkind *));
static_assert(!std::is_destructible_v<poolkind>);

TEST(CppKind, IsClosedAtItsEnd)
{
	poolkind *handle;
	{
		poolkind::kind one("dram,name=one");

		handle = one.handle();
		EXPECT_TRUE(one);
		EXPECT_STREQ(one.name(), "one");
		EXPECT_STREQ(one.text(), "dram,name=one");
		EXPECT_STREQ(one.resolved(), poolkind_resolved(handle));
		EXPECT_TRUE(is_open(handle));
		errno = 7;
	}
	EXPECT_EQ(errno, 7);
	EXPECT_FALSE(is_open(handle));
}

TEST(CppKind, MovesAndIsGivenUp)
{
	poolkind::kind one(std::string("dram"));
	poolkind *first = one.handle();
	poolkind::kind two(std::move(one));

	EXPECT_FALSE(one);
	EXPECT_EQ(two.handle(), first);
	poolkind::kind three("dram");
	poolkind *third = three.handle();

	three = std::move(two);
	EXPECT_EQ(three.handle(), first);
	EXPECT_FALSE(is_open(third));
	poolkind *released = three.release();

	EXPECT_FALSE(three);
	EXPECT_TRUE(is_open(released));
	three = poolkind::kind::adopt(released);
	EXPECT_EQ(three.handle(), first);
	poolkind::kind &same = three;

	three = std::move(same);
	EXPECT_EQ(three.handle(), first);
	three.close();
	EXPECT_FALSE(three);
	EXPECT_FALSE(is_open(first));
	three.close();
}

TEST(CppKind, ThrowsTheSentence)
{
	EXPECT_EQ(thrown([] { poolkind::kind no("drum"); }), EINVAL);
	EXPECT_EQ(thrown([] { poolkind::kind no("file:/nowhere/x"); }), ENOENT);
	try {
		poolkind::kind no("drum");
	} catch (const std::exception &error) {
		EXPECT_EQ(
		    std::string(error.what()).find(poolkind_errormsg()), 0u)
		    << error.what();
		EXPECT_NE(std::strstr(error.what(), "drum"), nullptr);
	}
}

TEST(CppKind, TellsWithoutExceptions)
{
	std::error_code error;
	poolkind::kind no("drum", error);

	EXPECT_FALSE(no);
	EXPECT_EQ(error, std::errc::invalid_argument);
	poolkind::kind yes("dram", error);

	EXPECT_TRUE(yes);
	EXPECT_FALSE(error);
	poolkind::kind small(&error, 1, nullptr, error);

	EXPECT_FALSE(small);
	EXPECT_EQ(error, std::errc::invalid_argument);
}

TEST(CppKind, LiesOnARegion)
{
	void *region = mmap(nullptr, 2 * MIB, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(region, MAP_FAILED);
	{
		poolkind::kind there(region, 2 * MIB, "name=there");
		char *block = static_cast<char *>(there.allocate(1000));

		EXPECT_STREQ(there.name(), "there");
		EXPECT_GE(block, static_cast<char *>(region));
		EXPECT_LT(block, static_cast<char *>(region) + 2 * MIB);
		EXPECT_EQ(thrown([=] { poolkind::kind no(region, 2 * MIB); }),
		    EEXIST);
	}
	munmap(region, 2 * MIB);
}

TEST(CppKind, ThatIsInUseStaysOpen)
{
	poolkind::kind below("dram,name=below");
	poolkind::kind above("dram,limit=2M,fallback=below");
	std::error_code error;

	EXPECT_EQ(thrown([&] { below.close(); }), EBUSY);
	EXPECT_TRUE(below);
	below.close(error);
	EXPECT_EQ(error, std::errc::device_or_resource_busy);
	EXPECT_TRUE(below);
	above.close(error);
	EXPECT_FALSE(error);
	below.close(error);
	EXPECT_FALSE(error);
	EXPECT_FALSE(below);
}

TEST(CppKind, HasBlocks)
{
	poolkind::kind one("dram,limit=4M");
	void *block = one.allocate(100);
	void *aligned = one.allocate(4, 4096);

	EXPECT_TRUE(is_in(one, block));
	EXPECT_TRUE(is_aligned_to(aligned, 4096));
	EXPECT_GE(one.stats().live, 104u);
	EXPECT_EQ(one.stats().limit, 4 * MIB);
	EXPECT_LE(one.room().kind, 4 * MIB);
	EXPECT_THROW((void)one.allocate(8 * MIB), std::bad_alloc);
	EXPECT_EQ(one.try_allocate(8 * MIB), nullptr);
	EXPECT_EQ(errno, ENOMEM);
	EXPECT_EQ(thrown([&] { (void)one.allocate(16, 48); }), EINVAL);
	one.set_limit(64 * MIB);
	void *large = one.allocate(8 * MIB);
	std::size_t known = 0;
	one.on_map(
	    [](void *known, poolkind *, void *, std::size_t bytes, int what) {
		    *static_cast<std::size_t *>(
			known) += what == POOLKIND_GETS_MEMORY ? bytes : -bytes;
		    return 0;
	    },
	    &known);
	EXPECT_EQ(one.stats().committed, known);
	one.on_map(nullptr);
	EXPECT_EQ(0u, known);
	one.populate(large, 8 * MIB);
	EXPECT_EQ(thrown([&] { one.populate(large, 8 * MIB, 1, 1); }), EINVAL);

	for (void *each : { block, aligned, large, (void *)nullptr })
		one.deallocate(each);
	EXPECT_EQ(one.move("home"), 0u);
	EXPECT_EQ(thrown([&] { one.move("nodes:x"); }), EINVAL);
	one.trim();
	one.check();
	EXPECT_EQ(one.stats().live, 0u);
}

TEST(CppKind, ThatIsNoneIsRefused)
{
	poolkind::kind none;

	EXPECT_EQ(none.handle(), nullptr);
	EXPECT_EQ(thrown([&] { (void)none.allocate(1); }), EINVAL);
	EXPECT_EQ(thrown([&] { (void)none.stats(); }), EINVAL);
	EXPECT_EQ(thrown([&] { (void)none.room(); }), EINVAL);
	EXPECT_EQ(thrown([&] { none.set_limit(0); }), EINVAL);
	EXPECT_EQ(thrown([&] { none.move("home"); }), EINVAL);
	EXPECT_EQ(thrown([&] { none.trim(); }), EINVAL);
	EXPECT_EQ(thrown([&] { none.check(); }), EINVAL);
	EXPECT_EQ(thrown([&] { none.populate(&none, 1); }), EINVAL);
	EXPECT_EQ(thrown([&] { none.on_map(nullptr); }), EINVAL);
	EXPECT_EQ(thrown([] { poolkind::kind no(nullptr); }), EINVAL);
}

/* A child that is refused a kind on a file is told so, and not that the kind
 * is full. */
TEST(CppKind, ThatIsRefusedIsNoLackOfRoom)
{
	poolkind::kind file("file:/dev/shm,size=16M");
	poolkind::allocator<int> numbers(file);
	pid_t child = fork();

	if (child == 0)
		_exit(thrown([&] { (void)numbers.allocate(1); }));
	int status = 0;

	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(WEXITSTATUS(status), EPERM);
}

/* malloc of this program is libc's. */
TEST(CppScope, IsRefusedWithoutItsMalloc)
{
	poolkind::kind one("dram");
	std::error_code error;
	poolkind::scope no(one, error);

	EXPECT_FALSE(no);
	EXPECT_EQ(error.value(), ENOTSUP);
	EXPECT_EQ(thrown([&] { poolkind::scope refused(one); }), ENOTSUP);
}

} // namespace
