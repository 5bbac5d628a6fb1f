/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message.h - the message of a thread's last error.
 *
 * Owns a buffer for each thread that ever had an error, in memory of our own,
 * gone with the thread. Called by the files of vmem/. Takes no lock. A thread
 * that can have no buffer has for a message what its error number means.
 */
#ifndef VMEM_MESSAGE_H
#define VMEM_MESSAGE_H

#include "libvmem.h"

#define MESSAGE_MAX 8192

/* Makes the formatted line the thread's message, and sets errno to ERRNUM. */
void message_set(int errnum, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* The same with ": <what errnum means>" behind it. */
void message_set_system(int errnum, const char *format, ...)
    __attribute__((format(printf, 2, 3), cold));

/* Says that HANDLE is not a live pool: EINVAL. */
void message_no_pool(const VMEM *handle);

#endif /* VMEM_MESSAGE_H */
