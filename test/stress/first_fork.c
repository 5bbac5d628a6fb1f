/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * first_fork.c - a thread opens the first kind of its process, or the first
 * pool of libvmem with OF_LIBVMEM defined, while another forks: the child opens
 * one, too. Each of so many processes tries that a few times, at another
 * moment.
 *
 *	first_fork PROCESSES
 */
#include <pthread.h>
#include <stdatomic.h>

#include "../lib/lone_child.h"

#define FORKS 4
#define DELAY_MAX 60000 /* turns of a loop: 30 us or so */

#ifdef OF_LIBVMEM
#include <libvmem.h>
#include <sys/mman.h>

static int
open_and_use(void)
{
	void *region = mmap(NULL, VMEM_MIN_POOL, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	VMEM *pool = vmem_create_in_region(region, VMEM_MIN_POOL);
	void *block = pool == NULL ? NULL : vmem_malloc(pool, 100);

	if (block == NULL)
		return 1;
	vmem_free(pool, block);
	vmem_delete(pool);
	return 0;
}
#else
#include <poolkind.h>

static int
open_and_use(void)
{
	poolkind *kind = poolkind_open("dram", 0);
	void *block = kind == NULL ? NULL : poolkind_malloc(kind, 100);

	if (block == NULL)
		return 1;
	poolkind_free(kind, block);
	return poolkind_close(kind) != 0;
}
#endif

static pthread_barrier_t barrier;
static int delay;

static void *
opener(void *unused)
{
	pthread_barrier_wait(&barrier);
	for (atomic_int i = 0; i < delay; i++)
		continue;
	return open_and_use() == 0 ? unused : NULL;
}

/* A process without kinds: how many of its children hung or failed. */
static int
try_once(unsigned seed)
{
	int bad = 0;
	pthread_t thread;

	delay = rand_r(&seed) % DELAY_MAX;
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, opener, NULL) != 0)
		return FORKS;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		if (child == 0) {
			lone_child_begin();
			_exit(open_and_use());
		}
		bad += lone_child_end(child) != 0;
	}
	pthread_join(thread, NULL);
	return bad;
}

int
main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 100, bad = 0, status;

	for (int i = 0; i < processes; i++) {
		pid_t process = fork();

		if (process == 0)
			_exit(try_once((unsigned)i));
		if (waitpid(process, &status, 0) != process || status != 0)
			bad++;
	}
	if (bad != 0)
		printf("of %d processes, %d had a child that hung or failed\n",
		    processes, bad);
	return bad != 0;
}
