/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * findings.c - what rules came to, for people. See places.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "rules/places.h"

static int
no_memory(void)
{
	return error_set(ENOMEM, "no memory for what rules came to");
}

int
findings_begin(struct findings *findings, size_t count)
{
	*findings = (struct findings){ .count = count };
	findings->list = calloc(count + 1, sizeof(*findings->list));
	return findings->list != NULL ? 0 : no_memory();
}

void
findings_end(struct findings *findings)
{
	for (size_t i = 0; findings->list != NULL && i < findings->count; i++) {
		struct finding *finding = &findings->list[i];

		for (size_t j = 0; j < FINDING_NAMES; j++)
			free(finding->names[j]);
		free(finding->near);
	}
	free(findings->list);
	*findings = (struct findings){ .list = NULL };
}

int
finding_add(struct findings *findings, size_t rule, const char *name)
{
	struct finding *finding = &findings->list[rule];
	size_t i = 0;

	while (i < finding->name_count && strcmp(finding->names[i], name) != 0)
		i++;
	if (i < finding->name_count)
		return 0;
	if (i == FINDING_NAMES) {
		finding->has_more = true;
		return 0;
	}
	finding->names[i] = strdup(name);
	if (finding->names[i] == NULL)
		return no_memory();
	finding->name_count++;
	return 0;
}
