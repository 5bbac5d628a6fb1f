/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memkind_test.h - kinds of libmemkind by name and as C++ objects, one fixture
 * over the sorts of kind, and programs of their own for what is fixed when the
 * library is loaded or first called.
 *
 * The tests run with node 0 as high bandwidth memory and as DAX memory, so that
 * a machine with one node has all but huge pages.
 */
#ifndef TEST_MEMKIND_MEMKIND_TEST_H
#define TEST_MEMKIND_MEMKIND_TEST_H

#include <gtest/gtest.h>
#include <memkind.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"
#include "../lib/engine_space.h"

namespace memkinds {

constexpr size_t PAGE = 4096;

/* A code that no function gives, and a kind that none sets. */
constexpr int NO_ERRNO = 4242;
inline memkind_t
untouched()
{
	return reinterpret_cast<memkind_t>(uintptr_t(0x11));
}

/* ---- Kinds --------------------------------------------------------------- */

/* The 23 static kinds. */
struct Static {
	const char *name; /* "HBW" */
	memkind_t *kind;
};
const std::vector<Static> &statics();

/* The static kind's name; "NULL", "untouched", or "made". */
std::string name_of(memkind_t kind);

struct DestroyKind {
	void operator()(memkind_t kind) const;
};
using Made = std::unique_ptr<struct memkind, DestroyKind>;

/* A kind in a file, or in a region; a failure is a failure of the test. */
Made make_pmem(const std::string &directory, size_t limit = 0);
Made make_conservative(const std::string &directory, size_t limit = 0);
Made make_fixed(const engine::Region &region);

/* Huge pages of 2 MiB that there are or may be made. */
size_t huge_pages();

/* STAT of KIND, as of now. */
size_t stat_now(memkind_t kind, memkind_stat_type stat);

/* Blocks of a kind, chained through their own first bytes. */
class Blocks : public engine::Links {
public:
	size_t
	fill(memkind_t kind, size_t size, size_t most = SIZE_MAX)
	{
		return take(
		    [kind](size_t n) { return memkind_malloc(kind, n); }, size,
		    most);
	}
	size_t
	free_all(memkind_t kind)
	{
		return give_back(
		    [kind](void *block) { memkind_free(kind, block); });
	}
};

/* A kind of each sort: static ones by name, "file" and "limited" in a file,
 * and "fixed"; the latter two have ROOM bytes. */
class EverySort : public testing::TestWithParam<const char *> {
protected:
	static constexpr size_t ROOM = 64 * engine::MIB;
	void SetUp() override;
	memkind_t
	kind() const
	{
		return kind_;
	}
	bool
	is(const char *name) const
	{
		return strcmp(GetParam(), name) == 0;
	}

private:
	std::unique_ptr<engine::Region> region_;
	Made made_;
	memkind_t kind_ = nullptr;
};

/* Their names; HUGETLB among them where the machine has huge pages. */
std::vector<const char *> sorts();

#define MEMKIND_EVERY_SORT(suite) \
	INSTANTIATE_TEST_SUITE_P(Kinds, suite, \
	    testing::ValuesIn(memkinds::sorts()), engine::param_name)

/* ---- Programs ------------------------------------------------------------ */

struct Ran {
	engine::Ending ending;
	std::string said; /* on standard output and standard error */
};

/* Runs the body of MEMKIND_PROGRAM(NAME) in a process of its own, in which of
 * memkind's, jemalloc's and hwloc's variables those of ENVIRONMENT, each as
 * "NAME=value", are set and no others. */
Ran run_program(const std::string &name,
    const std::vector<std::string> &environment = {}, unsigned seconds = 30);

/* That it ended with status 0: what it said. */
std::string said_by(
    const std::string &name, const std::vector<std::string> &environment = {});

/* How often PART is in TEXT. */
size_t count_of(const std::string &text, const std::string &part);

struct Program {
	Program(const char *name, int (*body)());
	const char *name;
	int (*body)();
	const Program *next;
};

#define MEMKIND_PROGRAM(name) \
	static int program_##name(); \
	static memkinds::Program in_list_##name(#name, program_##name); \
	static int program_##name()

} // namespace memkinds

/* That EXPRESSION gives NULL with ERRNUM. */
#define MEMKIND_NO_BLOCK(expression, errnum) \
	do { \
		errno = memkinds::NO_ERRNO; \
		const void *memkind_got = (expression); \
		int memkind_errno = errno; \
		EXPECT_EQ(nullptr, memkind_got) << #expression; \
		EXPECT_EQ(errnum, memkind_errno) << #expression; \
	} while (0)

#endif /* TEST_MEMKIND_MEMKIND_TEST_H */
