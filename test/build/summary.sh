#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What configure says at its end: what it found, and for what is missing the
# Debian package and what one lacks. GoogleTest and libnuma are hidden from it.
# Each package of the table is in `packages`. TAP.
. "$(dirname "$0")/../lib/tap.sh"
source=$(cd "$TOP_SRCDIR" && pwd)
[ -x "$source/configure" ] || skip_all "there is no configure"
[ ! -f "$source/config.status" ] ||
	skip_all "configured in its own folder, it cannot be elsewhere"

configures() {
	cd "$work" && "$source/configure" CC="${CC:-cc}" CXX="${CXX:-c++}" \
	    --prefix=/somewhere ac_cv_header_gtest_gtest_h=no \
	    ac_cv_header_numa_h=no >"$work/said" 2>"$work/warned"
}

says() { grep -E "$1" "$work/said" || ! cat "$work/said"; }

# Rows of POOLKIND_NEED: the package is the first argument of their second line.
packages_of_table() {
	sed -n '/^POOLKIND_NEED/{n; s/^    \[\([^]]*\)\].*/\1/p}' \
	    "$source/configure.ac"
}

packages_are_listed() {
	local one wrong=0
	[ "$(packages_of_table | wc -l)" -ge 10 ] || return
	for one in $(packages_of_table); do
		sed -E 's/^(run|check|more) //' "$source/packages" |
		    grep -qxF "$one" ||
		    { echo "packages lacks $one"; wrong=1; }
	done
	return $wrong
}

check "configure without GoogleTest and libnuma" configures
check "it says where it will be installed" \
    says '^poolkind [0-9.]+, to be installed in /somewhere$'
check "what is missing, its package, and what one lacks" \
    says '^    GoogleTest +libgtest-dev +no make check$'
check "the same for a library" says '^    libnuma +libnuma-dev +'
check "what was found" says '^    .*(hwloc|Python 3)'
check "no line is wider than a screen" \
    bash -c '! sed -n "/^poolkind/,\$p" "$1" | grep -E ".{81}"' - "$work/said"
check "each package is in \`packages'" packages_are_listed
finish
