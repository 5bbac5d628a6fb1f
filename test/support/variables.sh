#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Every variable of every library, in one table: what is empty is not set, and
# what is not understood as a whole is told of, in one line that names it.
. "$(dirname "$0")/../interpose/every_preload.sh"

pool_place 32 || { skip "variables" "no room for a pool of 32 MiB"; finish; }
: "${LIBVMEM:=$built/lib/libvmem.so.1}" "${LIBMEMKIND:=$built/lib/libmemkind.so.0}"
[ -e "$LIBMEMKIND" ] || { skip "variables" "no libmemkind was built"; finish; }
unset JE_VMEM_MALLOC_CONF JEMK_MALLOC_CONF PMEM_MMAP_HINT PMDK_LOG_ALIGN \
    "${!VMEM_@}"

cat > "$work/vmem.c" << 'END'
#include <libvmem.h>
int main(int argc, char **argv)
{
	VMEM *pool = vmem_create(argv[1], VMEM_MIN_POOL);
	return argc != 2 || pool == NULL || vmem_malloc(pool, 1) == NULL;
}
END
cat > "$work/memkind.c" << 'END'
#include <memkind.h>
#include <stdio.h>
int main(void)
{
	memkind_t kind;
	int error = memkind_create_pmem("/dev/shm", 16 << 20, &kind);
	printf("%d", memkind_malloc(MEMKIND_DEFAULT, 1) != NULL);
	printf(" %d", memkind_malloc(MEMKIND_REGULAR, 1) != NULL);
	printf(" %d", memkind_check_available(MEMKIND_HBW) !=
	    MEMKIND_ERROR_ENVIRON);
	printf(" %d\n", memkind_check_available(MEMKIND_DAX_KMEM) !=
	    MEMKIND_ERROR_ENVIRON);
	return error != 0 && error != MEMKIND_ERROR_ENVIRON;
}
END
"$CC" -w "-I$top/include" -o "$work/vmem" "$work/vmem.c" "$LIBVMEM" \
    -Wl,-rpath-link,"${LIBVMEM%/*}" &&
    "$CC" -w "-I$top/include" -o "$work/memkind" "$work/memkind.c" \
	"$LIBMEMKIND" -Wl,--allow-shlib-undefined || exit 1

tiers="KIND:DRAM,RATIO:1;KIND:KMEM_DAX,RATIO:3;POLICY:DYNAMIC_THRESHOLD"
dir=VMMALLOC_POOL_DIR=$pool
debug=${LIBVMMALLOC_DEBUG:-$LIBVMMALLOC}
vmem_debug=${LIBVMEM_DEBUG:-$LIBVMEM}

# with LIBRARY NAME=VALUE: what goes before, as the array `before`.
with() {
	case $1 in
	vmmalloc) before=(env LD_PRELOAD="$LIBVMMALLOC" VMMALLOC_KIND=dram
	    "$2" true) ;;
	pool) before=(env LD_PRELOAD="$LIBVMMALLOC" "$dir"
	    VMMALLOC_POOL_SIZE=16M "$2" true) ;;
	debug) before=(env LD_PRELOAD="$debug" VMMALLOC_KIND=dram "$2" true) ;;
	vmem) before=(env LD_LIBRARY_PATH="${LIBVMEM%/*}" "$2" "$work/vmem"
	    "$pool") ;;
	vmem_debug) before=(env LD_LIBRARY_PATH="${vmem_debug%/*}" "$2"
	    "$work/vmem" "$pool") ;;
	memkind) before=(env LD_LIBRARY_PATH="${LIBMEMKIND%/*}" "$2"
	    "$work/memkind") ;;
	autohbw) before=(env LD_PRELOAD="$LIBAUTOHBW" MEMKIND_HBW_NODES=0
	    AUTO_HBW_LOG=-1 "$2" true) ;;
	memtier) before=(env LD_PRELOAD="$LIBMEMTIER" MEMKIND_DAX_KMEM_NODES=0
	    "MEMKIND_MEM_TIERS=$tiers" "$2" true) ;;
	esac
}

