/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - pools come and go. See libvmem.h.
 *
 * A pool in a directory is a file kind with its space reserved, a pool in a
 * region a region kind, each with a first page that is its handle; a pool on a
 * device is the whole of it. Owns nothing: the registry has the pools. Takes
 * the registry's lock for entering and checking, never while a kind is opened
 * or closed.
 *
 * What users of libvmem rely on, and is kept here: the order in which arguments
 * are checked (the size before the path; for regions alignment, size, address);
 * the error numbers; and that a message names the system call which vmem's own
 * library would have had the error from. Programs and their tests compare these
 * texts, so a failure of the engine, which comes as an error number, is put
 * into those words. Where the old library set no message (a character device
 * that is no DAX device), or no errno (too many pools), one is set.
 */
#include <errno.h>
#include <string.h>

#include "base/page.h"
#include "kind/facade.h"
#include "source/source.h"
#include "vmem/facade.h"
#include "vmem/message.h"
#include "vmem/registry.h"

/* Of the handle of a pool in a directory. The old library had it from the size
 * of jemalloc's chunks, and programs rely on it. */
#define POOL_ALIGNMENT (4 * MIB)

/* What every pool has of its own and of the environment. The memory of a pool
 * is shared with the child of a fork, as it always was: programs write in the
 * child and read in the parent. What the child allocates no longer collides
 * with what the parent does; see source/fork.c. */
static struct spec
spec_of_pool(enum spec_source source, size_t size)
{
	const struct vmem_settings *settings = vmem_settings();

	struct spec spec = {
		.source = source,
		.size = size,
		.fork = SPEC_FORK_SHARED,
		.hint = settings->hint,
	};

	conf_apply(&settings->conf, &spec);
	return spec;
}

/* Makes the kind, which the engine put where it wanted, a pool. No other pool
 * is there, so the registry can only be out of records; the kind is closed
 * then, and nothing remains. */
static VMEM *
enter(poolkind *kind)
{
	size_t bytes = poolkind_extent(kind);
	struct pool *pool = registry_claim(poolkind_base(kind), bytes);

	if (pool == NULL) {
		poolkind_close(kind);
		return NULL;
	}
	TRACE(2, "pool %p of %zu bytes", (void *)pool->begin, bytes);
	return registry_enliven(pool, kind);
}

static bool
size_is_valid(size_t size)
{
	if (size >= VMEM_MIN_POOL)
		return true;
	message_set(EINVAL, "size %zu smaller than %zu", size, VMEM_MIN_POOL);
	return false;
}

/* ---- In a directory, on a device ----------------------------------------- */

/* Says that a file of SIZE bytes cannot be in DIR. */
static void
explain_size(int error, const char *dir, size_t size)
{
	message_set_system(
	    error, "posix_fallocate of %zu bytes in \"%s\"", size, dir);
}

/* Says what the engine ran into with such a file. That it was a lack of space
 * is known by the number alone, whichever way the engine took it; the old
 * library called posix_fallocate(3). ENOMEM may also mean that as many kinds
 * are open as can be, so the engine's own sentence is quoted. */
static void
explain(int error, const char *dir, size_t size)
{
	switch (error) {
	case EFBIG:
	case ENOSPC:
	case EDQUOT:
		explain_size(error, dir, size);
		break;
	case ENOMEM:
		message_set(error,
		    "pool creation failed: mmap of %zu bytes: %s", size,
		    poolkind_errormsg());
		break;
	default:
		message_set_system(error,
		    "open (O_TMPFILE, mkstemp) of a file in \"%s\"", dir);
	}
}

/*
 * SIZE as whole pages, or 0 with a message if no file can be so large. Three
 * bounds with three answers: a size that becomes 0 when it is rounded up, one
 * that off_t cannot hold, and one that does not fit into a segment, which is
 * where addresses in a row end here. The last leaves room for the handle's
 * page, which comes in front of the size.
 */
static size_t
file_size(const char *dir, size_t size)
{
	size_t bytes = align_up(size, PAGE_BYTES);

	if (bytes == 0)
		explain_size(EINVAL, dir, size);
	else if (bytes > INT64_MAX)
		message_set(EFBIG, "invalid size for off_t: %zu", size);
	else if (bytes > SOURCE_SEGMENT_MAX - PAGE_BYTES)
		explain_size(EFBIG, dir, size);
	else
		return bytes;
	return 0;
}

