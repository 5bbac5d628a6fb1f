/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.h - the machine as JSON, for programs: poolkind(1) has the members.
 */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include "topology/topology.h"

/* --json was given. */
extern bool json_wanted;

/* IS_HERE: it is this machine, of which more can be asked. */
void json_nodes(const struct topology *topology, bool is_here);
void json_devices(const struct topology *topology);

#endif /* TOOL_JSON_H */
