/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - the command `poolkind run`: starts any program with its memory from
 * kinds, by rules.
 *
 * All that can be wrong is found before the program starts: the words of the
 * command line, the rules, the program, the kinds, what rules name. Then this
 * process becomes the program, with libpoolkind-malloc in LD_PRELOAD and the
 * rules in a table. Owns the rules until then. A process of one thread; no
 * locks. Ends as env(1) does: 126, 127, or as the program ends; with 2 where
 * nothing was started for another reason.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "poolkind.h"
#include "rules/elf_file.h"
#include "rules/needed.h"
#include "rules/resolve.h"
#include "rules/table_write.h"
#include "spec/parts.h"
#include "spec/ranks.h"
#include "tool/commands.h"
#include "tool/timeline.h"
#include "tool/run.h"
#include "tool/run_program.h"

#define SITES_FROM ((size_t)4 << 10)
#define WAY_OUT_MAX 80
#define WARNINGS_MAX 20

int
run_failed(const struct run *run)
{
	if (run->rules.line != 0)
		fail("%s:%u: %s", run->file, run->rules.line, error_text());
	else
		fail("%s", error_text());
	return NOT_UNDERSTOOD;
}

/* A file of thousands of rules may have as many that come to nothing. */
static void
warn(void *to, unsigned line, const char *sentence)
{
	struct run *run = to;

	if (run->warnings++ < WARNINGS_MAX || run->explain)
		fail("%s:%u: warning: %s", run->file, line, sentence);
}

static void
say_what_was_left_out(const struct run *run)
{
	if (run->warnings > WARNINGS_MAX && !run->explain)
		fail("%s: %u more warnings: --explain has them", run->file,
		    run->warnings - WARNINGS_MAX);
}

/* ---- Rules --------------------------------------------------------------- */

/* Kinds of the command line are for what no rule of the file is for. */
static int
read_rules(struct run *run)
{
	struct rules *rules = &run->rules;

	if (run->file != NULL && rules_read(rules, run->file) != 0)
		return run_failed(run);
	if (run->file != NULL && rules->rule_count == 0)
		fail("%s: warning: there is no rule in it", run->file);
	if (run->given_kinds > 0 && rules->else_line != 0) {
		fail("%s:%u: \"else\" with --kind: both say where all else "
		     "comes from",
		    run->file, rules->else_line);
		return NOT_UNDERSTOOD;
	}
	if ((run->given_kinds > 0 &&
		rules_add_else(rules, 0, run->given_kinds) != 0) ||
	    rules_finish(rules) != 0)
		return run_failed(run);
	return 0;
}

/* ---- Kinds --------------------------------------------------------------- */

/* What to write in place of the kind TEXT, which could not be opened: "" where
 * that is not known. */
static void
find_way_out(const char *text, char way_out[WAY_OUT_MAX])
{
	struct spec_parts parts;
	struct spec spec = { .source = SPEC_DRAM };
	struct word last = word_of(""), source;
	bool is_share = false;

	way_out[0] = '\0';
	if (spec_split(word_of(text), NULL, &parts) != 0)
		parts.count = 0;
	for (unsigned i = 0; i < parts.count; i++) {
		last = parts.part[i];
		is_share |= spec_parse_part(&parts, i, &spec) == 0 &&
		    spec.limit_share;
	}
	if (is_share && ranks_here(NULL) == 0)
		strcpy(way_out,
		    ": start it as mpirun -np N poolkind run ... PROGRAM");
	else if (spec_is_by_attribute(&spec) && word_next(&last, ',', &source))
		snprintf(way_out, WAY_OUT_MAX,
		    ": write %.*s|dram for ordinary memory where there is none",
		    WORD(source));
}

/* The text as it was written is opened for the sentence, which says in which
 * line of the file of names the kind is that cannot be had. */
static int
kind_failed(const struct run *run, const struct rules_named_kind *kind)
{
	char sentence[ERROR_TEXT_MAX], way_out[WAY_OUT_MAX];

	poolkind_close(poolkind_open(kind->written, 0));
	snprintf(sentence, sizeof(sentence), "%s", poolkind_errormsg());
	find_way_out(kind->spec, way_out);
	if (kind->line != 0)
		fail("%s:%u: kind %s: %s%s", run->file, kind->line, kind->name,
		    sentence, way_out);
	else
		fail("--kind %s: %s%s", kind->name, sentence, way_out);
	return NOT_UNDERSTOOD;
}

/* Each is opened as the program will open it, and closed again; but for
 * ordinary memory without any option, which every machine has. */