/*
 * The whole space is taken now (reserve): a program may count on it later, and
 * a full file system must be an error of vmem_create(). File systems that do
 * not keep what they gave, such as btrfs, are taken nevertheless (trust), as
 * they were before. The engine gives no descriptor back, and keeps none open:
 * programs compare their descriptors before and after.
 */
static VMEM *
create_in_file(const char *dir, size_t size)
{
	size_t bytes = file_size(dir, size);
	struct spec spec = spec_of_pool(SPEC_FILE, bytes);
	poolkind *kind;

	if (bytes == 0)
		return NULL;
	if (strlen(dir) >= sizeof(spec.path)) {
		message_set_system(ENAMETOOLONG, "os_access \"%s\"", dir);
		return NULL;
	}
	strcpy(spec.path, dir);
	spec.reserve = true;
	spec.trust = true;
	spec.handle = true;
	spec.alignment = POOL_ALIGNMENT;
	kind = poolkind_open_spec(&spec, NULL);
	if (kind == NULL) {
		explain(errno, dir, size);
		return NULL;
	}
	return enter(kind);
}

/*
 * The pool is the whole device, as vmem's manual says. The old library took
 * SIZE bytes of it, and ran off the end where SIZE was larger; that is EINVAL
 * here. There is no page in front for the handle: the handle is the address of
 * the first byte that can be handed out, and may be touched.
 */
static VMEM *
create_on_device(const char *path, size_t device, size_t size)
{
	struct spec spec = spec_of_pool(
	    SPEC_DAX, align_down(device, PAGE_BYTES));
	poolkind *kind;

	if (size > device) {
		message_set(EINVAL,
		    "size %zu is larger than the %zu bytes of "
		    "device \"%s\"",
		    size, device, path);
		return NULL;
	}
	strcpy(spec.path, path);
	kind = poolkind_open_spec(&spec, NULL);
	if (kind == NULL) {
		message_set_system(
		    errno, "open or mmap of device \"%s\"", path);
		return NULL;
	}
	return enter(kind);
}

/*
 * What DIR is, is asked first, and its errors are reported as those of a look
 * at the path. But a path that leads nowhere (ENOENT) goes on to opening a file
 * there: users know that error as one of open(2). The same for what is there
 * and is no directory: os_path() does not mind it, and open(2) says ENOTDIR.
 * Success leaves errno as it was, whatever was tried on the way.
 */
static VMEM *
create(const char *dir, size_t size)
{
	enum os_path what = OS_PATH_OTHER;
	struct os_dax device = { 0, PAGE_BYTES };
	int saved = errno, error;
	VMEM *vmp = NULL;

	if (!size_is_valid(size))
		return NULL;
	if (dir == NULL) {
		message_set(EINVAL,
		    "NULL path: a directory or a DAX device is "
		    "needed");
		return NULL;
	}
	error = os_path(dir, &what, &device);
	if (error != 0 && error != ENOENT)
		message_set_system(error, "os_access \"%s\"", dir);
	else if (what == OS_PATH_CHARACTER)
		message_set(EINVAL,
		    "\"%s\" is a character device, but no DAX "
		    "device",
		    dir);
	else if (what == OS_PATH_DAX)
		vmp = create_on_device(dir, device.bytes, size);
	else
		vmp = create_in_file(dir, size);
	if (vmp != NULL)
		errno = saved;
	return vmp;
}

/* The arguments and the result of both functions that create a pool. They run
 * on a stack of the engine's: a spec, with a path in it, is more than some
 * threads have room for. */
struct creation {
	const char *dir;
	void *region;
	size_t size;
	VMEM *pool;
};

static void
create_on_stack(void *arg)
{
	struct creation *creation = arg;

	creation->pool = create(creation->dir, creation->size);
}

EXPORT VMEM *
vmem_create(const char *dir, size_t size)
{
	struct creation creation = { .dir = dir, .size = size };

	TRACE(3, "dir \"%s\" size %zu", dir != NULL ? dir : "(null)", size);
	os_on_stack(create_on_stack, &creation);
	return creation.pool;
}

/* ---- In a region --------------------------------------------------------- */

/* Alignment first, then the size: a NULL address is aligned, and programs
 * compare the message on the size that (NULL, 1) gives. NULL with a valid size
 * ended in a crash before. */
