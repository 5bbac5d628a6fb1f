# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the shim's whole-program tests share: results in the Test Anything
# Protocol, places for pools, and programs compiled on the spot.
#
# LIBVMMALLOC names the library under test; LIBVMMALLOC_DEBUG the debug one and
# LIBVMMALLOC_A the archive, where they were built. CC and CXX are the compilers,
# which may have arguments.

tests_done=0
tests_failed=0
here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
library=$here/../lib
: "${CC:=cc}" "${CXX:=c++}"
unset POOLKIND_CONFIG "${!VMMALLOC_@}" 2>/dev/null

if [ -z "${LIBVMMALLOC-}" ] || [ ! -e "$LIBVMMALLOC" ]; then
	echo "1..0 # SKIP libvmmalloc.so.1 was not built (LIBVMMALLOC)"
	exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/shim.XXXXXX")
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2034 # for those who source this
sanitized=
# shellcheck disable=SC2034
case $CC in *-fsanitize*) sanitized=yes ;; esac
# Compilers with arguments become programs without, as "ccache gcc" does.
for one in CC CXX; do
	if [[ ${!one} == *" "* ]]; then
		printf '#!/bin/sh\nexec %s "$@"\n' "${!one}" > "$work/$one"
		chmod +x "$work/$one"
		printf -v $one '%s' "$work/$one"
	fi
done

# ok NAME STATUS: one result; a status of 0 is good.
ok() {
	tests_done=$((tests_done + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $tests_done - $1"
	else
		echo "not ok $tests_done - $1"
		tests_failed=$((tests_failed + 1))
	fi
}

# check NAME COMMAND...: the command succeeds. What it printed is shown when it
# does not.
check() {
	local name=$1 status
	shift
	"$@" > "$work/check.out" 2>&1
	status=$?
	ok "$name" "$status"
	[ "$status" -eq 0 ] || sed 's/^/# /' "$work/check.out"
}

# same NAME GOT WANTED
same() {
	if [ "$2" = "$3" ]; then
		ok "$1" 0
	else
		ok "$1" 1
		printf '%s\n' "got:    $2" "wanted: $3" | sed 's/^/# /'
	fi
}

# skip NAME REASON
skip() {
	tests_done=$((tests_done + 1))
	echo "ok $tests_done - $1 # SKIP $2"
}

# results FILE NAME: takes over the results of a C program that printed them.
results() {
	local line
	while IFS= read -r line; do
		case $line in
		"ok - "*) ok "$2: ${line#ok - }" 0 ;;
		"not ok - "*) ok "$2: ${line#not ok - }" 1 ;;
		"skip - "*) skip "$2: ${line#skip - }" "see the line above" ;;
		*) echo "# $line" ;;
		esac
	done < "$1"
}

# results_of NAME STATUS_WANTED COMMAND...: runs such a program.
results_of() {
	local name=$1 wanted=$2 status
	shift 2
	"$@" > "$work/results" 2>&1
	status=$?
	results "$work/results" "$name"
	same "$name: exit status" "$status" "$wanted"
}

finish() {
	echo "1..$tests_done"
	[ "$tests_failed" -eq 0 ]
	exit
}

# free_mib DIRECTORY: free space in MiB.
free_mib() {
	echo $(($(stat -f -c '%a * %S' "$1") / 1048576))
}

# pool_place MIB: sets pool to a directory with room for a pool of that size:
# shared memory for small ones where there is plenty, else the work folder.
pool_place() {
	if [ "$1" -le 64 ] && [ -w /dev/shm ] &&
	    [ "$(free_mib /dev/shm)" -ge $((4 * $1)) ]; then
		pool=/dev/shm
	elif [ "$(free_mib "$work")" -ge $((2 * $1)) ]; then
		pool=$work
	else
		pool=
		return 1
	fi
}

# compile NAME [ARGUMENT...]: $here/NAME.c into $work/NAME.
compile() {
	local name=$1
	shift
	"$CC" -O1 -g -fno-builtin -Wall -Wextra -pthread -D_GNU_SOURCE \
	    -I"$library" -o "$work/$name" "$here/$name.c" "$@"
}

# compile_library NAME [ARGUMENT...]: $here/NAME.c into $work/NAME.so.
compile_library() {
	local name=$1
	shift
	"$CC" -O1 -g -fno-builtin -Wall -Wextra -pthread -D_GNU_SOURCE -fPIC \
	    -shared -I"$library" -o "$work/$name.so" "$here/$name.c" "$@"
}

# shim COMMAND...: with its heap in a pool of $size (64M) in $pool.
shim() {
	env LD_PRELOAD="${preload:-$LIBVMMALLOC}" VMMALLOC_POOL_DIR="$pool" \
	    VMMALLOC_POOL_SIZE="${size:-64M}" "$@"
}
