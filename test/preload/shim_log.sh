#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the shim writes: the debug variant's log by level, its file, and the
# report at the end of the process, which both variants have.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_log || exit 1
pool_place 32 || { skip "log" "no room for a pool of 32 MiB"; finish; }
size=16M

# ---- The log of the debug variant -----------------------------------------
# logged LEVEL NAME=VALUE...: standard error of shim_log in $work/log.
logged() {
	local level=$1
	shift
	env "$@" VMMALLOC_LOG_LEVEL="$level" VMMALLOC_POOL_DIR="$pool" \
	    VMMALLOC_POOL_SIZE=$size \
	    bash -c "LD_PRELOAD='$LIBVMMALLOC_DEBUG' exec '$work/shim_log'" \
	    2> "$work/log"
	status=$?
}
has() { # NAME PATTERN
	check "$1" grep -qE "$2" "$work/log"
}
has_not() {
	check "$1" sh -c "! grep -qE '$2' '$work/log'"
}
debug_log() {
	logged 0 A=b
	same "level 0 is quiet" "$status|$(cat "$work/log")" "0|"
	logged "" A=b
	same "an empty level is 0" "$status|$(cat "$work/log")" "0|"
	for bad in abc 1x -3; do
		logged $bad A=b 2> /dev/null
		same "a level '$bad' is an error" \
		    "$status|$(tail -n 1 "$work/log")" "134|Error \
(libvmmalloc): VMMALLOC_LOG_LEVEL=$bad is not a level; write a whole \
number from 0 to 4"
	done

	logged 1 A=b
	has "level 1 names process and program" "pid [0-9]+: program: .*shim_log"
	has "level 1 names the version" "libvmmalloc version 1\.1"
	has "level 1 names the source" "src version: "
	has_not "level 1 has no more than that" "<[2-9]>"
	check "every line has the form <name>: <level> [file:line function]" \
	    sh -c "! grep -vE '^<libvmmalloc>: <[0-9]+> \[[a-z_]+\.c:[0-9]+ \
[a-z_]+\] ' '$work/log'"
	logged 2 A=b
	has "level 2 says when all is ready" "<2>.*initialization completed"
	logged 3 A=b
	has_not "level 3 does not list calls" "<4>"

	logged 4 A=b
	has "malloc" "<4> .* malloc\] size 4321$"
	has "realloc" "<4> .* realloc\] ptr 0x[0-9a-f]+, size 4322$"
	has "calloc" "<4> .* calloc\] nmemb 1, size 4323$"
	has "memalign" "<4> .* memalign\] boundary 16  size 4324$"
	has "aligned_alloc" "<4> .* aligned_alloc\] .*4325$"
	has "valloc" "<4> .* valloc\] size 4326$"
	has "pvalloc" "<4> .* pvalloc\] size 4327$"
	has "posix_memalign" "<4> .* posix_memalign\] .*4328$"
	has "free" "<4> .* free\] ptr 0x[0-9a-f]+$"

	echo old > "$work/file"
	logged 4 "VMMALLOC_LOG_FILE=$work/file"
	same "with a file standard error is quiet" "$(cat "$work/log")" ""
	check "the file has the lines" grep -q "size 4321" "$work/file"
	check "and nothing old" sh -c "! grep -q old '$work/file'"
	logged 1 "VMMALLOC_LOG_FILE=$work/each-"
	check "a name ending in - gets the number of the process" \
	    grep -q "program: .*shim_log" \
	    "$(grep -l shim_log "$work"/each-[0-9]*)"
	logged 1 VMMALLOC_LOG_FILE=
	has "an empty name is standard error" "version 1\.1"

	( logged 1 "VMMALLOC_LOG_FILE=$work/none/x"
	    echo $status > "$work/status" ) 2> /dev/null
	same "a file that cannot be had: status" "$(cat "$work/status")" 134
	has "a file that cannot be had: the line" "^Error \(libvmmalloc\): \
VMMALLOC_LOG_FILE=$work/none/x: No such file or directory$"
	( size=1 logged 0 "VMMALLOC_LOG_FILE=$work/fatal" ) 2> /dev/null
	check "fatal lines go to the file, too" \
	    grep -q "^Error (libvmmalloc): VMMALLOC_POOL_SIZE" "$work/fatal"

	printf '%s\n' '#include <stdlib.h>' '#include <string.h>' \
	    'int main(void) { unsigned char *p = malloc(100), first = p[50];' \
	    '	memset(p, 1, 100); free(p);' \
	    '	return first != 0xa5 || p[50] != 0x5a; }' > "$work/junk.c"
	"$CC" -w -fno-builtin -o "$work/junk" "$work/junk.c"
	preload=$LIBVMMALLOC_DEBUG
	check "new and freed blocks are filled" shim "$work/junk"
	unset preload
}
if [ -e "${LIBVMMALLOC_DEBUG-}" ]; then
	debug_log
else
	skip "the log" "the debug library was not built"
fi

