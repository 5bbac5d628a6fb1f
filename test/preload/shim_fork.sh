#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# VMMALLOC_FORK: what parent and child of a fork see of each other.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_fork || exit 1
pool_place 64 || { skip "fork" "no room for pools of 64 MiB"; finish; }
for mode in 0 1 2 3 ""; do
	export VMMALLOC_FORK=$mode
	[ -n "$mode" ] || unset VMMALLOC_FORK
	results_of "mode ${mode:-of default}" 0 shim "$work/shim_fork" \
	    "${mode:-1+}"
done
if [ -e "${LIBVMMALLOC_DEBUG-}" ]; then
	preload=$LIBVMMALLOC_DEBUG
	for mode in 1 2; do
		results_of "mode $mode, debug" 0 env VMMALLOC_FORK=$mode \
		    "VMMALLOC_POOL_DIR=$pool" VMMALLOC_POOL_SIZE=64M \
		    LD_PRELOAD="$preload" "$work/shim_fork" $mode
	done
	unset preload
else
	skip "debug" "the debug library was not built"
fi
unset VMMALLOC_FORK

# Children past fork(2), each the first of its process.
compile shim_raw_fork || exit 1
for mode in 1 2 3; do
	results_of "raw children, mode $mode" 0 env VMMALLOC_FORK=$mode \
	    LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_POOL_DIR="$pool" \
	    VMMALLOC_POOL_SIZE=64M "$work/shim_raw_fork"
done
results_of "raw children, ordinary memory" 0 env VMMALLOC_KIND=dram \
    LD_PRELOAD="$LIBVMMALLOC" "$work/shim_raw_fork"
compile_library shim_clone_library || exit 1
results_of "raw children, another clone()" 0 env VMMALLOC_KIND=dram \
    LD_PRELOAD="$LIBVMMALLOC $work/shim_clone_library.so" "$work/shim_raw_fork"

if [ "$(id -u)" -eq 0 ] && mkdir "$work/small" &&
    mount -t tmpfs -o size=80m none "$work/small" 2> /dev/null; then
	pool=$work/small
	results_of "mode 1, full file system" 0 shim "$work/shim_fork" 1 \
	    "$work/small/filler"
	rm -f "$work/small/filler"

	results_of "mode 3, full file system" 0 env VMMALLOC_FORK=3 \
	    LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_POOL_DIR="$pool" \
	    VMMALLOC_POOL_SIZE=32M "$work/shim_fork" 3 "$work/small/filler"
	rm -f "$work/small/filler"

	# There is nowhere to copy to.
	results_of "mode 2, full file system" 0 env VMMALLOC_FORK=2 \
	    LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_POOL_DIR="$pool" \
	    VMMALLOC_POOL_SIZE=32M "$work/shim_fork" 2 "$work/small/filler"
	check "mode 2, full file system: says so" grep -qx \
	    "Error (libvmmalloc): pool cloning failed" "$work/results"
	rm -f "$work/small/filler"
	results_of "mode 2, full file system behind another kind" 0 \
	    env VMMALLOC_FORK=2 LD_PRELOAD="$LIBVMMALLOC" \
	    VMMALLOC_KIND="dram,limit=1M;file:$pool,size=32M" \
	    "$work/shim_fork" 2 "$work/small/filler"
	rm -f "$work/small/filler"
	results_of "a copy behind a kind that wants none" 0 \
	    env -u VMMALLOC_FORK LD_PRELOAD="$LIBVMMALLOC" \
	    VMMALLOC_KIND="dram,limit=1M;file:$pool,size=32M,fork=copy" \
	    "$work/shim_fork" 2 "$work/small/filler"
	check "a copy behind a kind that wants none: says so" grep -qx \
	    "Error (libvmmalloc): pool cloning failed" "$work/results"
	rm -f "$work/small/filler"
	umount "$work/small"

	# Huge pages, made as they are wanted.
	overcommit=/sys/kernel/mm/hugepages/hugepages-2048kB
	overcommit=$overcommit/nr_overcommit_hugepages
	pages=$(cat $overcommit 2> /dev/null)
	if echo $((pages + 128)) 2> /dev/null > $overcommit &&
	    mount -t hugetlbfs none "$work/small" 2> /dev/null; then
		for mode in 1 2 3; do
			results_of "mode $mode, huge pages" 0 \
			    env VMMALLOC_FORK=$mode LD_PRELOAD="$LIBVMMALLOC" \
			    VMMALLOC_POOL_DIR="$pool" VMMALLOC_POOL_SIZE=64M \
			    "$work/shim_fork" $mode
		done
		umount "$work/small"
	else
		skip "huge pages" "the system gives none"
	fi
	# By as much as it was raised: another test may have raised it, too.
	[ -z "$pages" ] || echo $(($(cat $overcommit) - 128)) > $overcommit
else
	skip "a full file system" "no permission to mount one"
fi
finish
