#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Libraries that are opened with RTLD_DEEPBIND, under every library for
# LD_PRELOAD: blocks are shared with them, and who opens what is still a matter
# of the caller.
. "$(dirname "$0")/every_preload.sh"

# Both are opened by name alone; only the first lies where the RUNPATH says.
mkdir -p "$work/inner" "$work/other"
compile deepbind -ldl &&
    compile_library deepbind_library -Wl,-rpath,"\$ORIGIN/inner" \
	-Wl,--enable-new-dtags -ldl || exit 1
"$CC" -fPIC -shared -DINNER -o "$work/inner/deepbind_inner.so" \
    "$here/deepbind_library.c" || exit 1
cp "$work/inner/deepbind_inner.so" "$work/other/deepbind_other.so"

for name in "${preloads[@]}"; do
	use "$name"
	for how in dlopen dlmopen plain; do
		results_of "$name, $how" 0 "${under[@]}" "$work/deepbind" \
		    "$how" "$work"
	done
	# No frame of ours may be left when the real function runs.
	check "$name: dlopen and dlmopen jump" bash -c "
		for name in dlopen dlmopen; do
			objdump -d --no-show-raw-insn --disassemble=\$name '$preloaded' |
			    grep -Eq '[[:space:]](notrack )?(jmp +\*|br +x)' ||
			    exit 1
		done"
done
[ "${#preloads[@]}" -ge 5 ] || skip "all of them" "not all were built"
finish
