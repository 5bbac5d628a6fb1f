/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - rules in the form in which the command poolkind hands them to
 * libpoolkind-malloc: one block of bytes without pointers, which needs no
 * parsing, no memory and no relocation.
 *
 * The command writes the table into a memfd, seals it and lets the program
 * inherit the descriptor, whose number is in POOLKIND_RULES; see
 * rules_table_find() for what a process does that has lost it. The library maps
 * it read-only and for good. All values are of this machine's byte order;
 * offsets count from the table's beginning, and a text is an offset into the
 * texts, ended by NUL, with "" at 0.
 *
 * A rule applies if all of its conditions hold; rules are tried in their order,
 * and the first that applies has its kinds tried in theirs. The last rule has
 * no condition.
 *
 * Owns nothing. The command makes a table, the library reads it.
 */
#ifndef RULES_TABLE_H
#define RULES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_MAGIC UINT64_C(0x32656c7572646b70) /* "pkdrule2" */
#define RULES_VARIABLE "POOLKIND_RULES"          /* "FD", or "FD,PID" */

#define RULES_MAX 16384 /* rules, kinds in all chains */
#define RULES_KINDS_MAX 256
#define RULES_BUILD_ID_MAX 20

/* Whether the library can walk a stack on this processor. Where it cannot, a
 * rule for a function never applies, and the command refuses it. */
#if defined(__x86_64__) || defined(__aarch64__)
#define RULES_CAN_WALK 1
#else
#define RULES_CAN_WALK 0
#endif

enum rules_flag {
	RULES_STRICT = 1,  /* NULL where all kinds of a rule are full */
	RULES_STATS = 2,   /* a table at the process's end */
	RULES_VERBOSE = 4, /* lines about what is opened and what spills */
	/* Programs that this one starts are left alone. */
	RULES_NO_CHILDREN = 8,
};

/* A part of the table: so many records from so many bytes on. */
struct rules_part {
	uint32_t offset, count;
};

struct rules_table {
	uint64_t magic;
	uint32_t bytes; /* of the whole table */
	uint32_t flags;
	uint64_t sites_from;       /* smaller requests have no call site */
	struct rules_part kinds;   /* struct rules_kind */
	struct rules_part rules;   /* struct rules_rule */
	struct rules_part steps;   /* uint16_t: kinds, as rules try them */
	struct rules_part modules; /* struct rules_module */
	struct rules_part ranges;  /* struct rules_range */
	struct rules_part texts;   /* char */
};

enum rules_kind_flag {
	/* Opening it means to find nodes by attribute, or a device. */
	RULES_READS_MACHINE = 1,
};

struct rules_kind {
	uint32_t name; /* as the rules call it */
	uint32_t spec; /* what poolkind_open() takes, without names ("@fast") */
	uint32_t flags; /* of enum rules_kind_flag */
};

/* Where a request has to come from for a rule to apply. */
enum rules_from {
	RULES_FROM_ANYWHERE,
	RULES_FROM_SITE,     /* the call of malloc is in one of its ranges */
	RULES_FROM_FUNCTION, /* any return address on the stack is */
};

struct rules_rule {
	uint64_t low, high; /* sizes in bytes, both included */
	uint32_t thread;    /* a pattern of glob(7) for its name; "": any */
	uint32_t from;      /* enum rules_from */
	uint32_t first_step, step_count;
	uint32_t text; /* as the user wrote it */
	uint32_t line; /* of the file; 0: of the command line */
};

/* A program or library in which ranges lie. It is known by its build-id, or,
 * where it has none, by its file's name without folders. */
struct rules_module {
	uint8_t build_id[RULES_BUILD_ID_MAX];
	uint32_t build_id_bytes; /* 0: none */
	uint32_t name;
	uint32_t first_range, range_count;
};

/* Return addresses, as offsets from where the module is loaded (what an address
 * in its symbol table counts from), both included, which belong to a rule. The
 * ranges of a module are in order of LOW and may overlap. */
struct rules_range {
	uint64_t low, high;
	uint32_t rule;
	uint32_t unused;
};

/* What the variable says: a descriptor, and the process that was started with
 * it, 0 where that is not told. False if VALUE is not that. */
struct rules_place {
	int fd, process;
};
bool rules_place_read(const char *value, struct rules_place *place);

/* The table that VALUE leads to, which is read into *PLACE, mapped for good: by
 * the process's own descriptor, or else by that of the process that is told.
 * NULL, and *PROBLEM says why, or is NULL where a process has merely
 * lost the table: programs close descriptors that they do not know before they
 * start others, and the process that is told is gone, or another user's. */
const struct rules_table *rules_table_find(
    const char *value, struct rules_place *place, const char **problem);

/* Whether BYTES of memory are a table of which nothing leads out of them: what
 * is wrong, or NULL. MEMORY is aligned as a page is. */
const char *rules_table_problem(const void *memory, size_t bytes);

/* What is in a valid table. */
static inline const void *
rules_at(const struct rules_table *table, struct rules_part part)
{
	return (const char *)table + part.offset;
}

static inline const struct rules_kind *
rules_kinds(const struct rules_table *table)
{
	return (const struct rules_kind *)rules_at(table, table->kinds);
}

static inline const struct rules_rule *
rules_rules(const struct rules_table *table)
{
	return (const struct rules_rule *)rules_at(table, table->rules);
}

static inline const uint16_t *
rules_steps(const struct rules_table *table)
{
	return (const uint16_t *)rules_at(table, table->steps);
}

static inline const struct rules_module *
rules_modules(const struct rules_table *table)
{
	return (const struct rules_module *)rules_at(table, table->modules);
}

static inline const struct rules_range *
rules_ranges(const struct rules_table *table)
{
	return (const struct rules_range *)rules_at(table, table->ranges);
}

static inline const char *
rules_text(const struct rules_table *table, uint32_t offset)
{
	return (const char *)rules_at(table, table->texts) + offset;
}

#endif /* RULES_TABLE_H */
