#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The program poolkind: what it prints, where, and how it ends. TAP.
. "$(dirname "$0")/../lib/tool_tap.sh"
machines=$TOP_SRCDIR/test/topology/machines

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
    "NODE CPUS KIND     DAX TIER CAPACITY/MiB   FREE/MiB READ/WRITE MB/s READ/WR. ns
   0 yes  -        no     -        65536          -   100000/100000     100/100
   1 yes  -        no     -        65536          -   100000/100000     100/100
   2 no   NVM      yes    -       131072          -     40000/10000     300/100
   3 no   NVM      yes    -       131072          -     40000/10000     300/100

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

run nodes "xml:$machines/cxl-tiers.xml"
same "CXL memory and tiers in the table of nodes" \
    "$(sed -n '2,5s/ *[0-9]* *-  .*//p' "$work/output")" \
    "   0 yes  DRAM     no     0
   1 yes  DRAM     no     0
   2 no   CXL-DRAM no     1
   3 no   CXL-DRAM no     1"
good "the nodes of CXL memory" "2-3  CXL memory from anywhere: nodes 2-3" \
    rank cxl all "xml:$machines/cxl-tiers.xml"
good "the nodes of a tier" "0-1  memory tier 0 from anywhere: nodes 0-1" \
    rank tier:0 all "xml:$machines/cxl-tiers.xml"
bad "a tier that the machine does not have" 1 \
    "poolkind: no node is in memory tier 4; there is tier 0 (nodes 0-1), tier 1 (nodes 2-3)" \
    rank tier:4 all "xml:$machines/cxl-tiers.xml"
bad "a tier that is none" 2 "poolkind: tier without a location: write tier:N" \
    rank tier

HWLOC_XMLFILE=$machines/no-hmat.xml bad "a kind of CXL memory where none is" 1 \
    "poolkind: no node is CXL memory: none has memory of a region in /sys/bus/cxl/devices, or of a DAX device on one, or is CXL by hwloc (nodes: 0-3)" \
    check cxl

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
same "and perhaps devices" "$status $(wc -l <"$work/output") $errors" "0 $(
	[ -n "$errors" ] && echo 1 || wc -l <"$work/output") ${errors:+poolkind: no DAX device has a size, and no file system is mounted with DAX}"

# Nothing of what hwloc says comes out: of this program, of one whose library
# opens hwloc later, and of a machine where there is nothing to read.
export HWLOC_COMPONENTS=none-such
run nodes
same "hwloc is silent" "$status $errors" "0 "
if [ -e "${LIBPOOLKIND_MALLOC:-}" ]; then
	run run --kind capacity -- true
	same "and in a program" "$status $errors" "0 "
else
	skip "and in a program" "libpoolkind-malloc was not built"
fi
HWLOC_HIDE_ERRORS=0 run nodes
same "unless its variable is set" "$status ${errors%%:*}" "0 hwloc"
unset HWLOC_COMPONENTS
if unshare -m mount -t tmpfs none /sys 2>/dev/null; then
	same "without /sys it is silent, too" "$(unshare -m sh -c '
		mount -t tmpfs none /sys && "$0" nodes && "$0" check capacity
	    ' "$poolkind" 2>&1 >/dev/null)" \
	    "poolkind: no node with memory is known: /sys/devices/system/node is not there, or not to be read"
else
	skip "without /sys it is silent, too" "nothing can be mounted here"
fi

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
    it["nodes"][2]["read_bandwidth"], it["nodes"][2]["free"],
    it["nodes"][2]["cxl"], it["nodes"][2]["tier"]')" \
    "0 4 137438953472 True NVM 40000 None False None"
same "a kind that is not known is null" "$(member 'it["nodes"][0]["kind"]')" \
    None
run nodes --json
same "this machine as JSON" "$status$errors $(member \
    'it["nodes"][0]["node"], it["nodes"][0]["free"] > 0')" "0 0 True"
same "distances as a table and as JSON" "$("$poolkind" nodes \
    "xml:$machines/kmem.xml" | sed -n '/^DIST/,$p' | tail -n 1 | tr -s ' ')" \
    "$("$poolkind" nodes --json "xml:$machines/kmem.xml" >"$work/output"
    member '" 3", *it["nodes"][3]["distances"].values()' )"
