#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What libvmem.so.1 shows to the dynamic linker, and what it asks of it; and
# that a program linked with the original's interface finds all of it.
. "$(dirname "$0")/vmem_tap.sh"

functions="vmem_aligned_alloc vmem_calloc vmem_check vmem_check_version"
functions+=" vmem_create vmem_create_in_region vmem_delete vmem_errormsg"
functions+=" vmem_free vmem_malloc vmem_malloc_usable_size vmem_realloc"
functions+=" vmem_set_funcs vmem_stats_print vmem_strdup vmem_wcsdup"

one_line() { sort | tr '\n' ' ' | sed 's/ $//'; }
dynamic() { readelf -d "$1" | sed -n "s/.*$2.*\[\(.*\)\]/\1/p"; }

look() {
	local file=$1 name=$2
	same "$name: exactly the sixteen functions, of LIBVMEM_1.0" \
	    "$(nm -D --defined-only --with-symbol-versions "$file" |
	        awk '$2 == "T" { print $3 }' | one_line)" \
	    "$(for one in $functions; do echo "$one@@LIBVMEM_1.0"; done |
	        one_line)"
	same "$name: nothing else" \
	    "$(nm -D --defined-only "$file" | awk '$2 != "T" { print $3 }' |
	        grep -v '^LIBVMEM_1\.0')" ""
	same "$name: one version" "$(readelf -V "$file" |
	    sed -n '/Version definition/,/Version needs/p' |
	    grep -o 'Name: LIBVMEM[^ ]*' | one_line)" "Name: LIBVMEM_1.0"
	same "$name: soname" "$(dynamic "$file" SONAME)" libvmem.so.1
	if [ -n "$sanitized" ]; then
		skip "$name: needs libc alone" "it has a sanitizer"
	else
		same "$name: needs libc alone, or the engine" "$(
		    dynamic "$file" NEEDED |
		    grep -vE '^(ld-linux.*|libc\.so\.6|libpoolkind\.so\.0)$')" \
		    ""
	fi
	check "$name: no text relocations, no executable stack" \
	    sh -c "! readelf -d '$file' | grep -q TEXTREL &&
	        ! readelf -lW '$file' | grep GNU_STACK | grep -q RWE"
}

links() {
	local folder real
	folder=$(dirname "$1")
	real=$(basename "$(readlink -f "$1")")
	same "$2: the file's name" "$real" libvmem.so.1.0.0
	same "$2: libvmem.so leads to it" \
	    "$(basename "$(readlink -f "$folder/libvmem.so")")" "$real"
}

look "$LIBVMEM" release
links "$LIBVMEM" release
if has_debug; then
	look "$LIBVMEM_DEBUG" debug
	links "$LIBVMEM_DEBUG" debug
else
	skip "debug library" "not built"
fi
if [ -e "$LIBVMEM_A" ]; then
	same "the archive shows the sixteen alone" \
	    "$(nm -g --defined-only "$LIBVMEM_A" 2> /dev/null |
	        awk '$2 == "T" { print $3 }' | grep -v '^poolkind_' |
	        one_line)" "$functions"
else
	skip "archive" "not built (LIBVMEM_A)"
fi

# A library with the same interface and nothing in it takes the place of the
# one that an old program was linked with.
mkdir -p "$work/old"
for one in $functions; do
	echo "void $one(void) {}"
done > "$work/old.c"
echo "LIBVMEM_1.0 { global: vmem_*; local: *; };" > "$work/old.map"
"$CC" -w -shared -fPIC -o "$work/old/libvmem.so.1" "$work/old.c" \
    -Wl,-soname,libvmem.so.1 -Wl,--version-script,"$work/old.map" || exit 1
compile vmem_plain "-I$top/include" "$work/old/libvmem.so.1" || exit 1
if pool_place 32; then
	results_of "a program that was linked with another" 0 \
	    with release LD_BIND_NOW=1 "$work/vmem_plain" "$pool"
	with release LD_BIND_NOW=1 "$work/vmem_plain" "$pool" \
	    > /dev/null 2> "$work/err"
	same "the dynamic linker has nothing to say" "$(cat "$work/err")" ""
else
	skip "a program that was linked with another" "no room for a pool"
fi
finish
