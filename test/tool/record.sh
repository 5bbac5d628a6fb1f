#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# poolkind record: what is in the file, against what a program knows of itself;
# how programs and processes begin and end; what is refused. TAP.
. "$(dirname "$0")/../lib/tool_tap.sh"
needs_preload
"$poolkind" record -o "$work/first" true 2>"$work/errors" ||
    skip_all "$(<"$work/errors")"
read -ra cc <<<"${CC:-cc}"
program=$work/program
"${cc[@]}" -g -O1 -fno-optimize-sibling-calls -pthread \
    "$top/test/tool/record_program.c" -o "$program" -ldl ||
    skip_all "no compiler"
file=$work/profile

# record WORD...: output, errors and status of poolkind record, for $file.
record() {
	rm -f "$file"
	"$poolkind" record -o "$file" "$@" >"$work/output" 2>"$work/errors" \
	    </dev/null
	status=$?
	output=$(<"$work/output")
	errors=$(<"$work/errors")
}

# has EXPECTED...: what record_check.py wants, and nothing was said.
has() {
	[ "$errors" = "" ] || { echo "$errors"; return 1; }
	has_file "$@"
}
has_file() {
	python3 "$top/test/tool/record_check.py" "$file" "$@"
}

# ---- What is counted ----

# As the program says, and all of it within 5 percent; large blocks exactly.
truth() {
	local expected=() function blocks bytes near all_blocks=0 all_bytes=0
	while read -r function blocks bytes; do
		near=
		case $function in small | by_many) near='~5' ;; esac
		expected+=("$function:alloc_objects=$blocks$near"
		    "$function:alloc_space=$bytes$near")
		all_blocks=$((all_blocks + blocks))
		all_bytes=$((all_bytes + bytes))
	done <<<"$output"
	has "${expected[@]}" "*:alloc_space=$all_bytes~5" \
	    "*:alloc_objects=$all_blocks~5"
}

record "$program" threads
check "blocks and bytes of threads" truth
record --sites-from 64K "$program" threads
check "the totals where most blocks are sampled" \
    has "*:alloc_space=542198000~1" "*:alloc_objects=412000~2"
record --sites-from 0 "$program" threads
check "where none is" has small:alloc_objects=400000 \
    small:alloc_space=200200000 large:alloc_objects=4000
record "$program" pair
check "small blocks have the weight of their size" \
    has few_bytes:alloc_objects=200000~12 more_bytes:alloc_objects=200000~12
record --sites-from 4K "$program" many_large
check "every large block, where it is said from which size on" truth
record "$program" many_large
check "else a sample of many, with the weight of their size" \
    has a_page_and_more:alloc_objects=120000~20 \
    nearly_two_pages:alloc_objects=120000~20 \
    "*:alloc_objects=240000~0.02" "*:alloc_space=1560000000~0.1"
is_not_exact() { ! has a_page_and_more:alloc_objects=120000 >/dev/null; }
check "so not each of them is recorded" is_not_exact
record "$program" many
if [ "$status" = 77 ]; then
	skip "more threads than there are records for" "so many cannot be had"
else
	check "more threads than there are records for" truth
fi
record "$program" resized
check "a block that is resized stays at its site" \
    has grown:alloc_objects=7 grown:alloc_space=1270000
check "and its peak is its largest size" has grown:peak_space=640000
check "however often, and none is left" \
    has grown_and_shrunk:alloc_objects=1001 \
    grown_and_shrunk:alloc_space=8080000 grown_and_shrunk:inuse_space=0
check "each block, also behind an aligned one" \
    has after_aligned:alloc_objects=100
record --sites-from 64K "$program" grown_often
read -r _ blocks bytes <<<"$output"
check "small blocks that move as they are resized are counted, and measured" \
    has "*:alloc_objects=$blocks~1" "*:alloc_space=$bytes~1"
record "$program" small_ones
check "what lives of small blocks, and what is freed" has \
    small_freed:alloc_objects=240000~15 small_freed:peak_space=44970000~60 \
    small_kept:alloc_objects=120000~5 small_kept:peak_space=47940000~60 \
    "*:inuse_space=47940000~60"
