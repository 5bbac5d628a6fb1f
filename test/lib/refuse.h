/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refuse.h - system calls that are refused to a process, as a sandbox does it,
 * for tests in C and C++.
 */
#ifndef TEST_LIB_REFUSE_H
#define TEST_LIB_REFUSE_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif

struct refused_call {
	const char *name;
	long number;
};

/* Every call that src/os makes. */
#define REFUSED_CALL(name) \
	{ \
#name, SYS_##name \
	}
static const struct refused_call refused_calls[] = {
	REFUSED_CALL(madvise),
	REFUSED_CALL(fallocate),
	REFUSED_CALL(mremap),
	REFUSED_CALL(munmap),
	REFUSED_CALL(mprotect),
	REFUSED_CALL(mmap),
	REFUSED_CALL(mincore),
	REFUSED_CALL(mbind),
	REFUSED_CALL(get_mempolicy),
	REFUSED_CALL(set_mempolicy_home_node),
	REFUSED_CALL(move_pages),
	REFUSED_CALL(membarrier),
	REFUSED_CALL(openat),
	REFUSED_CALL(close),
	REFUSED_CALL(fcntl),
	REFUSED_CALL(flock),
	REFUSED_CALL(fstat),
	REFUSED_CALL(newfstatat),
	REFUSED_CALL(statx),
	REFUSED_CALL(statfs),
	REFUSED_CALL(fstatfs),
	REFUSED_CALL(ftruncate),
	REFUSED_CALL(ioctl),
	REFUSED_CALL(read),
	REFUSED_CALL(write),
	REFUSED_CALL(pread64),
	REFUSED_CALL(pwrite64),
	REFUSED_CALL(readlinkat),
	REFUSED_CALL(unlinkat),
	REFUSED_CALL(prlimit64),
	REFUSED_CALL(sched_getaffinity),
	REFUSED_CALL(sched_yield),
	REFUSED_CALL(getcpu),
	REFUSED_CALL(clock_gettime),
	REFUSED_CALL(rt_sigprocmask),
	REFUSED_CALL(getrandom),
	REFUSED_CALL(memfd_create),
	REFUSED_CALL(mlock2),
	REFUSED_CALL(msync),
	REFUSED_CALL(munlock),
	REFUSED_CALL(clock_nanosleep),
	REFUSED_CALL(geteuid),
#ifdef SYS_unlink
	REFUSED_CALL(unlink),
	REFUSED_CALL(readlink),
#endif
};
#define REFUSED_CALLS (sizeof(refused_calls) / sizeof(refused_calls[0]))

static inline int
set_filter(struct sock_filter *code, unsigned short length)
{
	struct sock_fprog program = { length, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		   SECCOMP_FILTER_FLAG_TSYNC, &program) == 0 ?
	    0 :
	    errno;
}

/* From now on every thread of the process gets ERRNUM for the COUNT calls. 0,
 * or the error number that says why it cannot be done. */
static inline int
refuse(const long *calls, size_t count, int errnum)
{
	struct sock_filter code[2 * REFUSED_CALLS + 2];
	unsigned short length = 0;

	code[length++] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++) {
		code[length++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
		code[length++] = (struct sock_filter)BPF_STMT(
		    BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)errnum);
	}
	code[length++] = (struct sock_filter)BPF_STMT(
	    BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return set_filter(code, length);
}

/* A form of a call that kernels before SINCE (1000 * version + patch level) do
 * not know, and answer by ERRNUM: that where ARGUMENT, counted from 0, is
 * VALUE, or with -1 every one. */
struct new_form {
	int since;
	long call;
	int argument;
	unsigned value;
	int errnum;
};

/* From now on every thread of the process gets what a kernel of VERSION answers
 * to those of the COUNT forms, at most 16, that it does not know; as refuse().
 */
static inline int
act_as_kernel(int version, const struct new_form *forms, size_t count)
{
	struct sock_filter code[16 * 5 + 1];
	unsigned short length = 0;

	for (size_t i = 0; i < count; i++) {
		const struct new_form *form = &forms[i];
		unsigned argument = form->argument < 0 ? 0 : form->argument;
		unsigned char past = form->argument < 0 ? 1 : 3;

		if (form->since <= version)
			continue;
		code[length++] = (struct sock_filter)BPF_STMT(
		    BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr));
		code[length++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (unsigned)form->call, 0, past);
		if (form->argument >= 0) {
			code[length++] = (struct sock_filter)BPF_STMT(
			    BPF_LD | BPF_W | BPF_ABS,
			    (unsigned)(offsetof(struct seccomp_data, args) +
				argument * sizeof(__u64)));
			code[length++] = (struct sock_filter)BPF_JUMP(
			    BPF_JMP | BPF_JEQ | BPF_K, form->value, 0, 1);
		}
		code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
		    SECCOMP_RET_ERRNO | (unsigned)form->errnum);
	}
	code[length++] = (struct sock_filter)BPF_STMT(
	    BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return set_filter(code, length);
}

/* The one call of that name; false if there is none. */
static inline int
refused_call_of(const char *name, long *number)
{
	for (size_t i = 0; i < REFUSED_CALLS; i++) {
		const char *a = refused_calls[i].name, *b = name;

		while (*a != '\0' && *a == *b)
			a++, b++;
		if (*a == *b) {
			*number = refused_calls[i].number;
			return 1;
		}
	}
	return 0;
}

#endif /* TEST_LIB_REFUSE_H */
