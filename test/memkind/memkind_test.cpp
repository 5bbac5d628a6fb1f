/* SPDX-License-Identifier: BSD-2-Clause */
/* memkind_test.cpp - see memkind_test.h. */
#include "memkind_test.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace memkinds {

using engine::Ending;
using engine::MIB;

/* ---- Kinds --------------------------------------------------------------- */

const std::vector<Static> &
statics()
{
#define STATIC(name) \
	{ \
#name, &MEMKIND_##name \
	}
	static const std::vector<Static> all = { STATIC(DEFAULT),
		STATIC(REGULAR), STATIC(INTERLEAVE), STATIC(HUGETLB),
		STATIC(HBW), STATIC(HBW_ALL), STATIC(HBW_PREFERRED),
		STATIC(HBW_INTERLEAVE), STATIC(HBW_HUGETLB),
		STATIC(HBW_ALL_HUGETLB), STATIC(HBW_PREFERRED_HUGETLB),
		STATIC(DAX_KMEM), STATIC(DAX_KMEM_ALL),
		STATIC(DAX_KMEM_PREFERRED), STATIC(DAX_KMEM_INTERLEAVE),
		STATIC(HIGHEST_CAPACITY), STATIC(HIGHEST_CAPACITY_PREFERRED),
		STATIC(HIGHEST_CAPACITY_LOCAL),
		STATIC(HIGHEST_CAPACITY_LOCAL_PREFERRED),
		STATIC(LOWEST_LATENCY_LOCAL),
		STATIC(LOWEST_LATENCY_LOCAL_PREFERRED),
		STATIC(HIGHEST_BANDWIDTH_LOCAL),
		STATIC(HIGHEST_BANDWIDTH_LOCAL_PREFERRED) };
	return all;
}

std::string
name_of(memkind_t kind)
{
	if (kind == nullptr)
		return "NULL";
	if (kind == untouched())
		return "untouched";
	for (const Static &one : statics())
		if (*one.kind == kind)
			return one.name;
	return "made";
}

void
DestroyKind::operator()(memkind_t kind) const
{
	EXPECT_EQ(0, memkind_destroy_kind(kind));
}

Made
make_pmem(const std::string &directory, size_t limit)
{
	memkind_t kind = nullptr;
	EXPECT_EQ(0, memkind_create_pmem(directory.c_str(), limit, &kind))
	    << directory << ": " << strerror(errno);
	return Made(kind);
}

Made
make_conservative(const std::string &directory, size_t limit)
{
	struct memkind_config *config = memkind_config_new();
	memkind_t kind = nullptr;
	memkind_config_set_path(config, directory.c_str());
	memkind_config_set_size(config, limit);
	memkind_config_set_memory_usage_policy(
	    config, MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE);
	EXPECT_EQ(0, memkind_create_pmem_with_config(config, &kind))
	    << directory << ": " << strerror(errno);
	memkind_config_delete(config);
	return Made(kind);
}

Made
make_fixed(const engine::Region &region)
{
	memkind_t kind = nullptr;
	EXPECT_EQ(
	    0, memkind_create_fixed(region.start(), region.size(), &kind));
	return Made(kind);
}

size_t
stat_now(memkind_t kind, memkind_stat_type stat)
{
	size_t value = SIZE_MAX;
	EXPECT_EQ(0, memkind_update_cached_stats());
	EXPECT_EQ(0, memkind_get_stat(kind, stat, &value));
	return value;
}

static size_t
number_in(const std::string &path)
{
	unsigned long number = 0;
	FILE *file = fopen(path.c_str(), "re");
	if (file && fscanf(file, "%lu", &number) != 1)
		number = 0;
	if (file)
		fclose(file);
	return number;
}

size_t
huge_pages()
{
	const std::string folder = "/sys/kernel/mm/hugepages/hugepages-2048kB/";
	return number_in(folder + "nr_hugepages") +
	    number_in(folder + "nr_overcommit_hugepages");
}

