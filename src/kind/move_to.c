/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * move_to.c - see move_to.h.
 *
 * The text is that of a kind on nodes, by number or by attribute, and says
 * nothing but where: which policy pages are under is the kind's own. An
 * attribute is asked as if a kind of it were opened: with scope=local, the
 * default, each heap of a kind that has several gets what is best for the
 * threads that it serves; a kind of one heap, what is best on the machine.
 */
#include "kind/move_to.h"

#include <errno.h>
#include <string.h>

#include "base/cut.h"
#include "base/error.h"
#include "kind/machine.h"
#include "kind/open_heaps.h"
#include "os/records.h"
#include "spec/where.h"

/* Called by os_on_stack(): a spec and its text are large. */
struct finding {
	const struct kind *kind;
	const char *text;
	struct move_to *to;
	int result;
};

struct nodes_text
nodes_text(const uint64_t *nodes)
{
	struct nodes_text result = { "" };
	struct writer to = { result.text, sizeof(result.text), 0 };

	write_nodes(&to, nodes);
	return result;
}

static int
check_nodes(const uint64_t *nodes, const char *text)
{
	uint64_t allowed[SPEC_NODES_MAX / 64] = { 0 };
	unsigned missing = os_missing_node(nodes, SPEC_NODES_MAX);

	if (missing == SPEC_NODES_MAX)
		return 0;
	os_allowed_nodes(allowed, SPEC_NODES_MAX);
	return error_set(ENODEV,
	    "\"%s\": node %u does not exist, has no memory or is not allowed "
	    "to this process (nodes: %s)",
	    cut(text, 80).text, missing, nodes_text(allowed).text);
}

static void
same_for_all(struct move_to *to, const uint64_t *nodes)
{
	for (unsigned i = 0; i < to->heaps; i++)
		memcpy(to->nodes[i], nodes, sizeof(to->nodes[i]));
}

/* Each heap of a kind of scope local has the nodes of those that it serves.
 * Nodes without processors have the first locality of both, which is that of
 * the first node with some. */
static int
find_local(const struct kind *kind, const struct spec *spec, struct move_to *to)
{
	struct localities localities;

	if (machine_find_localities(spec, &localities) != 0)
		return -1;
	for (unsigned node = 0; node < SPEC_NODES_MAX; node++) {
		uint64_t *nodes = to->nodes[kind->local->of_node[node]];

		for (size_t i = 0; i < SPEC_NODES_MAX / 64; i++)
			nodes[i] |= localities
					.nodes[localities.of_node[node]][i];
	}
	return 0;
}

static int
find_nodes(const struct kind *kind, struct spec *spec, struct move_to *to)
{
	bool is_found = !spec_is_by_attribute(spec) && !spec->all_nodes;

	if (spec_is_local(spec) && kind->local != NULL)
		return find_local(kind, spec, to);
	if (!is_found &&
	    (spec->all_nodes ? kind_find_all_nodes(spec) :
			       machine_find_nodes(spec)) != 0)
		return -1;
	same_for_all(to, spec->nodes);
	return 0;
}

static void
find(void *arg)
{
	struct finding *finding = arg;
	struct spec spec;

	finding->result = -1;
	if (spec_parse(finding->text, &spec) != 0 ||
	    spec_check_place(&spec, finding->text) != 0 ||
	    (!spec_is_by_attribute(&spec) && !spec.all_nodes &&
		check_nodes(spec.nodes, finding->text) != 0))
		return;
	finding->result = find_nodes(finding->kind, &spec, finding->to);
}

int
move_to_find(const struct kind *kind, const char *text, struct move_to *to)
{
	struct finding finding = { kind, text, to, 0 };

	*to = (struct move_to){ kind_heaps(kind), NULL };
	if (text == NULL || strcmp(text, "home") == 0)
		return 0;
	to->nodes = record_new(to->heaps * sizeof(to->nodes[0]));
	if (to->nodes == NULL)
		return error_set(ENOMEM, "no memory for the records of a move");
	os_on_stack(find, &finding);
	if (finding.result != 0)
		move_to_free(to);
	return finding.result;
}

void
move_to_free(struct move_to *to)
{
	if (to->nodes != NULL)
		record_free(to->nodes, to->heaps * sizeof(to->nodes[0]));
	to->nodes = NULL;
}
