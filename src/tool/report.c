/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c - the command `poolkind report`: a profile as a table, as a flame
 * graph, and the sites whose memory lives long and is never touched.
 *
 * Sites are put together by where they are, since people look for a line of
 * source; the flame graph has the stacks. Owns what it prints; no locks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "profile/flame.h"
#include "profile/place.h"
#include "spec/known.h"
#include "tool/commands.h"
#include "tool/options.h"
#include "tool/profiles.h"

#define TOP 20
#define SITE_WIDTH 28

/* Memory that is never touched is told from this share of the program's peak
 * on, if its blocks live for this part of the run on the average. */
#define COLD_SHARE 0.005
#define LONG_LIFE 0.25

struct report {
	const char *file, *flame;
	enum flame_by by;
	size_t top;
	const struct profile *profile;
	struct row *rows;
	size_t count;
	uint64_t all; /* of what rows are in order of */
};

/* What sites at one place come to. */
struct row {
	struct place_text place;
	const char *function, *kind;
	struct profile_site sum; /* counters alone */
	uint64_t value;
};

/* ---- Words --------------------------------------------------------------- */

static int
take_top(void *to, const char *value)
{
	char *end;
	unsigned long top = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end != '\0' || top == 0)
		return not_understood(
		    "--top %s is not a number of sites, like 50", value);
	((struct report *)to)->top = top;
	return 0;
}

static int
take_by(void *to, const char *value)
{
	static const char *const words[FLAME_COUNT] = { "bytes", "accesses",
		"peak" };
	struct known known = known_of(words, FLAME_COUNT);
	int chosen = known_choose(&known, "order", word_of(value));

	if (chosen < 0)
		return not_understood("--by: %s", error_text());
	((struct report *)to)->by = (enum flame_by)chosen;
	return 0;
}

/* ---- Rows ---------------------------------------------------------------- */

static bool
is_row(const struct row *row, const struct place_text *place,
    const char *function, const struct profile_site *site)
{
	return strcmp(row->place.text, place->text) == 0 &&
	    strcmp(row->function, function) == 0 && row->kind == site->kind;
}

static struct row *
row_of(struct report *report, const struct profile_site *site)
{
	struct place_text place = place_of(report->profile, site);
	const char *function = place_function(site);
	struct row *row;

	for (size_t i = 0; i < report->count; i++)
		if (is_row(&report->rows[i], &place, function, site))
			return &report->rows[i];
	row = &report->rows[report->count++];
	*row = (struct row){
		.place = place, .function = function, .kind = site->kind
	};
	return row;
}

/* The peaks of sites of one line are added: it is told how much they had, not
 * whether it was at once. */
static void
add(struct row *row, const struct profile_site *site)
{
	row->sum.blocks += site->blocks;
	row->sum.bytes += site->bytes;
	row->sum.peak += site->peak;
	row->sum.lifetime += site->lifetime;
	row->sum.threads = max_size(row->sum.threads, site->threads);
	row->sum.accesses += site->accesses;
}

static int
by_value(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return strcmp(x->place.text, y->place.text);
}

static int
make_rows(struct report *report)
{
	const struct profile *profile = report->profile;

	report->rows = calloc(profile->site_count + 1, sizeof(*report->rows));
	if (report->rows == NULL)
		return fail("no memory for the table");
	for (size_t i = 0; i < profile->site_count; i++)
		add(row_of(report, profile->sites[i]), profile->sites[i]);
	for (size_t i = 0; i < report->count; i++) {
		report->rows[i].value = flame_value(
		    &report->rows[i].sum, report->by);
		report->all += report->rows[i].value;
	}
	qsort(report->rows, report->count, sizeof(*report->rows), by_value);
	return 0;
}

/* ---- The table ----------------------------------------------------------- */

static double
mean_life(const struct row *row)
{
	return row->sum.blocks == 0 ?
	    0 :
	    (double)row->sum.lifetime / (double)row->sum.blocks;
}

/* As a part of the run, which says more than seconds, and is the same for those
 * that count instructions. */