record "$program" peaks
check "peaks, and what lived at that of all" has \
    first_half:peak_space=33554432 second_half:peak_space=16777216 \
    first_half:inuse_space=33554432 second_half:inuse_space=8388608
record "$program" lives
check "lifetimes, of blocks that stay up to the end" \
    has long_lived:lifetime=2000000000~30
record "$program" threads
check "the threads of a site" has large:threads=4

# What is touched while the sampler looks, before it clears the bits, is not
# seen: a block that is touched once has between nothing and all of its bytes.
record --sampler referenced "$program" touched
check "the referenced bits of neighbours" has "hot:accesses>2*warm" \
    "warm:accesses>1*cold" cold:accesses=2097152~150
record "$program" touched
check "and nothing without a sampler" has hot:accesses=0

# ---- By DAMON ----

# In the machine of test/host/damon it works; here it may, or says why not.
record --sampler damon "$program" status 7
if [ "$status" = 7 ]; then
	same "damon: the program's status" "$output|$errors" "7||"
else
	check "damon: one line says what is missing, and nothing is started" \
	    grep -qE "^2\|\|poolkind: --sampler damon: (this kernel has no DAMON \
|only root may use DAMON|another uses DAMON|this kernel's DAMON watches no).*\$" \
	    <<<"$status|$output|$errors"
fi

# ---- By perf ----

page=$(getconf PAGESIZE)
if ! command -v perf >/dev/null; then
	skip "perf:page-faults" "perf is not installed"
elif record --sampler perf:page-faults "$program" faults
	[[ $errors == *perf_event_paranoid* ]]; then
	skip "perf:page-faults" "$errors"
else
	check "perf: each page of blocks that live, and of freed ones" has \
	    whole:accesses=$((2 * 2097152 / page)) \
	    half:accesses=$((1048576 / page)) \
	    freed:accesses=$((4 * 524288 / page)) processes=2
	check "and the report says so" grep -qx \
	    "accesses in page faults, by the sampler perf:page-faults" \
	    <("$poolkind" report "$file")
	record --sampler perf:page-faults --no-children "$program" faults
	check "perf: --no-children" has whole:accesses=$((2097152 / page))
	record --sampler perf:page-faults "$program" status 7
	same "perf: the program's status" "$status|$output|$errors" "7||"
	record --sampler perf:page-faults "$work/nothing"
	same "perf: no program" "$status" 127
fi
PATH=$work/nowhere "$poolkind" record --sampler perf -o "$file" "$program" \
    child 2>"$work/errors"
same "perf: there is none" "$?|$(<"$work/errors")" \
    "2|poolkind: --sampler perf runs perf, and there is none in PATH: install \
the package linux-perf"

# by_stand_in CODE WORD...: a perf whose `perf script` tells of one sample of a
# processor, and whose `perf record` is CODE.
by_stand_in() {
	local code=$1
	shift
	mkdir -p "$work/stand-in"
	cat >"$work/stand-in/perf" <<-END
		#!/bin/sh
		if [ "\$1" != script ]; then
			$code
		fi
		while [ ! -e "$work/told" ]; do sleep .05; done
		sleep .05
		read -r pid address <"$work/told"
		read -r now rest </proc/uptime
		echo " \$pid/\$pid  \${now}0000000:  100 cpu/mem-loads,ldlat=30/P:  \$address"
		touch "$work/told.read"
		cat >/dev/null
	END
	chmod +x "$work/stand-in/perf"
	rm -f "$work"/told*
	PATH=$work/stand-in:$PATH record --sampler perf "$@"
}
answers='while read -r word <&3; do echo ack >&3; done'
by_stand_in "trap 'exit 0' INT; $answers; exit" "$program" tell "$work/told"
check "perf: samples of a processor count as they say" has hot:accesses=100
check "and the report has their name" grep -qx \
    "accesses in loads and stores, by the sampler perf" \
    <("$poolkind" report "$file")
by_stand_in "trap '' INT; $answers; exit" "$program" tell "$work/told"
check "perf: one that overlooks the signal to end" has hot:accesses=100
by_stand_in "read -r word <&3; echo ack >&3; echo out of luck >&2; exit 1" \
    "$program" tell "$work/told"
