# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Cargo for tests, to be read after tap.sh: Debian's, where it is installed,
# whatever stands before it in PATH. It asks no network, and writes below $work.

if [ -x /usr/bin/cargo ]; then
	export CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
else
	CARGO=$(command -v cargo)
fi
export CARGO_HOME=$work/cargo CARGO_TARGET_DIR=$work/target
export CARGO_NET_OFFLINE=true
