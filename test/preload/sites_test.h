/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_test.h - what the tests of call sites share: tables of rules, and
 * libraries that are compiled for a test.
 *
 * A process reads one table in its life, so each test works in a child.
 */
#ifndef TEST_PRELOAD_SITES_TEST_H
#define TEST_PRELOAD_SITES_TEST_H

#include <gtest/gtest.h>

#include <cstdint>
#include <dlfcn.h>
#include <string>
#include <vector>

extern "C" {
#include "preload/sites.h"
#include "preload/thread.h"
}
#include "../lib/forked.h"

const uint32_t LIMIT = 9999; /* no rule applies */

/* Stands for malloc; see sites_functions.c. */
extern "C" unsigned ask(size_t size);
typedef unsigned AskFunction(size_t size);

/* What thread_matches() says of rules with a name. */
extern bool thread_has_name;

/* Return addresses, as offsets in a module. */
struct Range {
	uint64_t low, high;
};

/* A table in the making. Modules are counted from 0, rules as well. */
class Table {
public:
	explicit Table(uint64_t sites_from = 0) : from(sites_from) {}
	unsigned module(const std::string &name, const std::string &id = "");
	unsigned rule(enum rules_from where, uint64_t low = 0,
	    uint64_t high = UINT64_MAX, const std::string &thread = "");
	void range(unsigned module, Range range, unsigned rule);
	/* A rule and its range in one. */
	unsigned rule(enum rules_from where, unsigned module, Range range);
	/* Lives as long as the process. */
	const struct rules_table *make() const;
	bool
	start() const
	{
		return sites_start(make());
	}

private:
	uint32_t text(const std::string &text);

	uint64_t from;
	std::vector<rules_module> modules;
	std::vector<rules_rule> rules;
	std::vector<std::vector<rules_range>> ranges;
	std::string texts = std::string(1, '\0');
};

/* A library of sites_functions.c, in a file that is removed in the end. */
class Library {
public:
	Library(const std::string &compiler, const std::string &flags);
	~Library();
	Library(const Library &) = delete;
	Library &operator=(const Library &) = delete;

	bool
	built() const
	{
		return is_built;
	}
	bool open();
	int close();
	/* The handle, which the caller closes. */
	void *
	give_up()
	{
		void *given = handle;

		handle = nullptr;
		return given;
	}
	std::string
	name() const
	{
		return path.substr(path.rfind('/') + 1);
	}
	uintptr_t base() const;
	/* The return addresses in a function. */
	Range in(const char *function) const;
	template <typename... Arguments>
	unsigned
	call(const char *function, Arguments... arguments) const
	{
		auto at = (unsigned (*)(AskFunction *, size_t, ...))dlsym(
		    handle, function);

		return at(ask, arguments...);
	}
	void *
	symbol(const char *function) const
	{
		return dlsym(handle, function);
	}

private:
	std::string path;
	void *handle = nullptr;
	bool is_built;
};

/* The compiler that built this, and a library with usual flags. */
std::string own_compiler();
bool has_compiler(const std::string &name);

/* The return addresses of a function in the test itself, and its module. */
Range own_range(void *function, uint64_t bytes);
uintptr_t own_base();
std::string own_name();

/* How a child ends that does it: 0, or 1 for failures, which it prints. */
int in_child(const std::function<void()> &does);

#define IN_CHILD(...) \
	do { \
		auto does = [&]() __VA_ARGS__; \
		ASSERT_EQ(in_child(does), 0); \
	} while (0)

#endif /* TEST_PRELOAD_SITES_TEST_H */
