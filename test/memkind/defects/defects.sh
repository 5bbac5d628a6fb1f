#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What memkind 1.14 did wrong, one program's word for each: see defect.h.
#
#   defects.sh          this library does right
#   defects.sh long     and still does with 64 threads for five minutes
#   defects.sh memkind  memkind 1.14 itself fails, as far as one node shows it;
#                       Debian's packages are kept in the cache
. "$(dirname "$0")/../memkind_tap.sh"
export MEMKIND_HBW_NODES=0 MEMKIND_DAX_KMEM_NODES=0

mode=${1:-short}
cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/poolkind
cache=${POOLKIND_CACHE:-$cache}
several=HWLOC_XMLFILE=$top/test/topology/machines/four-sockets.xml

# word|what is right|variables
defects="
calloc|a product beyond 64 bits gives no block
fixed-calloc|calloc in a region gives zeros
room|what was freed can be had again
growth|a file does not grow with what was freed
exhausted|the end of all kinds harms no other|MEMKIND_ARENA_NUM_PER_KIND=256
exit|kinds can be used until the process has ended
ties|the largest node, where there are several|$several
capacity|a kind without a limit has a capacity
fork|a child has blocks of its own
descriptor|no descriptor is left to other programs
thread-leak|threads that end leave nothing
leak|kinds that are destroyed leave no addresses
detect|blocks are of their kind with any heap manager|MEMKIND_HEAP_MANAGER=TBB
policy|a policy that is none makes no kind
config|a new configuration is empty
null-directory|no directory is answered
null-kind|no kind is answered
foreign|pointers that are no block are answered
names|a region belongs to one kind
pages|sizes of pages that are none are answered
local|threads that moved have memory where they are
kinds|500 kinds on a large machine|MEMKIND_ARENA_NUM_PER_KIND=64
many-kinds|4000 kinds with 1024 descriptors
threads|threads in a kind that grows and shrinks
"

# ---- The program -------------------------------------------------------------
"$CC" -O1 -g -Wall -Wextra -pthread -D_GNU_SOURCE "-I$top/include" \
    -o "$work/defect" "$here"/defect*.c "$LIBMEMKIND" \
    -Wl,-rpath-link,"$built" || exit 1
# Two nodes as large as each other, for memkind 1.14, which asks libnuma.
cat > "$work/nodes.c" << 'CODE'
int numa_max_node(void) { return 1; }
long long numa_node_size64(int node, long long *unused)
{
	if (unused != 0)
		*unused = 1 << 30;
	return node < 2 ? 8LL << 30 : -1;
}
CODE
"$CC" -w -shared -fPIC -o "$work/nodes.so" "$work/nodes.c" || exit 1

# A file system of its own, so that space can be counted and ends.
mkdir "$work/files"
own=
for how in "unshare -m" "unshare -rm"; do
	$how mount -t tmpfs -o size=4k none "$work/files" 2> "$work/err" &&
		own=$how && break
done
enough() { # MIB: of memory
	[ $(($(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo) /
	    1024)) -ge "$1" ]
}

# show FOLDER VARIABLES MIB TIMEOUT ARGUMENT...: runs the program with the
# library in FOLDER; sets status, and said to its last line.
show() {
	local folder=$1 variables=$2 mib=$3 time=$4
	shift 4
	# Braces: what the shell itself says of a crash is not wanted.
	# shellcheck disable=SC2086,SC2016
	{ $own sh -c '
		size=$1 files=$2
		shift 2
		ulimit -c 0
		ulimit -n 1024
		[ -z "$size" ] || mount -t tmpfs -o size="$size" none "$files"
		exec "$@"' sh "${own:+${mib}m}" "$work/files" \
	    env LD_LIBRARY_PATH="$folder" $variables \
	    "$library/watch" -p "$time" "$work/defect" "$@" \
	    > "$work/said" 2>&1; } 2> /dev/null
	status=$?
	said=$(tail -n 1 "$work/said")
	case $status in
	0 | 1 | 77) ;;
	*) said="status $status${said:+: $said}" ;;
	esac
}

# ---- This library ------------------------------------------------------------
ours() {
	local name variables word
	while IFS='|' read -r word name variables; do
		[ -n "$word" ] || continue
		if [ -z "$own" ] && [ "$word" = growth ]; then
			skip "$name" "no file system can be mounted"
			continue
		fi
		show "$(dirname "$LIBMEMKIND"):$built" "$variables" 64 120 \
		    "$word" "$work/files" 5 8
		case $status in
		77) skip "$name" "this machine has one node" ;;
		*)
			ok "$name" $status
			[ $status -eq 0 ] || echo "# $said" ;;
		esac
	done <<< "$defects"
}

# ---- memkind 1.14 ------------------------------------------------------------
packages="libmemkind0 libdaxctl1 libhwloc15 libnuma1"
fetch() { # sets theirs to the folder of its libraries
	local kept=$cache/memkind-1.14 one
	if [ ! -d "$kept" ]; then
		command -v apt-get > /dev/null && command -v dpkg > /dev/null ||
			return 1
		mkdir -p "$work/packages/root" && cd "$work/packages" || return 1
		# shellcheck disable=SC2086
		apt-get -qq -o APT::Sandbox::User= download $packages \
		    > "$work/err" 2>&1 || return 1
		ls libmemkind0_1.14.* > "$work/err" 2>&1 || return 1
		for one in *.deb; do
			dpkg -x "$one" root || return 1
		done
		mkdir -p "$cache" && mv root "$kept" || return 1
	fi
	one=$(find "$kept" -name libmemkind.so.0 | head -n 1)
	theirs=${one%/*}
	[ -n "$one" ]
}

# Some depend on luck: they get a few tries.
theirs() {
	local name variables word tries
	while IFS='|' read -r word name variables; do
		[ -n "$word" ] || continue
		tries=1
		[ "$word" != threads ] || tries=4
		[ "$word" != ties ] || variables+=" LD_PRELOAD=$work/nodes.so"
		for (( ; tries > 0; tries--)); do
			(
				ulimit -v $((24 << 20))
				show "$theirs" "$variables" 64 60 "$word" \
				    "$work/files" 15 8
				printf '%s %s\n' "$status" "$said"
			) > "$work/ended"
			read -r status said < "$work/ended"
			[ "$status" = 0 ] || break
		done
		case $status in
		0) skip "$name" "memkind 1.14 did not fail this time" ;;
		77) skip "$name" "this machine has one node" ;;
		*) ok "not with memkind 1.14: $name ($said)" 0 ;;
		esac
	done <<< "$defects"
}

if [ -n "$own" ] && ! enough 1024; then
	skip "defects" "less than 1 GiB of memory is free"
	finish
fi
case $mode in
short) ours ;;
long)
	size=64
	enough 4096 && size=512
	show "$(dirname "$LIBMEMKIND"):$built" "" $size 900 threads \
	    "$work/files" 300 64
	ok "64 threads in a kind that grows and shrinks, five minutes" $status
	echo "# $said" ;;
memkind)
	if [ -n "$sanitized" ]; then
		skip "memkind 1.14" "the programs have a sanitizer"
	elif [ -z "$own" ]; then
		skip "memkind 1.14" "no file system can be mounted"
	elif fetch; then
		theirs
	else
		skip "memkind 1.14" "Debian's package cannot be had"
		sed 's/^/# /' "$work/err"
	fi ;;
*)
	echo "usage: defects.sh [short|long|memkind]" >&2
	exit 2 ;;
esac
finish
