#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# libpoolkind-malloc: from which kinds blocks come by which rules, what happens
# where kinds are full, and how a process finds its rules. Prints TAP.
top=${TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$top/test/lib/malloc_tap.sh"

build malloc_rules -pthread
program=$work/malloc_rules
two=(--kind 'fast=dram,name=fast,limit=7680K' --kind 'rest=dram,name=rest')

# says NAME WANTED ARGUMENT...: what the program says under the rules in "${rules[@]}".
says() {
	local name=$1 wanted=$2
	shift 2
	run "$with_rules" "${rules[@]}" -- "$program" "$@"
	same "$name" "$status|$output|$errors" "0|$wanted|"
}

# ---- Which rule ------------------------------------------------------------

run env LD_PRELOAD="$LIBPOOLKIND_MALLOC" "$program" sizes 1 100 70000 5000000
same "without rules all is ordinary memory" "$status|$output|$errors" \
    "0|ordinary ordinary ordinary ordinary|"
rules=("${two[@]}" --rule 'size=100-199 -> fast' --rule '-> rest')
says "a range of sizes, both ends included" "rest fast fast fast rest" \
    sizes 99 100 150 199 200
rules=("${two[@]}" --rule 'size=0-64 -> fast' --rule 'size=100000- -> fast'
    --rule '-> rest')
says "a bin whose sizes are of one kind" "fast fast rest" sizes 0 64 65
says "two ranges, one without an end" "rest fast fast" sizes 99999 100000 4000000
rules=("${two[@]}" --rule 'size=50-300 -> rest' --rule 'size=0-1000 -> fast'
    --rule 'size=200- -> rest' --rule '-> fast')
says "the first that applies wins" "fast rest rest fast fast rest" \
    sizes 49 50 300 301 1000 1001
rules=("${two[@]}" --rule 'size=5000-6000 -> fast' --rule '-> rest')
says "every function goes by the rules" \
    "fast fast fast fast fast fast fast fast rest fast" calls 5500
for size in 1 150 192; do
	rules=("${two[@]}" --rule 'size=0-192 -> fast' --rule '-> rest')
	says "aligned blocks go by the size that was asked for, $size" \
	    "fast:900" aligned 128 "$size"
	rules=("${two[@]}" --rule 'size=193- -> fast' --rule '-> rest')
	says "and not by that which they take, $size" \
	    "rest:900" aligned 128 "$size"
done
says "aligned to a page" "fast:900" aligned 4096 5000
says "and to more" "fast:900" aligned 8192 5000
rules=("${two[@]}" --rule '-> rest' --rule 'size=0- -> fast' --rule '-> fast')
says "what comes behind one for all is never asked" "rest rest" sizes 1 100000
many=()
for ((i = 0; i < 3000; i++)); do
	many+=(--rule "size=$((i * 10 + 5))-$((i * 10 + 9)) -> fast")
done
rules=("${two[@]}" "${many[@]}" --rule '-> rest')
says "3000 rules" "rest fast fast rest fast rest rest" \
    sizes 4 5 9 15004 29995 30000 1000000

# ---- Threads ---------------------------------------------------------------

rules=("${two[@]}" --rule 'thread=io-* -> fast' --rule '-> rest')
says "a thread by its name" "fast fast fast" thread io-7 10 1000 100000
says "a thread of another name" "rest rest rest" thread oi-7 10 1000 100000
says "a name that comes later" "rest rest fast fast" named io-1 100000 200000
rules=("${two[@]}" --rule 'thread=[a-f]* size=100-1000 -> fast'
    --rule 'thread=e? -> fast' --rule '-> rest')
says "a name and a size" "rest fast rest" thread eve 99 100 1001
says "two rules for the name" "fast fast fast" thread ed 99 100 1001

# ---- Full kinds ------------------------------------------------------------

rules=("${two[@]}" --kind 'third=dram,name=third,limit=4352K'
    --rule '-> fast,third,rest')
says "what is full goes to the next, in the order written" \
    "fast:7 third:4 rest:5" fill 1048576 16
rules=("${two[@]}" --rule '-> fast')
says "behind the last comes ordinary memory" "fast:7 ordinary:3" fill 1048576 10
rules=("${two[@]}" --rule '-> fast' --flag strict)
says "strict rules: NULL" "fast:7 null:3" fill 1048576 10
rules=("${two[@]}" --rule 'size=4096- -> fast,rest' --rule '-> rest')
says "a limit holds over all threads" "good" threads 60000 7864320
rules=("${two[@]}" --rule 'size=1048576- -> fast,rest' --rule '-> rest')
says "and for large blocks" "good" threads 1048576 7864320
rules=("${two[@]}" --rule 'size=0-100 -> fast,rest' --rule '-> rest')
says "a full kind is used again" "full used" again 64
rules=("${two[@]}" --rule 'size=1048576- -> fast,rest' --rule '-> rest')
says "realloc keeps the kind until it is full" "fast:2 rest:2" \
    grow 1048576 16777216
says "realloc keeps the kind, whatever the size" "rest:7" grow 10000 1200000
rules=("${two[@]}" --rule '-> fast' --flag strict)
says "strict, and realloc: NULL, and the block stays" "fast:2 null:1" \
    grow 1048576 16777216
rules=(--kind 'rest=dram,name=rest' --kind
    "chain=dram,name=first,limit=2304K > dram,name=second,limit=2304K"
    --rule '-> chain,rest')
says "a chain in the text of a kind" "first:2 second:2 rest:1" fill 1048576 5
rules=(--kind "local=dram,policy=local,name=local" --rule '-> local')
says "a kind of another policy" "local local local" sizes 10 1000 1000000
rules=(--kind "cap=capacity,name=cap" --kind 'rest=dram,name=rest'
    --rule '-> cap,rest')
says "a kind that reads the machine" "cap cap cap" sizes 10 1000 1000000
says "which a call from libc does not open" "rest cap" copies
rules=(--kind "file=file:/dev/shm,name=file,limit=16M" --rule '-> file')
says "a kind in a file" "file file file" sizes 10 1000 1000000

# ---- Kinds that cannot be had ----------------------------------------------

rules=(--kind none=nodes:1023 --kind 'rest=dram,name=rest'
    --rule '-> none,rest')
run "$with_rules" "${rules[@]}" -- "$program" sizes 10 100000
same "the next kind" "$status|$output" "0|rest rest"
same "a line, once" "${errors/ (nodes: *)/}" "libpoolkind-malloc: kind none (nodes:1023): \
\"nodes:1023\": node 1023 does not exist, has no memory or is not allowed to this \
process; its blocks come from the next kind"
rules=(--kind none=nodes:1023 --rule '-> none')
run "$with_rules" "${rules[@]}" -- "$program" sizes 10 100000
same "nothing else" "$status|$output" "0|ordinary ordinary"
run "$with_rules" --kind wrong=dramm --rule '-> wrong' -- "$program" sizes 10
check "a text that is none" grep -q "kind wrong (dramm): .*dram.*next kind" \
    "$work/errors"

# ---- Lines -----------------------------------------------------------------

rules=("${two[@]}" --rule 'size=1048576- -> fast,rest' --rule '-> rest')
run "$with_rules" "${rules[@]}" --flag verbose -- "$program" fill 1048576 9
same "verbose: what is opened, and what is full" "$errors" \
"libpoolkind-malloc: kind fast is open: dram,limit=7680K,name=fast
libpoolkind-malloc: kind rest is open: dram,name=rest
libpoolkind-malloc: kind fast (dram,name=fast,limit=7680K) is full: blocks come \
from the next kind"
run "$with_rules" "${rules[@]}" --flag stats -- "$program" fill 1048576 9
check "statistics: a line a kind" \
    grep -Eq '^  fast +7 +7\.0M +7\.[0-9]M  node 0: 7' "$work/errors"
check "statistics name program and process" grep -Eq \
    '^libpoolkind-malloc: .*/malloc_rules, process [0-9]+: ' "$work/errors"
check "statistics have heads of columns" \
    grep -Eq '^  kind  +blocks +in use +most  where$' "$work/errors"
chain="dram,name=first,limit=2304K > dram,name=second,limit=2304K > dram,name=third"
run "$with_rules" --kind "c=$chain" --rule '-> c' --flag stats -- "$program" \
    fill 1048576 5
same "statistics: a line a link of a chain" \
    "$(awk 'NR > 2 && !/ordinary/ { print NF == 1 ? $1 : $1 " " $2 }' \
    "$work/errors")" "c
dram,limit=2304K,name=first
2 2.0M
dram,limit=2304K,name=second
2 2.0M
dram,name=third 1"
check "whose long texts have lines of their own" grep -Eq \
    '^ {23} +2 +2\.0M +2\.[0-9]M  node 0: 2\.[0-9]M$' "$work/errors"
long=$(printf 'n%.0s' {1..90})
run "$with_rules" --kind "$long=dram" --rule "-> $long" --flag stats -- \
    "$program" sizes 1
check "or are cut" grep -Eqx '  n{72}\.\.\.' "$work/errors"
check "and no line has blanks at its end" bash -c \
    "! grep -q ' $' '$work/errors'"
run "$with_rules" --kind "c=$chain" --rule '-> c' --flag verbose -- \
    "$program" fill 1048576 5
same "verbose: each link of a chain that is full, once" \
    "$(grep full "$work/errors")" "libpoolkind-malloc: kind c: \
dram,limit=2304K,name=first is full: blocks come from the next link, \
dram,limit=2304K,name=second
libpoolkind-malloc: kind c: dram,limit=2304K,name=second is full: blocks come \
from the next link, dram,name=third"
run "$with_rules" --kind "c=$chain" --rule '-> c' --flag verbose -- \
    "$program" grow 1048576 16777216
check "also where realloc(3) moves on" \
    grep -q "name=second is full" "$work/errors"
run "$with_rules" "${rules[@]}" --flag stats -- sort /dev/null
check "statistics of a program that closes standard error" \
    grep -Eq '^  rest +[1-9]' "$work/errors"
check "statistics say what was not used" bash -c \
    "'$with_rules' --kind a=dram --kind b=dram --rule '-> a' --flag stats \
    -- '$program' sizes 1 2>&1 | grep -Eq '^  b +not used'"

# ---- Finding the rules -----------------------------------------------------

rules=("${two[@]}" --rule '-> fast')
run "$with_rules" "${rules[@]}" -- bash -c "'$program' lost '$program' sizes 10
    exit 3"
same "a program without the descriptor" "$status|$output|$errors" "3|fast|"
run "$with_rules" "${rules[@]}" -- python3 -c "
import subprocess
subprocess.run(['$program', 'sizes', '10'], close_fds=True)"
same "one that python starts" "$status|$output|$errors" "0|fast|"
run "$with_rules" "${rules[@]}" -- bash -c "(
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-
    exec setsid '$program' sizes 10) 
    exit 3"
