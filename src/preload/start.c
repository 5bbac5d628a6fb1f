/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * start.c - the beginning and the end of libpoolkind-malloc.
 *
 * Before the constructor requests are served, by the rules as soon as these can
 * be found (rules.h). It finds them if nobody did, offers scopes, and where the
 * rules are for this program alone takes them, and the library, out of the
 * environment that others will inherit. The destructor writes statistics, and
 * changes nothing: destructors of other libraries allocate and free after it. A
 * process that ends by a signal or _exit(2) writes none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kind/facade.h"
#include "preload/recorder.h"
#include "preload/rules.h"
#include "preload/scope.h"
#include "preload/stats.h"
#include "preload/watch.h"

#define PRELOAD_VARIABLE "LD_PRELOAD"
#define LIBRARY "libpoolkind-malloc.so"
#define SEPARATORS ": "

/* Takes out the words that name this library, in place: the text is the
 * environment's, and gets no longer. */
static void
take_library_out(char *list)
{
	char *word = list, *to = list;

	while (*word != '\0') {
		size_t length = strcspn(word, SEPARATORS);
		size_t gap = strspn(word + length, SEPARATORS);
		const char *slash = memrchr(word, '/', length);
		const char *name = slash != NULL ? slash + 1 : word;
		size_t all = length + gap;

		if (strncmp(name, LIBRARY, strlen(LIBRARY)) != 0) {
			memmove(to, word, all);
			to += all;
		}
		word += all;
	}
	while (to > list && strchr(SEPARATORS, to[-1]) != NULL)
		to--;
	*to = '\0';
}

/* The descriptor is closed by who becomes another program. */
static void
keep_from_children(void)
{
	char *list = getenv(PRELOAD_VARIABLE);

	if (list != NULL)
		take_library_out(list);
	if (list != NULL && *list == '\0')
		unsetenv(PRELOAD_VARIABLE);
	rules_keep_from_children();
}

static __attribute__((constructor)) void
start(void)
{
	const struct rules_table *table;
	int saved = errno;
	bool ready;

	table = rules_find(&ready);
	watch_start();
	scope_start();
	if (rules_say(table, RULES_NO_CHILDREN))
		keep_from_children();
	errno = saved;
}

static __attribute__((destructor)) void
end(void)
{
	const struct rules_table *table = rules_known();

	if (rules_say(table, RULES_STATS))
		stats_write(table);
	if (recorder == RECORDER_SITES)
		poolkind_tell_recorder();
	record_part_end();
}
