#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Functions of a program that a library built with --enable-decorators calls
# around its own. TAP.
. "$(dirname "$0")/../memkind_tap.sh"

if ! nm -D --undefined-only "$LIBMEMKIND" | grep -q memkind_malloc_pre; then
	echo "1..0 # SKIP built without --enable-decorators"
	exit 0
fi
check "a program with decorators builds" build decorators
same "each call is seen, and can be changed" \
    "$(LD_LIBRARY_PATH=$ours "$work/decorators" 2>&1)" "malloc of 1
malloc gave 101 of REGULAR 1: 1
1 1
calloc of 2 3 1
calloc gave 2 3: 1
free of 1 0
freed 1 0
1
memalign of 5 to 8 1
memalign gave 5 to 256 1: 0
77
1
realloc of 1 to 300 1
realloc gave 300 1: 1
free of 1 1
freed 1 1"
cat > "$work/plain.c" <<'END'
#include <memkind.h>
int
main(void)
{
	memkind_free(NULL, memkind_malloc(MEMKIND_DEFAULT, 1));
	return 0;
}
END
check "a program without them builds" "$CC" "-I$top/include" -o "$work/plain" \
    "$work/plain.c" "$LIBMEMKIND" -Wl,-rpath-link,"$ours"
check "and runs" env LD_LIBRARY_PATH="$ours" "$work/plain"
finish
