/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advise_print.c - what `poolkind advise` says. See advise.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "profile/place.h"
#include "tool/advise.h"
#include "tool/profiles.h"

#define SITE_WIDTH 28
#define ROWS 20
#define STACKS_DIFFER 1.5

static double
share(const struct advice *advice, double accesses)
{
	return advice->accesses == 0 ?
	    0 :
	    100 * accesses / (double)advice->accesses;
}

/* ---- The memories -------------------------------------------------------- */

/* What a unit has in a memory at a moment; what a part has no room for is in
 * the rest. */
static uint64_t
need_in(
    const struct advice *advice, size_t unit, unsigned memory, size_t moment)
{
	uint64_t need = advice->units.list[unit].need[moment];
	unsigned of = advise_memory(advice, unit);

	if (of <= advice->fast)
		return of == memory ? need : 0;
	if (memory == of)
		return need < advice->part.bytes ? need : advice->part.bytes;
	return memory == advice->fast && need > advice->part.bytes ?
	    need - advice->part.bytes :
	    0;
}

/* The most that lies there at once. */
static uint64_t
filled(const struct advice *advice, unsigned memory)
{
	uint64_t most = 0;

	for (size_t i = 0; i < advice->placement.moments; i++) {
		uint64_t used = 0;

		for (size_t j = 0; j < advice->units.count; j++)
			used += need_in(advice, j, memory, i);
		most = used > most ? used : most;
	}
	return most;
}

static void
print_memory(const struct advice *advice, unsigned number)
{
	const struct memory *memory = &advice->memories[number];

	printf("%-7s %-28s %5.1f%% of accesses, %s", memory->name, memory->spec,
	    share(advice, advise_served(advice, number)),
	    bytes_text((double)filled(advice, number)).text);
	if (number != advice->fast)
		printf(" of %s", bytes_text((double)memory->room).text);
	if (memory->bandwidth > 0)
		printf(", %.0f MB/s", memory->bandwidth);
	if (memory->latency > 0)
		printf(", %.0f ns", memory->latency);
	putchar('\n');
}

/* ---- The table ----------------------------------------------------------- */

static int
by_accesses(const void *a, const void *b)
{
	const struct unit *x = *(const struct unit *const *)a;
	const struct unit *y = *(const struct unit *const *)b;

	if (x->accesses != y->accesses)
		return x->accesses < y->accesses ? 1 : -1;
	return (x > y) - (x < y);
}

static void
print_sizes(const struct unit *unit)
{
	if (!unit->is_sized)
		return;
	if (unit->low > 0)
		printf(", from %s on", bytes_text((double)unit->low).text);
	else
		printf(
		    ", less than %s", bytes_text((double)unit->high + 1).text);
}

static void
print_unit(const struct advice *advice, const struct unit *unit)
{
	size_t number = (size_t)(unit - advice->units.list);

	printf("%-*s %7s %9.2f %-7s %5.1f%% %s", SITE_WIDTH, unit->place.text,
	    bytes_text((double)unit->peak).text, unit_heat(unit),
	    advice->memories[advise_memory(advice, number)].name,
	    share(advice, (double)unit->accesses), unit->function);
	print_sizes(unit);
	putchar('\n');
}

