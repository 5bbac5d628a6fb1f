#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs under a library for LD_PRELOAD of ours and one that stands before a
# function of libc and allocates in its place (hooks.c, and those of that sort
# which the system has), in either order. Prints TAP.
. "$(dirname "$0")/every_preload.sh"
if nm -D "$LIBVMMALLOC" | grep -qE ' U __(a|t)san'; then
	echo "1..0 # SKIP sanitizers stand there themselves"
	exit 77
fi
threads='
import threading
def work():
    for i in range(200):
        bytearray(i * 100)
all = [threading.Thread(target=work) for i in range(8)]
for t in all: t.start()
for t in all: t.join()
print("done")'
watch=$top/test/lib/watch

try() {
	local name=$1 wanted='0|done||3'
	under[1]=LD_PRELOAD=$2
	run "$watch" -p 60 "${under[@]}" python3 -c "$threads"
	"$watch" -p 60 "${under[@]}" sh -c "/bin/true; exit 3" 2> /dev/null
	same "$name" "$status|$output|$errors|$?" "$wanted"
}

hooks='clock_gettime syscall fstat sysconf mmap munmap madvise mprotect read
    close sched_yield pthread_mutex_lock pthread_mutex_unlock
    pthread_mutex_trylock pthread_key_create pthread_create'
for hook in $hooks; do
	compile_library hooks -DHOOK="HOOK_$hook" && mv "$work/hooks.so" \
	    "$work/$hook.so" || exit 1
done

for name in "${preloads[@]}"; do
	case $name in libvmmalloc-d*) continue ;; esac
	use "$name"
	for hook in $hooks; do
		try "$name: $hook, before" "$work/$hook.so $preloaded"
		try "$name: $hook, behind" "$preloaded $work/$hook.so"
	done
	for library in faketime/libfaketime.so.1 torsocks/libtorsocks.so \
	    libuid_wrapper.so libsocket_wrapper.so libnss_wrapper.so; do
		found=$(ls /usr/lib/*/"$library" /usr/lib/"$library" \
		    2> /dev/null | head -1)
		if [ -z "$found" ]; then
			skip "$name: $library" "not installed"
			continue
		fi
		try "$name: $library, before" "$found $preloaded"
		try "$name: $library, behind" "$preloaded $found"
	done
done

# memkind's background thread is made under no lock: who stands before
# pthread_create(3) may fork there.
if [ -e "${LIBMEMKIND-}" ]; then
	compile_library hooks -DFORKS -DHOOK=HOOK_pthread_create &&
	    compile background -I"$top/include" "$LIBMEMKIND" \
		-Wl,-rpath,"$(dirname "$LIBMEMKIND")" || exit 1
	run env LD_PRELOAD="$work/hooks.so" "$watch" -p 60 "$work/background"
	same "a fork in pthread_create" "$status|$errors" "0|"
else
	skip "a fork in pthread_create" "libmemkind was not built"
fi
finish
