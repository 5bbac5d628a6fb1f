#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What a program does with its heap and must not: a debug library says so in a
# line, the others do not, and neither ends the program, as glibc would.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_misuse || exit 1
lib=$(dirname "$LIBVMMALLOC")

# said WHAT SIZE NAME=VALUE...: what it printed, and what is not told of it.
said() {
	env "${@:3}" "$work/shim_misuse" "$1" "$2" 2>&1 |
		sed -E 's/0x[0-9a-f]+, in kind "[^"]+"/BLOCK/; s/a block in use/a block/
		    s/: it was freed before, or .*//'
}

each() { # SAID WHERE NAME=VALUE...
	local what size
	for what in twice inside resize; do
		for size in 100 20000 100000 1000000 9000000; do
			same "$2: $what, $size" "$(said $what $size "${@:3}")" \
			    "${1}went on"
		done
	done
}
told() { each "poolkind: BLOCK, is not a block"$'\n' "$@"; }
untold() { each "" "$@"; }

untold libvmmalloc VMMALLOC_KIND=dram LD_PRELOAD="$LIBVMMALLOC"
[ ! -e "${LIBVMMALLOC_DEBUG-}" ] ||
	told "libvmmalloc, debug" VMMALLOC_KIND=dram \
	    LD_PRELOAD="$LIBVMMALLOC_DEBUG"
if [ -e "${LIBPOOLKIND_MALLOC-}" ]; then
	untold libpoolkind-malloc LD_PRELOAD="$LIBPOOLKIND_MALLOC"
	[ ! -e "$lib/poolkind_debug" ] ||
		told "libpoolkind-malloc, debug" LD_PRELOAD="$LIBPOOLKIND_MALLOC" \
		    LD_LIBRARY_PATH="$lib/poolkind_debug"
fi
finish
