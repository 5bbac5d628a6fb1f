#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs that treat their process roughly, under each way to fork.
. "$(dirname "$0")/../lib/shim_tap.sh"

compile shim_process -ldl || exit 1
pool_place 64 || { skip "process" "no room for a pool of 64 MiB"; finish; }
cat > "$work/foreign.c" <<'END'
#include <stdlib.h>
char *make(size_t size);
extern void *__libc_malloc(size_t size);
char *make(size_t size) { return __libc_malloc(size); }
END
"$CC" -O1 -fno-builtin -shared -fPIC -o "$work/foreign.so" \
    "$work/foreign.c"

for mode in 1 2 3; do
	export VMMALLOC_FORK=$mode
	results_of "mode $mode, descriptors closed" 0 shim \
	    "$work/shim_process" close
	results_of "mode $mode, exec" 0 shim "$work/shim_process" exec
	mkdir -p "$work/jail"
	if [ "$(id -u)" -eq 0 ] && [ "$mode" != 2 ]; then
		results_of "mode $mode, chroot" 0 shim "$work/shim_process" \
		    chroot "$work/jail"
	fi
done
unset VMMALLOC_FORK
results_of "glibc's heap" 0 shim "$work/shim_process" foreign \
    "$work/foreign.so"
# An auditing library has the C library reserve static TLS before ours is known.
printf '%s\n' 'unsigned la_version(unsigned version) { return version; }' \
    > "$work/audit.c"
"$CC" -O1 -w -shared -fPIC -o "$work/audit.so" "$work/audit.c"
same "LD_AUDIT" "$(LD_AUDIT=$work/audit.so shim \
    /bin/sh -c 'echo fine' 2>&1)" fine

results_of "threads" 0 shim "$work/shim_process" threads

# A hundred small processes at once need the space of what they use.
hundred() {
	local id ids="" failed=0
	for _ in $(seq 100); do
		size=1000M shim "$work/sleeper" &
		ids+=" $!"
	done
	for id in $ids; do
		wait "$id" || failed=1
	done
	return $failed
}
printf '%s\n' '#include <stdlib.h>' '#include <unistd.h>' \
    'int main(void) { char *p = malloc(1000); p[0] = 1; sleep(1);' \
    '	return p == NULL; }' > "$work/sleeper.c"
"$CC" -O1 -fno-builtin -o "$work/sleeper" "$work/sleeper.c"
if pool_place 1000; then
	check "a hundred processes with pools of 1000 MiB" hundred
else
	skip "a hundred processes" "no room for a pool of 1000 MiB"
fi
finish
