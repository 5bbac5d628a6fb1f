#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# poolkind run: what it refuses, and how a program that it starts ends. TAP.
library=$TOP_BUILDDIR/lib/libpoolkind-malloc.so.0
unset OMPI_COMM_WORLD_LOCAL_SIZE MPI_LOCALNRANKS MV2_COMM_WORLD_LOCAL_SIZE \
    PMI_LOCAL_SIZE PALS_LOCAL_SIZE SLURM_STEP_TASKS_PER_NODE \
    SLURM_TASKS_PER_NODE SLURM_NTASKS_PER_NODE
. "$(dirname "$0")/../lib/tool_tap.sh"

# run WORD...: output, errors and status of poolkind run.
run() {
	"$poolkind" run "$@" >"$work/output" 2>"$work/errors" </dev/null
	status=$?
	output=$(<"$work/output")
	errors=$(<"$work/errors")
}

# refused NAME STATUS LINE WORD...: this one line, and nothing was started.
refused() {
	local name=$1 wanted=$2 line=$3
	shift 3
	run "$@"
	same "$name" "$output|$status|$errors" "|$wanted|poolkind: $line"
}

# misused NAME LINE WORD...: the same, with how the command is used behind it.
misused() {
	local name=$1 line=$2
	shift 2
	run "$@"
	same "$name" "$output|$status|$errors" "|2|poolkind: $line
$usage"
}

usage=$("$poolkind" run --help | head -n 1)
known="known: $("$poolkind" run --nonsense 2>&1 | sed -n 's/.*known: //p')"

# ---- What it needs ----

# A place where nothing can be learned of the machine: it has the library for
# that, but as a file that cannot be loaded.
mkdir -p "$work/place/bin" "$work/place/lib"
cp "$poolkind" "$work/place/bin"
for name in libpoolkind.so.0 libpoolkind-malloc.so.0; do
	[ ! -e "$TOP_BUILDDIR/lib/$name" ] ||
		cp -L "$TOP_BUILDDIR/lib/$name" "$work/place/lib"
done
echo "a trap" >"$work/place/lib/libpoolkind-topology.so.0"

# there WORD...: the command of that place, and what it says.
there() {
	output=$(LD_LIBRARY_PATH=$work/place/lib "$work/place/bin/poolkind" \
	    "$@" 2>&1 </dev/null)
	status=$?
}

there nodes
check "what asks the machine says what it lacks" grep -q \
    "^poolkind: the machine cannot be read: .*/libpoolkind-topology.so.0: " \
    <<<"$output"
same "and ends with 1" "$status" 1
if [ -e "$library" ]; then
	there run --kind dram echo started
	same "kinds that do not ask it need no look at the machine" \
	    "$output $status" "started 0"
	there run --kind dram,limit=64M --kind nodes:0 echo started
	same "also with limits, and on nodes" "$output $status" "started 0"
fi

# ---- What is refused ----

touch_it=(touch "$work/started")
misused "no kind" "run on which memory? Write --kind TEXT or --rules FILE" "${touch_it[@]}"
misused "a kind behind the program" \
    "run on which memory? What stands behind \"true\" is the program's: write --kind=dram before it" \
    true --verbose --kind=dram
misused "no program" "run which program?" --kind dram
misused "no program behind --" "run which program?" --kind dram --
misused "an option with a typing error" \
    "unknown option \"--knid\": did you mean \"--kind\"? ($known" \
    --knid dram "${touch_it[@]}"
misused "an option that is none" "unknown option \"-x\" ($known" \
    -x "${touch_it[@]}"
misused "an option without its value" "--kind of what?" --kind
misused "a flag with a value" "--strict takes no value" \
    --kind dram --strict=yes "${touch_it[@]}"
misused "a size that is none" "--sites-from 1GiB is not a size: write 1G" \
    --kind dram --sites-from 1GiB "${touch_it[@]}"
misused "a size out of the blue" \
    "--sites-from much is not a size like 4K or 1M" \
    --kind dram --sites-from=much "${touch_it[@]}"
refused "a kind that is none" 2 \
    "--kind dram,size=1GiB: size=1GiB is not a size: write 1G" \
    --kind dram,size=1GiB "${touch_it[@]}"
refused "a second kind that is none" 2 \
    "--kind dram > dram,page=3M: page=3M is not the size of huge pages: write a power of two from 64K to 1T, such as 2M, or 4K for ordinary pages" \
    --kind dram --kind "dram > dram,page=3M" "${touch_it[@]}"
