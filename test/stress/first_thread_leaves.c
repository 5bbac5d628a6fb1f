/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * first_thread_leaves - main() ends by pthread_exit(), and the threads that it
 * leaves behind go on with blocks that it allocated.
 */
#include <poolkind.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static poolkind *kind;
static void *blocks[1000];

static void *
stay(void *unused)
{
	struct poolkind_stats stats;

	usleep(50000);
	for (unsigned i = 0; i < 1000; i++) {
		if (*(unsigned char *)blocks[i] != (i & 255))
			_exit(1);
		poolkind_free(kind, blocks[i]);
		poolkind_free(kind, poolkind_malloc(kind, i * 10));
	}
	poolkind_get_stats(kind, &stats, sizeof(stats));
	if (stats.live != 0 || poolkind_check(kind) != 0 ||
	    poolkind_close(kind) != 0)
		_exit(2);
	exit(0);
	return unused;
}

int
main(void)
{
	pthread_t thread;

	kind = poolkind_open("dram", 0);
	for (unsigned i = 0; i < 1000; i++) {
		blocks[i] = poolkind_malloc(kind, 100 + i);
		memset(blocks[i], (int)i, 100);
	}
	pthread_create(&thread, NULL, stay, NULL);
	pthread_exit(NULL);
}
