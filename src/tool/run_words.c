/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_words.c - the words of `poolkind run` and `poolkind record`: options,
 * then the program and its arguments. See run.h.
 *
 * A new option is a row of the table. Kinds are checked while they are read; a
 * file of rules is read later. No locks; fails with a line and how the command
 * is used.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "spec/hint.h"
#include "tool/commands.h"
#include "tool/run.h"

static int
take_kind(struct run *run, const char *value)
{
	if (rules_add_kind(&run->rules, word_of(value), word_of(value), 0) !=
	    0) {
		fail("--kind %s: %s", value, error_text());
		return NOT_UNDERSTOOD;
	}
	run->given_kinds++;
	return 0;
}

static int
take_rules(struct run *run, const char *value)
{
	if (run->file != NULL)
		return not_understood("--rules %s behind --rules %s: all rules "
				      "are in one file",
		    value, run->file);
	run->file = value;
	return 0;
}

static int
take_timeline(struct run *run, const char *value)
{
	run->timeline = value;
	return 0;
}

static int
take_file(struct run *run, const char *value)
{
	run->files[run->file_count++] = (char *)value;
	return 0;
}

static int
take_sites_from(struct run *run, const char *value)
{
	const char *end;
	struct hint hint = hint_size(word_of(value));

	run->sites_are_given = true;
	if (spec_parse_size(value, &end, &run->sites_from) == 0 && *end == '\0')
		return 0;
	return hint.text[0] != '\0' ?
	    not_understood(
		"--sites-from %s is not a size: write %s", value, hint.text) :
	    not_understood(
		"--sites-from %s is not a size like 4K or 1M", value);
}

static int
take_output(struct run *run, const char *value)
{
	if (*value == '\0')
		return not_understood("--output \"\" is no file");
	run->output = value;
	return 0;
}

static const struct {
	const char *word, *unit;
} samplers[] = {
	[SAMPLER_NONE] = { "none", "" },
	[SAMPLER_REFERENCED] = { "referenced", "bytes" },
	[SAMPLER_PERF] = { "perf", "loads and stores" },
	[SAMPLER_PERF_FAULTS] = { "perf:page-faults", "page faults" },
	[SAMPLER_DAMON] = { "damon", "bytes" },
	[SAMPLER_DHAT] = { "dhat", "bytes" },
};

const char *
sampler_name(const struct run *run)
{
	return samplers[run->sampler].word;
}

const char *
sampler_unit(const struct run *run)
{
	return samplers[run->sampler].unit;
}

static int
take_sampler(struct run *run, const char *value)
{
	struct known known = { .count = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(samplers); i++) {
		known_add(&known, samplers[i].word);
		if (strcmp(value, samplers[i].word) != 0)
			continue;
		run->sampler = (enum sampler)i;
		return 0;
	}
	known_fail(&known, "sampler", word_of(value), "");
	return not_understood("--sampler: %s", error_text());
}

static int
take_explain(struct run *run, const char *unused)
{
	(void)unused;
	run->explain = true;
	return 0;
}

static int
take_trace(struct run *run, const char *unused)
{
	(void)unused;
	run->is_trace = true;
	return 0;
}

/* An option has a value, for TAKE, or is a flag; or, where NO_VALUE is its
 * flag, is taken without one. */
#define NO_VALUE UINT32_MAX

static const struct run_option {
	const char *word;
	int (*take)(struct run *run, const char *value);
	uint32_t flag;
	unsigned commands;
} options[] = {
	{ "--kind", take_kind, 0, RUN_PLAIN | RUN_RECORD },
	{ "--rules", take_rules, 0, RUN_PLAIN | RUN_RECORD },
	{ "--sites-from", take_sites_from, 0, RUN_PLAIN | RUN_RECORD },
	{ "--look-at", take_file, 0, RUN_PLAIN | RUN_RECORD },
	{ "--timeline", take_timeline, 0, RUN_PLAIN },
	{ "--output", take_output, 0, RUN_RECORD | RUN_DHAT },
	{ "-o", take_output, 0, RUN_RECORD | RUN_DHAT },
	{ "--sampler", take_sampler, 0, RUN_RECORD | RUN_DHAT },
	{ "--trace", take_trace, NO_VALUE, RUN_RECORD },
	{ "--strict", NULL, RULES_STRICT, RUN_PLAIN | RUN_RECORD },
	{ "--stats", NULL, RULES_STATS, RUN_PLAIN | RUN_RECORD },
	{ "--verbose", NULL, RULES_VERBOSE, RUN_PLAIN | RUN_RECORD },
	{ "--no-children", NULL, RULES_NO_CHILDREN,
	    RUN_PLAIN | RUN_RECORD | RUN_DHAT },
	{ "--explain", take_explain, NO_VALUE, RUN_PLAIN },
};

