/* SPDX-License-Identifier: BSD-2-Clause */
/* Pointers that are no blocks of any kind are left alone. */
#include "misuse.h"

int
main(void)
{
	static long at_rest[100];
	long on_stack[100];
	void *of_libc = malloc(100);
	poolkind *kind = open_or_exit("dram");

	poolkind_free(kind, at_rest);
	tell("static");
	poolkind_free(kind, on_stack);
	tell("stack");
	poolkind_free(kind, of_libc);
	tell("libc");
	poolkind_free(NULL, of_libc);
	tell("libc, any kind");
	poolkind_free(kind, (void *)16);
	tell("unmapped");
	poolkind_free(kind, kind);
	tell("the handle");
	free(of_libc);

	go_on();
	return 0;
}