refused "a kind that this machine does not have" 2 \
    "--kind nodes:1000: $("$poolkind" check nodes:1000 2>&1 |
	sed 's/poolkind: //')" \
    --kind dram --kind nodes:1000 "${touch_it[@]}"
refused "a share where nobody started ranks" 2 \
    "--kind dram,limit=share: $("$poolkind" check \
	dram,limit=share 2>&1 |
	sed 's/poolkind: //'): start it as mpirun -np N poolkind run ... PROGRAM" \
    --kind dram,limit=share --kind dram "${touch_it[@]}"
if "$poolkind" rank tier:4095 2>/dev/null; then
	echo "# this machine has a memory tier 4095"
else
	refused "an attribute that no node has" 2 \
	    "--kind tier:4095,limit=8G: $("$poolkind" check tier:4095 2>&1 |
		sed 's/poolkind: //'): write tier:4095|dram for ordinary memory where there is none" \
	    --kind tier:4095,limit=8G "${touch_it[@]}"
fi
refused "a fallback= in place of the next kind" 2 \
    "--kind dram,fallback=x: fallback=x: the kinds to try next follow, in their order; or write a chain, \"A > B\"" \
    --kind dram,fallback=x "${touch_it[@]}"
refused "a program that is not there" 127 \
    "cannot run \"$work/none\": No such file or directory" \
    --kind dram "$work/none"
refused "nor anywhere in PATH" 127 \
    "cannot run \"no-such-program\": No such file or directory" \
    --kind dram no-such-program
refused "a folder" 126 "cannot run \"$work\": Is a directory" \
    --kind dram "$work"
: >"$work/data"
refused "a folder that is in PATH" 126 "cannot run \".\": Is a directory" \
    --kind dram .
refused "a file that may not be executed" 126 \
    "cannot run \"$work/data\": Permission denied" --kind dram "$work/data"
refused "a program without a name" 127 \
    "cannot run \"\": No such file or directory" --kind dram -- ""
printf 'int main(void) { return 0; }\n' >"$work/static.c"
if ${CC:-cc} -static -o "$work/static" "$work/static.c" 2>/dev/null; then
	refused "a static program" 2 \
	    "\"$work/static\" is linked statically: nothing can be preloaded into it; link it without -static" \
	    --kind dram "$work/static"
	printf '#!%s\n' "$work/static" >"$work/script"
	chmod +x "$work/script"
	refused "a script whose interpreter is one" 2 \
	    "\"$work/static\" is linked statically: nothing can be preloaded into it; link it without -static" \
	    --kind dram "$work/script"
fi
# An ELF file of 32 bits has 1 where one of 64 has 2.
{ head -c 4 /bin/sh; printf '\1'; tail -c +6 /bin/sh; } >"$work/of32"
chmod +x "$work/of32"
refused "a program of 32 bits" 2 \
    "\"$work/of32\" is for another processor, or of 32 bits: there is no libpoolkind-malloc for it" \
    --kind dram "$work/of32"
if [ "$(id -u)" = 0 ] && chmod 755 "$work" &&
    install -o nobody -m 4755 /bin/true "$work/setuid" 2>/dev/null; then
	refused "a program with more rights" 2 \
	    "\"$work/setuid\" has more rights than who starts it: into such a program nothing is preloaded" \
	    --kind dram "$work/setuid"
fi
# ---- Rules that are refused ----

# wrong NAME SENTENCE TEXT: a file of rules with that text.
wrong() {
	printf '%b' "$3" >"$work/rules"
	refused "$1" 2 "$2" --rules "$work/rules" "${touch_it[@]}"
}

misused "two files of rules" \
    "--rules b behind --rules a: all rules are in one file" \
    --rules a --rules b "${touch_it[@]}"
refused "rules that are not there" 2 \
    "cannot read \"$work/none\": No such file or directory" \
    --rules "$work/none" "${touch_it[@]}"
refused "rules in a folder" 2 \
    "\"$work\" is a directory: rules are in a file" \
    --rules "$work" "${touch_it[@]}"
mkfifo "$work/fifo"
refused "rules in a FIFO" 2 \
    "\"$work/fifo\" is no regular file: rules are in one" \
    --rules "$work/fifo" "${touch_it[@]}"
: >"$work/unreadable"
chmod 0 "$work/unreadable"
if [ ! -r "$work/unreadable" ]; then
	refused "rules that may not be read" 2 \
	    "cannot read \"$work/unreadable\": Permission denied" \
	    --rules "$work/unreadable" "${touch_it[@]}"
