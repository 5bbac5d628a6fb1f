/* SPDX-License-Identifier: BSD-2-Clause */
/* log_glue.c - a log for support_test.cpp: its record has C's _Atomic. */
#include "log_glue.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/log.h"

static char written[2 * LOG_LINE_MAX];

static void
keep(const char *text)
{
	snprintf(written, sizeof(written), "%s", text);
}

const char *
said(int level_of_log, int level, const char *head, const char *text)
{
	struct log_file log = LOG_FILE_INIT("test");

	log.level = level_of_log;
	atomic_store(&log.print, keep);
	written[0] = '\0';
	log_say(&log, level, head, "%s", text);
	return written;
}

#define THREADS 4
#define ROUNDS 500
#define LINE "a line\n"

static struct log_file file = LOG_FILE_INIT("test");
static pthread_barrier_t all;

/* A line a round, in which all threads come at once. */
static void *
write_lines(void *unused)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&all);
		log_file_write(&file, LINE, sizeof(LINE) - 1);
		pthread_barrier_wait(&all);
	}
	return unused;
}

/* Closes all that lead to NAME, and says how many these were. */
static int
close_all(const char *name)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	struct stat wanted;
	int count = 0;

	if (folder == NULL || stat(name, &wanted) != 0)
		return -1;
	while ((entry = readdir(folder)) != NULL) {
		int fd = atoi(entry->d_name);
		struct stat found;

		if (fd > 2 && fstat(fd, &found) == 0 &&
		    found.st_dev == wanted.st_dev &&
		    found.st_ino == wanted.st_ino) {
			close(fd);
			count++;
		}
	}
	closedir(folder);
	return count;
}

int
descriptors_when_closed(const char *name)
{
	pthread_t thread[THREADS];
	struct stat grown;
	int most = 0;

	if (log_file_open(&file, name) != 0)
		return -1;
	pthread_barrier_init(&all, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, write_lines, NULL);
	for (int round = 0; round < ROUNDS; round++) {
		int count;

		close_all(name);
		pthread_barrier_wait(&all);
		pthread_barrier_wait(&all);
		count = close_all(name);
		most = count > most ? count : most;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&all);
	return stat(name, &grown) == 0 &&
		grown.st_size == THREADS * ROUNDS * (sizeof(LINE) - 1) ?
	    most :
	    -1;
}
