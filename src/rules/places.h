/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * places.h - where in programs and libraries the lines and functions are that
 * rules name, by their debug information and their symbols.
 *
 * Findings own what they hold, until findings_end(). Called by the command; no
 * locks. Nothing is downloaded: debug information that lies apart is looked for
 * on this machine alone.
 */
#ifndef RULES_PLACES_H
#define RULES_PLACES_H

#include "rules/modules.h"
#include "rules/place_index.h"
#include "rules/rules.h"

#define FINDING_NAMES 6

/* What a rule came to, for people: source files or functions that fitted; or
 * what is near where none did. */
struct finding {
	char *names[FINDING_NAMES];
	size_t name_count;
	bool has_more;
	/* What fitted may call something; a line that does not is no site. */
	bool may_call;
	/* The source file is known, and has code in these lines, or where the
	 * rule's has code calls: 0: none. */
	bool has_file;
	uint64_t line_before, line_behind;
	char *near; /* a name like it; NULL: none */
};

struct findings {
	struct finding *list; /* one a rule */
	size_t count;
};

int findings_begin(struct findings *findings, size_t count);
void findings_end(struct findings *findings);

/* Takes a name that fits rule number RULE, if it is a new one. */
int finding_add(struct findings *findings, size_t rule, const char *name);

/* Adds the ranges of FILE for those rules that name lines or functions. */
int places_find(const struct rules *rules, const struct place_index *index,
    struct rules_file *file, struct findings *findings);

/* Looks in FILE for what is near to what RULE, of that number, names. */
int places_near(const struct rule *rule, size_t number,
    const struct rules_file *file, struct findings *findings);

/* Where calls return to in the file PATH; NULL where that cannot be told. */
struct call_finder;
struct call_finder *calls_open(const char *path);
void calls_close(struct call_finder *calls);

/* Whether a call may return to OFFSET; if none does, NEAR is where one near to
 * it returns to, or 0. */
bool calls_may_return(
    const struct call_finder *calls, uint64_t offset, uint64_t *near);

/* What this build lacks to find lines and functions, with what would help; NULL
 * if nothing. */
const char *places_lack(void);

#endif /* RULES_PLACES_H */
