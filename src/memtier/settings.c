/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.c - what the environment asks of libmemtier. See settings.h.
 *
 * The grammar is memkind's: tiers with semicolons between and the policy as the
 * last; in each parameters with commas between, each a name, a colon and a
 * value, in any order, each once. A value may have a colon itself, as a path
 * can, but neither a comma nor a semicolon.
 *
 * Nothing is copied: words point into the environment, which the program has
 * not changed yet when a constructor runs. Numbers are read as a whole, so "4x"
 * is none. Whatever is not understood ends the process (log_fatal()), as it did
 * with memkind, and the line names the word at fault. Owns the log.
 */
#include "memtier/settings.h"

#include <limits.h>
#include <stdint.h>

#include "base/base.h"
#include "base/environment.h"
#include "memtier/log.h"
#include "support/setting.h"

#define TIERS "MEMKIND_MEM_TIERS"
#define THRESHOLDS "MEMKIND_MEM_THRESHOLDS"
#define TEXT_MAX 1023

#define TIER_EXAMPLE \
	"KIND:DRAM,RATIO:1;KIND:KMEM_DAX,RATIO:4;POLICY:STATIC_RATIO"

struct log_file memtier_log = LOG_FILE_INIT("libmemtier");

static const struct {
	const char *word;
	memtier_policy_t policy;
} policies[] = {
	{ "STATIC_RATIO", MEMTIER_POLICY_STATIC_RATIO },
	{ "DYNAMIC_THRESHOLD", MEMTIER_POLICY_DYNAMIC_THRESHOLD },
};

/* ---- Parameters: NAME:VALUE with commas between -------------------------- */

/* A name that a parameter can have, and where its value goes. A value whose
 * text is NULL was not given; it may be given and be empty. */
struct parameter {
	const char *name;
	struct word *value;
};

static struct word *
find_parameter(
    const struct parameter *parameters, size_t count, struct word name)
{
	for (size_t i = 0; i < count; i++)
		if (word_is(name, parameters[i].name))
			return parameters[i].value;
	return NULL;
}

/* Stores the values of TEXT; KNOWN lists the names for a message. */
static void
read_parameters(const char *variable, struct word text,
    const struct parameter *parameters, size_t count, const char *known)
{
	struct word one, name, *value;

	while (word_next(&text, ',', &one)) {
		struct word rest = one;

		word_next(&rest, ':', &name);
		value = find_parameter(parameters, count, name);
		if (value == NULL || rest.text == NULL)
			log_fatal("%s: \"%.*s\" is not a parameter; write %s",
			    variable, WORD(one), known);
		if (value->text != NULL)
			log_fatal("%s: \"%.*s\" is the second %.*s; write one",
			    variable, WORD(one), WORD(name));
		*value = rest;
	}
}

/* ---- Tiers --------------------------------------------------------------- */

/* memkind's three: ordinary memory, nodes made of DAX devices, a file. */
static void
check_kind(const struct settings_tier *tier)
{
	if (tier->kind.text == NULL)
		log_fatal(TIERS ": \"%.*s\" has no KIND; write " TIER_EXAMPLE,
		    WORD(tier->text));
	if (!word_is(tier->kind, "DRAM") && !word_is(tier->kind, "KMEM_DAX") &&
	    !word_is(tier->kind, "FS_DAX"))
		log_fatal(TIERS ": \"KIND:%.*s\" is not a kind; write DRAM, "
				"KMEM_DAX or FS_DAX",
		    WORD(tier->kind));
}

/* A share of 0 is refused: a tier that is to get nothing should not be there.
 * The library's interface takes an unsigned. */
static void
read_ratio(struct settings_tier *tier, struct word ratio)
{
	if (ratio.text == NULL)
		log_fatal(TIERS ": \"%.*s\" has no RATIO; write " TIER_EXAMPLE,
		    WORD(tier->text));
	if (!word_number(ratio, UINT_MAX, &tier->ratio) || tier->ratio == 0)
		log_fatal(TIERS
		    ": \"RATIO:%.*s\" is not a ratio; write a whole "
		    "number from 1 to %u",
		    WORD(ratio), UINT_MAX);
}

/* PATH and PMEM_SIZE_LIMIT, which only FS_DAX has, and of which it needs the
 * first. A limit is what memkind_create_pmem() takes: 0, or 16 MiB and more;
 * checked here to name the word at fault. */
static void
read_file(struct settings_tier *tier, struct word limit)
{
	bool is_file = word_is(tier->kind, "FS_DAX");

	if (!is_file && (tier->path.text != NULL || limit.text != NULL))
		log_fatal(TIERS ": \"%.*s\" has a PATH or PMEM_SIZE_LIMIT; "
				"they are for KIND:FS_DAX alone",
		    WORD(tier->text));
	if (is_file && (tier->path.text == NULL || tier->path.length == 0))
		log_fatal(TIERS ": \"%.*s\" has no PATH; write PATH: and a "
				"directory",
		    WORD(tier->text));
	if (limit.text == NULL)
		return;
	if (!word_size(limit, &tier->limit) ||
	    (tier->limit != 0 && tier->limit < MEMKIND_PMEM_MIN_SIZE))
		log_fatal(TIERS
		    ": \"PMEM_SIZE_LIMIT:%.*s\" is not a limit; write "
		    "16M or more, in bytes or with K, M or G, or 0 "
		    "for none",
		    WORD(limit));
}

/* The kind is checked first, since it decides on what else there must be, and
 * what must not. */
