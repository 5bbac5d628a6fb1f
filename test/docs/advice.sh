#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What README.md says on poolkind advise is done as a reader would: the lines
# that it shows are those that are printed, and its pictures those that are
# drawn. Accesses are as gcc 12 compiles the example on x86-64. TAP.
. "$(dirname "$0")/../lib/tap.sh"
source=$(cd "$TOP_SRCDIR" && pwd)
readme=$source/README.md
PATH=$TOP_BUILDDIR/bin:$PATH
export LC_ALL=C
unset LD_LIBRARY_PATH HWLOC_XMLFILE
case ${CC:-} in
*-fsanitize*) skip_all "what a reader has is built without sanitizers" ;;
esac
command -v valgrind >/dev/null || skip_all "valgrind is not installed"
[ -x "$TOP_BUILDDIR/bin/poolkind" ] || skip_all "poolkind was not built"
[ -e "$TOP_BUILDDIR/lib/libpoolkind-malloc.so.0" ] ||
    skip_all "libpoolkind-malloc was not built"
case $(poolkind report none 2>&1) in
*"needs protobuf-c"*) skip_all "built without protobuf-c and zlib" ;;
esac
ln -s "$source/examples" "$work/examples"
cd "$work" || exit 1

section() {
	awk '/^## /{ is_in = /^## What belongs where/ } is_in' "$readme"
}
section | sed -n 's/^    //p' >commands
section | sed -n '/^```$/,/^```$/{/^```/d; /./p}' >shown

check "its commands" bash -e commands
bash -e commands >printed 2>&1
cat advice.rules >>printed
case "$(cc -dumpfullversion 2>&1) $(uname -m)" in
12.*" x86_64") ;;
*)
	skip "its figures" "they are those of gcc 12 on x86-64"
	finish
	;;
esac
while read -r line; do
	check "$line" grep -qxF -- "$line" printed
done <shown
check "there are some" test "$(wc -l <shown)" -ge 10
check "its flame graph" diff flame.svg "$source/doc/flame.svg"
check "its curve" diff curve.svg "$source/doc/curve.svg"
finish
