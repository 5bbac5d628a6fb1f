/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h - what a spec leaves to the machine: nodes by attribute, weights,
 * DAX devices. And the nodes themselves, for who asks.
 *
 * Opens libpoolkind-topology.so.0 when that is first needed, and keeps the
 * topology it reads until machine_refresh(). Called when a kind is opened, by
 * any thread, with no lock held: it may call malloc. One lock of its own, held
 * while the topology is asked, and not while it is read. Fails with errno and a
 * sentence.
 */
#ifndef KIND_MACHINE_H
#define KIND_MACHINE_H

#include "kind/locality.h"

/* The nodes that an attribute names for the whole machine, into spec->nodes;
 * and with weights=auto their weights, or those of a list. */
int machine_find_nodes(struct spec *spec);

/* Those that it names for every node with CPUs, for scope=local, and their
 * weights as seen from there. */
int machine_find_localities(
    const struct spec *spec, struct localities *localities);

/* Calls VISIT with each node that the process may use the memory or the CPUs
 * of, by rising number, and the best bandwidth and latency that are known of
 * it. With the lock held: VISIT copies what it is shown, and calls nothing. */
struct topology_node;
int machine_each_node(void (*visit)(void *to, const struct topology_node *node,
			  uint64_t bandwidth, uint64_t latency),
    void *to);

/* The path of the device that dax:auto or dax:node=N means, leaving out SKIP
 * that were found to be in use. */
int machine_find_device(struct spec *spec, unsigned skip);

/* Forgets the topology: the next need reads it anew. */
void machine_refresh(void);

/* Around fork: between the two no thread asks the topology, and none reads the
 * machine, but one for which the fork would wait for ever. Then the child has
 * the topology that there was, and cannot read another. */
void machine_prefork(void);
void machine_postfork(void);
void machine_postfork_child(void);

#endif /* KIND_MACHINE_H */
