#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""plot.py [RESULTS [PICTURE]] - a file of results as one page in SVG.

By default results.tsv and results.svg, which lie beside this script. The page
has a panel for each part of the results that README.md compares, a row for each
piece of work and a lane for each allocator: a mark at the median, a line from
the lowest round to the highest, on a logarithmic axis. Shapes tell allocators
apart where there is no colour, and the page follows the reader's choice of a
light or a dark ground.
"""
import html
import math
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)

import figures  # noqa: E402

WIDTH, MARGIN = 1060, 24
LEFT, RIGHT = 290, 950  # the ends of the axes
LANE, SPACE = 5, 6  # pixels of an allocator's line, and between rows
CHARACTER = {True: 8.4, False: 7.2}  # pixels that one takes, bold or not

# Name in the results -> name on the page, shape, hue. Others have no lane.
PEERS = {
    "poolkind": ("libpoolkind", "disc", "blue"),
    "libmemkind": ("libmemkind", "square", "blue"),
    "libvmmalloc file": ("libvmmalloc, file", "disc", "blue"),
    "libvmmalloc dram": ("libvmmalloc, dram", "ring", "blue"),
    "poolkind-malloc dram": ("libpoolkind-malloc", "square", "blue"),
    "memkind": ("memkind 1.14", "cross", "red"),
    "jemalloc": ("jemalloc, plain malloc", "diamond", "green"),
    "mallocx": ("jemalloc, arenas", "frame", "green"),
    "mi_heap": ("mimalloc, heaps", "up", "orange"),
    "mi_heap by path": ("mimalloc, heaps, by path", "diamond", "orange"),
    "mimalloc": ("mimalloc", "up", "orange"),
    "mimalloc by path": ("mimalloc, by path", "frame", "orange"),
    "tcmalloc": ("tcmalloc", "down", "purple"),
    "tcmalloc by path": ("tcmalloc, by path", "frame", "purple"),
    "snmalloc by path": ("snmalloc", "disc", "purple"),
    "tbbmalloc": ("tbbmalloc", "plus", "brown"),
    "glibc": ("glibc", "left", "grey"),
}
OURS = "blue"

# Group, threads and name in the results -> what the row is called.
WORK = {
    ("pairs", 1, "pair of 64 B"): "malloc and free, 64 bytes",
    ("pairs", 1, "pair of 4 KiB"): "4 KiB",
    ("pairs", 1, "pair of 64 KiB"): "64 KiB",
    ("pairs", 1, "pair of 1 MiB"): "1 MiB",
    ("pairs", 4, "pair of 64 B"): "64 bytes, 4 threads",
    ("windows", 1, "small set of 16 B to 64 KiB"):
        "1000 blocks at random, 16 B to 64 KiB",
    ("windows", 1, "large set of 16 B to 64 KiB"):
        "128 MiB at random, 16 B to 64 KiB",
    ("windows", 1, "fill, drain in any order"):
        "10000 blocks, freed in any order",
    ("servers", 4, "producer and consumer"): "producer and consumer",
    ("servers", 4, "server, new threads"): "a server whose threads come and go",
    ("pools", 1, "64 B, free without kind"):
        "free without the kind, 64 bytes",
    ("server", None, "time"): "threads that replace and hand on blocks",
    ("resize", None, "time"): "blocks resized at random, 2 threads",
    ("bursts", None, "time"): "bursts by threads that come and go",
    ("leaks", None, "time"): "threads that leave half to others",
    ("large", None, "time"): "blocks of 5 to 25 MiB",
    ("order", None, "time"): "64 bytes, freed in order",
    ("passed", None, "time"): "freed by another thread",
    ("mixed", None, "time"): "words hashed and sorted",
    ("compute", None, "time"): "a compute kernel with few blocks",
    ("sqlite3", None, "time"): "sqlite3, a database in memory",
    ("python3", None, "time"): "python3, objects and JSON",
    ("gcc", None, "time"): "gcc, a file of many functions",
    ("redis-server", None, "time"): "redis-server, under redis-benchmark",
}

# Part of the results -> title.
PANELS = {
    "dram": "Kinds of ordinary memory: time of one operation",
    "file": "Kinds in a file of a memory file system: time of one operation",
    "preload": "Every malloc of a program, by a preloaded library: time of one "
               "operation",
    "programs": "Whole programs, by a preloaded library: time from start to "
                "end",
}

# Hues on a light ground, and on a dark one.
HUES = {"blue": ("#0b5cad", "#5aa9f8"), "red": ("#c4401c", "#ff7b5c"),
        "green": ("#16794c", "#4cc38a"), "orange": ("#a86400", "#f0a83c"),
        "purple": ("#8a3fa0", "#d08be6"), "brown": ("#7a5230", "#c9a27c"),
        "grey": ("#57606a", "#a9b3be")}
# Text, faint text, ground, band behind every other row, lines of the axis.
SHADES = (("#1f2328", "#57606a", "#ffffff", "#f2f4f7", "#d0d5db"),
          ("#e6edf3", "#a0aab4", "#15191f", "#1d232b", "#39424d"))

SHAPES = {  # around 0, 0; the second half of a pair is not filled
    "disc": ("M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", True),
    "ring": ("M-3.3 0a3.3 3.3 0 1 0 6.6 0a3.3 3.3 0 1 0 -6.6 0z", False),
    "square": ("M-3.2 -3.2h6.4v6.4h-6.4z", True),
    "diamond": ("M0 -4.4L4.4 0L0 4.4L-4.4 0z", True),
    "frame": ("M0 -4L4 0L0 4L-4 0z", False),
    "up": ("M0 -4L4 3.2H-4z", True),
    "down": ("M0 4L4 -3.2H-4z", True),
    "cross": ("M-3 -3L3 3M-3 3L3 -3", False),
    "plus": ("M-4 0H4M0 -4V4", False),
    "left": ("M-4 0L3.2 -3.6V3.6z", False),
}


def style():
    def rules(ground):
        text, faint, paper, band, line = SHADES[ground]
        yield (f"text {{ fill: {text} }} .faint {{ fill: {faint} }} "
               f".ground {{ fill: {paper} }} .band {{ fill: {band} }} "
               f".grid {{ stroke: {line} }}")
        for name, hues in HUES.items():
            yield (f".{name} {{ stroke: {hues[ground]} }} "
                   f".{name}.solid {{ fill: {hues[ground]} }}")
        yield f".hollow {{ fill: {paper} }}"
    light, dark = ("\n".join(rules(ground)) for ground in (0, 1))
    return ('text { font: 12px "DejaVu Sans", Verdana, Arial, sans-serif }\n'
            ".title { font-size: 20px; font-weight: bold }\n"
            ".head { font-size: 14px; font-weight: bold }\n"
            ".strong { font-weight: bold }\n"
            ".end { text-anchor: end } .mid { text-anchor: middle }\n"
            "path { stroke-width: 1.5 } .grid { stroke-width: 1 }\n"
            f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}")


def text(x, y, words, kind=""):
    return (f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}">'
            f'{html.escape(words)}</text>')


def mark(x, y, peer):
    name, shape, hue = PEERS[peer]
    path, solid = SHAPES[shape]
    return (f'<path class="{hue} {"solid" if solid else "hollow"}" '
            f'transform="translate({x:.1f} {y:.1f})" d="{path}"/>')


def number(value, unit):
    """A figure as the column at the right has it, and the axis if whole."""
    for name, larger in (("ns", "µs"), ("µs", "ms"), ("ms", "s")):
        if unit == name and value >= 1000:
            value, unit = value / 1000, larger
    return f"{value:.3g} {unit}"


def rows_of(tables):
    """Name of a row, unit, figures by peer: in the order of WORK."""
    found = {}
    for table in tables:
        for row in table["rows"]:
            key = table["group"], table["threads"], row["name"]
            found[key] = row["unit"], row["figures"]
    return [(name, *found[key]) for key, name in WORK.items() if key in found]


class Axis:
    """From the 1, 2 or 5 below all figures to that above them."""

    def __init__(self, rows):
        values = [of[end] for _, _, figures_ in rows
                  for of in figures_.values() for end in ("low", "high")]
        steps = [digit * 10 ** power for power in range(7)
                 for digit in (1, 2, 5)]
        self.low = max(s for s in steps if s <= max(min(values), 1))
        self.high = min(s for s in steps if s >= max(values))
        self.marks = {s: number(s, rows[0][1]) for s in steps
                      if self.low <= s <= self.high}

    def at(self, value):
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return LEFT + (RIGHT - LEFT) * min(max(part, 0), 1)

    def draw(self, top, bottom):
        for value, words in self.marks.items():
            x = self.at(value)
            yield f'<path class="grid" d="M{x:.1f} {top}V{bottom}"/>'
            yield text(x, bottom + 15, words, "faint mid")


def legend(peers, y):
    """The legend, in as many lines as it takes, and where it ends."""
    drawn, x = [], MARGIN
    for peer in peers:
        name, _, hue = PEERS[peer]
        needed = 16 + len(name) * CHARACTER[hue == OURS] + 14
        if x + needed > WIDTH - MARGIN:
            x, y = MARGIN, y + 20
        drawn.append(mark(x + 5, y - 4, peer))
        drawn.append(text(x + 16, y, name,
                          "strong" if hue == OURS else ""))
        x += needed
    return drawn, y


def lanes(peers, of, axis, y):
    """One row: lines of all allocators first, so that no mark is hidden."""
    lines, marks = [], []
    for i, peer in enumerate(peers):
        if peer not in of:
            continue
        at, hue = y + SPACE / 2 + (i + .5) * LANE, PEERS[peer][2]
        low, high = axis.at(of[peer]["low"]), axis.at(of[peer]["high"])
        lines.append(f'<path class="{hue}" d="M{low:.1f} {at}H{high:.1f}"/>')
        marks.append(mark(axis.at(of[peer]["median"]), at, peer))
    return lines + marks


def panel(part, tables, y):
    """The panel's SVG, and where it ends."""
    title, rows = PANELS[part], rows_of(tables)
    axis = Axis(rows)
    peers = [peer for peer in max((t["peers"] for t in tables), key=len)
             if peer in PEERS]
    drawn = [text(MARGIN, y, title, "head")]
    more, y = legend(peers, y + 24)
    drawn += more
    top = y = y + 14
    drawn.append(text(WIDTH - MARGIN, y - 3, PEERS[peers[0]][0], "strong end"))
    bands, marks = [], []
    for i, (name, unit, of) in enumerate(rows):
        height = len(peers) * LANE + SPACE
        middle = y + height / 2 + 4
        if i % 2 == 0:
            bands.append(f'<rect class="band" x="{MARGIN}" y="{y}" '
                         f'width="{WIDTH - 2 * MARGIN}" height="{height}"/>')
        marks.append(text(LEFT - 12, middle, name, "end"))
        marks += lanes(peers, of, axis, y)
        if peers[0] in of:
            marks.append(text(WIDTH - MARGIN - 4, middle,
                              number(of[peers[0]]["median"], unit), "end"))
        y += height
    return drawn + bands + list(axis.draw(top, y)) + marks, y + 44


