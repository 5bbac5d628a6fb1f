#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# poolkind record --trace and poolkind replay: what is in a trace and what a
# replay takes, against what a program knows of itself; how programs and
# processes end; full disks; files that are no trace. TAP.
. "$(dirname "$0")/../lib/tool_tap.sh"
needs_preload
"$poolkind" record --trace -o "$work/first" sh -c : 2>"$work/errors" ||
    skip_all "$(<"$work/errors")"
read -ra cc <<<"${CC:-cc}"
"${cc[@]}" -g -O1 -pthread -I"$top/include" \
    "$top/test/tool/replay_program.c" -o "$work/program" -ldl &&
    "${cc[@]}" -g -O1 -pthread "$top/test/tool/record_program.c" \
	-o "$work/other" -ldl || skip_all "no compiler"
trace=$work/trace

# traced PROGRAM WORD...: output, errors and status of poolkind record, and what
# the program says of itself.
traced() {
	rm -f "$trace"
	"$poolkind" record --trace -o "$trace" "$@" >"$work/said" \
	    2>"$work/errors" </dev/null
	status=$?
	errors=$(<"$work/errors")
	read -r calls live peak <"$work/said"
}

# replayed WORD...: the answer of poolkind replay, in JSON.
replayed() {
	answer=$("$poolkind" replay --json "$@" "$trace" 2>"$work/errors")
	status=$?
	errors=$(<"$work/errors")
}

# value NAME: of the answer.
value() {
	sed -n 's/.*"'"$1"'":\([^,}]*\).*/\1/p' <<<"$answer"
}

# near GOT WANTED PERCENT
near() {
	echo "got $1, wanted $2 within $3 percent"
	[ -n "$1" ] && [ $((100 * $1)) -le $(((100 + $3) * $2)) ] &&
	    [ $((100 * $1)) -ge $(((100 - $3) * $2)) ]
}

# ---- Calls and memory ----

traced "$work/program" one
replayed --kind dram
same "one thread: nothing is said" "$status|$errors" "0|"
same "every call" "$(value events)|$(value threads)" "$calls|1"
same "the most that lived, exactly" "$(value live_peak)" "$live"
check "the most that the kind took" near "$(value peak)" "$peak" 2
same "and all had room" "$(value failures)" 0
own=$("$poolkind" run --kind dram "$work/program" one)
check "as without a trace" near "$(value peak)" "${own##* }" 2
# Of huge pages both would have the same.
replayed --kind dram,page=4K
touched=$(value resident_peak)
replayed --kind dram,page=4K --no-touch
check "pages that nobody touches" \
    [ "$(value resident_peak)" -lt $((touched * 9 / 10)) ]
replayed --malloc
same "on malloc" "$status|$(value peak)|$(value events)" "0|null|$calls"
check "what that takes" [ "$(value resident_peak)" -gt "$live" ]
replayed --kind dram,limit=8M
same "a full kind is no failure of the command" "$status" 0
check "and is counted" [ "$(value failures)" -gt 100 ]
replayed --kind 'dram,limit=8M > dram'
same "a chain has room" "$status|$(value failures)" "0|0"
check "and what its links take is added up" near "$(value peak)" "$peak" 5

traced "$work/program" aligned
replayed --kind dram
check "alignments are kept" near "$(value peak)" "$peak" 2
check "which take their memory" [ "$(value peak)" -gt $((20 * live)) ]

traced "$work/program" threads
replayed --kind dram
same "several threads: nothing is said" "$status|$errors|$(value threads)" "0||5"
check "every call, and a few of libc's" near "$(value events)" "$calls" 1
check "the most that lived" near "$(value live_peak)" "$live" 1
check "the most that the kind took" near "$(value peak)" "$peak" 2
replayed --kind dram,limit=16M
check "several threads in a full kind" [ "$(value failures)" -gt 100 ]
"$poolkind" replay --kind dram "$trace" >"$work/said"
same "for people" "$(awk 'NR == 1 { print $6, $7, $8, $9, $10 }
    NR > 4 { print $1, (NF > 3) }' "$work/said")" \
    "of 5 threads on dram
live 1
kind 1
resident 1"

traced "$work/program" one-by-one
replayed --kind dram
same "threads one by one" "$status|$(value threads)|$errors" "0|3001|"
check "of which none lasts longer than in the program" \
    [ "$(value peak)" -lt $((4 * peak)) ]
(
	ulimit -Sf 8192
	traced "$work/program" one-by-one
	same "which write where others have written" "$status|$errors" "0|"
	exit $failed
) || failed=1
number=$((number + 1))

# ---- Processes ----

# has_processes COUNT: so many in the trace; each can be played.
has_processes() {
	"$poolkind" replay --process 1 --kind dram "$trace" 2>"$work/errors"
	sed -n 's/^  \([0-9]*\) .*/\1/p' "$work/errors" >"$work/processes"
	cat "$work/errors"
	[ "$(wc -l <"$work/processes")" -eq "$1" ] || return 1
	while read -r process; do
		"$poolkind" replay --process "$process" --kind dram "$trace" ||
		    return 1
	done <"$work/processes"
}

for how in fork raw-fork spawn; do
	traced "$work/other" $how
	check "$how: two processes" has_processes 2
done
traced "$work/other" exec
check "exec: what was before is kept" has_processes 2
traced "$work/other" vfork
check "vfork" [ -s "$trace" ]
traced "$work/other" left
same "what is left behind is waited for" "${errors%%,*}" \
    "poolkind: the program has ended"
