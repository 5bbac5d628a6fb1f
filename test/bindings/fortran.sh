#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The module of Fortran, as it was built and as LLVM's compiler builds it from
# the source that is installed: its tests, the program of its page, and
# examples/heat.f90. TAP.
. "$(dirname "$0")/../lib/tap.sh"
source=$(cd "$TOP_SRCDIR" && pwd)
lib=$(cd "$TOP_BUILDDIR/lib" && pwd) || skip_all "nothing was built"
case ${CC:-} in
*-fsanitize*) skip_all "Fortran is compiled without sanitizers" ;;
esac
[ -e "$lib/libpoolkind-fortran.a" ] ||
	skip_all "configure found no compiler of Fortran"
unset LD_LIBRARY_PATH
cd "$work" || exit 1
FC=${FC:-gfortran}
strict=()
case $("$FC" --version) in
"GNU Fortran"*)
	strict=(-std=f2018 -Wall -Wextra -Werror -Wno-compare-reals
	    -Wno-conversion)
	;;
esac

expand() {
	awk -f "$source/bindings/fortran/expand.awk" \
	    "$source/test/bindings/fortran_test.f90.in" >test.f90
}

# compile PROGRAM SOURCE OPTION...: with the module that was built.
compile() {
	$FC "${strict[@]}" "${@:3}" -I"$lib/poolkind-fortran" "$2" -o "$1" \
	    -L"$lib" -lpoolkind-fortran -lpoolkind -Wl,-rpath,"$lib"
}

run() { "$source/test/lib/watch" "$@"; }

# Without stat= an error ends the program, and says why.
stops() {
	! run "$1" stops >said 2>&1 && cat said && ! grep 'went on' said &&
	    grep -q '^\(Fortran \)\?ERROR STOP.*poolkind: kind "tiny" (dram,limit=1M,name=tiny) has no room for 40000000 bytes' said
}

passes() {
	local part
	for part in kinds arrays shapes frees account; do
		check "$part, $1" run "$2" $part
	done
	check "an error without stat= stops, $1" stops "$2"
}

says() { run "${@:2}" >said 2>&1; tr '\n' ' ' <said | grep -qE "$1" || ! cat said; }

program_of_page() {
	sed -n '/^program/,/^end program/p' \
	    "$source/man/poolkind-fortran.3" >page.f90
	[ -s page.f90 ] && compile page page.f90
}

check "its tests are written" expand
check "and compiled" compile ./test test.f90 -O0 -fopenmp
passes "as built" ./test
check "threads" run ./test threads
check "the program of the page is compiled" program_of_page
check "and runs" says '^ *1000000 numbers in (dram|nodes)' ./page
check "heat.f90 is compiled" compile heat "$source/examples/heat.f90" -O1
check "and says what it shows" says '^usage: heat .*\. $' ./heat --help
check "and runs" says \
    'after 20 steps the mean is +0\.[0-9]+ grids in the kind: T live [0-9]+ KiB' \
    ./heat
check "on nonsense" says '^heat: unknown source "nonsense"' ./heat nonsense

flang=
for flang in $(compgen -c flang-new) ''; do
	[[ $flang =~ ^flang-new(-[0-9]+)?$ ]] && break
done
if [ -z "$flang" ]; then
	skip "LLVM's compiler" "there is no flang-new"
	finish
fi
# Before LLVM 17 it links only when it is told to.
experimental=-flang-experimental-exec
echo end >none.f90
"$flang" $experimental none.f90 -o none >/dev/null 2>&1 || experimental=
by_flang() (
	mkdir llvm && cd llvm &&
	    "$flang" -c "$lib/poolkind-fortran/poolkind.f90" &&
	    "$flang" -c ../test.f90 &&
	    "$flang" $experimental test.o poolkind.o -o ../llvm-test \
		-L"$lib" -lpoolkind -Wl,-rpath,"$lib"
)
check "the module and the tests, by $flang" by_flang
passes "by $flang" ./llvm-test
finish
