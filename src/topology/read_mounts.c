/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_mounts.c - file systems whose files are memory: mounted with DAX.
 *
 * Owns nothing after it has filled the record. Called by topology.c; no locks.
 * Fails for lack of memory alone. With the option dax=inode it depends on each
 * file, which only statx(2) on that file can tell: such mounts are left out.
 */
#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/record.h"

/* File systems that have the mount option. Another one may call something else
 * "dax". */
static bool
knows_dax(const char *type)
{
	return strcmp(type, "ext2") == 0 || strcmp(type, "ext4") == 0 ||
	    strcmp(type, "xfs") == 0;
}

/* "dax" alone is what "dax=always" was before Linux 5.8, and still is. */
static bool
is_dax(const struct mntent *mount)
{
	const char *option = hasmntopt(mount, "dax");
	size_t length = option != NULL ? strcspn(option, ",") : 0;

	if (!knows_dax(mount->mnt_type))
		return false;
	return (length == 3 && strncmp(option, "dax", 3) == 0) ||
	    (length == 10 && strncmp(option, "dax=always", 10) == 0);
}

/* Counted before its texts are looked at, so that they are freed with the
 * record. */
static int
add(struct topology *topology, const struct mntent *found)
{
	struct topology_mount *more = realloc(
	    topology->mounts, (topology->mount_count + 1) * sizeof(*more));
	struct topology_mount *mount;

	if (more == NULL)
		return -1;
	topology->mounts = more;
	mount = &more[topology->mount_count++];
	mount->path = strdup(found->mnt_dir);
	mount->type = strdup(found->mnt_type);
	return mount->path != NULL && mount->type != NULL ? 0 : -1;
}

/* The mounts as this process sees them. In a saved tree proc/self would be the
 * directory of a process that is gone; proc/mounts is a file there. */
static FILE *
open_mounts(const struct topology *topology)
{
	char *path = topology_text("%s%s", topology->root,
	    topology->live ? "/proc/self/mounts" : "/proc/mounts");
	FILE *file = path != NULL ? setmntent(path, "re") : NULL;

	free(path);
	return file;
}

int
topology_read_mounts(struct topology *topology, char *why)
{
	FILE *file = topology->root != NULL ? open_mounts(topology) : NULL;
	struct mntent mount;
	char text[8192];
	int error = 0;

	if (file == NULL)
		return 0;
	while (
	    error == 0 && getmntent_r(file, &mount, text, sizeof(text)) != NULL)
		if (is_dax(&mount))
			error = add(topology, &mount);
	endmntent(file);
	if (error != 0)
		return topology_fail(why, ENOMEM, "no memory for the mounts");
	return 0;
}
