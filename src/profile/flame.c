/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flame.c - see flame.h.
 *
 * Stacks become a tree whose root is the program, each of whose children is a
 * function that was called from there. Callers stand below what they call, and
 * beside each other those that allocate the most come first. What would be
 * narrower than a third of a pixel is left out.
 */
#include "profile/flame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "profile/place.h"
#include "profile/svg.h"
#include "rules/source_path.h"

#define WIDTH 1200.0
#define MARGIN 10.0
#define ABOVE 48.0
#define ROW 18.0
#define LETTER 7.2 /* pixels that one takes */
#define DOTS 3
#define NARROWEST 0.3
#define DEPTH_MAX 512
#define COLOURS 12

struct node {
	const char *name, *file; /* texts of the profile */
	unsigned line;
	uint64_t value;
	struct node *first, *next;
	size_t children;
};

struct graph {
	const struct profile *profile;
	enum flame_by by;
	struct node root;
	size_t depth;
	struct svg svg;
};

uint64_t
flame_value(const struct profile_site *site, enum flame_by by)
{
	switch (by) {
	case FLAME_ACCESSES:
		return site->accesses;
	case FLAME_PEAK:
		return site->peak;
	default:
		return site->bytes;
	}
}

/* ---- The tree ------------------------------------------------------------ */

static void
free_children(struct node *node)
{
	struct node *next;

	for (struct node *at = node->first; at != NULL; at = next) {
		next = at->next;
		free_children(at);
		free(at);
	}
}

/* A frame without a function is called by its file or module. */
static const char *
name_of(const struct profile *profile, const struct profile_frame *frame)
{
	if (frame->function != NULL)
		return frame->function;
	if (frame->module != PROFILE_NO_MODULE)
		return source_path_name(profile->modules[frame->module].path);
	return "?";
}

static struct node *
find_child(struct node *node, const char *name, const char *file)
{
	for (struct node *at = node->first; at != NULL; at = at->next)
		if (strcmp(at->name, name) == 0 && at->file == file)
			return at;
	return NULL;
}

static struct node *
child_of(struct node *node, const char *name, const char *file, unsigned line)
{
	struct node *child = find_child(node, name, file);

	if (child != NULL)
		return child;
	child = calloc(1, sizeof(*child));
	if (child == NULL)
		return NULL;
	*child = (struct node){
		.name = name, .file = file, .line = line, .next = node->first
	};
	node->first = child;
	node->children++;
	return child;
}

static int
add_site(struct graph *graph, const struct profile_site *site)
{
	uint64_t value = flame_value(site, graph->by);
	struct node *node = &graph->root;
	size_t first = place_first(site), depth = 1;

	if (value == 0)
		return 0;
	node->value += value;
	for (size_t i = site->frame_count; i-- > first && depth < DEPTH_MAX;
	     depth++) {
		const struct profile_frame *frame = &site->frames[i];

		node = child_of(node, name_of(graph->profile, frame),
		    frame->file, frame->line);
		if (node == NULL)
			return error_set(ENOMEM, "no memory for the picture");
		node->value += value;
	}
	graph->depth = max_size(graph->depth, depth);
	return 0;
}

