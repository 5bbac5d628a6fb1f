# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the whole-program tests of libpoolkind-malloc share, on top of
# shim_tap.sh, which has the results and the compiler.

top=${TOP_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
built=${TOP_BUILDDIR:-$top/build}
: "${LIBPOOLKIND_MALLOC:=$built/lib/libpoolkind-malloc.so.0}"
export LIBPOOLKIND_MALLOC
if [ ! -e "$LIBPOOLKIND_MALLOC" ]; then
	echo "1..0 # SKIP ${LIBPOOLKIND_MALLOC##*/} was not built"
	exit 0
fi
if ! python3 -c 'import os; os.memfd_create("x")' 2> /dev/null; then
	echo "1..0 # SKIP no python3 that makes a memfd"
	exit 0
fi
# The shim is not under test here.
LIBVMMALLOC=$LIBPOOLKIND_MALLOC
. "$top/test/lib/shim_tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
unset LD_PRELOAD LD_LIBRARY_PATH POOLKIND_RULES
export LC_ALL=C
# shellcheck disable=SC2034 # for the tests
with_rules=$top/test/lib/rules.py

# build NAME [ARGUMENT...]: NAME.c into $work/NAME, with libpoolkind.
build() {
	local name=$1 folder=${LIBPOOLKIND_MALLOC%/*}
	shift
	compile "$name" "-I$top/include" "$@" "$folder/libpoolkind.so" \
	    -Wl,-rpath,"$folder" || exit 1
}

# run COMMAND...: output, errors and status, each in its variable.
# shellcheck disable=SC2034 # for the tests
run() {
	{ "$@" > "$work/output" 2> "$work/errors"; } 2> /dev/null < /dev/null
	status=$?
	output=$(<"$work/output")
	errors=$(<"$work/errors")
}
