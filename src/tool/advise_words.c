/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise_words.c - the words of `poolkind advise`. See advise.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "spec/parts.h"
#include "tool/advise.h"
#include "tool/commands.h"
#include "tool/options.h"

static int
check_spec(const char *option, const char *value)
{
	struct named_file names = { .given = NULL };
	struct spec_parts parts;
	int result = spec_split(word_of(value), &names, &parts);

	if (result == 0)
		result = spec_check_parts(&parts);
	named_close(&names);
	return result == 0 ?
	    0 :
	    not_understood("%s %s: %s", option, value, error_text());
}

static int
take_fast(void *to, const char *value)
{
	struct advice *advice = to;
	struct memory *memory = &advice->memories[advice->fast];

	if (advice->fast == ADVICE_FAST_MAX)
		return not_understood(
		    "--fast %s is one too many: there may be %d", value,
		    ADVICE_FAST_MAX);
	*memory = (struct memory){ .spec = value };
	if (advice->fast++ == 0)
		strcpy(memory->name, "fast");
	else
		snprintf(
		    memory->name, sizeof(memory->name), "fast%u", advice->fast);
	return 0;
}

int
advise_read_words(struct advice *advice, int argc, char **argv)
{
	const struct option_row options[] = {
		{ "--fast", .take = take_fast },
		{ "--rest", .value = &advice->rest },
		{ "-o", .value = &advice->rules },
		{ "--curve", .value = &advice->curve },
		{ "--bandwidth", .value = &advice->bandwidths },
		{ "--latency", .value = &advice->latencies },
	};
	int status = take_options(
	    options, ARRAY_SIZE(options), advice, &argc, argv);

	if (status == 0)
		status = take_file(argc, argv, &advice->file,
		    "advise on which file?", "advice is on one file");
	if (status != 0)
		return status;
	if (advice->fast == 0)
		return not_understood("advise for which memory? Write --fast "
				      "TEXT, like --fast bandwidth,limit=8G");
	if (advice->rest == NULL)
		return not_understood(
		    "where should all else be? Write --rest TEXT, like --rest "
		    "dram");
	for (unsigned i = 0; i < advice->fast && status == 0; i++)
		status = check_spec("--fast", advice->memories[i].spec);
	advice->memories[advice->fast] = (struct memory){ .spec = advice->rest,
		.name = "rest" };
	return status != 0 ? status : check_spec("--rest", advice->rest);
}
