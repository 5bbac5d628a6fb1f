#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# All libraries of this project in one process: its heap in a pool of
# libvmmalloc, linked with libvmem, and with libmemkind loaded while it runs.
# With each way that the heap has over a fork; LIBVMMALLOC names the shim, and
# LIBVMMALLOC_DEBUG that of the debug libraries.
. "$(dirname "$0")/../memkind_tap.sh"

if [ -z "$libvmmalloc" ] || [ ! -e "$libvmmalloc" ]; then
	skip "together" "libvmmalloc.so.1 was not built (LIBVMMALLOC)"
	finish
fi
libvmem=$ours/libvmem.so.1
[ -e "$libvmem" ] || { skip "together" "libvmem.so.1 is not beside"; finish; }
pool_place 64 || { skip "together" "no room for pools"; finish; }
compile together "-I$top/include" "$libvmem" -Wl,-rpath-link,"$ours" -ldl ||
	exit 1

# together NAME SHIM FOLDERS MEMKIND: in a pool, with each sort of fork.
together() {
	local way
	for way in 1 2 3; do
		preload=$2 clean "$1, VMMALLOC_FORK=$way" \
		    shim VMMALLOC_FORK=$way MEMKIND_PMEM_FORK=copy \
		    LD_LIBRARY_PATH="$3" \
		    "$library/watch" "$work/together" "$4" "$pool"
	done
}

together "release" "$libvmmalloc" "$ours" "$LIBMEMKIND"
debug=$ours/poolkind_debug/libmemkind.so.0
if [ -e "${LIBVMMALLOC_DEBUG-}" ] && [ -e "$debug" ]; then
	together "debug" "$LIBVMMALLOC_DEBUG" \
	    "$(dirname "$LIBVMMALLOC_DEBUG"):$(dirname "$debug")" "$debug"
else
	skip "debug" "not built"
fi
finish
