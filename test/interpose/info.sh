#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# mallinfo, malloc_stats, malloc_info, malloc_trim, mallopt and C23's functions,
# under every library for LD_PRELOAD: they speak of its heap, in glibc's forms.
. "$(dirname "$0")/every_preload.sh"

compile info || exit 1
preloads+=(libvmmalloc-chain)
for name in "${preloads[@]}"; do
	use "$name"
	results_of "$name" 0 "${under[@]}" "$work/info"
	run "${under[@]}" "$work/info" print
	for line in "Arena 0:" "Total (incl. mmap):" "max mmap regions = "; do
		check "$name: malloc_stats has '$line'" grep -qF "$line" \
		    "$work/errors"
	done
	used=$(awk '/^Total/ { all = 1 } all && /^in use/ { print $5; exit }' \
	    "$work/errors")
	check "$name: malloc_stats counts 10 MiB" \
	    [ "${used:-0}" -ge 10485760 ]
	if command -v python3 > /dev/null; then
		check "$name: malloc_info is XML, with the bytes of the system" \
		    python3 -c '
import sys, xml.dom.minidom as dom
root = dom.parse(sys.argv[1]).documentElement
heaps = root.getElementsByTagName("heap")
sizes = [int(s.getAttribute("size")) for s in
         root.getElementsByTagName("system") if s.parentNode is root
         and s.getAttribute("type") == "current"]
sys.exit(root.tagName != "malloc" or root.getAttribute("version") != "1"
         or not heaps or sizes[0] < 10 << 20)' "$work/output"
	else
		skip "$name: malloc_info" "no python3"
	fi
done
finish
