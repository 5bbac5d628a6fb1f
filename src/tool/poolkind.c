/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poolkind.c - the program poolkind: shows what memory a machine has and what
 * a kind's text comes to on it, and runs programs on kinds.
 *
 * It uses libpoolkind-topology directly (topology_library.c), the library that
 * the engine opens when a kind names a memory attribute: so it shows exactly
 * what that would find. A saved machine can stand in place of this one.
 *
 * Answers go to standard output, in columns, everything else to standard error.
 * Ends with 0; with 1 and a line where something is not there or cannot be
 * written; with 2 and the usage where it was not understood. Owns the table of
 * commands. A process of one thread; no locks.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "spec/known.h"
#include "tool/commands.h"
#include "tool/json.h"
#include "tool/profiles.h"

static const struct command {
	const char *word, *form, *help;
	int (*run)(int argc, char **argv);
	bool has_words; /* it reads its options itself */
} commands[] = {
	{ "nodes", "[--json] [FROM]",
	    "lists the nodes with memory or CPUs, and what is known of them",
	    command_nodes, false },
	{ "devices", "[--json] [FROM]",
	    "lists DAX devices and file systems mounted with DAX",
	    command_devices, false },
	{ "rank", "ATTRIBUTE [all | local] [FROM]",
	    "says which nodes a memory attribute names, and why; local: from\n"
	    "         each node with CPUs (the default), all: from anywhere",
	    command_rank, false },
	{ "check", "[--json] TEXT",
	    "opens a kind and says what its text comes to on this machine, or\n"
	    "         why it cannot be had",
	    command_check, false },
	{ "specs", "", "lists the sources and options of a kind's text",
	    command_specs, false },
	{ "kinds", "",
	    "lists the kinds that have names in the file POOLKIND_CONFIG or\n"
	    "         /etc/poolkind.conf, for texts such as @NAME",
	    command_kinds, false },
	{ "run",
	    "[--kind TEXT]... [--rules FILE] [OPTION...] [--] PROGRAM "
	    "[ARGUMENT...]",
	    "starts any program with its memory from kinds:\n"
	    "         --kind TEXT       from this kind; when it is full, from "
	    "the next --kind\n"
	    "         --rules FILE      by size, place and thread, see "
	    "poolkind-rules(5)\n"
	    "         --strict          malloc gives NULL when all are full\n"
	    "         --explain         says what kinds and rules come to, and "
	    "starts nothing\n"
	    "         --stats           prints at the end what each kind had\n"
	    "         --verbose         says what is opened, and what spills\n"
	    "         --no-children     leaves alone what the program starts\n"
	    "         --look-at PATH    rules may be about this file, too\n"
	    "         --sites-from SIZE smaller requests have no site (4K)\n"
	    "         --timeline SVG    draws the memory of the program over "
	    "time",
	    command_run, true },
	{ "record",
	    "[-o FILE] [--sampler NAME | --trace] [OPTION...] [--] PROGRAM "
	    "[ARGUMENT...]",
	    "starts any program and writes what it does with its memory:\n"
	    "         --output FILE     to this file, -o (poolkind.pb.gz)\n"
	    "         --sampler NAME    how accesses are counted: none, "
	    "referenced, perf,\n"
	    "                           perf:page-faults, damon, dhat\n"
	    "         --trace           writes every call instead, for replay\n"
	    "         --sites-from SIZE smaller blocks are sampled (4K to "
	    "64K)\n"
	    "         --kind TEXT       and all other options as run has them",
	    command_record, true },
	{ "replay",
	    "--kind TEXT | --malloc [--process NUMBER] [--no-touch] [--json] "
	    "TRACE",
	    "makes the calls of a trace again, by as many threads, and says "
	    "what\n"
	    "         time and memory that takes:\n"
	    "         --kind TEXT       on this kind\n"
	    "         --malloc          on the malloc that the command has "
	    "itself\n"
	    "         --process NUMBER  those of this process (the one with "
	    "most)\n"
	    "         --no-touch        writes to no page of a block",
	    command_replay, true },
	{ "report", "[--top N] [--by bytes|accesses|peak] [--flame SVG] FILE",
	    "shows a profile as a table, and what is never touched:\n"
	    "         --top N           so many sites (20)\n"
	    "         --by WHAT         which come first: bytes (the default), "
	    "accesses, peak\n"
	    "         --flame SVG       writes a flame graph, too",
	    command_report, true },
	{ "advise",
	    "--fast TEXT [--fast TEXT]... --rest TEXT [-o RULES] [OPTION...] "
	    "FILE",
	    "says by a profile which sites should have which memory:\n"
	    "         --fast TEXT       for what is used most, up to its "
	    "limit\n"
	    "         --rest TEXT       for all else\n"
	    "         -o RULES          writes rules for poolkind run\n"
	    "         --curve SVG       draws what more or less would bring\n"
	    "         --bandwidth LIST  MB/s of each --fast and of --rest\n"
	    "         --latency LIST    the same in nanoseconds",
	    command_advise, true },
	{ "stat",
	    "[PID... | --all | --user USER] [--job] [--format FORMAT] "
	    "[--record FILE]",
	    "says what is in the kinds of processes, as they run: of those\n"
	    "         named, of all, or of a user (you)\n"
	    "         --job             of the ranks of a job alone\n"
	    "         --format FORMAT   table, json or openmetrics\n"
	    "         --record FILE     again and again until they end, for "
	    "plot\n"
	    "         --interval S      for that, seconds between two looks "
	    "(0.1)",
	    command_stat, true },
	{ "top",
	    "[PID... | --all | --user USER] [--job] [--interval SECONDS] "
	    "[--count N]",
	    "the same, again and again, until q", command_top, true },
	{ "move", "PID KIND TO [--rate BYTES]",
	    "takes the pages of a process's kind to other nodes, as it runs:\n"
	    "         KIND is its name or number, TO nodes:LIST, an attribute "
	    "or home\n"
	    "         --rate BYTES      no more a second",
	    command_move, true },
	{ "plot", "FILE [-o SVG]",
	    "draws what stat --record FILE wrote: memory over time, to "
	    "FILE.svg",
	    command_plot, true },
};

