#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# libvmem.h compiles under each standard of C and C++, with every warning an
# error, after and before other headers; the program links and runs.
. "$(dirname "$0")/vmem_tap.sh"

warn=(-Wall -Wextra -Wpedantic -Werror -Wundef -Wcast-qual -Wconversion)

try() { # NAME COMPILER [ARGUMENT...]
	local name=$1
	shift
	"$@" "${warn[@]}" -I"$top/include" -o "$work/header" \
	    "$here/vmem_header.c" -x none "$LIBVMEM" \
	    -Wl,-rpath-link,"$built" > "$work/log" 2>&1 &&
	    with release "$work/header" >> "$work/log" 2>&1
	ok "$name" $?
	[ -s "$work/log" ] && sed 's/^/# /' "$work/log"
}

for standard in c90 c99 c11 gnu11 c17; do
	try "as $standard" "$CC" -std=$standard -D_DEFAULT_SOURCE \
	    -Wstrict-prototypes -Wc++-compat
done
for standard in c++98 c++11 c++14 c++17 c++20; do
	try "as $standard" "$CXX" -std=$standard -Wno-long-long -x c++
done
for first in stdlib.h wchar.h malloc.h stdio.h; do
	try "after $first" "$CC" -std=gnu11 -include "$first"
	try "after $first, in C++" "$CXX" -std=gnu++17 -include "$first" -x c++
done
try "beside a program's own macros" "$CC" -std=gnu11 -Dcold=1 -Dunused=2 \
    -Dpure=3
printf '#include <libvmem.h>\nint main(void) { return 0; }\n' \
    > "$work/alone.c"
check "alone" "$CC" -std=c99 "${warn[@]}" -I"$top/include" \
    -o "$work/alone" "$work/alone.c"
finish
