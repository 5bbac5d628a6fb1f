/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits that are a part of what there is, and how many ranks share it. */
#include "spec_test.h"

#include <map>

extern "C" {
#include "spec/ranks.h"
}

namespace {

using Variables = std::map<std::string, std::string>;

/* What is found in this environment: a number, or the sentence. */
std::string
ranks(const Variables &variables)
{
	std::vector<std::string> texts;
	std::vector<char *> environment;
	unsigned found;

	for (const auto &one : variables)
		texts.push_back(one.first + "=" + one.second);
	for (std::string &text : texts)
		environment.push_back(&text[0]);
	environment.push_back(nullptr);
	errno = 0;
	found = ranks_here(environment.data());
	if (found != 0)
		return std::to_string(found);
	EXPECT_EQ(errno, EINVAL);
	return error_text();
}

/* By SLURM_STEP_TASKS_PER_NODE on this host of it. */
std::string
slurm(const std::string &list, const std::string &host)
{
	return ranks({ { "SLURM_STEP_TASKS_PER_NODE", list },
	    { "SLURM_NODEID", host } });
}

} // namespace

TEST(Limit, MayBeAPart)
{
	struct spec spec;

	EXPECT_EQ(normal("dram,limit=50%"), "dram,limit=50%");
	EXPECT_EQ(normal("dram,limit=1%"), "dram,limit=1%");
	EXPECT_EQ(normal("hbw,limit=100%"), "hbw,limit=100%");
	EXPECT_EQ(
	    normal("file:/d,name=x,limit=share"), "file:/d,limit=share,name=x");
	ASSERT_EQ(spec_parse("nodes:0,limit=50%", &spec), 0);
	EXPECT_EQ(spec.limit_percent, 50u);
	EXPECT_EQ(spec.limit, 0u);
	EXPECT_FALSE(spec.limit_share);
	ASSERT_EQ(spec_parse("dram,size=1G,reserve=yes,limit=share", &spec), 0)
	    << "what it comes to is not known yet: " << error_text();
	EXPECT_TRUE(spec.limit_share);
	EXPECT_EQ(spec.limit, 0u);
}

TEST(Limit, IsAPartBetweenNothingAndAll)
{
	for (const char *wrong : { "0%", "101%", "%", "-1%", "1.5%", "5K%",
		 "x%", "50%%", "50 %", "18446744073709551666%" })
		EXPECT_EQ(normal(std::string("dram,limit=") + wrong),
		    std::string("error: limit=") + wrong +
			" is not a part of what there is: write a whole "
			"number from 1% to 100%");
}

TEST(Limit, SaysWhatWouldBeValid)
{
	EXPECT_EQ(normal("dram,limit=half"),
	    "error: limit=half is not a size: write a size such as 8G, a part "
	    "such as 50%, or share");
	EXPECT_EQ(normal("dram,limit=Shares"),
	    "error: limit=Shares is not a size: write share");
	EXPECT_EQ(normal("dram,limit=1GiB"),
	    "error: limit=1GiB is not a size: write 1G");
	EXPECT_EQ(normal("dram,size=50%"),
	    "error: size=50% is not a size: write a number of bytes, or one "
	    "with K, M, G or T");
	EXPECT_EQ(
	    normal("dram,size=share").find("error: size=share is not"), 0u)
	    << "only a limit is shared";
}

TEST(Ranks, AreWhatTheJobSays)
{
	for (const char *name :
	    { "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS",
		"MV2_COMM_WORLD_LOCAL_SIZE", "PMI_LOCAL_SIZE",
		"PALS_LOCAL_SIZE", "SLURM_STEP_TASKS_PER_NODE",
		"SLURM_TASKS_PER_NODE", "SLURM_NTASKS_PER_NODE" }) {
		EXPECT_EQ(ranks({ { name, "4" } }), "4") << name;
		EXPECT_EQ(ranks({ { name, "1" }, { "PMI_SIZE", "9" } }), "1");
	}
}

/* Open MPI in a job of Slurm's starts one process on each host by srun. */
TEST(Ranks, OfMpiComeBeforeThoseOfSlurm)
{
	EXPECT_EQ(ranks({ { "SLURM_STEP_TASKS_PER_NODE", "1(x2)" },
		      { "SLURM_NODEID", "1" },
		      { "OMPI_COMM_WORLD_LOCAL_SIZE", "8" } }),
	    "8");
	EXPECT_EQ(ranks({ { "SLURM_NTASKS_PER_NODE", "6" },
		      { "SLURM_TASKS_PER_NODE", "5" },
		      { "SLURM_STEP_TASKS_PER_NODE", "3" } }),
	    "3");
	EXPECT_EQ(ranks({ { "OMPI_COMM_WORLD_LOCAL_SIZE", "" },
		      { "MPI_LOCALNRANKS", "2" } }),
	    "2")
	    << "an empty one is not set";
}

TEST(Ranks, OfSlurmAreThoseOfTheHost)
{
	EXPECT_EQ(slurm("4(x2),3", "0"), "4");
	EXPECT_EQ(slurm("4(x2),3", "1"), "4");
	EXPECT_EQ(slurm("4(x2),3", "2"), "3");
	EXPECT_EQ(slurm("1,2,3(x100),7", "102"), "7");
	EXPECT_EQ(slurm("12", "0"), "12");
}

TEST(Ranks, OfSlurmThatAreNotUnderstood)
{
	for (const char *list : { "4(x2),3", "4(x2" })
		EXPECT_EQ(ranks({ { "SLURM_STEP_TASKS_PER_NODE", list } }),
		    std::string("limit=share: SLURM_STEP_TASKS_PER_NODE=") +
			list +
			" does not say how many ranks are on the host of "
			"SLURM_NODEID=: write a list such as 4(x2),3, and the "
			"number of this host in it, from 0");
	for (const char *list :
	    { "4(x2),3", "4(x)", "4(x2", "4(y9)", "4x9", "(x9)", "4(x9),", "x",
		"4(x99999999999)", "99999999999", "0(x9)", "4(x9),," })
		EXPECT_NE(
		    slurm(list, "3").find("does not say"), std::string::npos)
		    << list;
	EXPECT_NE(
	    slurm("4(x9)", "-1").find("SLURM_NODEID=-1"), std::string::npos);
	EXPECT_NE(
	    slurm("4(x9)", "9").find("SLURM_NODEID=9"), std::string::npos);
}

TEST(Ranks, ThatAreNoNumber)
{
	for (const char *wrong :
	    { "0", "-1", "4x", " 4", "4294967296", "0x4", "4(x2)" })
		EXPECT_EQ(ranks({ { "MPI_LOCALNRANKS", wrong },
			      { "SLURM_NTASKS_PER_NODE", "3" } }),
		    std::string("limit=share: MPI_LOCALNRANKS=") + wrong +
			" is not how many ranks are on this host: write a "
			"number from 1");
}

TEST(Ranks, NobodySays)
{
	EXPECT_EQ(ranks({ { "SLURM_NODEID", "0" }, { "PMI_SIZE", "4" } }),
	    "limit=share: none of OMPI_COMM_WORLD_LOCAL_SIZE, MPI_LOCALNRANKS, "
	    "MV2_COMM_WORLD_LOCAL_SIZE, PMI_LOCAL_SIZE, PALS_LOCAL_SIZE, "
	    "SLURM_STEP_TASKS_PER_NODE, SLURM_TASKS_PER_NODE, "
	    "SLURM_NTASKS_PER_NODE is set; mpirun and srun set one");
}
