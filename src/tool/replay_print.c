/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_print.c - what `poolkind replay` answers. See replay.h. Owns nothing.
 */
#include <inttypes.h>
#include <stdio.h>

#include "rules/source_path.h"
#include "tool/columns.h"
#include "tool/json.h"
#include "tool/replay.h"

static int
add_peak(void *to, poolkind *kind)
{
	struct poolkind_stats stats;
	uint64_t *sum = to;

	if (poolkind_get_stats(kind, &stats, sizeof(stats)) == 0)
		*sum += stats.peak;
	return 0;
}

/* Of all kinds that there are here: the one, and those it falls back to. */
static uint64_t
peak_of_kinds(void)
{
	uint64_t sum = 0;

	poolkind_each_kind(add_peak, &sum);
	return sum;
}

static void
print_share(const char *name, uint64_t bytes, uint64_t live, const char *what)
{
	char size[SIZE_TEXT_MAX], share[32] = "-";

	size_text(size, bytes);
	if (live != 0)
		snprintf(
		    share, sizeof(share), "%.2f", (double)bytes / (double)live);
	printf("%-9s %6s %8s  %s\n", name, size, share, what);
}

void
replay_print(const struct replay_answer *answer)
{
	const struct trace_totals *totals = answer->totals;
	double seconds = answer->result.seconds;

	printf("%s, process %" PRIu64 ": %" PRIu64 " events of %" PRIu64
	       " thread%s on %s\n",
	    source_path_name(answer->program), answer->process, totals->events,
	    totals->threads, totals->threads == 1 ? "" : "s",
	    answer->kind == NULL ? "malloc" : answer->kind);
	printf("%.3f s, %.0f events/s\n\n", seconds,
	    seconds > 0 ? (double)totals->events / seconds : 0);
	printf("%-9s %6s %8s\n", "", "BYTES", "OF LIVE");
	print_share("live", totals->live_peak, totals->live_peak,
	    "the most that the program had at once");
	if (answer->kind != NULL)
		print_share("kind", peak_of_kinds(), totals->live_peak,
		    "the most that the kind took from the system");
	if (answer->knows_resident)
		print_share("resident", answer->resident, totals->live_peak,
		    "the most that lay in physical memory");
	if (totals->unknown != 0)
		printf("\n%" PRIu64 " calls were left out, about blocks that "
		       "the trace does not have\n",
		    totals->unknown);
	if (answer->result.failures != 0)
		printf("\n%" PRIu64 " requests of %" PRIu64
		       " bytes found no room\n",
		    answer->result.failures, answer->result.failed_bytes);
}

static void
print_ratio(const char *name, uint64_t bytes, uint64_t of)
{
	if (bytes == 0 || of == 0)
		printf(",\"%s\":null", name);
	else
		printf(",\"%s\":%.4f", name, (double)bytes / (double)of);
}

void
replay_print_json(const struct replay_answer *answer)
{
	const struct trace_totals *totals = answer->totals;
	uint64_t peak = answer->kind == NULL ? 0 : peak_of_kinds();
	double seconds = answer->result.seconds;

	printf("{\"program\":");
	json_string(answer->program);
	printf(",\"process\":%" PRIu64 ",\"kind\":", answer->process);
	if (answer->kind == NULL)
		printf("null");
	else
		json_string(answer->kind);
	printf(",\"events\":%" PRIu64 ",\"threads\":%" PRIu64
	       ",\"left_out\":%" PRIu64 ",\"seconds\":%.6f",
	    totals->events, totals->threads, totals->unknown, seconds);
	json_amount("live_peak", totals->live_peak);
	json_amount("peak", peak);
	json_amount("resident_peak", answer->resident);
	print_ratio("fragmentation",
	    answer->kind == NULL ? answer->resident : peak, totals->live_peak);
	printf(",\"failures\":%" PRIu64 ",\"failed_bytes\":%" PRIu64 "}\n",
	    answer->result.failures, answer->result.failed_bytes);
}
