#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# libautohbw: which blocks it redirects, what it says, and programs that do not
# notice.
. "$(dirname "$0")/../lib/preload_tap.sh"

build kind_of_size && build interposed && build autohbw_sizes || exit 1
build_library nested_library -ldl
build_library lifetime_library -Wl,-z,initfirst
build lifetime "$work/lifetime_library.so" -Wl,-rpath,"$work" || exit 1

looks "$LIBAUTOHBW" enableAutoHBW disableAutoHBW
under=(env LD_PRELOAD="$LIBAUTOHBW" AUTO_HBW_LOG=-1)
chosen() { # NAME KINDS VARIABLES... -- SIZES...
	local name=$1 wanted=$2 variables=()
	shift 2
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	shift
	run "${under[@]}" "${variables[@]}" "$work/kind_of_size" "$@"
	same "$name" "$status|$output|$errors" "0|$wanted|"
}

chosen "one MiB and more" "dram dram hbw hbw" -- 1 1048575 1048576 99999999
chosen "a smallest size" "dram hbw hbw" AUTO_HBW_SIZE=4K -- 4095 4096 9999999
chosen "a smallest size and a colon" "dram hbw" AUTO_HBW_SIZE=2k: -- 2047 2048
chosen "a range" "dram hbw hbw dram" AUTO_HBW_SIZE=1000:2M -- \
    999 1000 2097152 2097153
chosen "one size" "dram hbw dram" AUTO_HBW_SIZE=1M:1M -- \
    1048575 1048576 1048577
chosen "gibibytes" "dram" AUTO_HBW_SIZE=1G -- 99999999
chosen "every size" "hbw hbw hbw" AUTO_HBW_SIZE=0 -- 1 1000 9999999
for name in memkind_dax_kmem MEMKIND_DAX_KMEM Memkind_Dax_Kmem; do
	chosen "the kind $name" "dram kmem" AUTO_HBW_MEM_TYPE=$name -- 1 2000000
done
chosen "the kind memkind_default" "dram dram" \
    AUTO_HBW_MEM_TYPE=memkind_default -- 1 2000000

chosen "what is empty is not set" "dram hbw" AUTO_HBW_SIZE= AUTO_HBW_MEM_TYPE= -- \
    1048575 1048576

# What is wrong gets a line, and the program runs.
wrong() { # NAME VARIABLE LINE KINDS
	run "${under[@]}" "$2" "$work/kind_of_size" 1048575 1048576
	same "$1" "$status|$output|${errors%%;*}" "0|$4|libautohbw: $3"
}
for size in x 1x 1.5G 1MiB -1 4K:x 2M:1M 1M:2M:3M : :4K 99999999999G; do
	wrong "no sizes: '$size'" "AUTO_HBW_SIZE=$size" \
	    "AUTO_HBW_SIZE=$size is not understood" "dram hbw"
done
wrong "no kind" AUTO_HBW_MEM_TYPE=memkind_hbv \
    "AUTO_HBW_MEM_TYPE=memkind_hbv is not a kind" "dram hbw"
check "the line lists the kinds" grep -q "one of default, .* hbw_all, " \
    "$work/errors"
for level in 3 -3 x 1x 01; do
	run "${under[@]}" AUTO_HBW_LOG="$level" "$work/kind_of_size" 1
	same "no level: '$level'" "$status|${errors%%;*}" \
	    "0|libautohbw: AUTO_HBW_LOG=$level is not a level"
done
run "${under[@]}" AUTO_HBW_LOG=-2 AUTO_HBW_SIZE=x AUTO_HBW_MEM_TYPE=y \
    "$work/kind_of_size" 1048576
same "nothing is said at -2" "$status|$output|$errors" "0|hbw|"
run "${under[@]}" AUTO_HBW_LOG=0 AUTO_HBW_MEM_TYPE=memkind_hbw \
    MEMKIND_HBW_NODES=x "$work/kind_of_size" 1048576
same "a kind that is not there" "$status|$output" "0|dram"
check "and what is said of it" grep -q \
    "^libautohbw: memkind_hbw cannot be had: " "$work/errors"

run "${under[@]}" AUTO_HBW_LOG=0 "$work/kind_of_size" 1048576
same "the start" "$errors" \
    "libautohbw: blocks of 1048576 bytes and more: memkind_hbw_preferred"
run "${under[@]}" AUTO_HBW_LOG=0 AUTO_HBW_SIZE=4K:64K "$work/kind_of_size" 1
same "the start with a range" "$errors" \
    "libautohbw: blocks of 4096 to 65536 bytes: memkind_hbw_preferred"
lines() { # LEVEL: what is said of blocks, without numbers
	run "${under[@]}" AUTO_HBW_LOG="$1" AUTO_HBW_SIZE=4K:64K \
	    AUTO_HBW_MEM_TYPE=memkind_hbw "$work/autohbw_sizes"
	sed -n 's/^\(In my memkind [a-z]*\):.*/\1/p' "$work/errors" | sort -u
}
same "blocks at level 0" "$(lines 0)" ""
same "blocks at level 1" "$(lines 1)" "In my memkind align
In my memkind calloc
In my memkind free
In my memkind malloc
In my memkind realloc"
check "a block's line" grep -Eq "^In my memkind malloc: 4096 bytes at \
0x[0-9a-f]+ from memkind_hbw$" "$work/errors"
check "level 1 names no callers" sh -c "! grep -q '/libc' '$work/errors'"
same "blocks at level 2" "$(lines 2)" "$(lines 1)"
lines 2 > /dev/null
check "level 2 names the callers" grep -q "^$work/autohbw_sizes(" \
    "$work/errors"

results_of sizes 0 "${under[@]}" AUTO_HBW_SIZE=4K:64K \
    AUTO_HBW_MEM_TYPE=memkind_hbw "$work/autohbw_sizes"
build autohbw_sizes -Wl,--no-as-needed "$LIBAUTOHBW"
results_of "linked" 0 env AUTO_HBW_LOG=-1 AUTO_HBW_SIZE=4K:64K \
    AUTO_HBW_MEM_TYPE=memkind_hbw "$work/autohbw_sizes"

for size in 1M 0 4K:64K; do
	under=(env LD_PRELOAD="$LIBAUTOHBW" AUTO_HBW_LOG=-1 \
	    "AUTO_HBW_SIZE=$size")
	results_of "functions, $size" 0 "${under[@]}" "$work/interposed"
	results_of "lifetime, $size" 0 "${under[@]}" "$work/lifetime"
done
# What comes from within goes to MEMKIND_DEFAULT, or it would never end.
results_of "nested requests" 0 env AUTO_HBW_LOG=-1 AUTO_HBW_SIZE=0 \
    LD_PRELOAD="$LIBAUTOHBW:$work/nested_library.so" "$work/interposed"
run env AUTO_HBW_LOG=2 LD_PRELOAD="$LIBAUTOHBW:$work/nested_library.so" \
    "$work/kind_of_size" 2000000
same "nested requests of the log" "$status|$output" "0|hbw"

under=(env LD_PRELOAD="$LIBAUTOHBW" AUTO_HBW_LOG=-1 AUTO_HBW_SIZE=0)
programs "every block"
under=(env LD_PRELOAD="$LIBAUTOHBW" AUTO_HBW_LOG=-1)
programs "from 1M"
# Without MEMKIND_HBW_NODES the machine is looked at.
under=(env -u MEMKIND_HBW_NODES LD_PRELOAD="$LIBAUTOHBW" AUTO_HBW_LOG=-1)
check "this machine as it is" unchanged sort -r "$work/numbers"
finish