std::vector<const char *>
sorts()
{
	std::vector<const char *> all = { "DEFAULT", "REGULAR", "INTERLEAVE",
		"HIGHEST_CAPACITY_LOCAL", "HBW", "HBW_PREFERRED",
		"HBW_INTERLEAVE", "DAX_KMEM_ALL", "file", "limited", "fixed" };
	if (huge_pages())
		all.push_back("HUGETLB");
	return all;
}

void
EverySort::SetUp()
{
	if (is("fixed")) {
		region_.reset(new engine::Region(ROOM, true));
		made_ = make_fixed(*region_);
	} else if (is("file") || is("limited")) {
		ENGINE_PLACE_OR_SKIP(directory, ROOM);
		made_ = make_pmem(directory, is("file") ? 0 : ROOM);
	} else {
		for (const Static &one : statics())
			if (is(one.name))
				kind_ = *one.kind;
		ASSERT_EQ(0, memkind_check_available(kind_));
		return;
	}
	kind_ = made_.get();
	ASSERT_NE(nullptr, kind_);
}

/* ---- Programs ------------------------------------------------------------ */

static const char *const VARIABLE = "MEMKIND_TEST_PROGRAM";
static const Program *programs;

Program::Program(const char *its_name, int (*its_body)())
    : name(its_name), body(its_body), next(programs)
{
	programs = this;
}

/* Of the variables that mean something to the library, or to what it reads the
 * machine with. */
static void
forget_environment()
{
	std::vector<std::string> names;
	for (char **one = environ; *one; one++)
		for (const char *head : { "MEMKIND_", "JEMK_", "HWLOC_" })
			if (strncmp(*one, head, strlen(head)) == 0)
				names.emplace_back(*one, strchr(*one, '='));
	for (const std::string &name : names)
		unsetenv(name.c_str());
}

[[noreturn]] static void
become(const std::string &name, const std::vector<std::string> &environment,
    int output)
{
	struct rlimit no_core = { 0, 0 };
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	forget_environment();
	setenv(VARIABLE, name.c_str(), 1);
	for (const std::string &one : environment)
		putenv(strdup(one.c_str()));
	execl("/proc/self/exe", "memkind_test", nullptr);
	_exit(127);
}

Ran
run_program(const std::string &name,
    const std::vector<std::string> &environment, unsigned seconds)
{
	Ran ran = { { Ending::Exited, 127 }, "" };
	FILE *output = tmpfile();
	if (!output) {
		ADD_FAILURE() << "tmpfile: " << strerror(errno);
		return ran;
	}
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		become(name, environment, fileno(output));
	ran.ending = engine::wait_for(pid, seconds);
	rewind(output);
	for (int c; (c = fgetc(output)) != EOF;)
		ran.said += static_cast<char>(c);
	fclose(output);
	return ran;
}

std::string
said_by(const std::string &name, const std::vector<std::string> &environment)
{
	Ran ran = run_program(name, environment);
	EXPECT_TRUE(ran.ending.how == Ending::Exited && ran.ending.code == 0)
	    << name << " " << ran.ending.text() << ":\n"
	    << ran.said;
	return ran.said;
}

size_t
count_of(const std::string &text, const std::string &part)
{
	size_t found = 0;
	for (size_t at = 0; (at = text.find(part, at)) != std::string::npos;
	     at += part.size())
		found++;
	return found;
}

static int
run_named(const char *name)
{
	for (const Program *one = programs; one; one = one->next)
		if (strcmp(one->name, name) == 0)
			return one->body();
	fprintf(stderr, "no program %s\n", name);
	return 127;
}

static void
prepare()
{
	forget_environment();
	setenv("MEMKIND_HBW_NODES", "0", 1);
	setenv("MEMKIND_DAX_KMEM_NODES", "0", 1);
}

} // namespace memkinds

int
main(int argc, char **argv)
{
	const char *program = getenv(memkinds::VARIABLE);
	if (program)
		return memkinds::run_named(program);
	memkinds::prepare();
	testing::InitGoogleTest(&argc, argv);
	return RUN_ALL_TESTS();
}
