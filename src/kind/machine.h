/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h - what a spec leaves to the machine: nodes by attribute, DAX
 * devices.
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

/* The nodes that an attribute names for the whole machine, into spec->nodes. */
int machine_find_nodes(struct spec *spec);

/* Those that it names for every node with CPUs, for scope=local. */
int machine_find_localities(
    const struct spec *spec, struct localities *localities);

/* The path of the device that dax:auto or dax:node=N means, leaving out SKIP
 * that were found to be in use. */
int machine_find_device(struct spec *spec, unsigned skip);

/* Forgets the topology: the next need reads it anew. */
void machine_refresh(void);

/* Around fork: between the two no thread asks the topology or reads the
 * machine. */
void machine_prefork(void);
void machine_postfork(void);

#endif /* KIND_MACHINE_H */
