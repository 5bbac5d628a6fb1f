# SPDX-License-Identifier: BSD-2-Clause
#
# What a GoogleTest program printed, as TAP without numbers. A case that fails
# or is skipped is followed by what it said.

function result(mark, note,    i) {
	print mark " - " name note
	if (mark != "ok")
		for (i = (lines > 60 ? lines - 59 : 1); i <= lines; i++)
			print "# " text[i]
	name = ""
}
function reason(    i, all) {
	for (i = 1; i <= lines; i++)
		if (text[i] !~ /: Skipped$/ && text[i] != "")
			all = all " " text[i]
	return " # SKIP" all
}
/^\[ RUN      \]/ { name = $4; lines = 0; next }
name != "" && /^\[       OK \]/ { result("ok", ""); next }
name != "" && /^\[  FAILED  \]/ { result("not ok", ""); next }
name != "" && /^\[  SKIPPED \]/ { result("ok", reason()); next }
{ text[++lines] = $0 }
END { if (name != "") result("not ok", ": it did not end") }
