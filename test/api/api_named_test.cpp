/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds with names, from the file that POOLKIND_CONFIG names. What a file may
 * say is tested in test/spec; here that a program gets it. */
#include <gtest/gtest.h>
#include <poolkind.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include <unistd.h>

#include "../lib/engine_child.h"
#include "../lib/engine_facts.h"
#include "../lib/engine_kind.h"

using namespace engine;

namespace {

/* Each test has a file of its own, and the variable while it runs. */
class ApiNamed : public testing::Test {
protected:
	void
	SetUp() override
	{
		const char *base = getenv("TMPDIR");

		path = std::string(base != nullptr ? base : "/tmp") +
		    "/poolkind-named.XXXXXX";
		int fd = mkstemp(&path[0]);
		ASSERT_GE(fd, 0);
		close(fd);
		setenv("POOLKIND_CONFIG", path.c_str(), 1);
	}
	void
	TearDown() override
	{
		unsetenv("POOLKIND_CONFIG");
		unlink(path.c_str());
	}
	void
	write(const std::string &text)
	{
		std::ofstream(path) << text;
	}

	std::string path;
};

std::string
text_of(const std::string &text)
{
	return poolkind_text(open_kind(text).get());
}

} // namespace

TEST_F(ApiNamed, AreWhatTheirTextIs)
{
	write("kind small = dram,limit=1M   # for tests\n"
	      "kind both = nodes:1000|@small > @rest\n"
	      "kind rest = nodes:0\n");
	EXPECT_EQ("dram,limit=1M", text_of("@small"));
	EXPECT_EQ("dram,limit=1M > nodes:0", text_of("@both"));
	EXPECT_EQ("dram,size=2M > dram,limit=1M > nodes:0",
	    text_of("dram,size=2M > @both"));
	EXPECT_EQ("nodes:0", text_of("nodes:1000|@rest"));
	EXPECT_EQ("dram,limit=1M", text_of(text_of("@small")))
	    << "the text means the same whatever the file says";
}

TEST_F(ApiNamed, AreUsedAsAnyKind)
{
	write("kind chain = dram,size=4M,name=first > dram,name=second\n");
	Kind kind = open_kind("@chain");
	Chain blocks;

	EXPECT_STREQ("first", poolkind_name(kind.get()));
	EXPECT_EQ(8u, blocks.fill(kind.get(), MIB, 8));
	EXPECT_LE(stats_of(kind.get()).committed, 4 * MIB);
	EXPECT_EQ(8u, blocks.free_all(kind.get()));
}

TEST_F(ApiNamed, AreReadAnewEachTime)
{
	write("kind it = dram,limit=1M\n");
	EXPECT_EQ("dram,limit=1M", text_of("@it"));
	write("kind it = dram,limit=2M\n");
	EXPECT_EQ("dram,limit=2M", text_of("@it"));
}

TEST_F(ApiNamed, MistakesNameTheFileAndTheLine)
{
	write("\nkind wrong = dram,limt=1M\nkind far = nodes:1000\n"
	      "kind none = file:/no/such\nkind before = dram,fallback=x\n");
	EXPECT_REFUSED(poolkind_open("@wrong", 0) == nullptr, EINVAL,
	    path + ":2: unknown option \"limt\": did you mean \"limit\"?");
	EXPECT_REFUSED(poolkind_open("dram > @wrong", 0) == nullptr, EINVAL,
	    path + ":2: unknown option");
	EXPECT_REFUSED(poolkind_open("@far", 0) == nullptr, ENODEV,
	    path + ":3: \"nodes:1000\": node 1000 does not exist");
	EXPECT_REFUSED(poolkind_open("@none", 0) == nullptr, ENOENT,
	    path + ":4: cannot make a file in directory \"/no/such\"");
	EXPECT_REFUSED(poolkind_open("@before > dram", 0) == nullptr, EINVAL,
	    path + ":5: fallback=x before a \">\"");
	EXPECT_REFUSED(poolkind_open("@rong", 0) == nullptr, ENOENT,
	    "did you mean \"wrong\"?");
}

TEST_F(ApiNamed, AFileThatTheVariableNamesIsThere)
{
	unlink(path.c_str());
	EXPECT_REFUSED(poolkind_open("@it", 0) == nullptr, ENOENT,
	    path + ", which POOLKIND_CONFIG names: No such file");
	EXPECT_EQ("dram", text_of("dram")) << "it is not looked at";
}

TEST_F(ApiNamed, AnEmptyVariableIsNone)
{
	if (access("/etc/poolkind.conf", F_OK) == 0)
		GTEST_SKIP() << "this machine has an /etc/poolkind.conf";
	setenv("POOLKIND_CONFIG", "", 1);
	EXPECT_REFUSED(poolkind_open("@it", 0) == nullptr, ENOENT,
	    "/etc/poolkind.conf has none, or is not there");
}

TEST_F(ApiNamed, NothingOfTheFileStays)
{
	write("kind it = dram\n" + std::string(200000, '#') + "\n");
	in_child(60, [] {
		open_kind("@it");
		Facts before = facts();

		for (int i = 0; i < 100; i++) {
			open_kind("@it");
			poolkind_open("@other", 0);
		}
		Facts after = facts();
		EXPECT_EQ(before.mappings, after.mappings);
		EXPECT_EQ(before.descriptors, after.descriptors);
	});
}
