#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# libpoolkind-malloc: rules that ask which code allocates, on a whole program.
# What is found of stacks and modules is tested in sites_test. Prints TAP.
top=${TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/test/lib/malloc_tap.sh"
case $(uname -m) in
x86_64 | aarch64) ;;
*)
	echo "1..0 # SKIP stacks are not walked on this processor"
	exit 0 ;;
esac

CC=$CXX
here=$work
cp "$top/test/preload/malloc_sites.cpp" "$work/malloc_sites.c"
build malloc_sites -x c++ -O1 -Wl,--build-id -x none
program=$work/malloc_sites
kinds=(--kind 'fast=dram,name=fast' --kind 'rest=dram,name=rest')

# places NAME WANTED RULE...: f and r for the kinds of direct's six blocks, of
# by_new's four, of through's two and elsewhere's three.
places() {
	local name=$1 wanted=$2 rules=() one
	shift 2
	for one in "$@"; do rules+=(--rule "$one"); done
	run "$with_rules" "${kinds[@]}" "${rules[@]}" --rule '-> rest' -- \
	    "$program"
	output=${output//fast/f}
	output=${output//rest/r}
	same "$name" "$status|${output// /}|$errors" "0|$wanted|"
}

places "calls of malloc and its relatives" ffffffrrrrrrrrr \
    "site=$program:direct -> fast"
places "operator new is called by its caller" rrrrrrffffrrrrr \
    "site=$program:by_new -> fast"
places "a function that is called" rrrrrrrrrrffrfr \
    "site=$program:helper -> fast"
places "one that calls it is no site" rrrrrrrrrrrrrrr \
    "site=$program:through -> fast"
places "a function anywhere on the stack" rrrrrrrrrrffrrr \
    "function=$program:through -> fast"
places "the first rule wins" rrrrrrrrrrrrrfr \
    "function=$program:through -> rest" "site=$program:helper -> fast"
places "a rule on sizes before" rrrrrrrrrrrrrrr "size=0-60000 -> rest" \
    "site=$program:direct -> fast"
places "a rule on sizes behind" ffffffrrrrrrrrr \
    "site=$program:direct -> fast" "size=0-60000 -> rest"
places "a site and a size" rrrrrrrrrrrrrrr \
    "size=60000- site=$program:direct -> fast"
places "a site and a thread's name" rrrrrrrrrrrrrrr \
    "thread=x* site=$program:direct -> fast"
places "and one that it has" ffffffrrrrrrrrr \
    "thread=malloc_s* site=$program:direct -> fast"
places "everything" fffffffffffffff "function=$program:main -> fast"
run "$with_rules" "${kinds[@]}" --sites-from 60000 \
    --rule "site=$program:direct -> fast" --rule '-> rest' -- "$program"
check "smaller blocks have no site" [ "${output/fast/}" = "$output" ]
finish
