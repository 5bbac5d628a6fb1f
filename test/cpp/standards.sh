#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# poolkind.hpp by gcc and clang, as C++17, 20 and 23, with exceptions, without,
# and without RTTI, each with every warning an error, run on the library and on
# the debug library, whose every word is a failure; with sanitizers; and scopes
# on libpoolkind-malloc. TAP.
. "$(dirname "$0")/../lib/tap.sh"
lib=$TOP_BUILDDIR/lib
[ -e "$lib/libpoolkind.so.0" ] || skip_all "nothing was built"
unset LD_LIBRARY_PATH
warn=(-Wall -Wextra -Wpedantic -Werror -Wundef -Wcast-qual -Wconversion
    -Wshadow -Wold-style-cast -Wnon-virtual-dtor)

# compiled COMPILER OPTION...: the program, as $work/program.
compiled() {
	rm -f "$work/program"
	# shellcheck disable=SC2086 # a compiler may be several words
	$1 "${@:2}" "${warn[@]}" "-I$TOP_SRCDIR/include" \
	    "$TOP_SRCDIR/test/cpp/standards.cpp" -o "$work/program" \
	    -Wl,--no-as-needed "-L$lib" "${link[@]}" -lpoolkind \
	    "-Wl,-rpath,$lib"
}

# The debug library has lines for what is misused; this program asks for nothing
# that is. AddressSanitizer has one about the larger stack that opening takes.
is_quiet() {
	local said status
	said=$("$@" 2>&1)
	status=$?
	said=$(grep -v 'ASan doesn.t fully support makecontext' <<<"$said")
	[ $status -eq 0 ] && [ -z "$said" ] || { echo "$said"; return 1; }
}

both() {
	is_quiet "$work/program" || return
	[ ! -d "$lib/poolkind_debug" ] ||
		LD_LIBRARY_PATH=$lib/poolkind_debug is_quiet "$work/program"
}

# knows COMPILER OPTION...: whether it has them, and makes programs with them.
knows() {
	# shellcheck disable=SC2086
	echo '#include <vector>
	int main() { return 0; }' |
	    $1 "${@:2}" -x c++ - -o "$work/try" 2>/dev/null
}

# tried NAME COMPILER OPTION...
tried() {
	local name=$1
	shift
	if ! knows "$@"; then
		skip "$name" "$1 does not have it"
		return
	fi
	check "$name is compiled" compiled "$@"
	[ ! -x "$work/program" ] || check "and runs" both
}

link=()
sanitizer=
case ${CXX:-} in *-fsanitize*) sanitizer=yes ;; esac
for compiler in "${CXX:-c++}" clang++; do
	if ! command -v "${compiler%% *}" >/dev/null; then
		skip "$compiler" "it is not installed"
		continue
	fi
	[ -z "$sanitizer" ] || [ "$compiler" != clang++ ] || continue
	# clang 14 has C++23 as c++2b.
	for standard in c++17 c++20 c++2b; do
		tried "$compiler, $standard" "$compiler" -std=$standard
		tried "$compiler, $standard, without exceptions" "$compiler" \
		    -std=$standard -fno-exceptions
	done
	tried "$compiler, without RTTI" "$compiler" -std=c++17 -fno-rtti
	[ -n "$sanitizer" ] || tried "$compiler, with sanitizers" "$compiler" \
	    -std=c++17 -fsanitize=address,undefined -fno-sanitize-recover=all
done
if [ -n "$sanitizer" ] || [ ! -e "$lib/libpoolkind-malloc.so" ]; then
	skip "scopes" "libpoolkind-malloc was not built"
else
	link=(-lpoolkind-malloc)
	check "scopes are compiled" compiled "${CXX:-c++}" -std=c++17 -DMALLOC
	check "and run" is_quiet "$work/program"
fi
finish
