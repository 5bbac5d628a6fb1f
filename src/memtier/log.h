/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - what libmemtier says on standard error.
 *
 * The level, MEMKIND_MEM_TIERING_LOG_LEVEL, is set by settings.c: 0 for errors
 * alone, 1 for what was started, 2 for its parts as well. Takes no lock.
 */
#ifndef MEMTIER_LOG_H
#define MEMTIER_LOG_H

#include "support/log.h"

extern struct log_file memtier_log;

#define LOG_ERROR "MEMKIND_MEM_TIERING_LOG_ERROR: "
#define LOG_INFO "MEMKIND_MEM_TIERING_LOG_INFO: "
#define LOG_DEBUG "MEMKIND_MEM_TIERING_LOG_DEBUG: "

/* Says what is wrong, and ends the process by abort(3). */
#define log_fatal(...) log_end(&memtier_log, LOG_ERROR, __VA_ARGS__)

#define log_info(...) log_say(&memtier_log, 1, LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_say(&memtier_log, 2, LOG_DEBUG, __VA_ARGS__)

#endif /* MEMTIER_LOG_H */
