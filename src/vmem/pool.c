/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - pools come and go. See libvmem.h.
 *
 * A pool in a directory is a file kind with its space reserved, a pool in a
 * region a region kind, each with a first page that is its handle; a pool on a
 * device is the whole of it. Owns nothing: the registry has the pools. Failures
 * come from the engine with an error number, which is put into the words that
 * users of libvmem know: the call that the number comes from.
 */
#include <errno.h>
#include <string.h>

#include "kind/facade.h"
#include "source/source.h"
#include "vmem/facade.h"
#include "vmem/message.h"
#include "vmem/registry.h"

#define POOL_ALIGNMENT (4 * MIB)

/* What every pool has of its own and of the environment. */
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

/* Makes the kind, which the engine put where it wanted, a pool. */
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

/* Says what the engine ran into with such a file. */
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

/* SIZE as whole pages, or 0 with a message if no file can be so large. */
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

/* A spec is more than some stacks have room for. */
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

static bool
region_is_valid(void *addr, size_t size)
{
	if (!is_aligned((uintptr_t)addr, PAGE_BYTES)) {
		message_set(EINVAL, "addr %p not aligned to pages of %zu bytes",
		    addr, PAGE_BYTES);
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

static VMEM *
create_in_region(void *addr, size_t size)
{
	struct spec spec = spec_of_pool(
	    SPEC_REGION, align_down(size, PAGE_BYTES));
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
	kind = poolkind_open_spec(&spec, addr);
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

/* Under the registry's lock, so that the pool stays. */
static int
check(const VMEM *vmp)
{
	struct pool *pool = registry_find(vmp), *other;
	int saved = errno, result = 1;

	if (pool == NULL) {
		message_set(saved,
		    "Error in pool_check(): %p is not a live pool",
		    (const void *)vmp);
		return -1;
	}
	if (poolkind_check(atomic_load(&pool->kind)) != 0) {
		message_set(saved, "pool_check(): pool %p: %s",
		    (const void *)vmp, poolkind_errormsg());
		result = 0;
	}
	other = registry_overlap(pool->begin, pool->bytes, pool);
	if (other != NULL) {
		message_set(saved, "pool_check(): pool %p overlaps pool %p",
		    (const void *)vmp, (void *)other->begin);
		result = 0;
	}
	return result;
}

EXPORT int
vmem_check(VMEM *vmp)
{
	int result;

	TRACE(3, "vmp %p", (void *)vmp);
	registry_hold();
	result = check(vmp);
	registry_release();
	return result;
}