fi
truncate -s 1T "$work/terabyte" 2>/dev/null &&
	refused "a terabyte" 2 \
	    "\"$work/terabyte\" is too large: rules have at most 64 MiB" \
	    --rules "$work/terabyte" "${touch_it[@]}"
rm -f "$work/terabyte"
head -c 60M /dev/zero | tr '\0' x >"$work/line"
refused "a line without an end" 2 \
    "$work/line:1: a line may have 16384 characters: this one has more" \
    --rules "$work/line" "${touch_it[@]}"
rm -f "$work/line"
refused "a program for rules" 2 \
    "/bin/true:1: byte 0x7f in column 1: rules are lines of text" \
    --rules /bin/true "${touch_it[@]}"
wrong "a missing kind" \
    "$work/rules:2: no kind \"b\": a line \"kind b = TEXT\" is missing" \
    'kind a = dram\nelse -> b\n'
wrong "a kind twice" \
    "$work/rules:2: kind a is there twice: line 1 has it, too" \
    'kind a = dram\nkind a = dram\n'
wrong "kinds in a circle" \
    "$work/rules:1: fallback=b: the kinds to try next follow, in their order; or write a chain, \"A > B\"" \
    'kind a = dram,name=a,fallback=b\nkind b = dram,name=b,fallback=a\n'
wrong "a kind that this machine does not have" \
    "$work/rules:1: kind far: $("$poolkind" check nodes:1000 2>&1 |
	sed 's/poolkind: //')" 'kind far = nodes:1000\nelse -> far\n'
printf 'kind a = dram\nelse -> a\n' >"$work/rules"
refused "else with --kind" 2 \
    "$work/rules:2: \"else\" with --kind: both say where all else comes from" \
    --rules "$work/rules" --kind dram "${touch_it[@]}"
{
	echo "kind a = dram"
	yes 'size 1M.. -> a' | head -n 17000
} >"$work/rules"
refused "too many rules" 2 \
    "$work/rules:16386: one rule too many: there may be 16384" \
    --rules "$work/rules" "${touch_it[@]}"
same "nothing was started" "$(ls "$work/started" 2>/dev/null)" ""

# ---- What it says ----

run --kind dram,limit=1M --kind dram --explain
same "--explain without a program" "$status$errors $(grep -c ^text \
    "$work/output") $(grep "limit  " "$work/output" | tr -s ' ' | tr '\n' '|')" \
    "0 2  limit 1M| limit none|"
run --kind file:/dev/shm --explain
same "--explain of a kind in a file says what a child has" "$status$errors $(
    grep "^text\|  fork" "$work/output" | tr -s ' ' | tr '\n' '|')" \
    "0 text file:/dev/shm,fork=private| fork private|"
printf 'kind far = nodes:1000\n' >"$work/names"
POOLKIND_CONFIG=$work/names run --kind @far --explain
same "a name for a kind that this machine does not have" "$status$errors" \
    "2poolkind: --kind @far: $work/names:1: $("$poolkind" check nodes:1000 2>&1 |
	sed 's/poolkind: //')"
run --kind dram --explain "${touch_it[@]}"
same "--explain with a program starts nothing" \
    "$status$errors $(ls "$work/started" 2>/dev/null)" "0 "
printf 'kind far = nodes:1000\nkind a = dram\nsize 1M.. -> a\n' >"$work/rules"
run --rules "$work/rules" --kind dram,limit=1M --explain
same "--explain of rules" "$status $errors $(grep '^kind\|^--kind\|^line\|^else' \
    "$work/output" | tr '\n' '|')" "0 poolkind: $work/rules:1: warning: no rule uses the kind \"far\" --kind dram,limit=1M|kind a, line 2|line 3: size 1M.. -> a|else -> dram,limit=1M|"
printf "# nothing\n" >"$work/rules"
run --rules "$work/rules" --explain
same "rules without a rule are warned of" "$status $errors" \
    "0 poolkind: $work/rules: warning: there is no rule in it"
{
	echo "kind a = dram"
	seq 10000 | sed 's/.*/size &..& thread t-& -> a/'
} >"$work/rules"
run --rules "$work/rules" --explain
same "10000 rules" "$status$errors $(grep -c ^line "$work/output")" "0 10000"
run --kind nodes:1000 --explain
same "--explain of what is not there" "$status" 2
for help in --help -h; do
	run "$help"
	same "$help" "$status$errors ${output%%$'\n'*}" "0 $usage"
