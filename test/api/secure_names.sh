#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A program that has other rights than who starts it takes neither names of
# kinds nor the number of ranks from who starts it. Needs root, who makes a
# program setuid. Prints TAP.
set -u
src=$TOP_SRCDIR
lib=$TOP_BUILDDIR/lib
. "$src/test/lib/tap.sh"
[ "$(id -u)" = 0 ] || skip_all 'only root can make a program setuid'
chmod 755 "$work"
mkdir "$work/lib" && cp "$lib"/libpoolkind.so.0 "$work/lib" || exit 1
${CC:-cc} -I"$src/include" -x c - -o "$work/secure" \
    -x none "$work/lib/libpoolkind.so.0" -Wl,-rpath,"$work/lib" <<-'END' || exit 1
	#include <errno.h>
	#include <poolkind.h>
	#include <stdio.h>
	#include <sys/auxv.h>

	int
	main(int argc, char **argv)
	{
		poolkind *kind = poolkind_open(argv[argc - 1], 0);

		printf("%s %s\n", getauxval(AT_SECURE) ? "secure" : "plain",
		    kind != NULL ? poolkind_text(kind) : poolkind_errormsg());
		return kind != NULL ? 0 : errno;
	}
END
echo 'kind mine = dram,limit=1M' >"$work/kinds"
export POOLKIND_CONFIG=$work/kinds OMPI_COMM_WORLD_LOCAL_SIZE=1
unset MPI_LOCALNRANKS "${!SLURM_@}" "${!MV2_@}" "${!PMI_@}" "${!PALS_@}"
said=$("$work/secure" @mine)
same "a plain program opens a kind by its name" "$? $said" \
    "0 plain dram,limit=1M"
chown 65534 "$work/secure" && chmod 4755 "$work/secure"
said=$("$work/secure" dram)
[[ $said != plain* ]] || skip_all "$work does not allow setuid programs"
same "a setuid program opens a kind" "$said" "secure dram"
said=$("$work/secure" @mine)
same "but none by its name" "$? $said" "1 secure kinds have no names in a \
program that has other rights than who started it"
said=$("$work/secure" dram,limit=share)
same "nor is its share for others to say" "$? ${said%%_*}" \
    "22 secure limit=share: none of OMPI"
finish
