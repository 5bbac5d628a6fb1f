/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_test.cpp - tables of rules, complete, damaged and lost; and the
 * patterns for names.
 */
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

extern "C" {
#include "rules/glob.h"
#include "rules/table.h"
}

namespace {

/* A table of two kinds, three rules, and a module with two ranges. */
struct Image {
	rules_table table;
	rules_rule rule[3];
	rules_range range[2];
	rules_kind kind[2];
	rules_module module[1];
	uint16_t step[4];
	char text[24];
};

template <class Part>
rules_part
part_at(const Image *image, const Part *first, uint32_t count)
{
	return { uint32_t(reinterpret_cast<const char *>(first) -
		     reinterpret_cast<const char *>(image)),
		count };
}

Image
good()
{
	Image i = {};

	i.table.magic = RULES_MAGIC;
	i.table.bytes = sizeof(i);
	i.table.sites_from = 4096;
	i.table.kinds = part_at(&i, i.kind, 2);
	i.table.rules = part_at(&i, i.rule, 3);
	i.table.steps = part_at(&i, i.step, 4);
	i.table.modules = part_at(&i, i.module, 1);
	i.table.ranges = part_at(&i, i.range, 2);
	i.table.texts = part_at(&i, i.text, sizeof(i.text));
	memcpy(i.text, "\0dram\0fast\0rest\0io-*\0", 21);
	i.kind[0] = { 6, 1, 0 };
	i.kind[1] = { 11, 1, 0 };
	i.rule[0] = { 100, 200, 16, RULES_FROM_ANYWHERE, 0, 1, 0, 1 };
	i.rule[1] = { 0, UINT64_MAX, 0, RULES_FROM_SITE, 1, 1, 0, 2 };
	i.rule[2] = { 0, UINT64_MAX, 0, RULES_FROM_ANYWHERE, 2, 2, 0, 3 };
	i.range[0] = { 10, 20, 1, 0 };
	i.range[1] = { 10, 12, 1, 0 };
	i.module[0].build_id_bytes = 20;
	i.module[0].range_count = 2;
	i.step[1] = i.step[2] = 1;
	return i;
}

/* At an address as a mapping has it. */
const char *
problem_of(const void *data, size_t bytes)
{
	alignas(4096) static char page[4096];

	memcpy(page, data, bytes);
	return rules_table_problem(page, bytes);
}

const char *
problem_of(const Image &image)
{
	return problem_of(&image, sizeof(image));
}

TEST(Table, IsGood)
{
	Image i = good();

	EXPECT_EQ(problem_of(i), nullptr);
	EXPECT_STREQ(
	    rules_text(&i.table, rules_kinds(&i.table)[1].name), "rest");
	EXPECT_EQ(rules_rules(&i.table)[0].high, 200u);
	EXPECT_EQ(rules_steps(&i.table)[1], 1u);
	EXPECT_EQ(rules_ranges(&i.table)[1].high, 12u);
	EXPECT_EQ(rules_modules(&i.table)[0].build_id_bytes, 20u);
}

TEST(Table, EveryNumberThatLeadsOutOfItIsFound)
{
	struct {
		const char *what;
		void (*damage)(Image *);
	} cases[] = {
		{ "magic", [](Image *i) { i->table.magic++; } },
		{ "bytes", [](Image *i) { i->table.bytes++; } },
		{ "no bytes", [](Image *i) { i->table.bytes = 0; } },
		{ "offset", [](Image *i) { i->table.steps.offset = ~0u - 1; } },
		{ "alignment", [](Image *i) { i->table.rules.offset += 4; } },
		{ "count", [](Image *i) { i->table.ranges.count = ~0u; } },
		{ "a product that wraps around",
		    [](Image *i) { i->table.kinds.count = 0x55555556; } },
		{ "no kinds", [](Image *i) { i->table.kinds.count = 0; } },
		{ "no rules", [](Image *i) { i->table.rules.count = 0; } },
		{ "no texts", [](Image *i) { i->table.texts.count = 0; } },
		{ "a first text", [](Image *i) { i->text[0] = 'x'; } },
		{ "an end of texts", [](Image *i) { i->text[23] = 'x'; } },
		{ "name", [](Image *i) { i->kind[1].name = 24; } },
		{ "spec", [](Image *i) { i->kind[0].spec = ~0u; } },
		{ "step", [](Image *i) { i->step[3] = 2; } },
		{ "sizes", [](Image *i) { i->rule[0].low = 201; } },
		{ "thread", [](Image *i) { i->rule[0].thread = 24; } },
		{ "text", [](Image *i) { i->rule[0].text = 24; } },
		{ "from", [](Image *i) { i->rule[1].from = 3; } },
		{ "no step", [](Image *i) { i->rule[1].step_count = 0; } },
		{ "steps", [](Image *i) { i->rule[2].step_count = 3; } },
		{ "steps that wrap around",
		    [](Image *i) {
			    i->rule[2].first_step = ~0u;
			    i->rule[2].step_count = 2;
		    } },
		{ "a last rule with a size",
		    [](Image *i) { i->rule[2].low = 1; } },
		{ "a last rule with an end",
		    [](Image *i) { i->rule[2].high--; } },
		{ "a last rule with a thread",
		    [](Image *i) { i->rule[2].thread = 16; } },
		{ "a last rule with a site",
		    [](Image *i) { i->rule[2].from = RULES_FROM_SITE; } },
		{ "build-id", [](Image *i) { i->module[0].build_id_bytes++; } },
		{ "module", [](Image *i) { i->module[0].name = 24; } },
		{ "ranges", [](Image *i) { i->module[0].first_range = 1; } },
		{ "range", [](Image *i) { i->range[0].high = 9; } },
		{ "range's rule", [](Image *i) { i->range[1].rule = 3; } },
		{ "order", [](Image *i) { i->range[1].low = 9; } },
	};

	for (const auto &one : cases) {
		Image i = good();

		one.damage(&i);
		EXPECT_NE(problem_of(i), nullptr) << one.what;
	}
}

TEST(Table, NoPartOfItIsATable)
{
	Image i = good();

	for (size_t bytes = 0; bytes < sizeof(i); bytes++)
		EXPECT_NE(problem_of(&i, bytes), nullptr) << bytes;
}

/* Whatever is in a table that passes leads to something in it: reads it all. */
size_t
read_all(const rules_table *t)
{
	size_t sum = 0;

	for (uint32_t i = 0; i < t->kinds.count; i++)
		sum += strlen(rules_text(t, rules_kinds(t)[i].name)) +
		    strlen(rules_text(t, rules_kinds(t)[i].spec));
	for (uint32_t i = 0; i < t->rules.count; i++) {
		const rules_rule &rule = rules_rules(t)[i];

		sum += strlen(rules_text(t, rule.thread)) +
		    strlen(rules_text(t, rule.text));
		for (uint32_t s = 0; s < rule.step_count; s++)
			sum += rules_kinds(
			    t)[rules_steps(t)[rule.first_step + s]]
				   .name;
	}
	for (uint32_t i = 0; i < t->modules.count; i++) {
		const rules_module &module = rules_modules(t)[i];

		sum += strlen(rules_text(t, module.name));
		for (uint32_t r = 0; r < module.range_count; r++)
			sum += rules_rules(
			    t)[rules_ranges(t)[module.first_range + r].rule]
				   .line;
	}
	return sum;
}

TEST(Table, DamageAnywhereLeadsNowhere)
{
	const size_t page = 4096;
	char *pages = static_cast<char *>(mmap(nullptr, 2 * page,
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	std::mt19937 random(15);
	size_t passed = 0;

	ASSERT_NE(pages, MAP_FAILED);
	ASSERT_EQ(mprotect(pages + page, page, PROT_NONE), 0);
	for (int round = 0; round < 200000; round++) {
		Image i = good();
		char *bytes = reinterpret_cast<char *>(&i);

		for (unsigned n = random() % 4; n-- > 0;)
			bytes[random() % sizeof(i)] = char(random());
		/* What lies behind the table's page cannot be read. */
		memset(pages, 0xff, page);
		memcpy(pages, &i, sizeof(i));
		if (rules_table_problem(pages, sizeof(i)) == nullptr) {
			passed++;
			read_all(reinterpret_cast<rules_table *>(pages));
		}
	}
	EXPECT_GT(passed, 1000u);
	munmap(pages, 2 * page);
}

/* ---- Finding it ---------------------------------------------------------- */

const unsigned all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

int
memory_of(const void *data, size_t bytes, unsigned seals)
{
	int fd = memfd_create("rules", MFD_ALLOW_SEALING | MFD_CLOEXEC);

	EXPECT_EQ(write(fd, data, bytes), ssize_t(bytes));
	EXPECT_EQ(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

std::string
problem_at(const std::string &value)
{
	const char *problem = nullptr;
	struct rules_place place;

	return rules_table_find(value.c_str(), &place, &problem) != nullptr ?
	    "found" :
	    problem;
}

TEST(Find, ByItsDescriptor)
{
	Image i = good();
	int fd = memory_of(&i, sizeof(i), all_seals);

	EXPECT_EQ(problem_at(std::to_string(fd)), "found");
	EXPECT_EQ(problem_at(std::to_string(fd) + ",1"), "found");
	close(fd);
	EXPECT_EQ(problem_at(std::to_string(fd)), "the descriptor was closed");
}

TEST(Find, NotWhatAnybodyCanChange)
{
	Image i = good();
	int fd = memory_of(&i, sizeof(i), F_SEAL_SHRINK);
	int ends[2];

	EXPECT_EQ(problem_at(std::to_string(fd)),
	    "the descriptor is not a sealed memfd");
	close(fd);
	ASSERT_EQ(pipe(ends), 0);
	EXPECT_EQ(problem_at(std::to_string(ends[0])),
	    "the descriptor is not a sealed memfd");
	close(ends[0]);
	close(ends[1]);
	fd = memory_of(&i, sizeof(i) - 1, all_seals);
	EXPECT_EQ(problem_at(std::to_string(fd)), "the table is not complete");
	close(fd);
	i.step[0] = 7;
	fd = memory_of(&i, sizeof(i), all_seals);
	EXPECT_EQ(problem_at(std::to_string(fd)), "the table is damaged");
	close(fd);
}

TEST(Find, ByAnotherProcess)
{
	Image i = good();
	int fd = memory_of(&i, sizeof(i), all_seals);
	std::string value = std::to_string(fd) + "," + std::to_string(getpid());
	pid_t child = fork();
	int status;

	ASSERT_GE(child, 0);
	if (child == 0) {
		close(fd);
		if (problem_at(value) != "found")
			_exit(1);
		/* One that was opened again under the number does not pass. */
		open("/dev/null", O_RDONLY);
		_exit(problem_at(value) == "found" ? 0 : 2);
	}
	ASSERT_EQ(waitpid(child, &status, 0), child);
	EXPECT_EQ(status, 0);
	close(fd);
	EXPECT_EQ(problem_at(value), "the descriptor was closed");
}

TEST(Find, OnlyByNumbers)
{
	for (const char *value : { "x", ",", "3,", ",3", "-1", "3,4,5", "3 ",
		 " 3", "99999999999999999999", "3,-4" })
		EXPECT_EQ(problem_at(value), "it is not \"DESCRIPTOR,PROCESS\"")
		    << value;
}

/* ---- Patterns ------------------------------------------------------------ */

TEST(Glob, Patterns)
{
	struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "abc", "abc", true },
		{ "abc", "abcd", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "io-*", "io-", true },
		{ "io-*", "io-17", true },
		{ "io-*", "io", false },
		{ "*-17", "io-17-17", true },
		{ "*a*b*", "xxaxxbxx", true },
		{ "*a*b*", "xxbxxaxx", false },
		{ "a**b", "ab", true },
		{ "?", "", false },
		{ "?", "x", true },
		{ "w?rker", "worker", true },
		{ "[abc]x", "bx", true },
		{ "[abc]x", "dx", false },
		{ "[a-c][0-9]", "b7", true },
		{ "[a-c]", "d", false },
		{ "[!a-c]", "d", true },
		{ "[!a-c]", "b", false },
		{ "[^a]", "b", true },
		{ "[]]", "]", true },
		{ "[!]]", "x", true },
		{ "[a-]", "-", true },
		{ "[-a]", "-", true },
		{ "[a", "[a", true },
		{ "[a", "a", false },
		{ "[", "[", true },
		{ "\\*", "*", true },
		{ "\\*", "x", false },
		{ "\\[a]", "[a]", true },
		{ "a\\", "a\\", true },
		{ "*[0-9]", "ab3c4", true },
		{ "*.[ch]", "a.b.c", true },
	};

	for (const auto &one : cases)
		EXPECT_EQ(rules_glob(one.pattern, one.name), one.matches)
		    << one.pattern << " and " << one.name;
}

/* Where a backtracking matcher would take for ever. */
TEST(Glob, IsQuick)
{
	std::string name(200, 'a'), pattern;

	for (int i = 0; i < 100; i++)
		pattern += "a*";
	EXPECT_FALSE(rules_glob((pattern + "b").c_str(), name.c_str()));
	EXPECT_TRUE(rules_glob(pattern.c_str(), name.c_str()));
}

} // namespace
