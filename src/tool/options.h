/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - the options of a command, by a table. The words that are none are
 * left to the command.
 */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* An option that has a value, which is put there or given to TAKE, or that is a
 * flag. TAKE returns 0 or the status to end with, and is called once for each
 * time that the option is there. */
struct option_row {
	const char *word;
	const char **value;
	bool *flag;
	int (*take)(void *to, const char *value);
};

/* Takes the options out of ARGV, wherever they stand, up to a word "--"; TO is
 * for the rows' functions. 0, or the status to end with; then all is said. */
int take_options(const struct option_row *rows, size_t count, void *to,
    int *argc, char **argv);

/* The one word that is left, a file. 0, or that status: MISSING is the sentence
 * where there is none, ON what more words are one too many for. */
int take_file(int argc, char **argv, const char **file, const char *missing,
    const char *on);

/* Whether TEXT is a number, of digits alone. */
bool is_number(const char *text, unsigned long *number);

/* A number of seconds, from a hundredth to a day. 0, or that status. */
int take_seconds(const char *option, const char *text, double *seconds);

#endif /* TOOL_OPTIONS_H */
