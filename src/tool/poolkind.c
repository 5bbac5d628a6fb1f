/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poolkind.c - the program poolkind: shows what memory a machine has, and what
 * a kind's text comes to on it.
 *
 * It uses libpoolkind-topology directly, the library that the engine opens when
 * a kind names a memory attribute: so it shows exactly what that would find. A
 * saved machine can stand in place of this one.
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

static const struct command {
	const char *word, *form, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "nodes", "[--json] [FROM]",
	    "lists the nodes with memory or CPUs, and what is known of them",
	    command_nodes },
	{ "devices", "[--json] [FROM]",
	    "lists DAX devices and file systems mounted with DAX",
	    command_devices },
	{ "rank", "ATTRIBUTE [all | local] [FROM]",
	    "says which nodes a memory attribute names, and why; local: from\n"
	    "         each node with CPUs (the default), all: from anywhere",
	    command_rank },
	{ "check", "TEXT",
	    "opens a kind and says what its text comes to on this machine, or\n"
	    "         why it cannot be had",
	    command_check },
	{ "specs", "", "lists the sources and options of a kind's text",
	    command_specs },
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

static void
print_help(void)
{
	print_usage(stdout);
	putchar('\n');
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (running == NULL || running == &commands[i])
			printf("%-8s %s\n", commands[i].word, commands[i].help);
	fputs("\n"
	      "ATTRIBUTE is bandwidth, latency, capacity, hbw or dax-kmem.\n"
	      "FROM is xml:PATH, synthetic:TEXT or sysfs:PATH, in place of "
	      "this machine.\n"
	      "TEXT is a kind, as in poolkind(7): dram, \"hbw > dram\", "
	      "file:/mnt,size=8G.\n",
	    stdout);
}

static void
say(const char *format, va_list arguments)
{
	fputs("poolkind: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
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

/* Takes "--json" out of the words, wherever it stands behind the command. */
static bool
take_json(int *argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < *argc; i++)
		if (i == 0 || strcmp(argv[i], "--json") != 0)
			argv[kept++] = argv[i];
	kept = *argc - kept;
	*argc -= kept;
	return kept > 0;
}

/* The first word is the command, the others are the command's; a request for
 * help may stand anywhere. */
static int
run(int argc, char **argv)
{
	bool help = argc > 1 && strcmp(argv[1], "help") == 0;

	if (argc < 2) {
		print_usage(stderr);
		return NOT_UNDERSTOOD;
	}
	if (strcmp(argv[1], "--version") == 0)
		return printf("poolkind %s\n", PACKAGE_VERSION) < 0;
	argc -= 1 + help;
	argv += 1 + help;
	for (int i = 0; i < argc; i++)
		help |= is_help(argv[i]);
	json_wanted = take_json(&argc, argv);
	if (argc > 0 && !is_help(argv[0]) && !find_command(argv[0]))
		return unknown_command(argv[0]);
	if (help) {
		print_help();
		return 0;
	}
	if (json_wanted && strstr(running->form, "--json") == NULL)
		return not_understood("%s has no JSON", running->word);
	return running->run(argc - 1, argv + 1);
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