static void
print_life(const struct report *report, const struct row *row)
{
	double all = (double)report->profile->duration;

	if (row->sum.lifetime == 0 || all == 0)
		printf(" %6s", "-");
	else
		printf(" %5.1f%%", 100 * mean_life(row) / all);
}

static void
print_row(const struct report *report, const struct row *row, bool has_accesses)
{
	double share = report->all == 0 ?
	    0 :
	    100 * (double)row->value / (double)report->all;

	printf("%-*s %5.1f%% %7" PRIu64 " %7s %7s", SITE_WIDTH, row->place.text,
	    share, row->sum.blocks, bytes_text((double)row->sum.bytes).text,
	    bytes_text((double)row->sum.peak).text);
	print_life(report, row);
	if (has_accesses && row->sum.peak != 0)
		printf(" %8.2f",
		    (double)row->sum.accesses / (double)row->sum.peak);
	else
		printf(" %8s", "-");
	printf(" %s", row->function);
	if (row->kind != NULL)
		printf(" (%s)", row->kind);
	putchar('\n');
}

static void
print_table(const struct report *report)
{
	bool has_accesses = profiles_has_accesses(report->profile);

	printf("\n%-*s %6s %7s %7s %7s %6s %8s %s\n", SITE_WIDTH, "SITE",
	    "SHARE", "BLOCKS", "BYTES", "PEAK", "LIFE", "ACC/BYTE", "FUNCTION");
	for (size_t i = 0; i < report->count && i < report->top; i++)
		print_row(report, &report->rows[i], has_accesses);
	if (report->count > report->top)
		printf("and %zu more sites: --top %zu shows them all\n",
		    report->count - report->top, report->count);
}

/* ---- Memory that is never touched ---------------------------------------- */

static bool
is_cold(const struct report *report, const struct row *row, double peak)
{
	return row->sum.accesses == 0 &&
	    (double)row->sum.peak >= COLD_SHARE * peak &&
	    mean_life(row) >= LONG_LIFE * (double)report->profile->duration;
}

static void
print_cold(const struct report *report)
{
	const struct profile *profile = report->profile;
	double peak = (double)profile_live(
	    profile, profile_peak_snapshot(profile));
	bool is_first = true;

	for (size_t i = 0; i < report->count; i++) {
		const struct row *row = &report->rows[i];

		if (!is_cold(report, row, peak))
			continue;
		if (is_first)
			puts("\nlives long and is never touched:");
		is_first = false;
		printf("%-*s %7s, %.0f%% of the run: %s\n", SITE_WIDTH,
		    row->place.text, bytes_text((double)row->sum.peak).text,
		    100 * mean_life(row) / (double)profile->duration,
		    row->function);
	}
}

static int
print_report(struct report *report)
{
	bool has_accesses = profiles_has_accesses(report->profile);

	if (report->by == FLAME_ACCESSES && !has_accesses)
		return fail("%s has no accesses in it: it was recorded without "
			    "a sampler that counts them",
		    report->file);
	if (make_rows(report) != 0)
		return FAILED;
	profiles_print_head(report->profile);
	print_table(report);
	if (has_accesses && report->profile->snapshots > 0)
		print_cold(report);
	free(report->rows);
	if (report->flame != NULL &&
	    flame_write(report->profile, report->by, report->flame) != 0)
		return fail("%s", error_text());
	return 0;
}

int
command_report(int argc, char **argv)
{
	struct report report = { .by = FLAME_BYTES, .top = TOP };
	const struct option_row options[] = {
		{ "--top", .take = take_top },
		{ "--flame", .value = &report.flame },
		{ "--by", .take = take_by },
	};
	struct profile *profile;
	int status = take_options(
	    options, ARRAY_SIZE(options), &report, &argc, argv);

	if (status == 0)
		status = take_file(argc, argv, &report.file,
		    "report on which file?", "a report is on one file");
	if (status != 0)
		return status;
	profile = profiles_open(report.file);
	if (profile == NULL)
		return FAILED;
	report.profile = profile;
	status = print_report(&report);
	profile_free(profile);
	return status;
}
