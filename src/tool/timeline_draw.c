/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timeline_draw.c - the picture of a timeline. See timeline.h.
 *
 * Above, a line for each kind of what it had committed, its limit as a dashed
 * one, and marks where requests spilled or failed; below, what lay on each
 * node, one above the other. Owns nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "profile/svg.h"
#include "tool/columns.h"
#include "tool/commands.h"
#include "tool/timeline.h"

#define WIDTH 860.0
#define HEIGHT 580.0
#define LEFT 64.0
#define RIGHT 150.0
#define COLOURS 8
#define TICKS 6
#define LABEL_STEP 15.0
#define MARK_STEP 9.0 /* marks of a series are so far apart */

/* Colours of series, on a light ground and on a dark one. */
#define LIGHT \
	".c0 { color: #0072b2 } .c1 { color: #d55e00 }\n" \
	".c2 { color: #009e73 } .c3 { color: #a05195 }\n" \
	".c4 { color: #8c6d00 } .c5 { color: #56b4e9 }\n" \
	".c6 { color: #b22222 } .c7 { color: #555555 }\n"
#define DARK \
	".c0 { color: #5ab4f0 } .c1 { color: #ff9448 }\n" \
	".c2 { color: #4fd1a5 } .c3 { color: #d98fd0 }\n" \
	".c4 { color: #e0c040 } .c5 { color: #9fd8ff }\n" \
	".c6 { color: #ff7070 } .c7 { color: #b0b0b0 }\n"

/* By class and currentColor, which programs know that know no variables. */
static const char css[] = LIGHT
    "@media (prefers-color-scheme: dark) {\n" DARK "}\n"
    "@media print {\n" LIGHT "}\n"
    ".line { fill: none; stroke: currentColor; stroke-width: 2; "
    "stroke-linejoin: round }\n"
    ".limit { fill: none; stroke: currentColor; stroke-width: 1.5; "
    "stroke-dasharray: 6 4 }\n"
    ".cross { fill: none; stroke: currentColor; stroke-width: 2.5 }\n"
    ".solid { fill: currentColor }\n"
    ".right { text-anchor: end }\n"
    ".middle { text-anchor: middle }\n";

/* One of the two parts of the picture. */
struct panel {
	FILE *to;
	const struct timeline *timeline;
	double top, bottom;
	double most; /* bytes at the top */
	double from, seconds;
};

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

static double
smaller(double a, double b)
{
	return a < b ? a : b;
}

static double
x_of(const struct panel *panel, double time)
{
	return LEFT +
	    (WIDTH - LEFT - RIGHT) * (time - panel->from) / panel->seconds;
}

static double
y_of(const struct panel *panel, double bytes)
{
	return panel->bottom -
	    (panel->bottom - panel->top) * bytes / panel->most;
}

/* ---- Axes ---------------------------------------------------------------- */

/* Powers of two, so that lines are at even sizes. */
static double
bytes_step(double most)
{
	double step = 4096;

	while (most / step > TICKS)
		step *= 2;
	return step;
}

/* 1, 2 or 5 times a power of ten. */
static double
seconds_step(double seconds)
{
	double step = 0.001;
	unsigned turn = 0;

	while (seconds / step > TICKS)
		step *= turn++ % 3 == 1 ? 2.5 : 2;
	return step;
}

static void
draw_times(const struct panel *panel, double step)
{
	double end = panel->from + panel->seconds * 1.0001;

	for (uint64_t i = (uint64_t)(panel->from / step + 0.999);
	     (double)i * step <= end; i++)
		fprintf(panel->to,
		    "<path class=\"grid\" d=\"M%.1f %.1fv4\"/>"
		    "<text class=\"dim middle\" x=\"%.1f\" y=\"%.1f\">%.6g s"
		    "</text>\n",
		    x_of(panel, (double)i * step), panel->bottom,
		    x_of(panel, (double)i * step), panel->bottom + 18,
		    (double)i * step);
}

static void
draw_axes(const struct panel *panel, const char *what)
{
	double step = bytes_step(panel->most);
	char size[SIZE_TEXT_MAX];

	fprintf(panel->to,
	    "<text class=\"dim\" x=\"10\" y=\"%.1f\">%s</text>\n",
	    panel->top - 12, what);
	for (unsigned i = 0; i * step <= panel->most; i++) {
		double y = y_of(panel, i * step);

		size_text(size, (uint64_t)(i * step));
		fprintf(panel->to,
		    "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
		    "<text class=\"dim right\" x=\"%.1f\" y=\"%.1f\">%s"
		    "</text>\n",
		    LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, size);
	}
	draw_times(panel, seconds_step(panel->seconds));
}

