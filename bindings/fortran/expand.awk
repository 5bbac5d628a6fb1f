# SPDX-License-Identifier: BSD-2-Clause
#
# Writes the module of Fortran from poolkind.f90.in: what stands between
# `!@each' and `!@end' once for each type and rank of array, and what stands
# between `!@each index' and `!@end' for each sort of integer that a shape can
# have as well. In these lines are replaced
#
#   @TYPE@   real(real64)      @NAME@  real64       @BYTES@  8
#   @RANK@   2                 @DIMENSIONS@  :,:
#   @LOWER@  lower(1):,lower(2):
#   @INDEX@  int32

function start(into)
{
	body = ""
	indices = into
	inside = 1
}

function row(word, rank,    text, i)
{
	for (i = 1; i <= rank; i++) {
		text = text (i > 1 ? "," : "") word
		sub(/#/, i, text)
	}
	return text
}

function expand(type, rank, index_kind,    text)
{
	text = body
	gsub(/@TYPE@/, type_of[type], text)
	gsub(/@NAME@/, name_of[type], text)
	gsub(/@BYTES@/, bytes_of[type], text)
	gsub(/@RANK@/, rank, text)
	gsub(/@DIMENSIONS@/, row(":", rank), text)
	gsub(/@LOWER@/, row("lower(#):", rank), text)
	gsub(/@INDEX@/, index_kind, text)
	printf "%s", text
}

function finish(    type, rank, i)
{
	for (type = 1; type <= types; type++)
		for (rank = 1; rank <= 7; rank++)
			for (i = 1; i <= indices; i++)
				expand(type, rank, i == 1 ? "int32" : "int64")
	inside = 0
}

BEGIN {
	types = split("real(real32) real(real64) integer(int32) " \
	    "integer(int64) complex(real32) complex(real64)", type_of, " ")
	split("real32 real64 int32 int64 complex32 complex64", name_of, " ")
	split("4 8 4 8 8 16", bytes_of, " ")
}

/^ *!@each index$/ { start(2); next }
/^ *!@each$/ { start(1); next }
/^ *!@end$/ { finish(); next }
inside { body = body $0 "\n"; next }
{ print }
