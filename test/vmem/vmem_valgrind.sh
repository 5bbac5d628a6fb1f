#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# valgrind's memcheck finds mistakes in blocks of a pool, and none where there
# is none; helgrind and drd find nothing, with many threads and pools.
. "$(dirname "$0")/vmem_tap.sh"

if ! command -v valgrind > /dev/null; then
	skip "valgrind" "valgrind is not installed"
	finish
fi
if [ -n "$sanitized" ]; then
	skip "valgrind" "the library has a sanitizer"
	finish
fi
pool_place 32 || { skip "valgrind" "no room for a pool"; finish; }
build vmem_valgrind || exit 1

under() { # VARIANT WORD TOOL [OPTION...]: what it says is in $work/said
	local variant=$1 word=$2 tool=$3
	shift 3
	with "$variant" timeout 120 valgrind --tool="$tool" \
	    --error-exitcode=33 "$@" "$work/vmem_valgrind" "$word" "$pool" \
	    > "$work/said" 2>&1
	status=$?
}
good() { # NAME
	ok "$1" $status
	[ $status -eq 0 ] || head -50 "$work/said" | sed 's/^/# /'
}
finds() { # WORD PATTERN...: memcheck says all of that
	local word=$1 pattern
	shift
	under "$variant" "$word" memcheck --leak-check=full
	for pattern in "$@"; do
		grep -q "$pattern" "$work/said"
		ok "$variant: $word: $pattern" $?
	done
	same "$variant: $word: exit status" "$status" 33
}

mistakes() {
	finds overrun "Invalid write of size 1" \
	    "0 bytes after a block of size 8 alloc'd"
	finds late "Invalid write of size 1" \
	    "0 bytes inside a block of size 8 free'd"
	finds lost "8 bytes in 1 blocks are definitely lost"
	finds unset "depends on uninitialised value"
}

for variant in release debug; do
	if [ $variant = debug ] && ! has_debug; then
		skip "debug" "not built"
		continue
	fi
	file=$LIBVMEM
	[ $variant = debug ] && file=$LIBVMEM_DEBUG
	if ! grep -q "compiled with support for Valgrind memcheck" "$file"
	then
		skip "$variant" "built without valgrind's headers"
		continue
	fi
	for tool in memcheck helgrind drd; do
		check "$variant: it says that it supports $tool" grep -q \
		    "compiled with support for Valgrind $tool" "$file"
	done
	under $variant none memcheck --leak-check=full
	good "$variant: memcheck, no mistake"
	[ $variant = release ] && mistakes
	under $variant threads memcheck --leak-check=full
	good "$variant: memcheck, threads"
	under $variant threads helgrind
	good "$variant: helgrind, threads"
	under $variant threads drd
	good "$variant: drd, threads"
done
finish
