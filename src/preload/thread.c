/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - see thread.h.
 */
#include "preload/thread.h"

#include <string.h>

#include "os/os.h"
#include "preload/routes.h"
#include "preload/scope.h"

#define IN_TLS __attribute__((tls_model("initial-exec")))

static _Thread_local char name_now[OS_THREAD_NAME] IN_TLS;
static _Thread_local struct route *route_now IN_TLS;

/* Whether any rule asks for a name: then the first byte of the texts is not all
 * that patterns lead to. Found out once. */
bool
thread_names_matter(const struct rules_table *table)
{
	static _Atomic int known; /* 1: no, 2: yes */
	const struct rules_rule *rule = rules_rules(table);
	int answer = atomic_load_explicit(&known, memory_order_relaxed);

	if (likely(answer != 0))
		return answer == 2;
	answer = 1;
	for (uint32_t i = 0; i < table->rules.count; i++)
		if (*rules_text(table, rule[i].thread) != '\0')
			answer = 2;
	atomic_store_explicit(&known, answer, memory_order_relaxed);
	return answer == 2;
}

/* Whether the name is another than it was. */
static bool
read_name(void)
{
	char name[OS_THREAD_NAME] = "";

	os_thread_name(name);
	if (memcmp(name, name_now, sizeof(name)) == 0)
		return false;
	memcpy(name_now, name, sizeof(name));
	return true;
}

const struct route *
thread_refresh(const struct rules_table *table)
{
	bool is_new = route_now == NULL;

	if (thread_names_matter(table))
		is_new |= read_name();
	if (unlikely(is_new)) {
		struct route *route = route_of(table, name_now);

		route_now = route != NULL ? route : route_now;
	}
	if (scope_kind() == NULL)
		thread_route = route_now != NULL ? route_now : &route_unknown;
	return route_now;
}

const char *
thread_name(void)
{
	return name_now;
}

bool
thread_matches(uint32_t rule)
{
	return route_now != NULL &&
	    (route_now->fits[rule / 64] >> rule % 64 & 1) != 0;
}
