#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The whole project in builds of their own, each with its `make check`: under
# ASan and UBSan, under TSan, and by clang with warnings as errors. TAP, one
# line a build, with the sum of its tests. Takes long: part of check-long.
unset MAKEFLAGS MFLAGS MAKELEVEL "${!LIB@}" # what this build was told
work=$TOP_BUILDDIR/test/build/work
number=0
failed=0

# build NAME ARGUMENT...: configures, builds and checks; the log stays if bad.
build() {
	local name=$1 log=$work/$1.log sum
	shift
	number=$((number + 1))
	rm -rf "${work:?}/$name"
	mkdir -p "$work/$name"
	if (
		cd "$work/$name" && "$TOP_SRCDIR/configure" --quiet "$@" &&
		    make -s -j"$(nproc)" && make -s -j"$(nproc)" check
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
build asan --enable-asan --disable-debug-variants CC="${CC:-gcc}"
build tsan --enable-tsan --disable-debug-variants CC="${CC:-gcc}"
if command -v clang >/dev/null; then
	build clang --enable-developer-warnings --enable-decorators CC=clang \
	    CXX=clang++
else
	number=$((number + 1))
	echo "ok $number - clang # SKIP clang is not installed"
fi
echo "1..$number"
exit $failed
