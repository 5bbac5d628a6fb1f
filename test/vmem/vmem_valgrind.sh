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
	with "$variant" "$library/watch" valgrind --tool="$tool" \
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
	is_on_top "0 bytes after a block" vmem_malloc
	finds late "Invalid write of size 1" \
	    "0 bytes inside a block of size 8 free'd"
	is_on_top "0 bytes inside a block" vmem_free
	finds twice "Invalid free()"
	is_on_top "Invalid free()" vmem_free
	finds lost "8 bytes in 1 blocks are definitely lost"
	finds unset "depends on uninitialised value"
}

# is_on_top LINE FUNCTION: the stack below that line begins with the function,
# on whose name users' suppressions rely.
is_on_top() {
	same "$variant: $1: on top of the stack" "$(grep -F -A1 "$1" \
	    "$work/said" | sed -n '2s/.*: \([a-z_]*\).*/\1/p')" "$2"
}

# Blocks that nothing leads to. Addresses are low under valgrind, and any number
# may be taken for one within a large block: then that one is "possibly lost".
lost_blocks() {
	sed -n 's/.* in \([0-9]*\) blocks are [dp][a-z]* lost.*/\1/p' \
	    "$work/said" | awk '{ sum += $1 } END { print sum }'
}

# Each of seven lost blocks is found, of any size, and by its function.
losses() {
	local how
	for how in malloc/8 malloc/4096 malloc/20000 malloc/1000000 \
	    calloc/100 calloc/100000 realloc/50 realloc/300000 \
	    aligned_alloc/30000 strdup/5 wcsdup/20; do
		for where in kept deleted region; do
			[ $where = kept ] || [[ $how = malloc/* ]] || continue
			finds lose/$how/$where "blocks are definitely lost"
			is_on_top "blocks are definitely lost" vmem_${how%/*}
			same "$how/$where: lost" "$(lost_blocks)" 7
		done
	done
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
	if [ $variant = release ]; then
		mistakes
		losses
	fi
	under $variant threads memcheck --leak-check=full
	good "$variant: memcheck, threads"
	under $variant threads helgrind
	good "$variant: helgrind, threads"
	under $variant threads drd
	good "$variant: drd, threads"
done
finish
