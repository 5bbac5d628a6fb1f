#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The environment: what is accepted, and the line and status of what is not.
. "$(dirname "$0")/../lib/shim_tap.sh"

pool_place 32 || { skip "start" "no room for a pool of 32 MiB"; finish; }
quiet() { # COMMAND...: leaves status, standard error and nothing else
	( "$@" > /dev/null ) 2> "$work/stderr"
	status=$?
}
# start NAME=VALUE...: /bin/true with these variables.
start() {
	quiet bash -c 'exec env "$@"' - LD_PRELOAD="$LIBVMMALLOC" "$@" \
	    /bin/true
	# The shell's own remark on the signal is not ours.
	grep -v 'Aborted' "$work/stderr" > "$work/line"
}
accepted() { # NAME VARIABLE...
	local name=$1
	shift
	start "$@"
	same "$name" "$status|$(cat "$work/line")" "0|"
}
refused() { # NAME TEXT VARIABLE...
	local name=$1 text=$2
	shift 2
	start "$@"
	same "$name" "$status|$(cat "$work/line")" \
	    "134|Error (libvmmalloc): $text"
}
# missing NAME VARIABLE VARIABLES...: the line that programs compare, and one of
# what can be written.
missing() {
	local name=$1 variable=$2
	shift 2
	refused "$name" "environment variable $variable not specified
  Write VMMALLOC_POOL_DIR=DIRECTORY VMMALLOC_POOL_SIZE=SIZE (such as /dev/shm \
and 1G), or VMMALLOC_KIND=KIND (such as dram)" "$@"
}
# no_pool NAME REASON SECOND-LINE VARIABLE...: a line that programs compare, and
# two for people, the first of which begins with these variables.
instead="  VMMALLOC_FALLBACK=dram would have the program run, in ordinary memory"
no_pool() {
	local name=$1 text=$2 more=$3
	shift 3
	start "$@"
	same "$name" "$status|$(sed -n 1p "$work/line")" \
	    "134|Error (libvmmalloc): vmem pool creation failed: $text"
	same "$name: the variables at fault" \
	    "$(sed -n 2p "$work/line" | cut -c 1-${#more})" "$more"
	same "$name: what would help" "$(sed 1,2d "$work/line")" "$instead"
}
dir=VMMALLOC_POOL_DIR=$pool
size=VMMALLOC_POOL_SIZE=16777216

accepted "directory and size" "$dir" "$size"
missing "no directory" VMMALLOC_POOL_DIR "$size"
missing "an empty directory is none" VMMALLOC_POOL_DIR "$size" \
    VMMALLOC_POOL_DIR=
missing "an empty size is none" VMMALLOC_POOL_SIZE "$dir" \
    VMMALLOC_POOL_SIZE=
missing "no size" VMMALLOC_POOL_SIZE "$dir"
missing "nothing at all" VMMALLOC_POOL_DIR A=B
missing "the directory is looked at first" VMMALLOC_POOL_DIR \
    VMMALLOC_POOL_SIZE=1 VMMALLOC_FORK=9
refused "the size comes before the fork mode" \
    "VMMALLOC_POOL_SIZE value is less than minimum (1 < 14680064)" \
    "$dir" VMMALLOC_POOL_SIZE=1 VMMALLOC_FORK=9

for bad in -1 -16777216 -5M; do
	refused "size $bad" "negative VMMALLOC_POOL_SIZE" "$dir" \
	    VMMALLOC_POOL_SIZE=$bad
done
small() { # VALUE NUMBER
	refused "size '$1'" "VMMALLOC_POOL_SIZE value is less than minimum \
($2 < 14680064)" "$dir" "VMMALLOC_POOL_SIZE=$1"
}
small 14680063 14680063
small 13M 13631488
small 14335k 14679040
small -0 0
for bad in abc 0x1000000 M "64 M" 16777216xyz 16MiB 1.5G -5MB 16M- "16M "; do
	refused "size '$bad'" "VMMALLOC_POOL_SIZE=$bad is not a size; \
write bytes, or a whole number with K, M, G or T" "$dir" \
	    "VMMALLOC_POOL_SIZE=$bad"
done
for good in 14680064 " 16777216" +16777216 14M 16384K 16m 020000000; do
	accepted "size '$good'" "$dir" "VMMALLOC_POOL_SIZE=$good"
