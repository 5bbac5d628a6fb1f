#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The programs memkind-hbw-nodes, memkind-auto-dax-kmem-nodes and memtier: what
# they print, where, and how they end.
. "$(dirname "$0")/../lib/preload_tap.sh"

tools=$built/bin
if [ ! -x "$tools/memtier" ]; then
	echo "1..0 # SKIP the programs were not built"
	exit 0
fi

# ends NAME STATUS OUTPUT ERRORS COMMAND...: ERRORS is a pattern for all of it.
ends() {
	local name=$1 wanted=$2 text=$3 pattern=$4
	shift 4
	run "$@"
	# shellcheck disable=SC2254 # a pattern it is
	case $errors in
	$pattern) same "$name" "$status|$output" "$wanted|$text" ;;
	*) same "$name" "$errors" "$pattern" ;;
	esac
}

# ---- Nodes ------------------------------------------------------------------

hbw=$tools/memkind-hbw-nodes
kmem=$tools/memkind-auto-dax-kmem-nodes
ends "nodes with high bandwidth memory" 0 0 "" "$hbw"
ends "nodes made of DAX devices" 0 0 "" "$kmem"
ends "a list that is none: high bandwidth" 1 "" "*memkind-hbw-nodes: *" \
    env MEMKIND_HBW_NODES=x "$hbw"
ends "a list that is none: DAX" 3 "" "*memkind-auto-dax-kmem-nodes: *" \
    env MEMKIND_DAX_KMEM_NODES=x "$kmem"
machines=$top/test/topology/machines
on() { # MACHINE COMMAND...: on a machine that was saved
	local machine=$1
	shift
	env -u MEMKIND_HBW_NODES -u MEMKIND_DAX_KMEM_NODES \
	    HWLOC_XMLFILE="$machines/$machine.xml" "$@"
}
ends "a machine with HBM" 0 2,3 "" on hbm-flat "$hbw"
ends "a machine without" 1 "" \
    "memkind-hbw-nodes: <memkind> *: high-bandwidth memory" \
    on one-node "$hbw"
ends "a machine with memory onlined from DAX devices" 0 2,3 "" on kmem "$kmem"
ends "a machine without such" 3 "" \
    "memkind-auto-dax-kmem-nodes: <memkind> *: memory onlined from a DAX device" \
    on one-node "$kmem"
unread=(env "HWLOC_COMPONENTS=-linux,-synthetic,-xml,-no_os,stop")
ends "a machine that cannot be read: high bandwidth" 1 "" \
    "memkind-hbw-nodes: <memkind> *" "${unread[@]}" "$hbw"
ends "a machine that cannot be read: DAX" 1 "" \
    "memkind-auto-dax-kmem-nodes: <memkind> *" "${unread[@]}" "$kmem"
ends "a list of nodes" 0 0,2,3 "" on hbm-flat env MEMKIND_HBW_NODES=0,2-3 "$hbw"
for word in x --version -v; do
	ends "$word is not understood: high bandwidth" 2 "" \
	    "memkind-hbw-nodes: unknown word \"$word\"*usage: *" "$hbw" $word
	ends "$word is not understood: DAX" 2 "" \
	    "memkind-auto-dax-kmem-nodes: unknown word \"$word\"*usage: *" \
	    "$kmem" $word
done
for word in -h --help; do
	run "$hbw" $word
	same "$word: high bandwidth" "$status|${output%%$'\n'*}|$errors" \
	    "2|usage: memkind-hbw-nodes [-h | --help]|"
	run "$kmem" $word
	same "$word: DAX" "$status|${output%%$'\n'*}|$errors" \
	    "0|usage: memkind-auto-dax-kmem-nodes [-h | --help]|"
done
"$hbw" > /dev/full 2> "$work/errors"
same "an output that is full: high bandwidth" "$?" 1
"$kmem" > /dev/full 2> "$work/errors"
same "an output that is full: DAX" "$?" 3

