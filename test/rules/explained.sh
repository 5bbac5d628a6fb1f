#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What rules come to in programs of several makes, as poolkind run --explain says
# it, held against the addresses that the programs themselves print. TAP.
. "$(dirname "$0")/../lib/tool_tap.sh"
export DEBUGINFOD_URLS=http://192.0.2.1/
cd "$work" || exit 1

# Prints the offsets that calls return to: of a plain line, of an inlined one
# twice, in a function that is the library's.
cat >solver.c <<'EOF'
#include <stdint.h>
#include <stdio.h>

extern const char __executable_start[];
extern void in_library(void (*say)(const char *, void *));

__attribute__((noinline)) void
say(const char *what, void *address)
{
	printf("%s 0x%llx\n", what, (unsigned long long)
	    ((uintptr_t)address - BASE));
}

__attribute__((noinline)) void *
here(void)
{
	asm volatile("" ::: "memory");
	return __builtin_return_address(0);
}

static inline __attribute__((always_inline)) void *
inlined(void)
{
	return here(); /* inlined */
}

__attribute__((noinline)) static void
init_tables(void)
{
	say("plain", here()); /* plain */
	say("copy", inlined());
	say("copy", inlined()); /* copy */
}

int
main(void)
{
	init_tables();
	in_library(say);
	return 0;
}
EOF
cat >fft.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

__attribute__((noinline)) void *
fft_here(void)
{
	asm volatile("" ::: "memory");
	return __builtin_return_address(0);
}

void
in_library(void (*say)(const char *, void *))
{
	void *address = fft_here(); /* library */
	Dl_info info;

	(void)say;
	dladdr(address, &info);
	printf("library 0x%llx\n", (unsigned long long)
	    ((char *)address - (char *)info.dli_fbase));
}
EOF
# line FILE MARK: the number of the line that is marked so.
line() { sed -n "\\,/\* $2 \*/,=" "$1"; }

cat >solver.rules <<EOF
kind a = dram
site solver.c:$(line solver.c plain) -> a
site solver.c:$(line solver.c inlined) -> a
site solver.c:$(line solver.c copy) -> a
function init_tables -> a
site fft.c:$(line fft.c library) -> a
function in_library -> a
EOF

# addresses WORD: what the program printed.
addresses() { sed -n "s/^$1 //p" "$work/said"; }

# is_in LINE ADDRESS: whether the rule of that line has the address.
is_in() {
	local range low high
	for range in $(sed -n "/^line $1:/,/^line/s/.*returns to//p" \
	    "$work/explained" | tr -d ,); do
		case $range in 0x*) ;; *) continue ;; esac
		low=${range%-*}
		high=${range#*-}
		[ $(($2)) -ge $((low)) ] && [ $(($2)) -le $((high)) ] &&
			return 0
	done
	return 1
}

# rules_with ADDRESS: the lines of the rules that have it.
rules_with() {
	local line lines=
	for line in 2 3 4 5; do
		! is_in "$line" "$1" || lines="$lines$line "
	done
	echo "$lines"
}

# explain PROGRAM [OPTION...]: what the rules come to in it.
explain() {
	local program=$1
	shift
	"$poolkind" run --rules solver.rules --explain "$@" -- "$program" \
	    >explained 2>warned
}

# The whole, of a program that was just made.
check_program() {
	local made=$1 first second

	LD_LIBRARY_PATH=. ./solver >said
	explain ./solver
	same "$made: a line" "$(rules_with "$(addresses plain)")" "2 5 "
	first=$(addresses copy | head -n 1)
	second=$(addresses copy | tail -n 1)
	same "$made: an inlined line" "$(rules_with "$first")" "3 5 "
	same "$made: its other copy, which is on a line of its own" \
	    "$(rules_with "$second")" "3 4 5 "
	same "$made: a line of a library" \
	    "$(is_in 6 "$(addresses library)" && echo yes)" yes
	same "$made: a function of a library" \
	    "$(is_in 7 "$(addresses library)" && echo yes)" yes
	same "$made: nothing to warn of" "$(<warned)" ""
}

