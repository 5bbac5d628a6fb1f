#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What conda-build runs in the unpacked source; see meta.yaml.
set -eu
export POOLKIND_CACHE=$SRC_DIR/cache
# What can be had of a machine's memory is looked up by hwloc, libnuma and
# libdaxctl; a channel without the last has no libmemkind and no command.
./configure --prefix="$PREFIX" --with-jemalloc="$SRC_DIR/jemalloc-source" \
    --enable-topology --enable-libdw --enable-profiles
make -j"${CPU_COUNT:-1}"
make install
