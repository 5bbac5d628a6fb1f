#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# find_package(poolkind) after `make install`, in a tree that was moved: a
# program for each target is made and run; components and versions that are not
# there are refused; and folders of another layout are found as well. TAP.
unset MAKEFLAGS MFLAGS MAKELEVEL LD_LIBRARY_PATH
. "$(dirname "$0")/../lib/tap.sh"
case ${CC:-} in
*-fsanitize*) skip_all "what a reader has is built without sanitizers" ;;
esac
command -v cmake >/dev/null || skip_all "cmake is not installed"
[ -e "$TOP_BUILDDIR/lib/libpoolkind.so.0" ] || skip_all "nothing was built"
source=$(cd "$TOP_SRCDIR/test/build/cmake" && pwd)
export VMMALLOC_POOL_DIR=/dev/shm VMMALLOC_POOL_SIZE=16M
export MEMKIND_MEM_TIERS='KIND:DRAM,RATIO:1;POLICY:STATIC_RATIO'

# installed FOLDER [VARIABLE=VALUE...]: moved to that from where it was meant
# for.
installed() {
	local to=$1
	shift
	make -s -C "$TOP_BUILDDIR" install prefix=/opt/was-here "$@" \
	    DESTDIR="$work/root" && mv "$work/root/opt/was-here" "$to" &&
	    rm -r "$work/root"
}

# configured PREFIX OPTION...: the project, in $work/made.
configured() {
	rm -rf "$work/made"
	cmake -S "$source" -B "$work/made" -DCMAKE_PREFIX_PATH="$1" "${@:2}"
}

made_and_run() {
	cmake --build "$work/made" -j 2 &&
	    ctest --test-dir "$work/made" --output-on-failure
}

# A program of the project runs on the library in that folder.
links_with() {
	ldd "$work/made/poolkind-program" | grep -F "=> $1/libpoolkind.so.0 "
}

# refused PATTERN PREFIX OPTION...: cmake says so, and fails.
refused() {
	local pattern=$1
	shift
	! configured "$@" >"$work/said" 2>&1 &&
	    tr '\n' ' ' <"$work/said" | tr -s ' ' | grep -E "$pattern"
}

# Each library that is installed and to be linked with by C and C++, by its name
# without lib and .so or .a.
libraries() {
	find "$work/moved/lib" -maxdepth 1 \( -name '*.so' -o -name '*.a' \) \
	    -printf '%f\n' | sed 's/^lib//; s/\.so$//; s/\.a$/-static/' |
	    grep -v -e topology -e fortran | LC_ALL=C sort
}
programs() {
	ctest --test-dir "$work/made" -N | sed -n 's/^ *Test *#[0-9]*: //p' |
	    LC_ALL=C sort
}

check "make install" installed "$work/moved"
check "find_package finds it where it was moved to" configured "$work/moved" \
    -DWANTED=poolkind
same "each library is a target" "$(programs)" "$(libraries)"
check "and a program for each runs" made_and_run
check "on the library that was found" links_with "$work/moved/lib"
check "a component that is not there is refused" \
    refused 'has no library for teapot' "$work/moved" -DWANTED=teapot
sed 's/poolkind 0\.1 /poolkind 99 /' "$source/CMakeLists.txt" >"$work/later"
mkdir "$work/later-project"
cp "$source"/*.c* "$work/later-project"
mv "$work/later" "$work/later-project/CMakeLists.txt"
kept=$source source=$work/later-project
check "a later version is refused" \
    refused 'compatible with requested version "99"' "$work/moved"
source=$kept
check "make install, in folders of its own" installed "$work/other" \
    libdir=/opt/was-here/lib/deep/er includedir=/opt/was-here/share/headers
check "is found by poolkind_DIR" configured /nowhere \
    -Dpoolkind_DIR="$work/other/lib/deep/er/cmake/poolkind"
check "and used" cmake --build "$work/made" --target poolkind-program
check "with its library" links_with "$work/other/lib/deep/er"
finish
