/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules.h - rules as the command poolkind has them: understood, but not yet the
 * table that a program gets (table.h).
 *
 * struct rules owns its records and their texts, which are allocated by malloc
 * and go with rules_end(). Called by the command, which has one thread; no
 * locks. What fails returns -1 with errno and a sentence; where a line of a
 * file is at fault, rules->line has its number, else that is 0.
 */
#ifndef RULES_RULES_H
#define RULES_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/word.h"

#define RULES_LINE_MAX ((size_t)16 << 10)
#define RULES_FILE_MAX ((size_t)64 << 20)

struct rules_named_kind {
	char *name, *written;
	char *spec; /* for poolkind_open(), with all that WRITTEN leaves out */
	unsigned line;      /* 0: of the command line */
	bool reads_machine; /* nodes or a device are to be found */
	bool is_used;
};

/* What a rule's condition of where is about. */
enum rules_where {
	RULES_ANYWHERE,
	RULES_AT_LINE,   /* place is a file of source, number its line */
	RULES_AT_OFFSET, /* place is a module, number an offset in it */
	RULES_IN_FUNCTION,
	RULES_ON_STACK, /* as RULES_AT_OFFSET, of any call on the stack */
};

struct rule {
	size_t low, high;
	char *thread; /* NULL: any */
	enum rules_where where;
	char *place;
	uint64_t number;
	char *list; /* the kinds as they were written; NULL: steps is set */
	uint16_t *steps;
	unsigned step_count;
	char *text; /* of the whole line */
	unsigned line;
};

struct rules {
	struct rules_named_kind *kinds;
	unsigned kind_count;
	struct rule *rules;
	unsigned rule_count;
	size_t rule_room;
	unsigned else_line; /* 0: none yet */
	unsigned line;      /* the one at fault */
	/* Is told what is no error; LINE as in struct rule. */
	void (*warn)(void *to, unsigned line, const char *sentence);
	void *warn_to;
};

/* Whether RULE has no condition: "else". */
bool rules_is_else(const struct rule *rule);

/* Adds a kind, whose text is checked and completed, not opened. */
int rules_add_kind(
    struct rules *rules, struct word name, struct word text, unsigned line);

/* Adds a rule that applies to all requests, with COUNT kinds from number FIRST
 * on. */
int rules_add_else(struct rules *rules, unsigned first, unsigned count);

/* Adds a copy of RULE, whose texts and steps become those of RULES also where
 * that fails. */
int rules_add(struct rules *rules, const struct rule *rule);

void rule_free(struct rule *rule);

/* Reads the file PATH. */
int rules_read(struct rules *rules, const char *path);

/* Reads LENGTH bytes of TEXT, which need not end with NUL. */
int rules_parse(struct rules *rules, const char *text, size_t length);

/* Finds the kinds that rules name, and lets what no rule is for come from
 * ordinary memory. What is never used is told by warn. */
int rules_finish(struct rules *rules);

void rules_end(struct rules *rules);

/* Fails at LINE, as error_set() does. */
int rules_fail(struct rules *rules, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
void rules_warn(const struct rules *rules, unsigned line, const char *format,
    ...) __attribute__((format(printf, 3, 4), cold));

/* A copy of WORD that ends with NUL; NULL with ENOMEM and a sentence. */
char *rules_copy(struct word word);

#endif /* RULES_RULES_H */
