/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.h - the machine as JSON, for programs: poolkind(1) has the members.
 */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include "stats/numbers.h"
#include "topology/topology.h"

/* --json was given. */
extern bool json_wanted;

/* For what writes text elsewhere, too. */
extern const struct stats_writer to_stdout;

/* TEXT in quotes. */
void json_string(const char *text);

/* ,"NAME":VALUE, and null for 0, which stands for what is not known. */
void json_amount(const char *name, uint64_t value);

/* IS_HERE: it is this machine, of which more can be asked. */
void json_nodes(const struct topology *topology, bool is_here);
void json_devices(const struct topology *topology);

#endif /* TOOL_JSON_H */
