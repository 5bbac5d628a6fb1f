#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# poolkind report and poolkind advise: what they print, write and refuse. The
# profiles are files of dhat, written here. TAP.
unset HWLOC_XMLFILE POOLKIND_CONFIG
. "$(dirname "$0")/../lib/tool_tap.sh"
case $("$poolkind" report none 2>&1) in
*"needs protobuf-c"*) skip_all "built without protobuf-c and zlib" ;;
esac
cd "$work" || exit 1

# point BYTES LIFETIME ACCESSES FRAMES: one of dhat's program points.
point() {
	echo "{\"tb\":$1,\"tbk\":1,\"tl\":$2,\"mb\":$1,\"mbk\":1,\"gb\":$1,"
	echo "\"gbk\":1,\"eb\":$1,\"ebk\":1,\"rb\":$3,\"wb\":0,\"fs\":[$4]}"
}

# dhat POINTS FRAMES: a file of it.
dhat() {
	echo '{"dhatFileVersion":2,"mode":"heap","verb":"Allocated"'
	echo ',"bklt":true,"bkacc":true,"tu":"instrs","Mtu":"Minstr"'
	echo ',"cmd":"./solver","pid":1,"te":1000,"tg":900'
	echo ",\"pps\":[$1],\"ftbl\":[\"[root]\"$2]}"
}

frames=',"0x100: hot (solver.c:10)","0x200: main (solver.c:90)"'
frames+=',"0x300: cold (solver.c:20)","0x400: huge (solver.c:30)"'
dhat "$(point 65536 900 6553600 1,2),$(point 131072 900 131072 3,2),$(
	point 1048576 900 0 4,2)" "$frames" >solver.dhat

refused() {
	local name=$1 wanted=$2 said
	shift 2
	said=$("$poolkind" "$@" 2>&1 >output)
	same "$name" "$?|$(<output)|$said" "1||poolkind: $wanted"
}

misused() {
	local name=$1 wanted=$2 said
	shift 2
	said=$("$poolkind" "$@" 2>&1 | head -n 1)
	same "$name" "$said" "poolkind: $wanted"
}

# ---- report ----

rows() {
	"$poolkind" report "$@" |
	    sed -n 's/^\(solver[^ ]*\) .* [0-9].*%.*/\1/p; /^$/{x; s/^/x/; /xx/q; x}' |
	    xargs
}

same "those with the most bytes come first" "$(rows solver.dhat)" \
    "solver.c:30 solver.c:20 solver.c:10"
same "or the most accesses" "$(rows --by accesses solver.dhat)" \
    "solver.c:10 solver.c:20 solver.c:30"
same "what lives long and is never touched is told" \
    "$("$poolkind" report solver.dhat | sed -n '/never touched/,$p' | tail -n +2)" \
    "solver.c:30                     1.0M, 90% of the run: huge"
same "so many rows as were asked for" \
    "$("$poolkind" report --top 1 solver.dhat | grep '^and')" \
    "and 2 more sites: --top 3 shows them all"

check "a flame graph" "$poolkind" report --flame flame.svg solver.dhat
well_formed() {
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' \
	    "$1"
}
check "is well formed" well_formed flame.svg
check "says what a box is" grep -q '<title>hot (solver.c:10): 64.0K, 5.3%' \
    flame.svg
check "has colours for a dark ground" grep -q "prefers-color-scheme: dark" flame.svg
LC_ALL=C sed "s/: hot /: hot$(printf '\\x80%.0s' {1..700})\xef\xbf\xbf /" \
    solver.dhat >odd.dhat
check "a name that is no UTF-8, and long" grep -q $'\x80\x80' odd.dhat
check "has a flame graph" "$poolkind" report --flame odd.svg odd.dhat
check "that is well formed" well_formed odd.svg

gzip -k solver.dhat
same "a compressed file is read as well" "$(rows solver.dhat.gz)" \
    "$(rows solver.dhat)"
head -c 500 solver.dhat >short.dhat
refused "a file of dhat that is cut short" \
    "short.dhat is cut short or damaged: no JSON as dhat writes it" \
    report short.dhat
echo '{"a": [1, true, {"b": "c"}]}' >foreign.json
refused "JSON of something else" \
    "foreign.json is JSON, but no file of Valgrind's dhat (version 2)" \
    report foreign.json
dhat "$(point 10 1 1 9)" "$frames" >wrong.dhat
refused "a frame that is not there" \
    "wrong.dhat is damaged: a frame is not there" report wrong.dhat
printf '\037\213\010garbage' >damaged
refused "what was never compressed" \
    "damaged is damaged: it is not what was compressed" report damaged
head -c 100 solver.dhat.gz >short.gz
refused "a compressed file that is cut short" "short.gz is cut short" \
    report short.gz
dhat "" "$frames" >empty.dhat
refused "an empty profile" \
    "empty.dhat is empty: the program allocated nothing that was recorded" \
    report empty.dhat
