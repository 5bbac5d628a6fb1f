/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.c - see options.h. Owns nothing; no locks.
 */
#include "tool/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "spec/known.h"
#include "tool/commands.h"

static int
unknown_option(const struct option_row *rows, size_t count, struct word word)
{
	struct known known = { .count = 0 };

	for (size_t i = 0; i < count; i++)
		known_add(&known, rows[i].word);
	known_add(&known, "--help");
	known_fail(&known, "option", word, "");
	return not_understood("%s", error_text());
}

/* Takes the option at *AT, and its value, which stands behind "=" or is the
 * next word. */
static int
take_option(const struct option_row *rows, size_t count, void *to, char ***at)
{
	struct word word = word_until(**at, "=");
	const char *value = (**at)[word.length] == '=' ?
	    **at + word.length + 1 :
	    NULL;
	size_t i = 0;

	while (i < count && !word_is(word, rows[i].word))
		i++;
	if (i == count)
		return unknown_option(rows, count, word);
	++*at;
	if (rows[i].flag != NULL) {
		*rows[i].flag = true;
		return value == NULL ?
		    0 :
		    not_understood("%s takes no value", rows[i].word);
	}
	if (value == NULL)
		value = *(*at)++;
	if (value == NULL)
		return not_understood("%s of what?", rows[i].word);
	if (rows[i].take != NULL)
		return rows[i].take(to, value);
	*rows[i].value = value;
	return 0;
}

int
take_options(const struct option_row *rows, size_t count, void *to, int *argc,
    char **argv)
{
	char **at = argv;
	int kept = 0, status = 0;

	while (*at != NULL && strcmp(*at, "--") != 0 && status == 0)
		if ((*at)[0] == '-' && (*at)[1] != '\0')
			status = take_option(rows, count, to, &at);
		else
			argv[kept++] = *at++;
	if (status == 0 && *at != NULL)
		at++;
	while (status == 0 && *at != NULL)
		argv[kept++] = *at++;
	if (status == 0) {
		argv[kept] = NULL;
		*argc = kept;
	}
	return status;
}

int
take_file(int argc, char **argv, const char **file, const char *missing,
    const char *on)
{
	if (argc == 0)
		return not_understood("%s", missing);
	if (argc > 1)
		return not_understood(
		    "one word too many: \"%s\": %s", argv[1], on);
	*file = argv[0];
	return 0;
}

bool
is_number(const char *text, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

int
take_seconds(const char *option, const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	if (end == text || *end != '\0' || !(*seconds >= 0.01) ||
	    *seconds > 86400)
		return not_understood("%s %s: write seconds, from 0.01 to "
				      "86400",
		    option, text);
	return 0;
}
