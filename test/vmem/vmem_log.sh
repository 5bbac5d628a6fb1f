#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the debug library writes, by level, and where; how it fills blocks; and
# that the library proper knows nothing of all this.
. "$(dirname "$0")/vmem_tap.sh"

pool_place 64 || { skip "log" "no room for a pool"; finish; }
build vmem_log || exit 1

# logged LEVEL WHAT NAME=VALUE...: standard error in $work/log, output in
# $work/out.
variant=debug
logged() {
	local level=$1 what=$2
	shift 2
	with $variant VMEM_LOG_LEVEL="$level" "$@" "$work/vmem_log" "$what" \
	    "$pool" > "$work/out" 2> "$work/log"
	status=$?
}
has() { # NAME PATTERN
	check "$1" grep -qE "$2" "${3:-$work/log}"
}
has_not() {
	check "$1" sh -c "! grep -qE '$2' '${3:-$work/log}'"
}

levels() {
	local level
	for level in 0 ""; do
		logged "$level" calls
		same "level '$level' is quiet" "$status|$(cat "$work/log")" \
		    "0|"
	done
	for level in abc 1x -3; do
		logged $level calls
		same "level '$level' gets a line, and is 0" \
		    "$status|$(cat "$work/log")" "0|libvmem: \
VMEM_LOG_LEVEL=$level is not a whole number; it is 0"
	done
	logged 1 calls
	same "level 1 changes no result" "$status|$(cat "$work/out")" "0|"
	has "level 1 names the process and the program" \
	    "pid [0-9]+: program: .*/vmem_log$"
	has "level 1 names the version" "libvmem version 1\.1$"
	has "level 1 names the source" "src version: "
	has "level 1 tells of errors" "<1>.*No such file or directory"
	has_not "level 1 has no more than that" "<[2-9]>"
	if grep -q "support for Valgrind" "$LIBVMEM_DEBUG"; then
		for tool in memcheck helgrind drd; do
			has "level 1 names $tool" \
			    "compiled with support for Valgrind $tool"
		done
	else
		skip "level 1 names valgrind's tools" "built without them"
	fi
	logged 2 calls
	has_not "level 2 does not list calls" "<3>"
	logged 3 calls
	has "vmem_create" "<3> .* vmem_create\] dir .*$pool.* size 14680064"
	has "vmem_malloc" "<3> .* vmem_malloc\] vmp 0x[0-9a-f]+ size 4321$"
	has "vmem_realloc" \
	    "<3> .* vmem_realloc\] vmp 0x[0-9a-f]+ ptr 0x[0-9a-f]+ size 4322$"
	has "vmem_calloc" "<3> .* vmem_calloc\] vmp 0x[0-9a-f]+ .*3.*4323$"
	has "vmem_aligned_alloc" \
	    "<3> .* vmem_aligned_alloc\] vmp 0x[0-9a-f]+ .*32.*4324$"
	has "vmem_free" "<3> .* vmem_free\] vmp 0x[0-9a-f]+ ptr 0x[0-9a-f]+$"
	for one in vmem_strdup vmem_wcsdup vmem_check vmem_delete; do
		has "$one" "<3> .* $one\] vmp 0x[0-9a-f]+"
	done
	logged 1 calls PMDK_LOG_ALIGN=70
	same "PMDK_LOG_ALIGN: all texts begin there" \
	    "$(cut -c70,71 "$work/log" | grep -vc '^ [^ ]$')" 0
	logged 3 calls
	check "lines have the form <libvmem>: <level> [file:line function]" \
	    sh -c "! grep -vE '^<libvmem>: <[0-9]+> \[[a-z_]+\.c:[0-9]+ \
[a-z_]+\] ' '$work/log'"
}

files() {
	echo old > "$work/file"
	logged 3 calls "VMEM_LOG_FILE=$work/file"
	same "with a file standard error is quiet" "$(cat "$work/log")" ""
	has "the file has the lines" "size 4321$" "$work/file"
	has_not "and nothing old" old "$work/file"
	logged 1 calls "VMEM_LOG_FILE=$work/each-"
	pid=$(ls "$work" | sed -n 's/^each-//p')
	has "a name ending in - gets the number of the process" \
	    "pid $pid: program" "$work/each-$pid"
	logged 1 idle VMEM_LOG_FILE=
	has "an empty name is standard error" "version 1\.1"
	logged 0 idle "VMEM_LOG_FILE=$work/early"
	check "the file is made when the library is loaded" \
	    test -e "$work/early"
	( logged 0 idle "VMEM_LOG_FILE=$work/none/x"
	    echo $status > "$work/status" ) 2> /dev/null
	same "a file that cannot be had: status" "$(cat "$work/status")" 134
	same "a file that cannot be had: the line" \
	    "$(grep -v Aborted "$work/log")" \
	    "Error (libvmem): VMEM_LOG_FILE=$work/none/x: No such file or \
directory"
}

others() {
	logged 0 stats "VMEM_LOG_FILE=$work/stats"
	has "statistics go to the file, at any level" "[Bb]egin.*statistics" \
	    "$work/stats"
	same "and not to standard error" "$(cat "$work/log")" ""
	logged 3 print "VMEM_LOG_FILE=$work/start"
	has "a print function gets what comes later" \
	    "^printed: <libvmem>: <3> .* vmem_malloc\]" "$work/out"
	has "the file has what came before" "version 1\.1" "$work/start"
	has_not "and no more" "size 4321" "$work/start"
	check "it gets whole lines" \
	    sh -c "! grep -v '^printed: <libvmem>: <' '$work/out'"
	logged 1 wait
	same "it may wait for a thread that calls the library" \
	    "$status|$(cat "$work/out")" "0|waited"
	logged 0 junk
	same "new and freed blocks are filled" "$(cat "$work/out")" "a5 5a"
	logged 1 wrong
	has "a block freed through another pool is reported" \
	    "<1> .*(vmem_free|another|other).*0x[0-9a-f]+"
	same "and freed" "$status" 0
}

if has_debug; then
	levels
	files
	others
else
	skip "debug library" "not built"
fi

variant=release
logged 9 calls "VMEM_LOG_FILE=$work/release"
same "release: nothing on standard error" "$status|$(cat "$work/log")" "0|"
check "release: no file" test ! -e "$work/release"
logged 9 calls "VMEM_LOG_FILE=$work/none/x"
same "release: a file that cannot be had is no matter" \
    "$status|$(cat "$work/log")" "0|"
logged 9 stats A=b
has "release: statistics go to standard error" "[Bb]egin.*statistics"
# A file that takes long to truncate.
wrong=0
for _ in $(seq 10); do
	head -c 32M /dev/zero > "$pool/vmem_log.$$"
	logged 9 together "VMEM_LOG_FILE=$pool/vmem_log.$$"
	[ "$(cat "$work/out")" = "1 descriptors" ] &&
	    [ "$(grep -c "[Bb]egin.*statistics" "$pool/vmem_log.$$")" = 8 ] ||
	    wrong=$((wrong + 1))
	rm -f "$pool/vmem_log.$$"
done
same "release: several threads open the file once" $wrong 0
logged 9 wrong
same "release: a block freed through another pool goes home in silence" \
    "$status|$(cat "$work/log")" "0|"
finish
