/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmem-cache.c - a cache of keys and values. The items lie in a pool of
 * libvmem, which may be large and slow; what is needed to find them lies in
 * ordinary memory, so that a look at the pool is a look at the right item.
 * When the pool is full, the item that was not used for longest makes room.
 *
 *	./vmem-cache [DIRECTORY [MIB]] < lines
 *
 *	set KEY VALUE     the value is the rest of the line
 *	add KEY NUMBER    adds to the number that is the value, or to 0
 *	get KEY           prints key and value
 *
 * For example the words of a text, counted:
 *
 *	tr -cs A-Za-z '\n' < text | sed 's/.*\/add & 1/' | ./vmem-cache
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <libvmem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536

static int
print_help(void)
{
	puts("usage: vmem-cache [DIRECTORY [MIB]] < LINES\n\n"
	     "Keeps keys and values in a pool of MIB MiB (14) in DIRECTORY\n"
	     "(/tmp); when it is full, what was not used for longest makes\n"
	     "room. Lines are set KEY VALUE, add KEY NUMBER and get KEY.");
	return 0;
}

/* In ordinary memory: one entry for each item, in a chain of its bucket and in
 * a ring of all by age, which begins and ends at the cache. */
struct entry {
	struct entry *next, *newer, *older;
	uint32_t hash;
	char *item; /* in the pool: the key, '\0', the value, '\0' */
};

struct cache {
	VMEM *pool;
	struct entry *buckets[BUCKETS], ring;
	size_t items, evicted, hits, misses, refused;
};

static uint32_t
hash_of(const char *text)
{
	uint32_t value = 2166136261u;

	while (*text != '\0')
		value = (value ^ (unsigned char)*text++) * 16777619;
	return value;
}

static void
ring_put_newest(struct entry *ring, struct entry *entry)
{
	entry->newer = ring;
	entry->older = ring->older;
	ring->older->newer = entry;
	ring->older = entry;
}

static void
ring_take_out(struct entry *entry)
{
	entry->older->newer = entry->newer;
	entry->newer->older = entry->older;
}

static struct entry *
cache_find(struct cache *cache, const char *key)
{
	uint32_t hash = hash_of(key);
	struct entry *entry = cache->buckets[hash % BUCKETS];

	while (entry != NULL &&
	    (entry->hash != hash || strcmp(entry->item, key) != 0))
		entry = entry->next;
	if (entry != NULL) {
		ring_take_out(entry);
		ring_put_newest(&cache->ring, entry);
	}
	return entry;
}

static void
cache_drop(struct cache *cache, struct entry *entry)
{
	struct entry **link = &cache->buckets[entry->hash % BUCKETS];

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	ring_take_out(entry);
	vmem_free(cache->pool, entry->item);
	free(entry);
	cache->items--;
}

/* A block of the pool, for which old items make room. NULL when the pool is
 * too small for it even without any. */
static char *
cache_room(struct cache *cache, size_t size)
{
	struct entry *oldest;
	char *block;

	while ((block = vmem_malloc(cache->pool, size)) == NULL &&
	    (oldest = cache->ring.newer) != &cache->ring) {
		cache_drop(cache, oldest);
		cache->evicted++;
	}
	return block;
}

static int
cache_set(struct cache *cache, const char *key, const char *value)
{
	size_t key_size = strlen(key) + 1, value_size = strlen(value) + 1;
	struct entry *entry = cache_find(cache, key);

	if (entry != NULL)
		cache_drop(cache, entry);
	if ((entry = malloc(sizeof(*entry))) == NULL)
		return -1;
	entry->item = cache_room(cache, key_size + value_size);
	if (entry->item == NULL) {
		free(entry);
		cache->refused++;
		return 0;
	}
	memcpy(entry->item, key, key_size);
	memcpy(entry->item + key_size, value, value_size);
	entry->hash = hash_of(key);
	entry->next = cache->buckets[entry->hash % BUCKETS];
	cache->buckets[entry->hash % BUCKETS] = entry;
	ring_put_newest(&cache->ring, entry);
	cache->items++;
	return 0;
}

static const char *
cache_get(struct cache *cache, const char *key)
{
	struct entry *entry = cache_find(cache, key);

	if (entry == NULL) {
		cache->misses++;
		return NULL;
	}
	cache->hits++;
	return entry->item + strlen(key) + 1;
}

/* Does what one line says: 0, or -1 with errno set. */
static int
obey(struct cache *cache, char *line)
{
	char *command = strtok(line, " "), *key = strtok(NULL, " ");
	char *value = strtok(NULL, ""), number[24];
	const char *old;

	if (command == NULL)
		return 0;
	errno = EINVAL;
	if (key == NULL)
		return -1;
	if (strcmp(command, "set") == 0)
		return cache_set(cache, key, value != NULL ? value : "");
	old = cache_get(cache, key);
	if (strcmp(command, "get") == 0)
		return printf("%s %s\n", key, old ? old : "is not there") < 0;
	if (strcmp(command, "add") == 0 && value != NULL) {
		snprintf(number, sizeof(number), "%llu",
		    strtoull(value, NULL, 10) +
			(old ? strtoull(old, NULL, 10) : 0));
		return cache_set(cache, key, number);
	}
	return -1;
}

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "vmem-cache: %s: %s\n", what, why);
	return 1;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	static struct cache cache;
	size_t mib = argc > 2 ? strtoul(argv[2], NULL, 10) : 14, line_size = 0;
	char *line = NULL;
	int status = 0;

	cache.ring.newer = cache.ring.older = &cache.ring;
	cache.pool = vmem_create(argc > 1 ? argv[1] : "/tmp", mib << 20);
	if (cache.pool == NULL)
		return complain("no pool", vmem_errormsg());
	while (status == 0 && getline(&line, &line_size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (obey(&cache, line) != 0)
			status = complain(line, strerror(errno));
	}
	if (ferror(stdin))
		status = complain("reading", strerror(errno));
	if (vmem_check(cache.pool) != 1)
		status = complain("the pool", vmem_errormsg());
	printf("%zu items, %zu found, %zu not found, %zu made room, "
	       "%zu too large\n",
	    cache.items, cache.hits, cache.misses, cache.evicted,
	    cache.refused);

	/* The items go with their pool, and the rest with the process. */
	vmem_delete(cache.pool);
	free(line);
	return fflush(stdout) != 0 ? complain("writing", strerror(errno)) :
				     status;
}
