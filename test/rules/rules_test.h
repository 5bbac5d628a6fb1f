/* SPDX-License-Identifier: BSD-2-Clause */
/* rules_test.h - what the tests of src/rules share. */
#ifndef TEST_RULES_RULES_TEST_H
#define TEST_RULES_RULES_TEST_H

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>

extern "C" {
#include "base/error.h"
#include "rules/rules.h"
#include "rules/table_write.h"
}

/* Rules of a text, and what was said of it: lines of "LINE: SENTENCE". */
class Rules {
public:
	explicit Rules(const std::string &text)
	{
		rules.warn = warn;
		rules.warn_to = this;
		if (rules_parse(&rules, text.data(), text.size()) != 0 ||
		    rules_finish(&rules) != 0)
			error = line(rules.line, error_text());
	}
	~Rules() { rules_end(&rules); }
	Rules(const Rules &) = delete;
	Rules &operator=(const Rules &) = delete;

	const struct rule &
	operator[](unsigned i) const
	{
		return rules.rules[i];
	}

	/* The kinds of a rule, by name. */
	std::string
	kinds(unsigned i) const
	{
		std::string names;

		for (unsigned j = 0; j < rules.rules[i].step_count; j++)
			names += std::string(j == 0 ? "" : ",") +
			    rules.kinds[rules.rules[i].steps[j]].name;
		return names;
	}

	struct rules rules = {};
	std::string error, warnings;

private:
	static std::string
	line(unsigned number, const char *sentence)
	{
		return (number == 0 ? "" : std::to_string(number) + ": ") +
		    sentence;
	}
	static void
	warn(void *to, unsigned number, const char *sentence)
	{
		((Rules *)to)->warnings += line(number, sentence) + "\n";
	}
};

#endif /* TEST_RULES_RULES_TEST_H */
