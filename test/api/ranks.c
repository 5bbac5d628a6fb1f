/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks.c - one rank of a job, which prints what its share is: the bytes of the
 * limit, all that there is, and how many blocks of 1 MiB it was given; see
 * ranks.sh. It needs no MPI to be started by one. */
#include <poolkind.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	struct poolkind_stats part = { 0 }, all = { 0 };
	poolkind *share = poolkind_open(argv[argc - 2], 0);
	poolkind *whole = poolkind_open(argv[argc - 1], 0);
	unsigned blocks = 0;

	if (argc != 3 || share == NULL || whole == NULL) {
		fprintf(stderr, "%s\n", poolkind_errormsg());
		return 1;
	}
	poolkind_get_stats(share, &part, sizeof(part));
	poolkind_get_stats(whole, &all, sizeof(all));
	while (blocks < 64 && poolkind_malloc(share, (size_t)1 << 20) != NULL)
		blocks++;
	printf("%zu %zu %u\n", part.limit, all.limit, blocks);
	return 0;
}