run check --json 'dram,limit=8827793K,page=thp | cxl > file:/tmp,size=64M'
same "a kind as JSON" "$status$errors $(member 'it["text"], it["comes_to"]')" \
    "0 dram,page=thp,limit=8827793K > file:/tmp,size=64M \
dram,page=thp,limit=8827793K > file:/tmp,size=64M"
same "its links as JSON" "$(member '*[(link["source"], link["nodes"],
    link["free"], link["limit"], link.get("page"), link["size"], link.get("fork"),
    link["reserve"]) for link in it["links"]]')" \
    "('dram', [], None, 9039660032, 'thp', None, None, 'no') \
('file', [], None, None, None, 67108864, 'refuse', 'no')"
run check nodes:0 --json
[ $status -ne 0 ] || same "and the nodes of one" "$status$errors $(member \
    'it["links"][0]["nodes"], it["links"][0]["free"] > 0,
    it["links"][0]["policy"], "bound" in it["links"][0]["memory"]')" \
    "0 [0] True bind False"
bad "no kind, no JSON" 1 \
    'poolkind: unknown source "nodse": did you mean "nodes"? (known: dram, nodes, hbw, bandwidth, latency, capacity, dax-kmem, cxl, tier, file, dax)' \
    check --json nodse:0
bad "what has no JSON" 2 "poolkind: rank has no JSON" rank hbw --json

run specs
same "the sources and options of specs" "$status $errors$(grep -c . \
    "$work/output") $(sed -n '1p;/^nodes/p;/^OPTION/p;/^offset/p' \
    "$work/output" | tr -s ' ' | tr '\n' '|')" \
    "0 39 SOURCE WHAT IT IS|nodes:all, or nodes:LIST with a list like 0-3,5|OPTION VALUE DEFAULT TAKEN BY|offset SIZE 0 dax|"
same "in 80 columns" "$(awk 'length > 80' "$work/output")" ""
same "the words of policy= and the default of each" "$(grep -A 2 "^policy" \
    "$work/output" | tr -s ' ')" \
    "policy bind|preferred|preferred-many|interleave|weighted-interleave
 bind nodes, attributes
 local local dram"
bad "a file that is not there" 1 \
    "poolkind: cannot read \"/no/such\": No such file or directory" \
    nodes xml:/no/such
bad "an unknown form" 1 \
    "poolkind: unknown topology \"x\"; known are xml:PATH, synthetic:TEXT and sysfs:PATH" \
    devices x
bad "a scope that is none" 2 \
    'poolkind: "every" is no scope, which is all or local, and no topology, which is xml:PATH, synthetic:TEXT or sysfs:PATH' \
    rank bandwidth every
bad "an unknown memory attribute" 2 \
    'poolkind: unknown memory attribute "best" (known: hbw, bandwidth, latency, capacity, dax-kmem, cxl, tier)' \
    rank best
bad "one with a typing error" 2 \
    'poolkind: unknown memory attribute "bandwith": did you mean "bandwidth"? (known: hbw, bandwidth, latency, capacity, dax-kmem, cxl, tier)' \
    rank bandwith
bad "an option with a typing error" 2 \
    'poolkind: unknown option "--jsn": did you mean "--json"? (known: --json, --help)' \
    nodes --jsn
bad "an option that a command does not have" 2 \
    'poolkind: unknown option "-v" (known: --json, --help)' check -v dram
bad "an unknown command" 2 \
    'poolkind: unknown command "list" (known: nodes, devices, rank, check, specs, kinds, run, record, replay, report, advise, stat, top, move, plot)' list
bad "a command with a typing error" 2 \
    'poolkind: unknown command "node": did you mean "nodes"? (known: nodes, devices, rank, check, specs, kinds, run, record, replay, report, advise, stat, top, move, plot)' node
bad "a word too many" 2 'poolkind: one word too many: "b"' nodes a b
run help
all=$output
run
same "no word at all prints the help" "$status$errors|$output" "0|$all"
run --version
same "--version" "$status ${output%% *}" "0 poolkind"
for words in -h help "help rank" "rank --help" "rank -h" "check dram --help" \
    "nodes help" "check help" "specs help" "run help" "run --help"; do
	read -r -a words <<<"$words"
	run "${words[@]}"
	same "${words[*]}" "$status $(head -n 1 "$work/output" |
	    cut -d' ' -f1-2)$errors" "0 usage: poolkind"