# make OPTION...: the program and its library.
make_program() {
	${CC:-cc} -shared -fPIC -o libfft.so fft.c "$@" &&
		${CC:-cc} -o solver solver.c "$@" -L. -lfft \
		    -Wl,-rpath,'$ORIGIN'
}

if "$poolkind" run --rules solver.rules --explain 2>&1 |
    grep -q "this build cannot read"; then
	"$poolkind" run --rules solver.rules --explain true >refused 2>&1
	same "a build without libdw says so" "$? $(<refused)" \
	    "2 poolkind: solver.rules:2: \"site solver.c:$(line solver.c plain) -> a\" needs debug information, which this build cannot read: install libdw (Debian: libdw-dev) and build again"
	finish
fi

base='-DBASE=(uintptr_t)__executable_start'
for made in "-O0" "-O2" "-O2 -gdwarf-4" "-O2 -gsplit-dwarf" "-O2 -gz" \
    "-O3 -ffunction-sections -Wl,--gc-sections"; do
	# shellcheck disable=SC2086 # options
	if make_program -g $made "$base" 2>errors; then
		check_program "$made"
	else
		skip "$made" "$(head -n 1 errors)"
	fi
done
if make_program -g -O2 -fno-pie -DBASE=0 -no-pie 2>errors; then
	check_program "not position independent"
fi

# Debug information in a file of its own, and none at all.
make_program -g -O2 "$base"
for file in solver libfft.so; do
	objcopy --only-keep-debug $file $file.debug
	strip $file
	objcopy --add-gnu-debuglink=$file.debug $file
