# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# A clone as README.md has it, on top of tap.sh: include/, examples/ and build/
# below it, which is where the test goes on; and in $work/bin the compilers of
# this build by the names that a reader types.

source=$(cd "$TOP_SRCDIR" && pwd)
case ${CC:-} in
*-fsanitize*) skip_all "what a reader has is built without sanitizers" ;;
esac
[ -e "$TOP_BUILDDIR/lib/libpoolkind.so.0" ] || skip_all "nothing was built"
unset LD_LIBRARY_PATH

mkdir "$work/clone" "$work/bin"
ln -s "$source/include" "$source/examples" "$work/clone"
ln -s "$(cd "$TOP_BUILDDIR" && pwd)" "$work/clone/build"
printf '#!/bin/sh\nexec %s "$@"\n' "${CC:-$(command -v cc)}" >"$work/bin/cc"
printf '#!/bin/sh\nexec %s "$@"\n' "${CXX:-$(command -v c++)}" >"$work/bin/c++"
chmod +x "$work"/bin/*
cd "$work/clone" || exit 1
