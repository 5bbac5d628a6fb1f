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

# otel FILE: the provider's probe and its four arguments, and a semaphore.
otel() {
	readelf -n "$1" | grep -A 3 'Provider: otel_memory' | awk '
		/Name:/ { name = $2 }
		/Semaphore:/ { has = $NF !~ /^0x0+$/ }
		/Arguments:/ { print name, NF - 1, has }'
}
same "libpoolkind tells of allocations, to who listens" \
    "$(otel "$lib/libpoolkind.so.0" | sort -u)" "alloc 4 1
free 3 1"
[ -z "${LIBVMMALLOC-}" ] ||
    same "and so does libvmmalloc" "$(otel "$LIBVMMALLOC" | sort -u)" \
    "alloc 4 1
free 3 1"

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

# ---- A sample of blocks ----

# Of cached sizes and of others; each size, and how many bytes it came to.
cat >"$work/blocks.c" <<'END'
#include <poolkind.h>
#include <stdio.h>
static const size_t of[] = { 48, 200, 5000, 40000, 100000, 700000, 3000000 };
static const long times[] = { 4000000, 1000000, 40000, 5000, 4000, 800, 100 };
static void *block[64];
int
main(void)
{
	poolkind *kind = poolkind_open("dram,name=first", 0);

	for (int s = 0; s < 7; s++) {
		for (long i = 0; i < times[s]; i++) {
			poolkind_free(kind, block[i % 64]);
			block[i % 64] = poolkind_malloc(kind, of[s]);
		}
		printf("%zu %ld\n", of[s], times[s] * of[s]);
	}
	poolkind_close(kind);
	return 0;
}
END
${CC:-cc} -I"$TOP_SRCDIR/include" "$work/blocks.c" -o "$work/blocks" \
    -L"$lib" -lpoolkind -Wl,-rpath,"$lib" || exit 1
# gdb raises the semaphore, as others who listen do, and needs no right to.
cat >"$work/script" <<'END'
set pagination off
break main
run
break -probe-stap otel_memory:alloc
commands
silent
printf "%lu %lu %s %lu\n", $_probe_arg1, $_probe_arg2, (char *)$_probe_arg3, $_probe_arg0
continue
end
break -probe-stap otel_memory:free
commands
silent
printf "freed %lu %lu %lu\n", $_probe_arg1, $_probe_arg2, $_probe_arg0
continue
end
continue
END
sampled() {
	gdb -q -batch -x "$work/script" "$work/blocks" \
	    >"$work/heard" 2>"$work/errors"
	grep -q '^\[Inferior 1 .* exited normally' "$work/heard"
}
# Each size within 5 standard deviations of a sample; no other kind.
near() {
	awk '
		NF == 4 && $3 == "first" { stands[$1] += $2 }
		NF == 2 && !/[^0-9 ]/ {
			sizes++
			drawn = $1 < 524288 ? $2 / 524288 : 1e6
			off = stands[$1] / $2 - 1
			if (off < 0) off = -off
			if (off > 5 / sqrt(drawn)) {
				print $1 ": " stands[$1] " of " $2
				bad = 1
			}
		}
		END { exit bad || sizes != 7 }' "$work/heard"
}
# All are freed, by the program or as the kind is closed, once, as they were
# allocated.
freed() {
	awk '
		NF == 4 && $3 == "first" { lives[$4] = $1 " " $2; next }
		$1 == "freed" {
			if (lives[$4] != $2 " " $3) {
				print "not allocated so:", $0
				bad = 1
			}
			delete lives[$4]
			count++
		}
		END {
			for (address in lives) {
				print "not freed:", address
				bad = 1
			}
			exit bad || !count
		}' "$work/heard"
}
if ! command -v gdb >/dev/null; then
	skip "a sample of blocks" "gdb is not installed"
elif ! sampled; then
	skip "a sample of blocks" "gdb cannot trace here: $(tail -n 1 "$work/errors")"
else
	check "a sample of blocks stands for all of each size" near
	check "each of them is told of again when it is freed" freed
fi
finish