done
check_program "debug information in a file of its own"
rm -f ./*.debug
explain ./solver
same "stripped: lines are warned of" "$(grep -c \
    'no source file "solver.c": "solver" has no debug information' warned)" 3
same "stripped: a static function is, too" \
    "$(grep -c \
    'no function "init_tables":.* "solver" has no debug information' warned)" 1
same "stripped: what a library exports is found" \
    "$(is_in 7 "$(addresses library)" && echo yes)" yes
same "stripped: only warnings" "$(grep -vc warning warned)" 0
make_program -O2 "$base"
LD_LIBRARY_PATH=. ./solver >said
explain ./solver
same "without -g: a function is found by its symbol" \
    "$(rules_with "$(addresses plain)")" "5 "

# Programs that are started by others.
make_program -g -O2 "$base"
LD_LIBRARY_PATH=. ./solver >said
"$poolkind" run --rules solver.rules --explain env ./solver >explained 2>&1
same "a program among the arguments" \
    "$(rules_with "$(addresses plain)")" "2 5 "
explain env --look-at solver
same "a program that is named" "$(rules_with "$(addresses plain)")" "2 5 "
explain true
same "of another program nothing" "$(grep -c "found nowhere" explained)" 6
printf '#!%s -x\n' "$PWD/solver" >script
printf '#! /usr/bin/env solver\n' >script-of-env
chmod +x script script-of-env
explain ./script
same "the interpreter of a script" \
    "$(rules_with "$(addresses plain)")" "2 5 "
PATH=$PWD:$PATH explain ./script-of-env
same "and the one that env finds" \
    "$(rules_with "$(addresses plain)")" "2 5 "
case ${CC-} in
*-fsanitize*) ;; # a sanitizer's own library has to come first
*)
	LD_PRELOAD=$PWD/libfft.so explain true
	same "what is preloaded" \
	    "$(is_in 6 "$(addresses library)" && echo yes)" yes
	;;
esac
"$poolkind" run --rules solver.rules --look-at script --explain true \
    >refused 2>&1
same "a file that is no program" "$? $(<refused)" \
    "2 poolkind: --look-at script: Exec format error"

# Where the linker finds libraries.
mkdir other
mv libfft.so other
rm -f libfft.so
explain ./solver
same "a library that is not found is left out" "$(grep -c \
    'found nowhere' explained)" 2
LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$PWD/other explain ./solver
same "LD_LIBRARY_PATH" "$(is_in 6 "$(addresses library)" && echo yes)" yes
${CC:-cc} -o solver solver.c -g -O2 "$base" -Lother -lfft \
    -Wl,--disable-new-dtags,-rpath,'${ORIGIN}/other'
explain ./solver
same "RPATH" "$(is_in 6 "$(addresses library)" && echo yes)" yes
mkdir more
echo 'void in_more(void); void in_more(void) { }' >more.c
${CC:-cc} -shared -fPIC -o more/libmore.so more.c
${CC:-cc} -shared -fPIC -o other/libfft.so fft.c -Lmore -Wl,--no-as-needed \
    -lmore -Wl,--disable-new-dtags,-rpath,'$ORIGIN/../more'
printf 'kind a = dram\nfunction in_more -> a\n' >more.rules
"$poolkind" run --rules more.rules --explain ./solver >explained 2>warned
same "RPATH of a library" "$(grep -c "in libmore.so" explained)$(<warned)" 1

# Folders for certain processors, and what the system calls its own: the file
# that the dynamic linker says it takes. Each has a function of its own name.
linker=$(readelf -l solver | sed -n 's/.*interpreter: \(.*\)]/\1/p')
lib=$(dirname "$(realpath "$linker")" | sed 's,^/usr,,; s,^/,,')
mkdir -p levels/glibc-hwcaps/x86-64-v{2,3,4} "named/$lib"
echo 'kind a = dram' >levels.rules
for file in named/$lib/ levels/ levels/glibc-hwcaps/x86-64-v{2,3,4}/; do
	function=in_$(tr -c '[:alnum:]\n' _ <<<"$file")
	echo "void $function(void) { }" >level.c
	${CC:-cc} -shared -fPIC -Wl,-soname,liblevel.so \
	    -o "${file}liblevel.so" level.c
	echo "function $function -> a" >>levels.rules
done
echo 'int main(void) { return 0; }' >second.c
# same_as_linker NAME FOLDER
same_as_linker() {
	local taken
	${CC:-cc} -o levels/program second.c -Wl,--no-as-needed \
	    levels/liblevel.so -Wl,-rpath,"$2"
	taken=$("$linker" --list levels/program |
	    sed -n "s,.*liblevel.so => $PWD/\(levels/\.\./\)*\(.*/\)liblevel.so .*,\2,p")
	"$poolkind" run --rules levels.rules --explain levels/program \
	    >explained 2>warned
	same "$1" "$(sed -n 's/^    found in_/in_/p' explained)" \
	    "in_$(tr -c '[:alnum:]\n' _ <<<"$taken")"
}
same_as_linker "a folder for this processor" "$PWD/levels"
same_as_linker "the system's name for a folder" '$ORIGIN/../named/$LIB'
case ${CC-} in
*-fsanitize*) ;; # a sanitizer's own library has to come first
*)
	LD_LIBRARY_PATH=$PWD/levels:$LD_LIBRARY_PATH LD_PRELOAD=liblevel.so \
	    "$poolkind" run --rules levels.rules --explain true >explained \
	    2>warned
	same "what is preloaded by its name alone" \
	    "$(grep -c 'in liblevel.so' explained)" 1
	;;
esac

# Programs that need different files of one name.
mkdir second
${CC:-cc} -shared -fPIC -o second/libmore.so more.c -DSECOND
echo 'int main(void) { return 0; }' >second.c
${CC:-cc} -o second/program second.c -Wl,--no-as-needed -Lsecond -lmore \
    -Wl,-rpath,'$ORIGIN'
"$poolkind" run --rules more.rules --explain ./second/program \
    ./solver >explained 2>warned
