/* SPDX-License-Identifier: BSD-2-Clause */
/* vmem_errormsg() and vmem_check_version(): texts that programs compare, and
 * whose they are. */
#include "vmem_test.h"

#include <sys/resource.h>

#include <climits>
#include <thread>
#include <vector>

using namespace engine;
using namespace pools;

namespace {

/* Fails, with a sentence that has SIZE in it. */
std::string
fail_with(size_t size)
{
	EXPECT_EQ(nullptr, vmem_create("/tmp", size));
	return vmem_errormsg();
}

std::string
mismatch(const char *what, unsigned need)
{
	return std::string("libvmem ") + what + " version mismatch (need " +
	    std::to_string(need) + ", found 1)";
}

} // namespace

TEST(VmemVersion, OfTheHeader)
{
	EXPECT_EQ(1, VMEM_MAJOR_VERSION);
	EXPECT_EQ(1, VMEM_MINOR_VERSION);
	EXPECT_EQ(14680064u, VMEM_MIN_POOL);
	EXPECT_EQ(sizeof(size_t), sizeof(VMEM_MIN_POOL));
	EXPECT_EQ(nullptr,
	    vmem_check_version(VMEM_MAJOR_VERSION, VMEM_MINOR_VERSION));
}

TEST(VmemVersion, WhatIsServed)
{
	std::string before = vmem_errormsg();
	errno = 4242;
	EXPECT_EQ(nullptr, vmem_check_version(1, 0));
	EXPECT_EQ(nullptr, vmem_check_version(1, 1));
	EXPECT_EQ(4242, errno);
	EXPECT_EQ(before, vmem_errormsg());
}

TEST(VmemVersion, OtherMajorNumbers)
{
	for (unsigned major : { 0u, 2u, 3u, unsigned(INT_MAX) + 1, UINT_MAX })
		for (unsigned minor : { 0u, 1u, 2u, UINT_MAX }) {
			errno = 4242;
			const char *text = vmem_check_version(major, minor);
			EXPECT_EQ(4242, errno);
			ASSERT_NE(nullptr, text);
			EXPECT_EQ(mismatch("major", major), text);
			EXPECT_EQ(text, vmem_errormsg());
		}
}

TEST(VmemVersion, LaterMinorNumbers)
{
	for (unsigned minor : { 2u, 100u, UINT_MAX }) {
		errno = 4242;
		const char *text = vmem_check_version(1, minor);
		EXPECT_EQ(4242, errno);
		ASSERT_NE(nullptr, text);
		EXPECT_EQ(mismatch("minor", minor), text);
		EXPECT_EQ(text, vmem_errormsg());
	}
}

TEST(VmemErrormsg, IsEmptyAtFirst)
{
	fail_with(1);
	std::thread([] {
		errno = 4242;
		ASSERT_NE(nullptr, vmem_errormsg());
		EXPECT_STREQ("", vmem_errormsg());
		EXPECT_EQ(4242, errno);
	}).join();
}

TEST(VmemErrormsg, IsEachThreadsOwn)
{
	std::string mine = fail_with(1001);
	std::vector<std::thread> threads;
	for (size_t i = 0; i < 8; i++)
		threads.emplace_back([i] {
			for (int round = 0; round < 200; round++) {
				std::string text = fail_with(2000 + i);
				ASSERT_NE(std::string::npos,
				    text.find("size " +
					std::to_string(2000 + i) + " smaller"));
				std::this_thread::yield();
				ASSERT_EQ(text, vmem_errormsg());
			}
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(mine, vmem_errormsg());
}

TEST(VmemErrormsg, OutlivesSuccess)
{
	Region region(VMEM_MIN_POOL);
	std::string before = fail_with(1002);
	const char *where = vmem_errormsg();
	Pool pool = make_pool(region);
	vmem_free(pool.get(), vmem_malloc(pool.get(), 10));
	EXPECT_EQ(1, vmem_check(pool.get()));
	pool.reset();
	std::string directory = place(VMEM_MIN_POOL);
	if (!directory.empty())
		make_pool(directory).reset();
	EXPECT_EQ(nullptr, vmem_check_version(1, 0));
	EXPECT_EQ(before, vmem_errormsg());
	EXPECT_EQ(where, vmem_errormsg());
}

TEST(VmemErrormsg, TakesAnyPath)
{
	std::string percent = "/tmp/no%s%n%d%99$s";
	forget_error();
	EXPECT_EQ(nullptr, vmem_create(percent.c_str(), VMEM_MIN_POOL));
	expect_sentence({});
	std::string lines = "/dev/null/first\nsecond";
	forget_error();
	EXPECT_EQ(nullptr, vmem_create(lines.c_str(), VMEM_MIN_POOL));
	EXPECT_NE(0u, strlen(vmem_errormsg()));
	std::string huge(1 << 20, 'x');
	forget_error();
	EXPECT_EQ(nullptr, vmem_create(huge.c_str(), VMEM_MIN_POOL));
	expect_sentence({ "xxx", strerror(ENAMETOOLONG) });
	EXPECT_LT(strlen(vmem_errormsg()), 8192u);
}

TEST(VmemErrormsg, GoesWithItsThread)
{
	auto err_in_thread = [] {
		std::thread([] { fail_with(1003); }).join();
	};
	in_child(60, [&] {
		for (int i = 0; i < 100; i++)
			err_in_thread();
		Facts before = facts();
		for (int i = 0; i < 3000; i++)
			err_in_thread();
		Facts after = facts();
		if (!has_address_sanitizer() && !has_thread_sanitizer()) {
			EXPECT_LE(after.mappings, before.mappings + 4);
			EXPECT_LE(after.resident, before.resident + MIB);
		}
	});
}

/* Where there is no memory for the message of one more thread, it says at least
 * what went wrong. */
TEST(VmemError, IsToldWithoutMemory)
{
	in_child(60, [] {
		VMEM *pool = nullptr;
		std::string message;

		std::thread([] { fail_with(1); }).join();
		std::thread([&] {
			struct rlimit before, none;
			char text[300];

			getrlimit(RLIMIT_AS, &before);
			none = before;
			none.rlim_cur = 0;
			setrlimit(RLIMIT_AS, &none);
			pool = vmem_create("/dev/shm", VMEM_MIN_POOL);
			snprintf(text, sizeof(text), "%s", vmem_errormsg());
			setrlimit(RLIMIT_AS, &before);
			message = text;
		}).join();
		EXPECT_EQ(nullptr, pool);
		EXPECT_NE("", message);
	});
}
