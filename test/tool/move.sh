#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# poolkind move: pages of a process's kinds go to other nodes while it runs, and
# what is refused has a line. TAP. On a machine of one node everything is there
# already; in the machine of test/host/run pages go from node to node.
. "$(dirname "$0")/../lib/tool_tap.sh"
export LC_ALL=C
unset POOLKIND_CONFIG

# move WORD...: output, errors and status.
move() {
	"$poolkind" move "$@" >"$work/out" 2>"$work/errors"
	status=$?
	output=$(<"$work/out")
	errors=$(head -n 1 "$work/errors")
}

# refused STATUS LINE WORD...: nothing is printed but this line, which may hold
# patterns; with status 2 the usage follows.
refused() {
	local wanted=$1 line=$2
	shift 2
	move "$@"
	# shellcheck disable=SC2254 # a pattern
	case "$status,$output,$errors" in
	"$wanted,,poolkind: "$line) same "move $*: $line" 0 0 ;;
	*) same "move $*" "$status|$output|$errors" "$wanted||poolkind: $line" ;;
	esac
	same "and no more is said" "$(wc -l <"$work/errors")" "$wanted"
}

# Some MB from each kind, of two with the same name.
specs=("nodes:0,name=heap" "dram,name=twin" "dram,name=twin"
    "file:/dev/shm,size=32M,name=shm")
case ${VM_PROFILE:-}$(stat -f -c %T "$TOP_BUILDDIR") in
ext* | btrfs | xfs) specs+=("file:$TOP_BUILDDIR,size=32M,name=disk") ;;
esac
mkfifo "$work/to" || exit 1
"$TOP_BUILDDIR/test/tool/stat_holder" "${specs[@]}" \
    <"$work/to" >"$work/from" 2>&1 &
process=$!
exec 3>"$work/to"
trap 'kill "$process" 2>/dev/null; rm -rf "$work"' EXIT
while [ ! -s "$work/from" ] && kill -0 "$process" 2>/dev/null; do
	sleep 0.05
done
[ "$(<"$work/from")" = ready ] || skip_all "no kinds: $(<"$work/from")"

# The nodes on which pages of the heap are.
nodes_of_heap() {
	"$poolkind" stat --format json "$process" |
	    sed -n 's/.*"name":"heap".*"nodes":{\([^}]*\)}.*/\1/p' | tr , '\n' |
	    sed 's/"\(.*\)":.*/\1/' | paste -sd ,
}

# ---- Everything is there ----

move "$process" heap nodes:0
case $output in
"process $process, kind \"heap\": 0 bytes moved to node 0, "????????" were there")
	same "what is there is counted" 0 0 ;;
*) same "what is there is counted" "$output$errors" "some MB" ;;
esac
same "and that is success" "$status" 0
move "$process" shm nodes:0
same "a file in a tmpfs may move" "$status${output%%:*}" \
    "0process $process, kind \"shm\""

# ---- What is refused ----

case ${specs[-1]} in
*disk)
	refused 1 "process $process: its kind \"disk\" is a file, and only *" \
	    "$process" disk nodes:0 ;;
*) skip "a file kind" "no file system here has pages of no node" ;;
esac
refused 1 "process $process: has no kind \"hep\"; it has: heap, twin, *" \
    "$process" hep nodes:0
refused 1 "process $process: has 2 kinds \"twin\": say which by its number: *" \
    "$process" twin nodes:0
twin=${errors##*, }
move "$process" "$twin" nodes:0
same "a number says which" "$status${output%%:*}" \
    "0process $process, kind \"twin\""
refused 1 "process $process: the text of its kind names no nodes, *" \
    "$process" "$twin" home
refused 1 "process $$: has no kinds: *" $$ heap nodes:0
refused 1 "process 999999999: there is no such process any more" \
    999999999 heap nodes:0
refused 1 '"nodes:999": node 999 does not exist, *' "$process" heap nodes:999
refused 2 "nodes:x is not a list of nodes: *" "$process" heap nodes:x
refused 2 '"dram" names no nodes *' "$process" heap dram
refused 2 '"nodes:0,limit=1M" says more than *' \
    "$process" heap nodes:0,limit=1M
refused 2 '"0" is not the number of a process' 0 heap nodes:0
refused 2 'one word too many: "more"' "$process" heap nodes:0 more
refused 2 'move it where?' "$process" heap
refused 2 '--rate fast: write bytes a second, *' \
    "$process" heap nodes:0 --rate fast
if [ "$(id -u)" = 0 ] && user=$(command -v setpriv) &&
    "$user" --reuid 65534 --clear-groups "$poolkind" --version >/dev/null 2>&1
then
	as() { "$user" --reuid 65534 --clear-groups "$real" "$@"; }
	real=$poolkind poolkind=as
	refused 1 "process $process: may not be read: it is user 0's, *" \
	    "$process" heap nodes:0
	poolkind=$real
else
	skip "another user's" "needs root and setpriv(1)"
fi

# ---- From node to node ----

if "$poolkind" nodes 2>/dev/null | grep -Eq '^ *1 '; then
	move "$process" heap nodes:1
	same "pages go to node 1" "$status$(nodes_of_heap)$errors" 01
	move "$process" heap nodes:0-1
	same "of two nodes, those that are on one stay" \
	    "$status$(nodes_of_heap)" 01
	move "$process" heap home --rate 64M
	same "and come home, at a rate" "$status$(nodes_of_heap)" 00
	move "$process" shm capacity
	same "an attribute names nodes" "$status" 0
else
	skip "pages go to node 1" "there is one node"
fi
finish
