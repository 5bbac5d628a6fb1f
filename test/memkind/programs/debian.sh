#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What Debian ships of memkind, on our library: its programs, its libmemtier,
# and its examples, compiled with Debian's headers and with ours. Each is to end
# with the status, and to print what it does, that Debian's library makes of
# it. Where that crashes there is nothing to compare with, and ours has to end
# well.
. "$(dirname "$0")/../memkind_tap.sh"

[ -z "$sanitized" ] || {
	skip "Debian's programs" "they are not built with the sanitizer"
	finish
}
debian stable libmemkind0 libmemkind-dev libmemkind-progs || {
	skip "Debian's programs" "$reason"
	finish
}
theirs=$(dirname "$(find "$unpacked" -name libmemkind.so.0)")
programs=$unpacked/usr/bin
examples=$unpacked/usr/share/doc/libmemkind-dev/examples
LD_LIBRARY_PATH=$theirs "$programs/memkind-hbw-nodes" > "$work/out" 2>&1
[ $? -lt 3 ] || {
	skip "Debian's programs" "they do not start: $(head -1 "$work/out")"
	finish
}
ulimit -c 0
mkdir "$work/theirs" "$work/ours" "$work/place" "$work/bin"

# ---- Running -----------------------------------------------------------------

# What two runs of a program may differ in: addresses; in statistics numbers;
# and what perror(3) says of a function that leaves errno alone.
alike() {
	sed -E 's/0x[0-9a-f]+/ADDRESS/g
		/^___ Begin jemalloc/,/^--- End jemalloc/{/^(___|---) /!d}
		s/^(resident|active|allocated) [0-9]+/\1 NUMBER/
		s/^(hbw_posix_memalign\(\)): .*/\1/'
}

# run LIBRARIES COMMAND...: its status, and what it printed.
run() {
	local folder=$1
	shift
	env LD_LIBRARY_PATH="$folder" "$library/watch" -p 120 "$@" > "$work/out" \
	    2> "$work/err" < /dev/null
	echo "status $?"
	cat "$work/out" "$work/err" | alike
}

# crashed TEXT: whether that is what is left of a program that crashed, or hung.
crashed() { [[ $1 =~ ^status\ (124|134|135|136|139) ]]; }

# known NAME GOT: whether it is a difference that there has to be, with why.
known() {
	why=
	case $1 in
	*pmem_usable_size*)
		! [[ $2 == *"Wrong usable size for large allocation"* ]] ||
			why="large blocks have no size class but pages" ;;
	esac
	[ -n "$why" ]
}

# compare NAME WANTED GOT
compare() {
	if [ "$2" = "$3" ]; then
		ok "$1" 0
	elif crashed "$2"; then
		echo "# $1: Debian's crashes (${2%%$'\n'*})"
		same "$1: ends well" "${3%%$'\n'*}" "status 0"
	elif known "$1" "$3"; then
		skip "$1" "$why"
	else
		same "$1" "$3" "$2"
	fi
}

# ---- Programs ----------------------------------------------------------------

# program NAME ARGUMENT...
program() {
	local what="${*//$work\//}"
	compare "$what" "$(run "$theirs" "$programs/$1" "${@:2}")" \
	    "$(run "$ours" "$programs/$1" "${@:2}")"
	export MEMKIND_HBW_NODES=0 MEMKIND_DAX_KMEM_NODES=0
	compare "$what, one node" "$(run "$theirs" "$programs/$1" "${@:2}")" \
	    "$(run "$ours" "$programs/$1" "${@:2}")"
	unset MEMKIND_HBW_NODES MEMKIND_DAX_KMEM_NODES
}

for one in memkind-hbw-nodes memkind-auto-dax-kmem-nodes; do
	program $one
	program $one --help
	program $one nonsense
	# Each library has its own words for that.
	same "$one, with a bad variable" \
	    "$(MEMKIND_HBW_NODES=x MEMKIND_DAX_KMEM_NODES=x \
		run "$ours" "$programs/$one" | head -1)" \
	    "$(MEMKIND_HBW_NODES=x MEMKIND_DAX_KMEM_NODES=x \
		run "$theirs" "$programs/$one" | head -1)"
