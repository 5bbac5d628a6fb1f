# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What libvmem's whole-program tests share, on top of shim_tap.sh, which has
# the results, the places for pools, and the compiler.
#
# LIBVMEM names the library under test, LIBVMEM_DEBUG the debug one, LIBVMEM_A
# and LIBPOOLKIND_A the archives; else they are looked for in TOP_BUILDDIR.

top=${TOP_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
built=${TOP_BUILDDIR:-$top/build}/lib
: "${LIBVMEM:=$built/libvmem.so.1}"
: "${LIBVMEM_DEBUG:=$built/vmem_debug/libvmem.so.1}"
: "${LIBVMEM_A:=$built/libvmem.a}"
: "${LIBPOOLKIND_A:=$built/libpoolkind.a}"

if [ ! -e "$LIBVMEM" ]; then
	echo "1..0 # SKIP libvmem.so.1 was not built (LIBVMEM)"
	exit 0
fi
# The shim is not under test here.
LIBVMMALLOC=$LIBVMEM
. "$top/test/lib/shim_tap.sh"
here=$top/test/vmem
unset LD_LIBRARY_PATH JE_VMEM_MALLOC_CONF PMEM_MMAP_HINT "${!VMEM_@}"

# build NAME [ARGUMENT...]: $here/NAME.c into $work/NAME, linked with the
# library, which is found at run time through LD_LIBRARY_PATH.
build() {
	local name=$1
	shift
	compile "$name" "-I$top/include" "$@" "$LIBVMEM" \
	    -Wl,-rpath-link,"$built"
}

# with release|debug COMMAND...: runs COMMAND with that library.
with() {
	local folder
	case $1 in
	release) folder=$(dirname "$LIBVMEM") ;;
	debug) folder=$(dirname "$LIBVMEM_DEBUG") ;;
	esac
	shift
	env LD_LIBRARY_PATH="$folder:$built" "$@"
}

has_debug() { [ -e "$LIBVMEM_DEBUG" ]; }