same "perf: it dies" "$status|$errors" "0|poolkind: warning: perf ended \
before the program did: out of luck: later accesses are not counted"
check "and what was recorded is there" has_file hot:alloc_objects=1
# perf_fails NAME OUTPUT LINE: what perf says and then ends.
perf_fails() {
	by_stand_in "printf '$2' >&2; exit 1" touch "$work/started"
	same "perf: $1" "$status|$errors" "2|poolkind: --sampler perf: $3"
}
perf_fails "no counters" 'failed: memory events not supported\n' \
    "this processor does not tell of loads and stores (PEBS, IBS or SPE), as \
in most virtual machines: the samplers referenced, dhat and perf:page-faults \
do without"
perf_fails "no right" \
    'Error:\nAccess to performance monitoring and observability operations is limited.\nMore\n' \
    "the kernel does not let this user look: kernel.perf_event_paranoid is \
$(</proc/sys/kernel/perf_event_paranoid), and has to be 1 or less; the sampler \
referenced needs no right"
perf_fails "too old" '  Error: unknown option\n' \
    "perf does not start: Error: unknown option"
check "and nothing was started" [ ! -e "$work/started" ]

# ---- By Valgrind ----

# by_dhat NAME WORD...: a program under dhat, and what record_check.py wants.
by_dhat() {
	local name=$1 what=$2
	shift 2
	record --sampler dhat "$program" "$what"
	check "dhat: $name" has "$@"
}

if command -v valgrind >/dev/null; then
	mkdir -p "$work/tmp/a%p b"
	saved=${TMPDIR-/tmp}
	export TMPDIR="$work/tmp/a%p b"
	by_dhat "every block" peaks in:first_half:peak_space=33554432 \
	    in:first_half:inuse_space=33554432
	by_dhat "what is touched" touched "in:hot:accesses>2*in:cold"
	by_dhat "a child of exec" spawn in:in_parent:alloc_objects=100 \
	    in:in_child:alloc_objects=100 processes=2
	by_dhat "a child of fork" fork in:in_parent:alloc_objects=100 \
	    in:in_child:alloc_objects=100 processes=2
	record --sampler dhat --no-children "$program" spawn
	check "dhat: --no-children" has in:in_parent:alloc_objects=100 \
	    in:in_child:alloc_objects=0 processes=1
	record --sampler dhat "$program" status 7
	same "dhat: the program's status" "$status|$output|$errors" "7||"
	(
		exec 2>/dev/null
		"$poolkind" record --sampler dhat -o "$file" "$program" signal 11
		echo $? >"$work/status"
	)
	same "dhat: the program's signal" "$(<"$work/status")" 139
	errors=
	check "dhat: and what was recorded so far" \
	    has in:in_parent:alloc_objects=100
	record --sampler dhat --kind dram "$program" child
	same "dhat: an option of the library" "$status|${errors%%$'\n'*}" \
	    "2|poolkind: --kind is for libpoolkind-malloc, and with --sampler \
dhat malloc is Valgrind's: leave it out"
	rmdir "$TMPDIR" || ls -R "$TMPDIR"
	check "dhat: no folder is left" [ ! -e "$TMPDIR" ]
	record --sampler dhat "$program" child
	same "dhat: no folder for its files" "$status|$errors" \
	    "2|poolkind: cannot make a folder in $TMPDIR, for what dhat writes: \
No such file or directory"
	TMPDIR=$saved
else
	skip "by dhat" "valgrind is not installed"
fi
PATH=$work/nowhere "$poolkind" record --sampler dhat -o "$file" "$program" \
    child 2>"$work/errors"
same "dhat: no valgrind" "$?|$(<"$work/errors")" \
    "2|poolkind: --sampler dhat runs the program under valgrind, and there is \
none in PATH: install the package valgrind"

# ---- Processes ----

for how in fork raw-fork; do
	record "$program" $how
	check "$how: each process counts its own blocks" has processes=2 \
	    in_parent:alloc_objects=100 in_child:alloc_objects=100 \
	    before_fork:alloc_objects=1 before_fork:peak_space=1048576
done
record "$program" short
check "children that end as they begin" has of_either:peak_space=1100000
record "$program" in-turn
check "children one after another, within one tick of the clock" has \
    one_after_another:alloc_objects=50 one_after_another:peak_space=1048576 \
    one_after_another:inuse_space=1048576
