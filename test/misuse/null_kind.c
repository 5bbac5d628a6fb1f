/* SPDX-License-Identifier: BSD-2-Clause */
/* Every function answers NULL in the place of a kind, and what people write who
 * do not ask whether a pointer is of any kind. */
#include "misuse.h"

#define TELL(what, call) \
	do { \
		errno = 0; \
		if (call) \
			puts(what ": taken"); \
		else if (errno != EINVAL || \
		    strstr(poolkind_errormsg(), "kind is NULL") == NULL) \
			tell(what); \
	} while (0)

int
main(void)
{
	struct poolkind_stats stats;
	struct poolkind_room room;
	size_t bytes;
	void *block = NULL, *foreign = malloc(1);

	TELL("malloc", poolkind_malloc(NULL, 64) != NULL);
	TELL("malloc, large", poolkind_malloc(NULL, 1 << 20) != NULL);
	TELL("calloc", poolkind_calloc(NULL, 8, 8) != NULL);
	TELL("calloc, large", poolkind_calloc(NULL, 1 << 10, 1 << 10) != NULL);
	TELL("aligned_alloc", poolkind_aligned_alloc(NULL, 64, 64) != NULL);
	TELL("aligned_alloc, large",
	    poolkind_aligned_alloc(NULL, 1 << 20, 64) != NULL);
	if (poolkind_posix_memalign(NULL, &block, 64, 64) != EINVAL)
		puts("posix_memalign: taken");
	TELL("name", poolkind_name(NULL) != NULL);
	TELL("name of a foreign block's kind",
	    poolkind_name(poolkind_of(foreign)) != NULL);
	TELL("text", poolkind_text(NULL) != NULL);
	TELL("set_user_data", (poolkind_set_user_data(NULL, &bytes), 0));
	TELL("user_data", poolkind_user_data(NULL) != NULL);
	TELL("set_limit", poolkind_set_limit(NULL, 1) == 0);
	TELL("on_full", poolkind_on_full(NULL, NULL, NULL) == 0);
	TELL("on_map", poolkind_on_map(NULL, NULL, NULL) == 0);
	TELL("populate", poolkind_populate(NULL, foreign, 1, 0, 1) == 0);
	TELL("move", poolkind_move(NULL, "nodes:0", 0, NULL, 0) == 0);
	TELL("trim", poolkind_trim(NULL) == 0);
	TELL("check", poolkind_check(NULL) == 0);
	TELL("get_stats", poolkind_get_stats(NULL, &stats, sizeof(stats)) == 0);
	TELL("get_room", poolkind_get_room(NULL, &room, sizeof(room)) == 0);
	TELL("get_node_bytes", poolkind_get_node_bytes(NULL, &bytes, 1) == 0);
	errno = 0;
	if (poolkind_close(NULL) != 0)
		tell("close");
	poolkind_free(NULL, NULL);
	poolkind_free_sized(NULL, NULL, 8);
	tell("nothing of no kind");
	free(foreign);

	go_on();
	return 0;
}
