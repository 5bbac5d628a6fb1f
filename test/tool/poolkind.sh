#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The program poolkind: what it prints, where, and how it ends. TAP.
poolkind=$TOP_BUILDDIR/bin/poolkind
machines=$TOP_SRCDIR/test/topology/machines
export LD_LIBRARY_PATH=$TOP_BUILDDIR/lib LC_ALL=C
number=0
failed=0

if [ ! -x "$poolkind" ]; then
	echo "1..0 # SKIP the program poolkind was not built"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/tool.XXXXXX")
trap 'rm -rf "$work"' EXIT

# same NAME GOT WANTED
same() {
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf 'got:\n%s\nwanted:\n%s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

# run WORD...: output, errors and status of the program, each in its variable.
run() {
	"$poolkind" "$@" >"$work/output" 2>"$work/errors"
	status=$?
	output=$(<"$work/output")
	errors=$(<"$work/errors")
}

# good NAME WANTED WORD...: prints this, nothing else, and ends well.
good() {
	local name=$1 wanted=$2
	shift 2
	run "$@"
	same "$name" "$output
$errors
$status" "$wanted

0"
}

# bad NAME STATUS FIRST-LINE-OF-ERRORS WORD...
bad() {
	local name=$1 wanted=$2 line=$3
	shift 3
	run "$@"
	same "$name" "$output|$status|${errors%%$'\n'*}" "|$wanted|$line"
}

good "a table of nodes" \
    "NODE CPUS KIND     DAX CAPACITY/MiB   FREE/MiB READ/WRITE MB/s READ/WR. ns
   0 yes  -        no         65536          -   100000/100000     100/100
   1 yes  -        no         65536          -   100000/100000     100/100
   2 no   NVM      yes       131072          -     40000/10000     300/100
   3 no   NVM      yes       131072          -     40000/10000     300/100

DISTANCE FROM THE NODE OF A ROW TO THAT OF A COLUMN
        0    1    2    3
   0   10   21   17   28
   1   21   10   28   17
   2   17   28   10   28
   3   28   17   28   10" \
    nodes "xml:$machines/kmem.xml"

good "an attribute from each node with CPUs" \
    "0: 2  memory onlined from a DAX device from node 0: node 2, the nearest of nodes 2-3
1: 3  memory onlined from a DAX device from node 1: node 3, the nearest of nodes 2-3" \
    rank dax-kmem "xml:$machines/kmem.xml"
good "the same said in full" "$output" \
    rank dax-kmem local "xml:$machines/kmem.xml"
good "an attribute from anywhere" \
    "2-3  memory onlined from a DAX device from anywhere: nodes 2-3" \
    rank dax-kmem all "xml:$machines/kmem.xml"
good "a synthetic machine" \
    "0-1  largest capacity from anywhere: 1024 MiB of nodes 0-1 (looked at: nodes 0-1)" \
    rank capacity all "synthetic:pack:2 [numa(memory=1GiB)] pu:1"

run rank bandwidth "xml:$machines/hidden-socket.xml"
same "what some nodes have is printed" "$output" \
    "1: 3  highest bandwidth from node 1: 780000 MB/s of node 3 (known: nodes 1,3)"
same "and what others lack is an error" "$errors" \
    "poolkind: no bandwidth is known from node 0; from other nodes it is known of nodes 1,3"
same "which is none of the program" "$status" 0
bad "what no node has is one line, and an end with 1" 1 \
    "poolkind: no node has a known latency: the firmware has no HMAT (nodes: 0-3)" \
    rank latency "xml:$machines/no-hmat.xml"
same "one line only" "$(wc -l <"$work/errors")" 1

run nodes
same "this machine has nodes" "$status $(sed -n 1p "$work/output" |
    cut -c1-9)" "0 NODE CPUS"
run devices
same "and perhaps devices" "$status $errors" "0 "

mkdir -p "$work/tree"/{proc,sys/devices/system/cpu/cpu0/topology} \
    "$work/tree/sys/bus/dax/devices/dax1.0"
echo 1 >"$work/tree/sys/devices/system/cpu/cpu0/topology/core_cpus"
echo "/dev/pmem0 /mnt/pmem xfs rw,dax=always 0 0" >"$work/tree/proc/mounts"
(
	cd "$work/tree/sys/bus/dax/devices/dax1.0" || exit
	echo 1073741824 >size
	echo 2097152 >align
	echo 3 >target_node
	ln -s ../../drivers/device_dax driver
)
good "devices and mounts" \
    "DEVICE         REGION   SIZE/MiB  ALIGN/KiB TARGET NEAR MODE
/dev/dax1.0         1       1024       2048      3    - devdax

MOUNTED WITH DAX
/mnt/pmem      xfs" devices "sysfs:$work/tree"

