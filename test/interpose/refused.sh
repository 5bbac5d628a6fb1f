#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs in a sandbox, under every library for LD_PRELOAD: system calls are
# refused while they run, or before they start.
. "$(dirname "$0")/every_preload.sh"

compile refused || exit 1
"$work/refused" start madvise EPERM true
[ $? -ne 77 ] || { skip "sandboxes" "seccomp(2) is refused"; finish; }

# What any of them asks the kernel for, one by one, and what a strict sandbox
# refuses together.
# shellcheck disable=SC2054 # the commas are what a filter reads
calls=(madvise fallocate mremap mprotect mincore mbind get_mempolicy move_pages
    membarrier ftruncate newfstatat fstat statx fstatfs fcntl prlimit64
    sched_getaffinity getrandom rt_sigprocmask
    madvise,fallocate madvise,fallocate,newfstatat,fstat
    madvise,mremap,mincore,mbind,membarrier)
for name in "${preloads[@]}"; do
	use "$name"
	for call in "${calls[@]}"; do
		for error in EPERM EACCES ENOSYS; do
			[ "$error" = EPERM ] || [ "$call" = madvise ] ||
			    [ "$call" = fallocate ] || continue
			run "${under[@]}" "$work/refused" use "$call" "$error"
			same "$name: goes on without $call: $error" \
			    "$status|$(grep "^not ok" "$work/output")|$errors" \
			    "0||"
		done
	done
done

# From the start on. Where a pool is a file, some of them have no next way:
# then VMMALLOC_FALLBACK has.
starts() { # NAME WANTED VARIABLE... -- CALL ERROR
	local name=$1 wanted=$2 variables=()
	shift 2
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	run "$work/refused" start "$2" "$3" "${under[@]}" "${variables[@]}" \
	    sh -c 'sort -r "$1" | head -n 1' - "$work/numbers"
	same "$name" "$status|$output|${errors%%$'\n'*}" "$wanted"
}
seq 1 9 > "$work/numbers"
for name in "${preloads[@]}"; do
	use "$name"
	for call in madvise fallocate mincore membarrier ftruncate fstatfs \
	    getrandom; do
		starts "$name: starts without $call" "0|9|" -- "$call" EPERM
	done
done
# Nodes that this process may not choose.
for name in libautohbw libmemtier; do
	[[ " ${preloads[*]} " == *" $name "* ]] || continue
	use "$name"
	starts "$name: nodes may not be chosen: MEMKIND_FALLBACK" "0|9|" \
	    MEMKIND_FALLBACK=dram -- mbind EPERM
	case $name in
	libautohbw) starts "$name: nodes may not be chosen" "0|9|\
libautohbw: blocks of 4096 to 1048576 bytes: memkind_hbw_preferred" \
	    AUTO_HBW_LOG=0 -- mbind EPERM
	check "and all blocks are ordinary" grep -q \
	    "memkind_hbw_preferred cannot be had: all blocks: memkind_default" \
	    "$work/errors" ;;
	*)	run "$work/refused" start mbind ENOSYS "${under[@]}" true
	same "$name: nodes may not be chosen: the line" "$status|$errors" \
	    "134|MEMKIND_MEM_TIERING_LOG_ERROR: MEMKIND_MEM_TIERS: \
\"KIND:KMEM_DAX,RATIO:3\" cannot be had: <memkind> Not enough memory" ;;
	esac
done
# The loader opens what it loads; so it is writing that is refused, as where the
# root cannot be written to.
use libvmmalloc-dram
none=VMMALLOC_POOL_DIR=$work/none
size=VMMALLOC_POOL_SIZE=16M
run "${under[@]}" VMMALLOC_KIND= "$none" "$size" true
same "no pool: the line" "$status|${errors%%$'\n'*}" "134|Error (libvmmalloc): vmem pool \
creation failed: No such file or directory"
run "${under[@]}" VMMALLOC_KIND= "$none" "$size" VMMALLOC_FALLBACK=dram \
    sort -r "$work/numbers"
same "no pool, and another to fall back to" "$status|${output%%$'\n'*}|$errors" \
    "0|9|"
run "${under[@]}" "VMMALLOC_KIND=file:$work/none,size=16M" \
    VMMALLOC_FALLBACK=dram sort -r "$work/numbers"
same "no kind, and another to fall back to" "$status|${output%%$'\n'*}|$errors" \
    "0|9|"
run "${under[@]}" VMMALLOC_KIND= "$none" VMMALLOC_POOL_SIZE=1 \
    VMMALLOC_FALLBACK=dram true
same "a variable that is wrong stays so" "$status" 134
run "${under[@]}" VMMALLOC_KIND= "$none" "$size" VMMALLOC_FALLBACK=dram \
    VMMALLOC_LOG_STATS=1 python3 -c 'bytearray(12 << 20)
try: bytearray(17 << 20)
except MemoryError: pass
else: print("too much")'
same "as much is had of it as of the pool" "$status|$output" "0|"
[ -x /usr/bin/python3 ] || skip "how much is had" "no python3"
finish
