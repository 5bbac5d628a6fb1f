#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Each function at its edges: with the library preloaded, in the debug variant,
# and linked in.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_functions || exit 1
pool_place 64 || { skip "functions" "no room for a pool of 64 MiB"; finish; }

results_of preloaded 0 shim "$work/shim_functions"

if [ -e "${LIBVMMALLOC_DEBUG-}" ]; then
	preload=$LIBVMMALLOC_DEBUG
	results_of debug 0 shim "$work/shim_functions"
	unset preload
else
	skip "debug" "the debug library was not built"
fi

ln -s "$LIBVMMALLOC" "$work/libvmmalloc.so.1"
compile shim_functions "$work/libvmmalloc.so.1" -Wl,-rpath,"$work"
results_of linked 0 env VMMALLOC_POOL_DIR="$pool" VMMALLOC_POOL_SIZE=64M \
    "$work/shim_functions"
finish
