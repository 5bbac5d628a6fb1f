#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What a user meets after `make install`: the files where they belong, programs
# that build by pkg-config, shared and static, alone and all libraries in one,
# and nothing left after `make uninstall`. TAP.
unset MAKEFLAGS MFLAGS MAKELEVEL
. "$(dirname "$0")/../lib/tap.sh"

in_build_tree() { make -s -C "$TOP_BUILDDIR" "$@" DESTDIR="$work/root"; }

all_there() {
	local file
	for file in "$@"; do
		[ -e "$file" ] || { echo "$file is missing"; return 1; }
	done
}

# global_names LIBRARY: what an archive shows to a linker.
global_names() {
	nm -g --defined-only "$1" | sed -n "s/^.* [A-Z] //p" | sort
}

# Beside what is named, the word that all notes of probes count from.
shows_only() {
	! global_names "$1" | grep -vxE "$2|_\.stapsdt\.base"
}

needs_libc_alone() {
	! readelf -d "$1" | grep NEEDED | grep -vE 'libc\.so|ld-linux|ld64'
}

compile() { ${CC:-cc} -Wall -Wextra -pthread "$@"; }

# runs PROGRAM: prints, as program.c says, where its two blocks lie.
runs() {
	env LD_LIBRARY_PATH="$libdir" VMMALLOC_POOL_DIR="$work" \
	    VMMALLOC_POOL_SIZE=16M "$@"
}

# used_from FOLDER PROGRAM: it finds libpoolkind there, although the release one
# is in the path, too.
used_from() {
	LD_LIBRARY_PATH="$libdir/$1:$libdir" ldd "$2" |
	    grep -q "libpoolkind.so.0 => $libdir/$1/"
}

cat >"$work/program.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <poolkind.h>

int
main(void)
{
	poolkind *kind = poolkind_open("dram", 0);
	char *mine = kind != NULL ? poolkind_malloc(kind, 100) : NULL;
	char *plain = malloc(100);

	if (mine == NULL || plain == NULL || poolkind_of(mine) != kind ||
	    poolkind_of(plain) != NULL)
		return 1;
	memset(mine, 1, 100);
	memset(plain, 1, 100);
	poolkind_free(kind, mine);
	free(plain);
	return poolkind_close(kind) != 0;
}
END

cat >"$work/pool.c" <<'END'
#include <stdlib.h>
#include <string.h>
#include <libvmem.h>

int
main(int argc, char **argv)
{
	VMEM *pool = argc > 1 ? vmem_create(argv[1], VMEM_MIN_POOL) : NULL;
	char *mine = pool != NULL ? vmem_strdup(pool, "in the pool") : NULL;
	char *plain = malloc(100);
	int good = mine != NULL && mine > (char *)pool &&
	    mine < (char *)pool + VMEM_MIN_POOL && plain != NULL &&
	    (plain < (char *)pool || plain > (char *)pool + VMEM_MIN_POOL);

	free(plain);
	if (pool != NULL) {
		vmem_free(pool, mine);
		vmem_delete(pool);
	}
	return !good;
}
END

cat >"$work/kinds.c" <<'END'
#include <hbwmalloc.h>
#include <memkind.h>

static memkind_t *const kinds[] = { &MEMKIND_DEFAULT, &MEMKIND_REGULAR };

int
main(void)
{
	char *mine = memkind_malloc(*kinds[1], 100), *hbw = hbw_malloc(100);
	int good = mine != NULL && hbw != NULL &&
	    memkind_detect_kind(mine) == MEMKIND_REGULAR;

	memkind_free(NULL, mine);
	hbw_free(hbw);
	return !good;
}
END

cat >"$work/scope.c" <<'END'
#include <stdlib.h>
#include <poolkind.h>

int
main(void)
{
	poolkind *kind = poolkind_open("dram", 0);
	char *plain = malloc(100), *inside;
	int good = poolkind_of(plain) != NULL && poolkind_enter(kind) == 0;

	inside = malloc(100);
	good = good && poolkind_of(inside) == kind && poolkind_leave() == 0;
	free(inside);
	free(plain);
	return !good;
}
END