# member PYTHON: of what was printed, which is JSON.
member() {
	python3 -c "import json, sys; it = json.load(sys.stdin); print($1)" \
	    <"$work/output" 2>&1
}
run devices --json "sysfs:$work/tree"
same "devices and mounts as JSON" "$status$errors $(member \
    'it["devices"][0]["path"], it["devices"][0]["size"],
    it["devices"][0]["near_node"], it["mounts"][0]["type"]')" \
    "0 /dev/dax1.0 1073741824 None xfs"
run nodes "xml:$machines/kmem.xml" --json
same "nodes as JSON" "$status$errors $(member 'len(it["nodes"]),
    it["nodes"][2]["capacity"], it["nodes"][2]["dax"], it["nodes"][2]["kind"],
    it["nodes"][2]["read_bandwidth"], it["nodes"][2]["free"]')" \
    "0 4 137438953472 True NVM 40000 None"
run nodes --json
same "this machine as JSON" "$status$errors $(member \
    'it["nodes"][0]["node"], it["nodes"][0]["free"] > 0')" "0 0 True"
same "distances as a table and as JSON" "$("$poolkind" nodes \
    "xml:$machines/kmem.xml" | sed -n '/^DIST/,$p' | tail -n 1 | tr -s ' ')" \
    "$("$poolkind" nodes --json "xml:$machines/kmem.xml" >"$work/output"
    member '" 3", *it["nodes"][3]["distances"].values()' )"
bad "what has no JSON" 2 "poolkind: rank has no JSON" rank hbw --json

run specs
same "the sources and options of specs" "$status $errors$(grep -c . \
    "$work/output") $(sed -n '1p;/^nodes/p;/^OPTION/p;/^offset/p' \
    "$work/output" | tr -s ' ' | tr '\n' '|')" \
    "0 26 SOURCE WHAT IT IS|nodes:all, or nodes:LIST with a list like 0-3,5 anonymous memory of these NUMA nodes|OPTION VALUE DEFAULT TAKEN BY|offset SIZE 0 dax|"
bad "a file that is not there" 1 \
    "poolkind: cannot read \"/no/such\": No such file or directory" \
    nodes xml:/no/such
bad "an unknown form" 1 \
    "poolkind: unknown topology \"x\"; known are xml:PATH, synthetic:TEXT and sysfs:PATH" \
    devices x
bad "an unknown memory attribute" 2 \
    'poolkind: unknown memory attribute "best" (known: hbw, bandwidth, latency, capacity, dax-kmem)' \
    rank best
bad "one with a typing error" 2 \
    'poolkind: unknown memory attribute "bandwith": did you mean "bandwidth"? (known: hbw, bandwidth, latency, capacity, dax-kmem)' \
    rank bandwith
bad "an unknown command" 2 \
    'poolkind: unknown command "list" (known: nodes, devices, rank, check, specs)' list
bad "a command with a typing error" 2 \
    'poolkind: unknown command "node": did you mean "nodes"? (known: nodes, devices, rank, check, specs)' node
bad "a word too many" 2 'poolkind: one word too many: "b"' nodes a b
bad "no word at all" 2 "usage: poolkind nodes [--json] [FROM]"
run --version
same "--version" "$status ${output%% *}" "0 poolkind"
for words in -h help "help rank" "rank --help" "rank -h" "check dram --help"; do
	read -r -a words <<<"$words"
	run "${words[@]}"
	same "${words[*]}" "$status $(head -n 1 "$work/output" |
	    cut -d' ' -f1-2)$errors" "0 usage: poolkind"
done
run help rank
same "help on one command" "$(grep -c "^usage\|^       poolkind" \
    "$work/output") $(grep -c "^rank" "$work/output")" "1 1"
run check "nodes:1000|dram,limit=1M > nodes:0"
same "what a text comes to" "$status $errors$(grep -v "MiB free" \
    "$work/output" | head -n 8)" "0 text       dram,limit=1M > nodes:0
comes to   dram,limit=1M > nodes:0

anonymous memory, placed by the policy of the process
  page       4K
  size       none
  limit      1M
  memory     taken at the first touch, as the kernel overcommits"
same "and what follows when it is full" "$(grep "^When" "$work/output")" \
    "When that is full: anonymous memory of these NUMA nodes"
bad "a text that is not a kind" 1 \
    'poolkind: size=1GiB is not a size: write 1G' check dram,size=1GiB
bad "what this machine does not have" 1 \
    'poolkind: "nodes:1000": node 1000 does not exist, has no memory or is not allowed to this process' \
    check nodes:1000
bad "a text that was not quoted" 2 \
    'poolkind: one word too many: "b" (a text with spaces, "|" or ">" is quoted)' \
    check a b
run --help
same "--help" "$status ${output%%$'\n'*}$errors" "0 usage: poolkind nodes [--json] [FROM]"
"$poolkind" --help >/dev/full 2>/dev/null
same "an output that is full is an error" $? 1
echo "1..$number"
exit $failed
