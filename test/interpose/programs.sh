#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's programs that open their modules with RTLD_DEEPBIND (PHP, Samba's
# ldb), under every library for LD_PRELOAD: each is to print what it prints
# without.
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
done
finish