done

# The launcher looks for its library beside itself. That is Debian's, and all
# that it has of memkind is ours.
cp "$programs/memtier" "$work/bin"
ln -s "$theirs/libmemtier.so.0" "$work/bin/libmemtier.so"
programs=$work/bin
seq 1 50000 > "$work/numbers"
cat > "$work/python.py" << 'END'
import threading
def work(n): out[n] = sum(len(str(i) * 9) for i in range(20000))
out = {}
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(out[7], len(bytearray(50 << 20)))
END
program memtier --help
program memtier
program memtier -v true
program memtier /nowhere
program memtier -r x true
program memtier -r 1:4 echo "in two tiers"
program memtier -v -r 1:4 sort -r "$work/numbers"
program memtier -v -t "INIT_VAL:1024,MIN_VAL:512,MAX_VAL:2048" -r 1:2 \
    sort -r "$work/numbers"
program memtier -r 1:0 true
same "memtier: its program has our library" "$(
	one_node LD_LIBRARY_PATH="$ours" "$programs/memtier" -r 1:4 \
	    sed -n 's|.* \(/.*/libmemkind\.so.*\)|\1|p' /proc/self/maps |
	    sort -u)" \
    "$LIBMEMKIND"
if command -v python3 > /dev/null; then
	program memtier -r 1:1 python3 "$work/python.py"
fi
programs=$unpacked/usr/bin

# ---- Examples ----------------------------------------------------------------

# make TO HEADERS LIBRARY SOURCE: the example's program in $work/TO.
make() {
	local compiler=$CC standard=gnu11
	[[ $4 != *.cpp ]] || compiler=$CXX standard=c++17
	"$compiler" -std=$standard -O1 -w -pthread "-I$2" "$4" \
	    -o "$work/$1/$(basename "${4%.*}")" "$3" \
	    -Wl,--allow-shlib-undefined > "$work/log" 2>&1
}

# in_both NAME ARGUMENT...: one run of all three.
in_both() {
	local name=$1 wanted
	shift
	wanted=$(run "$theirs" "$work/theirs/$name" "$@")
	compare "$name${what:-}" "$wanted" \
	    "$(run "$ours" "$work/theirs/$name" "$@")"
	[ ! -e "$work/ours/$name" ] || compare "$name${what:-}, our headers" \
	    "${wanted//theirs/ours}" "$(run "$ours" "$work/ours/$name" "$@")"
}

# example NAME: with the arguments that it takes.
example() {
	local name=$1 what
	if [[ $name == pmem_* ]]; then
		what=", in a folder"
		in_both "$name" "$work/place"
		what=", in no folder"
		in_both "$name" /nowhere
		what=", with two arguments"
		in_both "$name" "$work/place" "$work/place"
		return
	fi
	in_both "$name"
	what=", one node"
	export MEMKIND_HBW_NODES=0 MEMKIND_DAX_KMEM_NODES=0
	in_both "$name"
	unset MEMKIND_HBW_NODES MEMKIND_DAX_KMEM_NODES
}

for source in "$examples"/*.c "$examples"/*.cpp; do
	name=$(basename "${source%.*}")
	case $name in
	memkind_allocated_example)
		skip "$name" "it needs a header that Debian does not have"
		continue ;;
	memkind_decorator_debug) # a part of a program
		$CC -w -c "-I$unpacked/usr/include" "$source" -o "$work/a.o" &&
		    $CC -w -c "-I$top/include" "$source" -o "$work/b.o"
		ok "$name compiles" $?
		continue ;;
	esac
	if ! make theirs "$unpacked/usr/include" "$theirs/libmemkind.so.0" \
	    "$source"; then
		skip "$name" "it does not compile with Debian's own headers"
		continue
	fi
	make ours "$top/include" "$LIBMEMKIND" "$source"
	status=$?
	ok "$name compiles with our headers" $status
	[ $status = 0 ] || sed 's/^/# /' "$work/log"
	example "$name"
done
finish
