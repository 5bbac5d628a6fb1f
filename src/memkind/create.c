/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * create.c - kinds that programs make, and destroy. See memkind.h.
 *
 * Owns nothing: kinds.c has the records. What the engine says in errno becomes
 * one of memkind's error numbers; *KIND is set when all went well, and only
 * then. errno stays what the engine, or the system, said, since programs look
 * there for why a directory cannot be used. Takes no lock but those of kinds.c
 * and nodes.c, inside of what it calls.
 *
 * What memkind did otherwise: arguments that it did not look at (NULL for a
 * path or a kind, a policy that is none) ended in a crash or left a kind that
 * nobody could destroy; here each is MEMKIND_ERROR_INVALID, and nothing was
 * made. Limits of files are rounded up to pages, not to 2 MiB.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memkind/kinds.h"
#include "memkind/settings.h"
#include "os/os.h"
#include "source/source.h"

struct memkind_config {
	const char *path;
	size_t size;
	memkind_mem_usage_policy policy;
};

/* ---- Configurations ------------------------------------------------------ */

/* Values are checked when a kind is made of them, as memkind does, and the path
 * is not copied: the program keeps it. An empty configuration is all zeroes,
 * where memkind left it uninitialised. */
EXPORT struct memkind_config *
memkind_config_new(void)
{
	return calloc(1, sizeof(struct memkind_config));
}

EXPORT void
memkind_config_delete(struct memkind_config *cfg)
{
	free(cfg);
}

EXPORT void
memkind_config_set_path(struct memkind_config *cfg, const char *pmem_dir)
{
	cfg->path = pmem_dir;
}

EXPORT void
memkind_config_set_size(struct memkind_config *cfg, size_t pmem_size)
{
	cfg->size = pmem_size;
}

EXPORT void
memkind_config_set_memory_usage_policy(
    struct memkind_config *cfg, memkind_mem_usage_policy policy)
{
	cfg->policy = policy;
}

/* ---- Making -------------------------------------------------------------- */

static int
invalid(int error)
{
	errno = error;
	return MEMKIND_ERROR_INVALID;
}

/* What errno, as the engine left it, is to memkind: a lack of memory or of the
 * engine's kinds, or else something that is wrong with what was asked for, such
 * as a directory that is not there. */
static int
code_of_failure(void)
{
	return errno == ENOMEM ? MEMKIND_ERROR_MALLOC : MEMKIND_ERROR_INVALID;
}

/* The kind of SPEC, with a record of its own. The record is taken first, and
 * given back on failure, because opening a kind is much the larger piece of
 * work to undo. It is not alive before it is complete, so that no other thread
 * lists it meanwhile. */
static int
make(const struct spec *spec, void *region, memkind_t *kind)
{
	memkind_t record = memkind_record_take();
	poolkind *engine;

	if (record == NULL) {
		errno = ENOMEM;
		return MEMKIND_ERROR_TOOMANY;
	}
	engine = poolkind_open_spec(spec, region);
	if (engine == NULL) {
		memkind_record_give(record);
		memkind_inform("no kind: %s", poolkind_errormsg());
		return code_of_failure();
	}
	memkind_enliven(record, engine);
	*kind = record;
	return 0;
}

/* Arguments and results of the functions below that have a spec or localities
 * on their stack, which is more than some threads have room for: os_on_stack()
 * calls them on a stack of the engine's. */
struct question {
	const char *dir;
	void *region;
	size_t size;
	memkind_mem_usage_policy policy;
	memkind_t kind;
	memkind_t *made;
	int error;
	ssize_t bytes;
};

/*
 * The kind in a file. A limit is promised to be a hard one: the file never has
 * more than SIZE bytes, rounded up to pages. With a size the kind has all its
 * addresses from the beginning, in one row, and takes space as it hands it out;
 * beyond the largest segment, where such a row ends, it grows instead, up to a
 * limit. File systems that do not keep what they gave are taken (trust), as
 * memkind took them.
 *
 * The usage policy CONSERVATIVE gives space back at once (a decay of 0), unless
 * the environment says that nothing goes back at all (below 0): that is the
 * user's word, and wins over the program's.
 */
