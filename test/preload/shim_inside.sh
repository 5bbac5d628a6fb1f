#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Every block of a program lies in the pool, whatever its size and thread.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_inside || exit 1
if pool_place 600; then
	size=600M
	results_of "up to 256 MiB" 0 shim "$work/shim_inside" 256
else
	skip "blocks up to 256 MiB" "no room for a pool of 600 MiB"
fi
if pool_place 64; then
	size=64M
	results_of "64 MiB of shared memory" 0 shim "$work/shim_inside" 16
	size=64M results_of "space taken at once" 0 env VMMALLOC_RESERVE=1 \
	    LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_POOL_DIR="$pool" \
	    VMMALLOC_POOL_SIZE=64M "$work/shim_inside" 16
	results_of "a kind" 0 env LD_PRELOAD="$LIBVMMALLOC" \
	    VMMALLOC_KIND="file:$pool,size=64M" "$work/shim_inside" 16
else
	skip "blocks up to 16 MiB" "no room for a pool of 64 MiB"
fi
finish