static int
by_value(const void *a, const void *b)
{
	const struct node *x = *(const struct node *const *)a;
	const struct node *y = *(const struct node *const *)b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Puts the children of all nodes in the order of their values. */
static int
sort(struct node *node)
{
	struct node **list = calloc(node->children + 1, sizeof(*list)), *at;
	size_t count = 0;
	int result = 0;

	if (list == NULL)
		return error_set(ENOMEM, "no memory for the picture");
	for (at = node->first; at != NULL; at = at->next)
		list[count++] = at;
	qsort(list, count, sizeof(*list), by_value);
	for (size_t i = 0; i < count; i++)
		list[i]->next = i + 1 < count ? list[i + 1] : NULL;
	node->first = count > 0 ? list[0] : NULL;
	free(list);
	for (at = node->first; at != NULL && result == 0; at = at->next)
		result = sort(at);
	return result;
}

/* ---- The picture --------------------------------------------------------- */

static const char css[] =
    "rect { stroke: #fff; stroke-width: .6 }\n"
    "g:hover > rect { stroke: #000; stroke-width: 1.5 }\n"
    ".c0 { fill: #e8e8e8 } .c1 { fill: #f7b267 } .c2 { fill: #f4845f }\n"
    ".c3 { fill: #f9c74f } .c4 { fill: #f8961e } .c5 { fill: #f3a683 }\n"
    ".c6 { fill: #f7d794 } .c7 { fill: #ffbe76 } .c8 { fill: #f6b93b }\n"
    ".c9 { fill: #fa983a } .c10 { fill: #eb9d6c } .c11 { fill: #ffd166 }\n"
    ".c12 { fill: #f5a25d }\n"
    ".name { fill: #1a1a1a; pointer-events: none }\n"
    "@media (prefers-color-scheme: dark) { rect { stroke: #1c1c1e }\n"
    "g:hover > rect { stroke: #fff } }\n"
    "@media print { rect { stroke: #666 } }\n";

/* "64.0M, 12.5%" or "123456 bytes, 12.5%". */
static struct place_text
amount(const struct graph *graph, uint64_t value)
{
	double share = 100 * (double)value / (double)graph->root.value;
	struct place_text text;

	if (graph->by == FLAME_ACCESSES)
		snprintf(text.text, sizeof(text.text), "%llu %s, %.1f%%",
		    (unsigned long long)value, graph->profile->access_unit,
		    share);
	else
		snprintf(text.text, sizeof(text.text), "%s, %.1f%%",
		    bytes_text((double)value).text, share);
	return text;
}

/* A function has the same colour in all places, and in all pictures. */
static unsigned
colour_of(const struct node *node)
{
	unsigned hash = 0;

	for (const char *at = node->name; *at != '\0'; at++)
		hash = hash * 31 + (unsigned char)*at;
	return 1 + hash % COLOURS;
}

static void
draw_box(struct graph *graph, const struct node *node, size_t depth, double x,
    double width)
{
	double y = ABOVE + ROW * (double)(graph->depth - 1 - depth);
	size_t letters = (size_t)((width - 6) / LETTER);
	bool is_cut = strlen(node->name) > letters;
	FILE *to = graph->svg.to;

	fprintf(to, "<g><title>%s", svg_text(node->name, 300).text);
	if (node->file != NULL)
		fprintf(to, " (%s:%u)",
		    svg_text(source_path_name(node->file), 100).text,
		    node->line);
	fprintf(to,
	    ": %s</title><rect class=\"c%u\" x=\"%.1f\" y=\"%.1f\" "
	    "width=\"%.1f\" height=\"%.1f\"/>",
	    svg_text(amount(graph, node->value).text, 100).text,
	    depth == 0 ? 0 : colour_of(node), x, y, width, ROW);
	if (letters > DOTS + 1)
		fprintf(to,
		    "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">%s</text>",
		    x + 3, y + 13,
		    svg_text(node->name, is_cut ? letters - DOTS : letters)
			.text);
	fputs("</g>\n", to);
}

static void
draw(struct graph *graph, const struct node *node, size_t depth, double x)
{
	double scale = (WIDTH - 2 * MARGIN) / (double)graph->root.value;
	double width = scale * (double)node->value;

	if (width < NARROWEST)
		return;
	draw_box(graph, node, depth, x, width);
	for (const struct node *at = node->first; at != NULL; at = at->next) {
		draw(graph, at, depth + 1, x);
		x += scale * (double)at->value;
	}
}

static int
draw_all(struct graph *graph, const char *path)
{
	static const char *const titles[FLAME_COUNT] = { "Bytes allocated",
		"Accesses", "Peaks of sites" };
	const char *program = graph->profile->program;
	char title[256];
	double height = ABOVE + ROW * (double)graph->depth + MARGIN;

	snprintf(title, sizeof(title), "%s%s%s", titles[graph->by],
	    program != NULL ? ": " : "", program != NULL ? program : "");
	svg_begin(&graph->svg, WIDTH, height, title,
	    "Stacks of calls; what is above was called by what is below, and "
	    "a box is as wide as its share.",
	    css);
	if (graph->svg.to != NULL) {
		fprintf(graph->svg.to,
		    "<text class=\"dim\" x=\"10\" y=\"40\">%s in all, by the "
		    "functions that asked; their callers are below</text>\n",
		    svg_text(amount(graph, graph->root.value).text, 100).text);
		draw(graph, &graph->root, 0, MARGIN);
	}
	return svg_end(&graph->svg, path);
}

int
flame_write(const struct profile *profile, enum flame_by by, const char *path)
{
	struct graph graph = { .profile = profile, .by = by, .depth = 1 };
	int result = 0;

	graph.root.name = profile->program != NULL ? profile->program : "all";
	for (size_t i = 0; i < profile->site_count && result == 0; i++)
		result = add_site(&graph, profile->sites[i]);
	if (result == 0)
		result = graph.root.value != 0 ?
		    sort(&graph.root) :
		    error_set(EINVAL, "nothing to draw: no %s in the profile",
			by == FLAME_ACCESSES ? "accesses are" : "bytes are");
	if (result == 0)
		result = draw_all(&graph, path);
	free_children(&graph.root);
	return result;
}
