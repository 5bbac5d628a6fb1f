# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the whole-program tests of libautohbw, libmemtier and their tools share,
# on top of shim_tap.sh, which has the results and the compiler.
#
# LIBMEMKIND, LIBMEMTIER and LIBAUTOHBW name the libraries under test; else they
# are looked for in TOP_BUILDDIR. Node 0 stands for every other memory, so that
# each kind is there on any machine.

top=${TOP_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
built=${TOP_BUILDDIR:-$top/build}
: "${LIBMEMKIND:=$built/lib/libmemkind.so.0}"
: "${LIBMEMTIER:=$built/lib/libmemtier.so.0}"
: "${LIBAUTOHBW:=$built/lib/libautohbw.so.0}"

for one in "$LIBMEMKIND" "$LIBMEMTIER" "$LIBAUTOHBW"; do
	if [ ! -e "$one" ]; then
		echo "1..0 # SKIP ${one##*/} was not built"
		exit 0
	fi
done
# The shim is not under test here.
LIBVMMALLOC=$LIBMEMKIND
. "$top/test/lib/shim_tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
unset LD_PRELOAD LD_LIBRARY_PATH "${!AUTO_HBW_@}" "${!MEMKIND_@}"
export LC_ALL=C MEMKIND_HBW_NODES=0 MEMKIND_DAX_KMEM_NODES=0

# build NAME [ARGUMENT...]: NAME.c, from beside the script or, where several
# have it, from test/interpose, into $work/NAME, with libmemkind; and a library,
# $work/NAME.so, without it.
build() {
	local name=$1 here=$here
	shift
	[ -e "$here/$name.c" ] || here=$top/test/interpose
	compile "$name" "-I$top/include" "$@" "$LIBMEMKIND" \
	    -Wl,--allow-shlib-undefined -Wl,-rpath,"${LIBMEMKIND%/*}" -ldl
}
build_library() {
	local name=$1 here=$top/test/interpose
	shift
	compile_library "$name" "-I$top/include" "$@"
}

# run COMMAND...: output, errors and status, each in its variable. What the
# shell says of a signal is not among the errors.
run() {
	{ "$@" > "$work/output" 2> "$work/errors"; } 2> /dev/null
	status=$?
	output=$(<"$work/output")
	errors=$(<"$work/errors")
}

# unchanged COMMAND...: it prints the same with "${under[@]}" before it.
unchanged() {
	local plain
	run "$@"
	plain="$status $output"
	run "${under[@]}" "$@"
	[ "$status $output" = "$plain" ] && [ -z "$errors" ] && return
	printf '%s\n' "was: ${plain:0:500}" "is: $status ${output:0:500}" \
	    "$errors"
	return 1
}

# looks LIBRARY FUNCTION...: what it shows to the dynamic linker beside malloc
# and its relatives, and what it asks of it.
looks() {
	local file=$1 name=${1##*/} family
	shift
	family="aligned_alloc calloc cfree dlmopen dlopen free"
	family+=" free_aligned_sized free_sized"
	family+=" mallinfo mallinfo2 malloc malloc_info malloc_stats malloc_trim"
	family+=" malloc_usable_size mallopt memalign posix_memalign pvalloc"
	family+=" realloc reallocarray valloc"
	# shellcheck disable=SC2086 # words
	same "$name: its functions" \
	    "$(nm -D --defined-only "$file" | awk '{ print $2, $3 }' | sort)" \
	    "$(printf 'T %s\n' $family "$@" | sort)"
	same "$name: no symbol versions" \
	    "$(readelf -V "$file" | grep -c 'Version definition')" 0
	same "$name: its name" \
	    "$(readelf -d "$file" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')" "$name"
	same "$name: needs libmemkind, libpoolkind and libc" \
	    "$(readelf -d "$file" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
	        grep -v '^ld-linux' | sort | tr '\n' ' ')" \
	    "libc.so.6 libmemkind.so.0 libpoolkind.so.0 "
	check "$name: is never unloaded" sh -c \
	    "readelf -d '$file' | grep 'FLAGS_1' | grep -q NODELETE"
}

# programs NAME: real ones, which must not notice.
programs() {
	local name=$1
	seq 1 200000 > "$work/numbers"
	printf '#include <stdio.h>\nint main(void) { return puts("x") < 0; }\n' \
	    > "$work/hello.c"
	mkdir -p "$work/tree/a/b"
	cp "$work/numbers" "$work/tree/a/b"
	check "$name: sort" unchanged sort -r --parallel=2 "$work/numbers"
	check "$name: grep -r" unchanged grep -r 19999 "$work/tree"
	check "$name: bash" unchanged bash -c 'for i in {1..300}; do
		a+=$(echo "$i"); done; echo "$a"'
	check "$name: gcc -S" unchanged gcc -S -O2 -o - "$work/hello.c"
	check "$name: perl" unchanged perl -e '
		$h{$_} = "x" x $_ for 1 .. 3000; print join(",", sort keys %h)'
	check "$name: python3" unchanged python3 -c '
import threading, zlib
def work(n): out[n] = zlib.compress(b"".join(b"%d" % i for i in range(99999)))
out = {}
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print([len(out[n]) for n in range(8)], len(bytearray(50 << 20)))'
}
