/* SPDX-License-Identifier: BSD-2-Clause */
/* A sandbox refuses system calls, from some moment on: kinds go on without
 * what they did for them, or say NULL; none of them crashes, aborts or hangs.
 */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"
#include "../lib/refuse.h"

using namespace engine;

namespace {

enum Outcome { Worked, Refused, NoFilter };

/* Blocks of all sorts, written to in full; false where one is NULL. */
bool
use(poolkind *kind)
{
	static const size_t sizes[] = { 1, 100, 5000, 70000, 300000 };
	void *blocks[60];
	bool good = true;

	for (size_t i = 0; i < 60; i++) {
		blocks[i] = poolkind_malloc(kind, sizes[i % 5]);
		if (blocks[i])
			memset(blocks[i], 0x77, sizes[i % 5]);
		else
			good = false;
	}
	for (size_t i = 0; i < 60; i += 2)
		poolkind_free(kind, blocks[i]);
	poolkind_trim(kind);
	char *cleared = static_cast<char *>(poolkind_calloc(kind, 1, 5 << 20));
	good &= cleared && all_bytes_are(cleared, 5 << 20, 0);
	char *grown = static_cast<char *>(
	    poolkind_realloc(kind, cleared, 6 << 20));
	good &= grown != nullptr;
	poolkind_free(kind, grown ? grown : cleared);
	for (size_t i = 1; i < 60; i += 2) {
		good &= !blocks[i] ||
		    all_bytes_are(blocks[i], sizes[i % 5], 0x77);
		poolkind_free(kind, blocks[i]);
	}
	stats_of(kind);
	return good;
}

/* Fills a kind that has an end while another thread has a cache of it. */
bool
fill(poolkind *kind)
{
	size_t count = 0;
	Chain chain;

	if (stats_of(kind).size == 0 && stats_of(kind).limit == 0)
		return true;
	count = chain.fill(kind, 30000, 2000);
	return chain.free_all(kind) == count && count > 100;
}

/* In a child: opens SPEC, has calls refused, uses the kind, and opens another.
 */
Outcome
try_without(const char *spec, const std::function<int()> &refuse_calls)
{
	static char memory[16 << 20] __attribute__((aligned(65536)));
	bool region = strcmp(spec, "region") == 0, good;
	std::atomic<bool> stop(false);
	poolkind *kind, *second;

	kind = region ?
	    poolkind_open_region(memory, sizeof(memory), nullptr, 0) :
	    poolkind_open(spec, 0);
	if (!kind)
		return Refused;
	std::thread other([&] {
		while (!stop) {
			poolkind_free(kind, poolkind_malloc(kind, 64));
			usleep(100);
		}
	});
	good = use(kind);
	if (refuse_calls() != 0)
		_exit(NoFilter);
	good &= use(kind);
	good &= fill(kind);
	pid_t child = fork();
	if (child == 0)
		_exit(use(kind) ? Worked : Refused);
	int status = 0;
	if (child > 0 && waitpid(child, &status, 0) == child) {
		if (WIFSIGNALED(status))
			raise(WTERMSIG(status));
		good &= WEXITSTATUS(status) == Worked;
	}
	second = region ? nullptr : poolkind_open(spec, 0);
	if (second) {
		good &= use(second);
		poolkind_close(second);
	} else if (!region) {
		good = false;
		if (*poolkind_errormsg() == '\0')
			abort();
	}
	stop = true;
	other.join();
	good &= use(kind);
	poolkind_close(kind);
	return good ? Worked : Refused;
}

/* What became of it: "" where it worked. */
std::string
outcome(
    const char *spec, const std::function<int()> &refuse_calls,
    const std::function<int()> &begin = [] { return 0; })
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit limit = { 60 * slowness(), 60 * slowness() };
		setrlimit(RLIMIT_CPU, &limit);
		_exit(
		    begin() != 0 ? NoFilter : try_without(spec, refuse_calls));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return "no child";
	if (WIFSIGNALED(status))
		return strsignal(WTERMSIG(status));
	return WEXITSTATUS(status) == Worked ? "" :
	    WEXITSTATUS(status) == Refused   ? "refused" :
					       "no filter";
}

/* Kinds that cannot do without a call: what it does has no other way. */
bool
may_refuse(const std::string &spec, const std::string &call)
{
	bool file = spec.compare(0, 4, "file") == 0;

	if (call == "openat")
		return file || spec == "region";
	/* A region of which nobody can tell whether it is shared is the
	 * parent's. */
	if (call == "read")
		return spec == "region";
	/* Whether a child has the mapping cannot be chosen then: it has not. */
	if (call == "madvise" || call == "mprotect")
		return file;
	if (call == "pwrite64")
		return spec.find("fork=copy") != std::string::npos;
	if (call == "mbind")
		return spec.compare(0, 5, "nodes") == 0;
	return false;
}

bool
has_next_way(const std::string &call)
{
	for (const char *known : { "madvise", "fallocate", "mremap", "mprotect",
		 "mbind", "membarrier", "openat", "ftruncate", "fstatfs" })
		if (call == known)
			return true;
	return false;
}

