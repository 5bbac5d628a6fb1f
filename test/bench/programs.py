# SPDX-License-Identifier: BSD-2-Clause
"""Whole programs with a malloc preloaded: start-up, wall time, page faults and
the most memory that was resident, each by itself; and the processor time of the
same programs while they are recorded."""
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

from figures import compare, figures, settings
from peers import CC, POOLKIND, compile, leave_out, mallocs

SQL = """
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < SIZE)
INSERT INTO item SELECT i, 'item ' || (i * 7919 % SIZE), i % 977 / 7.0,
    substr('a note of some length, or of another one', 1, i % 40) FROM n;
CREATE INDEX by_name ON item(name);
SELECT count(*), sum(length(note)) FROM item;
SELECT name, price FROM item ORDER BY price, name LIMIT 3 OFFSET 1000;
SELECT length(group_concat(name, ',')) FROM item GROUP BY id % 100;
UPDATE item SET note = note || name WHERE id % 3 = 0;
DELETE FROM item WHERE id % 5 = 0;
SELECT count(DISTINCT note) FROM item;
"""
PYTHON = """
import json, re
rows = [{"id": i, "name": "item %d" % (i * 7919 % SIZE), "price": i / 7,
         "tags": ["t%d" % (i % n) for n in (3, 5, 7)]} for i in range(SIZE)]
by_name = {row["name"]: row for row in rows}
again = json.loads(json.dumps(rows))
again.sort(key=lambda row: (row["tags"], row["price"]))
words = re.findall("[a-z]+ [0-9]+", " ".join(sorted(by_name)))
print(len(again), len(set(words)))
"""
FUNCTION = """
int tableSIZE[64]; double sumSIZE;
int stepSIZE(int *at, int count, double by) {
    int taken = 0;
    for (int i = 0; i < count; i++) {
        if (at[i] % SIZE == 3) at[i] += (int)(by * i); else taken += at[i] >> 2;
        switch (at[i] & 7) { case 1: sumSIZE += by; break;
            case 3: taken ^= i; break; case 5: at[i] = tableSIZE[i & 63]; }
    }
    return taken + (int)sumSIZE;
}
"""


def check_bound(command, peer):
    """Every file of the program that calls malloc calls that of PEER."""
    asked = {**os.environ, **peer.environment, "LD_DEBUG": "bindings",
             "LD_BIND_NOW": "1"}
    said = subprocess.run(command, env=asked, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, errors="replace").stderr
    bound = set(re.findall(r"binding file \S+ \[0\] to (\S+) \[0\]: "
                           r"normal symbol `malloc'", said))
    if not bound or not all(os.path.samefile(f, peer.library) for f in bound):
        sys.exit(f"{command}: malloc is that of {bound}, not {peer.library}")


def launch(scratch, peer, command, count=1):
    """A command, and the environment to start it in."""
    return ([f"{scratch}/launch", str(count), *command],
            {**peer.environment, "LD_PRELOAD": "", "PYTHONMALLOC": "malloc",
             "LAUNCH_PRELOAD": peer.environment["LD_PRELOAD"]})


def plain_program(scratch, peer, start, command, given):
    started = figures(*launch(scratch, peer, start,
                              3 if settings["quick"] else 11))
    return {"start-up, ms": started["time, ms"],
            **figures(*launch(scratch, peer, command), given=given)}


# ---- redis ------------------------------------------------------------------

