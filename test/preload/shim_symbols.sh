#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What libvmmalloc.so.1 shows to the dynamic linker, and what it asks of it.
. "$(dirname "$0")/../lib/shim_tap.sh"

functions="aligned_alloc calloc cfree free free_aligned_sized free_sized"
functions+=" mallinfo mallinfo2 malloc malloc_info malloc_stats malloc_trim"
functions+=" malloc_usable_size mallopt memalign posix_memalign pvalloc realloc"
functions+=" valloc"
shared="clone dlmopen dlopen syscall" # not in the static library
variables="__free_hook __malloc_hook __memalign_hook __realloc_hook"

# names FILE TYPE: exported symbols of that type, in one line.
names() {
	nm -D --defined-only "$1" | awk -v t="$2" '$2 == t { print $3 }' |
	    sort | tr '\n' ' ' | sed 's/ $//'
}

look() {
	local file=$1 name=$2
	same "$name: exactly these functions" "$(names "$file" T)" \
	    "$(printf '%s\n' $functions $shared | sort | tr '\n' ' ' |
	        sed 's/ $//')"
	same "$name: the four hooks, as initialised data" \
	    "$(names "$file" D)" "$variables"
	same "$name: nothing else" \
	    "$(nm -D --defined-only "$file" | awk '$2 !~ /[TD]/')" ""
	same "$name: no symbol versions" \
	    "$(readelf -V "$file" | grep -c 'Version definition')" 0
	same "$name: soname" \
	    "$(readelf -d "$file" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')" \
	    libvmmalloc.so.1
	same "$name: needs libc alone" \
	    "$(readelf -d "$file" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
	        grep -v '^ld-linux')" libc.so.6
	check "$name: at most 256 bytes of static TLS" sh -c \
	    "test \$(( \$(readelf -lW '$file' | awk '\$1 == \"TLS\" {
	        print \$6 }') )) -le 256"
	check "$name: runs before all other libraries, and stays" \
	    sh -c "readelf -d '$file' | grep 'FLAGS_1' |
	        grep INITFIRST | grep -q NODELETE"
	check "$name: no text relocations, no executable stack" \
	    sh -c "! readelf -d '$file' | grep -q TEXTREL &&
	        ! readelf -lW '$file' | grep GNU_STACK | grep -q RWE"
}

look "$LIBVMMALLOC" release
if [ -e "${LIBVMMALLOC_DEBUG-}" ]; then
	look "$LIBVMMALLOC_DEBUG" debug
else
	skip "debug library" "not built"
fi
finish
