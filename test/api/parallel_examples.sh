#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The examples that need more than a C compiler: server.cpp, with a C++
# compiler; kokkos-views.cpp, with Debian's Kokkos; openmp-allocators.c, by what
# has OpenMP; mpi-window.c, by Debian's Open MPI and MPICH. Each is compiled as a reader would, and run. TAP.
. "$(dirname "$0")/../lib/tap.sh"
case ${CC:-} in
*-fsanitize*) skip_all "what a reader has is built without sanitizers" ;;
esac
lib=$TOP_BUILDDIR/lib
[ -e "$lib/libpoolkind.so.0" ] || skip_all "nothing was built"
unset LD_LIBRARY_PATH "${!OMPI_@}" "${!MPI_@}" "${!MV2_@}" "${!PMI_@}" \
    "${!PALS_@}" "${!SLURM_@}" "${!MEMKIND_@}"
watch=$(cd "$TOP_SRCDIR" && pwd)/test/lib/watch

# made NAME SOURCE COMPILER [OPTION...]: with $libs besides.
libs=()
made() {
	local name=$1 source=$2
	shift 2
	rm -f "$work/program"
	check "$name is compiled" "$@" -Wall -Wextra -Werror -O1 \
	    "-I$TOP_SRCDIR/include" "$TOP_SRCDIR/examples/$source" \
	    -o "$work/program" "${libs[@]}" "-L$lib" -lpoolkind \
	    "-Wl,-rpath,$lib"
	[ -x "$work/program" ] || return
	check "$name says what it shows" prints "^usage: ${source%.c*} .*\. \$" \
	    "$work/program" --help
}

# prints PATTERN COMMAND...: what it prints, in one line, matches.
prints() {
	local pattern=$1
	shift
	"$watch" "$@" >"$work/said" 2>&1 </dev/stdin || {
		cat "$work/said"
		return 1
	}
	cat "$work/said"
	tr '\n' ' ' <"$work/said" | grep -qE "$pattern"
}

# shellcheck disable=SC2086 # a compiler may be several words
if made "the server" server.cpp ${CXX:-c++} -std=c++17; then
	check "the server answers, and refuses one request alone" prints \
	    '^5 words, .* 2 times, [1-9][0-9]* bytes refused: .* 1 words, .* at the end 0 bytes of dram,limit=16M $' \
	    "$work/program" < <(printf '%s\n' 'to be or not to be now' \
	        'repeat 100 words' word)
	check "the server, on a file" prints 'at the end 0 bytes of file:' \
	    "$work/program" file:/dev/shm,size=16M <<<word
	check "the server, on nonsense" bash -c \
	    '! "$0" drum 2>&1 >/dev/null </dev/null | grep -v "server: .*drum"' \
	    "$work/program"
fi

kokkos=/usr/include/trilinos
# shellcheck disable=SC2086
if [ ! -e $kokkos/Kokkos_Core.hpp ]; then
	skip "Kokkos" "libtrilinos-kokkos-dev is not installed"
elif libs=(-ltrilinos_kokkoscore -ldl) &&
    made "Kokkos" kokkos-views.cpp ${CXX:-c++} -std=c++17 -isystem $kokkos
then
	check "Kokkos: views are in kinds" prints \
	    '^x in dram, y in nodes:0, sum 300000 $' "$work/program" dram \
	    nodes:0
	check "Kokkos: no view without a kind" bash -c \
	    '! "$0" drum >"$1" 2>&1 && grep "kokkos-views: .*drum" "$1"' \
	    "$work/program" "$work/said"
fi

libs=()
# One node is both memories where a machine has no other.
for compiler in clang "${CC:-cc}"; do
	name="OpenMP by $compiler"
	# shellcheck disable=SC2086
	if ! echo '#include <omp.h>' |
	    $compiler -fopenmp -E -x c - >/dev/null 2>&1; then
		skip "$name" "it is not installed, or has no omp.h"
		continue
	fi
	# shellcheck disable=SC2086
	made "$name" openmp-allocators.c $compiler -fopenmp || continue
	# GCC's runtime has kinds since 13.
	in=dram
	[ "$compiler" = clang ] || in='.*'
	[ -e "$lib/libmemkind.so.0" ] || in='what malloc gives'
	[ "$in" != dram ] || in='nodes:0.*'
	check "$name: kinds are libmemkind's" env "LD_LIBRARY_PATH=$lib" \
	    MEMKIND_HBW_NODES=0 OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive \
	    bash -c '"$0" 1000 >"$2" && cat "$2" && grep -qE "^fast: $1" "$2" &&
	        grep -q "^sum 2000$" "$2"' "$work/program" "$in" "$work/said"
done

root=
[ "$(id -u)" != 0 ] || root=--allow-run-as-root
# job NAME COMPILER STARTER...
job() {
	local name=$1 compiler=$2
	shift 2
	if ! command -v "$compiler" >/dev/null || ! command -v "$1" >/dev/null
	then
		skip "$name" "$compiler or $1 is not installed"
		return
	fi
	made "$name" mpi-window.c "$compiler" || return
	check "$name: two ranks have their share" prints \
	    '(rank [01] of 2: right, limit [1-9][0-9]* MiB ){2}$' "$@" \
	    "$work/program"
	check "$name: and of a file" prints \
	    '(rank [01] of 2: right, limit 8 MiB ){2}$' "$@" "$work/program" \
	    file:/dev/shm,size=16M,limit=share
}
# shellcheck disable=SC2086 # none, or one word
job "Open MPI" mpicc.openmpi mpirun.openmpi $root --oversubscribe \
    --host localhost:2 -np 2
job MPICH mpicc.mpich mpirun.mpich -host localhost -np 2
finish
