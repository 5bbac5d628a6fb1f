#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The whole project in a build of its own: `asan`, under ASan and UBSan, `tsan`,
# under TSan, or `clang`, by clang with warnings as errors. Of `make check` each
# runs the unit tests and those scripts that run what it compiled: documents,
# other people's programs and virtual machines are the same whoever compiles.
# TAP, one line with the sum of the tests. ccache compiles what it knows, where
# it is installed. The tests, in C++, are not optimized: half the time is theirs.
# Takes long: part of check-long, which runs another beside it, so there is one
# job here.
unset MAKEFLAGS MFLAGS MAKELEVEL TESTS "${!LIB@}" # what this build was told
work=$TOP_BUILDDIR/test/build/work
cached=
if command -v ccache >/dev/null; then
	cached="ccache "
	export CCACHE_BASEDIR=$TOP_SRCDIR CCACHE_NOHASHDIR=1
fi
scripts="test/api/examples test/misuse/run test/stress/run
    test/memkind/interface/memkind_programs.sh test/memkind/defects/defects.sh
    test/tool/memkind_tools.sh test/tool/poolkind.sh test/vmem/vmem_programs.sh
    test/vmem/vmem_log.sh test/preload/shim_functions.sh
    test/preload/shim_fork.sh test/preload/shim_life.sh
    test/preload/shim_process.sh"

# build NAME ARGUMENT...: configures, builds and checks; the log stays if bad.
build() {
	local name=$1 log=$work/$1.log sum
	shift
	rm -rf "${work:?}/$name"
	mkdir -p "$work/$name"
	echo 1..1
	if (
		cd "$work/$name" && "$TOP_SRCDIR/configure" --quiet CXXFLAGS=-O0 "$@" &&
		    make -s && make -s check short_scripts="$scripts" \
			TEST_OPTIONS="--processor 3600"
	) >"$log" 2>&1; then
		sum=$(grep -E '^[0-9]+ passed, ' "$log" | tail -n 1)
		echo "ok 1 - $name: $sum"
		rm -rf "${work:?}/$name"
	else
		echo "not ok 1 - $name"
		grep -E -A 40 'FAILED:|[Ee]rror' "$log" | head -n 400 | sed 's/^/# /'
		exit 1
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
case ${1:-} in
asan | tsan)
	build "$1" "--enable-$1" --disable-debug-variants CC="$gcc" CXX="$gxx" ;;
clang)
	if command -v clang >/dev/null; then
		build clang --enable-developer-warnings --enable-decorators \
		    CC="$(with clang)" CXX="$(with clang++)"
	else
		echo "1..0 # SKIP clang is not installed"
	fi ;;
*)
	echo "usage: sanitizers.sh asan | tsan | clang" >&2
	exit 2 ;;
esac
