/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * caller.c - see caller.h.
 *
 * libc is known by a function of its own that nobody puts another before, the
 * loader by where the kernel says that it is.
 */
#include "preload/caller.h"

#include <gnu/libc-version.h>
#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "base/base.h"

static struct image {
	uintptr_t low, high;
} libc, loader;

/* All that is mapped of an object. */
static struct image
image_of(const struct dl_phdr_info *object)
{
	struct image image = { UINTPTR_MAX, 0 };

	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t low = object->dlpi_addr + part->p_vaddr;

		if (part->p_type != PT_LOAD)
			continue;
		image.low = min_size(image.low, low);
		image.high = max_size(image.high, low + part->p_memsz);
	}
	return image;
}

static bool
is_in(const struct image *image, uintptr_t at)
{
	return at - image->low < image->high - image->low;
}

static int
look(struct dl_phdr_info *object, size_t size, void *unused)
{
	struct image image = image_of(object);

	(void)size;
	(void)unused;
	if (image.low > image.high)
		return 0;
	if (is_in(&image, (uintptr_t)gnu_get_libc_version))
		libc = image;
	if (is_in(&image, getauxval(AT_BASE)))
		loader = image;
	return 0;
}

void
caller_start(void)
{
	dl_iterate_phdr(look, NULL);
}

bool
caller_is_libc(const void *address)
{
	return is_in(&libc, (uintptr_t)address) ||
	    is_in(&loader, (uintptr_t)address);
}
