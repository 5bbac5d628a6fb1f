#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# background=yes in the kind of a library that stands in malloc's place: a
# program that sleeps gives memory back, and has a thread for it, as its children
# do. Without the word there is no thread. Prints TAP.
top=${TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
shim=${LIBVMMALLOC-}
. "$top/test/lib/malloc_tap.sh"

compile malloc_background || exit 1
program=$work/malloc_background
results_of "by rules" 0 \
    "$with_rules" --kind 'rest=dram,background=yes' --rule '-> rest' -- \
    "$program" 2 sleeps
results_of "by rules, without the word" 0 \
    "$with_rules" --kind 'rest=dram' --rule '-> rest' -- "$program" 1
if [ -e "$shim" ]; then
	results_of "one kind" 0 env LD_PRELOAD="$shim" \
	    VMMALLOC_KIND=dram,background=yes "$program" 2 sleeps
	results_of "one kind, without the word" 0 env LD_PRELOAD="$shim" \
	    VMMALLOC_KIND=dram "$program" 1
	results_of "a file" 0 env LD_PRELOAD="$shim" VMMALLOC_FORK=1 \
	    VMMALLOC_KIND="file:$work,size=64M,fork=copy,background=yes" \
	    "$program" 2
else
	skip "one kind" "libvmmalloc.so.1 was not built"
fi
finish
