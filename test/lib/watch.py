# SPDX-License-Identifier: BSD-2-Clause
"""Whether a program hangs: the one rule for limits of time in tests.

A slow machine, or one that does much else, is no fault of a program. So no
limit is on the clock alone. A program and all that it started hang when for
`idle` seconds they wrote nothing, took next to no processor time (less than a
hundredth of one processor) and none of their threads wanted any; and they run
in circles when they took more than `processor` seconds of it.

test/lib/watch is this for shells, test/lib/watch.h for C and C++.
"""
import os
import time

TICKS = os.sysconf("SC_CLK_TCK")
IDLE = 120
LITTLE = 0.01


def read_stat(path):
    """State, parent, session and processor time of a process or thread."""
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2:].split()
    spent = sum(int(field) for field in fields[11:15]) / TICKS
    return fields[0], int(fields[1]), int(fields[3]), spent


def family(root):
    """Processes that ROOT started, and theirs, and those in its session, with
    their processor time, which counts that of their children that ended."""
    all_of = {}
    for name in os.listdir("/proc"):
        stat = read_stat(f"/proc/{name}/stat") if name.isdigit() else None
        if stat:
            all_of[int(name)] = stat
    found = {pid for pid, stat in all_of.items()
             if pid == root or stat[2] == root}
    more = True
    while more:
        more = {pid for pid, stat in all_of.items()
                if stat[1] in found} - found
        found |= more
    return {pid: all_of[pid][3] for pid in found}


def wants_processor(pid):
    """Whether a thread of the process runs, or waits for its turn or a disk."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return False
    stats = (read_stat(f"/proc/{pid}/task/{thread}/stat")
             for thread in threads)
    return any(stat and stat[0] in b"RD" for stat in stats)


class Watch:
    """Looks at process ROOT and its family from time to time."""

    def __init__(self, root, processor, idle=IDLE):
        self.root, self.processor, self.idle = root, processor, idle
        self.spent = self.spent_before = 0.0
        self.output_before = 0
        self.since = time.monotonic()

    def look(self, output=0):
        """Why the program is to be ended, or nothing; OUTPUT: how much it has
        written until now."""
        members = family(self.root)
        now = time.monotonic()
        # What ended away from its parent is counted no more.
        self.spent = max(self.spent, sum(members.values()))
        if self.spent > self.processor:
            return f"took more than {self.processor} s of processor time"
        moved = (self.spent - self.spent_before >
                 LITTLE * (now - self.since) + 0.05)
        if (moved or output != self.output_before or
                any(wants_processor(pid) for pid in members)):
            self.since, self.spent_before = now, self.spent
            self.output_before = output
        elif now - self.since > self.idle:
            return f"hangs: nothing moved for {self.idle} s"
        return None
