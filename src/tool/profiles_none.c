/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profiles_none.c - stands in for the commands of profiles.h where they cannot
 * be built: each says what is missing.
 */
#include "tool/commands.h"
#include "tool/profiles.h"

static int
missing(const char *word)
{
	fail("%s needs protobuf-c and zlib, which this build does not have: "
	     "install libprotobuf-c-dev, protobuf-c-compiler and zlib1g-dev "
	     "and build again",
	    word);
	return NOT_UNDERSTOOD;
}

int
command_report(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return missing("report");
}

int
command_advise(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return missing("advise");
}

int
command_replay(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return missing("replay");
}
