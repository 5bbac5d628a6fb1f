/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables that say which nodes are high bandwidth memory, and which come
 * from DAX devices; what is not valid is complained of once. */
#include "../memkind_test.h"

#include <cstdio>

using namespace engine;
using namespace memkinds;

namespace {

/* A machine with two nodes of DRAM, and two of HBM. */
const char *const WITH_HBM = "HWLOC_XMLFILE=" MACHINES "/hbm-flat.xml";

} // namespace

/* ---- Nodes --------------------------------------------------------------- */

MEMKIND_PROGRAM(codes)
{
	printf("%d %d\n", memkind_check_available(MEMKIND_HBW),
	    memkind_check_available(MEMKIND_DAX_KMEM));
	return 0;
}

TEST(EnvironNodes, Valid)
{
	for (const char *list : { "0", "0-0", "0,0", "all" }) {
		EXPECT_EQ("0 0\n",
		    said_by("codes",
			{ std::string("MEMKIND_HBW_NODES=") + list,
			    std::string("MEMKIND_DAX_KMEM_NODES=") + list }));
	}
}

TEST(EnvironNodes, NoList)
{
	for (const char *list : { "abc", "0-", "x0", "0x", "0,,0", "1-0", "999",
		 "0,999", "99999999999999999999", "0,page=2M", "0,limit=1G",
		 "!0", " 0" }) {
		std::string said = said_by("codes",
		    { std::string("MEMKIND_HBW_NODES=") + list,
			std::string("MEMKIND_DAX_KMEM_NODES=") + list });
		EXPECT_EQ(1u, count_of(said, "-12 -12\n")) << list << said;
		for (const char *name :
		    { "MEMKIND_HBW_NODES=", "MEMKIND_DAX_KMEM_NODES=" })
			EXPECT_EQ(1u,
			    count_of(said,
				std::string("MEMKIND_WARNING: ") + name + list))
			    << said;
	}
}

MEMKIND_PROGRAM(many_calls)
{
	for (int i = 0; i < 100; i++) {
		memkind_get_capacity(MEMKIND_HBW);
		if (memkind_malloc(MEMKIND_HBW, 10) || errno != ENOMEM)
			return 1;
	}
	return 0;
}

TEST(EnvironNodes, AreComplainedOfOnce)
{
	EXPECT_EQ(1u,
	    count_of(said_by("many_calls", { "MEMKIND_HBW_NODES=abc" }), "\n"));
	EXPECT_EQ(1u,
	    count_of(
		said_by("many_calls", { "MEMKIND_HBW_THRESHOLD=abc" }), "\n"));
	EXPECT_EQ(1u,
	    count_of(
		said_by("many_calls",
		    { "MEMKIND_HBW_NODES=0", "MEMKIND_ARENA_NUM_PER_KIND=0" }),
		"\n"));
}

/* What is local is the nearest of them. */
TEST(EnvironNodes, NearestFirst)
{
	std::string said = said_by("sizes",
	    { "HWLOC_XMLFILE=" MACHINES "/no-hmat.xml", "MEMKIND_HBW_NODES=2,3",
		"MEMKIND_DAX_KMEM_NODES=all" });
	EXPECT_EQ("0:384 0:256 0:256 0:-1 0:128 -20:-1 -20:-1 "
		  "0:64 0:128 0:-1 0:128 0:128 0:384 ",
	    said);
}

/* ---- Threshold ----------------------------------------------------------- */

TEST(EnvironThreshold, InMegabytesPerSecond)
{
	const struct {
		const char *text, *said;
	} table[] = {
		{ "0", "regular=0,1 hbw=0,1,2,3 kmem=-1 " },
		{ "1", "regular=0,1 hbw=0,1,2,3 kmem=-1 " },
		{ "190000", "regular=0,1 hbw=0,1,2,3 kmem=-1 " },
		{ "190001", "regular=0,1 hbw=2,3 kmem=-1 " },
		{ "4294967295", "regular=0,1 hbw=-20 kmem=-1 " },
	};
	for (auto &one : table)
		EXPECT_EQ(one.said,
		    said_by("nodes",
			{ WITH_HBM,
			    std::string("MEMKIND_HBW_THRESHOLD=") +
				one.text }));
}

TEST(EnvironThreshold, NoNumber)
{
	for (const char *text : { "abc", "-1", "1x", " 1", "1.5", "4294967296",
		 "99999999999999999999" }) {
		std::string said = said_by("nodes",
		    { WITH_HBM, std::string("MEMKIND_HBW_THRESHOLD=") + text });
		EXPECT_EQ(1u, count_of(said, "hbw=-12")) << said;
		EXPECT_EQ(1u, count_of(said, "MEMKIND_WARNING: ")) << said;
	}
}

TEST(EnvironNodes, EmptyIsNotSet)
{
	EXPECT_EQ(said_by("nodes", { WITH_HBM }),
	    said_by("nodes",
		{ WITH_HBM, "MEMKIND_HBW_NODES=", "MEMKIND_DAX_KMEM_NODES=",
		    "MEMKIND_HBW_THRESHOLD=" }));
}

/* The list of nodes goes before the threshold. */
TEST(EnvironThreshold, DoesNotMatterWhereNodesAreNamed)
{
	EXPECT_EQ("regular=0,1 hbw=1 kmem=-1 ",
	    said_by("nodes",
		{ WITH_HBM, "MEMKIND_HBW_NODES=1",
		    "MEMKIND_HBW_THRESHOLD=abc" }));
}
