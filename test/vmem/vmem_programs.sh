#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A plain C program with libvmem: shared and static, release and debug, loaded
# late, beside the shim, and with PMEM_MMAP_HINT.
. "$(dirname "$0")/vmem_tap.sh"

pool_place 32 || { skip "programs" "no room for a pool"; finish; }

# quiet NAME COMMAND...: writes nothing to standard error.
quiet() {
	local name=$1
	shift
	"$@" > /dev/null 2> "$work/err"
	same "$name: nothing on standard error" "$(cat "$work/err")" ""
}

# ---- Shared -----------------------------------------------------------------
build vmem_plain || exit 1
for variant in release debug; do
	if [ $variant = debug ] && ! has_debug; then
		skip "debug, shared" "not built"
		continue
	fi
	results_of "$variant, shared" 0 \
	    with $variant "$work/vmem_plain" "$pool"
	quiet "$variant, shared" with $variant "$work/vmem_plain" "$pool"
done

# ---- Static -----------------------------------------------------------------
archives() { # NAME LIBVMEM_A LIBPOOLKIND_A
	local name=$1 how
	shift
	for how in "" -static; do
		if [ ! -e "$1" ]; then
			skip "$name ${how:-archives}" "no $1"
		elif compile vmem_plain "-I$top/include" "$@" $how \
		    2> "$work/err"; then
			results_of "$name, ${how:-archives}" 0 \
			    "$work/vmem_plain" "$pool"
			quiet "$name, ${how:-archives}" "$work/vmem_plain" \
			    "$pool"
		elif [ -n "$how" ]; then
			skip "$name $how" "$(head -1 "$work/err")"
		else
			ok "$name links" 1
			sed 's/^/# /' "$work/err"
		fi
	done
}
archives release "$LIBVMEM_A" "$LIBPOOLKIND_A"
archives debug "$(dirname "$LIBVMEM_DEBUG")/libvmem.a" \
    "$built/poolkind_debug/libpoolkind.a"

# ---- Loaded while the program runs, and let go -------------------------------
cat > "$work/late.c" << 'END'
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int
main(int argc, char **argv)
{
	(void)argc;
	for (int round = 0; round < 3; round++) {
		void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
		if (library == NULL)
			return printf("%s\n", dlerror()), 1;
		void *(*create)(const char *, size_t) =
		    (void *(*)(const char *, size_t))dlsym(library,
		        "vmem_create");
		void (*delete)(void *) =
		    (void (*)(void *))dlsym(library, "vmem_delete");
		void *(*allocate)(void *, size_t) =
		    (void *(*)(void *, size_t))dlsym(library, "vmem_malloc");
		const char *(*message)(void) =
		    (const char *(*)(void))dlsym(library, "vmem_errormsg");
		void *pool = create(argv[2], 14 << 20);
		if (pool == NULL)
			return printf("%s\n", message()), 2;
		memset(allocate(pool, 1 << 20), 1, 1 << 20);
		delete(pool);
		create("/nowhere", 14 << 20);
		if (strstr(message(), "open") == NULL)
			return printf("%s\n", message()), 3;
		if (dlclose(library) != 0)
			return 4;
	}
	return 0;
}
END
"$CC" -w -pthread -o "$work/late" "$work/late.c" -ldl
check "loaded late, three times" with release "$work/late" "$LIBVMEM" "$pool"

# ---- Where pools are placed --------------------------------------------------
cat > "$work/where.c" << 'END'
#include <libvmem.h>
#include <stdio.h>
int
main(int argc, char **argv)
{
	VMEM *pool = vmem_create(argv[1], VMEM_MIN_POOL);
	VMEM *second = vmem_create(argv[1], VMEM_MIN_POOL);
	void *block = pool && second ? vmem_malloc(second, 100) : NULL;
	(void)argc;
	printf("%#zx %#zx\n", (size_t)pool, (size_t)second);
	return block == NULL || vmem_check(pool) != 1;
}
END
"$CC" -w "-I$top/include" -o "$work/where" "$work/where.c" "$LIBVMEM" \
    -Wl,-rpath-link,"$built" || exit 1
[ -z "$sanitized" ] || { skip "hints" "the sanitizer is there"; finish; }
where() { with release PMEM_MMAP_HINT="$1" "$work/where" "$pool"; }
within() { # NAME ADDRESS
	local near=1
	[[ "$2" =~ ^0x[0-9a-f]+$ ]] && (($2 >= 0x10000000000 &&
	    $2 < 0x10000000000 + (1 << 30) && $2 % (4 << 20) == 0)) && near=0
	ok "$1" $near
	echo "# at $2"
}
for hint in 0x10000000000 10000000000; do
	read -r first second <<< "$(where $hint)"
	within "PMEM_MMAP_HINT=$hint: the first pool is just above" "$first"
	within "PMEM_MMAP_HINT=$hint: the second, too" "$second"
	same "PMEM_MMAP_HINT=$hint: always there" "$(where $hint)" \
	    "$first $second"
done
read -r first _ <<< "$(where 0x10000000001)"
within "PMEM_MMAP_HINT inside a page" "$first"
for hint in "" none 0; do
	check "PMEM_MMAP_HINT='$hint' does no harm" where "$hint"
done
finish
