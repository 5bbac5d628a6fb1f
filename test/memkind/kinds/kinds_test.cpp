/* SPDX-License-Identifier: BSD-2-Clause */
/* The static kinds: their variables, which of them are there, and how large
 * they are. */
#include "../memkind_test.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <thread>

#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <unistd.h>

using namespace engine;
using namespace memkinds;

/* ---- Variables ----------------------------------------------------------- */

/* Filled before any constructor of this program, and by one of them. */
static memkind_t *in_c_initialiser = &MEMKIND_HBW_PREFERRED;
static memkind_t in_initialiser = MEMKIND_HBW_PREFERRED;
static memkind_t first_seen, first_made;
static void *first_block;

__attribute__((constructor(101))) static void
before_all_else()
{
	if (!getenv("MEMKIND_TEST_EARLY"))
		return;
	first_seen = MEMKIND_REGULAR;
	first_block = memkind_malloc(MEMKIND_REGULAR, 1000);
	memkind_create_pmem("/tmp", 0, &first_made);
}

MEMKIND_PROGRAM(early)
{
	if (first_seen == nullptr || first_seen != MEMKIND_REGULAR)
		return 1;
	if (memkind_detect_kind(first_block) != MEMKIND_REGULAR)
		return 2;
	void *block = memkind_malloc(first_made, 1000);
	return block && memkind_detect_kind(block) == first_made ? 0 : 3;
}

TEST(MemkindStatic, ValidBeforeAnyConstructor)
{
	EXPECT_EQ(MEMKIND_HBW_PREFERRED, *in_c_initialiser);
	EXPECT_EQ(MEMKIND_HBW_PREFERRED, in_initialiser);
	EXPECT_EQ("", said_by("early", { "MEMKIND_TEST_EARLY=1" }));
}

/* Whoever is first has a kind set up, and so do those who come meanwhile. */
MEMKIND_PROGRAM(at_once)
{
	std::vector<std::thread> threads;
	std::atomic<unsigned> wrong{ 0 }, waiting{ 16 };
	for (int number = 0; number < 16; number++)
		threads.emplace_back([&] {
			waiting--;
			while (waiting)
				sched_yield();
			for (memkind_t kind :
			    { MEMKIND_HBW_ALL, MEMKIND_REGULAR,
				MEMKIND_INTERLEAVE, MEMKIND_DEFAULT }) {
				void *block = memkind_malloc(kind, 100);
				wrong += memkind_detect_kind(block) != kind;
				memkind_free(kind, block);
			}
		});
	for (std::thread &thread : threads)
		thread.join();
	return wrong != 0;
}

TEST(MemkindStatic, FirstUsedByManyThreadsAtOnce)
{
	for (int round = 0; round < 10; round++)
		EXPECT_EQ("", said_by("at_once", { "MEMKIND_HBW_NODES=0" }));
}

TEST(MemkindStatic, AllDiffer)
{
	std::set<memkind_t> seen;
	for (const Static &one : statics()) {
		EXPECT_NE(nullptr, *one.kind) << one.name;
		EXPECT_TRUE(seen.insert(*one.kind).second) << one.name;
	}
	for (memkind_t old :
	    { MEMKIND_GBTLB, MEMKIND_HBW_GBTLB, MEMKIND_HBW_PREFERRED_GBTLB })
		EXPECT_TRUE(old != nullptr && seen.insert(old).second);
	EXPECT_EQ(26u, seen.size());
}

