#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# libmemtier: what its environment may say, how blocks are divided, and programs
# that do not notice.
. "$(dirname "$0")/../lib/preload_tap.sh"

build kind_of_size && build interposed && build memtier_shares &&
    build memtier_je && build memtier_reading || exit 1
build_library nested_library -ldl
build_library lifetime_library -Wl,-z,initfirst
build lifetime "$work/lifetime_library.so" -Wl,-rpath,"$work" || exit 1

looks "$LIBMEMTIER" je_{malloc,calloc,realloc,free,posix_memalign} \
    je_{aligned_alloc,memalign,valloc,malloc_usable_size}
static="KIND:DRAM,RATIO:1;KIND:KMEM_DAX,RATIO:3;POLICY:STATIC_RATIO"
dynamic="KIND:DRAM,RATIO:1;KIND:KMEM_DAX,RATIO:1;POLICY:DYNAMIC_THRESHOLD"
file="KIND:DRAM,RATIO:1;KIND:FS_DAX,PATH:$work,PMEM_SIZE_LIMIT:96M,RATIO:1"
file+=";POLICY:STATIC_RATIO"
said=MEMKIND_MEM_TIERING_LOG_
level() { echo MEMKIND_MEM_TIERING_LOG_LEVEL="$1"; }

with() { # VARIABLE... -- COMMAND...
	local variables=()
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	shift
	run env LD_PRELOAD="$LIBMEMTIER" "${variables[@]}" "$@"
}

# ---- What may be said -------------------------------------------------------

accepted() { # NAME VARIABLE...
	local name=$1
	shift
	with "$@" -- /bin/true
	same "$name" "$status|$errors" "0|"
}
tiers() { # NAME TIERS
	accepted "$1" "MEMKIND_MEM_TIERS=$2"
}
tiers "one tier" "KIND:DRAM,RATIO:1;POLICY:STATIC_RATIO"
tiers "two tiers" "$static"
tiers "any order of parameters" "RATIO:2,KIND:DRAM;POLICY:STATIC_RATIO"
tiers "the policy by thresholds" "$dynamic"
tiers "the largest ratio" "KIND:DRAM,RATIO:4294967295;POLICY:STATIC_RATIO"
tiers "a file" "$file"
tiers "a file of any size" \
    "KIND:FS_DAX,PATH:$work,PMEM_SIZE_LIMIT:0,RATIO:1;POLICY:STATIC_RATIO"
tiers "two files" "KIND:FS_DAX,PATH:$work,RATIO:1;KIND:FS_DAX,PATH:$work,\
RATIO:1;POLICY:STATIC_RATIO"
for good in INIT_VAL:1K "MIN_VAL:100,MAX_VAL:9999" \
    "INIT_VAL:64K,MIN_VAL:1K,MAX_VAL:1M" "MAX_VAL:2M,INIT_VAL:1M"; do
	accepted "thresholds: $good" "MEMKIND_MEM_TIERS=$dynamic" \
	    "MEMKIND_MEM_THRESHOLDS=$good"
done
for good in "" 0 1 2; do
	with "MEMKIND_MEM_TIERS=$static" "$(level "$good")" -- /bin/true
	same "log level '$good'" "$status|$(sed 's/:.*//' "$work/errors" |
	    sort | uniq -c | tr -s ' \n' ' ')" "0|$(case $good in
	    1) echo " 1 ${said}INFO " ;;
	    2) echo " 2 ${said}DEBUG 1 ${said}INFO " ;;
	    esac)"
done
with "MEMKIND_MEM_TIERS=$file" "$(level 1)" -- /bin/true
if [ "$(stat -f -c %T "$work")" != xfs ]; then
	check "a file without DAX is remarked on" grep -q \
	    "^${said}INFO: $work is not a directory with DAX" "$work/errors"
fi

accepted "no thresholds" "MEMKIND_MEM_TIERS=$static" MEMKIND_MEM_THRESHOLDS=

# ---- What may not -----------------------------------------------------------