dhat "$(point 65536 900 0 1,2)" "$frames" >quiet.dhat
refused "no accesses to be in order of" \
    "quiet.dhat has no accesses in it: it was recorded without a sampler that counts them" \
    report --by accesses quiet.dhat
misused "no file" "report on which file?" report
misused "two files" \
    'one word too many: "b": a report is on one file' report a b
misused "a number that is none" \
    "--top ten is not a number of sites, like 50" report --top ten a
misused "a typing error" \
    'unknown option "--flam": did you mean "--flame"? (known: --top, --flame, --by, --help)' \
    report --flam a
same "a full disk" "$("$poolkind" report --flame /dev/full solver.dhat \
    2>&1 >/dev/null)" \
    "poolkind: cannot write /dev/full: No space left on device"

# ---- advise ----

# advise WORD...: what is said, and the rules.
advise() {
	rm -f rules
	"$poolkind" advise --rest dram -o rules "$@" >advised
}
rules() { sed '1,/^$/d; s/ *#.*//' rules | paste -sd ';'; }
memory_of() { sed -n "s/^$1 .* \(fast2*\|rest\) .*/\1/p" advised; }

check "advice" advise --fast dram,limit=128K solver.dhat
same "what is hot gets what there is" \
    "$(memory_of solver.c:10) $(memory_of solver.c:20)" "fast rest"
same "in rules" "$(rules)" "site solver.c:10 -> fast, rest;else -> rest"
same "for kinds as they were given" "$(grep ^kind rules | paste -sd ';')" \
    "kind fast = dram,limit=128K;kind rest = dram"
check "the share of accesses" grep -q \
    '^fast memory serves 98.0% of accesses; a quarter 0.0%, half 98.0%, twice 100.0%, four times 100.0%$' \
    advised
check "how the program is run" grep -q \
    '^poolkind run --rules rules ./solver$' advised
check "all that is used fits" advise --fast dram,limit=192K solver.dhat
same "then it is there" "$(memory_of solver.c:20) $(memory_of solver.c:30)" \
    "fast rest"
check "two fast memories" advise --fast dram,limit=64K \
    --fast dram,limit=128K solver.dhat
same "each has its own" "$(memory_of solver.c:10) $(memory_of solver.c:20)" \
    "fast fast2"
check "time by bandwidth and latency" advise --fast dram,limit=128K \
    --bandwidth 400000,100000 --latency 100,200 solver.dhat
check "is told" grep -q '^time of accesses, beside all in rest: 26% where bandwidth counts, 51% where latency does$' advised
export HWLOC_XMLFILE=$TOP_SRCDIR/test/topology/machines/hbm-flat.xml
check "the firmware's bandwidth and latency, and what nodes have" \
    advise --fast hbw solver.dhat
same "are told" "$(grep -o '128.0G, .*\|[0-9]* ns$' advised | paste -sd ' ')" \
    "128.0G, 780000 MB/s, 135 ns 115 ns"
unset HWLOC_XMLFILE
check "of several the best comes first" advise --fast dram,limit=64K \
    --fast nodes:0,limit=64K --bandwidth 200,300,100 solver.dhat
same "and is asked first" "$(grep '^kind fast2' rules);$(rules)" \
    "kind fast2 = nodes:0,limit=64K;site solver.c:10 -> fast2, rest;else -> rest"
dhat "$(point 65536 900 6553600 1,2),$(point 8388608 900 8388608 3,2 |
	sed 's/"tbk":1/"tbk":1024/')" "$frames" >many.dhat
check "what is left is for a part of what does not fit" \
    advise --fast dram,limit=1M many.dhat
same "with its own limit" "$(grep '^kind part' rules);$(rules)" \
    "kind part = dram,limit=960K;site solver.c:10 -> fast, rest;site solver.c:20 -> part, rest;else -> rest"
same "and counts for what fits" \
    "$(sed -n 's/^part.* \([0-9.]*%\) of.*/\1/p' advised)" "6.6%"

# One place, called from two: by two functions, by one, and for two sizes.
alike='"0x100: make (m.c:5)","0x200: main (m.c:50)","0x300: main (m.c:60)"'
alike+=',"0x400: load (m.c:70)"'
dhat "$(point 65536 900 655360 1,2),$(point 65536 900 65536 1,3)" ",$alike" \
    >alike.dhat
check "stacks of the same functions" advise --fast dram,limit=256K alike.dhat
same "are told, and are one" "$(grep 'no rule' advised);$(rules)" \
    "m.c:5: 2 stacks that no rule can tell apart, of 1.00 to 10.00 accesses a byte;site m.c:5 -> fast, rest;else -> rest"
dhat "$(point 65536 900 655360 1,4,2),$(point 65536 900 65536 1,3)" \
    ",$alike" >apart.dhat
check "stacks of different functions" advise --fast dram,limit=64K apart.dhat
same "are told apart by them" "$(rules)" "function load -> fast, rest;else -> rest"
dhat "$(point 65536 900 6553600 1,2),$(point 1048576 900 1048576 1,2)" \
    ",$alike" >sizes.dhat
