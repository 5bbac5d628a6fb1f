/* SPDX-License-Identifier: BSD-2-Clause */
/* kind_glue.c - see kind_glue.h. */
#include "kind_glue.h"

#include "arena/sample.h"
#include "arena/sampled.h"
#include "kind/facade.h"
#include "kind/kind.h"
#include "source/structures.h"

size_t
kind_record_bytes(void)
{
	return sizeof(struct kind);
}

unsigned
kinds_most(void)
{
	return HEAPS_MAX;
}

bool
kind_is_open(const poolkind *kind)
{
	return kind_find(kind) != NULL;
}

bool
kind_is_refused(const poolkind *kind)
{
	return source_refused(kind_find(kind)->heap.source);
}

unsigned
kind_arenas(const poolkind *kind)
{
	return atomic_load(&kind_find(kind)->heap.arena_count);
}

poolkind *
kind_open_local(const unsigned *nodes, unsigned count)
{
	const struct spec spec = { .source = SPEC_NODES };
	struct localities localities = { 0 };

	for (unsigned i = count; i-- > 0;) {
		uint64_t bits[SPEC_NODES_MAX / 64] = { 0 };

		bits_fill(bits, nodes[i], nodes[i] + 1, true);
		localities_enter(&localities, i, bits);
	}
	return poolkind_open_local(&spec, &localities);
}

/* They differ in weights, as sets that are the same are one locality. */
poolkind *
kind_open_in_two(const char *text)
{
	struct localities localities = { 0 };
	struct spec spec;

	if (spec_parse(text, &spec) != 0)
		return NULL;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t weights[SPEC_WEIGHTS_MAX] = { (uint8_t)(i + 1) };

		localities_enter_weighted(&localities, i, spec.nodes, weights);
	}
	return poolkind_open_local(&spec, &localities);
}

bool
localities_have(unsigned sets)
{
	struct localities all = { 0 };
	bool good = true;

	for (unsigned i = 0; i < sets; i++) {
		uint64_t bits[SPEC_NODES_MAX / 64] = { 0 };

		bits_fill(bits, i, i + 1, true);
		localities_enter(&all, i, bits);
	}
	for (unsigned i = 0; i < sets; i++)
		good = good && bits_test(all.nodes[all.of_node[i]], i);
	return good && all.count <= LOCALITIES_MAX;
}

poolkind *
kind_open_decaying(const char *text, long milliseconds)
{
	struct spec spec;

	if (spec_parse(text, &spec) != 0)
		return NULL;
	spec.decay_given = true;
	spec.decay_ms = milliseconds;
	return poolkind_open_spec(&spec, NULL);
}

void
kind_let_time_pass(poolkind *kind, unsigned milliseconds)
{
	kind_find(kind)->heap.source->idle_since -= milliseconds;
}

size_t
kind_spans(const poolkind *kind)
{
	return atomic_load(&kind_find(kind)->heap.source->spans);
}

void
kind_falsify(poolkind *kind, long bytes)
{
	kind_find(kind)->heap.source->spans += (size_t)bytes;
}

bool
glue_listen(bool listens)
{
#ifdef HAVE_SDT
	*(volatile unsigned short *)(uintptr_t)&sample_listeners = listens;
	return true;
#else
	(void)listens;
	return false;
#endif
}

unsigned
glue_sampled(void)
{
	return atomic_load(&sampled_live);
}

uint64_t
kind_place_nodes(const poolkind *kind)
{
	struct kind_place place;

	poolkind_place(kind, 0, &place);
	return place.nodes[0];
}

unsigned
kind_place_weight(const poolkind *kind)
{
	struct kind_place place;

	poolkind_place(kind, 0, &place);
	return place.weights[0];
}