/* ---- Names at the right -------------------------------------------------- */

struct label {
	double y;
	size_t colour;
	const char *text;
};

static int
compare_labels(const void *a, const void *b)
{
	double first = ((const struct label *)a)->y;
	double second = ((const struct label *)b)->y;

	return (first > second) - (first < second);
}

/* Beside what they name, but not over each other. */
static void
draw_labels(const struct panel *panel, struct label *labels, size_t count)
{
	double next = panel->top;

	if (count == 0)
		return;
	qsort(labels, count, sizeof(*labels), compare_labels);
	for (size_t i = 0; i < count; i++) {
		double room = panel->bottom -
		    (double)(count - 1 - i) * LABEL_STEP;
		double y = larger(next, smaller(labels[i].y, room));

		fprintf(panel->to,
		    "<text class=\"c%zu\" x=\"%.1f\" y=\"%.1f\">"
		    "%s</text>\n",
		    labels[i].colour, WIDTH - RIGHT + 8, y + 4,
		    svg_text(labels[i].text, 18).text);
		next = y + LABEL_STEP;
	}
}

/* ---- Kinds --------------------------------------------------------------- */

static void
draw_line(const struct panel *panel, size_t series, bool limit)
{
	const struct timeline *t = panel->timeline;
	const char *command = "M";

	fprintf(panel->to, "<path class=\"%s c%zu\" d=\"",
	    limit ? "limit" : "line", series % COLOURS);
	for (size_t i = 0; i < t->samples; i++) {
		const struct timeline_cell *c = &t->cell[i][series];

		if (limit && c->limit == 0) {
			command = "M";
			continue;
		}
		fprintf(panel->to, "%s%.1f %.1f", command,
		    x_of(panel, t->time[i]),
		    y_of(panel, (double)(limit ? c->limit : c->committed)));
		command = "L";
	}
	fputs("\"/>\n", panel->to);
}

static void
draw_mark(const struct panel *panel, size_t series, size_t sample, bool cross)
{
	const struct timeline *t = panel->timeline;
	double x = x_of(panel, t->time[sample]);
	double y = y_of(panel, (double)t->cell[sample][series].committed);

	if (cross)
		fprintf(panel->to,
		    "<path class=\"cross c%zu\" "
		    "d=\"M%.1f %.1fl8 8m0 -8l-8 8\"/>\n",
		    series % COLOURS, x - 4, y - 4);
	else
		fprintf(panel->to,
		    "<path class=\"triangle solid c%zu\" "
		    "d=\"M%.1f %.1fl5 9h-10z\"/>\n",
		    series % COLOURS, x, y - 12);
}

/* Where a count has risen since the sample before. */
static void
draw_marks(const struct panel *panel, size_t series)
{
	const struct timeline *t = panel->timeline;
	double last[2] = { -MARK_STEP, -MARK_STEP };

	for (size_t i = 0; i < t->samples; i++) {
		const struct timeline_cell *c = &t->cell[i][series];
		uint64_t before[2] = { 0, 0 };
		uint64_t here[2] = { c->spills, c->failures };

		if (i > 0) {
			before[0] = t->cell[i - 1][series].spills;
			before[1] = t->cell[i - 1][series].failures;
		}
		for (int what = 0; what < 2; what++)
			if (here[what] > before[what] &&
			    x_of(panel, t->time[i]) - last[what] >= MARK_STEP) {
				draw_mark(panel, series, i, what == 1);
				last[what] = x_of(panel, t->time[i]);
			}
	}
}

/* A kind that never held anything, as that for what the rules leave over, and
 * has no limit that would say what it is for. */
static bool
is_empty(const struct timeline *t, size_t series)
{
	for (size_t i = 0; i < t->samples; i++)
		if (t->cell[i][series].committed != 0 ||
		    t->cell[i][series].limit != 0)
			return false;
	return true;
}

