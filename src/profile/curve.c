/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * curve.c - see curve.h.
 */
#include "profile/curve.h"

#include "profile/place.h"
#include "profile/svg.h"

#define WIDTH 640.0
#define HEIGHT 400.0
#define LEFT 60.0
#define RIGHT 20.0
#define ABOVE 50.0
#define BELOW 50.0
#define LINES 5

static const char css[] =
    ".curve { fill: none; stroke: #d95f02; stroke-width: 2.5 }\n"
    ".here { fill: #1b9e77 }\n"
    ".mark { stroke: #1b9e77; stroke-width: 1; stroke-dasharray: 4 3 }\n"
    ".right { text-anchor: end }\n"
    ".middle { text-anchor: middle }\n"
    "@media (prefers-color-scheme: dark) { .curve { stroke: #ff9e4a }\n"
    ".here { fill: #4fd1a5 } .mark { stroke: #4fd1a5 } }\n";

struct plot {
	FILE *to;
	double most; /* bytes at the right end */
};

static double
x_of(const struct plot *plot, double bytes)
{
	return LEFT + (WIDTH - LEFT - RIGHT) * bytes / plot->most;
}

static double
y_of(double share)
{
	return HEIGHT - BELOW - (HEIGHT - ABOVE - BELOW) * share;
}

static void
draw_grid(const struct plot *plot)
{
	for (int i = 0; i <= LINES; i++) {
		double part = (double)i / LINES;
		double x = x_of(plot, part * plot->most), y = y_of(part);

		fprintf(plot->to,
		    "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
		    "<text class=\"dim right\" x=\"%.1f\" y=\"%.1f\">%.0f%%"
		    "</text>\n"
		    "<text class=\"dim middle\" x=\"%.1f\" y=\"%.1f\">%s"
		    "</text>\n",
		    LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, 100 * part, x,
		    HEIGHT - BELOW + 18, bytes_text(part * plot->most).text);
	}
	fprintf(plot->to,
	    "<text class=\"dim\" x=\"10\" y=\"42\">accesses served by fast "
	    "memory</text>\n"
	    "<text class=\"dim middle\" x=\"%.1f\" y=\"%.1f\">fast memory"
	    "</text>\n",
	    (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10);
}

/* More memory brings nothing up to where the next thing fits. */
static void
draw_points(
    const struct plot *plot, const struct curve_point *points, size_t count)
{
	fprintf(plot->to, "<path class=\"curve\" d=\"M%.1f %.1f",
	    x_of(plot, points[0].bytes), y_of(points[0].share));
	for (size_t i = 1; i < count; i++)
		fprintf(plot->to, "H%.1fV%.1f", x_of(plot, points[i].bytes),
		    y_of(points[i].share));
	fputs("\"/>\n", plot->to);
}

static void
draw_here(const struct plot *plot, struct curve_point here)
{
	double x = x_of(plot, here.bytes), y = y_of(here.share);
	bool is_right = x > WIDTH / 2;

	fprintf(plot->to,
	    "<path class=\"mark\" d=\"M%.1f %.1fV%.1f\"/>"
	    "<circle class=\"here\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\">"
	    "<title>%s: %.1f%%</title></circle>\n"
	    "<text%s x=\"%.1f\" y=\"%.1f\">%s: %.1f%%</text>\n",
	    x, y_of(0), y, x, y, bytes_text(here.bytes).text, 100 * here.share,
	    is_right ? " class=\"right\"" : "", x + (is_right ? -10 : 10),
	    y + 18, bytes_text(here.bytes).text, 100 * here.share);
}

int
curve_write(const struct curve_point *points, size_t count,
    struct curve_point here, const char *title, const char *path)
{
	struct plot plot = { .most = points[count - 1].bytes };
	struct svg svg;

	svg_begin(&svg, WIDTH, HEIGHT, title,
	    "The share of accesses that fast memory serves, by how much of it "
	    "there is.",
	    css);
	plot.to = svg.to;
	if (svg.to != NULL) {
		draw_grid(&plot);
		draw_points(&plot, points, count);
		draw_here(&plot, here);
	}
	return svg_end(&svg, path);
}
