#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs under libvmmalloc and a library that stands before a function of libc
# and allocates in its place (hooks.c), in either order. Prints TAP.
set -u
number=0
failed=0
if [ ! -e "${LIBVMMALLOC-}" ]; then
	echo "1..0 # SKIP no libvmmalloc"
	exit 77
fi
if nm -D "$LIBVMMALLOC" | grep -qE ' U __(a|t)san'; then
	echo "1..0 # SKIP sanitizers stand there themselves"
	exit 77
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export VMMALLOC_POOL_DIR=${POOL_DIR:-/dev/shm} VMMALLOC_POOL_SIZE=$((48 << 20))
threads='
import threading
def work():
    for i in range(200):
        bytearray(i * 100)
all = [threading.Thread(target=work) for i in range(8)]
for t in all: t.start()
for t in all: t.join()
print("done")'

watch=("$TOP_SRCDIR/test/lib/watch" -p 60)
try() {
	local name=$1 preload=$2 said
	number=$((number + 1))
	said=$("${watch[@]}" env "LD_PRELOAD=$preload" python3 -c "$threads" 2>&1)
	"${watch[@]}" env "LD_PRELOAD=$preload" sh -c "/bin/true; exit 3" \
	    2>/dev/null
	if [ $? -eq 3 ] && [ "$said" = "done" ]; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		echo "# ${said:0:300}"
		failed=1
	fi
}

for hook in clock_gettime syscall fstat sysconf mmap munmap madvise mprotect \
    read close sched_yield pthread_mutex_lock pthread_mutex_unlock \
    pthread_mutex_trylock pthread_key_create; do
	${CC:-cc} -D_GNU_SOURCE -O1 -fno-builtin -fPIC -shared \
	    -DHOOK="HOOK_$hook" "$TOP_SRCDIR/test/preload/hooks.c" \
	    -o "$work/$hook.so" || exit 1
	try "$hook, before" "$work/$hook.so $LIBVMMALLOC"
	try "$hook, behind" "$LIBVMMALLOC $work/$hook.so"
done

# Libraries of that sort which the system may have.
for library in faketime/libfaketime.so.1 torsocks/libtorsocks.so \
    libuid_wrapper.so libsocket_wrapper.so libnss_wrapper.so; do
	found=$(ls /usr/lib/*/"$library" /usr/lib/"$library" 2>/dev/null | head -1)
	if [ -z "$found" ]; then
		number=$((number + 1))
		echo "ok $number - $library # SKIP not installed"
		continue
	fi
	try "$library, before" "$found $LIBVMMALLOC"
	try "$library, behind" "$LIBVMMALLOC $found"
done
echo "1..$number"
exit $failed
