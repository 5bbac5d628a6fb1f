#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A plain C program with libmemkind: position independent and not, whose kinds
# are then copies in the program; from archives; loaded late. The headers under
# each standard. Statistics as JSON that a parser takes.
. "$(dirname "$0")/../memkind_tap.sh"
export MEMKIND_HBW_NODES=0 MEMKIND_DAX_KMEM_NODES=0

# plain NAME COMMAND...: runs it, and nothing is said on standard error.
plain() {
	local name=$1
	shift
	results_of "$name" 0 "$@" /tmp
	"$@" /tmp > /dev/null 2> "$work/err"
	same "$name: nothing on standard error" "$(cat "$work/err")" ""
}

# ---- Shared ------------------------------------------------------------------
for how in "-fPIE -pie" "-fno-pie -no-pie" "-fPIC -pie"; do
	# shellcheck disable=SC2086
	build memkind_plain $how -ldl || exit 1
	[ "${how#*-no-pie}" = "$how" ] ||
		check "kinds are copied into a program that is not independent" \
		    sh -c "readelf -rW '$work/memkind_plain' |
		        grep -q 'COPY.*MEMKIND_HBW'"
	plain "$how" with "$work/memkind_plain"
done

# ---- From archives -----------------------------------------------------------
archives=("$LIBMEMKIND_A" "$LIBPOOLKIND_A" "$LIBTOPOLOGY_A")
if [ ! -e "$LIBMEMKIND_A" ]; then
	skip "archives" "not built (LIBMEMKIND_A)"
elif compile memkind_plain "-I$top/include" "${archives[@]}" -lhwloc -lnuma \
    -ldaxctl -ldl 2> "$work/err"; then
	plain "archives" "$work/memkind_plain"
else
	ok "archives link" 1
	sed 's/^/# /' "$work/err"
fi

# ---- Loaded while the program runs, and let go -------------------------------
cat > "$work/late.c" << 'CODE'
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int
main(int argc, char **argv)
{
	(void)argc;
	for (int round = 0; round < 3; round++) {
		void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
		void **kind, *block;
		void *(*allocate)(void *, size_t);
		void (*release)(void *, void *);
		void *(*detect)(void *);

		if (library == NULL)
			return printf("%s\n", dlerror()), 1;
		kind = dlsym(library, "MEMKIND_HBW");
		*(void **)&allocate = dlsym(library, "memkind_malloc");
		*(void **)&release = dlsym(library, "memkind_free");
		*(void **)&detect = dlsym(library, "memkind_detect_kind");
		block = allocate(*kind, 100000);
		if (block == NULL || detect(block) != *kind)
			return 2;
		memset(block, 1, 100000);
		release(*kind, block);
		if (dlclose(library) != 0)
			return 3;
	}
	return 0;
}
CODE
"$CC" -w -pthread -o "$work/late" "$work/late.c" -ldl
check "loaded late, three times" with "$work/late" "$LIBMEMKIND"

# ---- Headers -----------------------------------------------------------------
warn=(-Wall -Wextra -Wpedantic -Werror -Wundef -Wcast-qual -Wconversion)
for header in memkind hbwmalloc; do
	echo "#include <$header.h>
	int main(void) { return 0; }" > "$work/header.c"
	for standard in c99 c11 gnu11 c17; do
		check "$header.h as $standard" "$CC" -std=$standard \
		    "${warn[@]}" -Wstrict-prototypes -I"$top/include" \
		    -o "$work/header" "$work/header.c"
	done
	for standard in c++98 c++11 c++17 c++20; do
		check "$header.h as $standard" "$CXX" -std=$standard \
		    "${warn[@]}" -Wno-long-long -Wno-variadic-macros \
		    -I"$top/include" \
		    -o "$work/header" -x c++ "$work/header.c"
	done
done

check "memkind.h with a macro of the program's" "$CC" -std=c11 "${warn[@]}" \
    -DMEMKIND_MALLOC_USABLE_SIZE_CONST=const -I"$top/include" \
    -include memkind.h -o "$work/header" "$work/header.c"

