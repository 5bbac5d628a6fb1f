/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind_test.h - kinds as C++ objects, and children.
 */
#ifndef TEST_KIND_KIND_TEST_H
#define TEST_KIND_KIND_TEST_H

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <set>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "../lib/engine_facts.h"
#include "../lib/forked.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
extern "C" {
#include "kind_glue.h"
#include "os/os.h"
#include "os/records.h"
}
#pragma GCC diagnostic pop

/* A kind for the length of a test. */
class Kind {
public:
	explicit Kind(const char *text) : kind(poolkind_open(text, 0))
	{
		EXPECT_NE(kind, nullptr) << poolkind_errormsg();
	}
	~Kind() { EXPECT_EQ(poolkind_close(kind), 0); }
	Kind(const Kind &) = delete;
	Kind &operator=(const Kind &) = delete;
	operator poolkind *() const { return kind; }

private:
	poolkind *kind;
};

static inline bool
sentence_names(const char *word)
{
	return strstr(poolkind_errormsg(), word) != nullptr;
}

static inline int
forked(const std::function<int()> &child_does)
{
	return forked_by(fork, child_does);
}

#endif /* TEST_KIND_KIND_TEST_H */
