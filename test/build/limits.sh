#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What ends a test: that it hangs or runs in circles, not that it takes long.
top=${TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}
watch=$top/test/lib/watch
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
number=0
failed=0

# ends NAME STATUS PATTERN COMMAND...: with what on standard output and error.
ends() {
	local name=$1 wanted=$2 pattern=$3 status
	shift 3
	number=$((number + 1))
	"$@" >"$work/said" 2>&1
	status=$?
	if [ $status -eq "$wanted" ] &&
	    { [ -z "$pattern" ] || grep -q "$pattern" "$work/said"; }; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		sed "s/^/# status $status: /" "$work/said"
		failed=1
	fi
}

# A shell that waits for a child, and one that polls for what never comes.
hangs='sleep 1000 & wait'
polls='while :; do sleep 0.2; done'
circles='while :; do :; done'
slow='for i in 1 2 3 4 5 6; do sleep 1; echo line; done; exit 5'

ends "a status is passed on" 5 '^$' "$watch" sh -c 'echo; exit 5'
ends "a signal is told" 137 '' "$watch" sh -c 'kill -9 $$'
ends "who hangs is ended" 124 "hangs" "$watch" -i 2 sh -c "$hangs"
ends "who polls in vain is ended" 124 "hangs" "$watch" -i 2 sh -c "$polls"
ends "who runs in circles is ended" 124 "processor time" \
    "$watch" -p 1 sh -c "$circles"
ends "and so are its children" 124 "processor time" \
    "$watch" -p 1 sh -c "sh -c '$circles' & wait"
ends "who waits for its turn is not" 3 '' "$watch" -i 2 \
    sh -c 'nice -n 19 sh -c "i=0; while [ \$i -lt 2000000 ]; do i=\$((i+1)); done"
	exit 3'

ends "a file that stands still is a hang" 124 "wrote nothing" \
    "$watch" -i 2 --file "$work/none" sh -c "$polls"
ends "one that grows is none" 5 '' \
    "$watch" -i 2 --file "$work/said" sh -c "$slow"

printf '%s\n' '#!/bin/sh' 'echo ok 1 before' "$hangs" >"$work/hangs"
printf '%s\n' '#!/bin/sh' "(exit 0); $slow" >"$work/slow"
chmod +x "$work/hangs" "$work/slow"
ends "run-tests says so" 1 "hangs: nothing moved for 2 s" \
    "$top/test/run-tests" --idle 2 "$work/hangs"
ends "and has no limit where lines come" 1 "exit status 5" \
    "$top/test/run-tests" --idle 2 "$work/slow"
echo "1..$number"
exit $failed
