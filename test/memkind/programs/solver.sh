#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The examples of memkind, in C, C++ and Fortran, compiled as a reader would and
# run: each verifies its own result, and says where its memory is.
. "$(dirname "$0")/../memkind_tap.sh"
export LD_LIBRARY_PATH=$ours

# says NAME PATTERN COMMAND...: the command succeeds, and its output, in one
# line, matches.
says() {
	local name=$1 pattern=$2 status
	shift 2
	"$@" > "$work/out" 2>&1
	status=$?
	if [ $status -eq 0 ] &&
	    tr '\n' ' ' < "$work/out" | grep -qE "$pattern"; then
		ok "$name" 0
	else
		ok "$name" 1
		echo "# exit status $status, expected: $pattern"
		sed 's/^/# /' "$work/out"
	fi
}

# made NAME COMPILER...: whether the example compiles without a warning.
made() {
	local name=$1
	shift
	check "$name compiles" "$@" -Wall -Wextra -Werror -O2 -o "$work/program" \
	    "$LIBMEMKIND" -Wl,-rpath-link,"$ours"
	[ -x "$work/program" ]
}

# runs NAME ANYWHERE ONE_NODE: what it says on this machine, and where each
# memory is node 0.
runs() {
	says "$1" "$2" "$work/program"
	says "$1, all memories" "$3" one_node "$work/program"
	says "$1, small" ': right ' one_node "$work/program" 30
	"$work/program" none > "$work/out" 2>&1
	same "$1: what is no number is refused" \
	    "$? $(grep -c usage "$work/out")" "2 1"
	says "$1 says what it shows" '^usage: memkind-solver \[[A-Z]*\]  .*\. $' \
	    "$work/program" --help
	rm -f "$work/program"
}

source=$top/examples/memkind-solver
vector='vector: 312 KiB.*, high bandwidth materials: 39 KiB.*: right '
made "C" "$CC" "-I$top/include" "$source.c" -Wno-unknown-pragmas -lm &&
    runs "C" 'vector: 312 KiB.*materials: 39 KiB.*: right ' "$vector"
if [ -n "$sanitized" ]; then
	skip "C with OpenMP" "its runtime is not built with the sanitizer"
elif echo 'int main(void) { return 0; }' |
    "$CC" -fopenmp -x c -o "$work/try" - 2> /dev/null; then
	made "C with OpenMP" "$CC" -fopenmp "-I$top/include" "$source.c" -lm &&
	    says "C with OpenMP" "$vector" one_node OMP_NUM_THREADS=2 \
		OMP_WAIT_POLICY=passive "$work/program"
else
	skip "C with OpenMP" "$CC has no OpenMP"
fi
containers="vectors in fast memory, rows in large, a row's wires in large, "
containers+="names in large .*: right "
arrays='grid: 78 KiB, high bandwidth strengths: 78 KiB, largest memory .*: right '
made "C++" "$CXX" -std=c++17 "-I$top/include" "$source.cpp" &&
    runs "C++" "rows in (large|usual), a row's.*: right " \
	"$containers"
if [ -n "$sanitized" ]; then
	skip "Fortran" "its programs are not built with the sanitizer"
elif command -v gfortran > /dev/null; then
	made "Fortran" gfortran -std=f2008 -J"$work" "$source.f90" &&
	    runs "Fortran" 'grid: 78 KiB.*strengths: 78 KiB.*: right ' \
		"$arrays"
else
	skip "Fortran" "no Fortran compiler (gfortran)"
fi
finish
