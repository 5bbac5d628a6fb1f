/* SPDX-License-Identifier: BSD-2-Clause */
/* secure.c - a program with other rights than who starts it, that opens a kind
 * by attribute: see secure.sh. */
#include <poolkind.h>
#include <stdio.h>
#include <sys/auxv.h>

int
main(void)
{
	poolkind *kind = poolkind_open("capacity", 0);

	if (getauxval(AT_SECURE) == 0)
		puts("insecure");
	puts(kind != NULL ? "opened" : poolkind_errormsg());
	return 0;
}
