/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load_hwloc.c - the topology that a text names, read by hwloc.
 *
 * Owns nothing: what it reads is the caller's. Called by read_hwloc.c. Fails
 * where there is no such topology, or one that hwloc does not understand.
 *
 * hwloc reads variables, and loads code from a folder that one of them names.
 * In a program that has other rights than who started it none may count, and
 * the environment is the program's, in which nothing is to be changed: where
 * there is any, nothing is read.
 *
 * Locks: hwloc learns of the folder of a tree by the variable HWLOC_FSROOT
 * alone. It is set, under a lock, for as long as hwloc reads the tree. As with
 * any setenv(3), no other thread may use the environment meanwhile, so trees
 * are for tests and tools.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/cut.h"
#include "topology/record.h"

/* ---- What hwloc says ----------------------------------------------------- */

/* Whether it is this library that has hwloc read, in this thread. */
static _Thread_local bool is_reading;

int hwloc_hide_errors(void);

/*
 * hwloc asks a function of its own, of this name, whether to write to standard
 * error; 2 is to write nothing, not even that there is no /sys. The loader
 * finds this one before hwloc's, as this library needs hwloc, unless the
 * program is linked with hwloc itself. What others ask of the same hwloc has
 * the answer that hwloc gives, and so has a user who sets the variable. Weak,
 * so that in a static program hwloc's own takes its place.
 */
EXPORT __attribute__((weak)) int
hwloc_hide_errors(void)
{
	int (*hwloc_answer)(void);

	if (is_reading && getenv("HWLOC_HIDE_ERRORS") == NULL)
		return 2;
	hwloc_answer = (int (*)(void))dlsym(RTLD_NEXT, "hwloc_hide_errors");
	return hwloc_answer != NULL ? hwloc_answer() : 1;
}

/* ---- Reading ------------------------------------------------------------- */

/* For trees alone: two of them read at once would see each other's variable. A
 * mutex of libc's will do, as this library stands in nobody's place. */
static pthread_mutex_t environment_lock = PTHREAD_MUTEX_INITIALIZER;

/* hwloc_topology_load(3) need not set errno where it fails, so that what is
 * there may be of any call before. */
static int
load(hwloc_topology_t hwloc, char *why)
{
	int result, error;

	errno = 0;
	is_reading = true;
	result = hwloc_topology_load(hwloc);
	is_reading = false;
	if (result == 0)
		return 0;
	error = errno != 0 ? errno : EIO;
	return topology_fail(
	    why, error, "hwloc cannot read the topology: %s", strerror(error));
}

/* Puts back what the program had in the variable, or that it had none. Without
 * memory for a copy it is taken away. errno is what load() left. */
static int
load_tree(hwloc_topology_t hwloc, const char *root, char *why)
{
	const char *now;
	char *before;
	int result, error;

	pthread_mutex_lock(&environment_lock);
	now = getenv("HWLOC_FSROOT");
	before = now != NULL ? strdup(now) : NULL;
	setenv("HWLOC_FSROOT", root, 1);
	result = load(hwloc, why);
	error = errno;
	if (before != NULL)
		setenv("HWLOC_FSROOT", before, 1);
	else
		unsetenv("HWLOC_FSROOT");
	pthread_mutex_unlock(&environment_lock);
	free(before);
	errno = error;
	return result;
}

/* Whether hwloc took nodes and CPUs from the tree: where it finds none there it
 * makes up a machine of its own. */
static bool
is_from_tree(hwloc_topology_t hwloc)
{
	const char *backend = hwloc_obj_get_info_by_name(
	    hwloc_get_root_obj(hwloc), "Backend");

	return backend != NULL && strcmp(backend, "Linux") == 0;
}

/* Looks for CPUs in the tree before hwloc does, so that a wrong path is named
 * as such and with its errno: hwloc would not fail. */
static int
check_tree(const char *root, char *why)
{
	char *cpus = topology_text("%s/sys/devices/system/cpu", root);
	int error = cpus == NULL ? ENOMEM : 0;

	if (error == 0 && access(cpus, R_OK | X_OK) != 0)
		error = errno;
	free(cpus);
	if (error == 0)
		return 0;
	return topology_fail(why, error,
	    "\"%s\" is not a tree with sys/devices/system/cpu: %s",
	    cut(root, 120).text, strerror(error));
}

static int
open_tree(struct topology *topology, hwloc_topology_t hwloc, const char *root,
    char *why)
{
	if (check_tree(root, why) != 0)
		return -1;
	topology->root = strdup(root);
	if (topology->root == NULL)
		return topology_fail(why, ENOMEM, "no memory for the topology");
	if (load_tree(hwloc, root, why) != 0)
		return -1;
	if (!is_from_tree(hwloc))
		return topology_fail(why, EINVAL,
		    "hwloc finds no CPUs in the tree \"%s\"",
		    cut(root, 120).text);
	return 0;
}

