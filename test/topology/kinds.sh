#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What kinds by attribute come to on saved machines of today, as a table: those
# of README.md and of machines/README.md have to be what `poolkind rank` says.
# Without a test: --print writes the first, --print-all the second. TAP.
. "$(dirname "$0")/../lib/tool_tap.sh"
machines=$top/test/topology/machines
attributes=(hbw bandwidth latency capacity cxl)

# The name in README.md, - for those that are not there; and the file.
rows=(
	"Xeon Max, flat, SNC4" sapphire-rapids-snc4
	"Xeon Max, HBM as cache" sapphire-rapids-cache
	"Xeon Max, HBM alone, SNC4" sapphire-rapids-hbm
	"Grace-Hopper" grace-hopper
	"Grace superchip" grace-superchip
	"A64FX" a64fx
	"4 MI300A" mi300a
	"2 EPYC Turin, a CXL interleave set each" turin-cxl-set
	"2 EPYC Turin, each CXL device a node" turin-cxl-nodes
	"2 Granite Rapids, SNC3, a CXL set each" granite-rapids-cxl-set
	- granite-rapids-cxl-nodes
	- eight-sockets
	- nodes-64-to-200
	- container
)

# as_list NUMBER...: "0-2,8" for 0 1 2 8, "-" for none; in $list.
as_list() {
	local first='' last='' i
	list=
	for i in "$@" ''; do
		if [ -n "$last" ] && [ "$i" != $((last + 1)) ]; then
			[ "$first" = "$last" ] || first=$first-$last
			list+=${list:+,}$first
			first=$i
		fi
		first=${first:-$i}
		last=$i
	done
	list=${list:--}
}

# read_nodes FILE: "- | -" in $nodes: those with CPUs, and those without; the
# first of the former in $first.
read_nodes() {
	local id cpus rest with=() without=()
	while read -r id cpus rest && [ -n "$id" ]; do
		case $cpus in
		yes) with+=("$id") ;;
		no) without+=("$id") ;;
		esac
	done < <("$poolkind" nodes "xml:$1")
	first=${with[0]}
	as_list "${with[@]}"
	nodes=$list
	as_list "${without[@]}"
	nodes+=" | $list"
}

# read_cell FILE ATTRIBUTE: in $cell the nodes of a thread on the first node, and
# in brackets those of the whole machine where these are others. A thread for
# which there is no answer from where it is has the latter.
read_cell() {
	local all here='' from to rest
	all=$("$poolkind" rank "$2" all "xml:$1" 2>/dev/null)
	all=${all%% *}
	while read -r from to rest; do
		[ "$from" != "$first:" ] || here=$to
	done < <("$poolkind" rank "$2" local "xml:$1" 2>/dev/null)
	here=${here:-${all:--}}
	[ "$here" = "${all:--}" ] && cell=$here || cell="$here ($all)"
}

declare -A said
read_rows() {
	local i attribute
	for ((i = 1; i < ${#rows[@]}; i += 2)); do
		read_nodes "$machines/${rows[i]}.xml"
		said[${rows[i]}]=$nodes
		for attribute in "${attributes[@]}"; do
			read_cell "$machines/${rows[i]}.xml" "$attribute"
			said[${rows[i]}]+=" | $cell"
		done
	done
}

header='| machine | nodes with processors | without | `hbw` | `bandwidth` | `latency` | `capacity` | `cxl` |
|---|---|---|---|---|---|---|---|'

table() {
	local i
	echo "$header"
	for ((i = 0; i < ${#rows[@]}; i += 2)); do
		[ "${rows[i]}" = - ] ||
			echo "| ${rows[i]} | ${said[${rows[i + 1]}]} |"
	done
}

full_table() {
	local i
	echo "$header"
	for ((i = 1; i < ${#rows[@]}; i += 2)); do
		echo "| ${rows[i]} | ${said[${rows[i]}]} |"
	done
}

read_rows
case ${1:-} in
--print) table; exit ;;
--print-all) full_table; exit ;;
esac

table_in() { sed -n '/^| machine | nodes with/,/^$/{/^|/p}' "$1"; }
same "the table of README.md is what the program says" \
    "$(table_in "$top/README.md")" "$(table)"
same "so is that of the machines" \
    "$(table_in "$machines/README.md")" "$(full_table)"

without_note() {
	local file
	for file in "$machines"/*.xml; do
		file=${file##*/}
		grep -qF "**${file%.xml}**" "$machines/README.md" ||
			echo "$file"
	done
}
same "each machine has a note" "$(without_note)" ""
finish
