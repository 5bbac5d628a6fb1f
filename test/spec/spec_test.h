/* SPDX-License-Identifier: BSD-2-Clause */
/* spec_test.h - what the tests of src/spec share. */
#ifndef TEST_SPEC_SPEC_TEST_H
#define TEST_SPEC_SPEC_TEST_H

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "base/error.h"
#include "spec/spec.h"
}

/* The normalised text of SPEC. */
static inline std::string
print(const struct spec &spec)
{
	std::vector<char> text(SPEC_TEXT_MAX + PATH_MAX);
	size_t length = spec_print(&spec, text.data(), text.size());

	EXPECT_EQ(length, strlen(text.data()));
	return text.data();
}

/* What is understood of TEXT, or the sentence after "error: ". */
static inline std::string
normal(const std::string &text)
{
	struct spec spec;

	errno = 0;
	if (spec_parse(text.c_str(), &spec) == 0)
		return print(spec);
	EXPECT_EQ(errno, EINVAL) << text;
	return std::string("error: ") + error_text();
}

#endif /* TEST_SPEC_SPEC_TEST_H */