traced "$work/other" closed
check "a program that closes all descriptors" has_processes 2
traced "$work/other" fork
replayed --kind dram
same "of several processes the one with the most calls" "$(value events)" \
    "$({ "$poolkind" replay --process 1 --kind dram "$trace" 2>&1; } |
	sed -n 's/^  .*, \([0-9]*\) events/\1/p' | sort -n | tail -n 1)"
same "which process is told" "$(sed 's/ [0-9]*, other/ N, other/' \
    <<<"$errors")" \
    "poolkind: process N, other, is that of 2 with the most events: --process \
NUMBER chooses another"

# ---- How it ends ----

traced true
replayed --kind dram
same "a program that allocates nothing" "$status|$errors" \
    "1|poolkind: there is no call in $trace"
traced "$work/other" status 7
same "the program's status" "$status|$errors" "7|"
for signal in 9 11; do
	(
		# The shell would say how it ended.
		exec 2>/dev/null
		"$poolkind" record --trace -o "$trace" "$work/other" signal \
		    $signal
		echo $? >"$work/status"
	)
	same "a program that signal $signal ends" "$(<"$work/status")" \
	    $((128 + signal))
	replayed --kind dram
	check "and what was traced so far" [ "$(value events)" -ge 100 ]
done

# ---- Space ----

# limited: what a program says whose trace may not grow, and what is left.
limited() {
	{ "$poolkind" record --trace -o "$1/file" "$work/program" one \
	    >"$work/output"; } 2>&1
	echo "status $?"
	find "$1" -type f | sort
}
export -f limited
export poolkind work
mkdir "$work/small"
same "no room for a beginning" "$(ulimit -Sf 1; limited "$work/small")" \
    "poolkind: cannot make a file to trace in: File too large
status 2"
said=$(ulimit -Sf 700; limited "$work/small")
same "a trace that may not grow" "$(sed 's/for [0-9]* calls/for N calls/' \
    <<<"$said")" \
    "poolkind: warning: there was no room for N calls (File too large), which \
are not in the trace
status 0
$work/small/file"
trace=$work/small/file
replayed --kind dram
check "has its beginning" [ "$(value events)" -gt 10000 ]
check "and says what it lacks" grep -q "calls are not in the trace" \
    <<<"$errors"
trace=$work/trace
rm "$work/small/file"
# shellcheck disable=SC2016 # it is the inner shell's
said=$(unshare -m bash -c 'mount -t tmpfs -o size=700K none "$1" || exit
    limited "$1"' - "$work/small" 2>&1)
case $said in
*"ermission denied"* | *"not permitted"* | *"not found"*)
	skip "a full disk" "$said"
	;;
*)
	same "a full disk" "$(sed 's/for [0-9]* calls/for N calls/' \
	    <<<"$said")" \
	    "poolkind: warning: there was no room for N calls (No space left \
on device), which are not in the trace
status 0
$work/small/file"
	;;
esac
"$poolkind" record --trace -o /dev/full sh -c : 2>"$work/errors"
same "a full device" "$?|$(<"$work/errors")" \
    "1|poolkind: cannot write /dev/full: No space left on device"

# ---- What is refused ----

# refused NAME STATUS LINE WORD...: this one line first.
refused() {
	local name=$1 wanted=$2 line=$3
	shift 3
	"$poolkind" "$@" >"$work/output" 2>"$work/errors" </dev/null
	same "$name" "$?|$(head -n 1 "$work/errors")" "$wanted|poolkind: $line"
}
traced "$work/program" one
refused "no memory" 2 \
    "replay on which memory? Write --kind TEXT or --malloc" replay "$trace"
refused "both" 2 "--kind dram with --malloc: replay on one of them" \
    replay --kind dram --malloc "$trace"
refused "no trace" 2 \
    "replay which trace? poolkind record --trace writes one" \
    replay --kind dram
refused "a kind that is none" 1 "--kind nothing: $("$poolkind" check nothing \
    2>&1 | sed -n '1s/^poolkind: //p')" replay --kind nothing "$trace"
refused "a sampler" 2 "--sampler dhat with --trace: a trace has no sites: \
leave one of them out" record --trace --sampler dhat true
refused "no such file" 1 "cannot read $work/none: No such file or directory" \
    replay --kind dram "$work/none"
refused "a folder" 1 "cannot read $work: Is a directory" \
    replay --kind dram "$work"
refused "a foreign file" 1 \
    "$work/program is no file of poolkind record --trace" \
    replay --kind dram "$work/program"
: >"$work/empty"
refused "an empty file" 1 \
    "$work/empty is no file of poolkind record --trace" \
    replay --kind dram "$work/empty"
head -c 5000 "$trace" >"$work/short"
refused "a file that is cut short" 1 "$work/short is cut short" \
    replay --kind dram "$work/short"
gzip -dc "$trace" | head -c 5000 >"$work/short"
refused "the same of one that is not compressed" 1 "$work/short is cut short" \
    replay --kind dram "$work/short"
{ gzip -dc "$trace"; echo; } >"$work/more"
refused "one that goes on" 1 \
    "$work/more is damaged: there is more behind its end" \
    replay --kind dram "$work/more"
{ head -c 5000 "$trace"; head -c 100 /dev/zero; tail -c +5101 "$trace"; } \
    >"$work/changed"
refused "one that was changed" 1 \
    "$work/changed is damaged: it is not what was compressed" \
    replay --kind dram "$work/changed"
POOLKIND_TRACE=77 LD_PRELOAD=$TOP_BUILDDIR/lib/libpoolkind-malloc.so.0 \
    "$work/other" child 2>"$work/errors"
same "a file to trace in that is none" "$?|$(sed 's/process [0-9]*/process N/' \
    "$work/errors")" "0|libpoolkind-malloc: POOLKIND_TRACE=77: the file to \
record in cannot be opened; the calls of process N are not traced"

finish
