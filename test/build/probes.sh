#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The probes that perf(1) and bpftrace(8) listen at: they are in each file that
# has the engine, and fire. TAP.
. "$(dirname "$0")/../lib/tap.sh"
lib=$TOP_BUILDDIR/lib
grep -q '^#define HAVE_SDT 1' "$TOP_BUILDDIR/config.h" ||
    skip_all "configure found no <sys/sdt.h>"

probes() { readelf -n "$1" | sed -n 's/^ *Name: \(kind_.*\)/\1/p' | sort -u | xargs; }

all="kind_closed kind_full kind_grown kind_opened kind_spilled"
same "libpoolkind has its probes" "$(probes "$lib/libpoolkind.so.0")" "$all"
[ -z "${LIBVMMALLOC-}" ] ||
    same "libvmmalloc has them" "$(probes "$LIBVMMALLOC")" "$all"

# A kind that spills, one that is full, and both are closed.
cat >"$work/program.c" <<'END'
#include <poolkind.h>
int
main(void)
{
	poolkind *chain = poolkind_open("dram,limit=1M,name=first > dram", 0);
	poolkind *small = poolkind_open("dram,limit=1M,name=small", 0);
	void *block = poolkind_malloc(chain, 4 << 20);
	void *none = poolkind_malloc(small, 4 << 20);

	poolkind_free(chain, block);
	poolkind_close(small);
	poolkind_close(chain);
	return block == 0 || none != 0;
}
END
${CC:-cc} -I"$TOP_SRCDIR/include" "$work/program.c" -o "$work/program" \
    -L"$lib" -lpoolkind -Wl,-rpath,"$lib" || exit 1

# heard: what bpftrace hears, as lines.
heard() {
	bpftrace -c "$work/program" -e "
	    usdt:$lib/libpoolkind.so.0:poolkind:kind_opened { printf(\"opened %s %s\\n\", str(arg1), str(arg2)); }
	    usdt:$lib/libpoolkind.so.0:poolkind:kind_grown { @grown = count(); }
	    usdt:$lib/libpoolkind.so.0:poolkind:kind_full { printf(\"full %s\\n\", str(arg1)); }
	    usdt:$lib/libpoolkind.so.0:poolkind:kind_spilled { printf(\"spilled %s %d\\n\", str(arg1), arg2); }
	    usdt:$lib/libpoolkind.so.0:poolkind:kind_closed { printf(\"closed %s\\n\", str(arg1)); }" \
	    >"$work/heard" 2>"$work/errors"
}
if ! command -v bpftrace >/dev/null; then
	skip "they fire" "bpftrace is not installed"
elif [ "$(id -u)" != 0 ] || ! heard; then
	skip "they fire" "bpftrace cannot listen here: $(head -n 1 "$work/errors" 2>/dev/null)"
else
	same "they fire" "$(grep -c 'kind1 dram$' "$work/heard") $(grep -E '^(spilled|full|closed|opened (first|small))' "$work/heard" | sort)" \
	    "1 closed first
closed kind1
closed small
full small
opened first dram,limit=1M,name=first > dram
opened small dram,limit=1M,name=small
spilled first 4194304"
	check "and so does what a kind grows by" grep -q '@grown: [1-9]' "$work/heard"
fi
finish