static void
read_tier(struct settings *settings, struct word text)
{
	struct settings_tier *tier = &settings->tiers[settings->tier_count];
	struct word limit = { NULL, 0 }, ratio = { NULL, 0 };
	const struct parameter parameters[] = {
		{ "KIND", &tier->kind },
		{ "PATH", &tier->path },
		{ "PMEM_SIZE_LIMIT", &limit },
		{ "RATIO", &ratio },
	};

	if (settings->tier_count++ == SETTINGS_TIERS_MAX)
		log_fatal(TIERS ": \"%.*s\" is one tier too many; write up to "
				"%d",
		    WORD(text), SETTINGS_TIERS_MAX);
	tier->text = text;
	read_parameters(TIERS, text, parameters, ARRAY_SIZE(parameters),
	    "KIND:, PATH:, PMEM_SIZE_LIMIT: or RATIO: with a value, and the "
	    "POLICY: last");
	check_kind(tier);
	read_ratio(tier, ratio);
	read_file(tier, limit);
}

/* What stands behind the last semicolon. A tier that is there is the commonest
 * mistake, so the line quotes it and shows a whole example. */
static void
read_policy(struct settings *settings, struct word text)
{
	struct word name, rest = text;

	word_next(&rest, ':', &name);
	if (!word_is(name, "POLICY") || rest.text == NULL)
		log_fatal(TIERS ": \"%.*s\" is last, where the POLICY belongs; "
				"write " TIER_EXAMPLE,
		    WORD(text));
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (word_is(rest, policies[i].word)) {
			settings->policy = policies[i].policy;
			return;
		}
	}
	log_fatal(TIERS
	    ": \"POLICY:%.*s\" is not a policy; write STATIC_RATIO or "
	    "DYNAMIC_THRESHOLD",
	    WORD(rest));
}

/* Reads all parts but the last as tiers: word_next() leaves nothing behind the
 * last semicolon's part, by which the loop knows it. The bound on the length is
 * memkind's. */
static void
read_tiers(struct settings *settings, const char *value)
{
	struct word text, one;

	if (value == NULL)
		log_fatal(TIERS " is not set; write " TIER_EXAMPLE);
	text = word_of(value);
	if (text.length > TEXT_MAX)
		log_fatal(TIERS " has %zu characters; write up to %d",
		    text.length, TEXT_MAX);
	while (word_next(&text, ';', &one) && text.text != NULL)
		read_tier(settings, one);
	read_policy(settings, one);
	if (settings->tier_count == 0)
		log_fatal(TIERS ": \"%.*s\" has no tier; write " TIER_EXAMPLE,
		    WORD(one));
	if (settings->policy == MEMTIER_POLICY_DYNAMIC_THRESHOLD &&
	    settings->tier_count == 1)
		log_fatal(TIERS ": \"%.*s\" has one tier; DYNAMIC_THRESHOLD "
				"needs two or more",
		    WORD(settings->tiers[0].text));
}

/* ---- Thresholds ---------------------------------------------------------- */

/* The Nth is the one between the Nth tier and the next, so there is one less of
 * them than of tiers; those that are not given keep memtier's values. Whether
 * the three values of one fit together is checked when the memory is made. */
static void
read_threshold(struct settings *settings, struct word text)
{
	struct settings_threshold
	    *threshold = &settings->thresholds[settings->threshold_count];
	const struct parameter parameters[] = {
		{ "INIT_VAL", &threshold->given[VALUE_INIT] },
		{ "MIN_VAL", &threshold->given[VALUE_MIN] },
		{ "MAX_VAL", &threshold->given[VALUE_MAX] },
	};

	if (++settings->threshold_count == settings->tier_count)
		log_fatal(THRESHOLDS ": \"%.*s\" is one threshold too many; "
				     "%u tiers have %u",
		    WORD(text), settings->tier_count, settings->tier_count - 1);
	read_parameters(THRESHOLDS, text, parameters, ARRAY_SIZE(parameters),
	    "INIT_VAL:, MIN_VAL: or MAX_VAL: with a size");
	for (size_t i = 0; i < VALUES; i++) {
		struct word given = threshold->given[i];

		if (given.text != NULL &&
		    !word_size(given, &threshold->bytes[i]))
			log_fatal(THRESHOLDS
			    ": \"%s:%.*s\" is not a size; write "
			    "bytes, or with K, M or G",
			    parameters[i].name, WORD(given));
	}
}

static void
read_thresholds(struct settings *settings, const char *value)
{
	struct word text, one;

	if (value == NULL)
		return;
	if (settings->policy != MEMTIER_POLICY_DYNAMIC_THRESHOLD)
		log_fatal(THRESHOLDS ": \"%s\" is for the policy "
				     "DYNAMIC_THRESHOLD alone; unset it",
		    value);
	text = word_of(value);
	while (word_next(&text, ';', &one))
		read_threshold(settings, one);
}

/* ---- The whole ----------------------------------------------------------- */

static const struct setting log_level = {
	.name = "MEMKIND_MEM_TIERING_LOG_LEVEL",
	.form = SETTING_NUMBER,
	.max = 2,
	.complaint = "is not a level; write 0, 1 or 2",
};

/* The level before the rest, which says things at levels; the thresholds after
 * the tiers, which say how many there are. */
void
settings_read(struct settings *settings)
{
	char wrong[SETTING_LINE_MAX];
	uint64_t level = 0;

	if (!setting_read(&log_level, &level, wrong))
		log_fatal("%s", wrong);
	memtier_log.level = (int)level;
	read_tiers(settings, variable(TIERS));
	read_thresholds(settings, variable(THRESHOLDS));
}
