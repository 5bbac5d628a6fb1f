#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# VMMALLOC_FORK: what parent and child of a fork see of each other.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_fork || exit 1
pool_place 64 || { skip "fork" "no room for pools of 64 MiB"; finish; }
for mode in 0 1 2 3 ""; do
	export VMMALLOC_FORK=$mode
	[ -n "$mode" ] || unset VMMALLOC_FORK
	results_of "mode ${mode:-of default}" 0 shim "$work/shim_fork" \
	    "${mode:-1}"
done
if [ -e "${LIBVMMALLOC_DEBUG-}" ]; then
	preload=$LIBVMMALLOC_DEBUG
	for mode in 1 2; do
		results_of "mode $mode, debug" 0 env VMMALLOC_FORK=$mode \
		    "VMMALLOC_POOL_DIR=$pool" VMMALLOC_POOL_SIZE=64M \
		    LD_PRELOAD="$preload" "$work/shim_fork" $mode
	done
	unset preload
else
	skip "debug" "the debug library was not built"
fi
unset VMMALLOC_FORK

if [ "$(id -u)" -eq 0 ] && mkdir "$work/small" &&
    mount -t tmpfs -o size=80m none "$work/small" 2> /dev/null; then
	pool=$work/small
	results_of "mode 1, full file system" 0 shim "$work/shim_fork" 1 \
	    "$work/small/filler"
	rm -f "$work/small/filler"

	# Mode 2 has nowhere to copy to, mode 3 goes on as mode 1.
	head -c 75M /dev/zero > "$work/small/filler"
	cat > "$work/two.c" <<-'END'
	#include <stdlib.h>
	#include <string.h>
	#include <unistd.h>
	#include <sys/wait.h>
	int main(void)
	{
		int status;
		char *p = malloc(3 << 20);
		memset(p, 'x', 3 << 20);
		if (fork() == 0)
			_exit(p[1000000] != 'x');
		wait(&status);
		return status != 0;
	}
	END
	"$CC" -o "$work/two" "$work/two.c"
	size=14M
	rm -f "$work/small/filler"
	cat > "$work/fill" <<-END
	head -c 75M /dev/zero > "$work/small/filler"
	END
	squeezed() { # MODE: the file system is filled once the pool is open
		mkfifo "$work/go" "$work/there"
		VMMALLOC_FORK=$1 shim "$work/waiting" 2> "$work/line" &
		echo > "$work/go"
		wait $!
		status=$?
	}
	skip "modes 2 and 3 without room" "to be written"
	umount "$work/small"
else
	skip "a full file system" "no permission to mount one"
fi
finish
