#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# valgrind's memcheck finds mistakes in programs whose heap is in a pool, and
# none where there is none.
. "$(dirname "$0")/../lib/shim_tap.sh"

if ! command -v valgrind > /dev/null; then
	skip "memcheck" "valgrind is not installed"
	finish
fi
if ! grep -q "compiled with support for Valgrind memcheck" "$LIBVMMALLOC"
then
	skip "memcheck" "built without valgrind's headers"
	finish
fi
compile shim_valgrind 2> /dev/null || exit 1
pool_place 32 || { skip "memcheck" "no room for a pool of 32 MiB"; finish; }

under() { # NUMBER: what valgrind says, in $work/said
	valgrind --leak-check=full --error-exitcode=33 --trace-children=yes \
	    --soname-synonyms=somalloc=nouserintercepts \
	    env LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_POOL_DIR="$pool" \
	    VMMALLOC_POOL_SIZE=32M "$work/shim_valgrind" "$1" \
	    > "$work/said" 2>&1
}
for mode in 1 2; do
	export VMMALLOC_FORK=$mode
	check "no mistake, fork mode $mode" under 0
done
unset VMMALLOC_FORK
finds() { # NUMBER PATTERN
	under "$1"
	check "$2" grep -q "$2" "$work/said"
}
# is_on_top LINE FUNCTION: the stack below that line begins with the function.
is_on_top() {
	same "$1: on top of the stack" "$(grep -F -A1 "$1" "$work/said" |
	    sed -n '2s/.*: \([a-z_]*\).*/\1/p')" "$2"
}
finds 1 "Invalid write of size 1"
finds 1 "0 bytes after a block of size 8 alloc'd"
is_on_top "0 bytes after a block" malloc
finds 2 "0 bytes inside a block of size 8 free'd"
is_on_top "0 bytes inside a block" free
finds 3 "8 bytes in 1 blocks are definitely lost"
is_on_top "blocks are definitely lost" malloc
finds 4 "depends on uninitialised value"
finds 5 "Invalid free"
finish
