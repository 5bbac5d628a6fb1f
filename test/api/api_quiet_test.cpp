/* SPDX-License-Identifier: BSD-2-Clause */
/* Laws 8 and 10: no call prints, exits, starts a thread or installs a signal
 * handler; and the engine's jemalloc reads no environment and no file. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

using namespace engine;

namespace {

/* A walk through the whole interface, failures included. */
void
exercise()
{
	int here;
	Region region(2 * MIB);
	std::string directory = place(16 * MIB);
	std::vector<Kind> kinds;
	kinds.push_back(open_kind("dram"));
	kinds.push_back(open_kind("dram,limit=8M"));
	kinds.emplace_back(
	    poolkind_open_region(region.start(), region.size(), nullptr, 0));
	if (!directory.empty())
		kinds.push_back(open_kind("file:" + directory + ",size=8M"));
	for (const Kind &kind : kinds) {
		Chain chain;
		chain.fill(kind.get(), 5000, 3000);
		chain.free_all(kind.get());
		poolkind_free(
		    kinds[0].get(), poolkind_calloc(kind.get(), 10, 10));
		poolkind_free(
		    nullptr, poolkind_aligned_alloc(kind.get(), 4096, 10));
		poolkind_trim(kind.get());
		poolkind_check(kind.get());
		poolkind_free(kind.get(), &here);
		stats_of(kind.get());
	}
	EXPECT_EQ(nullptr, poolkind_open("nosuch", 0));
	EXPECT_EQ(nullptr, poolkind_open("file:/no/such,size=4M", 0));
	EXPECT_EQ(nullptr, poolkind_open("dram", 1));
	poolkind_close(nullptr);
}

/* Runs BODY with output and error going into a memory file, and returns what
 * was written. */
std::string
output_of(const std::function<void()> &body)
{
	fflush(stdout);
	fflush(stderr);
	int file = memfd_create("output", 0);
	int out = dup(1), err = dup(2);
	dup2(file, 1);
	dup2(file, 2);
	body();
	fflush(stdout);
	fflush(stderr);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	std::string text(lseek(file, 0, SEEK_END), '\0');
	EXPECT_EQ((ssize_t)text.size(), pread(file, &text[0], text.size(), 0));
	close(file);
	return text;
}

std::vector<struct sigaction>
all_handlers()
{
	std::vector<struct sigaction> handlers(65);
	for (int number = 1; number <= 64; number++)
		sigaction(number, nullptr, &handlers[number]);
	return handlers;
}

/* Runs this program anew with nothing but the exercise, under ENVIRONMENT. */
std::string
output_of_exercise_under(const std::vector<std::string> &environment)
{
	return output_of([&] {
		Ending ending = run_in_child(60, [&] {
			for (const std::string &variable : environment)
				putenv(strdup(variable.c_str()));
			unsetenv("GTEST_OUTPUT");
			unsetenv("TEST_PREMATURE_EXIT_FILE");
			execl("/proc/self/exe", "exercise", "--gtest_brief=1",
			    "--gtest_color=no",
			    "--gtest_filter=ApiQuiet.Exercise", nullptr);
			_exit(99);
		});
		EXPECT_EQ(Ending::Exited, ending.how) << ending.text();
		EXPECT_EQ(0, ending.code);
	});
}

void
expect_clean(const std::string &text)
{
	for (const char *word : { "jemalloc", "Begin", "___", "leak", "conf" })
		EXPECT_EQ(std::string::npos, text.find(word)) << text;
	EXPECT_NE(std::string::npos, text.find("PASSED  ] 1 test")) << text;
}

const char *const SETTINGS =
    "stats_print:true,abort_conf:true,xmalloc:true,confirm_conf:true,"
    "narenas:7,background_thread:true,junk:true,no_such_option:1";

} // namespace

TEST(ApiQuiet, Exercise)
{
	exercise();
}

TEST(ApiQuiet, NothingIsPrinted)
{
	EXPECT_EQ("", output_of(exercise));
}

TEST(ApiQuiet, NoSignalHandlerIsInstalled)
{
	in_child(30, [] {
		std::vector<struct sigaction> before = all_handlers();
		sigset_t mask, now;
		sigprocmask(SIG_BLOCK, nullptr, &mask);
		exercise();
		std::vector<struct sigaction> after = all_handlers();
		sigprocmask(SIG_BLOCK, nullptr, &now);
		for (int number = 1; number <= 64; number++) {
			EXPECT_EQ(before[number].sa_sigaction,
			    after[number].sa_sigaction)
			    << number;
			EXPECT_EQ(sigismember(&mask, number),
			    sigismember(&now, number))
			    << number;
		}
	});
}

/* The library was loaded before main(): it must not have installed any by
 * then either. Sanitizers do, for themselves. */
TEST(ApiQuiet, NoSignalHandlerWasThereFromTheStart)
{
	if (has_address_sanitizer() || has_thread_sanitizer())
		GTEST_SKIP() << "the sanitizer has handlers of its own";
	in_child(30, [] {
		exercise();
		for (int number :
		    { SIGSEGV, SIGBUS, SIGABRT, SIGXFSZ, SIGFPE }) {
			struct sigaction action;
			sigaction(number, nullptr, &action);
			EXPECT_EQ(SIG_DFL, action.sa_handler) << number;
		}
	});
}

TEST(ApiQuiet, NoThreadIsStarted)
{
	in_child(30, [] {
		size_t before = facts().threads;
		exercise();
		EXPECT_EQ(before, facts().threads);
		if (!has_thread_sanitizer()) {
			EXPECT_EQ(1u, facts().threads);
		}
	});
}

TEST(ApiQuiet, TheEnvironmentSaysNothingToIt)
{
	std::vector<std::string> environment;
	for (const char *name : { "MALLOC_CONF", "PKJE_MALLOC_CONF",
		 "pkje_MALLOC_CONF", "JE_MALLOC_CONF", "POOLKIND_MALLOC_CONF" })
		environment.push_back(std::string(name) + "=" + SETTINGS);
	expect_clean(output_of_exercise_under(environment));
}

TEST(ApiQuiet, AnEmptyEnvironmentWillDo)
{
	in_child(30, [] {
		clearenv();
		exercise();
	});
}

/* jemalloc's files of settings, in an /etc of the test's own. */
TEST(ApiQuiet, FilesOfSettingsSayNothingToIt)
{
	Directory directory("/tmp");
	in_child(60, [&] {
		ENGINE_TMPFS_OR_SKIP("/etc", 1 * MIB);
		ASSERT_EQ(0, symlink(SETTINGS, "/etc/malloc.conf"));
		ASSERT_EQ(0, symlink(SETTINGS, "/etc/pkje_malloc.conf"));
		expect_clean(output_of_exercise_under({}));
	});
}
