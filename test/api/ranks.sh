#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# limit=share under what starts the ranks of a job: Debian's Open MPI and MPICH,
# with four ranks on this host, and the variables of Slurm. Prints TAP.
set -u
src=$TOP_SRCDIR
lib=$TOP_BUILDDIR/lib
. "$src/test/lib/tap.sh"
unset POOLKIND_CONFIG "${!OMPI_@}" "${!MPI_@}" "${!MV2_@}" "${!PMI_@}" \
    "${!PALS_@}" "${!SLURM_@}"
${CC:-cc} -std=gnu11 -I"$src/include" "$src/test/api/ranks.c" -o "$work/rank" \
    -L"$lib" -lpoolkind -Wl,-rpath,"$lib" || exit 1

# quarters NAME COMMAND...: four ranks that the command starts.
quarters() {
	local name=$1
	shift
	"$src/test/lib/watch" "$@" "$work/rank" \
	    file:/dev/shm,size=32M,limit=share \
	    file:/dev/shm,size=32M,limit=100% >"$work/out" 2>"$work/errors"
	same "$name: each rank gets a quarter of a file" \
	    "$? $(cut -d' ' -f1-2 "$work/out" | sort | uniq -c | tr -s ' ')" \
	    "0  4 8388608 33554432"
	same "$name: each is given no more, and nearly all of it" \
	    "$(awk '$3 > 8 || $3 < 7' "$work/out"; cat "$work/errors")" ""
	"$src/test/lib/watch" "$@" "$work/rank" dram,limit=share \
	    dram,limit=100% >"$work/out" 2>"$work/errors"
	same "$name: and a quarter of the nodes" \
	    "$(awk '$1 <= $2 / 4 && $1 > $2 / 4 - 8192' "$work/out" | wc -l)" 4
}

# job NAME PROGRAM [ARGUMENT...]: by that program, if it is installed.
job() {
	local name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		skip "$name" "$1 is not installed"
		return
	fi
	quarters "$name" "$@"
}

if [ "$(df --output=avail -B1M /dev/shm | tail -n 1)" -lt 64 ]; then
	echo "1..0 # SKIP /dev/shm has no room for 64 MiB"
	exit 77
fi
root=
[ "$(id -u)" != 0 ] || root=--allow-run-as-root
# shellcheck disable=SC2086 # none, or one word
job "Open MPI" mpirun.openmpi $root --oversubscribe --host localhost:4 -np 4
job MPICH mpirun.mpich -host localhost -np 4

# Slurm's are set by hand: the third of three hosts has four ranks.
slurm() {
	local i
	for i in 1 2 3 4; do
		SLURM_STEP_TASKS_PER_NODE='7(x2),4' SLURM_NODEID=2 "$@" || return
	done
}
export -f slurm
# shellcheck disable=SC2016 # arguments of the inner shell
quarters "Slurm's variables" bash -c 'slurm "$@"' slurm

"$work/rank" dram,limit=share dram >"$work/out" 2>&1
same "none of the variables" "$? $(cat "$work/out")" \
    "1 limit=share: none of OMPI_COMM_WORLD_LOCAL_SIZE, MPI_LOCALNRANKS, \
MV2_COMM_WORLD_LOCAL_SIZE, PMI_LOCAL_SIZE, PALS_LOCAL_SIZE, \
SLURM_STEP_TASKS_PER_NODE, SLURM_TASKS_PER_NODE, SLURM_NTASKS_PER_NODE is set; \
mpirun and srun set one"
finish
