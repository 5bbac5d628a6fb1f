/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sites_piece_test.cpp - the stacks of coroutines and of a thread in one piece
 * of memory, with no page between that cannot be read.
 */
#include "sites_test.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifdef __x86_64__

/* Calls WHAT with its stack below END. By the tables it is a function like any
 * other, so a walk goes on behind the end, as it may not. */
extern "C" void call_below(char *end, void (*what)());
__asm__(".text\n"
	".type call_below, @function\n"
	"call_below:\n"
	".cfi_startproc\n"
	"push %rbx\n"
	".cfi_adjust_cfa_offset 8\n"
	".cfi_rel_offset %rbx, 0\n"
	"mov %rsp, %rbx\n"
	"mov %rdi, %rsp\n"
	"call *%rsi\n"
	"mov %rbx, %rsp\n"
	"pop %rbx\n"
	".cfi_adjust_cfa_offset -8\n"
	"ret\n"
	".cfi_endproc\n"
	".size call_below, . - call_below\n");

namespace {

const size_t COROUTINE = 256 << 10, THREAD = 1 << 20;

char *piece; /* two stacks of coroutines, and the thread's */
unsigned first_rule;

/* The library is asked about in the thread, too. */
Library *library;

unsigned
ask_in_function()
{
	return library->call("init_tables", 1);
}

void
expect_rule()
{
	EXPECT_EQ(ask_in_function(), first_rule);
	EXPECT_EQ(ask(1), LIMIT);
}

void *
unmap_between(void *)
{
	expect_rule();
	call_below(piece + 2 * COROUTINE, expect_rule);
	call_below(piece + COROUTINE, expect_rule);
	munmap(piece + COROUTINE, COROUTINE);
	call_below(piece + COROUTINE, expect_rule);
	expect_rule();
	return nullptr;
}

/* From here on the kernel does not say what can be read. */
bool
silence_kernel()
{
	sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigprocmask, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), /* what is to be done */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UINT32_MAX, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	sock_fprog program = { 6, filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void *
ask_no_more(void *)
{
	expect_rule();
	if (silence_kernel())
		expect_rule();
	return nullptr;
}

/* Runs DOES in a thread on the piece's end, or on a stack of libc's. */
void
in_thread(void *(*does)(void *), bool on_piece)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	if (on_piece)
		pthread_attr_setstack(
		    &attributes, piece + 2 * COROUTINE, THREAD);
	ASSERT_EQ(pthread_create(&thread, &attributes, does, nullptr), 0);
	pthread_join(thread, nullptr);
}

class SitesPieceTest : public ::testing::Test {
protected:
	SitesPieceTest() : used(own_compiler(), "-g -O2")
	{
		EXPECT_TRUE(used.built());
	}
	void
	start()
	{
		Table table;

		library = &used;
		EXPECT_TRUE(used.open());
		first_rule = table.rule(RULES_FROM_FUNCTION,
		    table.module(used.name()), used.in("init_tables"));
		EXPECT_TRUE(table.start());
		piece = (char *)mmap(nullptr, 2 * COROUTINE + THREAD,
		    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(piece, MAP_FAILED);
	}
	Library used;
};

TEST_F(SitesPieceTest, MayBeUnmappedInPart)
{
	IN_CHILD({
		start();
		in_thread(unmap_between, true);
	});
}

TEST_F(SitesPieceTest, TheThreadsOwnStackIsAskedForOnce)
{
	for (bool on_piece : { false, true })
		IN_CHILD({
			start();
			in_thread(ask_no_more, on_piece);
		});
	IN_CHILD({
		start();
		ask_no_more(nullptr);
	});
}

} // namespace

#endif
