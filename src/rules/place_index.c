/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place_index.c - see place_index.h. Sorted arrays, and a search that halves.
 */
#include "rules/place_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/error.h"
#include "rules/function_name.h"
#include "rules/source_path.h"

static int
compare(struct word a, uint64_t a_line, struct word b, uint64_t b_line)
{
	int order = memcmp(a.text, b.text, min_size(a.length, b.length));

	if (order != 0)
		return order;
	if (a.length != b.length)
		return a.length < b.length ? -1 : 1;
	return (a_line > b_line) - (a_line < b_line);
}

static int
by_key(const void *a, const void *b)
{
	const struct place_key *x = a, *y = b;
	int order = compare(x->name, x->line, y->name, y->line);

	return order != 0 ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

static void
take_rule(struct place_index *index, const struct rule *rule, uint32_t number)
{
	if (rule->where == RULES_AT_LINE)
		index->lines[index->line_count++] = (struct place_key){
			word_of(source_path_name(rule->place)), rule->number,
			number
		};
	if (rule->where == RULES_IN_FUNCTION) {
		index->functions[index->function_count++] = (struct place_key){
			function_name_key(rule->place), 0, number
		};
		index->has_mangled |= rule->place[0] == '_';
	}
}

int
place_index_begin(struct place_index *index, const struct rules *rules)
{
	size_t room = rules->rule_count + 1;

	*index = (struct place_index){ .lines = NULL };
	index->lines = calloc(room, sizeof(*index->lines));
	index->functions = calloc(room, sizeof(*index->functions));
	if (index->lines == NULL || index->functions == NULL)
		return error_set(ENOMEM, "no memory for what rules name");
	for (unsigned i = 0; i < rules->rule_count; i++)
		take_rule(index, &rules->rules[i], i);
	qsort(index->lines, index->line_count, sizeof(*index->lines), by_key);
	qsort(index->functions, index->function_count,
	    sizeof(*index->functions), by_key);
	return 0;
}

void
place_index_end(struct place_index *index)
{
	free(index->lines);
	free(index->functions);
	*index = (struct place_index){ .lines = NULL };
}

/* The first of COUNT keys that is not before NAME and LINE. */
static size_t
first_from(
    const struct place_key *keys, size_t count, struct word name, uint64_t line)
{
	size_t low = 0;

	while (count > 0) {
		size_t half = count / 2;
		const struct place_key *key = &keys[low + half];

		if (compare(key->name, key->line, name, line) < 0) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

static const struct place_key *
find(const struct place_key *keys, size_t key_count, struct word name,
    uint64_t line, size_t *count)
{
	size_t first = first_from(keys, key_count, name, line);

	*count = first_from(keys, key_count, name, line + 1) - first;
	return &keys[first];
}

const struct place_key *
place_index_line(const struct place_index *index, struct word name,
    uint64_t line, size_t *count)
{
	return find(index->lines, index->line_count, name, line, count);
}

const struct place_key *
place_index_function(
    const struct place_index *index, struct word name, size_t *count)
{
	return find(index->functions, index->function_count, name, 0, count);
}

bool
place_index_has_file(const struct place_index *index, struct word name)
{
	return first_from(index->lines, index->line_count, name, 0) !=
	    first_from(index->lines, index->line_count, name, UINT64_MAX);
}
