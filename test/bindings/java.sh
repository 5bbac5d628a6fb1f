#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# examples/kind.java, run from its source by Java 17, Debian 12's. TAP.
. "$(dirname "$0")/../lib/tap.sh"
command -v java >/dev/null || skip_all "java is not installed"
modules=$(java --list-modules 2>/dev/null)
for one in jdk.incubator.foreign jdk.compiler; do
	[[ $modules == *"$one@17"* ]] || skip_all "java has no $one of version 17"
done
case ${CC:-} in
*-fsanitize*) skip_all "java is built without sanitizers" ;;
esac
[ -e "$TOP_BUILDDIR/lib/libpoolkind.so" ] || skip_all "nothing was built"
unset LD_PRELOAD LD_LIBRARY_PATH JAVA_TOOL_OPTIONS

# example [KIND]: what it prints; java's warnings of the module are not ours.
example() {
	java -Djava.library.path="$TOP_BUILDDIR/lib" \
	    --add-modules jdk.incubator.foreign \
	    --enable-native-access=ALL-UNNAMED \
	    "$TOP_SRCDIR/examples/kind.java" "$@" 2>"$work/errors"
	echo "status $?"
	grep '^kind.java: ' "$work/errors"
}

for kind in dram "file:${TMPDIR:-/tmp},size=16M"; do
	same "vectors in $kind" "$(example "$kind")" "sum 499500.0, 16384 bytes live
0 bytes live after the scope
status 0"
done
said=$(example nonsense)
same "a text that is no kind" "${said%% (*}" 'status 1
kind.java: unknown source "nonsense"'
said=$(example --help)
same "it says what it shows" "${said%% - *}" "usage: kind.java [KIND]"
finish