same "two libraries of one name" "$(grep -c "in libmore.so" explained)$(<warned)" 2

# Nobody writes to this FIFO, and who opens it would wait.
mkfifo fifo
"$poolkind" run --rules more.rules --explain cat ./fifo >explained 2>warned
same "a FIFO among the arguments is left alone" "$?" 0

# In place of the library that asks servers one that says whether it would.
cat >debuginfod.c <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#define FIND(name) int debuginfod_find_##name(void) { return say(); }
static int
say(void)
{
	const char *servers = getenv("DEBUGINFOD_URLS");
	FILE *file = fopen("asked", "a");
	fprintf(file, "%s\n", servers == NULL ? "none" : servers);
	fclose(file);
	return -38;
}
void *debuginfod_begin(void) { return malloc(1); }
void debuginfod_end(void *client) { free(client); }
FIND(executable)
FIND(debuginfo)
FIND(source)
FIND(section)
EOF
${CC:-cc} -shared -fPIC -w -o libdebuginfod.so.1 debuginfod.c
strip solver
LD_LIBRARY_PATH=$PWD:$LD_LIBRARY_PATH explain ./solver
if [ -e asked ]; then
	same "no server is asked" "$(sort -u asked)" none
else
	skip "no server is asked" "this libdw never asks"
fi

# C++ without debug information: by symbols alone.
cat >shape.cpp <<'EOF'
#include <cstdint>
#include <cstdio>
#include <cstdlib>
namespace app {
struct Shape {
	int draw(int n) const;
	template <typename T> T area(T n);
};
int __attribute__((noinline)) Shape::draw(int n) const { return rand() + n; }
template <typename T> T __attribute__((noinline)) Shape::area(T n)
{
	return rand() + n;
}
}
int main()
{
	app::Shape shape;
	return shape.draw(1) == 0 && shape.area<int>(1) == 0 &&
	    shape.area<long>(1) == 0;
}
EOF
cat >shape.rules <<'EOF'
kind a = dram
function Shape::draw -> a
function app::Shape::area -> a
function Shape::area<long> -> a
function Shape::drwa -> a
function main -> a
EOF
if ${CXX:-c++} -O1 -o shape shape.cpp 2>errors; then
	"$poolkind" run --rules shape.rules --explain ./shape >explained 2>warned
	same "methods and templates by symbols alone" \
	    "$(grep -c "in shape, returns" explained) $(<warned)" \
	    "4 poolkind: shape.rules:5: warning: no function \"Shape::drwa\": did you mean \"Shape::draw\"? \"shape\" has no debug information (cc -g)"
	same "of a template all instances" "$(sed -n \
	    '/^line 3/,/^line 4/{/found/p;/and  /p}' explained |
	    sed 's/.*app/app/' | sort | tr '\n' ' ')" \
	    "app::Shape::area<int> app::Shape::area<long> "
fi
cat >inlined.c <<'EOF'
#include <stdlib.h>
static inline __attribute__((always_inline)) void *init_tables(void)
{
	return malloc(1 << 20);
}
__attribute__((noinline)) void *init_tabbed(void) { return malloc(1 << 20); }
int main(void) { return init_tables() == init_tabbed(); }
EOF
printf 'kind a = dram\nfunction init_table -> a\n' >inlined.rules
if ${CC:-cc} -g -O1 -o inlined inlined.c 2>errors; then
	"$poolkind" run --rules inlined.rules --explain ./inlined \
	    >explained 2>warned
	same "the nearest name is that of a function without a symbol" \
	    "$(<warned)" \
	    "poolkind: inlined.rules:2: warning: no function \"init_table\": did you mean \"init_tables\"?"
fi

# Lines that call nothing.
cat >calls.c <<'EOF'
#include <stdlib.h>
static void *volatile kept;
static void *(*volatile get)(size_t) = malloc;
volatile int n = 4;

