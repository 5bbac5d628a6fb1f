#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# abi.sh [--update] - the functions that each library exports, with their types
# as programs see them, are those of the files beside this script; or, with
# --update, these files are written anew. CONTRIBUTING.md says when that may be.
# What is exported for libraries of the same release alone does not count. TAP.
. "$(dirname "$0")/../lib/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
lib=$TOP_BUILDDIR/lib
case ${CC:-} in
*-fsanitize*) skip_all "a sanitizer's build has other libraries" ;;
esac
[ "$(uname -m)" = x86_64 ] || skip_all "the files are of x86-64"
command -v abidw >/dev/null || skip_all "abidw is not installed (abigail-tools)"
[ -e "$lib/libpoolkind.so.0" ] || skip_all "nothing was built"
readelf -S "$lib/libpoolkind.so.0" | grep -q debug_info ||
	skip_all "the libraries were built without debug information"

# not_ours LIBRARY: tells abidw which names are for the same release alone.
not_ours() {
	local names
	names=$(nm -D --defined-only --with-symbol-versions "$1" |
	    sed -n 's/.* \([^@]*\)@@*POOLKIND_PRIVATE$/\1/p' | paste -sd '|')
	[ -n "$names" ] || return 0
	printf '[suppress_%s]\n  symbol_name_regexp = ^(%s)$\n  drop = yes\n' \
	    function "$names" variable "$names"
}

# seen LIBRARY: what a program sees of it.
seen() {
	not_ours "$1" >"$work/not-ours" &&
	    abidw --exported-interfaces-only --drop-undefined-syms \
		--drop-private-types --headers-dir "$TOP_SRCDIR/include" \
		--suppressions "$work/not-ours" --no-corpus-path \
		--no-comp-dir-path --no-show-locs --no-parameter-names \
		--type-id-style hash "$1"
}

# is_as FILE LIBRARY
is_as() {
	local status
	seen "$2" >"$work/now.abi" || return
	abidiff --no-show-locs "$1" "$work/now.abi"
	status=$?
	[ $status -ne 0 ] || return 0
	# Bit 3: what abidiff is sure of.
	if ((status & 8)); then
		echo "Programs would have to be compiled anew."
	fi
	echo "CONTRIBUTING.md, Versions, has the rules, and how ${1##*/} changes."
	return 1
}

for name in libpoolkind.so.0 libpoolkind-malloc.so.0 libvmem.so.1 \
    libvmmalloc.so.1 libmemkind.so.0 libautohbw.so.0 libmemtier.so.0; do
	if [ ! -e "$lib/$name" ]; then
		skip "$name" "it was not built"
	elif [ "${1:-}" = --update ]; then
		seen "$lib/$name" >"$here/$name.abi" || exit 1
	else
		check "$name is as its file says" is_as "$here/$name.abi" \
		    "$lib/$name"
	fi
done
finish
