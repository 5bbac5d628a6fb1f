/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind.h - the kinds of one engine in another process.
 *
 * Owns the records that it appends: kinds_free().
 */
#ifndef OUTSIDE_KIND_H
#define OUTSIDE_KIND_H

#include "outside/engine.h"
#include "outside/residence.h"
#include "stats/numbers.h"

/* Appends the kinds that are open to the list that ends at **END; RESIDENCE may
 * be NULL. Those that cannot be read for sure, however often it is tried, are
 * left out, and counted in *UNSURE. False: the process cannot be read any more,
 * or there is no memory. */
bool kinds_read(const struct remote *remote, const struct engine *engine,
    const struct residence *residence, struct stats_kind ***end,
    unsigned *unsure);

void kinds_free(struct stats_kind *first);

#endif /* OUTSIDE_KIND_H */
