/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glob.c - see glob.h.
 */
#include "rules/glob.h"

#include <stddef.h>

/* Whether the set that begins at *AT, behind its [, has C; *AT is then behind
 * it. False, and *AT stays, if it has no end. */
static bool
match_set(const char **at, char c, bool *matches)
{
	const char *p = *at;
	bool negated = *p == '!' || *p == '^', has = false;

	p += negated;
	for (const char *first = p; *p != ']' || p == first; p++) {
		unsigned char low = (unsigned char)*p, high = low;

		if (low == '\0')
			return false;
		if (p[1] == '-' && p[2] != ']' && p[2] != '\0') {
			high = (unsigned char)p[2];
			p += 2;
		}
		has |= low <= (unsigned char)c && (unsigned char)c <= high;
	}
	*at = p + 1;
	*matches = has != negated;
	return true;
}

/* Whether the pattern's next sign, which is not *, stands for C; it is passed
 * over. */
static bool
match_one(const char **pattern, char c)
{
	const char *p = *pattern;
	bool matches;

	if (*p == '[') {
		p++;
		if (match_set(&p, c, &matches)) {
			*pattern = p;
			return matches;
		}
		p--;
	}
	if (*p == '?') {
		*pattern = p + 1;
		return true;
	}
	if (*p == '\\' && p[1] != '\0')
		p++;
	*pattern = p + 1;
	return *p == c;
}

/* Where what follows the last * does not fit, that takes one more character. */
bool
rules_glob(const char *pattern, const char *name)
{
	const char *star = NULL, *rest = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			rest = name;
		} else if (*pattern != '\0' && match_one(&pattern, *name)) {
			name++;
		} else if (star != NULL) {
			pattern = star;
			name = ++rest;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
