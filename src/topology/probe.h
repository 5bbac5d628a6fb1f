/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe.h - how fast memory is, by reading it.
 */
#ifndef TOPOLOGY_PROBE_H
#define TOPOLOGY_PROBE_H

#include "topology/topology.h"

/* Reads memory of node TO with threads on the processors of FROM; see
 * topology.h. */
topology_probe topology_probe_reads;

#endif /* TOPOLOGY_PROBE_H */