# ---- The report ------------------------------------------------------------
behind() { # a kind that falls back to another
	env LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_LOG_STATS=2 \
	    "VMMALLOC_KIND=dram,limit=1M;file:$pool,size=32M" \
	    "$work/shim_log" 2> "$work/log"
	has "a kind behind the pool: which it is" \
	    "it falls back to +file:$pool,size=32M"
	has_not "a kind behind the pool: no name that nobody gave" "fallback="
	same "a kind behind the pool: each amount says whose it is" \
	    "$(sed -n '/^vmem pool/,$ { /^[df].*[:,]/p; /^  allocated/s/ .*//p }' \
	        "$work/log" | sed 's/,fork.*//; s/^$/allocated/')" \
	    "dram,limit=1M
allocated
file:$pool,size=32M
allocated"
	same "a kind behind the pool: how much was used of each" \
	    "$(grep -c "peak use of pool" "$work/log")" 2
	same "a kind behind the pool: jemalloc's statistics of each" \
	    "$(grep -c "Begin jemalloc statistics" "$work/log")" 2
}
behind
# Small tools close standard error before they end, and have their report.
closing() {
	local program
	for program in sort cat "ls -l" "grep x"; do
		# shellcheck disable=SC2086 # the program's words
		echo x | env VMMALLOC_LOG_STATS=1 VMMALLOC_KIND=dram \
		    bash -c "LD_PRELOAD='$LIBVMMALLOC' exec $program" \
		    > "$work/out" 2> "$work/log"
		has "${program%% *}: the report, with its name" \
		    "the heap of process [0-9]+ \(.*/${program%% *}\)$"
		same "${program%% *}: what it prints is as ever" \
		    "$(head -c 1 "$work/out" | tr '[:lower:]' x)" x
	done
	env VMMALLOC_LOG_STATS=1 VMMALLOC_KIND=dram bash -c \
	    "LD_PRELOAD='$LIBVMMALLOC' exec ls -l /proc/self/fd 2>&1 >&3" \
	    3> "$work/out" > "$work/log"
	has "the report goes where standard error led at the start" \
	    "the heap of process"
}
closing
full() { # a pool that is full leaves a line, once
	env VMMALLOC_LOG_STATS=1 VMMALLOC_KIND=dram,limit=16M bash -c \
	    "LD_PRELOAD='$LIBVMMALLOC' exec python3 -S -c '
for i in range(3):
    try: bytearray(64 << 20)
    except MemoryError: pass
'" 2> "$work/log"
	same "a full pool leaves one line" "$(grep -c \
	    'the pool has no room for a block of 6[0-9]* bytes$' \
	    "$work/log")" 1
	has "and the report says so" "^  The pool was full"
	env VMMALLOC_KIND=dram,limit=16M bash -c \
	    "LD_PRELOAD='$LIBVMMALLOC' exec python3 -S -c '
try: bytearray(64 << 20)
except MemoryError: pass
'" 2> "$work/log"
	same "without a report a full pool is silent" "$(cat "$work/log")" ""
}
if command -v python3 > /dev/null; then
	full
else
	skip "a full pool" "no python3"
fi
report() { # LIBRARY NAME
	local name=$2
	preload=$1
	shim env VMMALLOC_LOG_STATS=1 "$work/shim_log" > "$work/out" \
	    2> "$work/log"
	# env itself runs in a pool, but is told nothing of a report.
	same "$name: one report" "$(grep -c 'the heap of process' \
	    "$work/log")" 1
	same "$name: standard output is the program's" "$(cat "$work/out")" ""
	has "$name: where the pool lay" "pool lay in +$pool "
	has "$name: its size" "pool size +16\.0 MiB"
	has "$name: its peak" "peak use of pool +[0-9.]+ MiB"
	has "$name: the heap was inside" "whole heap .* was inside the pool"
	has "$name: system heap" "^system heap"
	has "$name: vmem pool" "^vmem pool"
	if [ "$name" = debug ]; then
		has "$name: jemalloc's statistics" "Begin jemalloc statistics"
	else
		has_not "$name: nothing of jemalloc's" "jemalloc"
		shim env VMMALLOC_LOG_STATS=2 "$work/shim_log" 2> "$work/log"
		has "$name: jemalloc's statistics at level 2" \
		    "Begin jemalloc statistics"
	fi
	shim env VMMALLOC_LOG_STATS=1 "VMMALLOC_LOG_FILE=$work/$name-" \
	    "$work/shim_log" 2> "$work/log"
	same "$name: with a file standard error is quiet" \
	    "$(cat "$work/log")" ""
	check "$name: the file has the report" \
	    grep -q "^vmem pool" "$work/$name"-[0-9]*
	for other in 0 ""; do
		shim env "VMMALLOC_LOG_STATS=$other" "$work/shim_log" \
		    2> "$work/log"
		same "$name: none for '$other'" "$(cat "$work/log")" ""
	done
	for other in 3 11 yes; do
		( shim env "VMMALLOC_LOG_STATS=$other" "$work/shim_log" ) \
		    2> "$work/log"
		has "$name: an error for '$other'" "VMMALLOC_LOG_STATS=\
$other is not a level of statistics; write 0 for none, 1, or 2"
	done
	unset preload
}
report "$LIBVMMALLOC" release
if [ -e "${LIBVMMALLOC_DEBUG-}" ]; then
	report "$LIBVMMALLOC_DEBUG" debug
else
	skip "the debug library's report" "not built"
fi
finish
