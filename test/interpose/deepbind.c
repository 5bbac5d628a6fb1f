/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deepbind.c - a program that opens libraries as plugins are opened, with
 * RTLD_DEEPBIND, and shares blocks with them. FOLDER has deepbind_library.so.
 * The first argument says how it is opened, the others what is done.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "shim_check.h"

struct library {
	void *(*make)(size_t size);
	void *(*resize)(void *block, size_t size);
	void (*release)(void *block);
	void (*both)(void);
	const char *(*find)(const char *name);
};

static void *
open_it(const char *how, const char *path)
{
	if (strcmp(how, "dlopen") == 0)
		return dlopen(path, RTLD_NOW | RTLD_DEEPBIND);
	if (strcmp(how, "dlmopen") == 0)
		return dlmopen(LM_ID_BASE, path, RTLD_LAZY | RTLD_DEEPBIND);
	return dlopen(path, RTLD_NOW);
}

static void
find_functions(void *handle, struct library *library)
{
	*(void **)&library->make = dlsym(handle, "make");
	*(void **)&library->resize = dlsym(handle, "resize");
	*(void **)&library->release = dlsym(handle, "release");
	*(void **)&library->both = dlsym(handle, "both");
	*(void **)&library->find = dlsym(handle, "find");
}

static void
share_blocks(const struct library *library)
{
	static const size_t sizes[] = { 1, 100, 5000, 300000, 3 << 20 };
	char *block;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		block = library->make(sizes[i]);
		block[0] = 1;
		free(block);
		library->release(malloc(sizes[i]));
		block = malloc(sizes[i]);
		memset(block, 7, sizes[i]);
		block = library->resize(block, sizes[i] * 3);
		CHECK("a block that both resize keeps its content",
		    all_bytes(block, 7, sizes[i]));
		block = realloc(block, sizes[i]);
		library->release(block);
	}
	library->both();
}

int
main(int argc, char **argv)
{
	struct library library;
	void *handle, *other;
	char path[4096];

	(void)argc;
	snprintf(path, sizeof(path), "%s/deepbind_library.so", argv[2]);
	handle = open_it(argv[1], path);
	if (handle == NULL)
		puts(dlerror());
	CHECK("the library is opened", handle != NULL);
	if (handle == NULL)
		return 1;
	find_functions(handle, &library);
	share_blocks(&library);

	/* Where a library is looked for is a matter of who asks. */
	CHECK("a library finds what lies where its RUNPATH says",
	    strcmp(library.find("deepbind_inner.so"), "inner") == 0);
	CHECK("and what lies at its $ORIGIN",
	    strcmp(library.find("$ORIGIN/inner/deepbind_inner.so"), "inner") ==
		0);
	CHECK("its RUNPATH is not that of the program",
	    dlopen("deepbind_other.so", RTLD_NOW | RTLD_DEEPBIND) == NULL &&
		dlerror() != NULL);
	CHECK("the program itself is found by no name",
	    dlopen(NULL, RTLD_NOW | RTLD_DEEPBIND) != NULL);
	CHECK("what is not there is an error with a sentence",
	    dlopen("/nonexistent/x.so", RTLD_NOW) == NULL &&
		strstr(dlerror(), "/nonexistent/x.so") != NULL);

	/* A namespace of its own has a C library of its own. */
	other = dlmopen(LM_ID_NEWLM, path, RTLD_NOW | RTLD_DEEPBIND);
	CHECK("a library is opened in another namespace", other != NULL);
	if (other != NULL) {
		find_functions(other, &library);
		library.both();
		library.release(library.make(1000));
		CHECK("which finds its libraries, too",
		    strcmp(library.find("deepbind_inner.so"), "inner") == 0);
	}
	return failures != 0;
}
