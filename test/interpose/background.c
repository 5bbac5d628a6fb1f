/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * background.c - has memkind's thread made and ended a few times, by two
 * threads at once.
 */
#include <memkind.h>
#include <pthread.h>
#include <stddef.h>

static void *
switch_often(void *failed)
{
	for (int i = 0; i < 20; i++)
		if (memkind_set_bg_threads(true) != 0 ||
		    memkind_set_bg_threads(false) != 0)
			*(int *)failed = 1;
	return NULL;
}

int
main(void)
{
	int failed = 0, also = 0;
	pthread_t other;

	if (pthread_create(&other, NULL, switch_often, &failed) != 0)
		return 2;
	switch_often(&also);
	pthread_join(other, NULL);
	return failed || also;
}
