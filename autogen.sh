#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes ./configure from a checkout. Needs autoconf and automake.
set -e
cd "$(dirname "$0")"
mkdir -p build-aux
exec autoreconf --install --force