done
no_pool "size of many tebibytes" "File too large" \
    "  VMMALLOC_POOL_DIR=$pool, VMMALLOC_POOL_SIZE=8796093022207M" \
    "$dir" VMMALLOC_POOL_SIZE=9223372036854775807
no_pool "size beyond 64 bits" "File too large" \
    "  VMMALLOC_POOL_DIR=$pool, VMMALLOC_POOL_SIZE=" \
    "$dir" VMMALLOC_POOL_SIZE=99999999999999999999999T

for bad in 4 -1 99x 1x abc 0x1 "1 "; do
	refused "fork '$bad'" "incorrect VMMALLOC_FORK value ($bad)" "$dir" \
	    "$size" "VMMALLOC_FORK=$bad"
done
for good in 0 1 2 3 "" " 2" +2; do
	accepted "fork '$good'" "$dir" "$size" "VMMALLOC_FORK=$good"
done

failed() { # NAME REASON DIRECTORY
	local end=", VMMALLOC_POOL_SIZE=16M" shown=$3
	[ ${#3} -le 160 ] || shown=${3:0:160}...
	no_pool "$1" "$2" "  VMMALLOC_POOL_DIR=$shown$end" \
	    "VMMALLOC_POOL_DIR=$3" "$size"
	check "$1: the reason is there once" grep -q "$end\$" "$work/line"
}
touch "$work/file"
failed "a directory that is not there" "No such file or directory" \
    "$work/none"
failed "a file" "Not a directory" "$work/file"
failed "a file on the way" "Not a directory" "$work/file/x"
failed "a device" "Not a directory" /dev/null
failed "a name that is too long" "File name too long" \
    "$(printf '%5000s' '' | tr ' ' x)"
mkdir "$work/sealed"
chmod 0 "$work/sealed"
if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null; then
	chmod 755 "$work"
	cp "$LIBVMMALLOC" "$work/copy.so"
	quiet bash -c 'exec setpriv --reuid=65534 --clear-groups env "$@"' - \
	    LD_PRELOAD="$work/copy.so" VMMALLOC_POOL_DIR="$work/sealed" \
	    "$size" /bin/true
	same "no permission" \
	    "$status|$(grep -v Aborted "$work/stderr" | sed -n 1p)" \
	    "134|Error (libvmmalloc): vmem pool creation failed: Permission \
denied"
elif [ "$(id -u)" -ne 0 ]; then
	failed "no permission" "Permission denied" "$work/sealed"
else
	skip "no permission" "root, and no setpriv to be somebody else"
fi
rmdir "$work/sealed"
no_pool "a file system that has no files of its own" \
    "No such file or directory" \
    "  VMMALLOC_POOL_DIR=/proc, VMMALLOC_POOL_SIZE=16M: the directory exists, \
but its file system does not let anybody make files in it" \
    VMMALLOC_POOL_DIR=/proc "$size"

(cd "$pool" && ulimit -f 1024 && start VMMALLOC_POOL_DIR=. "$size"
    echo "$status|$(cat "$work/line")" > "$work/limited")
same "a limit on file sizes" "$(cat "$work/limited")" \
    "134|Error (libvmmalloc): vmem pool creation failed: File too large
  VMMALLOC_POOL_DIR=., VMMALLOC_POOL_SIZE=16M
$instead"
(cd "$pool" && start VMMALLOC_POOL_DIR=. "$size"
    echo "$status|$(cat "$work/line")" > "$work/relative")
same "a relative directory" "$(cat "$work/relative")" "0|"
mkdir "$work/grüße"
accepted "a directory with other letters" "VMMALLOC_POOL_DIR=$work/grüße" \
    "$size"
same "no name is left in the directory" "$(ls -A "$work/grüße")" ""

if [ "$(free_mib "$pool")" -gt 8192 ]; then
	(ulimit -v 2000000 && start "$dir" VMMALLOC_POOL_SIZE=8000M
	    echo "$status|$(cat "$work/line")" > "$work/limited")
	same "no address space" "$(cat "$work/limited")" "134|Error \
(libvmmalloc): vmem pool creation failed: Cannot allocate memory
  VMMALLOC_POOL_DIR=$pool, VMMALLOC_POOL_SIZE=8000M: cannot reserve 8000 MiB of \
address space: a process has 128 TiB, and RLIMIT_AS may leave it less
$instead"
else
	skip "no address space" "no room for a pool that would need it"
fi

room=$(free_mib "$pool")
no_pool "a pool larger than the file system has room for" \
    "No space left on device" "  VMMALLOC_POOL_DIR=$pool has " "$dir" \
    VMMALLOC_POOL_SIZE=$((room + 4096))M
check "what there is, and what was asked for" grep -q \
    " has [0-9]*[KMGT] free, VMMALLOC_POOL_SIZE=[0-9]*[MGT] is asked for$" \
    "$work/line"
accepted "a pool that takes its space at once" "$dir" "$size" \
    VMMALLOC_RESERVE=1

accepted "a kind: a file" "VMMALLOC_KIND=file:$pool,size=16M"
accepted "a kind: anonymous memory" VMMALLOC_KIND=dram
accepted "an empty kind is none" "$dir" "$size" VMMALLOC_KIND=
accepted "a kind is all that is needed" VMMALLOC_KIND=dram \
    VMMALLOC_POOL_SIZE=1
start VMMALLOC_KIND=drm
same "a kind that is none: status" "$status" 134
check "a kind that is none: the sentence names it" \
    grep -q "^Error (libvmmalloc): VMMALLOC_KIND: .*drm" "$work/line"
# unknown KIND WORD SUGGESTION: only what a whole heap may have is named.
unknown() {
	refused "unknown source '$1'" "VMMALLOC_KIND: unknown source \"$2\"$3 \
(known: dram, nodes, file, dax)" "VMMALLOC_KIND=$1"
}
unknown drm,limit=1M drm ": did you mean \"dram\"?"
unknown bandwith bandwith ""
unknown numa:0 numa ": did you mean \"nodes:0\"?"
unknown "hbm;dram" hbm ""
unknown "dram,limit=1M > /mnt/x" /mnt/x ": did you mean \"file:/mnt/x\"?"
start "VMMALLOC_KIND=file:$work/none,size=16M"
same "a kind that cannot be had: status" "$status" 134
check "a kind that cannot be had: the sentence says why" \
    grep -q "^Error (libvmmalloc): VMMALLOC_KIND: .*No such file" "$work/line"
for kind in hbw dax:auto dram,fallback=other; do
	start "VMMALLOC_KIND=$kind"
	same "$kind is not for a whole heap: status" "$status" 134
	check "$kind is not for a whole heap: the sentence" \
	    grep -q "^Error (libvmmalloc): VMMALLOC_KIND: .*whole heap" \
	    "$work/line"
done

start "VMMALLOC_KIND=drm;file:$work/none,size=16M"
check "of several kinds a text that is none is found first" \
    grep -q "^Error (libvmmalloc): VMMALLOC_KIND: .*drm" "$work/line"

# Kinds with names, chains of them, and parts of what there is.
printf '%s\n' "kind small = file:$pool,size=16M   # first" \
    "kind both = @small > dram,limit=1M" "kind far = hbw" \
    "kind wrong = drm" "kind two = dram|dram" > "$work/kinds"
names=POOLKIND_CONFIG=$work/kinds
accepted "a kind by its name" VMMALLOC_KIND=@small "$names"
accepted "a chain by its name" VMMALLOC_KIND=@both "$names"
accepted "several of them" "VMMALLOC_KIND=dram,limit=1M;@both;dram" "$names"
accepted "a chain" "VMMALLOC_KIND=file:$pool,size=16M > dram"
accepted "a part of what there is" VMMALLOC_KIND=dram,limit=50%
accepted "a share of it" VMMALLOC_KIND=dram,limit=share MPI_LOCALNRANKS=4
refused "a name that is not known" "VMMALLOC_KIND: no kind is called \"smal\": did you mean \
\"small\"? in $work/kinds (known: small, both, far, wrong, two)" \
    VMMALLOC_KIND=@smal "$names"
refused "a name for what is not for a whole heap" "VMMALLOC_KIND: $work/kinds:3: \"hbw\" is \
not for a whole heap: dram, nodes:LIST, file:DIRECTORY and dax:PATH are" \
    VMMALLOC_KIND=@far "$names"
no_choice() { # NAME PLACE VARIABLE...: dram|dram, of which a line is the place
	local name=$1 place=$2
	shift 2
	refused "$name" "VMMALLOC_KIND: $place\"dram\" is an alternative to \"dram\", and a whole \
heap has none: write one of dram, nodes:LIST, file:DIRECTORY and dax:PATH" "$@"
}
no_choice "a text with alternatives" "" "VMMALLOC_KIND=dram,limit=1M > dram|dram"
no_choice "a name with alternatives" "$work/kinds:5: " VMMALLOC_KIND=@two "$names"
no_choice "a chain with alternatives in a link" "$work/kinds:5: " \
    "VMMALLOC_KIND=@small > @two" "$names"
start VMMALLOC_KIND=@wrong "$names"
check "a name for what is none: the place" grep -q \
    "VMMALLOC_KIND: $work/kinds:4: unknown source \"drm\"" "$work/line"
refused "a file of names that is not there" "VMMALLOC_KIND: cannot read $work/nowhere, which \
POOLKIND_CONFIG names: No such file or directory" \
    VMMALLOC_KIND=@small "POOLKIND_CONFIG=$work/nowhere"
start VMMALLOC_KIND=dram,limit=share
check "a share of nobody knows how many" grep -q \
    "VMMALLOC_KIND: limit=share: none of OMPI_" "$work/line"

# instead NAME KIND WANTED: KIND cannot be had, and ordinary memory WANTED is in
# its place, told by a text that can be written.
instead() {
	env LD_PRELOAD="$LIBVMMALLOC" "VMMALLOC_KIND=$2" \
	    VMMALLOC_FALLBACK=dram VMMALLOC_LOG_STATS=1 \
	    "VMMALLOC_LOG_FILE=$work/line" cat /proc/self/maps > "$work/maps"
	same "$1" "$(sed -n 's/^  pool opened as *//p' "$work/line")" "$3"
}
# reported NAME REASON VARIABLE...: the report says why there is no pool.
reported() {
	local name=$1 text=$2
	shift 2
	quiet env LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_FALLBACK=dram \
	    VMMALLOC_LOG_STATS=1 "$@" /bin/true
	same "$name" "$status|$(sed -n 's/^  pool not possible *//p; /whole heap/p' \
	    "$work/stderr")" "0|$text
  The whole heap of the program was in ordinary memory, in place of the pool."
}
reported "the report names a directory that is not there" \
    "VMMALLOC_POOL_DIR=$work/none, VMMALLOC_POOL_SIZE=16M: No such file or directory" \
    "VMMALLOC_POOL_DIR=$work/none" "$size"
reported "the report names a kind that cannot be had" \
    "VMMALLOC_KIND: cannot make a file of 16 MiB in directory \"$work/none\": No such file or directory" \
    "VMMALLOC_KIND=file:$work/none,size=16M"
quiet env LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_FALLBACK=dram \
    VMMALLOC_LOG_STATS=1 "$dir" "$size" /bin/true
check "a pool that can be had has no reason" \
    sh -c "! grep -q 'not possible' '$work/stderr'"
none="file:$work/none"
instead "in place of a kind" "$none,size=16M" dram,limit=16M
instead "with a limit" "$none,size=16M,grow=yes,limit=64M" dram,limit=64M
instead "of several kinds, what all could have had" \
    "$none,size=16M;file:$pool,size=32M" dram,limit=48M
check "none of them is left open" sh -c "! grep -F '$pool/#' '$work/maps'"
instead "whichever is missing" "file:$pool,size=32M;$none,size=16M;dram,limit=2M" \
    dram,limit=50M
instead "one of them without a bound" "$none,size=16M;dram" dram

# Whether there is such a device or not.
start VMMALLOC_KIND=dax:/dev/dax0.0
same "a device without VMMALLOC_FORK=0" "$status|$(cat "$work/line")" \
    "134|Error (libvmmalloc): VMMALLOC_KIND: a device is shared with the \
child of a fork, which a whole heap is only with VMMALLOC_FORK=0"
start VMMALLOC_KIND=dax:/dev/null VMMALLOC_FORK=0
check "what is not a device: the sentence" \
    grep -q "^Error (libvmmalloc): VMMALLOC_KIND: .*not a DAX device" "$work/line"

accepted "logging is the debug library's, not ours" "$dir" "$size" \
    VMMALLOC_LOG_LEVEL=4 "VMMALLOC_LOG_FILE=$work/none/log"
same "no log file is made" "$(find "$work" -maxdepth 1 -name 'log*' | wc -l)" 0
finish
