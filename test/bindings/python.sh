#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The package of Python, built from the tree by pip without a network, on the
# library in the build folder: its tests, the programs of its page, of the
# README and of examples/, and what it is without numpy. Nothing is installed;
# with POOLKIND_INSTALLED it is the package that is installed which is tested. TAP.
. "$(dirname "$0")/../lib/tap.sh"
source=$(cd "$TOP_SRCDIR" && pwd)
case ${CC:-} in
*-fsanitize*) skip_all "Python is built without sanitizers" ;;
esac
[ -e "$TOP_BUILDDIR/lib/libpoolkind.so" ] || skip_all "nothing was built"
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || skip_all "there is no python3"
can() { "$python" -c "$1" >/dev/null 2>&1; }
can 'import sys; sys.exit(sys.version_info < (3, 10))' ||
	skip_all "$python is older than 3.10"
installed=${POOLKIND_INSTALLED:-}
if [ -z "$installed" ]; then
	can 'import pip' || skip_all "python3-pip is not installed"
	can 'import setuptools' || skip_all "python3-setuptools is not installed"
	can 'import sysconfig, os
os.stat(sysconfig.get_path("include") + "/Python.h")' ||
		skip_all "python3-dev is not installed"
fi
unset PYTHONPATH LD_LIBRARY_PATH
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8

# A tree that pip can build in.
mkdir -p "$work/tree/bindings" "$work/hidden"
ln -s "$source/include" "$work/tree"
echo 'raise ImportError("hidden")' >"$work/hidden/numpy.py"

# builds FOLDER: the package goes there, compiled without a warning.
builds() {
	rm -rf "$work/tree/bindings/python"
	cp -r "$source/bindings/python" "$work/tree/bindings" &&
	    chmod -R u+w "$work/tree/bindings/python" || return
	CC=${CC:-cc} CFLAGS="-Wall -Wextra -Werror" \
	    POOLKIND_LIBRARY_DIR="$TOP_BUILDDIR/lib" \
	    "$python" -m pip -v install --no-build-isolation --no-index \
	    --no-deps --no-cache-dir --disable-pip-version-check \
	    --target "$1" "$work/tree/bindings/python"
}

with() {
	local path=$1
	shift
	PYTHONPATH=$path:$source/test/bindings "$source/test/lib/watch" "$@"
}

tests() { with "$1" "$python" -m unittest -v "python_test.$2"; }

has_version() {
	[ "$(with "$work/with" "$python" -c 'import poolkind as p
print(".".join(map(str, p.version)))
import importlib.metadata as m
print(m.version("poolkind"))' | uniq)" = \
	    "$(. "$source/VERSION" && echo "$major.$minor.$patch")" ]
}

# Programs of the page, which have a folder of ours for /mnt/pmem.
programs_of_page() {
	"$python" - "$source" "$work" <<-'END'
	import sys
	sys.path.insert(0, sys.argv[1] + "/test/docs")
	import pages
	page = pages.Page(sys.argv[1] + "/man/poolkind-python.3")
	number = 0
	for display in page.displays():
	    if display.text.startswith("import "):
	        number += 1
	        with open(f"{sys.argv[2]}/page{number}.py", "w") as file:
	            file.write(display.text.replace("/mnt/pmem", sys.argv[2]))
	sys.exit(number == 0)
	END
}

says() {
	with "$work/with" "$python" "${@:2}" >"$work/said" 2>&1 &&
	    tr '\n' ' ' <"$work/said" | grep -qE "$1" || ! cat "$work/said"
}

if [ -z "$installed" ]; then
	PYTHONPATH=$work/hidden \
	    check "built without numpy" builds "$work/without"
	for class in Kinds Buffers Processes WithoutNumpy; do
		check "$class, without numpy" tests "$work/without" $class
	done
fi
if ! can 'import numpy'; then
	skip "with numpy" "python3-numpy is not installed"
	finish
fi
[ -n "$installed" ] || check "built with numpy" builds "$work/with"
check "its version is the library's" has_version
for class in Kinds Buffers Processes Arrays; do
	check "$class" tests "$work/with" $class
done
check "numpy can be missing later" tests "$work/hidden:$work/with" WithoutNumpy
check "the page has programs" programs_of_page
for program in "$work"/page*.py; do
	check "${program##*/} runs" says '[0-9]' "$program"
done
check "heat.py says what it shows" says '^usage: heat.py .*\. $' \
    "$source/examples/heat.py" --help
check "heat.py" says 'after 20 steps the mean is 0\.[0-9]+ grids in the kind: True record in the kind: False live [0-9]+ KiB' \
    "$source/examples/heat.py"
check "heat.py, on nonsense" bash -c '! PYTHONPATH=$2 "$1" "$3" nonsense 2>&1 |
    grep -v "^heat.py: unknown source"' - "$python" "$work/with" \
    "$source/examples/heat.py"
finish