/* A kind by its text, where calls may be refused to it. */
class Confined : public testing::TestWithParam<const char *> {
protected:
	void
	SetUp() override
	{
		std::string place = engine::place(64 << 20);

		if (has_address_sanitizer() || has_thread_sanitizer())
			GTEST_SKIP() << "a sanitizer makes calls of its own";
		if (spec.compare(0, 4, "file") != 0)
			return;
		if (place.empty())
			GTEST_SKIP() << "no directory with 64 MiB to spare";
		spec.insert(5, place);
	}

	std::string spec = GetParam();
};

class WithoutCall : public Confined {};

TEST_P(WithoutCall, GoesOnOrSaysNull)
{
	for (const refused_call &call : refused_calls) {
		/* Without new memory jemalloc has no record of a thread. */
		if (call.number == SYS_mmap)
			continue;
		for (int errnum : { EPERM, EACCES, ENOSYS }) {
			/* To those that have no next way all are one. */
			if (errnum != EPERM && !has_next_way(call.name))
				continue;
			std::string what = outcome(spec.c_str(),
			    [&] { return refuse(&call.number, 1, errnum); });
			if (what == "no filter")
				GTEST_SKIP() << "seccomp(2) is refused";
			if (what == "refused" && may_refuse(spec, call.name))
				continue;
			EXPECT_EQ("", what) << spec << " without " << call.name
					    << ": " << strerrorname_np(errnum);
		}
	}
}

const auto specs = testing::Values("dram", "dram,limit=32M",
    "dram,size=32M,reserve=yes", "dram,page=thp", "nodes:0",
    "nodes:0,policy=preferred", "file:,size=32M,fork=shared",
    "file:,fork=shared", "file:,size=32M,fork=copy", "region");

INSTANTIATE_TEST_SUITE_P(Refused, WithoutCall, specs);

/* What the engine, and libc for it, asks of kernels of the last years, and
 * earlier ones do not know. */
const new_form new_forms[] = {
	{ 5003, SYS_clone3, -1, 0, ENOSYS },
	{ 5014, SYS_madvise, 2, 23 /* MADV_POPULATE_WRITE */, EINVAL },
	{ 5015, SYS_mbind, 2, 5 /* MPOL_PREFERRED_MANY */, EINVAL },
	{ 5017, SYS_set_mempolicy_home_node, -1, 0, ENOSYS },
	{ 5018, SYS_madvise, 2, 24 /* MADV_DONTNEED_LOCKED */, EINVAL },
	{ 6009, SYS_mbind, 2, 6 | 1 << 15 /* MPOL_WEIGHTED_INTERLEAVE |
					     MPOL_F_STATIC_NODES */
	    ,
	    EINVAL },
};

const int kernels[] = { 4018, 5014, 6001 };

int
act_as(int kernel)
{
	return act_as_kernel(
	    kernel, new_forms, sizeof(new_forms) / sizeof(*new_forms));
}

class OlderKernel : public Confined {};

TEST_P(OlderKernel, HasAllThatKindsNeed)
{
	for (int kernel : kernels) {
		/* From the start: what a kernel knows is asked once. */
		std::string what = outcome(
		    spec.c_str(), [] { return 0; },
		    [=] { return act_as(kernel); });
		if (what == "no filter")
			GTEST_SKIP() << "seccomp(2) is refused";
		EXPECT_EQ("", what) << spec << " on Linux " << kernel;
	}
}

INSTANTIATE_TEST_SUITE_P(Refused, OlderKernel, specs);

/* What the error says of SPEC on such a kernel; "" if it opens. */
std::string
error_on(int kernel, const std::string &spec)
{
	int pipes[2], status = 0;
	char said[512] = "";

	if (pipe(pipes) != 0)
		return "no pipe";
	pid_t child = fork();
	if (child == 0) {
		if (act_as(kernel) != 0)
			_exit(NoFilter);
		const char *why = poolkind_open(spec.c_str(), 0) ?
		    "" :
		    poolkind_errormsg();
		size_t length = strlen(why);
		_exit(write(pipes[1], why, length) == (ssize_t)length ?
			Worked :
			Refused);
	}
	close(pipes[1]);
	ssize_t bytes = read(pipes[0], said, sizeof(said) - 1);
	close(pipes[0]);
	waitpid(child, &status, 0);
	if (status != 0)
		return WEXITSTATUS(status) == NoFilter ? "no filter" : "failed";
	return std::string(said, bytes > 0 ? (size_t)bytes : 0);
}

/* Before the version, each of these is an error with a sentence. */
TEST(OlderKernels, NameThePolicyThatTheyDoNotHave)
{
	const std::pair<int, std::string> policies[] = {
		{ 5015, "nodes:0,policy=preferred-many" },
		{ 6009, "nodes:0,policy=weighted-interleave" },
	};

	if (error_on(6001, "nodes:0") != "")
		GTEST_SKIP() << "this process may not choose nodes or filters";
	for (int kernel : kernels) {
		for (auto &policy : policies) {
			if (kernel >= policy.first)
				continue;
			EXPECT_EQ(error_on(kernel, policy.second),
			    "\"" + policy.second +
				"\": this kernel does not have the policy");
		}
	}
}

} // namespace