def head(machine):
    about = (f"{machine['processor']}, {machine['processors']} processors, "
             f"Linux {machine['kernel'].split('-')[0]}, {machine['libc']}, "
             f"{machine['compiler'].split(' (')[0]} "
             f"{machine['compiler'].split()[-1]}")
    return [
        text(MARGIN, 36, "poolkind beside other allocators", "title"),
        text(MARGIN, 60, "Time on a logarithmic axis: further left is faster. "
             "A mark is the median of three to five rounds in which all took "
             "turns, its line goes"),
        text(MARGIN, 78, "from the fastest round to the slowest. poolkind's "
             "libraries are blue, with names in bold; the column at the right "
             "has the median of the first."),
        text(MARGIN, 96, "An operation's time is that of the processor, over "
             "all threads. " + about + ".", "faint")]


def page(results):
    machine, all_tables = figures.read(results)
    drawn, y = head(machine), 130
    for part in PANELS:
        tables = [t for t in all_tables if t["part"] == part]
        if tables:
            more, y = panel(part, tables, y)
            drawn += more
    for note in figures.notes(results):
        drawn.append(text(MARGIN, y - 4, note, "faint"))
        y += 18
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{y}" viewBox="0 0 {WIDTH} {y}" role="img">\n'
            "<title>poolkind beside other allocators</title>\n"
            f"<style>\n{style()}\n</style>\n"
            f'<rect class="ground" width="{WIDTH}" height="{y}"/>\n'
            + "\n".join(drawn) + "\n</svg>\n")


def write(results, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write(page(results))


if __name__ == "__main__":
    write(*(sys.argv[1:] + [os.path.join(HERE, "results.tsv"),
                            os.path.join(HERE, "results.svg")]
            [len(sys.argv) - 1:])[:2])
