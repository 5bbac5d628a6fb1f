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

# ---- One site, again and again ---------------------------------------------

# says NAME WANTED ARGUMENT...: what the program says by "${rules[@]}".
says() {
	local name=$1 wanted=$2
	shift 2
	run "$with_rules" "${kinds[@]}" "${rules[@]}" --rule '-> rest' -- \
	    "$program" "$@"
	same "$name" "$status|$output|$errors" "0|$wanted |"
}

rules=(--rule "site=$program:one_site -> fast")
says "a site has its kind, whatever the size" "fast fast fast" \
    again 5000 60000 600000
rules=(--rule "size=4500-5050 site=$program:one_site -> fast"
    --rule 'size=5100-5119 -> rest' --rule "site=$program:one_site -> fast")
says "sizes of one bin are told apart" "fast fast rest fast rest" \
    again 5050 5099 5100 5120 1000
kinds+=(--kind 'small=dram,name=small,limit=3M')
rules=(--rule "site=$program:one_site -> small,rest")
says "a full kind is asked first again" "small rest small" full
for number in 1 2 3; do
	echo "extern void *malloc(unsigned long); int number = $number;
	void *call(unsigned long size) {
		void *block = malloc(size);
		((char *)block)[0] = 1;
		return block; }" |
		gcc -shared -fPIC -O1 -Wl,--build-id -x c - \
		    -o "$work/library$number.so"
done
rules=(--rule "site=$work/library1.so:call -> fast"
    --rule "site=$work/library3.so:call -> small")
says "libraries that follow at the same addresses" "fast rest small fast" \
    reloaded "$work"/library{1,2,3,1}.so
finish
