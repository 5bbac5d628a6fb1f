#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The crate in bindings/rust: built without a network and without a warning, and
# its tests, with the library as it is, with its debug variant, beside
# libpoolkind-malloc and under valgrind. Miri cannot run them, as they call a
# library in C. TAP.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/cargo.sh"
[ -n "$CARGO" ] || skip_all "cargo is not installed"
case ${CC:-} in
*-fsanitize*) skip_all "rustc links no sanitizer of C" ;;
esac
lib=$(cd "$TOP_BUILDDIR" && pwd)/lib
[ -e "$lib/libpoolkind.so" ] || skip_all "nothing was built"
source=$(cd "$TOP_SRCDIR" && pwd)
crate=$source/bindings/rust
unset LD_PRELOAD LD_LIBRARY_PATH POOLKIND_CONFIG RUSTFLAGS RUST_BACKTRACE
export POOLKIND_LIB_DIR=$lib
before=$(find "$crate")

# in_crate COMMAND...: with the library of the build tree.
in_crate() { (cd "$crate" && LD_LIBRARY_PATH=$lib "$@"); }

# said COMMAND...: what it prints is in $work/said, too.
said() {
	local status=0
	"$@" >"$work/said" 2>&1 || status=$?
	cat "$work/said"
	return $status
}

builds() {
	said in_crate "$CARGO" build --locked && ! grep -q '^warning' "$work/said"
}

# fields STRUCT FILE: in the order that the file has them.
fields_in_c() {
	sed -n "/^struct $1 {/,/^};/p" "$source/include/poolkind.h" |
	    sed 's,/\*.*,,' | tr -s '\n\t ' ' ' |
	    grep -oE '(size_t|uint64_t) [^;]*;' |
	    sed 's/^[a-z0-9_]* //; s/[ ;]//g' | tr ',' '\n'
}
fields_in_rust() {
	sed -n "/^pub struct $1 {/,/^}/s/^ *pub \([a-z_]*\):.*/\1/p" \
	    "$crate/src/stats.rs"
}

version() { sed -n "s/^$1=//p" "$source/VERSION"; }

# The programs of the tests; not that of the crate itself, which has none.
programs() {
	find "$CARGO_TARGET_DIR/debug/deps" -type f -perm -u+x ! -name '*.so' \
	    ! -name 'poolkind-*'
}

# each COMMAND...: every program of the tests, by that command.
each() {
	local program status=0
	for program in $(programs); do
		"$@" "$program" -q || status=1
	done
	return $status
}

# A misuse has a line of the debug library on standard error.
with_debug_library() {
	said each env LD_LIBRARY_PATH="$lib/poolkind_debug" &&
	    ! grep -q '^libpoolkind: ' "$work/said"
}

in_scopes() {
	said env LD_LIBRARY_PATH="$lib" \
	    LD_PRELOAD="$lib/libpoolkind-malloc.so.0" \
	    "$(programs | grep /kind-)" --nocapture scopes &&
	    grep -q 'in a scope$' "$work/said"
}

under_valgrind() {
	each env LD_LIBRARY_PATH="$lib" UNDER_VALGRIND=yes \
	    valgrind -q --error-exitcode=9 --leak-check=full \
	    --show-leak-kinds=definite --errors-for-leak-kinds=definite
}

# not_found COMMAND...: it fails, and says how the library is found.
not_found() {
	! said in_crate env -u POOLKIND_LIB_DIR PKG_CONFIG="$1" \
	    CARGO_TARGET_DIR="$work/other" "$CARGO" build --locked &&
	    grep -q 'set POOLKIND_LIB_DIR to the folder of libpoolkind.so' \
	        "$work/said"
}

by_pkg_config() {
	printf '#!/bin/sh\necho "-L%s"\n' "$lib" >"$work/pkg-config"
	chmod +x "$work/pkg-config"
	in_crate env -u POOLKIND_LIB_DIR PKG_CONFIG="$work/pkg-config" \
	    "$CARGO" test --locked --test kind names
}

same "the crate has the version of the release" \
    "$(sed -n 's/^version = "\(.*\)"/\1/p' "$crate/Cargo.toml")" \
    "$(version major).$(version minor).$(version patch)"
same "statistics have the fields of poolkind.h" \
    "$(fields_in_rust Stats)" "$(fields_in_c poolkind_stats)"
same "and so has what room there is" \
    "$(fields_in_rust Room)" "$(fields_in_c poolkind_room)"
check "it is built offline, without a warning" builds
check "its tests, and the examples of its documentation" \
    in_crate "$CARGO" test --locked
if [ -e "$lib/poolkind_debug/libpoolkind.so.0" ]; then
	check "the tests with the debug library" with_debug_library
else
	skip "the tests with the debug library" "it was not built"
fi
if [ -e "$lib/libpoolkind-malloc.so.0" ]; then
	check "scopes beside libpoolkind-malloc" in_scopes
else
	skip "scopes beside libpoolkind-malloc" "it was not built"
fi
if ! command -v valgrind >/dev/null; then
	skip "the tests under valgrind" "valgrind is not installed"
elif ! grep -q '^#define HAVE_VALGRIND ' "$TOP_BUILDDIR/config.h"; then
	skip "the tests under valgrind" "built without valgrind's headers"
else
	check "the tests under valgrind" under_valgrind
fi
check "pkg-config finds the library" by_pkg_config
check "where that does not know it there is a line" not_found false
check "and where there is no pkg-config" not_found /nowhere/pkg-config
same "nothing was written beside the sources" "$(find "$crate")" "$before"
finish
