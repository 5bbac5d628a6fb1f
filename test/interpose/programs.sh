#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's programs that open their modules with RTLD_DEEPBIND (PHP, Samba's
# ldb), that shut themselves up in a sandbox (man, bwrap), that stand before
# libc themselves (faketime, torsocks, uid_wrapper), or that read what another
# process has mapped (Open MPI), under every library for LD_PRELOAD: each is to
# print what it prints without.
. "$(dirname "$0")/every_preload.sh"

# unchanged NAME COMMAND...: the same status, output and errors.
unchanged() {
	local name=$1 plain
	shift
	reset
	run "$@"
	plain="$status|$output|$errors"
	reset
	run "${under[@]}" "$@"
	same "$name" "$status|$output|$errors" "$plain"
}
reset() { rm -rf "$work/db.ldb"; }

# missing PROGRAM PACKAGE: skips, where there is none.
missing() {
	command -v "$1" > /dev/null && return 1
	skip "$name: $1" "$1 is not installed (Debian's $2)"
}

cat > "$work/work.php" <<'END'
<?php
$words = array();
for ($i = 0; $i < 50000; $i++)
	$words[md5((string)$i)] = str_repeat("x", $i % 100);
ksort($words);
echo md5(serialize($words)), "\n", json_encode(array_slice($words, 0, 3)), "\n";
echo count(get_loaded_extensions()), " ", preg_replace('/\d+/', '#', "a12b3");
echo hash('sha256', str_repeat("abc", 1000000)), "\n";
END
cat > "$work/entry.ldif" <<'END'
dn: cn=one
objectClass: top
cn: one
description: the first

dn: cn=two
objectClass: top
cn: two
END
printf '.TH T 1\n.SH NAME\nt \\- a page\n.SH TEXT\n%s\n' \
    "$(seq 1 3000 | tr '\n' ' ')" > "$work/page.1"
cat > "$work/ranks.c" <<'END'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	long sum = 0, all = 0;
	int rank;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	for (int i = 1; i <= 20; i++) {
		int size = i * 300000;
		char *to = malloc(size), *from = malloc(size);

		memset(to, rank + 1, size);
		MPI_Sendrecv(to, size, MPI_CHAR, 1 - rank, 0, from, size,
		    MPI_CHAR, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
		for (int k = 0; k < size; k += 1000)
			sum += from[k];
		free(to);
		free(from);
	}
	MPI_Reduce(&sum, &all, 1, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
	if (rank == 0)
		printf("%ld\n", all);
	MPI_Finalize();
	return 0;
}
END
# Its compiler may be there without its headers (Debian's openmpi-bin), and the
# plain names be another MPI's, where Debian has names for each.
mpicc=$(command -v mpicc.openmpi || echo mpicc)
mpirun=$(command -v mpirun.openmpi || echo mpirun)
if [[ $("$mpirun" --version 2> /dev/null) =~ Open\ MPI|OpenRTE ]] &&
    "$mpicc" -fsyntax-only "$work/ranks.c" > /dev/null 2>&1; then
	"$mpicc" "$work/ranks.c" -o "$work/ranks" || exit 1
fi
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
[ -x /usr/bin/bwrap ] &&
    { bwrap --ro-bind / / --dev /dev --proc /proc --unshare-pid true \
	2> "$work/errors" && sandbox=yes || sandbox=no; }

for name in "${preloads[@]}"; do
	use "$name"
	missing php php-cli ||
	    unchanged "$name: php" php "$work/work.php"
	if ! missing ldbadd ldb-tools; then
		unchanged "$name: ldb" bash -c "ldbadd -H '$work/db.ldb' \
		    '$work/entry.ldif' && ldbmodify -H '$work/db.ldb' <<< \
'dn: cn=one
changetype: modify
replace: description
description: changed' && ldbsearch -H '$work/db.ldb' | sort"
	fi
	missing faketime faketime || unchanged "$name: faketime" \
	    faketime '2001-02-03 04:05:06' date '+%F %H:%M'
	missing torsocks torsocks || unchanged "$name: torsocks" \
	    torsocks sort -r "$work/entry.ldif"
	uid=$(ls /usr/lib/*/libuid_wrapper.so 2> /dev/null | head -1)
	if [ -z "$uid" ]; then
		skip "$name: uid_wrapper" "not installed (Debian's libuid-wrapper)"
	else
		same "$name: uid_wrapper" "$("${under[@]}" env \
		    LD_PRELOAD="$uid $preloaded" UID_WRAPPER=1 \
		    UID_WRAPPER_ROOT=1 id -u 2>&1)" 0
	fi
	# With no network: the ranks read what each other has mapped.
	if [ ! -x "$work/ranks" ]; then
		skip "$name: Open MPI" "not installed (Debian's libopenmpi-dev)"
	else
		unchanged "$name: Open MPI" "$mpirun" --oversubscribe -n 2 \
		    --mca pml ob1 --mca btl self,vader \
		    --mca memory patcher --mca mpi_leave_pinned 1 "$work/ranks"
	fi
	# Its helpers may neither make a file nor choose nodes.
	under+=(VMMALLOC_FALLBACK=dram MEMKIND_FALLBACK=dram)
	missing man man-db ||
	    unchanged "$name: man" env MANPAGER=cat MANWIDTH=70 man \
		"$work/page.1"
	missing man man-db || unchanged "$name: man, a pipeline" env \
	    MANPAGER='tr a-z A-Z' man -E UTF-8 "$work/page.1"
	if missing bwrap bubblewrap; then
		:
	elif [ "$sandbox" = no ]; then
		skip "$name: bwrap" "no sandbox here: $(head -1 "$work/errors")"
	else
		unchanged "$name: bwrap" bwrap --ro-bind / / --dev /dev \
		    --proc /proc --unshare-pid sort -r "$work/entry.ldif"
		# Nothing but the root, and that cannot be written to.
		unchanged "$name: bwrap, no /proc" bwrap --ro-bind / / \
		    --tmpfs /proc sort -r "$work/entry.ldif"
	fi
done
finish
