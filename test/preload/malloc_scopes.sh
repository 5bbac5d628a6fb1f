#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Scopes under libpoolkind-malloc, preloaded, with rules and without, and linked;
# and where malloc is libc's. Prints TAP.
top=${TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/test/lib/malloc_tap.sh"

build malloc_scopes -pthread
results_of "preloaded" 0 env LD_PRELOAD="$LIBPOOLKIND_MALLOC" \
    "$work/malloc_scopes"
results_of "with rules" 0 "$with_rules" --kind fast=dram,limit=8M \
    --kind rest=dram --rule 'size=100-1000 -> fast' --rule 'thread=x* -> fast' \
    --rule '-> rest' -- "$work/malloc_scopes"
case $(uname -m) in
x86_64 | aarch64)
	results_of "with rules for functions" 0 "$with_rules" \
	    --kind rest=dram --rule "function=$work/malloc_scopes:allocate -> rest" \
	    --rule '-> rest' -- "$work/malloc_scopes" walks
	;;
esac
results_of "libc's malloc" 0 "$work/malloc_scopes" none
build malloc_scopes -pthread -L"${LIBPOOLKIND_MALLOC%/*}" -Wl,--no-as-needed \
    -lpoolkind-malloc
results_of "linked" 0 "$work/malloc_scopes"
finish
