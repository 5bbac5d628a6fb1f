/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lifetime_library.c - a library that allocates before the one under test has
 * read its settings, in a thread that goes on meanwhile, and in its destructor.
 * Linked with -z initfirst, its constructor is the first of all.
 */
#include <pthread.h>

#include "lifetime.h"

struct early early[EARLY_BLOCKS];
volatile bool early_stop;
static pthread_t id;

static void *
churn(void *unused)
{
	while (!early_stop) {
		char *small = malloc(100), *large = malloc(2 << 20);

		small[0] = large[0] = 1;
		free(small);
		free(large);
		usleep(10);
	}
	return unused;
}

void
early_join(void)
{
	early_stop = true;
	pthread_join(id, NULL);
}

static __attribute__((constructor)) void
begin(void)
{
	size_t size = 1;

	for (int i = 0; i < EARLY_BLOCKS; i++) {
		early[i].size = size;
		early[i].block = malloc(size);
		memset(early[i].block, 'e', size);
		size = i % 4 == 3 ? size * 2 : size;
	}
	pthread_create(&id, NULL, churn, NULL);
}

static __attribute__((destructor)) void
end(void)
{
	char *small = calloc(1, 100), *large = realloc(small, 3 << 20);

	if (!is_ours(large) || !all_bytes(large, 0, 100))
		_exit(98);
	free(large);
}
