# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# What the whole-program tests of src/interpose share, on top of
# lib/shim_tap.sh: each library for LD_PRELOAD, as a list of names and the
# environment for each. Node 0 stands for every other memory, so that each of
# them starts on any machine.

top=${TOP_SRCDIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
built=${TOP_BUILDDIR:-$top/build}
: "${LIBVMMALLOC:=$built/lib/libvmmalloc.so.1}"
. "$top/test/lib/shim_tap.sh"
here=$top/test/interpose
unset LD_PRELOAD LD_LIBRARY_PATH POOLKIND_RULES "${!AUTO_HBW_@}" "${!MEMKIND_@}"
export LC_ALL=C

# preloads: the names; use NAME: sets the array `under` to what goes before a
# command, and `preloaded` to the file.
preloads=()
pool_place 64 && preloads+=(libvmmalloc-file)
preloads+=(libvmmalloc-dram)
[ ! -e "${LIBVMMALLOC_DEBUG-}" ] || preloads+=(libvmmalloc-debug)
[ ! -e "${LIBAUTOHBW-}" ] || preloads+=(libautohbw)
[ ! -e "${LIBMEMTIER-}" ] || preloads+=(libmemtier)
if [ -e "${LIBPOOLKIND_MALLOC-}" ]; then
	preloads+=(libpoolkind-malloc)
	# Ten rules: sizes, threads, a kind that soon is full, and a file.
	rules=$(python3 "$top/test/lib/rules.py" --hold $$ \
	    --kind fast=dram,limit=4M --kind rest=dram \
	    --kind 'file=file:/dev/shm,fork=private' \
	    --kind local=dram,policy=local \
	    --rule 'size=0-16 -> local' --rule 'size=17-40 -> fast, rest' \
	    --rule 'thread=io-* size=41- -> fast' \
	    --rule 'size=41-64 -> local, rest' --rule 'size=65-4095 -> rest' \
	    --rule 'size=4096-8191 -> file' --rule 'size=8192-16384 -> fast' \
	    --rule 'size=16385-262144 -> local, rest' \
	    --rule 'thread=[!a-z]* -> rest' --rule '-> rest, fast' \
	    2> /dev/null) && preloads+=(libpoolkind-malloc-rules)
fi

# shellcheck disable=SC2034 # for the tests
use() {
	local variables
	preloaded=$LIBVMMALLOC
	case $1 in
	libvmmalloc-file)
		variables=(VMMALLOC_POOL_DIR="$pool" VMMALLOC_POOL_SIZE=64M) ;;
	libvmmalloc-dram) variables=(VMMALLOC_KIND=dram) ;;
	libvmmalloc-chain) variables=("VMMALLOC_KIND=dram,limit=1M;dram") ;;
	libvmmalloc-debug)
		preloaded=$LIBVMMALLOC_DEBUG
		variables=(VMMALLOC_KIND=dram) ;;
	libautohbw)
		preloaded=$LIBAUTOHBW
		variables=(AUTO_HBW_LOG=-1 AUTO_HBW_SIZE=4K:1M
		    MEMKIND_HBW_NODES=0) ;;
	libmemtier)
		preloaded=$LIBMEMTIER
		variables=(MEMKIND_DAX_KMEM_NODES=0 "MEMKIND_MEM_TIERS=\
KIND:DRAM,RATIO:1;KIND:KMEM_DAX,RATIO:3;POLICY:STATIC_RATIO") ;;
	libpoolkind-malloc)
		preloaded=$LIBPOOLKIND_MALLOC
		variables=(POOLKIND_RULES=) ;;
	libpoolkind-malloc-rules)
		preloaded=$LIBPOOLKIND_MALLOC
		variables=(POOLKIND_RULES="$rules") ;;
	esac
	under=(env LD_PRELOAD="$preloaded" "${variables[@]}")
}

# run COMMAND...: output, errors and status, each in its variable.
# shellcheck disable=SC2034 # for the tests
run() {
	{ "$@" > "$work/output" 2> "$work/errors"; } 2> /dev/null < /dev/null
	status=$?
	output=$(<"$work/output")
	errors=$(<"$work/errors")
}
