#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The whole project in builds of their own: under ASan and UBSan, under TSan, and
# by clang with warnings as errors. Of `make check` each runs the unit tests and
# those scripts that run what it compiled: documents, other people's programs
# and virtual machines are the same whoever compiles. TAP, one line a build, with
# the sum of its tests. ccache compiles what it knows, where it is installed.
# Takes long: part of check-long.
unset MAKEFLAGS MFLAGS MAKELEVEL "${!LIB@}" # what this build was told
work=$TOP_BUILDDIR/test/build/work
number=0
failed=0
cached=
if command -v ccache >/dev/null; then
	cached="ccache "
	export CCACHE_BASEDIR=$TOP_SRCDIR CCACHE_NOHASHDIR=1
fi
scripts="test/api/examples test/misuse/run test/stress/run
    test/memkind/memkind_programs.sh test/memkind/defects.sh
    test/memkind/tools.sh test/tool/poolkind.sh test/vmem/vmem_programs.sh
    test/vmem/vmem_log.sh test/preload/shim_functions.sh
    test/preload/shim_fork.sh test/preload/shim_life.sh
    test/preload/shim_process.sh"

# build NAME ARGUMENT...: configures, builds and checks; the log stays if bad.
build() {
	local name=$1 log=$work/$1.log sum
	shift
	number=$((number + 1))
	rm -rf "${work:?}/$name"
	mkdir -p "$work/$name"
	if (
		cd "$work/$name" && "$TOP_SRCDIR/configure" --quiet "$@" &&
		    make -s -j"$(nproc)" &&
		    make -s -j"$(nproc)" check short_scripts="$scripts"
	) >"$log" 2>&1; then
		sum=$(grep -E '^[0-9]+ passed, ' "$log" | tail -n 1)
		echo "ok $number - $name: $sum"
		rm -rf "${work:?}/$name"
	else
		echo "not ok $number - $name"
		grep -E -A 40 'FAILED:|[Ee]rror' "$log" | head -n 400 | sed 's/^/# /'
		failed=1
	fi
}

if [ -e "$TOP_SRCDIR/config.status" ]; then
	echo "1..0 # SKIP the source tree is configured itself; use a build folder"
	exit 0
fi
# with COMPILER: through the cache, if it is not already.
with() {
	case $1 in
	*ccache*) echo "$1" ;;
	*) echo "$cached$1" ;;
	esac
}

gcc=$(with "${CC:-gcc}") gxx=$(with "${CXX:-g++}")
build asan --enable-asan --disable-debug-variants CC="$gcc" CXX="$gxx"
build tsan --enable-tsan --disable-debug-variants CC="$gcc" CXX="$gxx"
if command -v clang >/dev/null; then
	build clang --enable-developer-warnings --enable-decorators \
	    CC="$(with clang)" CXX="$(with clang++)"
else
	number=$((number + 1))
	echo "ok $number - clang # SKIP clang is not installed"
fi
echo "1..$number"
exit $failed
