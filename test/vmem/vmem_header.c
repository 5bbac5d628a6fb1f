/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header alone, as C and as C++: every function declared a second time, as
 * programs and other headers know it, and called once. vmem_header.sh compiles
 * this under each standard and runs it.
 */
#include <libvmem.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifndef LIBVMEM_H
#error "the header has its guard"
#endif

#ifdef __cplusplus
extern "C" {
#endif
VMEM *vmem_create(const char *dir, size_t size);
VMEM *vmem_create_in_region(void *addr, size_t size);
void vmem_delete(VMEM *vmp);
int vmem_check(VMEM *vmp);
void vmem_stats_print(VMEM *vmp, const char *opts);
void *vmem_malloc(VMEM *vmp, size_t size);
void vmem_free(VMEM *vmp, void *ptr);
void *vmem_calloc(VMEM *vmp, size_t nmemb, size_t size);
void *vmem_realloc(VMEM *vmp, void *ptr, size_t size);
void *vmem_aligned_alloc(VMEM *vmp, size_t alignment, size_t size);
char *vmem_strdup(VMEM *vmp, const char *s);
wchar_t *vmem_wcsdup(VMEM *vmp, const wchar_t *s);
size_t vmem_malloc_usable_size(VMEM *vmp, void *ptr);
const char *vmem_check_version(
    unsigned major_required, unsigned minor_required);
void vmem_set_funcs(void *(*malloc_func)(size_t size),
    void (*free_func)(void *ptr), void *(*realloc_func)(void *ptr, size_t size),
    char *(*strdup_func)(const char *s), void (*print_func)(const char *s));
const char *vmem_errormsg(void);
#ifdef __cplusplus
}
#endif

static unsigned long printed;

static void
print(const char *text)
{
	printed += strlen(text);
}

/* The name may be used as a struct, too. */
static int
use(struct vmem *pool)
{
	char *text = vmem_strdup(pool, "text");
	wchar_t *wide = vmem_wcsdup(pool, L"wide");
	char *block = (char *)vmem_malloc(pool, 10);
	char *zeros = (char *)vmem_calloc(pool, 10, 10);
	char *aligned = (char *)vmem_aligned_alloc(pool, 512, 10);

	if (text == NULL || wide == NULL || block == NULL || zeros == NULL ||
	    aligned == NULL || (size_t)aligned % 512 != 0)
		return 3;
	block = (char *)vmem_realloc(pool, block, 10000);
	if (block == NULL || vmem_malloc_usable_size(pool, block) < 10000)
		return 4;
	vmem_stats_print(pool, "gmabl");
	vmem_free(pool, block);
	return vmem_check(pool) == 1 && printed > 0 ? 0 : 5;
}

int
main(void)
{
	const size_t size = VMEM_MIN_POOL;
	void *region = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *none = vmem_check_version(
	    VMEM_MAJOR_VERSION, VMEM_MINOR_VERSION);
	VMEM *pool;
	int status;

	if (none != NULL || size != 14680064)
		return 1;
	vmem_set_funcs(NULL, NULL, NULL, NULL, print);
	if (vmem_create("/tmp", 1) != NULL || errno != EINVAL)
		return 1;
	pool = vmem_create_in_region(region, size);
	if (pool == NULL) {
		fprintf(stderr, "%s\n", vmem_errormsg());
		return 2;
	}
	status = use(pool);
	vmem_delete(pool);
	return status;
}
