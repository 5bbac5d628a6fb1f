/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shim_refused.c - runs a program in which one request for memory fails:
 * shim_refused NUMBER LIBRARY PROGRAM [ARGUMENT...]. Of the calls of mmap(2)
 * for anonymous memory from LIBRARY, the first bytes of which are mapped, the
 * one with this NUMBER gets ENOMEM. Ends as the program does, with 128 and the
 * number of a signal, or with 77 where nothing can be traced or the program
 * makes fewer such calls.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

#if defined(__x86_64__)
static pid_t child;

static bool
is_anonymous_mmap(const struct user_regs_struct *registers)
{
	return registers->orig_rax == SYS_mmap &&
	    (registers->r10 & MAP_ANONYMOUS) != 0;
}

/* Whether the call comes from a mapping of the library. */
static bool
is_from(unsigned long at, const char *library)
{
	unsigned long from, end;
	char path[64], line[4352];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", child);
	maps = fopen(path, "r");
	while (maps != NULL && !found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%lx-%lx", &from, &end) == 2 &&
		    at >= from && at < end && strstr(line, library) != NULL;
	if (maps != NULL)
		fclose(maps);
	return found;
}

/* The caller of the C library's mmap, or of what stands for it, has its return
 * address among the first words of the stack. */
static bool
is_asked_by(const struct user_regs_struct *registers, const char *library)
{
	if (is_from(registers->rip, library))
		return true;
	for (int i = 0; i < 4; i++)
		if (is_from((unsigned long)ptrace(PTRACE_PEEKDATA, child,
				registers->rsp + 8UL * (unsigned long)i, NULL),
			library))
			return true;
	return false;
}

/* Goes on to the next system call, its beginning or its end; false at the end
 * of the process. */
static bool
next_call(int *status)
{
	int signal = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, child, NULL, signal) != 0)
			return false;
		waitpid(child, status, 0);
		if (!WIFSTOPPED(*status))
			return false;
		if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
			return true;
		signal = WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status);
	}
}

static int
refuse(int number, const char *library)
{
	struct user_regs_struct registers;
	int status, seen = 0;
	bool refused = false;

	while (next_call(&status)) {
		bool now = false;

		ptrace(PTRACE_GETREGS, child, NULL, &registers);
		if (!refused && is_anonymous_mmap(&registers) &&
		    is_asked_by(&registers, library))
			now = ++seen == number;
		if (now) {
			registers.orig_rax = (unsigned long)-1;
			ptrace(PTRACE_SETREGS, child, NULL, &registers);
		}
		if (!next_call(&status))
			break;
		if (now) {
			refused = true;
			ptrace(PTRACE_GETREGS, child, NULL, &registers);
			registers.rax = (unsigned long)-ENOMEM;
			ptrace(PTRACE_SETREGS, child, NULL, &registers);
		}
	}
	if (!refused)
		return SKIPPED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
main(int argc, char **argv)
{
	int status;

	if (argc < 4)
		return SKIPPED;
	child = fork();
	if (child == 0) {
		setenv("LD_PRELOAD", argv[2], 1);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			execv(argv[3], argv + 3);
		_exit(SKIPPED);
	}
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD) != 0)
		return SKIPPED;
	return refuse(atoi(argv[1]), argv[2]);
}
#else
int
main(void)
{
	return SKIPPED;
}
#endif
