#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The heap from the first constructor to the last destructor, and blocks that
# are older than the pool.
. "$(dirname "$0")/../lib/shim_tap.sh"

pool_place 64 || { skip "life" "no room for a pool of 64 MiB"; finish; }
compile_library shim_life_library -DNAME='"opened library"'
mv "$work/shim_life_library.so" "$work/opened.so"
compile_library shim_life_library -DNAME='"needed library"'
compile shim_life -Wl,--no-as-needed "$work/shim_life_library.so" \
    -Wl,-rpath,"$work" -ldl || exit 1
results_of life 0 shim "$work/shim_life" "$work/opened.so"
same "nobody missed its turn" "$(grep -c "^ok - .*library: the" \
    "$work/results")" 4

size=256M
if pool_place 256; then
	compile_library shim_early_library -Wl,-z,initfirst
	compile shim_early -Wl,--no-as-needed \
	    "$work/shim_early_library.so" -Wl,-rpath,"$work" || exit 1
	results_of "before the pool" 0 shim "$work/shim_early"
	if [ -e "${LIBVMMALLOC_DEBUG-}" ]; then
		preload=$LIBVMMALLOC_DEBUG
		results_of "before the pool, debug" 0 shim "$work/shim_early"
		unset preload
	else
		skip "before the pool, debug" "not built"
	fi
else
	skip "before the pool" "no room for a pool of 256 MiB"
fi
finish
