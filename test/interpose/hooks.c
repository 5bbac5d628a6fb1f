/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.c - a library for LD_PRELOAD that stands before one function of libc,
 * HOOK, and allocates whenever that is called, as tracers and fakers do; and
 * with FORKS also has a child, as those do that start a program.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline void
have_a_child(void)
{
#ifdef FORKS
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
#endif
}

#define STAND_BEFORE(result, name, parameters, arguments) \
	STAND_BEFORE_AS(result, name, #name, parameters, arguments)
#define STAND_BEFORE_AS(result, function, name, parameters, arguments) \
	result function parameters \
	{ \
		static result(*real) parameters; \
		void *blocks[2] = { malloc(100), malloc(300000) }; \
		free(blocks[0]); \
		free(blocks[1]); \
		have_a_child(); \
		if (real == NULL) \
			real = (result(*) parameters)dlsym(RTLD_NEXT, name); \
		return real arguments; \
	}

#define A0 ()
#define A1 (a)
#define A2 (a, b)
#define A3 (a, b, c)
#define A4 (a, b, c, d)
#define HOOK_clock_gettime \
	STAND_BEFORE(int, clock_gettime, (clockid_t a, struct timespec * b), A2)
/* <unistd.h> has it with dots. */
#define HOOK_syscall \
	long traced(long, long, long, long, long, long, long) __asm__( \
	    "syscall"); \
	STAND_BEFORE_AS(long, traced, "syscall", \
	    (long a, long b, long c, long d, long e, long f, long g), \
	    (a, b, c, d, e, f, g))
#define HOOK_fstat STAND_BEFORE(int, fstat, (int a, struct stat *b), A2)
#define HOOK_sysconf STAND_BEFORE(long, sysconf, (int a), A1)
#define HOOK_mmap \
	STAND_BEFORE(void *, mmap, \
	    (void *a, size_t b, int c, int d, int e, off_t f), \
	    (a, b, c, d, e, f))
#define HOOK_munmap STAND_BEFORE(int, munmap, (void *a, size_t b), A2)
#define HOOK_madvise STAND_BEFORE(int, madvise, (void *a, size_t b, int c), A3)
#define HOOK_mprotect \
	STAND_BEFORE(int, mprotect, (void *a, size_t b, int c), A3)
#define HOOK_read STAND_BEFORE(ssize_t, read, (int a, void *b, size_t c), A3)
#define HOOK_close STAND_BEFORE(int, close, (int a), A1)
#define HOOK_sched_yield STAND_BEFORE(int, sched_yield, (void), A0)
#define HOOK_pthread_mutex_lock \
	STAND_BEFORE(int, pthread_mutex_lock, (pthread_mutex_t * a), A1)
#define HOOK_pthread_mutex_unlock \
	STAND_BEFORE(int, pthread_mutex_unlock, (pthread_mutex_t * a), A1)
#define HOOK_pthread_mutex_trylock \
	STAND_BEFORE(int, pthread_mutex_trylock, (pthread_mutex_t * a), A1)
#define HOOK_pthread_key_create \
	STAND_BEFORE(int, pthread_key_create, \
	    (pthread_key_t * a, void (*b)(void *)), A2)
#define HOOK_pthread_create \
	STAND_BEFORE(int, pthread_create, \
	    (pthread_t * a, const pthread_attr_t *b, void *(*c)(void *), \
		void *d), \
	    A4)

HOOK
