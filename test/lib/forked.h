/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forked.h - a child of fork and how it ends, for tests of the folders of src/
 * that a child may not leave by exit(3).
 */
#ifndef TEST_LIB_FORKED_H
#define TEST_LIB_FORKED_H

#include <gtest/gtest.h>

#include <functional>

#include "watch.h"

/* What CHILD_DOES returns in a child that FORK_BY makes; 128 + the signal that
 * ended it. */
static inline int
forked_by(pid_t (*fork_by)(), const std::function<int()> &child_does)
{
	int status;
	pid_t child = fork_by();

	if (child == 0)
		_exit(child_does());
	EXPECT_EQ(watch_wait(child, 60, &status), nullptr);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

#endif /* TEST_LIB_FORKED_H */
