/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stat.c - the commands `poolkind stat' and `poolkind top': what kinds the
 * processes of this machine have, and what is in them.
 *
 * Nothing is done to a process that is looked at (outside/outside.h). Owns what
 * was found while it is printed. A process of one thread; no locks.
 */
#include "tool/stat.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/base.h"
#include "base/error.h"
#include "spec/known.h"
#include "tool/columns.h"
#include "tool/commands.h"
#include "tool/json.h"
#include "tool/timeline.h"

/* ---- The table ----------------------------------------------------------- */

/* 0=1.5G,1=20M */
static void
add_nodes(struct columns *columns, const struct stats_kind *kind)
{
	char text[1024] = "", size[SIZE_TEXT_MAX];
	size_t length = 0;

	for (unsigned i = 0; kind->on_node != NULL && i < kind->nodes; i++) {
		if (kind->on_node[i] == 0 || length > sizeof(text) - 64)
			continue;
		size_text(size, kind->on_node[i]);
		length += (size_t)snprintf(text + length, sizeof(text) - length,
		    "%s%u=%s", length == 0 ? "" : ",", i, size);
	}
	columns_add(columns, text[0] == '\0' ? "-" : text);
}

static void
add_kind(struct columns *columns, const struct stats_process *process,
    const struct stats_kind *kind, bool ranks)
{
	columns_add_number(columns, (uint64_t)process->process);
	if (ranks)
		columns_add(
		    columns, process->rank == NULL ? "-" : process->rank);
	columns_add(columns, process->program);
	columns_add(columns, kind->name);
	for (unsigned i = STATS_LIVE; i <= STATS_LIMIT; i++)
		columns_add_size(columns, kind->value[i]);
	add_nodes(columns, kind);
	columns_add_number(columns, kind->value[STATS_ALLOCATIONS]);
	columns_add_number(columns, kind->value[STATS_FAILURES]);
	columns_add_number(columns, kind->value[STATS_SPILLS]);
	columns_add_number(columns, kind->value[STATS_RETURNS]);
	columns_add(columns, kind->text);
}

static void
add_head(struct columns *columns, bool ranks)
{
	static const char *const heads[] = { "PID", "RANK", "PROGRAM", "KIND",
		"LIVE", "CACHED", "COMMITTED", "PEAK", "RESIDENT", "LIMIT",
		"BY NODE", "ALLOCATIONS", "FAILURES", "SPILLS", "RETURNS",
		"TEXT" };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		const char *head = heads[i];

		if (strcmp(head, "RANK") == 0 && !ranks)
			continue;
		columns->left[columns->count++] = strcmp(head, "PROGRAM") ==
			0 ||
		    strcmp(head, "KIND") == 0 || strcmp(head, "BY NODE") == 0;
		columns_add(columns, head);
	}
}

void
stat_print_table(
    const struct stats_process *first, unsigned rows, unsigned width)
{
	struct columns columns = { 0 };
	bool ranks = false;

	for (const struct stats_process *p = first; p != NULL; p = p->next)
		ranks |= p->rank != NULL;
	add_head(&columns, ranks);
	for (const struct stats_process *p = first; p != NULL; p = p->next)
		for (const struct stats_kind *k = p->kinds; k != NULL;
		     k = k->next)
			add_kind(&columns, p, k, ranks);
	columns_print(&columns, rows, width);
	columns_free(&columns);
}

/* ---- stat ---------------------------------------------------------------- */

static void
print(const struct stats_process *first, int format)
{
	if (format == 0)
		stat_print_table(first, 0, 0);
	else if (format == 1)
		stats_write_json(first, &to_stdout);
	else
		stats_write_openmetrics(first, &to_stdout);
}

int
command_stat(int argc, char **argv)
{
	static const char *const formats[] = { "table", "json", "openmetrics" };
	const struct known known = known_of(formats, ARRAY_SIZE(formats));
	struct stat_wanted wanted = { 0 };
	const char *word = "table", *interval = "0.1", *path = NULL;
	const struct option_row options[] = {
		{ "--all", .flag = &wanted.all },
		{ "--user", .value = &wanted.user },
		{ "--job", .flag = &wanted.job },
		{ "--format", .value = &word },
		{ "--record", .value = &path },
		{ "--interval", .value = &interval },
	};
	struct stats_process *first;
	double seconds;
	int format,
	    status = take_options(
		options, ARRAY_SIZE(options), NULL, &argc, argv);

	if (status != 0)
		return status;
	format = known_choose(&known, "format", word_of(word));
	if (format < 0)
		return not_understood("%s", error_text());
	status = take_seconds("--interval", interval, &seconds);
	if (status == 0)
		status = stat_read_wanted(&wanted, argc, argv);
	if (status == 0 && path != NULL) {
		status = timeline_record(&wanted, seconds, path);
	} else if (status == 0) {
		first = stat_look(&wanted, true, false, &status);
		print(first, format);
		outside_free(first);
	}
	list_free(&wanted.given_list);
	return status;
}

/* ---- top ----------------------------------------------------------------- */

static struct termios before;
static volatile sig_atomic_t interrupted;

static void
interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* Keys are read as they are typed, until `before' is set again. */
static bool
set_keys(void)
{
	struct termios now;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	now = before;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	return tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

/* Returns whether to go on: not after a q, nor after Ctrl-C. */
static bool
wait_for_key(double seconds, bool keys)
{
	struct pollfd input = { keys ? STDIN_FILENO : -1, POLLIN, 0 };
	char key = 0;

	if (poll(&input, 1, (int)(seconds * 1000)) > 0 &&
	    read(STDIN_FILENO, &key, 1) != 1)
		return false;
	return key != 'q' && !interrupted;
}

static void
print_screen(const struct stats_process *first)
{
	struct winsize size = { 0 };
	bool screen = isatty(STDOUT_FILENO) &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1;

	if (screen)
		fputs("\033[H\033[J", stdout);
	stat_print_table(
	    first, screen ? size.ws_row - 1u : 0, screen ? size.ws_col : 0);
	if (!screen)
		putchar('\n');
	fflush(stdout);
}

static int
show(const struct stat_wanted *wanted, double seconds, unsigned long count)
{
	bool keys = set_keys();
	int status = 0;

	signal(SIGINT, interrupt);
	for (unsigned long i = 1;; i++) {
		struct stats_process *first = stat_look(
		    wanted, true, i != 1, &status);

		print_screen(first);
		outside_free(first);
		if (ferror(stdout) || i == count ||
		    !wait_for_key(seconds, keys))
			break;
	}
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	return status;
}

int
command_top(int argc, char **argv)
{
	struct stat_wanted wanted = { 0 };
	const char *interval = "2", *count = "0";
	const struct option_row options[] = {
		{ "--all", .flag = &wanted.all },
		{ "--user", .value = &wanted.user },
		{ "--job", .flag = &wanted.job },
		{ "--interval", .value = &interval },
		{ "--count", .value = &count },
	};
	double seconds;
	char *end;
	unsigned long times;
	int status = take_options(
	    options, ARRAY_SIZE(options), NULL, &argc, argv);

	if (status == 0)
		status = take_seconds("--interval", interval, &seconds);
	times = strtoul(count, &end, 10);
	if (status == 0 && (*end != '\0' || count[0] == '-'))
		status = not_understood("--count %s: write a number", count);
	if (status == 0)
		status = stat_read_wanted(&wanted, argc, argv);
	if (status == 0)
		status = show(&wanted, seconds, times);
	list_free(&wanted.given_list);
	return status;
}