static void
draw_kinds(const struct panel *panel)
{
	const struct timeline *t = panel->timeline;
	struct label labels[SERIES_MAX];
	size_t count = 0;

	draw_axes(panel, "committed, by kind; dashed: its limit");
	for (size_t i = 0; i < t->series; i++) {
		if (is_empty(t, i))
			continue;
		draw_line(panel, i, true);
		draw_line(panel, i, false);
		draw_marks(panel, i);
		labels[count++] = (struct label){
			y_of(panel,
			    (double)t->cell[t->samples - 1][i].committed),
			i % COLOURS, t->name[i]
		};
	}
	draw_labels(panel, labels, count);
	fprintf(panel->to,
	    "<path class=\"f solid\" d=\"M%.1f %.1fl5 "
	    "9h-10z"
	    "\"/><text x=\"%.1f\" y=\"%.1f\">spilled to a fallback</text>"
	    "<path class=\"cross\" "
	    "d=\"M%.1f %.1fl8 8m0 -8l-8 8\"/>"
	    "<text x=\"%.1f\" y=\"%.1f\">found no room</text>\n",
	    WIDTH - RIGHT - 290, panel->top - 21, WIDTH - RIGHT - 280,
	    panel->top - 12, WIDTH - RIGHT - 110, panel->top - 20,
	    WIDTH - RIGHT - 96, panel->top - 12);
}

/* ---- Nodes --------------------------------------------------------------- */

/* What lies on the first COUNT nodes of the record. */
static double
below(const struct timeline *t, size_t sample, size_t count)
{
	double bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += (double)t->on_node[sample][i];
	return bytes;
}

static void
draw_nodes(const struct panel *panel)
{
	const struct timeline *t = panel->timeline;
	struct label labels[SERIES_NODES];
	char names[SERIES_NODES][32];

	draw_axes(panel, "in memory, by node");
	for (size_t n = 0; n < t->nodes; n++) {
		fprintf(panel->to,
		    "<path class=\"solid c%zu\" fill-opacity=\"0.75\" "
		    "d=\"",
		    n % COLOURS);
		for (size_t i = 0; i < t->samples; i++)
			fprintf(panel->to, "%s%.1f %.1f", i == 0 ? "M" : "L",
			    x_of(panel, t->time[i]),
			    y_of(panel, below(t, i, n + 1)));
		for (size_t i = t->samples; i-- > 0;)
			fprintf(panel->to, "L%.1f %.1f",
			    x_of(panel, t->time[i]),
			    y_of(panel, below(t, i, n)));
		fputs("z\"/>\n", panel->to);
		snprintf(names[n], sizeof(names[n]), "node %u", t->node[n]);
		labels[n] = (struct label){
			y_of(panel,
			    (below(t, t->samples - 1, n) +
				below(t, t->samples - 1, n + 1)) /
				2),
			n % COLOURS, names[n]
		};
	}
	draw_labels(panel, labels, t->nodes);
}

/* ---- All of it ----------------------------------------------------------- */

static double
most_of_kinds(const struct timeline *t)
{
	uint64_t most = 4096;

	for (size_t i = 0; i < t->samples; i++)
		for (size_t k = 0; k < t->series; k++) {
			most = max_size(most, t->cell[i][k].committed);
			most = max_size(most, t->cell[i][k].limit);
		}
	return (double)most * 1.08;
}

static double
most_of_nodes(const struct timeline *t)
{
	double most = 4096;

	for (size_t i = 0; i < t->samples; i++)
		most = larger(most, below(t, i, t->nodes));
	return most * 1.05;
}

int
timeline_draw(
    const struct timeline *timeline, const char *title, const char *path)
{
	const struct timeline *t = timeline;
	struct panel panel = { .timeline = t, .from = t->time[0] };
	struct svg svg;

	svg_begin(&svg, WIDTH, HEIGHT, title,
	    "Memory of each kind over time, with its limit, and below it "
	    "memory "
	    "on each node.",
	    css);
	panel.to = svg.to;
	panel.seconds = larger(0.001, t->time[t->samples - 1] - t->time[0]);
	if (svg.to != NULL) {
		panel.top = 62;
		panel.bottom = 330;
		panel.most = most_of_kinds(t);
		draw_kinds(&panel);
		panel.top = 396;
		panel.bottom = 546;
		panel.most = most_of_nodes(t);
		draw_nodes(&panel);
	}
	return svg_end(&svg, path) == 0 ? 0 : fail("%s", error_text());
}
