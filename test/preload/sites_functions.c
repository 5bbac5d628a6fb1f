/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_functions.c - a library whose functions ask for memory, as the tests of
 * call sites need it: compiled by them, with one compiler or another, with more
 * or fewer optimisations, and opened.
 *
 * ASK stands for malloc: it answers what rule applies to its caller. PADDING
 * moves functions, so that two libraries differ.
 */
#include <alloca.h>
#include <signal.h>
#include <stddef.h>

typedef unsigned ask_function(size_t size);

#define APART __attribute__((noinline))
/* Keeps a call from becoming a jump. */
#define STAY(value) \
	unsigned answer = (value); \
	__asm__ volatile("" : "+r"(answer)); \
	return answer

#ifdef PADDING
void
padding(void)
{
	__asm__ volatile(".skip 64, 0x90");
}
#endif

APART unsigned
site(ask_function *ask, size_t size)
{
	STAY(ask(size));
}

APART unsigned
middle(ask_function *ask, size_t size)
{
	STAY(site(ask, size));
}

APART unsigned
init_tables(ask_function *ask, size_t size)
{
	STAY(middle(ask, size));
}

/* Whoever has a vector on the stack, and more than is known when it is
 * compiled, finds its caller by a word in memory. */
APART unsigned
aligned(ask_function *ask, size_t size, unsigned more)
{
	char vector[128] __attribute__((aligned(64)));
	char *bytes = alloca(more);

	__asm__ volatile("" : : "r"(vector), "r"(bytes) : "memory");
	STAY(site(ask, size));
}

APART unsigned
through_aligned(ask_function *ask, size_t size)
{
	STAY(aligned(ask, size, 100));
}

APART unsigned
recurse(ask_function *ask, size_t size, unsigned depth)
{
	STAY(depth == 0 ? site(ask, size) : recurse(ask, size, depth - 1));
}

/* C++'s operators, as libraries have them: the second calls the first. */
static ask_function *new_asks;

APART void *
_Znwm(size_t size)
{
	unsigned answer = new_asks(size);

	__asm__ volatile("" : "+r"(answer));
	return (void *)(size_t)answer;
}

APART void *
_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow)
{
	void *answer = _Znwm(size);

	(void)nothrow;
	__asm__ volatile("" : "+r"(answer));
	return answer;
}

APART unsigned
new_site(ask_function *ask, size_t size)
{
	new_asks = ask;
	STAY((unsigned)(size_t)_Znwm(size));
}

APART unsigned
new_nothrow_site(ask_function *ask, size_t size)
{
	new_asks = ask;
	STAY((unsigned)(size_t)_ZnwmRKSt9nothrow_t(size, ""));
}

APART unsigned
interrupted(int signal)
{
	STAY((unsigned)raise(signal));
}

#ifdef __x86_64__
/* Says that its caller is a mebibyte further up than it is. */
__asm__(".text\n"
	".globl broken\n"
	".type broken, @function\n"
	"broken:\n"
	".cfi_startproc\n"
	"sub $8, %rsp\n"
	".cfi_def_cfa %rsp, 1048576\n"
	"mov %rdi, %rax\n"
	"mov %rsi, %rdi\n"
	"call *%rax\n"
	"add $8, %rsp\n"
	"ret\n"
	".cfi_endproc\n"
	".size broken, . - broken\n");
#endif