# ---- With more rights than its user ------------------------------------------
# No variable is looked at then.
cat > "$work/secure.c" << 'CODE'
#include <memkind.h>
#include <stdio.h>
#include <sys/auxv.h>

int
main(void)
{
	int code = memkind_check_available(MEMKIND_HBW);

	if (getauxval(AT_SECURE) == 0)
		return 77;
	printf("%d", code == 0 || code == MEMKIND_ERROR_MEMTYPE_NOT_AVAILABLE);
	return memkind_malloc(MEMKIND_REGULAR, 100) == NULL;
}
CODE
if [ "$(id -u)" != 0 ] || ! command -v setpriv > /dev/null ||
    [ ! -e "$LIBMEMKIND_A" ] || [ -n "$sanitized" ]; then
	skip "a program with more rights" "needs root, setpriv and archives"
else
	"$CC" -w "-I$top/include" -o "$work/secure" "$work/secure.c" \
	    "${archives[@]}" -lhwloc -lnuma -ldaxctl -ldl -pthread || exit 1
	chmod 755 "$work"
	chmod 4755 "$work/secure"
	said=$(env MEMKIND_HBW_NODES=abc MEMKIND_DAX_KMEM_NODES=abc \
	    MEMKIND_DEBUG=1 MEMKIND_ARENA_NUM_PER_KIND=0 \
	    MEMKIND_BACKGROUND_THREAD_LIMIT=abc JEMK_MALLOC_CONF=abc \
	    MEMKIND_HEAP_MANAGER=TBB MEMKIND_HBW_THRESHOLD=abc \
	    setpriv --reuid 65534 --clear-groups "$work/secure" 2>&1)
	case $? in
	77) skip "a program with more rights" "$work is mounted nosuid" ;;
	*) same "a program with more rights looks at no variable" "$said" 1 ;;
	esac
fi

# ---- JSON --------------------------------------------------------------------
cat > "$work/json.c" << 'CODE'
#include <memkind.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	memkind_t kind;

	if (argc != 3 || memkind_create_pmem(argv[1], 16 << 20, &kind) != 0 ||
	    memkind_malloc(kind, 5000000) == NULL ||
	    memkind_malloc(MEMKIND_REGULAR, 100) == NULL ||
	    memkind_malloc(MEMKIND_DEFAULT, 100000) == NULL)
		return 9;
	return memkind_stats_print(NULL, NULL,
	    (memkind_stat_print_opt)atoi(argv[2]));
}
CODE
"$CC" -w "-I$top/include" -o "$work/json" "$work/json.c" "$LIBMEMKIND" \
    -Wl,-rpath-link,"$built" || exit 1
json() { # DIRECTORY OPTIONS EXPRESSION: of the parsed statistics, in python
	with "$work/json" "$1" "$2" 2>&1 |
	    python3 -c "import json, sys
stats = json.load(sys.stdin)['jemalloc']
print($3)"
}
if ! command -v python3 > /dev/null; then
	skip "JSON" "python3 is not installed"
	finish
fi
same "JSON: bytes in blocks" \
    "$(json /tmp 1 "stats['stats']['allocated'] > 5000000")" True
same "JSON: all together" \
    "$(json /tmp 1 "stats['stats.arenas']['merged']['allocated'] ==
        stats['stats']['allocated']")" True
same "JSON: kinds" "$(json /tmp 1 \
    "sorted(one['name'] for key, one in stats['stats.arenas'].items()
        if key != 'merged' and one['name'].startswith('memkind'))")" \
    "['memkind_default', 'memkind_regular']"
odd=$work/'a"b\c,d'
mkdir "$odd"
for options in $(seq 1 2 511); do
	with "$work/json" "$odd" "$options" 2> "$work/$options.json" ||
		echo "exit status $?" > "$work/$options.json"
done
check "JSON: parsed with each combination of options" \
    python3 -c "import json, sys
for name in sys.argv[1:]:
	assert json.load(open(name))['jemalloc']['stats']['active'] > 5000000" \
    "$work"/*.json
finish
