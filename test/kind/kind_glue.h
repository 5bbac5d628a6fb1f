/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kind_glue.h - what is behind a handle, for tests in C++: kind.h is C only.
 */
#ifndef TEST_KIND_KIND_GLUE_H
#define TEST_KIND_KIND_GLUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "poolkind.h"

/* Bytes of a kind's record. */
size_t kind_record_bytes(void);

/* How many kinds may be open. */
unsigned kinds_most(void);

bool kind_is_open(const poolkind *kind);
bool kind_is_refused(const poolkind *kind);
unsigned kind_arenas(const poolkind *kind);

/* Opens a kind that has a locality with one node each, for threads on node 0
 * the first. */
poolkind *kind_open_local(const unsigned *nodes, unsigned count);

/* Opens a kind of TEXT with two localities, both on the nodes of that: for
 * threads on node 0, and for those on node 1. */
poolkind *kind_open_in_two(const char *text);

/* Whether of so many nodes, each with itself near, each still has it. */
bool localities_have(unsigned sets);

/* A kind of TEXT whose free pages wait for so long. */
poolkind *kind_open_decaying(const char *text, long milliseconds);

/* Has the pages that the kind's source keeps idle be older. */
void kind_let_time_pass(poolkind *kind, unsigned milliseconds);

/* As poolkind_place() tells of threads on node 0: the first 64 nodes, as bits,
 * and the first weight. */
uint64_t kind_place_nodes(const poolkind *kind);
unsigned kind_place_weight(const poolkind *kind);

/* Bytes that the kind's arenas have of its source. */
size_t kind_spans(const poolkind *kind);

/* Makes what the kind's source says it has handed out wrong, and right. */
void kind_falsify(poolkind *kind, long bytes);

/* As if somebody listened at otel_memory:alloc, or nobody any more. False: this
 * build has no probes. */
bool glue_listen(bool listens);

/* How many blocks that live are of the sample. */
unsigned glue_sampled(void);

#endif /* TEST_KIND_KIND_GLUE_H */
