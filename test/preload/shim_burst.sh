#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A heap of ordinary memory gives much free space back at once.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_burst || exit 1
results_of "ordinary memory" 0 env LD_PRELOAD="$LIBVMMALLOC" \
    VMMALLOC_KIND=dram "$work/shim_burst"
finish
