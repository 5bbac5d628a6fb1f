#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Pools that run full: ENOMEM, and everything again after it was freed. Also
# where the file system is what runs full, or address space.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_full || exit 1
pool_place 64 || { skip "full" "no room for a pool of 64 MiB"; finish; }
for mib in 14 64; do
	size=${mib}M
	results_of "$size" 0 shim "$work/shim_full" $mib
done
size=32M results_of "32M at once" 0 env VMMALLOC_RESERVE=1 \
    LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_POOL_DIR="$pool" \
    VMMALLOC_POOL_SIZE=32M "$work/shim_full" 32

# What the first kind has no room for comes from the next, up to its limit.
printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' \
    'int main(void) { int mib = 0; while (mib < 100 && malloc(1 << 20)) mib++;' \
    '	return printf("%d\n", mib / 5 * 5) < 0; }' > "$work/count.c"
"$CC" -O1 -fno-builtin -o "$work/count" "$work/count.c"
holds() { # KIND: how many blocks of 1 MiB, of five only full ones
	VMMALLOC_KIND=$1 LD_PRELOAD=$LIBVMMALLOC "$work/count" 2>&1
}
same "a kind alone" "$(holds "file:$pool,size=17M")" 15
same "a kind that falls back to another" \
    "$(holds "file:$pool,size=17M;dram,limit=11M")" 25
same "a chain of three" \
    "$(holds "file:$pool,size=17M;dram,limit=11M;dram")" 100

# A file system of 24 MiB under a pool that counts on 22 of it, of which
# another file then takes 4.
if [ "$(id -u)" -eq 0 ] && mkdir "$work/small" &&
    mount -t tmpfs -o size=24m none "$work/small" 2> /dev/null; then
	pool=$work/small size=22M
	results_of "a full file system" 0 shim "$work/shim_full" 18 \
	    "$work/small/filler"
	rm -f "$work/small/filler"
	umount "$work/small"
else
	skip "a full file system" "no permission to mount one"
fi
finish
