#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the environment may do in a program that has other rights than who
# starts it: nothing. hwloc would load code from the folder that a variable
# names. Needs root, who makes a program setuid. Prints TAP.
set -u
src=${TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
library=${TOP_BUILDDIR:-$src}/lib/libpoolkind.so.0
skip() {
	echo "1..0 # SKIP $1"
	exit 77
}
[ "$(id -u)" = 0 ] || skip 'only root can make a program setuid'
[ -e "$library" ] || skip "no $library"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/lib" && cp "${library%/*}"/libpoolkind*.so.0 "$work/lib" || exit 1

${CC:-cc} -I"$src/include" "$src/test/topology/secure.c" -o "$work/secure" \
    "$work/lib/libpoolkind.so.0" -Wl,-rpath,"$work/lib" || exit 1
mkdir "$work/plugins" && chmod 777 "$work/plugins"
${CC:-cc} -shared -fPIC -x c - -o "$work/plugins/hwloc_mine.so" <<-END || exit 1
	#include <fcntl.h>
	static __attribute__((constructor)) void
	run(void)
	{
		open("$work/plugins/ran", O_CREAT | O_WRONLY, 0666);
	}
END
number=0
failed=0
report() { # NAME, after a condition
	local good=$?
	number=$((number + 1))
	[ $good = 0 ] && echo "ok $number $1" && return
	echo "not ok $number $1"
	sed 's/^/# /' "$work/out"
	failed=1
}

HWLOC_PLUGINS_PATH=$work/plugins "$work/secure" >"$work/out"
[ -e "$work/plugins/ran" ] || skip "this hwloc has no plugins"
rm -f "$work/plugins/ran"
chown 65534 "$work/secure" && chmod 4755 "$work/secure"
"$work/secure" >"$work/out"
grep -q insecure "$work/out" && skip "$work does not allow setuid programs"

grep -q '^opened$' "$work/out"
report "a setuid program opens a kind by attribute"
HWLOC_PLUGINS_PATH=$work/plugins "$work/secure" >"$work/out"
[ ! -e "$work/plugins/ran" ] && grep -q HWLOC_PLUGINS_PATH "$work/out"
report "and loads no code that the environment names, and says so"
HWLOC_XMLFILE=/dev/null "$work/secure" >"$work/out"
grep -q HWLOC_XMLFILE "$work/out"
report "nor takes another machine for this one"
echo "1..$number"
exit $failed
