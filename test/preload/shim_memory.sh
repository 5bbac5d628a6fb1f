#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# No memory at the start: the program runs, or ends with the one line that the
# manual has; whether address space is short or a single request is refused.
. "$(dirname "$0")/../lib/shim_tap.sh"

# good STATUS: what is in $work/said goes with that status.
good() {
	grep -v Aborted "$work/said" > "$work/line"
	case $1 in
	0) [ ! -s "$work/line" ] ;;
	134) [ "$(wc -l < "$work/line")" -eq 1 ] &&
	    grep -q '^Error (libvmmalloc): ' "$work/line" ;;
	# The dynamic linker's own complaint.
	127) ! grep -q jemalloc "$work/line" ;;
	*) false ;;
	esac
}

sweep() {
	local kib status bad=0 lines=0
	for kib in $(seq 6000 500 26000); do
		(ulimit -v "$kib"; VMMALLOC_KIND=$1 LD_PRELOAD=$LIBVMMALLOC \
		    exec /bin/true) > "$work/said" 2>&1
		status=$?
		# ld.so goes on without a library that it cannot map.
		grep -q "cannot be preloaded" "$work/said" && continue
		[ $status -eq 134 ] && lines=$((lines + 1))
		good $status && continue
		echo "$kib KiB: status $status"
		cat "$work/said"
		bad=1
	done
	echo "$lines times the line"
	[ $bad -eq 0 ] && [ $lines -gt 0 ]
}
check "little address space, dram" sweep dram
check "little address space, a fixed size" sweep dram,size=4M

compile shim_refused || exit 1
refusals() {
	local number status bad=0 lines=0
	for number in $(seq 40); do
		VMMALLOC_KIND=dram "$work/shim_refused" "$number" \
		    "$LIBVMMALLOC" /bin/true > "$work/said" 2>&1
		status=$?
		[ $status -eq 77 ] && break
		[ $status -eq 134 ] && lines=$((lines + 1))
		good $status && continue
		echo "request $number: status $status"
		cat "$work/said"
		bad=1
	done
	[ "$number" -eq 1 ] && return 77
	echo "$lines times the line, of $number"
	[ $bad -eq 0 ] && [ $lines -gt 0 ]
}
VMMALLOC_KIND=dram "$work/shim_refused" 1 "$LIBVMMALLOC" /bin/true \
    > "$work/said" 2>&1
if [ $? -eq 77 ]; then
	skip "a request for memory that is refused" "nothing can be traced here"
else
	check "a request for memory that is refused" refusals
fi
finish