static bool
region_is_valid(void *addr, size_t size)
{
	if (!is_aligned((uintptr_t)addr, system_page())) {
		message_set(EINVAL, "addr %p not aligned to pages of %zu bytes",
		    addr, system_page());
		return false;
	}
	if (!size_is_valid(size))
		return false;
	if (addr == NULL || size > SOURCE_SEGMENT_MAX ||
	    (uintptr_t)addr + size < (uintptr_t)addr) {
		message_set(EINVAL,
		    "a region of %zu bytes at %p: there can be "
		    "none",
		    size, addr);
		return false;
	}
	return true;
}

/*
 * The address is claimed before the kind is opened, so that two threads cannot
 * make two pools of it; see registry_claim(). The pool's extent in the registry
 * is the SIZE that the program named, also where the last page is not whole or
 * part of the region is another pool's: vmem_check() reports overlaps of what
 * was named. An overlap is no error (spec.overlap), as programs expect; the
 * kind then gets what the other one does not hold, so that the two cannot
 * corrupt each other.
 */
static VMEM *
create_in_region(void *addr, size_t size)
{
	size_t bytes = size;
	void *pages = whole_pages(addr, &bytes);
	struct spec spec = spec_of_pool(SPEC_REGION, bytes);
	int saved = errno;
	struct pool *pool;
	poolkind *kind;

	if (!region_is_valid(addr, size))
		return NULL;
	pool = registry_claim(addr, size);
	if (pool == NULL)
		return NULL;
	spec.handle = true;
	spec.overlap = true;
	kind = poolkind_open_spec(&spec, pages);
	if (kind == NULL) {
		message_set(
		    errno, "pool creation failed: %s", poolkind_errormsg());
		registry_give_up(pool);
		return NULL;
	}
	TRACE(2, "pool %p of %zu bytes", addr, size);
	errno = saved;
	return registry_enliven(pool, kind);
}

static void
create_in_region_on_stack(void *arg)
{
	struct creation *creation = arg;

	creation->pool = create_in_region(creation->region, creation->size);
}

EXPORT VMEM *
vmem_create_in_region(void *addr, size_t size)
{
	struct creation creation = { .region = addr, .size = size };

	TRACE(3, "addr %p size %zu", addr, size);
	os_on_stack(create_in_region_on_stack, &creation);
	return creation.pool;
}

/* ---- Both ---------------------------------------------------------------- */

/*
 * The pool is taken out of the registry first, which decides which of several
 * callers closes the kind, and lets every later call with the handle be
 * answered with EINVAL. The pages of a region are its owner's again, the first
 * one readable; a file's space goes back to its file system.
 */
EXPORT void
vmem_delete(VMEM *vmp)
{
	int saved = errno;
	poolkind *kind;

	TRACE(3, "vmp %p", (void *)vmp);
	kind = registry_remove(vmp);
	if (kind == NULL) {
		message_no_pool(vmp);
		return;
	}
	poolkind_close(kind);
	errno = saved;
}

/*
 * Looks under the registry's lock, so that the pool stays; the engine's locks
 * come after that one. What is found is told without it, since the message may
 * go to the program's print_func.
 *
 * A handle that is none is an answer here, not an error: programs find out that
 * way whether a pool is alive, and expect -1 and an errno that is left alone,
 * as with the results 0 and 1. If the pool is damaged and overlaps another the
 * message is that of the overlap, the likely cause.
 */
EXPORT int
vmem_check(VMEM *vmp)
{
	struct pool *pool, *other = NULL;
	void *overlapped = NULL;
	bool sound = false;
	int saved = errno;

	TRACE(3, "vmp %p", (void *)vmp);
	registry_hold();
	pool = registry_find(vmp);
	if (pool != NULL) {
		sound = poolkind_check(atomic_load(&pool->kind)) == 0;
		other = registry_overlap(pool->begin, pool->bytes, pool);
	}
	if (other != NULL)
		overlapped = other->begin;
	registry_release();
	if (pool == NULL) {
		message_set(saved,
		    "Error in pool_check(): %p is not a live pool",
		    (void *)vmp);
		return -1;
	}
	if (!sound)
		message_set(saved, "pool_check(): pool %p: %s", (void *)vmp,
		    poolkind_errormsg());
	if (overlapped != NULL)
		message_set(saved, "pool_check(): pool %p overlaps pool %p",
		    (void *)vmp, overlapped);
	return sound && overlapped == NULL;
}