# LIBRARY|VARIABLE|VALUE|OUTCOME: quiet, as if it were not set or was
# understood; "line TEXT", a line with TEXT, and the program runs; "end TEXT",
# the same as the last line of the process.
table="
pool|VMMALLOC_POOL_DIR||end or VMMALLOC_KIND=KIND
pool|VMMALLOC_POOL_SIZE||end or VMMALLOC_KIND=KIND
pool|VMMALLOC_POOL_SIZE|16M|quiet
pool|VMMALLOC_POOL_SIZE| 16777216|quiet
pool|VMMALLOC_POOL_SIZE|1.5G|end VMMALLOC_POOL_SIZE=1.5G is not a size
pool|VMMALLOC_POOL_SIZE|1GiB|end VMMALLOC_POOL_SIZE=1GiB is not a size
pool|VMMALLOC_POOL_SIZE|16777216xyz|end =16777216xyz is not a size
pool|VMMALLOC_POOL_SIZE|64 M|end =64 M is not a size
pool|VMMALLOC_POOL_SIZE|0x1000000|end =0x1000000 is not a size
pool|VMMALLOC_POOL_SIZE|abc|end =abc is not a size
pool|VMMALLOC_POOL_SIZE|-1x|end =-1x is not a size
pool|VMMALLOC_POOL_SIZE|-1|end negative VMMALLOC_POOL_SIZE
pool|VMMALLOC_KIND||quiet
vmmalloc|POOLKIND_CONFIG||quiet
vmmalloc|POOLKIND_CONFIG|/no/such|quiet
vmmalloc|VMMALLOC_KIND|dram,limit=1.5G|end VMMALLOC_KIND: limit=1.5G is
vmmalloc|VMMALLOC_KIND|dram,size=1GiB|end VMMALLOC_KIND: size=1GiB is
pool|VMMALLOC_FORK||quiet
pool|VMMALLOC_FORK|2|quiet
pool|VMMALLOC_FORK|abc|end incorrect VMMALLOC_FORK value (abc)
pool|VMMALLOC_FORK|1x|end incorrect VMMALLOC_FORK value (1x)
pool|VMMALLOC_FORK|4|end incorrect VMMALLOC_FORK value (4)
pool|VMMALLOC_FORK|-1|end incorrect VMMALLOC_FORK value (-1)
pool|VMMALLOC_FALLBACK||quiet
pool|VMMALLOC_FALLBACK|dram|quiet
pool|VMMALLOC_FALLBACK|dram1|end VMMALLOC_FALLBACK=dram1 is not a kind to
pool|VMMALLOC_RESERVE||quiet
pool|VMMALLOC_RESERVE|0|quiet
pool|VMMALLOC_RESERVE|yes|end VMMALLOC_RESERVE=yes is neither 0 nor 1
pool|VMMALLOC_RESERVE|1x|end VMMALLOC_RESERVE=1x is neither 0 nor 1
vmmalloc|VMMALLOC_LOG_STATS||quiet
vmmalloc|VMMALLOC_LOG_STATS|0|quiet
vmmalloc|VMMALLOC_LOG_STATS|11|end VMMALLOC_LOG_STATS=11 is not a level
vmmalloc|VMMALLOC_LOG_STATS|yes|end VMMALLOC_LOG_STATS=yes is not a level of
vmmalloc|VMMALLOC_LOG_FILE||quiet
vmmalloc|VMMALLOC_LOG_LEVEL||quiet
vmmalloc|VMMALLOC_LOG_LEVEL|1x|end VMMALLOC_LOG_LEVEL=1x is not a level
debug|VMMALLOC_LOG_LEVEL||quiet
debug|VMMALLOC_LOG_LEVEL|1x|end VMMALLOC_LOG_LEVEL=1x is not a level
vmem|JE_VMEM_MALLOC_CONF||quiet
vmem|JE_VMEM_MALLOC_CONF|narenas:4x|line Invalid conf value: narenas:4x
vmem|PMEM_MMAP_HINT||quiet
vmem|PMEM_MMAP_HINT|10000000000|quiet
vmem|PMEM_MMAP_HINT|12g|line PMEM_MMAP_HINT=12g is not an address
vmem_debug|VMEM_LOG_FILE||quiet
vmem_debug|VMEM_LOG_LEVEL||quiet
vmem_debug|VMEM_LOG_LEVEL|1x|line VMEM_LOG_LEVEL=1x is not a whole number
vmem_debug|PMDK_LOG_ALIGN||quiet
vmem_debug|PMDK_LOG_ALIGN|70x|line PMDK_LOG_ALIGN=70x is not a whole number
memkind|MEMKIND_HBW_NODES||quiet
memkind|MEMKIND_HBW_NODES|0|quiet
memkind|MEMKIND_HBW_NODES|0,page=2M|line MEMKIND_HBW_NODES=0,page=2M is not
memkind|MEMKIND_HBW_NODES|0x|line MEMKIND_HBW_NODES=0x is not a list of nodes
memkind|MEMKIND_DAX_KMEM_NODES||quiet
memkind|MEMKIND_DAX_KMEM_NODES|0,name=x|line MEMKIND_DAX_KMEM_NODES=0,name=x is
memkind|MEMKIND_HBW_THRESHOLD||quiet
memkind|MEMKIND_HBW_THRESHOLD|100x|line MEMKIND_HBW_THRESHOLD=100x is not
memkind|MEMKIND_ARENA_NUM_PER_KIND||quiet
memkind|MEMKIND_ARENA_NUM_PER_KIND|2|quiet
memkind|MEMKIND_ARENA_NUM_PER_KIND|2x|line MEMKIND_ARENA_NUM_PER_KIND=2x is not
memkind|MEMKIND_FALLBACK||quiet
memkind|MEMKIND_FALLBACK|dram|quiet
memkind|MEMKIND_FALLBACK|dram1|line MEMKIND_FALLBACK=dram1 is not a kind to
memkind|MEMKIND_HOG_MEMORY||quiet
memkind|MEMKIND_HOG_MEMORY|1|quiet
memkind|MEMKIND_HOG_MEMORY|1x|line MEMKIND_HOG_MEMORY=1x is neither 0 nor 1
memkind|MEMKIND_DEBUG||quiet
memkind|MEMKIND_DEBUG|1x|line debug option \"1x\" is unknown
memkind|MEMKIND_BACKGROUND_THREAD_LIMIT||quiet
memkind|MEMKIND_BACKGROUND_THREAD_LIMIT|4|quiet
memkind|MEMKIND_BACKGROUND_THREAD_LIMIT|4x|end MEMKIND_BACKGROUND_THREAD_LIMIT=4x
memkind|MEMKIND_HEAP_MANAGER||quiet
memkind|MEMKIND_HEAP_MANAGER|JEMALLOCx|line MEMKIND_HEAP_MANAGER=JEMALLOCx
memkind|MEMKIND_PMEM_FORK||quiet
memkind|MEMKIND_PMEM_FORK|copyx|line MEMKIND_PMEM_FORK=copyx
memkind|JEMK_MALLOC_CONF||quiet
memkind|JEMK_MALLOC_CONF|narenas:4x|line Invalid conf value: narenas:4x
autohbw|AUTO_HBW_SIZE||quiet
autohbw|AUTO_HBW_SIZE|1.5G|line AUTO_HBW_SIZE=1.5G is not understood
autohbw|AUTO_HBW_SIZE|1GiB|line AUTO_HBW_SIZE=1GiB is not understood
autohbw|AUTO_HBW_SIZE|1M:2MB|line AUTO_HBW_SIZE=1M:2MB is not understood
autohbw|AUTO_HBW_MEM_TYPE||quiet
autohbw|AUTO_HBW_MEM_TYPE|memkind_hbwx|line AUTO_HBW_MEM_TYPE=memkind_hbwx is
autohbw|AUTO_HBW_LOG||line blocks of 1048576 bytes and more
autohbw|AUTO_HBW_LOG|1x|line AUTO_HBW_LOG=1x is not a level
autohbw|MEMKIND_ARENA_NUM_PER_KIND|abc|line MEMKIND_ARENA_NUM_PER_KIND=abc is
memtier|MEMKIND_MEM_TIERS||end MEMKIND_MEM_TIERS is not set
memtier|MEMKIND_MEM_TIERS|KIND:DRAM,RATIO:1x;POLICY:STATIC_RATIO|end RATIO:1x
memtier|MEMKIND_MEM_THRESHOLDS||quiet
memtier|MEMKIND_MEM_THRESHOLDS|INIT_VAL:1KB|end INIT_VAL:1KB
memtier|MEMKIND_MEM_TIERING_LOG_LEVEL||quiet
memtier|MEMKIND_MEM_TIERING_LOG_LEVEL|1x|end LOG_LEVEL=1x is not a level
"
while IFS='|' read -r which name value outcome; do
	[ -n "$which" ] || continue
	with "$which" "$name=$value"
	run "${before[@]}"
	last=${errors##*$'\n'}
	wanted=${outcome#* }
	title="$which: $name='$value'"
	case $outcome in
	quiet) same "$title" "$status|$errors" "0|" ;;
	line*) [ "$status" -eq 0 ] && [[ $errors == *"$wanted"* ]]
		ok "$title" $?
		[[ $errors == *"$wanted"* ]] || echo "# $status: $errors" ;;
	end*) [ "$status" -eq 134 ] && [[ $last == *"$wanted"* ]]
		ok "$title" $?
		[[ $last == *"$wanted"* ]] || echo "# $status: $errors" ;;
	esac
