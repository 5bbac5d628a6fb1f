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
dir=VMMALLOC_POOL_DIR=$pool
size=VMMALLOC_POOL_SIZE=16777216

accepted "directory and size" "$dir" "$size"
refused "no directory" \
    "environment variable VMMALLOC_POOL_DIR not specified" "$size"
refused "an empty directory is none" \
    "environment variable VMMALLOC_POOL_DIR not specified" "$size" \
    VMMALLOC_POOL_DIR=
refused "an empty size is none" \
    "environment variable VMMALLOC_POOL_SIZE not specified" "$dir" \
    VMMALLOC_POOL_SIZE=
refused "no size" \
    "environment variable VMMALLOC_POOL_SIZE not specified" "$dir"
refused "nothing at all" \
    "environment variable VMMALLOC_POOL_DIR not specified" A=B
refused "the directory is looked at first" \
    "environment variable VMMALLOC_POOL_DIR not specified" \
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
refused "size of many tebibytes" "vmem pool creation failed: File too large" \
    "$dir" VMMALLOC_POOL_SIZE=9223372036854775807
refused "size beyond 64 bits" "vmem pool creation failed: File too large" \
    "$dir" VMMALLOC_POOL_SIZE=99999999999999999999999T

for bad in 4 -1 99x 1x abc 0x1 "1 "; do
	refused "fork '$bad'" "incorrect VMMALLOC_FORK value ($bad)" "$dir" \
	    "$size" "VMMALLOC_FORK=$bad"
done
for good in 0 1 2 3 "" " 2" +2; do
	accepted "fork '$good'" "$dir" "$size" "VMMALLOC_FORK=$good"
done

failed() { # NAME REASON DIRECTORY
	refused "$1" "vmem pool creation failed: $2" "VMMALLOC_POOL_DIR=$3" \
	    "$size"
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
	same "no permission" "$status|$(grep -v Aborted "$work/stderr")" \
	    "134|Error (libvmmalloc): vmem pool creation failed: Permission \
denied"
elif [ "$(id -u)" -ne 0 ]; then
	failed "no permission" "Permission denied" "$work/sealed"
else
	skip "no permission" "root, and no setpriv to be somebody else"
fi
rmdir "$work/sealed"

(cd "$pool" && ulimit -f 1024 && start VMMALLOC_POOL_DIR=. "$size"
    echo "$status|$(cat "$work/line")" > "$work/limited")
same "a limit on file sizes" "$(cat "$work/limited")" \
    "134|Error (libvmmalloc): vmem pool creation failed: File too large"
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
(libvmmalloc): vmem pool creation failed: Cannot allocate memory"
else
	skip "no address space" "no room for a pool that would need it"
fi

room=$(free_mib "$pool")
refused "a pool larger than the file system has room for" \
    "vmem pool creation failed: No space left on device" "$dir" \
    VMMALLOC_POOL_SIZE=$((room + 4096))M
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

# instead NAME KIND WANTED: KIND cannot be had, and ordinary memory WANTED is in
# its place.
instead() {
	env LD_PRELOAD="$LIBVMMALLOC" "VMMALLOC_KIND=$2" \
	    VMMALLOC_FALLBACK=dram VMMALLOC_LOG_STATS=1 \
	    "VMMALLOC_LOG_FILE=$work/line" cat /proc/self/maps > "$work/maps"
	same "$1" "$(sed -n 's/^  pool opened as *//p' "$work/line")" \
	    "$3,fork=private"
}
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
