/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * structures.c - a kind for each data structure: words are counted in a table
 * whose buckets lie in one kind and whose words lie in another. Each can be
 * given memory of its own sort and a limit of its own, each tells how large it
 * is, and both are thrown away without a walk through the table.
 *
 *	./structures [BUCKETS-SPEC [WORDS-SPEC]] < text
 */
#include <poolkind.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BUCKETS 65536

static int
print_help(void)
{
	puts("usage: structures [BUCKETS-SPEC [WORDS-SPEC]] < TEXT\n\n"
	     "Counts the words of a text in a table whose buckets and\n"
	     "words lie in kinds of their own, and says how large each of\n"
	     "the two became.");
	return 0;
}

struct word {
	struct word *next;
	unsigned count;
	char text[];
};

static unsigned
hash(const char *text)
{
	unsigned value = 2166136261u;

	while (*text != '\0')
		value = (value ^ (unsigned char)*text++) * 16777619;
	return value % BUCKETS;
}

static int
count(poolkind *words, struct word **bucket, const char *text)
{
	struct word *word = *bucket;

	while (word != NULL && strcmp(word->text, text) != 0)
		word = word->next;
	if (word == NULL) {
		word = poolkind_malloc(words, sizeof(*word) + strlen(text) + 1);
		if (word == NULL)
			return -1;
		word->count = 0;
		strcpy(word->text, text);
		word->next = *bucket;
		*bucket = word;
	}
	word->count++;
	return 0;
}

static poolkind *
open_or_say_why(const char *spec)
{
	poolkind *kind = poolkind_open(spec, 0);

	if (kind == NULL)
		fprintf(stderr, "structures: %s\n", poolkind_errormsg());
	return kind;
}

static void
print_size(poolkind *kind)
{
	struct poolkind_stats stats;

	poolkind_get_stats(kind, &stats, sizeof(stats));
	printf("%-8s %zu bytes in %llu blocks\n", poolkind_name(kind),
	    stats.live, (unsigned long long)(stats.allocations - stats.frees));
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	poolkind *buckets = open_or_say_why(
	    argc > 1 ? argv[1] : "dram,name=buckets");
	poolkind *words = open_or_say_why(
	    argc > 2 ? argv[2] : "dram,limit=256M,name=words");
	char text[128];

	if (buckets == NULL || words == NULL)
		return 1;
	struct word **table = poolkind_calloc(buckets, BUCKETS, sizeof(*table));
	if (table == NULL)
		return 1;
	while (scanf("%127s", text) == 1)
		if (count(words, &table[hash(text)], text) != 0) {
			puts("the words' kind is full");
			break;
		}
	print_size(buckets);
	print_size(words);
	return poolkind_close(words) | poolkind_close(buckets);
}
