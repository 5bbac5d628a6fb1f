/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_child.cpp - see engine_child.h. */
#include "engine_child.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "watch.h"

namespace engine {

std::string
Ending::text() const
{
	switch (how) {
	case Exited:
		return "exited with status " + std::to_string(code);
	case Signalled:
		return std::string("was ended by signal ") +
		    std::to_string(code) + " (" + strsignal(code) + ")";
	default:
		return "did not end in time";
	}
}

bool
has_address_sanitizer()
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#endif
#endif
	return false;
}

bool
has_thread_sanitizer()
{
#if defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
	return true;
#endif
#endif
	return false;
}

unsigned
slowness()
{
	return has_address_sanitizer() || has_thread_sanitizer() ? 10 : 1;
}

static int
parts_so_far()
{
	const testing::TestInfo *info = testing::UnitTest::GetInstance()
					    ->current_test_info();
	return info ? info->result()->total_part_count() : 0;
}

/* What the child's assertions said since it began, as an exit status. */
static int
status_since(int first_part)
{
	const testing::TestInfo *info = testing::UnitTest::GetInstance()
					    ->current_test_info();
	int status = 0;
	for (int i = first_part; info && i < parts_so_far(); i++) {
		const testing::TestPartResult
		    &part = info->result()->GetTestPartResult(i);
		if (part.failed())
			return 1;
		if (part.skipped()) {
			printf("child skipped: %s\n", part.message());
			status = SKIPPED;
		}
	}
	return status;
}

Ending
wait_for(pid_t pid, unsigned seconds)
{
	int status;
	const char *why = watch_wait(pid, seconds * slowness(), &status);
	if (why) {
		printf("process %d %s\n", static_cast<int>(pid), why);
		return Ending{ Ending::TimedOut, 0 };
	}
	if (WIFSIGNALED(status))
		return Ending{ Ending::Signalled, WTERMSIG(status) };
	return Ending{ Ending::Exited, WEXITSTATUS(status) };
}

Ending
run_in_child(unsigned seconds, const std::function<void()> &body)
{
	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int first_part = parts_so_far();
		body();
		int status = status_since(first_part);
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0) {
		ADD_FAILURE() << "fork: " << strerror(errno);
		return Ending{ Ending::Exited, 1 };
	}
	return wait_for(pid, seconds);
}

void
in_child(unsigned seconds, const std::function<void()> &body)
{
	Ending ending = run_in_child(seconds, body);
	if (ending.how == Ending::Exited && ending.code == SKIPPED)
		GTEST_SKIP() << "as the child said above";
	if (ending.how != Ending::Exited || ending.code != 0)
		ADD_FAILURE() << "the child " << ending.text();
}

} // namespace engine