static int
create_in_file(const char *dir, size_t size, memkind_mem_usage_policy policy,
    memkind_t *kind)
{
	struct spec spec = {
		.source = SPEC_FILE, .fork = settings_pmem_fork(), .trust = true
	};
	int error;

	if (kind == NULL || dir == NULL ||
	    (unsigned)policy >= MEMKIND_MEM_USAGE_POLICY_MAX_VALUE ||
	    (size != 0 && size < MEMKIND_PMEM_MIN_SIZE) ||
	    size > SIZE_MAX - PAGE_BYTES)
		return invalid(EINVAL);
	if (strlen(dir) >= sizeof(spec.path))
		return invalid(ENAMETOOLONG);
	strcpy(spec.path, dir);
	/* What is too large for addresses in a row is a limit. */
	spec.size = align_up(size, PAGE_BYTES);
	if (spec.size > SOURCE_SEGMENT_MAX) {
		spec.limit = spec.size;
		spec.size = 0;
	}
	error = settings_apply(&spec);
	if (error != 0)
		return error;
	if (policy == MEMKIND_MEM_USAGE_POLICY_CONSERVATIVE &&
	    spec.decay_ms >= 0) {
		spec.decay_given = true;
		spec.decay_ms = 0;
	}
	return make(&spec, NULL, kind);
}

static void
create_on_stack(void *arg)
{
	struct question *asked = arg;

	asked->error = create_in_file(
	    asked->dir, asked->size, asked->policy, asked->made);
}

static int
create_pmem(const char *dir, size_t size, memkind_mem_usage_policy policy,
    memkind_t *kind)
{
	struct question asked = {
		.dir = dir, .size = size, .policy = policy, .made = kind
	};

	os_on_stack(create_on_stack, &asked);
	return asked.error;
}

EXPORT int
memkind_create_pmem(const char *dir, size_t max_size, memkind_t *kind)
{
	return create_pmem(
	    dir, max_size, MEMKIND_MEM_USAGE_POLICY_DEFAULT, kind);
}

EXPORT int
memkind_create_pmem_with_config(struct memkind_config *cfg, memkind_t *kind)
{
	return cfg == NULL ?
	    invalid(EINVAL) :
	    create_pmem(cfg->path, cfg->size, cfg->policy, kind);
}

/* A kind of the whole pages of the caller's memory. memkind has no minimum, so
 * any region with a whole page in it is taken. Content is not cleared and not
 * believed to be zero: calloc clears each block. The region may not overlap
 * that of another live kind, which the engine refuses. */
static int
create_in_region(void *addr, size_t size, memkind_t *kind)
{
	uintptr_t begin = align_up((uintptr_t)addr, PAGE_BYTES);
	uintptr_t end = align_down((uintptr_t)addr + size, PAGE_BYTES);
	struct spec spec = { .source = SPEC_REGION };
	int error;

	if (kind == NULL || addr == NULL || (uintptr_t)addr + size < size ||
	    end <= begin || end - begin > SOURCE_SEGMENT_MAX)
		return invalid(EINVAL);
	spec.size = end - begin;
	error = settings_apply(&spec);
	return error != 0 ? error : make(&spec, (void *)begin, kind);
}

static void
create_fixed_on_stack(void *arg)
{
	struct question *asked = arg;

	asked->error = create_in_region(
	    asked->region, asked->size, asked->made);
}

EXPORT int
memkind_create_fixed(void *addr, size_t size, memkind_t *kind)
{
	struct question asked = { .region = addr, .size = size, .made = kind };

	os_on_stack(create_fixed_on_stack, &asked);
	return asked.error;
}

/*
 * A kind of memkind's own is nobody's to destroy: that is success, and does
 * nothing, since programs destroy what memkind_create_kind() gave them.
 *
 * Of two threads that destroy one kind the first claims it, and the second gets
 * an error. The record is given back last, when nothing refers to it any more.
 */
EXPORT int
memkind_destroy_kind(memkind_t kind)
{
	poolkind *engine;

	if (kind == NULL || !memkind_is_alive(kind))
		return invalid(EINVAL);
	if (kind->rule != NULL)
		return 0;
	if (!memkind_claim(kind))
		return invalid(EINVAL);
	engine = atomic_exchange(&kind->engine, NULL);
	poolkind_close(engine);
	memkind_record_give(kind);
	return 0;
}

