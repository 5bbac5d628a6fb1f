# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Results in the Test Anything Protocol, for scripts that need no more: a folder
# $work, which is removed at the end, and check, same, skip and finish.

number=0
failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/$(basename "$0").XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND...: the command succeeds, or what it printed is shown.
check() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@" >"$work/output" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		tail -n 60 "$work/output" | sed 's/^/# /'
		failed=1
	fi
}

# same NAME GOT WANTED
same() {
	number=$((number + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf 'got:\n%s\nwanted:\n%s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

# skip NAME REASON
skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# skip_all REASON: nothing here can be tested.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 77
}

finish() {
	echo "1..$number"
	exit $failed
}