done
run help rank
same "help on one command" "$(grep -c "^usage\|^       poolkind" \
    "$work/output") $(grep -c "^rank" "$work/output")" "1 1"
same "and on its own words alone" "$(grep -c "^ATTRIBUTE\|^FROM" \
    "$work/output") $(grep -c "^TEXT" "$work/output")" "2 0"
bad "a program of that name is one" 127 \
    'poolkind: cannot run "help": No such file or directory' \
    run --kind dram help
run check "nodes:1000|dram,limit=1M > nodes:0"
same "what a text comes to" "$status $errors$(grep -v "MiB free" \
    "$work/output" | head -n 8)" "0 text       dram,limit=1M > nodes:0
comes to   dram,limit=1M > nodes:0

anonymous memory, placed by the policy of the process
  page       auto
  size       none
  limit      1M
  memory     taken at the first touch, as the kernel overcommits"
same "and what follows when it is full" "$(grep "^When" "$work/output")" \
    "When that is full: anonymous memory of these NUMA nodes"
run check dram,limit=8827793K,size=1536M
same "a size of many digits is rounded in the table alone" \
    "$status $errors$(grep "^comes\|^  size\|^  limit" "$work/output" |
	tr -s ' ')" "0 comes to dram,size=1536M,limit=8827793K
 size 1536M
 limit 8.4G"
bad "a text that is not a kind" 1 \
    'poolkind: size=1GiB is not a size: write 1G' check dram,size=1GiB
nodes=$("$poolkind" check nodes:all | sed -n 's/^comes to   nodes://p')
bad "what this machine does not have" 1 \
    'poolkind: "nodes:1000": node 1000 does not exist, has no memory or is not allowed to this process (nodes: '"$nodes)" \
    check nodes:1000
bad "a text that was not quoted" 2 \
    'poolkind: one word too many: "b" (a text with spaces, "|" or ">" is quoted)' \
    check a b

# Kinds with names.
export POOLKIND_CONFIG=$work/kinds
cat >"$POOLKIND_CONFIG" <<-'END'
	# of this machine
	kind small = dram,limit=1M    # a comment
	kind rest = nodes:1000|@small > nodes:0
END
good "the kinds that have names" "NAME             TEXT
small            dram,limit=1M
rest             nodes:1000|@small > nodes:0" kinds
run check @rest
same "what a name comes to" "$status $errors$(head -n 1 "$work/output")" \
    "0 text       dram,limit=1M > nodes:0"
bad "a name with a typing error" 1 \
    "poolkind: no kind is called \"smal\": did you mean \"small\"? in $work/kinds (known: small, rest)" \
    check @smal
cat >>"$POOLKIND_CONFIG" <<-'END'
	kind wrong = drum
	kind round = @round
	kind small = dram
END
run kinds
same "what is wrong with them, each in a line" "$status|$(wc -l <"$work/output")|$errors" \
    "1|6|poolkind: $work/kinds:6: kind small is there twice: line 2 has it, too
poolkind: $work/kinds:4: unknown source \"drum\": did you mean \"dram\"? (known: dram, nodes, hbw, bandwidth, latency, capacity, dax-kmem, cxl, tier, file, dax)
poolkind: $work/kinds:5: kind round leads back to itself (@round, @round): give it a text that ends in memory
poolkind: $work/kinds:6: kind small is there twice: line 2 has it, too"
echo 'size 1M.. -> fast' >"$POOLKIND_CONFIG"
bad "a line that is no kind" 1 \
    "poolkind: $work/kinds:1: unknown word \"size\" (known: kind)" kinds
echo '# none yet' >"$POOLKIND_CONFIG"
run kinds
same "no names" "$status|$output|$errors" "0|NAME             TEXT|poolkind: no kind has a name: lines \"kind NAME = TEXT\" in $work/kinds would give some"
POOLKIND_CONFIG=/no/kinds
bad "a file of names that is not there" 1 \
    "poolkind: cannot read /no/kinds, which POOLKIND_CONFIG names: No such file or directory" \
    check @small
unset POOLKIND_CONFIG
bad "kinds of which word" 2 'poolkind: one word too many: "fast"' kinds fast
run --help
same "--help" "$status ${output%%$'\n'*}$errors" "0 usage: poolkind nodes [--json] [FROM]"
"$poolkind" --help >/dev/full 2>/dev/null
same "an output that is full is an error" $? 1
finish