int main(void)
{
	n += 3; /* before */
	kept = malloc(n); /* direct */
	n++; /* between */
	kept = get(n); /* indirect */
	n--; /* behind */
	return 0;
}
EOF
{
	echo "kind a = dram"
	for mark in before direct between indirect behind; do
		echo "site calls.c:$(line calls.c $mark) -> a"
	done
} >calls.rules
case $(uname -m) in
x86_64 | aarch64)
	for made in -O0 -O2 "-O2 -fno-pie -no-pie" "-O1 -fno-plt"; do
		# shellcheck disable=SC2086 # options
		${CC:-cc} -g $made -o calls calls.c
		"$poolkind" run --rules calls.rules --explain ./calls 2>&1 \
		    >explained | grep "calls nothing" >warned
		same "$made: lines that call nothing" \
		    "$(sed 's/.*warning: //' warned)" \
		    "line 8 of calls.c calls nothing: line 9 does
line 10 of calls.c calls nothing: lines 9 and 11 do
line 12 of calls.c calls nothing: line 11 does"
	done ;;
esac

# Modules that are not there.
printf 'kind a = dram\nsite libfftt.so+0x10 -> a\nsite other.so+0x10 -> a\n' \
    >modules.rules
LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$PWD/other "$poolkind" run \
    --rules modules.rules --explain --look-at other/libfft.so -- true 2>&1 \
    >explained | sed 's/.*warning: //; s/the [0-9]* that/the N that/' >warned
same "a module that is not there, with the nearest" "$(head -n 1 warned)" \
    'no module "libfftt.so" is among the N that were looked at: did you mean "libfft.so"? Else one of that name will do when it is loaded'
same "and one that no other is near to" "$(tail -n 1 warned)" \
    'no module "other.so" is among the N that were looked at: one of that name will do when it is loaded'

# Offsets that no call returns to; the names of the assembler's labels say where
# what is.
cat >offsets.c <<'EOF'
void nothing(void) { asm volatile("" ::: "memory"); }
int
main(void)
{
	asm volatile("call_is:");
	nothing();
	asm volatile("behind:\n\tnop; nop; nop; nop; nop; nop; nop; nop\n"
		     "\tnop; nop; nop; nop; nop; nop; nop; nop\n"
		     "\tnop; nop; nop; nop; nop; nop; nop; nop\nfar_from_any:"
		     "\n\tnop; nop; nop; nop; nop; nop; nop; nop\n"
		     "\tnop; nop; nop; nop; nop; nop; nop; nop");
	return 0;
}
EOF
# offset LABEL
offset() { nm offsets | sed -n "s/^0*\([0-9a-f]*\) t $1\$/0x\1/p"; }
case $(uname -m) in
x86_64 | aarch64)
	${CC:-cc} -O0 -fno-pie -no-pie -o offsets offsets.c
	{
		echo "kind a = dram"
		for label in behind call_is far_from_any; do
			echo "site offsets+$(offset $label) -> a"
		done
		echo "site offsets+0x10 -> a"
		echo "site offsets+0x7fffffffffff -> a"
	} >offsets.rules
	"$poolkind" run --rules offsets.rules --explain ./offsets 2>&1 \
	    >explained | sed 's/.*rules:\([0-9]*\): warning: /\1: /' >warned
	same "a call returns here" "$(grep ^2: warned)" ""
	same "here one is" "$(grep ^3: warned)" \
	    "3: no call in \"offsets\" returns to $(offset call_is): did you mean $(offset behind)?"
	same "here is none" "$(grep ^4: warned)" \
	    "4: no call in \"offsets\" returns to $(offset far_from_any): the offset is that of the instruction behind a call"
	same "here is no code" \
	    "$(sed -n 's/: it is from 0x[0-9a-f]* to 0x[0-9a-f]*$//p' warned)" \
	    "5: \"offsets\" has no code at 0x10
6: \"offsets\" has no code at 0x7fffffffffff"
	;;
esac
finish