done

{
	echo "kind a = dram"
	seq 30 | sed 's/.*/site libnone.so+0x&0 -> a/'
} >"$work/rules"
run --rules "$work/rules" true
same "of many warnings 20 are said" "$status $(grep -c warning: \
    "$work/errors") $(tail -n 1 "$work/errors")" \
    "0 20 poolkind: $work/rules: 10 more warnings: --explain has them"
run --rules "$work/rules" --explain true
same "--explain says them all" "$status $(grep -c warning "$work/errors")" \
    "0 30"

# ---- What is started ----

if [ ! -e "$library" ]; then
	finish
fi
run --kind dram sh -c 'exit 7'
same "the exit status is the program's" "$status$errors" 7
run --kind dram -- sh -c 'kill -TERM $$'
same "its signals, too" $((status == 143 || status == 128 + 15)) 1
run --kind dram echo --help --json -- --kind x
same "its words are its own" "$status$errors $output" \
    "0 --help --json -- --kind x"
run --kind=dram,limit=64M --strict -- echo behind
same "options behind = and --" "$status$errors $output" "0 behind"
LD_PRELOAD=libm.so.6 run --kind dram sh -c 'echo "$LD_PRELOAD"'
same "what was preloaded stays" "$status$errors $output" \
    "0 $(realpath -s "$(dirname "$(realpath "$library")")/${library##*/}"):libm.so.6"
run --kind dram sh -c 'echo $$ $POOLKIND_RULES'
same "the rules name the process" \
    "$(echo "$output" | sed 's/\(.*\) \([0-9]*\),\1$/named/')" named
cat >"$work/script.sh" <<'EOF'
#!/bin/sh
echo "from a script: $1"
EOF
chmod +x "$work/script.sh"
run --kind dram "$work/script.sh" word
same "a script" "$status$errors $output" "0 from a script: word"
(
	ulimit -n 20
	run --kind dram sh -c 'echo "$POOLKIND_RULES"'
	same "few descriptors" "$status$errors ${output%%,*}" "0 18"
	exit $failed
) || failed=1
number=$((number + 1))
run --kind dram,limit=4M --strict perl -e 'my $x = "x" x (64 << 20); print 1'
same "--strict: malloc gives NULL" "$status $output" "12 "
run --kind dram,limit=4M perl -e 'my $x = "x" x (64 << 20); print 1'
same "without it there is ordinary memory" "$status$errors $output" "0 1"
run --kind dram,limit=4M --kind dram,name=second --strict perl \
    -e 'my $x = "x" x (64 << 20); print 1'
same "the next kind is asked when one is full" "$status$errors $output" "0 1"

# ---- Rules that are followed ----

# Blocks of several sizes, by a line, by a function and by a thread, in this
# order: and how many bytes of each kind's limit are then used is in the table.
cat >"$work/solver.c" <<'EOF'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

static void *volatile kept[5];

__attribute__((noinline)) static void *
allocate(size_t size)
{
	void *block = malloc(size); /* anywhere */
	memset(block, 1, size);
	return block;
}

__attribute__((noinline)) static void
init_tables(void)
{
	kept[0] = allocate(3 * MIB);
	kept[1] = allocate(3 * MIB);
}

static void *
in_thread(void *nothing)
{
	pthread_setname_np(pthread_self(), "io-7");
	kept[2] = allocate(5 * MIB);
	return nothing;
}

int
main(void)
{
	pthread_t thread;

	kept[3] = malloc(7 * MIB); /* site */
	memset(kept[3], 1, 7 * MIB);
	init_tables();
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	kept[4] = allocate(40 * MIB);
	return 0;
}
EOF
${CC:-cc} -g -O1 -pthread -o "$work/solver" "$work/solver.c"
cat >"$work/rules" <<EOF
kind line = dram,limit=64M
kind function = dram,limit=63M
kind thread = dram,limit=62M
kind large = dram,limit=20M
kind spill = dram,limit=61M
site solver.c:$(sed -n '/\* site/=' "$work/solver.c") -> line
function init_tables size 1M.. -> function
thread io-* size 1M.. -> thread
size 32M.. -> large, spill
EOF

if "$poolkind" run --rules "$work/rules" --explain 2>&1 |
    grep -q "this build cannot read"; then
	finish
fi

# megabytes KIND: what that kind had in use, of the table.
megabytes() {
	sed -n "s/^ *$1  *[0-9]*  *\([0-9]*\)\.[0-9]*M .*/\1/p" "$work/errors"
}
run --rules "$work/rules" --stats "$work/solver"
same "a rule for a line" "$status $(megabytes line)" "0 7"
same "a rule for a function" "$(megabytes function)" 6
same "a rule for a thread" "$(megabytes thread)" 5
same "a rule for a size, whose first kind is full" \
    "$(megabytes large)$(megabytes spill)" 40
# Of a program without symbols a call is known by its offset: the first of the
# two in init_tables(), and not the other.
calls=$(objdump -d "$work/solver" | sed -n '/<init_tables>:/,/^$/p' |
    sed -n '/<allocate>/{n;s/^ *\([0-9a-f]*\):.*/\1/p}')
strip -o "$work/bare" "$work/solver"
{
	sed -n /^kind/p "$work/rules"
	echo "function bare+0x${calls%%$'\n'*} -> function"
	echo "site bare+0x${calls##*$'\n'} -> line"
} >"$work/bare.rules"
run --rules "$work/bare.rules" --stats "$work/bare"
same "a rule for a call on the stack, of a stripped program" \
    "$status $(megabytes function) $(megabytes line) $(grep -vc 'uses the kind' \
	<(grep warning "$work/errors"))" "0 3  0"
run --rules "$work/bare.rules" --explain "$work/bare"
same "--explain says where it is" "$(sed -n '/^line [67]/{n;p}' \
    "$work/output" | tr '\n' '|')" \
    "    in bare, returns to 0x${calls%%$'\n'*}|    in bare, returns to 0x${calls##*$'\n'}|"
sed "s/0x${calls%%$'\n'*}/0x$(printf %x $((0x${calls%%$'\n'*} + 1)))/" \
    "$work/bare.rules" >"$work/wrong.rules"
run --rules "$work/wrong.rules" --explain "$work/bare"
same "an offset that no call returns to is a warning" "$(grep -c \
    'wrong.rules:6: warning: no call in "bare" returns to' "$work/errors")" 1
run --rules "$work/rules" --sites-from 8M --stats "$work/solver"
same "--sites-from: smaller requests have no site" \
    "$status $(megabytes line)$(megabytes function) $(megabytes thread)" "0  5"
run --rules "$work/rules" --no-children --stats sh -c "$work/solver; :"
same "--no-children" "$status $(megabytes thread)" "0 "
run --rules "$work/rules" --stats sh -c "$work/solver; :"
same "children have the same rules" "$status $(megabytes thread)" "0 5"
# The site of an allocation is in the program's own source, whatever the
# language calls below it.
cat >"$work/shape.cpp" <<'EOF'
#include <vector>
static char *volatile kept;
static std::vector<char> *volatile more;
int main()
{
	kept = new char[9 << 20]; /* new */
	for (int i = 0; i < 9 << 20; i += 4096)
		kept[i] = 1;
	more = new std::vector<char>(3 << 20); /* vector */
	return 0;
}
EOF
cat >"$work/heat.f90" <<'EOF'
program heat
  real(8), allocatable :: field(:)
  allocate(field(1441792)) ! 11 MiB
  field = 1
  print *, sum(field)
  stop
end program
EOF
cat >"$work/rules" <<EOF
kind new = dram,limit=64M
kind function = dram,limit=64M
kind fortran = dram,limit=64M
site shape.cpp:6 -> new
function main size ..4M -> function
site heat.f90:3 -> fortran
EOF
if ${CXX:-c++} -g -O1 -o "$work/shape" "$work/shape.cpp" 2>/dev/null; then
	run --rules "$work/rules" --stats "$work/shape"
	same "C++: where new is" "$status $(megabytes new)" "0 9"
	same "and what is below a function" "$(megabytes function)" 3
fi
if command -v gfortran >/dev/null; then
	gfortran -g -O1 -o "$work/heat" "$work/heat.f90"
	run --rules "$work/rules" --stats "$work/heat"
	same "Fortran: where allocate is" "$status $(megabytes fortran)" "0 11"
fi
if command -v mpirun >/dev/null; then
	export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
	run --rules "$work/rules" --stats mpirun -np 2 --oversubscribe \
	    "$work/solver"
	same "ranks that mpirun starts" "$status $(megabytes function |
	    tr '\n' ' ')" "0 6 6 "
fi
finish
