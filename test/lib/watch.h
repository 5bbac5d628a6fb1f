/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.h - waits for a child as long as it moves: the one rule for limits of
 * time in tests, as test/lib/watch.py has it, for C and C++.
 *
 * A child and all that it started hang when for WATCH_IDLE seconds they took
 * next to no processor time and none of their threads wanted any; they run in
 * circles when they took more of it than they may. A clock says neither, on a
 * machine that does much else.
 */
#ifndef TEST_LIB_WATCH_H
#define TEST_LIB_WATCH_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef WATCH_IDLE
#define WATCH_IDLE 120
#endif
#define WATCH_PROCESSES 16384

struct watch_process {
	pid_t pid, parent;
	double spent; /* seconds, its ended children's too */
	bool ours;
};

/* What a file named stat of a process or thread says; its state, or 0. */
static inline char
watch_read(const char *path, struct watch_process *process)
{
	char text[1024], state = 0, *end;
	unsigned long user, system, user_below, system_below;
	int parent;
	FILE *file = fopen(path, "r");
	size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[length] = '\0';
	end = strrchr(text, ')');
	if (end == NULL ||
	    sscanf(end + 1,
		" %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu",
		&state, &parent, &user, &system, &user_below,
		&system_below) != 6)
		return 0;
	process->parent = parent;
	process->spent = (double)(user + system + user_below + system_below) /
	    (double)sysconf(_SC_CLK_TCK);
	return state;
}

/* Whether a thread of PID runs, or waits for its turn or for a disk. */
static inline bool
watch_wants_processor(pid_t pid)
{
	struct watch_process thread;
	struct dirent *entry;
	char path[300];
	bool wants = false;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	while (threads && !wants && (entry = readdir(threads)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", (int)pid,
		    entry->d_name);
		char state = isdigit((unsigned char)entry->d_name[0]) ?
		    watch_read(path, &thread) :
		    0;
		wants = state == 'R' || state == 'D';
	}
	if (threads)
		closedir(threads);
	return wants;
}

/* All processes there are; how many. */
static inline int
watch_list(struct watch_process *all)
{
	struct dirent *entry;
	char path[300];
	int count = 0;
	DIR *processes = opendir("/proc");

	while (processes && count < WATCH_PROCESSES &&
	    (entry = readdir(processes)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		all[count].pid = atoi(entry->d_name);
		all[count].ours = false;
		count += watch_read(path, &all[count]) != 0;
	}
	if (processes)
		closedir(processes);
	return count;
}

/* Marks ROOT and what it started; its part of ALL is put first. */
static inline int
watch_family(pid_t root, struct watch_process *all)
{
	int count = watch_list(all), ours = 0;
	bool more = true;

	while (more) {
		more = false;
		for (int i = ours; i < count; i++) {
			bool is = all[i].pid == root;

			for (int j = 0; j < ours && !is; j++)
				is = all[i].parent == all[j].pid;
			if (is) {
				struct watch_process other = all[ours];

				all[ours++] = all[i];
				all[i] = other;
				more = true;
			}
		}
	}
	return ours;
}

static inline double
watch_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct watch {
	pid_t root;
	double most, spent, spent_before, since;
};

static inline struct watch
watch_begin(pid_t root, double processor_seconds)
{
	struct watch watch = { root, processor_seconds, 0, 0, watch_now() };

	return watch;
}

/* Why the child is to be ended, or NULL. Takes a few ms. */
static inline const char *
watch_look(struct watch *watch)
{
	static struct watch_process all[WATCH_PROCESSES];
	int ours = watch_family(watch->root, all);
	double now = watch_now(), spent = 0;
	bool moved = false;

	for (int i = 0; i < ours; i++) {
		spent += all[i].spent;
		moved = moved || watch_wants_processor(all[i].pid);
	}
	if (spent > watch->spent)
		watch->spent = spent;
	if (watch->spent > watch->most)
		return "took more processor time than it may";
	if (moved ||
	    watch->spent - watch->spent_before >
		0.01 * (now - watch->since) + 0.05) {
		watch->since = now;
		watch->spent_before = watch->spent;
	} else if (now - watch->since > WATCH_IDLE) {
		return "hangs";
	}
	return NULL;
}

/* Waits for a child, which may take so much processor time, with all that it
 * starts: NULL with its status, or why it was killed, with its group. */
static inline const char *
watch_wait(pid_t pid, double processor_seconds, int *status)
{
	struct watch watch = watch_begin(pid, processor_seconds);
	useconds_t pause = 200, waited = 0;
	const char *why = NULL;
	pid_t done;

	for (;;) {
		done = waitpid(pid, status, WNOHANG);
		if (done == pid || (done < 0 && errno != EINTR))
			return done == pid ? NULL : strerror(errno);
		usleep(pause);
		waited += pause;
		pause = pause < 20000 ? pause * 2 : pause;
		if (waited < 1000000)
			continue;
		waited = 0;
		why = watch_look(&watch);
		if (why == NULL)
			continue;
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		while (waitpid(pid, status, 0) < 0 && errno == EINTR)
			continue;
		return why;
	}
}

#endif /* TEST_LIB_WATCH_H */