/* All in fast memory, and of the others those with the most accesses. */
static void
print_table(const struct advice *advice)
{
	size_t count = advice->units.count, left = 0, shown = 0;
	const struct unit **order = calloc(count + 1, sizeof(*order));

	if (order == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		order[i] = &advice->units.list[i];
	qsort(order, count, sizeof(*order), by_accesses);
	printf("\n%-*s %7s %9s %-7s %6s %s\n", SITE_WIDTH, "SITE", "BYTES",
	    "ACC/BYTE", "MEMORY", "SHARE", "FUNCTION");
	for (size_t i = 0; i < count; i++) {
		size_t number = (size_t)(order[i] - advice->units.list);

		if (order[i]->site_count == 0)
			continue;
		if (advise_memory(advice, number) == advice->fast &&
		    shown >= ROWS) {
			left++;
			continue;
		}
		print_unit(advice, order[i]);
		shown++;
	}
	if (left > 0)
		printf("and %zu more sites in rest\n", left);
	free(order);
}

/* ---- Notes --------------------------------------------------------------- */

static void
print_alike(const struct unit *unit)
{
	if (unit->site_count > 1 && !unit->is_sized &&
	    unit->hottest > STACKS_DIFFER * unit->coldest)
		printf("%s: %zu stacks that no rule can tell apart, of %.2f to "
		       "%.2f accesses a byte\n",
		    unit->place.text, unit->site_count, unit->coldest,
		    unit->hottest);
}

/* The upper part is told with the lower, which has the same condition. */
static void
print_divided(const struct units *units, const struct unit *upper)
{
	for (size_t i = 0; i < units->count; i++) {
		const struct unit *lower = &units->list[i];

		if (lower->group != upper->group || !lower->is_sized ||
		    lower->low != 0 || lower->high + 1 != upper->low)
			continue;
		printf("%s: blocks from %s on have %.2f accesses a byte, "
		       "smaller ones %.2f\n",
		    upper->place.text, bytes_text((double)upper->low).text,
		    unit_heat(upper), unit_heat(lower));
		return;
	}
}

static void
print_notes(const struct advice *advice)
{
	const struct units *units = &advice->units;
	double unknown = 0;

	for (size_t i = 0; i < units->count; i++) {
		const struct unit *unit = &units->list[i];

		if (unit->by == UNIT_UNKNOWN)
			unknown += (double)unit->accesses;
		else if (unit->is_sized && unit->low > 0)
			print_divided(units, unit);
		else
			print_alike(unit);
	}
	if (share(advice, unknown) >= 0.1)
		printf("%.1f%% of accesses are to sites that no rule can name: "
		       "without debug information (cc -g)\n",
		    share(advice, unknown));
}

/* ---- What more or less would bring, and how long it takes ---------------- */

static void
print_curve(struct advice *advice)
{
	static const struct {
		double times;
		const char *text;
	} points[] = { { 0.25, "a quarter" }, { 0.5, "half" }, { 2, "twice" },
		{ 4, "four times" } };

	printf("\nfast memory serves %.1f%% of accesses",
	    100 - share(advice, advise_served(advice, advice->fast)));
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		printf("%s %s %.1f%%", i == 0 ? ";" : ",", points[i].text,
		    100 * advise_share(advice, points[i].times));
	putchar('\n');
}

/* What the accesses take, were they one after the other, as a part of what they
 * take in the rest. */
static double
relative_time(const struct advice *advice, bool by_latency)
{
	const struct memory *rest = &advice->memories[advice->fast];
	double time = 0;

	for (unsigned i = 0; i < advise_memories(advice); i++) {
		const struct memory *memory = &advice->memories[i];
		double of = advise_served(advice, i) / (double)advice->accesses;
		double cost = by_latency ? memory->latency / rest->latency :
					   rest->bandwidth / memory->bandwidth;

		time += of * cost;
	}
	return time;
}

static bool
is_known(const struct advice *advice, bool by_latency)
{
	for (unsigned i = 0; i <= advice->fast; i++)
		if ((by_latency ? advice->memories[i].latency :
				  advice->memories[i].bandwidth) <= 0)
			return false;
	return true;
}

static void
print_time(const struct advice *advice)
{
	bool by_bandwidth = is_known(advice, false);
	bool by_latency = is_known(advice, true);

	if (!by_bandwidth && !by_latency) {
		puts("no time predicted: bandwidth and latency are not known "
		     "here, see --bandwidth and --latency");
		return;
	}
	fputs("time of accesses, beside all in rest:", stdout);
	if (by_bandwidth)
		printf(" %.0f%% where bandwidth counts",
		    100 * relative_time(advice, false));
	if (by_latency)
		printf("%s %.0f%% where latency does", by_bandwidth ? "," : "",
		    100 * relative_time(advice, true));
	putchar('\n');
}

/* Where the program stands in the line that runs it. */
static void
print_run(const struct advice *advice)
{
	uint64_t from = advise_sites_from(advice);

	if (advice->rules == NULL)
		return;
	printf("\npoolkind run --rules %s", advice->rules);
	if (from != 0)
		printf(" --sites-from %" PRIu64, from);
	printf(" %s\n",
	    advice->profile->program != NULL ? advice->profile->program :
					       "PROGRAM");
}

void
advise_print(struct advice *advice)
{
	profiles_print_head(advice->profile);
	if (advice->profile->processes > 1)
		puts("fast memory is what each process has, by the limit of "
		     "its own kind, or as its part of what there is");
	putchar('\n');
	for (unsigned i = 0; i < advise_memories(advice); i++)
		print_memory(advice, i);
	print_table(advice);
	print_notes(advice);
	print_curve(advice);
	print_time(advice);
	print_run(advice);
}