refused() { # NAME TEXT VARIABLE...: one line names TEXT, and is the last
	local name=$1 text=$2
	shift 2
	with "$@" -- /bin/true
	case "$status|${errors##*$'\n'}" in
	"134|${said}ERROR: "*"$text"*) ok "$name" 0 ;;
	*)
		ok "$name" 1
		printf '%s\n' "status $status" "$errors" | sed 's/^/# /'
		;;
	esac
}
bad() { # NAME TEXT TIERS
	refused "$1" "MEMKIND_MEM_TIERS$2" "MEMKIND_MEM_TIERS=$3"
}
policy=";POLICY:STATIC_RATIO"
refused "no tiers" "MEMKIND_MEM_TIERS is not set; write KIND:DRAM" A=B
bad "an empty text" " is not set; write KIND:DRAM" ""
bad "no policy" ': "KIND:DRAM,RATIO:1" is last' "KIND:DRAM,RATIO:1"
bad "a policy alone" ': "POLICY:STATIC_RATIO" has no tier' POLICY:STATIC_RATIO
bad "the policy first" ': "POLICY:STATIC_RATIO" is not a parameter; write' \
    "POLICY:STATIC_RATIO;KIND:DRAM,RATIO:1"
bad "something behind the policy" ': "POLICY:STATIC_RATIO" is not a parameter' \
    "KIND:DRAM,RATIO:1$policy;"
bad "two policies" ': "POLICY:STATIC_RATIO" is not a parameter' \
    "KIND:DRAM,RATIO:1$policy$policy"
bad "no such policy" ': "POLICY:BEST" is not a policy; write STATIC_RATIO or' \
    "KIND:DRAM,RATIO:1;POLICY:BEST"
bad "a policy in small letters" ': "POLICY:static_ratio" is not a policy' \
    "KIND:DRAM,RATIO:1;POLICY:static_ratio"
bad "no such kind" ': "KIND:HBM" is not a kind; write DRAM, KMEM_DAX or FS_DAX' \
    "KIND:HBM,RATIO:1$policy"
bad "no kind" ': "RATIO:1" has no KIND' "RATIO:1$policy"
bad "no ratio" ': "KIND:DRAM" has no RATIO' "KIND:DRAM$policy"
for ratio in "" 0 -1 x 1x 1K 1.5 4294967296 99999999999999999999; do
	bad "ratio '$ratio'" ": \"RATIO:$ratio\" is not a ratio" \
	    "KIND:DRAM,RATIO:$ratio$policy"
done
bad "no such parameter" ': "RATE:1" is not a parameter; write KIND:, PATH:' \
    "KIND:DRAM,RATE:1$policy"
bad "a parameter without a value" ': "KIND" is not a parameter' "KIND$policy"
bad "blanks" ': " RATIO:1" is not a parameter' "KIND:DRAM, RATIO:1$policy"
bad "nothing between commas" ': "" is not a parameter' "KIND:DRAM,,RATIO:1$policy"
bad "a parameter twice" ': "RATIO:2" is the second RATIO' \
    "KIND:DRAM,RATIO:1,RATIO:2$policy"
bad "a kind twice" ': "KIND:DRAM,RATIO:2" is the second tier of its kind' \
    "KIND:DRAM,RATIO:1;KIND:DRAM,RATIO:2$policy"
bad "a path for DRAM" ': "KIND:DRAM,PATH:/tmp,RATIO:1" has a PATH' \
    "KIND:DRAM,PATH:/tmp,RATIO:1$policy"
bad "a limit for DRAM" ': "KIND:DRAM,PMEM_SIZE_LIMIT:1G,RATIO:1" has a PATH' \
    "KIND:DRAM,PMEM_SIZE_LIMIT:1G,RATIO:1$policy"
bad "no path" ': "KIND:FS_DAX,RATIO:1" has no PATH' "KIND:FS_DAX,RATIO:1$policy"
for limit in "" x 1 15M -1 1Z; do
	bad "limit '$limit'" ": \"PMEM_SIZE_LIMIT:$limit\" is not a limit" \
	    "KIND:FS_DAX,PATH:$work,PMEM_SIZE_LIMIT:$limit,RATIO:1$policy"
done
bad "a directory that is not there" \
    ": \"KIND:FS_DAX,PATH:$work/none,RATIO:1\" cannot be had: " \
    "KIND:FS_DAX,PATH:$work/none,RATIO:1$policy"
check "with the reason" grep -q "No such file or directory" "$work/errors"
bad "one tier for thresholds" ': "KIND:DRAM,RATIO:1" has one tier' \
    "KIND:DRAM,RATIO:1;POLICY:DYNAMIC_THRESHOLD"
