/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmem-hello.c - a first program with libvmem: a pool in a directory, a string
 * copied into it, and the pool thrown away.
 *
 *	cc vmem-hello.c -o vmem-hello $(pkg-config --cflags --libs libvmem)
 *	./vmem-hello [DIRECTORY]        for example ./vmem-hello /mnt/pmem
 */
#include <libvmem.h>
#include <stdio.h>
#include <string.h>

static int
print_help(void)
{
	puts("usage: vmem-hello [DIRECTORY]\n\n"
	     "Makes a pool of libvmem in DIRECTORY (/tmp), copies a string\n"
	     "into it, and says where in the pool it lies.");
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		return print_help();
	const char *directory = argc > 1 ? argv[1] : "/tmp";
	const char *mismatch = vmem_check_version(
	    VMEM_MAJOR_VERSION, VMEM_MINOR_VERSION);

	if (mismatch != NULL) {
		fprintf(stderr, "vmem-hello: %s\n", mismatch);
		return 1;
	}

	/* The pool lies in a file without a name, whose space is taken now.
	 * When that fails, the library says why. */
	VMEM *pool = vmem_create(directory, VMEM_MIN_POOL);
	if (pool == NULL) {
		fprintf(stderr, "vmem-hello: %s\n", vmem_errormsg());
		return 1;
	}

	/* A pool that is full gives NULL and errno, without a sentence. */
	char *text = vmem_strdup(pool, "hello, world");
	if (text == NULL) {
		perror("vmem-hello: no room in the pool");
		vmem_delete(pool);
		return 1;
	}
	printf("%s\n%zu bytes, %zu bytes into a pool of %zu in %s\n", text,
	    vmem_malloc_usable_size(pool, text), (size_t)(text - (char *)pool),
	    VMEM_MIN_POOL, directory);

	vmem_free(pool, text);
	vmem_delete(pool);
	return 0;
}