check "make install" in_build_tree install
pkgconfig=$(cd "$work/root" && find . -name libpoolkind.pc)
libdir=$(cd "$work/root/${pkgconfig%/*}/.." && pwd)
export PKG_CONFIG_PATH=$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$work/root
for name in poolkind libpoolkind; do
	check "pkg-config knows $name" pkg-config --exists --print-errors "$name"
done
same "with the same flags" "$(pkg-config --cflags --libs poolkind)" \
    "$(pkg-config --cflags --libs libpoolkind)"
read -r -a flags <<<"$(pkg-config --cflags libpoolkind)"
read -r -a libs <<<"$(pkg-config --libs libpoolkind)"

check "libpoolkind is complete" all_there "$libdir"/libpoolkind.{a,so,so.0}
case ${CC:-} in
*-fsanitize*)
	skip "libpoolkind needs libc alone" "it has a sanitizer"
	;;
*)
	check "libpoolkind needs libc alone" needs_libc_alone "$libdir/libpoolkind.so"
	;;
esac
check "libpoolkind.a shows its own names only" \
    shows_only "$libdir/libpoolkind.a" 'poolkind_[a-z_]*'
check "a program links with libpoolkind.so" compile "${flags[@]}" \
    "$work/program.c" -o "$work/shared" "${libs[@]}"
check "and runs" runs "$work/shared"
if [ -d "$libdir/poolkind_debug" ]; then
	check "and runs on the debug library" runs \
	    env LD_LIBRARY_PATH="$libdir/poolkind_debug" "$work/shared"
fi
check "a program links with libpoolkind.a" compile "${flags[@]}" \
    "$work/program.c" -o "$work/static" "$libdir/libpoolkind.a"
check "and runs" runs "$work/static"
check "libvmem is complete" all_there \
    "$libdir"/libvmem.{a,so,so.1,so.1.0.0} "$libdir/pkgconfig/libvmem.pc"
check "libvmem.a shows its own names only" \
    shows_only "$libdir/libvmem.a" 'vmem_[a-z_]*'
read -r -a vmem_flags <<<"$(pkg-config --cflags libvmem)"
read -r -a vmem_libs <<<"$(pkg-config --libs libvmem)"
check "a program links with libvmem.so" compile "${vmem_flags[@]}" \
    "$work/pool.c" -o "$work/pool" "${vmem_libs[@]}"
check "and runs" runs "$work/pool" "$work"
check "a program links with libvmem.a" compile "${vmem_flags[@]}" \
    "$work/pool.c" -o "$work/pool-static" "$libdir"/lib{vmem,poolkind}.a
check "and runs" runs "$work/pool-static" "$work"
for folder in vmem_debug nvml_debug pmdk_debug; do
	[ -d "$libdir/poolkind_debug" ] || continue
	check "and runs on the library in $folder" runs \
	    env LD_LIBRARY_PATH="$libdir/$folder:$libdir" "$work/pool" "$work"
	check "which has its engine beside it" used_from "$folder" "$work/pool"
done
if [ -e "$libdir/libpoolkind-topology.a" ]; then
	check "libpoolkind-topology is complete" all_there \
	    "$libdir"/libpoolkind-topology.{a,so,so.0,so.0.0.0}
	check "libpoolkind-topology.a shows its own names only" \
	    shows_only "$libdir/libpoolkind-topology.a" \
	    'poolkind_topology_[a-z]*|hwloc_hide_errors'
	check "libmemkind is complete" all_there \
	    "$libdir"/libmemkind.{a,so,so.0,so.0.0.1} \
	    "$libdir/pkgconfig/memkind.pc"
	check "libmemkind.a shows its own names only" \
	    shows_only "$libdir/libmemkind.a" \
	    '(memkind|hbw|memtier)_[a-z0-9_]*|MEMKIND_[A-Z_]*'
	read -r -a memkind_libs <<<"$(pkg-config --libs memkind)"
	read -r -a memkind_static <<<"$(pkg-config --static --libs memkind)"
	check "a program links with libmemkind.so" compile "${flags[@]}" \
	    "$work/kinds.c" -o "$work/kinds" "${memkind_libs[@]}"
	check "and runs" runs "$work/kinds"
	check "not as position independent code" compile -fno-pie -no-pie \
	    "${flags[@]}" "$work/kinds.c" -o "$work/kinds-no-pie" \
	    "${memkind_libs[@]}"
	check "and runs" runs "$work/kinds-no-pie"
	check "a program links with libmemkind.a" compile "${flags[@]}" \
	    "$work/kinds.c" -o "$work/kinds-static" \
	    "$libdir"/lib{memkind,poolkind,poolkind-topology}.a \
	    "${memkind_static[@]}"
	check "and runs" runs "$work/kinds-static"
	tool=$(find "$work/root" -path '*/bin/poolkind')
	check "the program poolkind runs wherever it lies" "$tool" nodes
	[ ! -e "$libdir/libpoolkind-malloc.so.0" ] ||
		check "and runs programs from there" "$tool" run --kind dram true
	check "bash finds what completes its words" all_there \
	    "${tool%/bin/*}/share/bash-completion/completions/poolkind"