/* ---- Choosing ------------------------------------------------------------ */

/* The kind that type, policy and pages describe; NULL if none does. This is the
 * table of memkind's manual, and no more: a combination that could be had as
 * well (INTERLEAVE_LOCAL, say) is not valid, since programs test for that. */
static memkind_t
kind_of(memkind_memtype_t types, memkind_policy_t policy, bool huge)
{
	bool hbw = types == MEMKIND_MEMTYPE_HIGH_BANDWIDTH;
	bool plain = types == MEMKIND_MEMTYPE_DEFAULT;

	switch (policy) {
	case MEMKIND_POLICY_BIND_LOCAL:
		if (hbw)
			return huge ? MEMKIND_HBW_HUGETLB : MEMKIND_HBW;
		break;
	case MEMKIND_POLICY_BIND_ALL:
		if (hbw)
			return huge ? MEMKIND_HBW_ALL_HUGETLB : MEMKIND_HBW_ALL;
		break;
	case MEMKIND_POLICY_PREFERRED_LOCAL:
		if (hbw)
			return huge ? MEMKIND_HBW_PREFERRED_HUGETLB :
				      MEMKIND_HBW_PREFERRED;
		if (plain)
			return huge ? MEMKIND_HUGETLB : MEMKIND_DEFAULT;
		break;
	case MEMKIND_POLICY_INTERLEAVE_ALL:
		if (hbw && !huge)
			return MEMKIND_HBW_INTERLEAVE;
		if (types ==
			(MEMKIND_MEMTYPE_DEFAULT |
			    MEMKIND_MEMTYPE_HIGH_BANDWIDTH) &&
		    !huge)
			return MEMKIND_INTERLEAVE;
		break;
	default:
		break;
	}
	return NULL;
}

/* Makes nothing: it chooses one of memkind's own kinds. A program that merely
 * prefers high-bandwidth memory gets MEMKIND_DEFAULT where there is none, with
 * success, and in ordinary pages also if it asked for huge ones, as memkind has
 * it; any other policy fails. */
EXPORT int
memkind_create_kind(memkind_memtype_t memtype_flags, memkind_policy_t policy,
    memkind_bits_t flags, memkind_t *kind)
{
	memkind_t found;

	/* Not a mask, whatever its name: the logarithm of a size. */
	if (kind == NULL || (flags != 0 && flags != MEMKIND_MASK_PAGE_SIZE_2MB))
		return invalid(EINVAL);
	found = kind_of(memtype_flags, policy, flags != 0);
	if (found == NULL)
		return invalid(EINVAL);
	if (memkind_check_available(found) != 0) {
		if (policy != MEMKIND_POLICY_PREFERRED_LOCAL)
			return MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE;
		found = MEMKIND_DEFAULT;
	}
	*kind = found;
	return 0;
}

EXPORT int
memkind_get_kind_by_partition(int partition, memkind_t *kind)
{
	if (kind == NULL || partition < 0 || partition >= MEMKIND_OWN)
		return invalid(EINVAL);
	*kind = &memkind_own[partition];
	return 0;
}

/* ---- What can be had ----------------------------------------------------- */

/* Whether the threads on every node would have huge pages: a kind that is there
 * for some threads and not for others would be of no use to a program that asks
 * once. */
static bool
has_huge_pages(const struct localities *localities)
{
	for (unsigned i = 0; i < localities->count; i++)
		if (!nodes_have_huge_pages(localities->nodes[i]))
			return false;
	return true;
}

/*
 * Asks all that opening the kind would, without opening it: variables, then
 * nodes, then huge pages. The first that is missing is the error. Nothing is
 * allocated, so what is said of huge pages holds for this moment. Whether the
 * process may bind memory to the nodes is not tried out either. A made kind is
 * there as long as it is alive.
 */