/* The command that runs: its usage is enough. NULL: none was understood. */
static const struct command *running;

static void
print_usage(FILE *to)
{
	const char *before = "usage:";

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *one = &commands[i];

		if (running != NULL && running != one)
			continue;
		fprintf(to, "%s poolkind %s%s%s\n", before, one->word,
		    one->form[0] == '\0' ? "" : " ", one->form);
		before = "      ";
	}
	if (running == NULL)
		fprintf(to, "       poolkind help | --help | --version\n");
}

/* What the words in capitals stand for, of those that were in the usage. */
static void
print_legend(void)
{
	static const struct {
		const char *word, *text;
	} legend[] = {
		{ "ATTRIBUTE",
		    "is bandwidth, latency, capacity, hbw, dax-kmem, cxl or "
		    "tier:N." },
		{ "FROM",
		    "is xml:PATH, synthetic:TEXT or sysfs:PATH, in place of "
		    "this machine." },
		{ "TEXT",
		    "is a kind, as in poolkind(7): dram, \"hbw > dram\", "
		    "file:/mnt,size=8G,\n@NAME." },
	};
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(legend); i++) {
		if (running != NULL &&
		    strstr(running->form, legend[i].word) == NULL)
			continue;
		printf("%s%s %s\n", first ? "\n" : "", legend[i].word,
		    legend[i].text);
		first = false;
	}
}

int
print_help(void)
{
	print_usage(stdout);
	putchar('\n');
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (running == NULL || running == &commands[i])
			printf("%-8s %s\n", commands[i].word, commands[i].help);
	print_legend();
	return 0;
}