static const struct run_option *
find_option(const struct run *run, struct word word)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if ((options[i].commands & run->command) != 0 &&
		    word_is(word, options[i].word))
			return &options[i];
	return NULL;
}

static int
unknown_option(const struct run *run, struct word word)
{
	struct known known = { .count = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if ((options[i].commands & run->command) != 0)
			known_add(&known, options[i].word);
	known_fail(&known, "option", word, "");
	return not_understood("%s", error_text());
}

/* Takes the option at *AT and its value, which stands behind "=" or is the next
 * word. */
static int
take_option(struct run *run, char ***at)
{
	struct word word = word_until(**at, "=");
	const struct run_option *option = find_option(run, word);
	const char *value = NULL;

	if (option == NULL)
		return unknown_option(run, word);
	if ((option->commands & RUN_DHAT) == 0)
		run->of_library = option->word;
	if ((**at)[word.length] == '=')
		value = **at + word.length + 1;
	if (option->flag != 0 && value != NULL)
		return not_understood("%s takes no value", option->word);
	++*at;
	if (option->take == NULL) {
		run->flags |= option->flag;
		return 0;
	}
	if (option->flag == NO_VALUE)
		return option->take(run, NULL);
	if (value == NULL)
		value = *(*at)++;
	if (value == NULL)
		return not_understood("%s of what?", option->word);
	return option->take(run, value);
}

/* The first option behind the program that says which memory, or NULL. */
static const char *
memory_behind(char **words)
{
	for (; *words != NULL; words++) {
		struct word word = word_until(*words, "=");

		if (word_is(word, "--kind") || word_is(word, "--rules"))
			return *words;
	}
	return NULL;
}

static int
check_memory(struct run *run)
{
	const char *behind = memory_behind(run->argv);

	if (behind != NULL)
		return not_understood("run on which memory? What stands behind "
				      "\"%s\" is the program's: write %s "
				      "before it",
		    *run->argv, behind);
	return not_understood("run on which memory? Write --kind TEXT "
			      "or --rules FILE");
}

/* What is recorded may be on ordinary memory. */
static int
check_words(struct run *run)
{
	if (run->is_trace && run->sampler != SAMPLER_NONE)
		return not_understood("--sampler %s with --trace: a trace has "
				      "no sites: leave one of them out",
		    sampler_name(run));
	if (run->sampler == SAMPLER_DHAT && run->of_library != NULL)
		return not_understood("%s is for libpoolkind-malloc, and with "
				      "--sampler dhat malloc is Valgrind's: "
				      "leave it out",
		    run->of_library);
	run->record_kinds = run->given_kinds != 0 || run->file != NULL;
	if (!run->record_kinds) {
		int status = run->command == RUN_RECORD ?
		    take_kind(run, "dram") :
		    check_memory(run);

		if (status != 0)
			return status;
	}
	if (*run->argv == NULL && !run->explain)
		return not_understood("run which program?");
	return 0;
}

static size_t
count_words(char **words)
{
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	return count;
}

/* Options end at the first word that is none, or behind "--": what follows is
 * the program's, its options too. */
int
run_read_words(struct run *run, char **words)
{
	char **at = words;

	run->files = calloc(count_words(words) + 1, sizeof(*run->files));
	if (run->files == NULL) {
		fail("no memory for the command line");
		return NOT_UNDERSTOOD;
	}
	while (*at != NULL && **at == '-' && strcmp(*at, "--") != 0) {
		int status;

		if (strcmp(*at, "--help") == 0 || strcmp(*at, "-h") == 0)
			exit(print_help());
		status = take_option(run, &at);
		if (status != 0)
			return status;
	}
	run->argv = at + (*at != NULL && strcmp(*at, "--") == 0);
	return check_words(run);
}
