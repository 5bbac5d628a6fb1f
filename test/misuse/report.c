/* SPDX-License-Identifier: BSD-2-Clause */
/* What is found is told to the program's own function, within the call. */
#include "misuse.h"

static int reports;
static char sentence[300];

static void
take(void *arg, const char *text)
{
	/* It may use the library, and does not hear of itself. */
	poolkind_free(arg, poolkind_malloc(arg, 100));
	poolkind_free(arg, sentence);
	snprintf(sentence, sizeof(sentence), "%s", text);
	reports++;
}

static void
expect(const char *what, const char *part)
{
	if (reports != 1 || strstr(sentence, part) == NULL || errno != EINVAL ||
	    strcmp(sentence, poolkind_errormsg()) != 0)
		printf("%s: %d reports: %s\n", what, reports, sentence);
	reports = 0;
	errno = 0;
}

int
main(void)
{
	poolkind *kind = open_or_exit("dram"), *other = open_or_exit("dram");
	char *block = poolkind_malloc(kind, 2000000);

	poolkind_set_report(take, kind);
	poolkind_free(kind, sentence);
	expect("foreign", "block of any kind");
	poolkind_free(kind, block + 4096);
	expect("inside", "block of any kind");
	poolkind_usable_size(sentence);
	expect("usable size", "block of any kind");
	poolkind_trim(NULL);
	expect("no kind", "NULL");
	poolkind_close(other);
	poolkind_close(other);
	expect("closed", "not an open kind");
	poolkind_free(kind, block);
	poolkind_free(kind, NULL);
	if (poolkind_open("drum", 0) != NULL || reports != 0 || errno != EINVAL)
		puts("a word that is not known is no misuse of a block");
	errno = 0;
	poolkind_free(kind, block);
	expect("again", "block of any kind");
	poolkind_set_report(NULL, NULL);

	go_on();
	return 0;
}
