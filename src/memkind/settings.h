/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h - what the environment asks of libmemkind.
 *
 * Each variable is read when what it is about is made, as programs set some of
 * them for themselves; JEMK_MALLOC_CONF, MEMKIND_DEBUG and the limit of threads
 * once. Variables of a program that runs with more rights than its user are
 * not looked at. Owns nothing but those; takes no lock.
 */
#ifndef MEMKIND_SETTINGS_H
#define MEMKIND_SETTINGS_H

#include "support/conf.h"
#include "support/log.h"

/* Gives SPEC what every kind has of the environment: 0 or
 * MEMKIND_ERROR_ENVIRON. */
int settings_apply(struct spec *spec);

/* MEMKIND_FALLBACK=dram: kinds whose nodes this process may not choose are
 * ordinary memory. */
bool settings_fallback(void);

/* MEMKIND_PMEM_FORK: what becomes of file kinds in the child of a fork. */
enum spec_fork settings_pmem_fork(void);

/* MEMKIND_HBW_THRESHOLD in MB/s, 0 where it is not given; false if it is not
 * a number. */
bool settings_hbw_threshold(uint64_t *threshold);

/* Whether the end of the process is to print statistics. */
bool settings_stats_print(void);

/* Whether a thread is to give back what is free, from the start. */
bool settings_background_thread(void);

/* A line on standard error, each once: with MEMKIND_DEBUG=1 of what was looked
 * at and found, and in any case of what is wrong with the environment. */
extern struct log_file memkind_log;
void memkind_inform(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void memkind_warn(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif /* MEMKIND_SETTINGS_H */