"${cc[@]}" -g -O1 -shared -fPIC "$top/test/tool/record_late.c" \
    -o "$work/liblate.so"
"${cc[@]}" -x c - -o "$work/late" -L"$work" -Wl,--no-as-needed -llate \
    -Wl,-rpath,"$work" <<<"int main(void) { return 0; }"
# shellcheck disable=SC2016 # it is the inner shell's
record sh -c 'for i in 1 2 3 4; do "$0"; sleep 0.1; done' "$work/late"
check "processes that free after the end, one by one" \
    has late_begin:peak_space=67108864 late_begin:inuse_space=67108864
for how in vfork spawn exec left; do
	record "$program" $how
	errors=${errors##poolkind: the program has ended, and what it has*}
	check "$how" has in_parent:alloc_objects=100 in_child:alloc_objects=100
done
record "$program" closed
check "a program that closes all descriptors" has \
    in_parent:alloc_objects=100 in_child:alloc_objects=100
# shellcheck disable=SC2016 # it is the inner shell's
record sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "$0" child & done; wait' \
    "$program"
check "many processes at once" has in_child:alloc_objects=1200
# shellcheck disable=SC2016 # it is the inner shell's
record sh -c '(ulimit -v 400000; exec "$0" status 0); "$0" child' "$program"
if [ "$errors" = "" ]; then
	skip "one that has no room for its part" "it has"
else
	same "one that has no room for its part" "$errors" \
	    "poolkind: warning: 1 process could not be recorded"
	check "and those behind it" has_file in_child:alloc_objects=100
fi
# Their numbers are those of other processes here, which do not end.
if unshare -pf true 2>/dev/null; then
	# shellcheck disable=SC2016 # it is the inner shell's
	timeout -s INT 100 "$poolkind" record -o "$file" unshare -pf sh -c \
	    '"$0" child & "$0" child; wait' "$program" 2>"$work/errors"
	errors=$(<"$work/errors")
	check "processes of another namespace" has in_child:alloc_objects=200
else
	skip "processes of another namespace" "it cannot be made"
fi
record --no-children sh -c '"$0" child' "$program"
check "--no-children" has in_child:alloc_objects=0

# ---- How it ends ----

record "$program" status 7
same "the program's status" "$status|$output|$errors" "7||"
for signal in 9 11 15; do
	(
		# The shell would say how it ended.
		exec 2>/dev/null
		"$poolkind" record -o "$file" "$program" signal $signal
		echo $? >"$work/status"
	)
	same "a program that signal $signal ends" "$(<"$work/status")" \
	    $((128 + signal))
	errors=
	check "and what was recorded so far" has in_parent:alloc_objects=100
done

# passes SIGNAL: one that is sent to the command alone gets to the program.
passes() {
	"$poolkind" record -o "$file" "$program" pause >"$work/ready" &
	local pid=$!
	while [ ! -s "$work/ready" ]; do sleep 0.1; done
	kill -s "$1" $pid
	wait $pid 2>/dev/null
	echo $?
}
same "a signal is passed on" "$(passes TERM 2>/dev/null)" 143
check "and the file written" has in_parent:alloc_objects=100

# ---- Sites ----

for name in one other; do
	"${cc[@]}" -g -O1 -fno-optimize-sibling-calls -shared -fPIC \
	    -Wl,--build-id -DNAME=by_$name \
	    "$top/test/tool/record_library.c" -o "$work/lib$name.so"
done
record "$program" libraries "$work/libone.so" "$work/libother.so"
check "libraries lie where others were" [ "$output" -gt 20 ]
check "and have sites of their own" has by_one:alloc_objects=200 \
    by_other:alloc_objects=200
record --kind dram,name=ordinary "$program" child
check "the kind of a site" grep -q " dram,name=ordinary in_child" \
    <(python3 "$top/test/lib/pprof.py" "$file")
record "$program" child
check "a kind that nobody asked for is ordinary" grep -q " - in_child" \
    <(python3 "$top/test/lib/pprof.py" "$file")
sites=$(python3 "$top/test/lib/pprof.py" "$file" | grep -c in_child)
same "and the site is one" "$sites" 1

# ---- What is refused ----

# refused NAME STATUS LINE WORD...: this one line first.
refused() {
	local name=$1 wanted=$2 line=$3
	shift 3
	"$poolkind" record "$@" >"$work/output" 2>"$work/errors" </dev/null
	same "$name" "$?|$(head -n 1 "$work/errors")" "$wanted|poolkind: $line"
}
refused "no program" 2 "run which program?" -o "$file"
refused "a sampler that is none" 2 \
    "--sampler: unknown sampler \"noen\": did you mean \"none\"? (known: none, referenced, perf, perf:page-faults, damon, dhat)" \
    --sampler noen true
refused "a file without a folder" 2 \
    "cannot write $work/nowhere/file: there is no folder $work/nowhere/" \
    -o "$work/nowhere/file" touch "$work/started"
check "and nothing was started" [ ! -e "$work/started" ]
refused "no such program" 127 \
    "cannot run \"$work/none\": No such file or directory" "$work/none"
refused "a full disk" 1 "cannot write /dev/full: No space left on device" \
    -o /dev/full true

# written_to FOLDER WORD...: what poolkind record says, and what is in FOLDER.
written_to() {
	local folder=$1
	shift
	{ "$poolkind" record -o "$folder/file" "$@" >"$work/output"; } 2>&1
	echo "status $?"
	find "$folder" -type f | sort
}
export -f written_to
export poolkind work program
mkdir "$work/small"
same "a file beyond the user's limit leaves nothing" \
    "$(ulimit -Sf 1; written_to "$work/small" "$program" threads)" \
    "poolkind: cannot write $work/small/file: File too large
status 1"
# shellcheck disable=SC2016 # it is the inner shell's
said=$(unshare -m bash -c 'mount -t tmpfs -o size=16K none "$1" || exit
    head -c 1M /dev/zero >"$1/filler"
    written_to "$1" "$program" threads
    ! command -v valgrind >"$work/output" ||
        written_to "$1" --sampler dhat "$program" child' - "$work/small" 2>&1)
case $said in
*"ermission denied"* | *"not permitted"* | *"not found"*)
	skip "a full disk leaves nothing" "$said"
	;;
*)
	wanted="poolkind: cannot write $work/small/file: No space left on device
