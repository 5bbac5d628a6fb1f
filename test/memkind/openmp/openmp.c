/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openmp.c - memory of OpenMP allocators, predefined and made, and the kind of
 * libmemkind that each is taken from.
 *
 *	openmp LIBRARY		on any machine
 *	openmp LIBRARY all	on one with all sorts of memory
 *	openmp LIBRARY default	OMP_ALLOCATOR is omp_high_bw_mem_alloc
 *
 * LIBRARY is the file that the runtime has to load.
 */
#include "openmp.h"

/* The kinds where requests for such memory end. */
static const char *plain, *fast, *large;

/* ---- The library --------------------------------------------------------- */

/* Whether each mapped file named libmemkind is LIBRARY, and one is. */
static bool
is_loaded(const char *library)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bool found = false, foreign = false;
	char line[1024];

	while (fgets(line, sizeof(line), maps) != NULL) {
		char *path = strchr(line, '/');

		if (path == NULL || strstr(path, "/libmemkind.") == NULL)
			continue;
		path[strcspn(path, "\n")] = '\0';
		found |= strcmp(path, library) == 0;
		foreign |= strcmp(path, library) != 0;
	}
	fclose(maps);
	return found && !foreign;
}

static bool
is_available(const char *kind)
{
	int (*check)(void *) = (int (*)(void *))name_in_memkind(
	    "memkind_check_available");

	return kind_named(kind) != NULL && check(kind_named(kind)) == 0;
}

/* The kind NAME gives a block if it is available, and only then. */
static bool
serves(const char *name)
{
	void *(*allocate)(void *, size_t) = (void *(*)(void *,
	    size_t))name_in_memkind("memkind_malloc");
	void (*give_back)(void *,
	    void *) = (void (*)(void *, void *))name_in_memkind("memkind_free");
	void *kind = kind_named(name), *block = allocate(kind, 1000);
	bool good = is_available(name) ? lies_in(block, name) : block == NULL;

	give_back(kind, block);
	return good;
}

