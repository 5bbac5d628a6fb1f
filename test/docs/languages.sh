#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The programs that README.md shows under "In your language", one below a
# heading for each language: each is built and run as a reader would who copies
# it and the lines below it, and prints the same. TAP.
#
# A language has a function try_NAME, with the word that the program's fence
# has. It is called in a clone, as the README has it, where the program lies as
# example.NAME and the lines below it as `how'.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/cargo.sh"
. "$(dirname "$0")/../lib/clone.sh"

section() { sed -n '/^## In your language$/,/^## Examples$/p' "$source/README.md"; }

# shown NAME: the program in that language, and the lines below it.
shown() {
	section | sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/{/^\`\`\`/d; p}" >"example.$1"
	section | sed -n "/^\`\`\`$1\$/,/^##/p" |
	    sed -n '/^```/,/^```$/d; s/^    //p' >how
}

# prints_it COMMAND...: and where it is, which the machine decides.
prints_it() {
	local said
	said=$("$@") || return
	echo "$said"
	[[ $said =~ ^999\ in\ (dram|nodes:.+)$ ]]
}

with_compilers() { PATH=$work/bin:$PATH bash -ec "$(cat how)"; }

try_c() {
	check "C is compiled" with_compilers
	check "and runs" prints_it ./a.out
}

try_cpp() {
	check "C++ is compiled" with_compilers
	check "and runs" prints_it ./a.out
}

try_f90() {
	if [ ! -e build/lib/libpoolkind-fortran.a ] ||
	    ! command -v gfortran >/dev/null; then
		skip "Fortran" "there is no gfortran"
		return
	fi
	check "Fortran is compiled" with_compilers
	check "and runs" prints_it ./a.out
}

# What Debian's Python lacks is in the way of the test alone.
try_python() {
	local python=/usr/bin/python3 one
	[ -x $python ] || python=$(command -v python3)
	for one in numpy pip setuptools; do
		"$python" -c "import $one" 2>"$work/lacks" && continue
		skip "Python" "python3-$one is not installed"
		return
	done
	printf '#!/bin/sh\nexec %s "$@"\n' "$python" >"$work/bin/python3"
	chmod +x "$work/bin/python3"
	cp -r "$source/bindings" . && chmod -R u+w bindings
	mv example.python example.py
	check "Python is built, and runs" prints_it with_python
}

with_python() {
	with_compilers >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
	tail -n 1 "$work/said"
}

try_rust() {
	if [ -z "$CARGO" ]; then
		skip "Rust is built and runs" "cargo is not installed"
		return
	fi
	printf '#!/bin/sh\nexec %s "$@"\n' "$CARGO" >"$work/bin/cargo"
	chmod +x "$work/bin/cargo"
	cp -r "$source/bindings" . && chmod -R u+w bindings
	check "Rust is built and runs" prints_it with_compilers
}

# Java's own way to call C is an incubator's, of which it warns.
try_java() {
	if ! java --list-modules 2>/dev/null | grep -q '^jdk.incubator.foreign@17' ||
	    ! command -v javac >/dev/null; then
		skip "Java runs" "there is no JDK of version 17"
		return
	fi
	unset JAVA_TOOL_OPTIONS
	check "Java runs" prints_it with_compilers
}

# What has a binding needs few lines.
most_lines() { [ "$1" = java ] && echo 32 || echo 16; }

languages=$(section | sed -n 's/^```\(..*\)/\1/p')
for language in $languages; do
	rm -f a.out
	shown "$language"
	check "the program in $language is short" \
	    test "$(wc -l <"example.$language")" -le "$(most_lines "$language")"
	"try_$language" || check "this test knows $language" false
done
same "each language has a row in the table" \
    "$(section | grep -c '^### ')" \
    "$(section | sed -n '/^|---/,/^$/s/^| [A-Z]/&/p' | wc -l)"
finish
