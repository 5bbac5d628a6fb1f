/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record_sites.h - the sites of a recording: from a stack to its number.
 *
 * Owns the modules, sites and frames of a part. Called inside malloc, by any
 * thread, in signal handlers. Takes no lock. Where a table is full the site is
 * number 0, and that is counted.
 */
#ifndef PRELOAD_RECORD_SITES_H
#define PRELOAD_RECORD_SITES_H

#include "base/base.h"
#include "rules/recording.h"

/* The number of the site whose malloc returns to CALLER, which is on the stack,
 * and whose blocks come from the kind KIND. */
uint32_t record_site(
    struct recording_part *part, const void *caller, uint16_t kind);

#endif /* PRELOAD_RECORD_SITES_H */
