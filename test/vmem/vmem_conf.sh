#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# JE_VMEM_MALLOC_CONF: which options are taken, and what is said of others.
. "$(dirname "$0")/vmem_tap.sh"

pool_place 32 || { skip "options" "no room for a pool"; finish; }
build vmem_plain || exit 1
printf '%s\n' '#include <libvmem.h>' \
    'int main(int argc, char **argv) {' \
    '	(void)argv; return argc > 9 && vmem_errormsg() != 0; }' \
    > "$work/idle.c"
"$CC" -w "-I$top/include" -o "$work/idle" "$work/idle.c" -Wl,--no-as-needed \
    "$LIBVMEM" -Wl,-rpath-link,"$built" || exit 1

said() { # VARIANT OPTIONS: standard error of a program that does nothing
	with "$1" JE_VMEM_MALLOC_CONF="$2" "$work/idle" 2>&1
}

variant_test() {
	local variant=$1 options
	for options in "" narenas:1 narenas:64 tcache:false tcache:true \
	    lg_tcache_max:12 lg_chunk:22 "narenas:2,tcache:false" \
	    "lg_chunk:21,narenas:1"; do
		same "$variant: '$options' is taken" \
		    "$(said "$variant" "$options")" ""
		check "$variant: '$options' works" with "$variant" \
		    JE_VMEM_MALLOC_CONF="$options" "$work/vmem_plain" "$pool"
	done
	for options in nosuch:1 "narenas:1,nosuch:1" "nosuch:1,narenas:1" \
	    narenas:many narenas; do
		said "$variant" "$options" > "$work/said"
		same "$variant: '$options' gets one line" \
		    "$(wc -l < "$work/said")" 1
		check "$variant: '$options' gets that line" \
		    grep -q "^<jemalloc>: Invalid conf" "$work/said"
		check "$variant: '$options' does no harm" with "$variant" \
		    JE_VMEM_MALLOC_CONF="$options" "$work/vmem_plain" "$pool"
	done
}
variant_test release
if has_debug; then
	variant_test debug
else
	skip "debug" "not built"
fi

# What is printed at the end is of the pools that are alive then.
cat > "$work/alive.c" << 'END'
#include <libvmem.h>
int
main(int argc, char **argv)
{
	VMEM *pool = vmem_create(argv[1], VMEM_MIN_POOL);
	(void)argc;
	return vmem_malloc(pool, 3 << 20) == NULL;
}
END
"$CC" -w "-I$top/include" -o "$work/alive" "$work/alive.c" "$LIBVMEM" \
    -Wl,-rpath-link,"$built" || exit 1
with release JE_VMEM_MALLOC_CONF=stats_print:true "$work/alive" "$pool" \
    > "$work/out" 2> "$work/err"
same "stats_print:true: exit status" $? 0
check "stats_print:true: statistics on standard error" \
    grep -qi "begin.*statistics" "$work/err"
same "stats_print:true: nothing on standard output" "$(cat "$work/out")" ""
with release JE_VMEM_MALLOC_CONF=stats_print:false "$work/alive" "$pool" \
    2> "$work/err"
same "stats_print:false: none" "$(cat "$work/err")" ""
finish
