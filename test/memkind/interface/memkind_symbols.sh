#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What libmemkind.so.0 shows to the dynamic linker: the names in memkind.symbols
# and no others, of which those of kinds are variables of 8 bytes; what it asks
# of it; and that a program linked with another such library finds all of it.
. "$(dirname "$0")/../memkind_tap.sh"
export MEMKIND_HBW_NODES=0 MEMKIND_DAX_KMEM_NODES=0

list=$here/memkind.symbols
dynamic() { readelf -d "$LIBMEMKIND" | sed -n "s/.*$1.*\[\(.*\)\]/\1/p"; }
one_line() { tr '\n' ' ' | sed 's/ $//'; }

# ---- Names -------------------------------------------------------------------
nm -D --defined-only --with-symbol-versions "$LIBMEMKIND" |
    awk '{ print $3 }' | LC_ALL=C sort > "$work/shown"
same "no name is missing" "$(LC_ALL=C comm -23 "$list" "$work/shown" |
    one_line)" ""
same "no other name, and none with a version" \
    "$(LC_ALL=C comm -13 "$list" "$work/shown" | one_line)" ""
same "168 names" "$(wc -l < "$list")" 168
nm -D --defined-only "$LIBMEMKIND" | awk '$2 !~ /[TDB]/ { print $3 }' \
    > "$work/weak"
same "no weak name" "$(one_line < "$work/weak")" ""

# Those of kinds, and what sort of symbol the names have.
readelf -W --dyn-syms "$LIBMEMKIND" |
    awk '$7 ~ /^[0-9]+$/ { print $8, $4, $3 }' | sort -u > "$work/sorts"
same "each kind is a variable of 8 bytes" "$(
    awk '$1 ~ /^MEMKIND_/ && $1 !~ /_OPS$/ { print $2, $3 }' "$work/sorts" |
    sort | uniq -c | one_line)" "     26 OBJECT 8"
same "tables are variables" "$(
    awk '$1 ~ /^MEMKIND_.*_OPS$/ { print $2 }' "$work/sorts" |
    sort | uniq -c | one_line)" "     28 OBJECT"
same "all else are functions" "$(
    awk '$1 ~ /^(mem|hbw_)/ { print $2 }' "$work/sorts" |
    sort -u | one_line)" FUNC

# ---- The file ----------------------------------------------------------------
real=$(basename "$(readlink -f "$LIBMEMKIND")")
same "soname" "$(dynamic SONAME)" libmemkind.so.0
same "the file's name" "$real" libmemkind.so.0.0.1
same "libmemkind.so leads to it" \
    "$(basename "$(readlink -f "$(dirname "$LIBMEMKIND")/libmemkind.so")")" \
    "$real"
if [ -n "$sanitized" ]; then
	skip "needs libc and the engine alone" "it has a sanitizer"
else
	same "needs libc and the engine alone" "$(dynamic NEEDED |
	    grep -vE '^(ld-linux.*|libc\.so\.6|libpoolkind(-topology)?\.so\.0)$')" \
	    ""
fi
check "no text relocations, no executable stack" \
    sh -c "! readelf -d '$LIBMEMKIND' | grep -q TEXTREL &&
        ! readelf -lW '$LIBMEMKIND' | grep GNU_STACK | grep -q RWE"
if [ -e "$LIBMEMKIND_A" ]; then
	same "the archive shows the same" \
	    "$(nm -g --defined-only "$LIBMEMKIND_A" 2> /dev/null |
	        awk '$2 ~ /[TDB]/ { print $3 }' | LC_ALL=C sort |
	        LC_ALL=C comm -3 "$list" - | one_line)" ""
else
	skip "the archive shows the same" "not built (LIBMEMKIND_A)"
fi

# ---- Programs of before ------------------------------------------------------
# Linked with a library that has the names and nothing in them, which then is
# replaced. The first names all of them, and is bound at its start.
mkdir -p "$work/old"
awk '/^MEMKIND_/ { print "void *" $1 " = 0;"; next }
    { print "void " $1 "(void) {}" }' "$list" > "$work/old.c"
"$CC" -w -shared -fPIC -o "$work/old/libmemkind.so.0" "$work/old.c" \
    -Wl,-soname,libmemkind.so.0 || exit 1
awk '{ print "extern char " $1 "[];" }
    END { print "char *volatile all[] = {" }' "$list" > "$work/all.c"
sed 's/$/,/' "$list" >> "$work/all.c"
echo '}; int main(void) {
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] == 0)
			return 1;
	return 0;
}' >> "$work/all.c"
for how in -pie -no-pie; do
	"$CC" -w -fPIE $how -o "$work/all" "$work/all.c" \
	    "$work/old/libmemkind.so.0" -Wl,-z,now || exit 1
	check "a program that names all of them starts ($how)" \
	    with "$work/all"
done
compile memkind_plain "-I$top/include" "$work/old/libmemkind.so.0" -ldl \
    -Wl,-z,now || exit 1
results_of "a program that was linked with another" 0 \
    with "$work/memkind_plain" /tmp
with "$work/memkind_plain" /tmp > /dev/null 2> "$work/err"
same "the dynamic linker has nothing to say" "$(cat "$work/err")" ""
finish
