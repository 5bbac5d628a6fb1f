#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Compiles and runs cancelled.c, and sees that it calls every function that the
# headers promise. Prints TAP.
set -u
src=$TOP_SRCDIR
lib=$TOP_BUILDDIR/lib
if [ ! -e "${LIBMEMKIND-}" ]; then
	echo "1..0 # SKIP no libmemkind"
	exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
${CC:-cc} -std=gnu11 -O1 -g -I"$src/include" -pthread \
    -Wno-unused-value -Wno-unused-result "$src/test/api/cancelled.c" \
    -o "$work/cancelled" -L"$lib" -lvmem -lmemkind -lpoolkind \
    -Wl,-rpath,"$lib" || exit 1
missing=
for library in poolkind vmem memkind; do
	for name in $(nm -D --defined-only "$lib/lib$library.so" |
	    awk '$2 == "T" { sub("@.*", "", $3); print $3 }'); do
		grep -qw "$name" "$src"/include/*.h || continue
		grep -q "C($name," "$src/test/api/cancelled.c" ||
		    missing+=" $name"
	done
done
if [ -n "$missing" ]; then
	echo "not ok 1 - is called here:$missing"
	echo "1..1"
	exit 1
fi
"$TOP_SRCDIR/test/lib/watch" "$work/cancelled" "${POOL_DIR:-/dev/shm}" 2>/dev/null
