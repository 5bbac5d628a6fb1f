/* SPDX-License-Identifier: BSD-2-Clause */
/* The table that rules become, read as the library reads it. */
#include "rules_test.h"

#include <unistd.h>

#include <memory>

namespace {

class Table {
public:
	Table(const Rules &rules, const struct modules &modules,
	    uint32_t flags = 0)
	    : table(rules_table_write(&rules.rules, &modules, flags, 4096))
	{
	}
	~Table() { free(table); }
	Table(const Table &) = delete;
	Table &operator=(const Table &) = delete;

	template <typename Record>
	const Record *
	part(struct rules_part part) const
	{
		EXPECT_EQ(part.offset % 8, 0u);
		EXPECT_LE(
		    part.offset + part.count * sizeof(Record), table->bytes);
		return (const Record *)((const char *)table + part.offset);
	}
	std::string
	text(uint32_t offset) const
	{
		EXPECT_LT(offset, table->texts.count);
		return part<char>(table->texts) + offset;
	}

	struct rules_table *const table;
};

TEST(TableOfRules, HasThemInTheirOrder)
{
	Rules rules("kind a = dram,limit=1M\nkind b = nodes:0 > dram\n"
		    "size 1M..2M thread io-* -> b, a\nelse -> a\n");
	struct modules none = {};
	Table table(rules, none, RULES_STRICT | RULES_STATS);
	const struct rules_table &head = *table.table;

	ASSERT_EQ(rules.error, "");
	EXPECT_EQ(head.magic, RULES_MAGIC);
	EXPECT_EQ(head.flags, (uint32_t)(RULES_STRICT | RULES_STATS));
	EXPECT_EQ(head.sites_from, 4096u);
	ASSERT_EQ(head.kinds.count, 2u);
	ASSERT_EQ(head.rules.count, 2u);
	ASSERT_EQ(head.steps.count, 3u);
	EXPECT_EQ(head.modules.count + head.ranges.count, 0u);

	const auto *kinds = table.part<struct rules_kind>(head.kinds);
	const auto *rows = table.part<struct rules_rule>(head.rules);
	const auto *steps = table.part<uint16_t>(head.steps);

	EXPECT_EQ(table.text(kinds[0].name), "a");
	EXPECT_EQ(table.text(kinds[1].spec), "nodes:0 > dram");
	EXPECT_EQ(rows[0].low, (uint64_t)1 << 20);
	EXPECT_EQ(rows[0].high, (uint64_t)2 << 20);
	EXPECT_EQ(table.text(rows[0].thread), "io-*");
	EXPECT_EQ(rows[0].from, RULES_FROM_ANYWHERE);
	EXPECT_EQ(rows[0].line, 3u);
	EXPECT_EQ(table.text(rows[0].text), "size 1M..2M thread io-* -> b, a");
	EXPECT_EQ(rows[0].step_count, 2u);
	EXPECT_EQ(steps[rows[0].first_step], 1);
	EXPECT_EQ(steps[rows[0].first_step + 1], 0);
	EXPECT_EQ(rows[1].low, 0u);
	EXPECT_EQ(rows[1].high, UINT64_MAX);
	EXPECT_EQ(rows[1].thread, 0u);
	EXPECT_EQ(rows[1].step_count, 1u);
	EXPECT_EQ(steps[rows[1].first_step], 0);
	EXPECT_EQ(table.text(0), "");
	EXPECT_EQ(table.part<char>(head.texts)[head.texts.count - 1], '\0');
	EXPECT_EQ(head.texts.offset + head.texts.count, head.bytes);
}

/* A file of named kinds, for as long as the object lives. */
class NamesInFile {
public:
	explicit NamesInFile(const std::string &text)
	{
		int fd = mkstemp(path);

		EXPECT_EQ(
		    write(fd, text.data(), text.size()), (ssize_t)text.size());
		close(fd);
		setenv("POOLKIND_CONFIG", path, 1);
	}
	~NamesInFile()
	{
		unsetenv("POOLKIND_CONFIG");
		unlink(path);
	}
	NamesInFile(const NamesInFile &) = delete;
	NamesInFile &operator=(const NamesInFile &) = delete;

private:
	char path[32] = "/tmp/poolkind-names.XXXXXX";
};

/* What is opened in place of the text, and "machine" if that is read. */
std::string
opened(const std::string &text)
{
	Rules rules("kind a = " + text + "\nelse -> a\n");
	struct modules none = {};
	Table table(rules, none);

	if (!rules.error.empty())
		return rules.error;
	const auto *kind = table.part<struct rules_kind>(table.table->kinds);
	return table.text(kind->spec) +
	    (kind->flags == RULES_READS_MACHINE ? " machine" : "");
}

TEST(TableOfRules, HasKindsAsTheyAreOpened)
{
	NamesInFile names("kind fast = hbw,limit=8G > @slow\n"
			  "kind slow = nodes:1 | file:/x\n");

	EXPECT_EQ(opened("dram,limit=1M"), "dram,limit=1M");
	EXPECT_EQ(opened("file:/x"), "file:/x,fork=private");
	EXPECT_EQ(opened("file:/x,fork=shared"), "file:/x,fork=shared");
	EXPECT_EQ(opened("file:/x,fork=refuse"), "file:/x,fork=refuse");
	EXPECT_EQ(opened("dram|file:/x > nodes:0"),
	    "dram | file:/x,fork=private > nodes:0");
	EXPECT_EQ(opened("dax:/dev/dax0.0"), "dax:/dev/dax0.0");
	EXPECT_EQ(opened("dax:auto"), "dax:auto machine");
	EXPECT_EQ(opened("dram > capacity"), "dram > capacity machine");
	EXPECT_EQ(opened("@slow"), "nodes:1 | file:/x,fork=private");
	EXPECT_EQ(opened("@fast"),
	    "hbw,limit=8G > nodes:1 | file:/x,fork=private machine");
}

TEST(TableOfRules, HasModulesWithRangesInOrder)
{
	Rules rules("kind a = dram\nsite x.c:1 -> a\nfunction f -> a\n");
	struct modules modules = {};
	struct rules_file *file = modules_add(&modules, "/bin/x", "x");

	modules_add_range(file, 0x200, 0x210, 1);
	modules_add_range(file, 0x110, 0x120, 0);
	modules_add_range(file, 0x100, 0x10f, 0); /* touches the one before */
	modules_add_range(file, 0x105, 0x108, 0); /* is in it */
	modules_add_range(file, 0x115, 0x300, 1);
	modules_add(&modules, nullptr, "nothing");
	file = modules_add(&modules, nullptr, "y.so");
	file->build_id_bytes = 2;
	file->build_id[0] = 7;
	modules_add_range(file, 5, 5, 0);
	modules_sort(&modules);
	{
		Table table(rules, modules);
		const struct rules_table &head = *table.table;

		ASSERT_EQ(head.modules.count, 2u);
		ASSERT_EQ(head.ranges.count, 3u);
		const auto *rows = table.part<struct rules_module>(
		    head.modules);
		const auto *ranges = table.part<struct rules_range>(
		    head.ranges);
		const auto *row = table.part<struct rules_rule>(head.rules);

		EXPECT_EQ(table.text(rows[0].name), "x");
		EXPECT_EQ(rows[0].build_id_bytes, 0u);
		EXPECT_EQ(rows[0].first_range, 0u);
		EXPECT_EQ(rows[0].range_count, 2u);
		EXPECT_EQ(rows[1].build_id_bytes, 2u);
		EXPECT_EQ(rows[1].build_id[0], 7);
		EXPECT_EQ(rows[1].first_range, 2u);
		EXPECT_EQ(ranges[0].low, 0x100u);
		EXPECT_EQ(ranges[0].high, 0x120u);
		EXPECT_EQ(ranges[0].rule, 0u);
		EXPECT_EQ(ranges[1].low, 0x115u);
		EXPECT_EQ(ranges[1].high, 0x300u);
		EXPECT_EQ(ranges[1].rule, 1u);
		EXPECT_EQ(ranges[2].low, 5u);
		EXPECT_EQ(row[0].from, RULES_FROM_SITE);
		EXPECT_EQ(row[1].from, RULES_FROM_FUNCTION);
	}
	modules_end(&modules);
}

} // namespace