static int
check_available(memkind_t kind)
{
	const struct memkind_rule *rule;
	struct localities localities;
	struct spec ignored;
	int error;

	if (kind == NULL || !memkind_is_alive(kind))
		return invalid(EINVAL);
	rule = kind->rule;
	if (rule == NULL)
		return 0;
	error = kind == MEMKIND_DEFAULT ? 0 : settings_apply(&ignored);
	if (error == 0 && rule->family != FAMILY_ANY)
		error = memkind_localities(kind, &localities);
	if (error != 0 || !rule->huge)
		return error;
	return (rule->family == FAMILY_ANY ? nodes_have_huge_pages(NULL) :
					     has_huge_pages(&localities)) ?
	    0 :
	    MEMKIND_ERROR_HUGETLB;
}

static void
check_on_stack(void *arg)
{
	struct question *asked = arg;

	asked->error = check_available(asked->kind);
}

EXPORT int
memkind_check_available(memkind_t kind)
{
	struct question asked = { .kind = kind };

	os_on_stack(check_on_stack, &asked);
	return asked.error;
}

/*
 * The sizes of the nodes that serve the thread where it runs now. Kinds that
 * merely prefer nodes have no capacity (-1), as they go on elsewhere; nor have
 * high-bandwidth kinds in huge pages, which memkind has no figure for. Kinds
 * with nodes of no family are asked as if they had all of them. memkind could
 * answer for MEMKIND_REGULAR only after its first block; here any kind may be
 * asked first.
 */
static ssize_t
capacity_of_own(memkind_t kind)
{
	const struct memkind_rule *rule = kind->rule;
	bool anywhere = rule->family == FAMILY_ANY;
	struct localities localities;
	unsigned here;

	if (rule->policy == SPEC_PREFERRED || (rule->huge && !anywhere))
		return -1;
	if (rule->huge)
		return (ssize_t)(nodes_huge_pages() * 2 * MIB);
	if (nodes_localities(rule->name, anywhere ? FAMILY_ALL : rule->family,
		rule->scope, &localities) != 0)
		return -1;
	here = localities.of_node[os_node() % SPEC_NODES_MAX];
	return (ssize_t)nodes_capacity(localities.nodes[here]);
}

/* A made kind has its limit, or the size that it began with. A file without
 * either can become as large as its file system; the directory is not kept in
 * the record, but the text of the engine's kind has it. */
static ssize_t
capacity_of(memkind_t kind)
{
	struct poolkind_stats stats;
	struct spec spec;
	uint64_t bytes;

	if (kind == NULL || !memkind_is_alive(kind)) {
		errno = EINVAL;
		return -1;
	}
	if (kind->rule != NULL)
		return capacity_of_own(kind);
	poolkind_get_stats(atomic_load(&kind->engine), &stats, sizeof(stats));
	if (stats.limit != 0 || stats.size != 0)
		return (ssize_t)(stats.limit != 0 ? stats.limit : stats.size);
	return spec_parse(poolkind_text(atomic_load(&kind->engine)), &spec) ==
		    0 &&
		os_file_system_size(spec.path, &bytes) == 0 ?
	    (ssize_t)bytes :
	    -1;
}

static void
capacity_on_stack(void *arg)
{
	struct question *asked = arg;

	asked->bytes = capacity_of(asked->kind);
}

EXPORT ssize_t
memkind_get_capacity(memkind_t kind)
{
	struct question asked = { .kind = kind };

	os_on_stack(capacity_on_stack, &asked);
	return asked.bytes;
}

/*
 * Finds out by making a file without a name in the directory and mapping it
 * with MAP_SYNC, which the kernel (4.15) grants only where a mapping reaches
 * the memory itself. Nothing remains of the file. That there is no DAX is
 * EOPNOTSUPP, which mmap(2) says then.
 */
EXPORT int
memkind_check_dax_path(const char *pmem_dir)
{
	int error = pmem_dir == NULL ? EINVAL : 0, fd;
	bool is_dax;

	if (error == 0)
		error = os_open_unlinked(pmem_dir, &fd);
	if (error != 0) {
		errno = error;
		return MEMKIND_ERROR_RUNTIME;
	}
	error = os_is_dax_file(fd, &is_dax);
	os_close(fd);
	if (error != 0 || !is_dax) {
		errno = error != 0 ? error : EOPNOTSUPP;
		return error != 0 ? MEMKIND_ERROR_RUNTIME : MEMKIND_ERROR_MMAP;
	}
	return 0;
}