static void
say(const char *format, va_list arguments)
{
	fputs("poolkind: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void
remark(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
}

int
fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	return FAILED;
}

int
not_understood(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	print_usage(stderr);
	return NOT_UNDERSTOOD;
}

int
open_from(int argc, char **argv, struct topology **topology)
{
	char why[TOPOLOGY_TEXT_MAX];

	if (argc > 1)
		return not_understood("one word too many: \"%s\"", argv[1]);
	*topology = poolkind_topology_open(argc > 0 ? argv[0] : NULL, why);
	return *topology != NULL ? 0 : fail("%s", why);
}

void
print_nodes(const uint64_t *bits)
{
	const char *comma = "";
	size_t node = 0, end;

	for (;; node = end) {
		node = bits_find(bits, node, SPEC_NODES_MAX, true);
		if (node == SPEC_NODES_MAX)
			return;
		end = bits_find(bits, node, SPEC_NODES_MAX, false);
		printf("%s%zu", comma, node);
		if (end != node + 1)
			printf("-%zu", end - 1);
		comma = ",";
	}
}

/* ---- Start --------------------------------------------------------------- */

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool
find_command(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(word, commands[i].word) == 0)
			running = &commands[i];
	return running != NULL;
}

static int
unknown_command(const char *word)
{
	struct known known = { .count = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		known_add(&known, commands[i].word);
	known_fail(&known, "command", word_of(word), "");
	return not_understood("%s", error_text());
}

/* None of the words that these commands take begins with "-". */
static int
unknown_option(const char *word)
{
	struct known known = { .count = 0 };

	if (strstr(running->form, "--json") != NULL)
		known_add(&known, "--json");
	known_add(&known, "--help");
	known_fail(&known, "option", word_of(word), "");
	return not_understood("%s", error_text());
}

/* Takes "--json" out of the words, wherever it stands. */
static bool
take_json(int *argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < *argc; i++)
		if (strcmp(argv[i], "--json") != 0)
			argv[kept++] = argv[i];
	kept = *argc - kept;
	*argc -= kept;
	return kept > 0;
}

/* "help" is no text of a kind, no attribute and no machine. */
static int
answer(int argc, char **argv)
{
	bool help = false;

	for (int i = 0; i < argc; i++)
		help |= is_help(argv[i]) || strcmp(argv[i], "help") == 0;
	json_wanted = take_json(&argc, argv);
	if (help)
		return print_help();
	if (json_wanted && strstr(running->form, "--json") == NULL)
		return not_understood("%s has no JSON", running->word);
	for (int i = 0; i < argc; i++)
		if (argv[i][0] == '-')
			return unknown_option(argv[i]);
	return running->run(argc, argv);
}

/* Of a command that reads all of its words itself. Behind a program they are
 * the program's; but "help" alone cannot be one, as no kinds are named. */
static int
answer_words(int argc, char **argv)
{
	bool help = argc == 1 && strcmp(argv[0], "help") == 0;

	for (int i = 0; i < argc && running->run != command_run; i++)
		help |= is_help(argv[i]);
	return help ? print_help() : running->run(argc, argv);
}

/* The first word is the command, the others are the command's; a request for
 * help may stand anywhere. */
static int
run(int argc, char **argv)
{
	if (argc < 2 || is_help(argv[1]))
		return print_help();
	if (strcmp(argv[1], "--version") == 0)
		return printf("poolkind %s\n", PACKAGE_VERSION) < 0;
	if (strcmp(argv[1], "help") == 0) {
		if (argc > 2 && !is_help(argv[2]) && !find_command(argv[2]))
			return unknown_command(argv[2]);
		return print_help();
	}
	if (!find_command(argv[1]))
		return unknown_command(argv[1]);
	return running->has_words ? answer_words(argc - 2, argv + 2) :
				    answer(argc - 2, argv + 2);
}

/* stdout is a pipe or a file most times, and written at the end: only here it
 * can be told whether all of it went out. */
int
main(int argc, char **argv)
{
	int status = run(argc, argv);

	if (fflush(stdout) != 0)
		return fail("cannot write: %s", strerror(errno));
	return status;
}
