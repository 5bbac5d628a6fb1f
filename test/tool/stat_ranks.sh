#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# poolkind stat --job, under what starts the ranks of a job: Debian's Open MPI
# and MPICH, with four ranks on this host. All of them are in one table, in the
# order of their ranks, and nobody else is: neither those of another job nor a
# process of none. Prints TAP.
set -u
src=$TOP_SRCDIR
lib=$TOP_BUILDDIR/lib
. "$src/test/lib/tool_tap.sh"
unset POOLKIND_CONFIG "${!OMPI_@}" "${!MPI_@}" "${!PMI_@}" "${!PMIX_@}" \
    "${!SLURM_@}"
${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I"$src/include" \
    "$src/test/tool/stat_rank.c" -o "$work/rank" -L"$lib" -lpoolkind \
    -Wl,-rpath,"$lib" || exit 1

# begin FOLDER COUNT COMMAND...: so many processes, once all hold their blocks.
begin() {
	local folder=$work/$1 count=$2
	shift 2
	mkdir -p "$folder"
	"$@" "$work/rank" "$folder" >"$folder.out" 2>&1 </dev/null &
	started+=($!)
	while kill -0 $! 2>/dev/null &&
	    [ "$(find "$folder" -type f | wc -l)" -lt "$count" ]; do
		sleep 0.05
	done
}

# table PID: a line for each process: job, rank, whether it is one of the
# folder "job", and the MiB that it holds.
table() {
	"$poolkind" stat --job --format json "$1" | python3 -c '
import json, os, sys
for one in json.load(sys.stdin)["processes"]:
    print("one" if one["job"] else "none", one["rank"],
          os.path.exists(sys.argv[1] + "/job/" + str(one["pid"])),
          sum(kind["live"] for kind in one["kinds"]) >> 20)' "$work"
}

# job NAME PROGRAM [ARGUMENT...]: by that program, if it is installed.
job() {
	local name=$1 pid wanted status=0
	shift
	if ! command -v "$1" >/dev/null; then
		skip "$name" "$1 is not installed"
		return
	fi
	rm -rf "$work/job" "$work/other" "$work/none"
	started=()
	begin job 4 "$@" -np 4
	begin other 2 "$@" -np 2
	begin none 1 env
	pid=$(find "$work/job" -type f -printf '%f\n' | head -n 1)
	wanted=$(for rank in 0 1 2 3; do
		echo "one $rank True $((rank + 1))"
	done)
	same "$name: all ranks of the job, and nobody else" "$(table "$pid")" \
	    "$wanted"
	same "$name: in one table" \
	    "$("$poolkind" stat --job "$pid" | grep -c of-rank)" 4
	touch "$work/job/end" "$work/other/end" "$work/none/end"
	for pid in "${started[@]}"; do
		wait "$pid" || status=$?
	done
	same "$name: which ends as if nobody had looked" \
	    "$status $(cat "$work"/*.out)" "0 "
}

root=
[ "$(id -u)" != 0 ] || root=--allow-run-as-root
# shellcheck disable=SC2086 # none, or one word
job "Open MPI" mpirun.openmpi $root --oversubscribe --host localhost:4
job MPICH mpirun.mpich -host localhost
finish
