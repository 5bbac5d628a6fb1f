# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What tests of the program poolkind begin with: tap.sh; $poolkind, or the test is
# skipped; and its libraries are found.

# shellcheck disable=SC2034 # for those who source this
top=${TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
poolkind=$TOP_BUILDDIR/bin/poolkind
export LD_LIBRARY_PATH=$TOP_BUILDDIR/lib LC_ALL=C
. "$top/test/lib/tap.sh"
[ -x "$poolkind" ] || skip_all "the program poolkind was not built"

# For a test of what the program preloads.
needs_preload() {
	[ -e "$TOP_BUILDDIR/lib/libpoolkind-malloc.so.0" ] ||
		skip_all "libpoolkind-malloc was not built"
}