TEST(MemkindStatic, EightBytesEachAndTheSameByName)
{
	void *library = dlopen("libmemkind.so.0", RTLD_NOW | RTLD_NOLOAD);
	ASSERT_NE(nullptr, library) << dlerror();
	for (const Static &one : statics()) {
		std::string name = std::string("MEMKIND_") + one.name;
		void *found = dlsym(library, name.c_str());
		ASSERT_NE(nullptr, found) << name;
		EXPECT_EQ(*one.kind, *static_cast<memkind_t *>(found)) << name;
		Dl_info info;
		const ElfW(Sym) *symbol = nullptr;
		ASSERT_NE(
		    0, dladdr1(found, &info, (void **)&symbol, RTLD_DL_SYMENT));
		ASSERT_NE(nullptr, symbol) << name;
		EXPECT_EQ(8u, symbol->st_size) << name;
		EXPECT_EQ(STT_OBJECT, ELF64_ST_TYPE(symbol->st_info)) << name;
	}
	dlclose(library);
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

TEST(MemkindStatic, ByNumber)
{
	memkind_t kind = nullptr;
	std::set<memkind_t> seen;
	for (int i = 0; i < MEMKIND_NUM_BASE_KIND; i++) {
		ASSERT_EQ(0, memkind_get_kind_by_partition(i, &kind)) << i;
		EXPECT_TRUE(seen.insert(kind).second) << i;
	}
	const std::map<int, memkind_t> known = { { 0, MEMKIND_DEFAULT },
		{ 1, MEMKIND_HBW }, { 3, MEMKIND_HBW_PREFERRED },
		{ 5, MEMKIND_HUGETLB }, { 8, MEMKIND_GBTLB },
		{ 10, MEMKIND_INTERLEAVE }, { 11, MEMKIND_REGULAR },
		{ 14, MEMKIND_DAX_KMEM }, { 18, MEMKIND_HIGHEST_CAPACITY },
		{ 25, MEMKIND_HIGHEST_BANDWIDTH_LOCAL_PREFERRED } };
	for (const auto &one : known) {
		EXPECT_EQ(0, memkind_get_kind_by_partition(one.first, &kind));
		EXPECT_EQ(one.second, kind) << one.first;
	}
	for (int none : { -1, 26, 1000 }) {
		kind = untouched();
		EXPECT_EQ(MEMKIND_ERROR_INVALID,
		    memkind_get_kind_by_partition(none, &kind));
		EXPECT_EQ(untouched(), kind);
	}
	EXPECT_EQ(
	    MEMKIND_ERROR_INVALID, memkind_get_kind_by_partition(0, nullptr));
}

/* ---- What is there ------------------------------------------------------- */

static bool
is_in(const std::string &name, const char *part)
{
	return name.find(part) != std::string::npos;
}

/* With node 0 named for both, all kinds are there but those in huge pages and
 * those by values that the firmware may not tell. */
TEST(MemkindAvailable, OnAnyMachine)
{
	for (const Static &one : statics()) {
		int error = memkind_check_available(*one.kind);
		if (is_in(one.name, "HUGETLB"))
			EXPECT_EQ(
			    huge_pages() ? 0 : MEMKIND_ERROR_HUGETLB, error)
			    << one.name;
		else if (is_in(one.name, "LATENCY") ||
		    is_in(one.name, "BANDWIDTH"))
			EXPECT_TRUE(error == 0 ||
			    error == MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE)
			    << one.name << ": " << error;
		else
			EXPECT_EQ(0, error) << one.name;
	}
}

TEST(MemkindAvailable, OfWhatIsNoKind)
{
	EXPECT_EQ(MEMKIND_ERROR_INVALID, memkind_check_available(nullptr));
	EXPECT_EQ(-1, memkind_get_capacity(nullptr));
}

/* A block of each kind is had exactly where the kind is said to be there. */
TEST(MemkindAvailable, MeansThatBlocksAreHad)
{
	for (const Static &one : statics()) {
		if (memkind_check_available(*one.kind) != 0) {
			MEMKIND_NO_BLOCK(memkind_malloc(*one.kind, 64), ENOMEM);
			MEMKIND_NO_BLOCK(
			    memkind_calloc(*one.kind, 2, 64), ENOMEM);
			MEMKIND_NO_BLOCK(
			    memkind_realloc(*one.kind, nullptr, 64), ENOMEM);
			void *block = &block;
			EXPECT_EQ(ENOMEM,
			    memkind_posix_memalign(*one.kind, &block, 64, 64));
			EXPECT_EQ(nullptr, block);
			continue;
		}
		errno = NO_ERRNO;
		void *block = memkind_malloc(*one.kind, 64);
		EXPECT_EQ(NO_ERRNO, errno) << one.name;
		ASSERT_NE(nullptr, block) << one.name;
		EXPECT_EQ(*one.kind, memkind_detect_kind(block)) << one.name;
		memkind_free(*one.kind, block);
	}
}

/* ---- How large ----------------------------------------------------------- */

/* The bytes of all nodes, or of node 0 alone. */
static ssize_t
bytes_of_nodes(bool all)
{
	size_t kib = 0;
	for (unsigned node = 0; node < (all ? 1024 : 1); node++) {
		std::string path = "/sys/devices/system/node/node" +
		    std::to_string(node) + "/meminfo";
		size_t one = 0;
		FILE *file = fopen(path.c_str(), "re");
		if (file && fscanf(file, "Node %*u MemTotal: %zu", &one) == 1)
			kib += one;
		if (file)
			fclose(file);
	}
	return static_cast<ssize_t>(kib << 10);
}

/* A virtual machine may get more memory, or less, at any time; the library asks
 * once. */
static const ssize_t bytes_at_start = bytes_of_nodes(true);

TEST(MemkindCapacity, OfStaticKinds)
{
	ssize_t node = bytes_of_nodes(false);
	if (bytes_of_nodes(true) != bytes_at_start)
		GTEST_SKIP() << "the machine's memory has another size than "
				"when the test began";
	for (memkind_t kind : { MEMKIND_HBW, MEMKIND_HBW_ALL,
		 MEMKIND_HBW_INTERLEAVE, MEMKIND_DAX_KMEM, MEMKIND_DAX_KMEM_ALL,
		 MEMKIND_DAX_KMEM_INTERLEAVE })
		EXPECT_EQ(node, memkind_get_capacity(kind)) << name_of(kind);
	EXPECT_EQ(bytes_of_nodes(true), memkind_get_capacity(MEMKIND_DEFAULT));
	EXPECT_EQ(
	    bytes_of_nodes(true), memkind_get_capacity(MEMKIND_INTERLEAVE));
	EXPECT_EQ(static_cast<ssize_t>(huge_pages() * 2 * MIB),
	    memkind_get_capacity(MEMKIND_HUGETLB));
	for (memkind_t kind : { MEMKIND_REGULAR, MEMKIND_HIGHEST_CAPACITY,
		 MEMKIND_HIGHEST_CAPACITY_LOCAL }) {
		EXPECT_GT(memkind_get_capacity(kind), 0) << name_of(kind);
		EXPECT_LE(memkind_get_capacity(kind), bytes_of_nodes(true));
	}
}

TEST(MemkindCapacity, OfKindsThatPreferIsUnknown)
{
	for (const Static &one : statics())
		if (is_in(one.name, "PREFERRED") ||
		    is_in(one.name, "HBW_HUGETLB") ||
		    is_in(one.name, "ALL_HUGETLB")) {
			EXPECT_EQ(-1, memkind_get_capacity(*one.kind))
			    << one.name;
		}
}

/* A program may ask before it allocates anything. */
MEMKIND_PROGRAM(capacity_first)
{
	return memkind_get_capacity(MEMKIND_REGULAR) <= 0;
}

TEST(MemkindCapacity, IsKnownBeforeTheFirstBlock)
{
	EXPECT_EQ("", said_by("capacity_first"));
}