done <<< "$table"

# With MEMKIND_DEFAULT alone a program runs, and says once what is wrong.
run env LD_LIBRARY_PATH="${LIBMEMKIND%/*}" MEMKIND_ARENA_NUM_PER_KIND=x \
    "$work/memkind"
same "a wrong number of arenas: MEMKIND_DEFAULT is there" \
    "$status|$output|$(grep -c ARENA_NUM "$work/errors")" "0|1 0 0 0|1"
run env LD_LIBRARY_PATH="${LIBMEMKIND%/*}" MEMKIND_HBW_NODES=0,page=2M \
    "$work/memkind"
same "a list of nodes with an option: no such kind" "$output" "1 1 0 1"
run env LD_PRELOAD="$LIBAUTOHBW" MEMKIND_ARENA_NUM_PER_KIND=abc \
    AUTO_HBW_LOG=-1 AUTO_HBW_SIZE=0 MEMKIND_HBW_NODES=0 seq 3
same "a wrong number of arenas: programs run under libautohbw" \
    "$status|$output" "0|1
2
3"

# None is read past base/environment, or stands outside this table. The command
# reads what it changes for others, as LD_PRELOAD.
same "who reads the environment" "$(cd "$top/src" && grep -rlE \
    '[^_a-z](secure_)?getenv\(|environ\[' . | grep -v '^\./\(tool\|rules\)/' |
    sort | tr '\n' ' ')" \
    "./base/environment.c ./preload/start.c ./topology/load_hwloc.c "
missing=
for name in $(cd "$top/src" && grep -rhoE \
    '"(VMMALLOC|VMEM|PMEM|PMDK|MEMKIND|JEMK|JE_VMEM|AUTO_HBW)_[A-Z_]+"' \
    vmmalloc vmem memkind autohbw memtier interpose | tr -d '"' | sort -u |
    grep -vx 'MEMKIND_DEFAULT\|PMEM_SIZE_LIMIT'); do
	[[ $table == *"|$name|"* ]] || missing+=" $name"
done
same "no variable is missing here" "$missing" ""
finish
