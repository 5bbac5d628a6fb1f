#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's programs that open their modules with RTLD_DEEPBIND (PHP, Samba's
# ldb), and that shut themselves up in a sandbox (man, bwrap), under every
# library for LD_PRELOAD: each is to print what it prints without.
. "$(dirname "$0")/every_preload.sh"

# unchanged NAME COMMAND...: the same status, output and errors.
unchanged() {
	local name=$1 plain
	shift
	reset
	run "$@"
	plain="$status|$output|$errors"
	reset
	run "${under[@]}" "$@"
	same "$name" "$status|$output|$errors" "$plain"
}
reset() { rm -rf "$work/db.ldb"; }

# missing PROGRAM PACKAGE: skips, where there is none.
missing() {
	command -v "$1" > /dev/null && return 1
	skip "$name: $1" "$1 is not installed (Debian's $2)"
}

cat > "$work/work.php" <<'END'
<?php
$words = array();
for ($i = 0; $i < 50000; $i++)
	$words[md5((string)$i)] = str_repeat("x", $i % 100);
ksort($words);
echo md5(serialize($words)), "\n", json_encode(array_slice($words, 0, 3)), "\n";
echo count(get_loaded_extensions()), " ", preg_replace('/\d+/', '#', "a12b3");
echo hash('sha256', str_repeat("abc", 1000000)), "\n";
END
cat > "$work/entry.ldif" <<'END'
dn: cn=one
objectClass: top
cn: one
description: the first

dn: cn=two
objectClass: top
cn: two
END
printf '.TH T 1\n.SH NAME\nt \\- a page\n.SH TEXT\n%s\n' \
    "$(seq 1 3000 | tr '\n' ' ')" > "$work/page.1"
[ -x /usr/bin/bwrap ] &&
    { bwrap --ro-bind / / --dev /dev --proc /proc --unshare-pid true \
	2> "$work/errors" && sandbox=yes || sandbox=no; }

for name in "${preloads[@]}"; do
	use "$name"
	missing php php-cli ||
	    unchanged "$name: php" php "$work/work.php"
	if ! missing ldbadd ldb-tools; then
		unchanged "$name: ldb" bash -c "ldbadd -H '$work/db.ldb' \
		    '$work/entry.ldif' && ldbmodify -H '$work/db.ldb' <<< \
'dn: cn=one
changetype: modify
replace: description
description: changed' && ldbsearch -H '$work/db.ldb' | sort"
	fi
	# Its helpers may neither make a file nor choose nodes.
	under+=(VMMALLOC_FALLBACK=dram MEMKIND_FALLBACK=dram)
	missing man man-db ||
	    unchanged "$name: man" env MANPAGER=cat MANWIDTH=70 man \
		"$work/page.1"
	missing man man-db || unchanged "$name: man, a pipeline" env \
	    MANPAGER='tr a-z A-Z' man -E UTF-8 "$work/page.1"
	if missing bwrap bubblewrap; then
		:
	elif [ "$sandbox" = no ]; then
		skip "$name: bwrap" "no sandbox here: $(head -1 "$work/errors")"
	else
		unchanged "$name: bwrap" bwrap --ro-bind / / --dev /dev \
		    --proc /proc --unshare-pid sort -r "$work/entry.ldif"
		# Nothing but the root, and that cannot be written to.
		unchanged "$name: bwrap, no /proc" bwrap --ro-bind / / \
		    --tmpfs /proc sort -r "$work/entry.ldif"
	fi
done
finish
