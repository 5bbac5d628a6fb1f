/* SPDX-License-Identifier: BSD-2-Clause */
/* A kind with fork=refuse is not for the child. */
#include "misuse.h"

#include <sys/wait.h>
#include <unistd.h>

static int
wait_for_child(void)
{
	int status;

	return wait(&status) > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 5;
}

int
main(void)
{
	const char *dir = getenv("POOLKIND_TEST_DIR");
	char spec[300];
	poolkind *kind;

	snprintf(spec, sizeof(spec), "file:%s,size=4M,fork=refuse,name=mine",
	    dir != NULL ? dir : "/tmp");
	kind = open_or_exit(spec);
	fflush(stdout);
	if (fork() > 0)
		return wait_for_child();
	if (poolkind_malloc(kind, 100) != NULL)
		return 4;
	tell("malloc");

	go_on();
	return 0;
}
