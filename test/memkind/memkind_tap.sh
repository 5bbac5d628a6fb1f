# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What libmemkind's whole-program tests share, on top of shim_tap.sh, which has
# the results, the places for pools, and the compiler.
#
# LIBMEMKIND names the library under test, LIBMEMKIND_A and the two others the
# archives; else they are looked for in TOP_BUILDDIR. The folder that it lies in
# is ours: LD_LIBRARY_PATH for who is to find it by name. The programs of a test
# lie beside its script, in $here.

top=${TOP_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
built=${TOP_BUILDDIR:-$top/build}/lib
: "${LIBMEMKIND:=$built/libmemkind.so.0}"
: "${LIBMEMKIND_A:=$built/libmemkind.a}"
: "${LIBPOOLKIND_A:=$built/libpoolkind.a}"
: "${LIBTOPOLOGY_A:=$built/libpoolkind-topology.a}"

if [ ! -e "$LIBMEMKIND" ]; then
	echo "1..0 # SKIP libmemkind.so.0 was not built (LIBMEMKIND)"
	exit 0
fi
LIBMEMKIND=$(realpath "$LIBMEMKIND")
ours=$(dirname "$LIBMEMKIND")
# The shim is under test beside us at most.
libvmmalloc=${LIBVMMALLOC-}
LIBVMMALLOC=$LIBMEMKIND
. "$top/test/lib/shim_tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
unset LD_LIBRARY_PATH LD_PRELOAD "${!MEMKIND_@}" "${!JEMK_@}" "${!HWLOC_@}" \
    "${!OMP_@}"

# One node stands for every memory that this machine has not.
one_node() {
	env MEMKIND_HBW_NODES=0 MEMKIND_DAX_KMEM_NODES=0 "$@"
}

# build NAME [ARGUMENT...]: $here/NAME.c into $work/NAME, linked with the
# library, which is found at run time through LD_LIBRARY_PATH.
build() {
	local name=$1
	shift
	compile "$name" "-I$top/include" "$@" "$ours/libmemkind.so.0" \
	    -Wl,-rpath-link,"$ours"
}

# with COMMAND...: runs COMMAND with that library.
with() { env LD_LIBRARY_PATH="$ours" "$@"; }

# clean NAME COMMAND...: runs a program that prints results; it succeeds, and
# writes nothing to standard error.
clean() {
	local name=$1 status
	shift
	"$@" > "$work/results" 2> "$work/err"
	status=$?
	results "$work/results" "$name"
	same "$name: ends well and says nothing" \
	    "$status $(cat "$work/err")" "0 "
}

# debian SUITE NAME...: sets unpacked to the folder with these packages; else
# reason says why there is none.
debian() {
	reason=
	unpacked=$("$top/test/lib/debian_packages" "$@" 2> "$work/fetch") &&
		return
	unpacked=
	reason=$(tail -1 "$work/fetch")
	return 1
}
