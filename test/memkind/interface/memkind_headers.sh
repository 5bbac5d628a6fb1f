#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# memkind's headers compile under each standard of C and C++ that they promise,
# with every warning an error, in different orders and each alone; the programs
# link with the library and run.
. "$(dirname "$0")/../memkind_tap.sh"

warn=(-Wall -Wextra -Wpedantic -Werror -Wundef -Wcast-qual -Wconversion
    -Wshadow -I"$top/include")

# try NAME SOURCE COMPILER [ARGUMENT...]: compiles, links and runs.
try() {
	local name=$1 source=$here/$2
	shift 2
	"$@" "${warn[@]}" -o "$work/header" "$source" -x none "$LIBMEMKIND" \
	    -Wl,-rpath-link,"$ours" > "$work/log" 2>&1 &&
	    env LD_LIBRARY_PATH="$ours" "$work/header" >> "$work/log" 2>&1
	ok "$name" $?
	[ -s "$work/log" ] && head -30 "$work/log" | sed 's/^/# /'
}

for standard in c99 c11 gnu11 c17; do
	try "C, $standard" header_c.c "$CC" -std=$standard \
	    -Wstrict-prototypes -Wc++-compat
done
try "C, in reverse" header_c.c "$CC" -std=c99 -DREVERSE
try "C, with decorators" header_c.c "$CC" -std=c99 \
    -DMEMKIND_DECORATION_ENABLED
try "C, beside a program's own macros" header_c.c "$CC" -std=c11 \
    -Dunused=1 -Dcold=2 -Ddeprecated=3
for standard in c++11 c++14 c++17 c++20; do
	try "C++, $standard" header_cpp.cpp "$CXX" -std=$standard \
	    -Wold-style-cast
	try "C's headers in C++, $standard" header_c.c "$CXX" \
	    -std=$standard -x c++
done
for header in memkind memkind_deprecated hbwmalloc memkind_memtier \
    autohbw_api; do
	printf '#include <%s.h>\nint main(void) { return 0; }\n' $header \
	    > "$work/alone.c"
	check "$header.h alone" "$CC" -std=c99 "${warn[@]}" \
	    -o "$work/alone" "$work/alone.c"
done
for header in hbw_allocator memkind_allocator pmem_allocator fixed_allocator \
    memkind hbwmalloc memkind_memtier autohbw_api; do
	try "$header.h alone in C++" header_cpp.cpp "$CXX" -std=c++11 \
	    "-DONE=<$header.h>"
done
try "hbw_allocator.h as C++98" header_cpp.cpp "$CXX" -std=c++98 \
    "-DONE=<hbw_allocator.h>"
finish