check "blocks of different sizes" advise --fast dram,limit=64K sizes.dhat
same "are told, with the size" "$(grep 'blocks from' advised);$(rules)" \
    "m.c:5: blocks from 128.0K on have 1.00 accesses a byte, smaller ones 100.00;site m.c:5 size ..131071 -> fast, rest;else -> rest"
check "a curve" advise --fast dram,limit=128K --curve curve.svg solver.dhat
check "is well formed, too" well_formed curve.svg
refused "no accesses" \
    "quiet.dhat has no accesses in it, which advice is by: record it with a sampler that counts them" \
    advise --fast dram,limit=1M --rest dram quiet.dhat
dhat "$(point 65536 900 65536 1)" \
    ',"0x100: ??? (in /usr/bin/solver)"' >stripped.dhat
refused "no symbols" \
    "no site in stripped.dhat can be named in a rule: the program has no debug information (cc -g)" \
    advise --fast dram,limit=1M --rest dram stripped.dhat
refused "a full disk" "cannot write /dev/full: No space left on device" \
    advise --fast dram,limit=1M --rest dram -o /dev/full solver.dhat
echo "what was there" >rules
refused "no room in a folder that is not there" \
    "cannot write none/rules: No such file or directory" \
    advise --fast dram,limit=1M --rest dram -o none/rules solver.dhat
unset OMPI_COMM_WORLD_LOCAL_SIZE MPI_LOCALNRANKS MV2_COMM_WORLD_LOCAL_SIZE \
    PMI_LOCAL_SIZE PALS_LOCAL_SIZE SLURM_STEP_TASKS_PER_NODE \
    SLURM_TASKS_PER_NODE SLURM_NTASKS_PER_NODE
same "a share, and nobody says of how many" "$("$poolkind" advise \
    --fast dram,limit=share --rest dram solver.dhat 2>&1 | cut -d ';' -f 1)" \
    "poolkind: --fast dram,limit=share: how much of it is there? Write a limit="
same "the sentence says what would be" "$("$poolkind" advise \
    --fast dram,limit=share --rest dram solver.dhat 2>&1 |
    grep -c 'OMPI_COMM_WORLD_LOCAL_SIZE')" 1
half=$(OMPI_COMM_WORLD_LOCAL_SIZE=2 "$poolkind" advise \
    --fast dram,limit=share --rest dram -o rules solver.dhat |
    sed -n 's/^fast .* of \([0-9.]*[GMT]\).*/\1/p')
same "a share of as many ranks as a variable says" \
    "${half:+of some} $(sed -n 's/^kind fast = //p' rules)" \
    "of some dram,limit=share"
if command -v valgrind >/dev/null; then
	"$poolkind" record --sampler dhat -o two sh -c 'sort solver.dhat >/dev/null &
	    sort solver.dhat >/dev/null & wait' 2>said
	same "or as there were in the profile" "$("$poolkind" advise --fast \
	    dram,limit=share --rest dram -o rules two 2>&1 |
	    sed -n 's/^fast .* of \([0-9.]*[GMT]\).*/\1/p')" "$half"
else
	skip "or as there were in the profile" "valgrind is not installed"
fi
full_disk() {
	mkdir small && mount -t tmpfs -o size=64K none small 2>&1 || return
	cp solver.dhat small/rules
	head -c 1M /dev/zero >small/filler
	"$1" advise --fast dram,limit=1M --rest dram -o small/rules solver.dhat
	find small -type f | sort
	cmp solver.dhat small/rules
}
export -f full_disk
said=$(unshare -m bash -c 'full_disk "$1"' - "$poolkind" 2>&1)
case $said in
*"ermission denied"* | *"not permitted"* | *"not found"*)
	skip "a disk that is full leaves what was there" "$said"
	;;
*)
	same "a disk that is full leaves what was there" \
	    "$(grep -v '^head' <<<"$said")" \
	    "poolkind: cannot write small/rules: No space left on device
small/filler
small/rules"
	;;
esac
misused "no fast memory" \
    "advise for which memory? Write --fast TEXT, like --fast bandwidth,limit=8G" \
    advise --rest dram solver.dhat
misused "no rest" \
    "where should all else be? Write --rest TEXT, like --rest dram" \
    advise --fast dram,limit=1M solver.dhat
misused "a kind that is none" \
    '--fast dram,limti=1M: unknown option "limti": did you mean "limit"? (known: page, policy, populate, size, grow, reserve, limit, name, fallback, high, low, spill-from, background)' \
    advise --fast dram,limti=1M --rest dram solver.dhat
misused "too few numbers" \
    "--latency 100 has 1 numbers: one for each --fast and one for --rest make 2" \
    advise --fast dram,limit=1M --rest dram --latency 100 solver.dhat
misused "a number that is none" '--latency 100,x: "x" is no number above 0' \
    advise --fast dram,limit=1M --rest dram --latency 100,x solver.dhat
finish
