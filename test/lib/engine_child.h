/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_child.h - run a test's body in a forked child, under a watchdog.
 *
 * What uses up a process (its address space, its descriptors, its file
 * system) or may kill it runs in a child. The body uses EXPECT_ and ASSERT_ as
 * ever: a failure in the child fails the test in the parent, a skip skips it,
 * and a signal or a hang is reported as what it was.
 */
#ifndef TEST_LIB_ENGINE_CHILD_H
#define TEST_LIB_ENGINE_CHILD_H

#include <sys/types.h>

#include <functional>
#include <string>

namespace engine {

struct Ending {
	enum How { Exited, Signalled, TimedOut } how;
	int code; /* exit status or signal number */
	std::string text() const;
};

/* Exit status of a child whose body skipped. */
constexpr int SKIPPED = 77;

/* Runs BODY in a child and tells how that ended. When it hangs, or took SECONDS
 * of processor time (times the slowness of a sanitizer) with its children,
 * these are killed: watch.h. */
Ending run_in_child(unsigned seconds, const std::function<void()> &body);

/* run_in_child(), and the current test fails or is skipped as the child. */
void in_child(unsigned seconds, const std::function<void()> &body);

/* Waits for PID in the same way. */
Ending wait_for(pid_t pid, unsigned seconds);

/* How much longer things take in this build: 1, or 10 with a sanitizer. */
unsigned slowness();

/* Whether this build has a sanitizer that owns malloc and the address space,
 * or one that follows threads and dislikes fork. */
bool has_address_sanitizer();
bool has_thread_sanitizer();

} // namespace engine

#endif /* TEST_LIB_ENGINE_CHILD_H */
