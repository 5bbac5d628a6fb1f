/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * look_while_closing.c - addresses of kinds that are being closed are asked for
 * by other threads, and by a signal handler of the thread that closes them:
 * look_while_closing KINDS. Answers are a kind that was there, or none; nobody
 * touches what is gone.
 */
#include <errno.h>
#include <poolkind.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#define LOOKERS 4
#define BLOCKS 4

static _Atomic(char *) shown[BLOCKS];
static _Atomic(poolkind *) stays;
static _Atomic(char *) block_that_stays;
static atomic_bool stop;
static atomic_ulong looks, wrong;

static void
look_at(char *address)
{
	struct poolkind_block block;

	(void)poolkind_of(address);
	if (poolkind_block_at(address, &block) == 0 &&
	    (block.kind == NULL || block.size == 0 ||
		address < (char *)block.start ||
		address >= (char *)block.start + block.size))
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add_explicit(&looks, 1, memory_order_relaxed);
}

static void
look(void)
{
	char *good = atomic_load(&block_that_stays);
	struct poolkind_block block;

	for (int i = 0; i < BLOCKS; i++) {
		char *address = atomic_load(&shown[i]);

		if (address == NULL)
			continue;
		look_at(address);
		look_at(address + 17);
		look_at(address + 5000);
	}
	if (poolkind_of(good) != atomic_load(&stays) ||
	    poolkind_block_at(good + 7, &block) != 0 || block.start != good)
		atomic_fetch_add(&wrong, 1);
}

static void *
look_all_the_time(void *arg)
{
	while (!atomic_load(&stop)) {
		look();
		for (int i = 0; i < BLOCKS; i++) {
			char *address = atomic_load(&shown[i]);

			if (address != NULL)
				(void)poolkind_usable_size(address + 16);
		}
	}
	return arg;
}

static void
on_alarm(int signal)
{
	int saved = errno;

	(void)signal;
	look();
	errno = saved;
}

static void
open_and_close(const char *spec)
{
	static const size_t sizes[BLOCKS] = { 100, 3000, 20000, 300000 };
	poolkind *kind = poolkind_open(spec, 0);

	if (kind == NULL) {
		printf("%s: %s\n", spec, poolkind_errormsg());
		exit(1);
	}
	for (int i = 0; i < BLOCKS; i++)
		atomic_store(&shown[i], poolkind_malloc(kind, sizes[i]));
	poolkind_close(kind);
}

int
main(int argc, char **argv)
{
	int kinds = argc > 1 ? atoi(argv[1]) : 1000;
	struct sigaction action = { .sa_handler = on_alarm,
		.sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { 0 };
	pthread_t looker[LOOKERS];

	atomic_store(&stays, poolkind_open("dram", 0));
	atomic_store(&block_that_stays, poolkind_malloc(stays, 5000));
	sigaction(SIGPROF, &action, NULL);
	for (int i = 0; i < LOOKERS; i++)
		if (pthread_create(&looker[i], NULL, look_all_the_time, NULL))
			return 2;
	setitimer(ITIMER_PROF, &often, NULL);
	for (int i = 0; i < kinds; i++)
		open_and_close(i % 2 == 0 ? "dram" : "dram,size=2M");
	setitimer(ITIMER_PROF, &never, NULL);
	atomic_store(&stop, true);
	for (int i = 0; i < LOOKERS; i++)
		pthread_join(looker[i], NULL);
	if (atomic_load(&wrong) != 0)
		printf("%lu of %lu looks were wrong\n", atomic_load(&wrong),
		    atomic_load(&looks));
	return atomic_load(&wrong) != 0;
}
