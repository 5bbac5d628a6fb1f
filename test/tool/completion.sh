#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What bash completes behind poolkind. TAP.
export LD_LIBRARY_PATH=$TOP_BUILDDIR/lib LC_ALL=C
PATH=$TOP_BUILDDIR/bin:$PATH
. "$(dirname "$0")/../lib/tap.sh"
command -v poolkind >/dev/null || skip_all "the program poolkind was not built"
. "$TOP_SRCDIR/completion/poolkind"

# completes LINE WANTED...: with the cursor at its end.
completes() {
	local line=$1 got wanted
	shift
	COMP_LINE=$line
	COMP_POINT=${#line}
	COMPREPLY=()
	_poolkind
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
	wanted=$(printf '%s\n' "$@" | sort)
	same "$line" "$got" "$wanted"
}

commands=$(poolkind nonsense 2>&1 | sed -n 's/.*known: \(.*\))/\1/p' | tr -d ,)
# shellcheck disable=SC2086 # a list of words
completes "poolkind " --help --version help $commands
completes "poolkind r" rank record replay report run
completes "poolkind report --f" --flame
completes "poolkind report --by ac" accesses
completes "poolkind advise --fast dram,li" dram,limit=
completes "poolkind advise --fast dram --re" --rest
completes "poolkind st" stat
completes "poolkind stat --fo" --format
completes "poolkind stat --format j" json
completes "poolkind top --in" --interval
completes "poolkind move 1 heap h" hbw home
completes "poolkind move --r" --rate
completes "poolkind help ch" check
completes "poolkind rank b" bandwidth
completes "poolkind rank bandwidth a" all
completes "poolkind nodes --j" --json
completes "poolkind check --j" --json
completes "poolkind check ba" bandwidth
completes "poolkind check dr" dram
completes "poolkind check fil" file:
completes "poolkind check file:/x,si" /x,size=
completes "poolkind check dram,li" dram,limit=
completes "poolkind check dram,limit=4M,na" 4M,name=
completes "poolkind check zzz"
completes "poolkind run --k" --kind
completes "poolkind run --kind dr" dram
completes "poolkind run --kind dram,limit=1G --s" --strict --stats --sites-from
completes "poolkind run --kind dram,pol" dram,policy=
options=$(poolkind run --nonsense 2>&1 | sed -n 's/.*known: \(.*\))/\1/p' |
    tr -d ,)
# shellcheck disable=SC2086
completes "poolkind run --" --help $options
completes "poolkind run --sites-from 6" 64K
completes "poolkind record --o" --output
completes "poolkind record --sampler no" none
completes "poolkind record --tr" --trace
completes "poolkind replay --pr" --process
completes "poolkind replay --kind dram,li" dram,limit=
: >"$work/solver.rules"
mkdir "$work/folder"
completes "poolkind advise --fast dram -o $work/so" "$work/solver.rules"
completes "poolkind run --rules $work/so" "$work/solver.rules"
completes "poolkind run --kind dram --look-at $work/fo" "$work/folder"
printf '#!/bin/sh\n' >"$work/program-of-mine"
chmod +x "$work/program-of-mine"
PATH=$work:$PATH
completes "poolkind run --kind dram program-of-m" program-of-mine
completes "poolkind run --strict -- program-of-m" program-of-mine
completes "poolkind run --kind dram program $work/so" "$work/solver.rules"
completes "poolkind run --kind dram -- program --ki"

# With bash-completion the program's own words are its own: it is told at which
# word of bash's, which are more than ours, the program is.
_command_offset() { COMPREPLY=("at $1"); }
completes "poolkind run --kind dram program --ki" "at 4"
completes "poolkind run --kind file:/x,size=1G -- program x" "at 9"
finish
