/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libc.h - the few functions that are called in libc, and nowhere else.
 *
 * Communication libraries (UCX, Open MPI) register memory with a device, and
 * must hear when mappings change: they write a jump into the code of libc's own
 * mmap, munmap, mremap and madvise. Other libraries put functions of the same
 * names before libc's, and may allocate in them. So these are called at the
 * address that they have in libc, which was looked up when the library was
 * loaded; before that, and where there is no such libc, by a direct system
 * call. The clock is read in libc for another reason: it needs no system call;
 * and clone(2) is there because it takes assembler to enter a function on
 * another stack.
 *
 * Owns those addresses. Takes no lock. An answer is 0 or an error number; errno
 * stays as it is.
 */
#ifndef OS_LIBC_H
#define OS_LIBC_H

#include <sys/types.h>
#include <time.h>

#include "base/base.h"

/* ADDR: where, and what was mapped, in one. */
int libc_mmap(
    void **addr, size_t bytes, int protection, int flags, int fd, off_t offset);
int libc_munmap(void *addr, size_t bytes);
int libc_madvise(void *addr, size_t bytes, int advice);
int libc_move(void *from, size_t bytes, void *to);
void libc_clock(clockid_t clock, struct timespec *now);
unsigned libc_node(void);

/* libc's clone(2), with all of its arguments; NULL where it is not known. It
 * answers as that does, by errno. */
typedef int libc_clone_function(int (*start)(void *with), void *stack,
    int flags, void *with, void *parent_tid, void *tls, void *child_tid);
libc_clone_function *libc_clone(void);

#endif /* OS_LIBC_H */
