/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * malloc_sites.cpp - blocks that are allocated in several functions, by several
 * ways, and from which kinds they come: a word each.
 */
#include <poolkind.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

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

int
main()
{
	direct();
	by_new();
	through();
	elsewhere();
	return write(STDOUT_FILENO, "\n", 1) != 1;
}
