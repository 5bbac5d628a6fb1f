#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# `make install` into places that configure knew nothing of: a prefix, which is
# then moved elsewhere, and a root with libraries where Debian has them. In each
# the programs run, and nothing there looks for libraries outside of it: beside
# the place lie some that cannot be loaded. TAP.
unset MAKEFLAGS MFLAGS MAKELEVEL LD_LIBRARY_PATH
. "$(dirname "$0")/../lib/tap.sh"
[ -x "$TOP_BUILDDIR/bin/poolkind" ] ||
	skip_all "the program poolkind was not built"

in_build_tree() { make -s -C "$TOP_BUILDDIR" "$@"; }

# traps FOLDER: libraries with our names that whoever loads them fails with.
traps() {
	local name
	mkdir -p "$1"
	for name in poolkind poolkind-topology memkind vmem; do
		echo "a trap" >"$1/lib$name.so.0"
	done
}

# outside_of LIBDIR FILE: prints the folders that FILE looks for libraries in
# and that are neither LIBDIR nor below it.
outside_of() {
	local folder file=$2
	readelf -d "$file" | sed -n 's/.*R.*PATH.*\[\(.*\)\]/\1/p' |
	    tr ':' '\n' | while read -r folder; do
		case $folder in
		'$ORIGIN'*)
			folder=$(realpath -m "${file%/*}${folder#'$ORIGIN'}")
			;;
		esac
		case $folder/ in
		"$1"/*) ;;
		*) echo "$file looks into $folder" ;;
		esac
	done
}

# look_at_home PREFIX LIBDIR
look_at_home() {
	local file said
	said=$(for file in "$1"/bin/* "$2"/*.so.*.*.* "$2"/*_debug/*.so.*.*.*; do
		[ ! -f "$file" ] || outside_of "$2" "$file"
	done)
	[ -z "$said" ] || { echo "$said"; return 1; }
}

# loads_its_own PREFIX LIBDIR: all programs find the libraries of the place.
loads_its_own() {
	local file found loaded=0
	for file in "$1"/bin/*; do
		while read -r found; do
			loaded=$((loaded + 1))
			case $(realpath "$found") in
			"$2"/*) ;;
			*) echo "$file loads $found"; return 1 ;;
			esac
		done < <(ldd "$file" |
		    sed -nE 's/^\t(lib(pool|mem)kind|libvm).* => (.*) \(.*/\3/p')
	done
	[ "$loaded" -gt 0 ]
}

runs() { (cd / && env -i PATH=/usr/bin:/bin "$@"); }

# may_be_read PREFIX: licences and examples are there, and the first example can
# be compiled and run.
may_be_read() {
	local doc=$1/share/doc/poolkind flags
	grep -q 'Redistribution and use' "$doc/LICENSE" &&
	    grep -q 'Jason Evans' "$doc/LICENSE.jemalloc" &&
	    [ -x "$doc/examples/heap-in-a-pool" ] || return
	read -r -a flags < <(PKG_CONFIG_PATH=$2/pkgconfig pkg-config \
	    "${@:3}" --cflags --libs libpoolkind)
	${CC:-cc} "$doc/examples/first.c" -o "$work/first" "${flags[@]}" \
	    -Wl,-rpath,"$2" && "$work/first"
}

# try NAME PREFIX LIBDIR [OPTION]: what must hold of a place; OPTION is for
# pkg-config.
try() {
	local name=$1 prefix=$2 libdir=$3
	traps "$prefix/../lib"
	check "$name: poolkind runs" runs "$prefix/bin/poolkind" nodes
	check "$name: it finds the topology" runs "$prefix/bin/poolkind" \
	    check capacity
	check "$name: memkind's tools run" \
	    runs "$prefix/bin/memkind-auto-dax-kmem-nodes" -h
	check "$name: programs load its own libraries" \
	    loads_its_own "$prefix" "$libdir"
	check "$name: nothing looks for libraries outside" \
	    look_at_home "$prefix" "$libdir"
	check "$name: licences and an example" \
	    may_be_read "$prefix" "$libdir" "${@:4}"
}

check "make install prefix=" \
    in_build_tree install prefix="$work/opt/one"
try "another prefix" "$work/opt/one" "$work/opt/one/lib"
mkdir "$work/home"
mv "$work/opt/one" "$work/home/moved"
try "moved" "$work/home/moved" "$work/home/moved/lib" --define-prefix

check "make install DESTDIR= prefix= libdir=" in_build_tree install \
    DESTDIR="$work/root" prefix=/usr libdir=/usr/lib/any-linux-gnu
traps "$work/root/usr/lib"
export PKG_CONFIG_SYSROOT_DIR=$work/root
try "a root of Debian" "$work/root/usr" "$work/root/usr/lib/any-linux-gnu"
finish