/* hwloc writes both sets for each object that has one of them, and releases up
 * to 2.9 follow a null pointer where the second is not there. Which one that is
 * in TAG, or NULL. */
static const char *
missing_set(const char *tag)
{
	if (strstr(tag, "<object ") == NULL)
		return NULL;
	if (strstr(tag, " cpuset=") != NULL &&
	    strstr(tag, " complete_cpuset=") == NULL)
		return "complete_cpuset";
	return strstr(tag, " nodeset=") != NULL &&
		strstr(tag, " complete_nodeset=") == NULL ?
	    "complete_nodeset" :
	    NULL;
}

static int
check_xml(const char *path, char *why)
{
	FILE *file = fopen(path, "re");
	const char *missing = NULL;
	char *tag = NULL;
	size_t room = 0;

	if (file == NULL)
		return topology_fail(why, errno, "cannot read \"%s\": %s",
		    cut(path, 120).text, strerror(errno));
	while (missing == NULL && getdelim(&tag, &room, '>', file) > 0)
		missing = missing_set(tag);
	free(tag);
	fclose(file);
	return missing == NULL ? 0 :
				 topology_fail(why, EINVAL,
				     "\"%s\" has an object without %s, which "
				     "hwloc needs: write it with lstopo",
				     cut(path, 120).text, missing);
}

static int
open_xml(hwloc_topology_t hwloc, const char *path, char *why)
{
	if (check_xml(path, why) != 0)
		return -1;
	if (hwloc_topology_set_xml(hwloc, path) != 0)
		return topology_fail(why, EINVAL,
		    "\"%s\" is not a topology as hwloc writes it",
		    cut(path, 120).text);
	return load(hwloc, why);
}

static int
open_synthetic(hwloc_topology_t hwloc, const char *text, char *why)
{
	if (hwloc_topology_set_synthetic(hwloc, text) != 0)
		return topology_fail(why, EINVAL,
		    "hwloc does not understand \"%s\"", cut(text, 120).text);
	return load(hwloc, why);
}

/* Variables of hwloc's own may put another machine in place of this one. */
static int
open_machine(struct topology *topology, hwloc_topology_t hwloc, char *why)
{
	if (load(hwloc, why) != 0)
		return -1;
	topology->live = hwloc_topology_is_thissystem(hwloc);
	if (!topology->live)
		return 0;
	topology->root = strdup("");
	return topology->root != NULL ?
	    0 :
	    topology_fail(why, ENOMEM, "no memory for the topology");
}

/*
 * AT_SECURE is set by the kernel for programs with other rights than who
 * started them (set-user-ID, capabilities). There HWLOC_PLUGINS_PATH would load
 * code of the user's choice, and HWLOC_XMLFILE and the like would make up a
 * machine. hwloc has no switch against that. Any variable with its prefix
 * counts, since later releases may have more.
 */
bool
topology_may_ask_hwloc(char *why)
{
	if (getauxval(AT_SECURE) == 0 || environ == NULL)
		return true;
	for (char **entry = environ; *entry != NULL; entry++)
		if (strncmp(*entry, "HWLOC_", 6) == 0) {
			topology_fail(why, EPERM,
			    "%.*s is set by who started this program, which "
			    "has other rights: the machine is not read",
			    (int)min_size(strcspn(*entry, "="), 40), *entry);
			return false;
		}
	return true;
}

/*
 * hwloc is told to leave out what a record does not have, which takes time:
 * caches and I/O. And the x86 component, which would move this thread over all
 * CPUs to learn what the kernel tells as well. Without FROM the machine itself
 * is read, or what hwloc's own variables put in its place.
 */
int
topology_load_hwloc(struct topology *topology, hwloc_topology_t hwloc,
    const char *from, char *why)
{
	hwloc_topology_set_flags(hwloc, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
	hwloc_topology_set_components(
	    hwloc, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
	hwloc_topology_set_cache_types_filter(
	    hwloc, HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_icache_types_filter(
	    hwloc, HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_io_types_filter(hwloc, HWLOC_TYPE_FILTER_KEEP_NONE);
	if (from == NULL)
		return open_machine(topology, hwloc, why);
	if (strncmp(from, "xml:", 4) == 0)
		return open_xml(hwloc, from + 4, why);
	if (strncmp(from, "synthetic:", 10) == 0)
		return open_synthetic(hwloc, from + 10, why);
	if (strncmp(from, "sysfs:", 6) == 0)
		return open_tree(topology, hwloc, from + 6, why);
	return topology_fail(why, EINVAL,
	    "unknown topology \"%s\"; known are xml:PATH, synthetic:TEXT "
	    "and sysfs:PATH",
	    cut(from, 120).text);
}