/* What LLVM's and GCC's runtimes look up. */
static void
names(void)
{
	static const char *const functions[] = { "memkind_check_available",
		"memkind_malloc", "memkind_calloc", "memkind_realloc",
		"memkind_free" };
	static const char *const kinds[] = { "MEMKIND_DEFAULT",
		"MEMKIND_INTERLEAVE", "MEMKIND_HBW", "MEMKIND_HBW_INTERLEAVE",
		"MEMKIND_HBW_PREFERRED", "MEMKIND_HUGETLB",
		"MEMKIND_HBW_HUGETLB", "MEMKIND_HBW_PREFERRED_HUGETLB",
		"MEMKIND_DAX_KMEM", "MEMKIND_DAX_KMEM_ALL",
		"MEMKIND_DAX_KMEM_PREFERRED" };

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		CHECK(functions[i], name_in_memkind(functions[i]) != NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		CHECK(kinds[i], kind_named(kinds[i]) && serves(kinds[i]));
}

/* The kinds that requests end in where there is special memory, and where there
 * is none. */
static void
find_kinds(void)
{
	plain = default_kind();
	fast = is_available("MEMKIND_HBW_PREFERRED") ? "MEMKIND_HBW_PREFERRED" :
						       plain;
	large = is_available("MEMKIND_DAX_KMEM_ALL") ? "MEMKIND_DAX_KMEM_ALL" :
						       plain;
}

/* ---- Blocks -------------------------------------------------------------- */

static void
fill(unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(i * 7 + size);
}

/* Whether P has the first bytes, COUNT of them, of a block filled with SIZE. */
static bool
has(const unsigned char *p, size_t size, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (p[i] != (unsigned char)(i * 7 + size))
			return false;
	return true;
}

/* Every function on a block of SIZE bytes, whose kind is to be as named. */
static bool
one_size(omp_allocator_handle_t from, const char *kind, size_t size)
{
	unsigned char *p = omp_alloc(size, from), *zeros, *aligned;
	bool good = lies_in(p, kind);

	if (!good)
		return false;
	fill(p, size);
	zeros = omp_calloc(size, 3, from);
	aligned = omp_aligned_alloc(8192, size, from);
	good = lies_in(zeros, kind) && all_bytes(zeros, 0, 3 * size) &&
	    lies_in(aligned, kind) && (uintptr_t)aligned % 8192 == 0;
	fill(zeros, 3 * size);
	fill(aligned, size);
	p = omp_realloc(p, 2 * size, from, from);
	good = good && lies_in(p, kind) && has(p, size, size);
	p = omp_realloc(p, size / 2 + 1, from, from);
	good = good && lies_in(p, kind) && has(p, size, size / 2 + 1);
	good = good && has(zeros, 3 * size, 3 * size) &&
	    has(aligned, size, size);
	omp_free(p, from);
	omp_free(zeros, omp_null_allocator);
	omp_free(aligned, from);
	return good;
}

static bool
all_sizes(omp_allocator_handle_t from, const char *kind)
{
	bool good = omp_alloc(0, from) == NULL;

	for (size_t size = 1; size <= (4 << 20) && good; size = size * 5 + 3)
		good = one_size(from, kind, size);
	return good;
}

static void
predefined(void)
{
	const struct {
		const char *name;
		omp_allocator_handle_t from;
		const char *kind;
	} cases[] = {
		{ "omp_default_mem_alloc", omp_default_mem_alloc, plain },
		{ "omp_large_cap_mem_alloc", omp_large_cap_mem_alloc, large },
		{ "omp_const_mem_alloc", omp_const_mem_alloc, plain },
		{ "omp_high_bw_mem_alloc", omp_high_bw_mem_alloc, fast },
		{ "omp_low_lat_mem_alloc", omp_low_lat_mem_alloc, plain },
		{ "omp_cgroup_mem_alloc", omp_cgroup_mem_alloc, plain },
		{ "omp_pteam_mem_alloc", omp_pteam_mem_alloc, plain },
		{ "omp_thread_mem_alloc", omp_thread_mem_alloc, plain },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK(cases[i].name, all_sizes(cases[i].from, cases[i].kind));
}

/* ---- Allocators that are made -------------------------------------------- */

static omp_memspace_handle_t
fast_space(void)
{
	return fast != plain ? omp_high_bw_mem_space : omp_default_mem_space;
}

/* Each space, with and without pages spread over its nodes. */
static void
spaces(void)
{
	const struct {
		const char *what;
		omp_memspace_handle_t space;
		const char *kind, *spread;
	} cases[] = {
		{ "default", omp_default_mem_space, plain,
		    "MEMKIND_INTERLEAVE" },
		{ "const", omp_const_mem_space, plain, "MEMKIND_INTERLEAVE" },
		{ "low latency", omp_low_lat_mem_space, plain,
		    "MEMKIND_INTERLEAVE" },
		{ "high bandwidth", omp_high_bw_mem_space,
		    "MEMKIND_HBW_PREFERRED", "MEMKIND_HBW_INTERLEAVE" },
		{ "large capacity", omp_large_cap_mem_space,
		    "MEMKIND_DAX_KMEM_ALL", "MEMKIND_DAX_KMEM_ALL" },
	};
	char text[100];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		omp_alloctrait_t traits[] = { { omp_atk_alignment, 512 },
			{ omp_atk_partition, omp_atv_interleaved } };
		omp_allocator_handle_t whole, spread;
		void *p;

		if (!is_available(cases[i].spread))
			continue;
		whole = omp_init_allocator(cases[i].space, 1, traits);
		spread = omp_init_allocator(cases[i].space, 2, traits);
		p = omp_alloc(100, whole);
		snprintf(text, sizeof(text), "space of %s", cases[i].what);
		CHECK(text, all_sizes(whole, cases[i].kind));
		snprintf(text, sizeof(text), "space of %s, interleaved",
		    cases[i].what);
		CHECK(text, all_sizes(spread, cases[i].spread));
		CHECK("alignment by trait", (uintptr_t)p % 512 == 0);
		omp_free(p, whole);
		omp_destroy_allocator(whole);
		omp_destroy_allocator(spread);
	}
}

/* Takes blocks of 64 KiB until NULL, at most 100, gives them back and says how
 * many of them lay in the kind. */
static int
room(omp_allocator_handle_t from, const char *kind)
{
	void *blocks[100];
	int count = 0, there = 0;

	while (
	    count < 100 && (blocks[count] = omp_alloc(65536, from)) != NULL) {
		memset(blocks[count], 1, 65536);
		there += lies_in(blocks[count++], kind);
	}
	for (int i = 0; i < count; i++)
		omp_free(blocks[i], from);
	return there;
}

/* A pool of 1 MiB, and what comes after it. */
static void
pools(void)
{
	omp_alloctrait_t second[] = { { omp_atk_partition,
	    omp_atv_interleaved } };
	omp_allocator_handle_t spread = omp_init_allocator(
	    omp_default_mem_space, 1, second);
	omp_alloctrait_t limited[] = { { omp_atk_pool_size, 1 << 20 },
		{ omp_atk_fallback, omp_atv_null_fb } };
	omp_alloctrait_t falling[] = { { omp_atk_pool_size, 1 << 20 },
		{ omp_atk_fallback, omp_atv_allocator_fb },
		{ omp_atk_fb_data, (omp_uintptr_t)spread } };
	omp_allocator_handle_t pool = omp_init_allocator(
	    fast_space(), 2, limited);
	omp_allocator_handle_t first = omp_init_allocator(
	    fast_space(), 3, falling);
	int count = room(pool, fast);

	CHECK("a pool ends at its size", count >= 14 && count <= 16);
	CHECK("and can be had again", room(pool, fast) == count);
	CHECK("then another allocator serves", room(first, fast) == count);
	CHECK("the rest is of its kind",
	    room(first, "MEMKIND_INTERLEAVE") == 100 - count);
	omp_destroy_allocator(pool);
	omp_destroy_allocator(first);
	omp_destroy_allocator(spread);
}

/* More than there is. */
static void
too_much(void)
{
	omp_alloctrait_t traits[] = { { omp_atk_fallback, omp_atv_null_fb } };
	omp_allocator_handle_t from = omp_init_allocator(
	    fast_space(), 1, traits);

	CHECK("too much is NULL", omp_alloc((size_t)1 << 50, from) == NULL);
	CHECK("and less can be had", all_sizes(from, fast));
	omp_destroy_allocator(from);
}

/* ---- Variables ----------------------------------------------------------- */

/* A private array of each thread, by the allocate clause. */
static void
clauses(void)
{
	int values[5000], wrong = 0;

#pragma omp parallel num_threads(8) private(values) reduction(+ : wrong) \
    allocate(omp_high_bw_mem_alloc : values)
	{
		int mine = omp_get_thread_num();

		for (int i = 0; i < 5000; i++)
			values[i] = mine + i;
		wrong += !lies_in(values, fast);
#pragma omp barrier
		for (int i = 0; i < 5000; i++)
			wrong += values[i] != mine + i;
	}
	CHECK("private variables lie where the clause says", wrong == 0);
}

/* What omp_alloc() takes when no allocator is named. */
static void
defaults(void)
{
	omp_set_default_allocator(omp_high_bw_mem_alloc);
	CHECK("the default allocator can be set",
	    all_sizes(omp_null_allocator, fast));
	omp_set_default_allocator(omp_default_mem_alloc);
}

int
main(int argc, char **argv)
{
	void *first = omp_alloc(100, omp_high_bw_mem_alloc);
	const char *what = argc > 2 ? argv[2] : "";

	CHECK("a first block can be had", first != NULL);
	CHECK("the library was loaded", is_loaded(argv[1]));
	if (failures != 0)
		return 1;
	omp_free(first, omp_high_bw_mem_alloc);
	names();
	find_kinds();
	if (*what != '\0')
		CHECK("all sorts of memory are there",
		    fast != plain && large != plain &&
			is_available("MEMKIND_INTERLEAVE") &&
			is_available("MEMKIND_HBW_INTERLEAVE"));
	if (strcmp(what, "default") == 0) {
		CHECK("the default allocator is that of the environment",
		    all_sizes(omp_null_allocator, fast));
		return failures != 0;
	}
	predefined();
	spaces();
	pools();
	too_much();
	clauses();
	defaults();
	return failures != 0;
}
