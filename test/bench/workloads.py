# SPDX-License-Identifier: BSD-2-Clause
"""The workloads of work.c on every allocator: by kind, and preloaded."""
import concurrent.futures
import time

import figures
import peers

# Group -> at how many threads, in how many rounds. One round: it is memory that
# is measured, which is the same every time.
GROUPS = {
    "pairs": ((1, 2, 4, 8), 3), "blocks": ((1, 2, 4, 8), 3),
    "windows": ((1, 2, 4, 8), 3), "servers": ((1, 2, 4, 8), 3),
    "pools": ((1,), 3), "many": ((8,), 3), "alive": ((1,), 3),
    "long": ((1,), 1), "long-trimmed": ((1,), 1), "burst": ((4, 1), 1),
}


def work(scratch, peer, group, threads):
    return figures.figures(
        [f"{scratch}/{peer.program}", group, str(threads),
         *(["quick"] if figures.settings["quick"] else [])],
        peer.environment, peer.library)


def compare_bursts(scratch, title, choices, key):
    """Most of the time nothing happens in these: all at once, one after another
    so that none disturbs the next."""
    with concurrent.futures.ThreadPoolExecutor(len(choices)) as pool:
        started = {}
        for peer in choices:
            started[peer.name] = pool.submit(work, scratch, peer, *key[1:])
            time.sleep(0.2 if figures.settings["quick"] else 0.7)
        figures.enter_table(title, {name: [future.result()]
                                    for name, future in started.items()}, key)


def compare_family(scratch, part, choices, group=None):
    quick = figures.settings["quick"]
    for name, (threads, rounds) in GROUPS.items():
        if group not in (None, name) or \
                part == "preload" and name in ("pools", "many", "alive"):
            continue
        for count in threads[::2] if quick else threads:
            key = (part, name, count)
            title = f"{part}: {name}, {count} thread{'s'[:count - 1]}"
            if name == "burst":
                compare_bursts(scratch, title, choices, key)
            else:
                figures.compare(
                    title, {peer.name: peer for peer in choices},
                    lambda peer: work(scratch, peer, name, count), rounds,
                    key)


def compare(part, scratch, group=None):
    choices = peers.mallocs() if part == "preload" else peers.kinds(part)
    compare_family(scratch, part, choices, group)