status 1
$work/small/filler"
	! command -v valgrind >"$work/output" || wanted+=$'\n'$wanted
	same "a full disk leaves nothing" "$(grep -v "^head" <<<"$said")" \
	    "$wanted"
	;;
esac

# The program is recorded, and then built anew from other source.
advised() {
	{ "$poolkind" advise --fast dram,limit=12M --rest dram \
	    -o "$work/rules" "$file" >"$work/output"; } 2>&1
	echo "status $?"
}
"${cc[@]}" -g -O1 -fno-optimize-sibling-calls -pthread -Wl,--build-id \
    "$top/test/tool/record_program.c" -o "$work/changed" -ldl
record --sampler referenced "$work/changed" touched
same "advice for the program that was recorded" "$(advised)" "status 0"
rm -f "$work/rules"
"${cc[@]}" -g -O1 -fno-optimize-sibling-calls -pthread -Wl,--build-id \
    -DTHREADS=5 -x c <(sed '/define THREADS/d' \
    "$top/test/tool/record_program.c") -o "$work/changed" -ldl
same "and none for one that has changed" "$(advised)" \
    "poolkind: $work/changed has changed since it was recorded, as its \
build-id says: record it again
status 1"
check "with no rules" [ ! -e "$work/rules" ]
refused "an option of run alone" 2 "$("$poolkind" record --explain 2>&1 |
    sed -n '1s/^poolkind: //p')" --explain
POOLKIND_RECORD=77 LD_PRELOAD=$TOP_BUILDDIR/lib/libpoolkind-malloc.so.0 \
    "$program" child 2>"$work/errors"
same "a file that is none" "$?|$(sed 's/process [0-9]*/process N/' \
    "$work/errors")" "0|libpoolkind-malloc: POOLKIND_RECORD=77: the file to \
record in cannot be opened; the memory of process N is not recorded"

finish
