/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.c - what the environment asks of libautohbw. See settings.h.
 *
 * Runs inside of the constructor of a library that may be preloaded into every
 * program of a shell: what is wrong gets one line that says what would be
 * right and what is done instead, and the program goes on. Variables have the
 * names and meanings of memkind's libautohbw. Owns nothing, takes no lock.
 */
#include "autohbw/settings.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "autohbw/log.h"
#include "base/base.h"
#include "base/cut.h"
#include "base/environment.h"
#include "support/numbers.h"
#include "support/setting.h"

/* Each of memkind's own kinds by the name of its variable in small letters, in
 * the order in which a message lists them. Addresses of the variables, since
 * their values are not constants for the compiler. */
static const struct named_kind {
	const char *name;
	memkind_t *kind;
} kinds[] = {
	{ "memkind_default", &MEMKIND_DEFAULT },
	{ "memkind_regular", &MEMKIND_REGULAR },
	{ "memkind_interleave", &MEMKIND_INTERLEAVE },
	{ "memkind_hugetlb", &MEMKIND_HUGETLB },
	{ "memkind_gbtlb", &MEMKIND_GBTLB },
	{ "memkind_hbw", &MEMKIND_HBW },
	{ "memkind_hbw_all", &MEMKIND_HBW_ALL },
	{ "memkind_hbw_preferred", &MEMKIND_HBW_PREFERRED },
	{ "memkind_hbw_interleave", &MEMKIND_HBW_INTERLEAVE },
	{ "memkind_hbw_hugetlb", &MEMKIND_HBW_HUGETLB },
	{ "memkind_hbw_all_hugetlb", &MEMKIND_HBW_ALL_HUGETLB },
	{ "memkind_hbw_preferred_hugetlb", &MEMKIND_HBW_PREFERRED_HUGETLB },
	{ "memkind_hbw_gbtlb", &MEMKIND_HBW_GBTLB },
	{ "memkind_hbw_preferred_gbtlb", &MEMKIND_HBW_PREFERRED_GBTLB },
	{ "memkind_dax_kmem", &MEMKIND_DAX_KMEM },
	{ "memkind_dax_kmem_all", &MEMKIND_DAX_KMEM_ALL },
	{ "memkind_dax_kmem_preferred", &MEMKIND_DAX_KMEM_PREFERRED },
	{ "memkind_dax_kmem_interleave", &MEMKIND_DAX_KMEM_INTERLEAVE },
	{ "memkind_highest_capacity", &MEMKIND_HIGHEST_CAPACITY },
	{ "memkind_highest_capacity_preferred",
	    &MEMKIND_HIGHEST_CAPACITY_PREFERRED },
	{ "memkind_highest_capacity_local", &MEMKIND_HIGHEST_CAPACITY_LOCAL },
	{ "memkind_highest_capacity_local_preferred",
	    &MEMKIND_HIGHEST_CAPACITY_LOCAL_PREFERRED },
	{ "memkind_lowest_latency_local", &MEMKIND_LOWEST_LATENCY_LOCAL },
	{ "memkind_lowest_latency_local_preferred",
	    &MEMKIND_LOWEST_LATENCY_LOCAL_PREFERRED },
	{ "memkind_highest_bandwidth_local", &MEMKIND_HIGHEST_BANDWIDTH_LOCAL },
	{ "memkind_highest_bandwidth_local_preferred",
	    &MEMKIND_HIGHEST_BANDWIDTH_LOCAL_PREFERRED },
};

#define DEFAULT_NAME "memkind_hbw_preferred"

static const struct named_kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcasecmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static void
list_kinds(char *text, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s",
		    i == 0 ? "" : ", ", kinds[i].name + strlen("memkind_"));
}

/* The kind by its name, in any case of letters. Without one, or with one that
 * is none, it is the kind that memkind takes: high-bandwidth memory first, and
 * then any. */
static const struct named_kind *
read_kind(const char *text)
{
	const struct named_kind *kind;
	char names[1024];

	if (text == NULL)
		return find_kind(DEFAULT_NAME);
	kind = find_kind(text);
	if (kind != NULL)
		return kind;
	list_kinds(names, sizeof(names));
	autohbw_say(LOG_WRONG,
	    "AUTO_HBW_MEM_TYPE=%s is not a kind; write memkind_ and one of "
	    "%s. " DEFAULT_NAME " is taken",
	    cut(text, 64).text, names);
	return find_kind(DEFAULT_NAME);
}

/* Whether the kind cannot be had, and WHY, in memkind's words. */
static bool
is_missing(memkind_t kind, char why[MEMKIND_ERROR_MESSAGE_SIZE])
{
	int error = memkind_check_available(kind);

	if (error != 0)
		memkind_error_message(error, why, MEMKIND_ERROR_MESSAGE_SIZE);
	return error != 0;
}

/* LOW, or LOW:HIGH with a HIGH that may be left out: then there is none. Both
 * belong to the range. */
static bool
parse_sizes(const char *text, size_t *low, size_t *high)
{
	struct word rest = word_of(text), first;

	*high = SIZE_MAX;
	word_next(&rest, ':', &first);
	return word_size(first, low) &&
	    (rest.text == NULL || rest.length == 0 || word_size(rest, high)) &&
	    *low <= *high;
}

/* If either half of the text is not valid, both bounds are the defaults. */
static void
read_sizes(struct settings *settings, const char *text)
{
	if (text != NULL && parse_sizes(text, &settings->low, &settings->high))
		return;
	settings->low = MIB;
	settings->high = SIZE_MAX;
	if (text != NULL)
		autohbw_say(LOG_WRONG,
		    "AUTO_HBW_SIZE=%s is not understood; write the smallest "
		    "size, or the smallest and the largest, as in 1M:16M, in "
		    "bytes or with K, M or G. 1M is taken",
		    cut(text, 64).text);
}

/* AUTO_HBW_LOG, whose words are in the order of the levels. */
static void
read_log(void)
{
	static const char *const words[] = { "-2", "-1", "0", "1", "2", NULL };
	static const struct setting setting = {
		.name = "AUTO_HBW_LOG",
		.form = SETTING_CHOICE,
		.words = words,
		.complaint =
		    "is not a level; write a number from -2 to 2. 1 is "
		    "taken",
	};
	char wrong[SETTING_LINE_MAX];
	unsigned chosen = LOG_BLOCKS - LOG_NOTHING + 1;
	bool good = setting_read(&setting, &chosen, wrong);

	log_open(LOG_NOTHING + (int)chosen - 1);
	if (!good)
		autohbw_say(LOG_WRONG, "%s", wrong);
}

/* The level first, as it decides on the lines about the others. A kind that the
 * machine does not have is found out here, once, so that no request has to fail
 * before it is served from ordinary memory. */
void
settings_read(struct settings *settings)
{
	char why[MEMKIND_ERROR_MESSAGE_SIZE];
	const struct named_kind *named;

	read_log();
	read_sizes(settings, variable("AUTO_HBW_SIZE"));
	named = read_kind(variable("AUTO_HBW_MEM_TYPE"));
	settings->kind = *named->kind;
	settings->name = named->name;
	if (!is_missing(settings->kind, why))
		return;
	autohbw_say(LOG_START, "%s cannot be had: %s", named->name, why);
	settings->kind = MEMKIND_DEFAULT;
	settings->name = "memkind_default";
}
