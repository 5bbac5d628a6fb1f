#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What README.md shows is tried as a reader would: its program, compiled and run
# in each way that it names; its first poolkind run; and its table of examples
# has all there are. TAP.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/clone.sh"
[ -e build/lib/libpoolkind.a ] || skip_all "nothing was built"
PATH=$work/bin:$PATH

# The first program in C.
sed -n '/^## A first look/,/^## In your/{/^```c$/,/^```$/{/^```/d; p}}' \
    "$source/README.md" >example.c

# Each line that compiles, with the one below it, which runs the program;
# test/docs/languages.sh has those of the languages.
ways() {
	sed '/^## In your language/,/^## Examples/d' "$source/README.md" |
	    sed -nE '/^ +cc -Iinclude /{N; s/^ +//; s/\n +/; /; p}'
}

prints_it() { bash -ec "$1" | grep -E 'in the file|blocks, .* live'; }

tried=0
while read -r way; do
	tried=$((tried + 1))
	rm -f a.out first
	check "$way" prints_it "$way"
done < <(ways)
check "four ways to link are shown" test "$tried" -ge 4

# Programs that read, with what the README has them read; the sources are here.
ln -s "$source/README.md" README.md
reads() {
	local name=$1
	cc -Iinclude "examples/$name.c" -o "$name" -Lbuild/lib \
	    -lpoolkind -lvmem "-Wl,-rpath,$PWD/build/lib" &&
	    sed -nE "s,^    (.*\./$name( .*)?)\$,\1,p" "$source/README.md" >how &&
	    bash -e how | grep "$2"
}
check "structures reads a text" reads structures '^words  *[1-9]'
check "vmem-classes reads files" reads vmem-classes '^small  *[1-9]'
check "vmem-cache reads lines" reads vmem-cache '^a word$'

# The program that is run unchanged, on whatever machine this is.
run_unchanged() {
	sed -n '/^    build\/bin\/poolkind run/,/^$/p' "$source/README.md" | sh -e
}
if [ -e build/bin/poolkind ] && [ -e build/lib/libpoolkind-malloc.so.0 ]; then
	printf '#!/bin/sh\n[ "$*" = input ]\n' >solver
	chmod +x solver
	check "the first poolkind run" run_unchanged
else
	skip "the first poolkind run" "poolkind was not built"
fi

# Names in the first column of the table, and of the files.
listed() {
	sed -n '/^## Examples/,/^## Kinds/p' "$source/README.md" |
	    sed -nE 's/^\| (`[^|]*) \|.*/\1/p' | grep -o '`[^`]*`' | tr -d '`' |
	    sed 's/^\.\(cpp\|f90\)$/memkind-solver.&/; s/\.\././' |
	    grep -v '/$' | LC_ALL=C sort
}
check "its table of examples has all" \
    diff <(listed) <(cd "$source/examples" &&
        find . -maxdepth 1 -type f \( -name '*.[cfjp]*' -o -name 'heap*' \) \
        -printf '%P\n' | LC_ALL=C sort)
finish
