#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds a profile against what a program said, for record.sh.

record_check.py FILE EXPECTED...

Each of EXPECTED is FUNCTION:TYPE=NUMBER, with a "~PERCENT" behind it where it
need not be exact: the sum of TYPE over the sites whose stack begins with
FUNCTION ("*": all sites; "in:FUNCTION": it is anywhere in their stack).
FUNCTION:TYPE>FACTOR*OTHER compares two functions. Or it is processes=NUMBER.
Prints what is otherwise.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
import pprof  # noqa: E402


def is_of(stack, function):
    names = [frame[0] for frame in stack]
    if function.startswith("in:"):
        return function[3:] in names
    return function == "*" or names[:1] == [function]


def total(profile, function, kind):
    return sum(values[kind] for stack, values, _ in profile.sites()
               if is_of(stack, function))


def main():
    profile = pprof.Profile(sys.argv[1])
    wrong = []
    for text in sys.argv[2:]:
        if text.startswith("processes="):
            if f"poolkind processes: {text[10:]}" not in profile.comments:
                wrong.append(f"not {text}: {profile.comments}")
            continue
        more = re.fullmatch(r"([\w:]+):(\w+)>(\d+)\*([\w:]+)", text)
        if more:
            one, kind, factor, other = more.groups()
            got, least = total(profile, one, kind), total(profile, other, kind)
            if got <= int(factor) * least:
                wrong.append(f"{one}: {kind} {got}, {other}: {least}")
            continue
        function, kind, number, percent = re.fullmatch(
            r"(.+):(\w+)=(\d+)(?:~([\d.]+))?", text).groups()
        got, wanted = total(profile, function, kind), int(number)
        if abs(got - wanted) > wanted * float(percent or 0) / 100:
            wrong.append(f"{function}: {kind} {got}, not {wanted}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