same "a daemon" "$status|$output|$errors" "3|fast|"
run "$with_rules" "${rules[@]}" -- "$program" lost "$program" sizes 10
check "where nobody has it: a line" [ "$status|$output|$(wc -l \
    < "$work/errors")" = "0|ordinary|1" ]
run "$with_rules" "${rules[@]}" -- "$program" lost bash -c \
    "'$program' sizes 10; '$program' sizes 10; exit 0"
check "of the first process alone" [ "$status|$output|$(wc -l \
    < "$work/errors")" = "0|ordinary
ordinary|1" ]
lost="; there are no rules, and all blocks come from ordinary memory"
run env LD_PRELOAD="$LIBPOOLKIND_MALLOC" POOLKIND_RULES=77 "$program" sizes 10
same "no descriptor: a line" "$status|$output|$errors" \
    "0|ordinary|libpoolkind-malloc: POOLKIND_RULES=77: the descriptor was closed\
$lost"
run env LD_PRELOAD="$LIBPOOLKIND_MALLOC" POOLKIND_RULES=x,y "$program" sizes 10
same "no number: a line" "$status|$output|$errors" \
    "0|ordinary|libpoolkind-malloc: POOLKIND_RULES=x,y: it is not \
\"DESCRIPTOR,PROCESS\"$lost"
for damage in "--cut 1" "--cut 100" "--flip 0" "--flip 32" "--flip 40" \
    --unsealed --plain; do
	# shellcheck disable=SC2086 # words
	run "$with_rules" "${rules[@]}" $damage -- "$program" sizes 10
	check "damaged, $damage: a line" [ "$status|$output|$(wc -l \
	    < "$work/errors")" = "0|ordinary|1" ]
done

# ---- Children --------------------------------------------------------------

rules=("${two[@]}" --rule '-> fast' --flag no-children)
says "no children: what they inherit" "none none" variables
run "$with_rules" "${rules[@]}" -- bash -c "'$program' sizes 10; exit 3"
same "no children: what they do" "$status|$output|$errors" "3|libc|"
run env LD_PRELOAD=/none/libx.so "$with_rules" "${rules[@]}" -- "$program" \
    variables
same "another preloaded library stays" "$output" "/none/libx.so none"
rules=("${two[@]}" --rule '-> fast')
says "children inherit else" "$LIBPOOLKIND_MALLOC rules" variables
rules=("${two[@]}" --kind 'file=file:/dev/shm,fork=private'
    --rule 'size=0-100 -> file'
    --rule 'size=101-5000 -> fast,rest' --rule 'thread=x* -> fast'
    --rule '-> rest')
says "forks while threads allocate" good fork

# ---- Linked ----------------------------------------------------------------

build malloc_rules -pthread -L"${LIBPOOLKIND_MALLOC%/*}" -Wl,--no-as-needed \
    -lpoolkind-malloc
run "$program" sizes 10 100000
same "linked, without rules" "$status|$output|$errors" "0|ordinary ordinary|"
rules=(--linked "${two[@]}" --rule 'size=100- -> fast' --rule '-> rest')
says "linked, with rules" "rest fast" sizes 10 100
finish