fi
if [ -e "$libdir/libpoolkind-malloc.so" ]; then
	check "libpoolkind-malloc is complete" all_there \
	    "$libdir"/libpoolkind-malloc.{so,so.0,so.0.0.0} \
	    "$libdir/pkgconfig/libpoolkind-malloc.pc"
	read -r -a malloc_libs <<<"$(pkg-config --libs libpoolkind-malloc)"
	check "a program links with libpoolkind-malloc.so" compile \
	    "${flags[@]}" "$work/scope.c" -o "$work/scope" "${malloc_libs[@]}"
	check "and runs" runs "$work/scope"
	# It calls malloc through libstdc++ alone.
	# shellcheck disable=SC2086 # a compiler may be several words
	check "one in C++, too" ${CXX:-c++} -std=c++17 "${flags[@]}" \
	    "$(dirname "$0")/cmake/scope.cpp" -o "$work/scope-cpp" \
	    "${malloc_libs[@]}"
	check "and runs" runs "$work/scope-cpp"
fi
if [ -e "$libdir/libvmmalloc.a" ]; then
	check "libvmmalloc is complete" all_there \
	    "$libdir"/libvmmalloc.{a,so,so.1,so.1.0.0}
	check "libvmmalloc.a shows its own names only" \
	    shows_only "$libdir/libvmmalloc.a" \
	    "c?free|free_(aligned_)?sized|([cm]|re|[a-z]*_|p?v)alloc|(posix_)?memalign|malloc_(usable_size|trim|stats|info)|mallinfo2?|mallopt|__[a-z]*_hook"
	check "a program for libvmem links with all archives" compile \
	    "${vmem_flags[@]}" "$work/pool.c" -o "$work/all" \
	    "$libdir"/lib{vmem,poolkind,vmmalloc}.a
	check "and runs" runs "$work/all" "$work"
	check "and with all shared libraries" compile "${vmem_flags[@]}" \
	    "$work/pool.c" -o "$work/all-shared" "${vmem_libs[@]}" "${libs[@]}" \
	    -lvmmalloc
	check "and runs" runs "$work/all-shared" "$work"
	check "a program links with both archives" compile "${flags[@]}" \
	    "$work/program.c" -o "$work/both" \
	    "$libdir/libpoolkind.a" "$libdir/libvmmalloc.a"
	check "and runs" runs "$work/both"
	check "a program links with one archive and one shared library" \
	    compile "${flags[@]}" "$work/program.c" -o "$work/mixed" \
	    "$libdir/libvmmalloc.a" "${libs[@]}"
	check "and runs" runs "$work/mixed"
fi
# Its compiler knows nothing of the sanitizer that libpoolkind may have.
if [ -e "$libdir/libpoolkind-fortran.a" ] && [[ ${CC:-} != *-fsanitize* ]]; then
	read -r -a fortran <<<"$(pkg-config --cflags --libs libpoolkind-fortran)"
	check "the module of Fortran is there, and its source" all_there \
	    "$(find "$work/root" -name poolkind.mod)" \
	    "$(find "$work/root" -name poolkind.f90)"
	check "a program links with libpoolkind-fortran" ${FC:-gfortran} \
	    "$(dirname "$0")/../../examples/heat.f90" -o "$work/heat" \
	    "${fortran[@]}"
	check "and runs" runs "$work/heat"
fi
check "make uninstall" in_build_tree uninstall
check "nothing is left" test -z "$(find "$work/root" ! -type d)"
finish