def redis_call(path, request, library=None):
    """One answer of the server, or nothing when it does not answer yet. It
    has LIBRARY among its files."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(path)
            line.sendall(request + b"\r\n")
            answer = line.recv(16)
        except OSError:
            return b""
        if library and answer:
            process = struct.unpack("3i", line.getsockopt(
                socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            with open(f"/proc/{process}/maps") as maps:
                if os.path.realpath(library) not in maps.read():
                    raise RuntimeError(f"redis-server runs without {library}")
        return answer


def redis_times(path, server, library):
    """When it answered first, and when it had done its work."""
    while not redis_call(path, b"PING", library):
        if server.poll() is not None:
            sys.exit("redis-server does not start")
        time.sleep(0.0005)
    started = time.perf_counter()
    subprocess.run(
        ["redis-benchmark", "-s", path, "-q", "-P", "16", "-d", "100",
         "-r", "100000", "-n", "20000" if settings["quick"] else "200000",
         "-t", "set,get,incr,lpush,lpop,sadd,hset,zadd"],
        stdout=subprocess.DEVNULL, check=True)
    return started, time.perf_counter()


def redis(scratch, peer):
    path = f"{scratch}/redis"
    command, environment = launch(
        scratch, peer, ["redis-server", "--port", "0", "--unixsocket", path,
                        "--save", "", "--dir", scratch])
    start = time.perf_counter()
    server = subprocess.Popen(command, env={**os.environ, **environment},
                              stdout=subprocess.PIPE, text=True)
    try:
        started, ended = redis_times(path, server, peer.library)
    finally:
        redis_call(path, b"SHUTDOWN NOSAVE")
    rows = (line.split("\t") for line in server.communicate()[0].splitlines())
    return {"start-up, ms": (started - start) * 1e3,
            **{name: float(number) for name, number in rows},
            "time, ms": (ended - started) * 1e3}


# ---- What allocators are compared by -----------------------------------------

CLASSICS = ("server", "resize", "bursts", "leaks", "large", "order", "passed",
            "mixed", "compute")


def compare_classics(scratch, choices, group):
    chosen = [name for name in CLASSICS if group in (None, name)]
    if chosen:
        compile(scratch, "classics", ["classics.c"], "-D_GNU_SOURCE")
    for name in chosen:
        command = [f"{scratch}/classics", name,
                   "20" if settings["quick"] else "200"]
        for peer in choices.values():
            check_bound([command[0], "compute", "1"], peer)
        compare(f"programs: {name}", choices,
                lambda peer: figures(*launch(scratch, peer, command)), 5,
                ("programs", name, None))


# ---- All --------------------------------------------------------------------

def plain_programs():
    """Name -> a command that does nothing, one that works, and its input."""
    size = 20000 if settings["quick"] else 200000
    gcc = [*CC, "-x", "c", "-O2", "-S", "-o", "/dev/null", "-"]
    return {
        "sqlite3": (["sqlite3", ":memory:"], ["sqlite3", ":memory:"],
                    SQL.replace("SIZE", str(size))),
        "python3": ([sys.executable, "-S", "-c", "pass"],
                    [sys.executable, "-"],
                    PYTHON.replace("SIZE", str(size // 4))),
        "gcc": (gcc, gcc, "".join(FUNCTION.replace("SIZE", str(i))
                                  for i in range(4, size // 1000))),
    }


def compare_programs(scratch, group=None):
    choices = {peer.name: peer for peer in mallocs()}
    for name, (start, command, given) in plain_programs().items():
        if group not in (None, name):
            continue
        if shutil.which(start[0]) is None:
            leave_out(f"{name}: it is not installed")
            continue
        for peer in choices.values():
            check_bound(start, peer)
        compare(f"programs: {name}", choices,
                lambda peer: plain_program(scratch, peer, start, command,
                                           given), 5, ("programs", name, None))
    compare_classics(scratch, choices, group)
    if group not in (None, "redis"):
        return
    if shutil.which("redis-server") and shutil.which("redis-benchmark"):
        compare("programs: redis-server", choices,
                lambda peer: redis(scratch, peer), 3,
                ("programs", "redis-server", None))
    else:
        leave_out("redis: it is not installed")


# ---- Recorded ----------------------------------------------------------------

def recorded(scratch, words, command, given=""):
    """What the program takes by itself, without the command that writes the
    file at its end."""
    return figures([*words, f"{scratch}/launch", "1", *command],
                   {"LAUNCH_PROCESSOR": "1", "PYTHONMALLOC": "malloc"},
                   given=given)


def compare_recorded(scratch, group=None):
    """A program by itself, on libpoolkind-malloc, and recorded."""
    def record(*options):
        return [POOLKIND, "record", "-o", f"{scratch}/recorded", *options, "--"]

    ways = {"run": [POOLKIND, "run", "--kind", "dram", "--"],
            "record": record(), "record from 64K":
            record("--sites-from", "64K"), "plain": []}
    compile(scratch, "classics", ["classics.c"], "-D_GNU_SOURCE")
    programs = {name: (command, given) for name, (_, command, given)
                in plain_programs().items()}
    scale = "20" if settings["quick"] else "200"
    programs.update((name, ([f"{scratch}/classics", name, scale], ""))
                    for name in CLASSICS)
    for name, (command, given) in programs.items():
        if group not in (None, name) or shutil.which(command[0]) is None:
            continue
        compare(f"record: {name}", ways,
                lambda words: recorded(scratch, words, command, given), 9,
                ("record", name, None))