bad "more than 1023 characters" " has 1024 characters" \
    "$(printf '%1024s' '' | tr ' ' x)"
refused "a kind that is not there" '"KIND:KMEM_DAX,RATIO:3" cannot be had: ' \
    "MEMKIND_MEM_TIERS=$static" MEMKIND_DAX_KMEM_NODES=x
for wrong in 3 -1 x 1x; do
	refused "log level '$wrong'" \
	    "MEMKIND_MEM_TIERING_LOG_LEVEL=$wrong is not a level" \
	    "MEMKIND_MEM_TIERS=$static" "$(level "$wrong")"
done

unfit() { # NAME TEXT THRESHOLDS
	refused "$1" "MEMKIND_MEM_THRESHOLDS: $2" "MEMKIND_MEM_TIERS=$dynamic" \
	    "MEMKIND_MEM_THRESHOLDS=$3"
}
refused "thresholds for another policy" '"INIT_VAL:2000" is for the policy' \
    "MEMKIND_MEM_TIERS=$static" MEMKIND_MEM_THRESHOLDS=INIT_VAL:2000
unfit "an empty threshold" '"" is not a parameter; write INIT_VAL:' ";"
unfit "no such value" '"VAL:1" is not a parameter' VAL:1
unfit "a value twice" '"MIN_VAL:2" is the second MIN_VAL' MIN_VAL:1,MIN_VAL:2
unfit "no size" '"INIT_VAL:x" is not a size' INIT_VAL:x
unfit "thresholds that contradict each other" "each needs MIN_VAL <= INIT_VAL" \
    INIT_VAL:1000,MIN_VAL:2000,MAX_VAL:3000
unfit "one threshold too many" \
    '"INIT_VAL:4000" is one threshold too many; 2 tiers have 1' \
    "INIT_VAL:1000;INIT_VAL:4000"

# ---- What becomes of it -----------------------------------------------------

sizes() { # NAME WANTED THRESHOLDS SIZE...
	local name=$1 wanted=$2 thresholds=$3
	shift 3
	with "MEMKIND_MEM_TIERS=$dynamic" \
	    ${thresholds:+"MEMKIND_MEM_THRESHOLDS=$thresholds"} -- \
	    "$work/kind_of_size" "$@"
	same "$name" "$status|$output" "0|$wanted"
}
sizes "the usual threshold" "dram dram kmem kmem" "" 1 1023 1024 100000
sizes "a threshold" "dram dram kmem" "INIT_VAL:64K,MIN_VAL:1K,MAX_VAL:1M" \
    1 65535 65536
under=(env LD_PRELOAD="$LIBMEMTIER")
for shares in "1 1" "1 3" "7 2"; do
	read -r dram other <<< "$shares"
	results_of "shares $dram:$other" 0 "${under[@]}" "MEMKIND_MEM_TIERS=\
KIND:DRAM,RATIO:$dram;KIND:KMEM_DAX,RATIO:$other$policy" \
	    "$work/memtier_shares" "$dram" "$other"
done
results_of "shares of a file" 0 "${under[@]}" "MEMKIND_MEM_TIERS=$file" \
    "$work/memtier_shares" 1 1

for tiers in "$static" "$dynamic"; do
	under=(env LD_PRELOAD="$LIBMEMTIER" "MEMKIND_MEM_TIERS=$tiers")
	name=${tiers##*:}
	results_of "functions, $name" 0 "${under[@]}" "$work/interposed"
	results_of "je_ functions, $name" 0 "${under[@]}" "$work/memtier_je"
	results_of "lifetime, $name" 0 "${under[@]}" "$work/lifetime"
	programs "$name"
done
# What comes from within goes to MEMKIND_DEFAULT, or it would never end.
results_of "nested requests" 0 env "MEMKIND_MEM_TIERS=$static" \
    LD_PRELOAD="$LIBMEMTIER:$work/nested_library.so" "$work/interposed"
under=(env LD_PRELOAD="$LIBMEMTIER" "MEMKIND_MEM_TIERS=$file")
results_of "functions, a file" 0 "${under[@]}" "$work/interposed"
results_of "reading the machine" 0 "${under[@]}" "$work/memtier_reading"
results_of "lifetime, a file" 0 "${under[@]}" "$work/lifetime"
check "a file: sort" unchanged sort -r "$work/numbers"
finish
