/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmem-classes.c - a cache of files with a pool of libvmem for each class of
 * sizes, so that one large file never pushes out a hundred small ones, and the
 * small ones never leave holes between the large. Each pool could as well lie
 * in memory of its own sort. Where to find a file is kept in ordinary memory.
 *
 *	find . -name '*.h' | ./vmem-classes [DIRECTORY [MIB]]
 *
 * Reads paths, one on a line. A file that is not in its class's pool is read
 * into it; where there is no room, those that were not asked for for longest
 * leave that pool. MIB is the size of each pool.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <libvmem.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BUCKETS 4096

static int
print_help(void)
{
	puts("usage: vmem-classes [DIRECTORY [MIB]] < PATHS\n\n"
	     "Keeps the contents of files in pools of MIB MiB (14) in\n"
	     "DIRECTORY (/tmp), one for each class of sizes, and says what\n"
	     "each pool held in the end.");
	return 0;
}

struct file {
	struct file *next, *newer, *older;
	struct shelf *shelf;
	char *content; /* in the pool of the shelf */
	size_t size;
	char *path;
};

/* A class of sizes, and what is kept of it. */
static struct shelf {
	const char *name;
	size_t up_to;
	VMEM *pool;
	struct file ring; /* from the oldest to the newest, and back to it */
	size_t files, bytes, made_room, refused;
} shelves[] = {
	{ .name = "small", .up_to = 4096 },
	{ .name = "medium", .up_to = 65536 },
	{ .name = "large", .up_to = SIZE_MAX },
};
#define END (shelves + sizeof(shelves) / sizeof(*shelves))

static struct file *buckets[BUCKETS];
static size_t found;

static struct file **
bucket_of(const char *path)
{
	uint32_t hash = 2166136261u;

	while (*path != '\0')
		hash = (hash ^ (unsigned char)*path++) * 16777619;
	return &buckets[hash % BUCKETS];
}

static struct shelf *
shelf_for(size_t size)
{
	struct shelf *shelf = shelves;

	while (size > shelf->up_to)
		shelf++;
	return shelf;
}

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "vmem-classes: %s: %s\n", what, why);
	return -1;
}

static void
ring_put_newest(struct file *ring, struct file *file)
{
	file->newer = ring;
	file->older = ring->older;
	ring->older->newer = file;
	ring->older = file;
}

static void
ring_take_out(struct file *file)
{
	file->older->newer = file->newer;
	file->newer->older = file->older;
}

static void
drop(struct file *file)
{
	struct file **link = bucket_of(file->path);

	while (*link != file)
		link = &(*link)->next;
	*link = file->next;
	ring_take_out(file);
	file->shelf->files--;
	file->shelf->bytes -= file->size;
	vmem_free(file->shelf->pool, file->content);
	free(file);
}

/* A block for SIZE bytes, for which older files leave. NULL when the pool
 * is too small even without them. */
static char *
room(struct shelf *shelf, size_t size)
{
	char *block;

	while ((block = vmem_malloc(shelf->pool, size)) == NULL &&
	    shelf->files != 0) {
		drop(shelf->ring.newer);
		shelf->made_room++;
	}
	return block;
}

/* Enters a file whose content was read. */
static int
enter(struct shelf *shelf, const char *path, char *content, size_t size)
{
	struct file *file = malloc(sizeof(*file) + strlen(path) + 1);

	if (file == NULL) {
		vmem_free(shelf->pool, content);
		return complain(path, strerror(errno));
	}
	file->path = strcpy((char *)(file + 1), path);
	file->shelf = shelf;
	file->content = content;
	file->size = size;
	file->next = *bucket_of(path);
	*bucket_of(path) = file;
	ring_put_newest(&shelf->ring, file);
	shelf->files++;
	shelf->bytes += size;
	return 0;
}

/* Reads a file into the pool of its class. */
static int
load(const char *path)
{
	FILE *stream = fopen(path, "r");
	struct stat status;
	struct shelf *shelf;
	char *content;
	size_t size;

	if (stream == NULL || fstat(fileno(stream), &status) != 0 ||
	    !S_ISREG(status.st_mode)) {
		if (stream != NULL)
			fclose(stream);
		return complain(path, "is not a file that can be read");
	}
	shelf = shelf_for((size_t)status.st_size);
	content = room(shelf, (size_t)status.st_size);
	if (content == NULL) {
		shelf->refused++;
		fclose(stream);
		return 0;
	}
	size = fread(content, 1, (size_t)status.st_size, stream);
	if (ferror(stream)) {
		vmem_free(shelf->pool, content);
		fclose(stream);
		return complain(path, "cannot be read");
	}
	fclose(stream);
	return enter(shelf, path, content, size);
}

static int
look_up(const char *path)
{
	struct file *file = *bucket_of(path);

	while (file != NULL && strcmp(file->path, path) != 0)
		file = file->next;
	if (file == NULL)
		return load(path);
	found++;
	ring_take_out(file);
	ring_put_newest(&file->shelf->ring, file);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	size_t mib = argc > 2 ? strtoul(argv[2], NULL, 10) : 14;
	size_t line_size = 0;
	char *line = NULL;
	int failed = 0;

	for (struct shelf *shelf = shelves; shelf < END; shelf++) {
		shelf->ring.newer = shelf->ring.older = &shelf->ring;
		shelf->pool = vmem_create(
		    argc > 1 ? argv[1] : "/tmp", mib << 20);
		if (shelf->pool == NULL)
			return complain(shelf->name, vmem_errormsg()) != 0;
	}
	while (getline(&line, &line_size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		failed |= look_up(line) != 0;
	}
	for (struct shelf *shelf = shelves; shelf < END; shelf++) {
		printf("%-6s %zu files of %zu bytes, %zu made room, "
		       "%zu too large\n",
		    shelf->name, shelf->files, shelf->bytes, shelf->made_room,
		    shelf->refused);
		if (vmem_check(shelf->pool) != 1)
			failed |= complain(shelf->name, vmem_errormsg()) != 0;
		vmem_delete(shelf->pool);
	}
	free(line);
	printf("%zu found again\n", found);
	return failed || ferror(stdin) || fflush(stdout) != 0;
}
