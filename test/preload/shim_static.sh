#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# libvmmalloc.a: one object, of which programs see the shim's names alone; in a
# program that is linked dynamically otherwise, and in one that is static.
. "$(dirname "$0")/../lib/shim_tap.sh"

if [ ! -e "${LIBVMMALLOC_A-}" ]; then
	skip "static library" "not built (LIBVMMALLOC_A)"
	finish
fi
pool_place 64 || { skip "static" "no room for a pool of 64 MiB"; finish; }
functions="aligned_alloc calloc cfree free free_aligned_sized free_sized"
functions+=" mallinfo mallinfo2 malloc malloc_info malloc_stats malloc_trim"
functions+=" malloc_usable_size mallopt memalign posix_memalign pvalloc realloc"
functions+=" valloc"

same "it is one object" "$(ar t "$LIBVMMALLOC_A" | wc -l)" 1
same "exactly these functions are global" \
    "$(nm -g --defined-only "$LIBVMMALLOC_A" | awk '$2 == "T" { print $3 }' |
        sort | tr '\n' ' ' | sed 's/ $//')" "$functions"

in_pool_of() {
	env VMMALLOC_POOL_DIR="$pool" VMMALLOC_POOL_SIZE=64M "$@"
}
for how in "" -static; do
	name=${how:-dynamic}
	if ! compile shim_functions "$LIBVMMALLOC_A" $how 2> "$work/err"; then
		skip "${name#-}" "$(head -1 "$work/err")"
		continue
	fi
	results_of "${name#-}, functions" 0 in_pool_of "$work/shim_functions"
	compile shim_fork "$LIBVMMALLOC_A" $how 2> /dev/null &&
	    results_of "${name#-}, fork" 0 in_pool_of "$work/shim_fork" 1
	( "$work/shim_functions" > /dev/null ) 2> "$work/err"
	same "${name#-}, no environment" \
	    "$?|$(grep -v Aborted "$work/err")" "134|Error (libvmmalloc): \
environment variable VMMALLOC_POOL_DIR not specified
  Write VMMALLOC_POOL_DIR=DIRECTORY VMMALLOC_POOL_SIZE=SIZE (such as /dev/shm \
and 1G), or VMMALLOC_KIND=KIND (such as dram)"
done

# Here libraries of the program begin before we do.
if pool_place 256; then
	compile_library shim_early_library
	compile shim_early -Wl,--no-as-needed "$work/shim_early_library.so" \
	    -Wl,-rpath,"$work" "$LIBVMMALLOC_A" &&
	    results_of "before the pool" 0 env VMMALLOC_POOL_DIR="$pool" \
	        VMMALLOC_POOL_SIZE=256M "$work/shim_early"
else
	skip "before the pool" "no room for a pool of 256 MiB"
fi
finish
