/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash join: a small table is built, a large one probes it, and what fits is
 * written out; sums by group, and a log that is written once. */
#include "hot.h"

#define BUILD 16384
#define PROBE 131072
#define BUCKETS 32768
#define GROUPS 4096
#define LOG ((size_t)2 << 20)

struct row {
	unsigned long key, value;
};

static struct hot *h_build, *h_probe, *h_heads, *h_next, *h_groups, *h_out,
    *h_log;

int
main(void)
{
	struct row *build = HOT_NEW(&h_build, "build", BUILD * sizeof(*build));
	struct row *probe = HOT_NEW(&h_probe, "probe", PROBE * sizeof(*probe));
	unsigned *heads = HOT_NEW(&h_heads, "heads", BUCKETS * sizeof(*heads));
	unsigned *next = HOT_NEW(&h_next, "next", BUILD * sizeof(*next));
	long *groups = HOT_NEW(&h_groups, "groups", GROUPS * sizeof(*groups));
	struct row *out = HOT_NEW(&h_out, "out", PROBE * sizeof(*out));
	char *log = HOT_NEW(&h_log, "log", LOG);
	size_t found = 0;
	int rounds = 6 * hot_again();

	for (size_t i = 0; i < LOG; i += 64)
		WR(h_log, log[i], 'x');
	for (size_t i = 0; i < BUCKETS; i++)
		WR(h_heads, heads[i], 0);
	for (size_t i = 0; i < GROUPS; i++)
		WR(h_groups, groups[i], 0);
	for (unsigned i = 0; i < BUILD; i++) {
		unsigned long key = hot_random() % (2 * BUILD);

		WR(h_build, build[i].key, key);
		WR(h_build, build[i].value, i);
		WR(h_next, next[i], RD(h_heads, heads[key % BUCKETS]));
		WR(h_heads, heads[key % BUCKETS], i + 1);
	}
	for (size_t i = 0; i < PROBE; i++) {
		WR(h_probe, probe[i].key, hot_random() % (2 * BUILD));
		WR(h_probe, probe[i].value, i);
	}
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < PROBE; i++) {
			unsigned long key = RD(h_probe, probe[i].key);
			unsigned at = RD(h_heads, heads[key % BUCKETS]);

			for (; at != 0; at = RD(h_next, next[at - 1])) {
				if (RD(h_build, build[at - 1].key) != key)
					continue;
				WR(h_groups, groups[key % GROUPS],
				    RD(h_groups, groups[key % GROUPS]) + 1);
				if (round == 0 && found < PROBE) {
					WR(h_out, out[found].key, key);
					WR(h_out, out[found].value, at);
					found++;
				}
			}
		}
	hot_end();
	return found == 0 || log[0] != 'x';
}
