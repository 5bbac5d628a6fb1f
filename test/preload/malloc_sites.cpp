/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc_sites.cpp - blocks that are allocated in several functions, by several
 * ways, and from which kinds they come: a word each. Or of one site, again and
 * again: malloc_sites again SIZE..., full, reloaded LIBRARY...
 */
#include <poolkind.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <malloc.h>
#include <unistd.h>

#define APART extern "C" __attribute__((noinline, noclone))

static const size_t size = 50000;

static void
say(void *block)
{
	poolkind *kind = poolkind_of(block);
	char text[80];

	memset(block, 1, size);
	snprintf(text, sizeof(text), "%s ",
	    kind == nullptr ? "libc" :
		strncmp(poolkind_name(kind), "kind", 4) == 0 ?
			      "ordinary" :
			      poolkind_name(kind));
	if (write(STDOUT_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

/* Each call of malloc and its relatives, direct. */
APART void
direct()
{
	void *block = nullptr;

	say(malloc(size));
	say(calloc(size, 1));
	say(realloc(nullptr, size));
	say(memalign(64, size));
	if (posix_memalign(&block, 64, size) == 0)
		say(block);
	say(aligned_alloc(64, size));
}

/* C++, whose operators call malloc. */
APART void
by_new()
{
	struct alignas(64) Aligned {
		char bytes[50048];
	};

	say(::operator new(size));
	say(new char[size]);
	say(new (std::nothrow) char[size]);
	say(new Aligned);
}

/* Through a function of others. */
APART void *
helper()
{
	void *block = malloc(size);

	memset(block, 2, size);
	return block;
}

APART void
through()
{
	say(helper());
	say(helper());
}

APART void
elsewhere()
{
	say(malloc(size));
	say(helper());
	say(new char[size]);
}

/* ---- One site again and again -------------------------------------------- */

static const char *
kind_of(void *block)
{
	poolkind *kind = poolkind_of(block);

	return kind == nullptr ? "libc" : poolkind_name(kind);
}

APART void *
one_site(size_t bytes)
{
	void *block = malloc(bytes);

	memset(block, 3, bytes);
	return block;
}

/* For each size the kind of all blocks, some of which stay. */
static void
again(int count, char **sizes)
{
	for (int i = 0; i < count; i++) {
		const char *kind = nullptr;

		for (int round = 0; round < 300; round++)
			for (int j = 0; j < count; j++) {
				void *block = one_site(
				    strtoul(sizes[j], nullptr, 10));

				if (j != i)
					free(block);
				else if (kind == nullptr)
					kind = kind_of(block);
				else if (strcmp(kind, kind_of(block)) != 0)
					kind = "mixed";
			}
		printf("%s ", kind);
	}
}

/* What a site has until its kind is full, then, and when that has room. */
static void
until_full()
{
	std::vector<void *> first, then;
	void *block = one_site(size);
	std::string name = kind_of(block);

	while (kind_of(block) == name) {
		first.push_back(block);
		block = one_site(size);
	}
	for (int i = 0; i < 300; i++) {
		if (kind_of(block) == name)
			printf("early ");
		then.push_back(block);
		block = one_site(size);
	}
	printf("%s %s ", name.c_str(), kind_of(block));
	for (void *old : then)
		free(old);
	for (void *old : first)
		free(old);
	printf("%s ", kind_of(one_site(size)));
}

/* Libraries that lie at the same addresses, one after the other. */
static void
reloaded(int count, char **paths)
{
	void *before = nullptr;

	for (int i = 0; i < count; i++) {
		void *library = dlopen(paths[i], RTLD_NOW);
		auto *call = reinterpret_cast<void *(*)(size_t)>(
		    dlsym(library, "call"));

		if (before != nullptr && before != (void *)call)
			printf("elsewhere ");
		before = (void *)call;
		std::string kind = kind_of(call(size));

		for (int round = 0; round < 300; round++) {
			void *block = call(size);

			if (kind_of(block) != kind)
				kind = "mixed";
			free(block);
		}
		printf("%s ", kind.c_str());
		dlclose(library);
	}
}

int
main(int argc, char **argv)
{
	if (argc > 1) {
		if (strcmp(argv[1], "again") == 0)
			again(argc - 2, argv + 2);
		else if (strcmp(argv[1], "full") == 0)
			until_full();
		else
			reloaded(argc - 2, argv + 2);
		return puts("") < 0;
	}
	direct();
	by_new();
	through();
	elsewhere();
	return write(STDOUT_FILENO, "\n", 1) != 1;
}