# ---- memtier ----------------------------------------------------------------

memtier=$tools/memtier
shim=$(readlink -f "$(dirname "$LIBMEMTIER")")/libmemtier.so.0
shows="$work/shows"
cat > "$shows" << 'SCRIPT'
#!/bin/sh
printf '%s\n' "$MEMKIND_MEM_TIERS" "${MEMKIND_MEM_THRESHOLDS-none}" \
    "$LD_PRELOAD" "with $*."
SCRIPT
chmod +x "$shows"
two() { echo "KIND:DRAM,RATIO:$1;KIND:KMEM_DAX,RATIO:$2;POLICY:$3"; }
ends "a ratio" 0 "$(two 1 4 STATIC_RATIO)
none
$shim
with a b c." "" "$memtier" -r 1:4 "$shows" a "b c"
ends "options of the program are its own" 0 "$(two 1 4 STATIC_RATIO)
none
$shim
with -r 7 --help." "" "$memtier" --ratio 1:4 "$shows" -r 7 --help
ends "thresholds" 0 "$(two 2 3 DYNAMIC_THRESHOLD)
INIT_VAL:2000,MIN_VAL:1000,MAX_VAL:3000
$shim
with ." "" "$memtier" -r 2:3 -t INIT_VAL:2000,MIN_VAL:1000,MAX_VAL:3000 "$shows"
ends "the other name of the option" 0 "$(two 2 3 DYNAMIC_THRESHOLD)
MIN_VAL:1
$shim
with ." "" "$memtier" -r 2:3 --threshold=MIN_VAL:1 "$shows"
ends "the ratio that is installed" 0 "$(two 1 1 STATIC_RATIO)
none
$shim
with ." "" "$memtier" "$shows"
ends "-v says what it sets" 0 x \
    "memtier: MEMKIND_MEM_TIERS=*memtier: LD_PRELOAD=$shim" \
    "$memtier" -v -r 1:1 echo x
ends "what else is preloaded stays" 0 "$shim:libc.so.6" "" \
    env LD_PRELOAD=libc.so.6 "$memtier" -r 1:1 sh -c 'echo $LD_PRELOAD'
ends "thresholds from outside are not taken over" 0 "" "" \
    env MEMKIND_MEM_THRESHOLDS=x "$memtier" -r 1:1 true
for ratio in "" 1 1: :1 0:1 1:0 1:2:3 a:b 1:-1 1:4294967296; do
	ends "ratio '$ratio'" 1 "" "memtier: \"$ratio\" is not a ratio; *" \
	    "$memtier" -r "$ratio" true
done
ends "a program that is not there" 1 "" \
    "memtier: cannot run \"/none\": No such file or directory" \
    "$memtier" -r 1:1 /none
ends "no program" 1 "" "usage: memtier *" "$memtier" -r 1:1
ends "an unknown option" 1 "" "*usage: memtier *" "$memtier" -q true
run "$memtier" --help
same "--help" "$status|${output%% [*}|$errors" "0|usage: memtier|"
ends "no such memory" 1 "" "memtier: no memory onlined from a DAX device*" \
    on one-node "$memtier" true
ends "no such memory for the ratio that is given" 1 "" \
    "memtier: no memory onlined from a DAX device*MEMKIND_DAX_KMEM_NODES*" \
    on one-node "$memtier" -r 1:4 true
ends "nodes that are none" 1 "" \
    "*memtier: memory onlined from a DAX device cannot be had: <memkind> *" \
    env MEMKIND_DAX_KMEM_NODES=x "$memtier" -r 1:4 true
ends "the status is the program's" 7 "" "" "$memtier" -r 1:1 sh -c 'exit 7'
build kind_of_size || exit 1
ends "the program has its tiers" 0 "dram kmem" "" \
    "$memtier" -r 1:1 -t INIT_VAL:1K "$work/kind_of_size" 1000 2000
finish
