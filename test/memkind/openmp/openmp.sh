#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# OpenMP's memory management on libmemkind, which the runtimes of LLVM and of
# GCC 13 and later open by themselves: the runtimes that are installed, and
# newer ones from Debian's archive, that of GCC with the C library it needs.
. "$(dirname "$0")/../memkind_tap.sh"

[ -z "$sanitized" ] || {
	skip "OpenMP" "the runtimes are not built with the sanitizer"
	finish
}

# ---- Programs ----------------------------------------------------------------

# programs COMPILER [ARGUMENT...]: each of them by that compiler, with the
# runtime that the arguments link.
programs() {
	local compiler=$1 how=(-O1 -g -Wall -Wextra -Wno-unknown-pragmas
	    -D_GNU_SOURCE -fopenmp) one
	shift
	for one in openmp openmp_threads openmp_plugin; do
		"$compiler" "${how[@]}" -fPIC -c -o "$work/$one.o" \
		    "$here/$one.c" || return 1
	done
	[ $# -gt 0 ] || set -- -fopenmp
	for one in openmp openmp_threads; do
		"$compiler" -o "$work/$one" "$work/$one.o" "$@" -ldl || return 1
	done
	"$compiler" -shared -o "$work/openmp_plugin.so" \
	    "$work/openmp_plugin.o" "$@" -ldl
}

# suite NAME THREADS COMMAND...: the programs with a runtime that the command
# brings in. THREADS are those that it can lose with itself.
suite() {
	local name=$1 threads=$2
	shift 2
	clean "$name, this machine" "$@" "$work/openmp" "$LIBMEMKIND"
	clean "$name, all memories" one_node "$@" "$work/openmp" \
	    "$LIBMEMKIND" all
	clean "$name, OMP_ALLOCATOR" one_node \
	    OMP_ALLOCATOR=omp_high_bw_mem_alloc "$@" "$work/openmp" \
	    "$LIBMEMKIND" default
	clean "$name, threads" one_node "$library/watch" "$@" "$work/openmp_threads"
	clean "$name, as a plugin" one_node OMP_NUM_THREADS="$threads" \
	    "$library/watch" "$@" "$work/openmp_load" "$work/openmp_plugin.so"
}

# symbols NAME RUNTIME: what the runtime may ask libmemkind for is there.
symbols() {
	nm -D --defined-only "$LIBMEMKIND" | sed 's/.* //' > "$work/have"
	grep -aoE '\b(memkind|MEMKIND)_[A-Za-z_]+' "$2" | sort -u > "$work/want"
	[ -s "$work/want" ] || echo "$2 asks for nothing" > "$work/want"
	same "$1: every name that it knows is there" \
	    "$(grep -vxFf "$work/have" "$work/want")" ""
}

compile openmp_load -ldl || exit 1

# ---- LLVM --------------------------------------------------------------------

installed=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2> /dev/null |
    sed -n 's/.*libomp\.so\.5 .*=> //p' | head -1)

# llvm NAME COMPILER RUNTIME
llvm() {
	local folder
	folder=$(dirname "$3")
	if ! programs "$2" "$3" 2> "$work/err"; then
		ok "$1: compiles" 1
		sed 's/^/# /' "$work/err"
		return
	fi
	symbols "$1" "$3"
	suite "$1" 4 env LD_LIBRARY_PATH="$ours:$folder"
}

has_omp_h() {
	echo '#include <omp.h>' | "$1" -fopenmp -E -x c - > /dev/null 2>&1
}

# clang has its own omp.h, gcc that of its own runtime, which serves as well.
if [ -z "$installed" ]; then
	skip "LLVM's runtime" "libomp.so.5 is not installed (libomp-dev)"
elif has_omp_h clang; then
	llvm "clang, LLVM's runtime" clang "$installed"
else
	skip "clang, LLVM's runtime" "no clang with omp.h (clang, libomp-dev)"
fi
if ! has_omp_h gcc; then
	skip "gcc, LLVM's runtime" "no gcc with omp.h"
elif [ -n "$installed" ]; then
	llvm "gcc, LLVM's runtime" gcc "$installed"
fi
if ! has_omp_h gcc; then
	:
elif debian stable libomp5-19; then
	llvm "gcc, LLVM 19's runtime" gcc \
	    "$(find "$unpacked" -name libomp.so.5 -type f)"
else
	skip "gcc, LLVM 19's runtime" "$reason"
fi

# ---- GCC ---------------------------------------------------------------------

# The runtime of version 13 and later, installed, or Debian 13's: started by the
# loader of its C library, with which our library then runs, too.
gcc_runtime() {
	local libc gomp
	gomp=$(gcc -print-file-name=libgomp.so.1)
	if grep -q libmemkind.so "$gomp" 2> /dev/null; then
		symbols "GCC's runtime" "$gomp"
		suite "GCC's runtime" 1 env LD_LIBRARY_PATH="$ours"
	elif debian trixie libgomp1 libc6; then
		gomp=$(find "$unpacked" -name 'libgomp.so.1')
		libc=$(dirname "$(find "$unpacked" -name libc.so.6)")
		symbols "GCC 14's runtime" "$gomp"
		suite "GCC 14's runtime" 1 "$(echo "$libc"/ld-linux*.so.?)" \
		    --library-path "$libc:$(dirname "$gomp"):$ours"
	else
		skip "GCC's runtime" "$(gcc -dumpversion) has none that knows \
libmemkind; $reason"
	fi
}

if ! has_omp_h gcc; then
	skip "GCC's runtime" "no gcc with omp.h"
elif programs gcc 2> "$work/err"; then
	gcc_runtime
else
	ok "gcc: compiles" 1
	sed 's/^/# /' "$work/err"
fi
finish
