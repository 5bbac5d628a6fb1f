#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""rules.py [OPTION]... [--] COMMAND [ARGUMENT]...: runs a program with a table of
rules (src/rules/table.h), made here and not by the program poolkind.

    --kind NAME=TEXT     a kind, of any number; it is taken to read the machine
                         if its text has the word "capacity"
    --rule "[size=LOW-[HIGH]] [thread=PATTERN] [site=FILE:FUNCTION]
            [function=FILE:FUNCTION] -> NAME[,NAME]..."
                         a rule; the last is to have no condition. A site is any
                         call in a function, by nm(1)
    --flag NAME          strict, stats, verbose or no-children
    --sites-from BYTES   where sites begin (4096)
    --cut BYTES, --flip BYTE, --unsealed, --plain
                         damages the table; or does without the seal; or writes
                         it into a file that is no memfd
    --hold PROCESS       runs nothing: prints what POOLKIND_RULES is to be, and keeps
                         the descriptor as long as that process lives
    --library FILE       the library to preload, else LIBPOOLKIND_MALLOC
    --linked             does not preload it
"""
import argparse
import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import tempfile

FLAGS = {"strict": 1, "stats": 2, "verbose": 4, "no-children": 8}
MAGIC = 0x32656c7572646b70
READS_MACHINE = 1
MOST = 2 ** 64 - 1
# Magic, bytes, flags, sites_from and six parts of an offset and a count.
HEAD = "<QIIQ" + "II" * 6


class Texts:
    def __init__(self):
        self.bytes, self.known = b"\0", {"": 0}

    def add(self, text):
        if text not in self.known:
            self.known[text] = len(self.bytes)
            self.bytes += text.encode() + b"\0"
        return self.known[text]


SITE, FUNCTION = 1, 2


def find_function(path, name):
    """(build-id, low, high): where calls in a function return to."""
    lines = subprocess.run(["nm", "-S", path], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for line in lines:
        words = line.split()
        if len(words) == 4 and words[3] == name:
            low, size = int(words[0], 16), int(words[1], 16)
            return build_id(path), low + 1, low + size
    sys.exit(f"rules.py: no function {name} in {path}")


def build_id(path):
    notes = subprocess.run(["readelf", "-n", path], capture_output=True,
                           text=True, check=True).stdout
    found = re.search(r"Build ID: ([0-9a-f]+)", notes)
    return bytes.fromhex(found.group(1)) if found else b""


def parse_rule(text):
    """(low, high, thread, from, (path, function), names)"""
    conditions, _, names = text.partition("->")
    low, high, thread, where, place = 0, MOST, "", 0, None
    for one in conditions.split():
        name, _, value = one.partition("=")
        if name == "size":
            first, _, last = value.partition("-")
            low, high = int(first), int(last) if last else MOST
        elif name == "thread":
            thread = value
        elif name in ("site", "function"):
            where = SITE if name == "site" else FUNCTION
            place = value.rsplit(":", 1)
        else:
            sys.exit(f"rules.py: {one}?")
    return low, high, thread, where, place, re.split(r"\s*,\s*", names.strip())


def table(kinds, rules, flags=0, sites_from=4096):
    """The table's bytes: KINDS is a list of (name, text), RULES of texts."""
    texts = Texts()
    numbers = {name: i for i, (name, _) in enumerate(kinds)}
    kind_part = b"".join(
        struct.pack("<III", texts.add(name), texts.add(text),
                    READS_MACHINE if "capacity" in text else 0)
        for name, text in kinds)
    rule_part, steps, modules = b"", [], {}
    for line, rule in enumerate(rules, 1):
        low, high, thread, where, place, names = parse_rule(rule)
        rule_part += struct.pack(
            "<QQIIIIII", low, high, texts.add(thread), where, len(steps),
            len(names), texts.add(rule), line)
        steps += [numbers[name] for name in names]
        if place:
            modules.setdefault(place[0], []).append(
                (*find_function(*place), line - 1))
    module_part, range_part, ranges = b"", b"", 0
    for path, places in modules.items():
        module_part += struct.pack(
            "<20sIIII", places[0][0], len(places[0][0]),
            texts.add(os.path.basename(path)), ranges, len(places))
        for _, low, high, rule in sorted(places, key=lambda p: p[1:]):
            range_part += struct.pack("<QQII", low, high, rule, 0)
            ranges += 1
    parts = [(rule_part, len(rules)), (range_part, ranges),
             (kind_part, len(kinds)), (module_part, len(modules)),
             (struct.pack(f"<{len(steps)}H", *steps), len(steps)),
             (texts.bytes, len(texts.bytes))]
    offset, body, at = struct.calcsize(HEAD), b"", []
    for part, count in parts:
        at.append((offset + len(body), count))
        body += part + b"\0" * (-len(part) % 8)
    rules_at, ranges_at, kinds_at, modules_at, steps_at, texts_at = at
    return struct.pack(HEAD, MAGIC, offset + len(body), flags, sites_from,
                       *kinds_at, *rules_at, *steps_at, *modules_at,
                       *ranges_at, *texts_at) + body


def descriptor(data, sealed=True, memory=True):
    """One with the table, which children inherit."""
    if memory:
        fd = os.memfd_create("rules", os.MFD_ALLOW_SEALING)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.write(fd, data)
    if sealed and memory:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK |
                    fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
    os.set_inheritable(fd, True)
    return fd


def hold(fd, process):
    """Prints where the table is, and keeps it in the background."""
    lives = os.pidfd_open(process)
    child = os.fork()
    if child != 0:
        print(f"{fd},{child}")
        sys.exit(0)
    for one in 0, 1, 2:
        os.close(one)
    select.select([lives], [], [])
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--kind", action="append", default=[])
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--flag", action="append", default=[])
    parser.add_argument("--sites-from", type=int, default=4096)
    parser.add_argument("--cut", type=int)
    parser.add_argument("--flip", type=int)
    parser.add_argument("--unsealed", action="store_true")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--linked", action="store_true")
    parser.add_argument("--hold", type=int)
    parser.add_argument("--library",
                        default=os.environ.get("LIBPOOLKIND_MALLOC"))
    parser.add_argument("command", nargs="*")
    given = parser.parse_args()
    data = bytearray(table(
        [one.split("=", 1) for one in given.kind], given.rule,
        sum(FLAGS[name] for name in given.flag), given.sites_from))
    if given.flip is not None:
        data[given.flip] ^= 0xff
    if given.cut is not None:
        del data[-given.cut:]
    fd = descriptor(bytes(data), not given.unsealed, not given.plain)
    if given.hold:
        hold(fd, given.hold)
    os.environ["POOLKIND_RULES"] = f"{fd},{os.getpid()}"
    if not given.linked:
        before = os.environ.get("LD_PRELOAD")
        os.environ["LD_PRELOAD"] = given.library + \
            (":" + before if before else "")
    os.execvp(given.command[0], given.command)


if __name__ == "__main__":
    main()
