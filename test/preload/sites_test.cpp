/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_test.cpp - see sites_test.h.
 */
#include "sites_test.h"

#include <cstring>
#include <elf.h>
#include <link.h>

bool thread_has_name = true;

extern "C" bool
thread_matches(uint32_t)
{
	return thread_has_name;
}

extern "C" __attribute__((noinline)) unsigned
ask(size_t size)
{
	unsigned answer = sites_first(__builtin_return_address(0), size, LIMIT);

	__asm__ volatile("" : "+r"(answer));
	return answer;
}

int
in_child(const std::function<void()> &does)
{
	return forked_by(fork, [&] {
		does();
		fflush(stdout);
		return ::testing::Test::HasFailure() ? 1 : 0;
	});
}

/* ---- Tables -------------------------------------------------------------- */

uint32_t
Table::text(const std::string &added)
{
	uint32_t offset = (uint32_t)texts.size();

	if (added.empty())
		return 0;
	texts += added + std::string(1, '\0');
	return offset;
}

unsigned
Table::module(const std::string &name, const std::string &id)
{
	rules_module added = {};

	memcpy(added.build_id, id.data(), id.size());
	added.build_id_bytes = (uint32_t)id.size();
	added.name = text(name);
	modules.push_back(added);
	ranges.emplace_back();
	return (unsigned)modules.size() - 1;
}

unsigned
Table::rule(enum rules_from where, uint64_t low, uint64_t high,
    const std::string &thread)
{
	rules_rule added = {};

	added.low = low;
	added.high = high;
	added.thread = text(thread);
	added.from = where;
	rules.push_back(added);
	return (unsigned)rules.size() - 1;
}

void
Table::range(unsigned module, Range range, unsigned rule)
{
	auto &in = ranges[module];
	auto at = in.begin();

	while (at != in.end() && at->low <= range.low)
		at++;
	in.insert(at, { range.low, range.high, rule, 0 });
}

unsigned
Table::rule(enum rules_from where, unsigned module, Range range)
{
	unsigned added = rule(where);

	this->range(module, range, added);
	return added;
}

template <typename Record>
static rules_part
append(std::string &bytes, const std::vector<Record> &records)
{
	rules_part part = { (uint32_t)bytes.size(), (uint32_t)records.size() };

	bytes.append(
	    (const char *)records.data(), records.size() * sizeof(Record));
	return part;
}

const struct rules_table *
Table::make() const
{
	rules_table table = {};
	std::vector<rules_range> all;
	std::vector<rules_module> known = modules;
	std::string bytes(sizeof(table), '\0');

	for (size_t i = 0; i < known.size(); i++) {
		known[i].first_range = (uint32_t)all.size();
		known[i].range_count = (uint32_t)ranges[i].size();
		all.insert(all.end(), ranges[i].begin(), ranges[i].end());
	}
	table.magic = RULES_MAGIC;
	table.sites_from = from;
	table.rules = append(bytes, rules);
	table.ranges = append(bytes, all);
	table.modules = append(bytes, known);
	table.texts = append(
	    bytes, std::vector<char>(texts.begin(), texts.end()));
	table.bytes = (uint32_t)bytes.size();
	bytes.replace(0, sizeof(table), (const char *)&table, sizeof(table));
	void *copy = aligned_alloc(64, (bytes.size() + 63) / 64 * 64);
	return (rules_table *)memcpy(copy, bytes.data(), bytes.size());
}

/* ---- Libraries ----------------------------------------------------------- */

Library::Library(const std::string &compiler, const std::string &flags)
{
	char file[] = "/tmp/sites-XXXXXX";
	int fd = mkstemp(file);

	::close(fd);
	path = file;
	is_built = system((compiler + " -fPIC -shared -Wl,-Bsymbolic " + flags +
		       " -x c " FUNCTIONS " -o " + path)
			      .c_str()) == 0;
}

Library::~Library()
{
	unlink(path.c_str());
}

bool
Library::open()
{
	handle = dlopen(path.c_str(), RTLD_NOW);
	return handle != nullptr;
}

int
Library::close()
{
	void *closing = handle;

	handle = nullptr;
	return closing == nullptr ? 0 : dlclose(closing);
}

uintptr_t
Library::base() const
{
	struct link_map *map;

	return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 ? map->l_addr : 0;
}

Range
Library::in(const char *function) const
{
	const ElfW(Sym) *symbol = nullptr;
	Dl_info info;

	if (dladdr1(dlsym(handle, function), &info, (void **)&symbol,
		RTLD_DL_SYMENT) == 0 ||
	    symbol == nullptr)
		return { 0, 0 };
	return { symbol->st_value + 1, symbol->st_value + symbol->st_size };
}

std::string
own_compiler()
{
	const char *compiler = getenv("CC");

	return compiler != nullptr ? compiler : "cc";
}

bool
has_compiler(const std::string &name)
{
	return system((name + " --version >/dev/null 2>&1").c_str()) == 0;
}

uintptr_t
own_base()
{
	return _r_debug.r_map->l_addr;
}

Range
own_range(void *function, uint64_t bytes)
{
	uint64_t low = (uintptr_t)function - own_base();

	return { low + 1, low + bytes };
}

std::string
own_name()
{
	char path[4096] = "";
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return std::string(path, (size_t)(length < 0 ? 0 : length))
	    .substr(std::string(path).rfind('/') + 1);
}