static int
check_kinds(const struct run *run)
{
	for (unsigned i = 0; i < run->rules.kind_count; i++) {
		const struct rules_named_kind *kind = &run->rules.kinds[i];
		poolkind *opened;

		if (!kind->is_used || strcmp(kind->spec, "dram") == 0)
			continue;
		opened = poolkind_open(kind->spec, 0);
		if (opened == NULL)
			return kind_failed(run, kind);
		poolkind_close(opened);
	}
	return 0;
}

/* ---- The program --------------------------------------------------------- */

static bool
is_program(const char *path)
{
	struct elf_file elf;
	bool is = elf_file_read(path, &elf) == 0 && elf.is_program;

	elf_file_end(&elf);
	return is;
}

/* A script is run by its interpreter, or by what env(1) finds. */
static int
look_at_script(struct run *run, const char *interpreter, const char *argument)
{
	char path[PATH_MAX], word[PATH_MAX];

	if (needed_add(&run->modules, interpreter) != 0)
		return -1;
	snprintf(word, sizeof(word), "%.*s", WORD(word_until(argument, " \t")));
	if (strcmp(basename(interpreter), "env") != 0 ||
	    program_search(word, path) != 0)
		return 0;
	return needed_add(&run->modules, path);
}

/* The files that rules may be about: the program, programs that are among its
 * arguments (as behind mpirun), what is preloaded, and what was named. */
static int
look_at_files(struct run *run, const char *program)
{
	char interpreter[PATH_MAX], argument[PATH_MAX];
	int result = 0;

	if (program_is_script(program, interpreter, argument))
		result = look_at_script(run, interpreter, argument);
	else if (*program != '\0')
		result = needed_add(&run->modules, program);
	for (char **at = run->argv; result == 0 && *at != NULL; at++)
		if (strchr(*at, '/') != NULL && is_program(*at))
			result = needed_add(&run->modules, *at);
	for (size_t i = 0; i < run->file_count && result == 0; i++)
		result = needed_add(&run->modules, run->files[i]);
	return result != 0 ?
	    -1 :
	    needed_add_preloaded(&run->modules, getenv("LD_PRELOAD"));
}

static int
find_places(struct run *run, const char *program)
{
	if (findings_begin(&run->findings, run->rules.rule_count) != 0)
		return run_failed(run);
	if (!resolve_is_needed(&run->rules))
		return 0;
	if (look_at_files(run, program) != 0 ||
	    resolve(&run->rules, &run->modules, &run->findings) != 0)
		return run_failed(run);
	modules_sort(&run->modules);
	return 0;
}

static int
start(struct run *run)
{
	struct rules_table *table = rules_table_write(
	    &run->rules, &run->modules, run->flags, run->sites_from);
	int status;

	if (table == NULL)
		return run_failed(run);
	status = run->start(run, table);
	free(table);
	return status;
}

static int
find_program(const struct run *run, char path[PATH_MAX])
{
	int status;

	path[0] = '\0';
	if (*run->argv == NULL)
		return 0;
	status = program_find(*run->argv, path);
	return status != 0 ? status : program_check(path);
}

static int
check_files(const struct run *run)
{
	for (size_t i = 0; i < run->file_count; i++) {
		struct elf_file elf;
		int error = elf_file_read(run->files[i], &elf);

		elf_file_end(&elf);
		if (error == 0)
			continue;
		fail("--look-at %s: %s", run->files[i], error_name(error));
		return NOT_UNDERSTOOD;
	}
	return 0;
}

static int
do_run(struct run *run, char **words)
{
	char program[PATH_MAX];
	int status = run_read_words(run, words);

	if (status == 0)
		status = read_rules(run);
	if (status == 0)
		status = check_files(run);
	if (status == 0)
		status = find_program(run, program);
	if (status == 0)
		status = check_kinds(run);
	if (status == 0)
		status = find_places(run, program);
	say_what_was_left_out(run);
	if (status == 0)
		status = run->explain ? run_explain(run) : start(run);
	return status;
}

int
run_command(struct run *run, char **words)
{
	int status;

	run->sites_from = SITES_FROM;
	run->rules.warn = warn;
	run->rules.warn_to = run;
	status = do_run(run, words);
	findings_end(&run->findings);
	modules_end(&run->modules);
	rules_end(&run->rules);
	free(run->files);
	return status;
}

struct starting {
	const struct rules_table *table;
	char **argv;
};

static int
start_program(void *to)
{
	const struct starting *starting = to;

	return program_start(starting->table, starting->argv);
}

static int
become_program(struct run *run, const struct rules_table *table)
{
	struct starting starting = { table, run->argv };

	return run->timeline == NULL ?
	    start_program(&starting) :
	    run_with_timeline(
		start_program, &starting, run->argv[0], run->timeline);
}

int
command_run(int argc, char **argv)
{
	struct run run = { .command = RUN_PLAIN, .start = become_program };

	(void)argc;
	return run_command(&run, argv);
}
