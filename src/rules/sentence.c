/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sentence.c - what is said of rules, with its line, and copies of their words.
 * See rules.h.
 *
 * Owns nothing.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "rules/rules.h"

int
rules_fail(struct rules *rules, unsigned line, const char *format, ...)
{
	char sentence[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	error_format(sentence, sizeof(sentence), 0, format, args);
	va_end(args);
	rules->line = line;
	return error_set(EINVAL, "%s", sentence);
}

void
rules_warn(const struct rules *rules, unsigned line, const char *format, ...)
{
	char sentence[ERROR_TEXT_MAX];
	va_list args;

	if (rules->warn == NULL)
		return;
	va_start(args, format);
	error_format(sentence, sizeof(sentence), 0, format, args);
	va_end(args);
	rules->warn(rules->warn_to, line, sentence);
}

char *
rules_copy(struct word word)
{
	char *copy = strndup(word.text, word.length);

	if (copy == NULL)
		error_set(ENOMEM, "no memory for the rules");
	return copy;
}
