/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One rank of a job, which needs no MPI: holds as many blocks of 1 MiB as its
 * rank plus one, makes a file of its process number in the folder that it is
 * given, and stays until there is one with the name "end". See stat_ranks.sh.
 */
#include <poolkind.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
rank(void)
{
	const char *text = getenv("OMPI_COMM_WORLD_RANK");

	if (text == NULL)
		text = getenv("PMI_RANK");
	return text != NULL ? atoi(text) : 0;
}

int
main(int argc, char **argv)
{
	poolkind *kind = poolkind_open("dram,name=of-rank", 0);
	char name[4096];
	FILE *file;

	if (argc != 2 || kind == NULL)
		return 1;
	for (int i = 0; i <= rank(); i++) {
		char *block = poolkind_malloc(kind, (size_t)1 << 20);

		if (block == NULL)
			return 1;
		memset(block, 1, (size_t)1 << 20);
	}
	snprintf(name, sizeof(name), "%s/%d", argv[1], getpid());
	file = fopen(name, "w");
	if (file == NULL || fclose(file) != 0)
		return 1;
	snprintf(name, sizeof(name), "%s/end", argv[1]);
	while (access(name, F_OK) != 0)
		usleep(10000);
	return 0;
}
