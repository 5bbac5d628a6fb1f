# SPDX-License-Identifier: BSD-2-Clause
"""A file of results as one SVG, readable on a light and on a dark ground.

A panel for each part, a row for each figure, a column for each number of
threads. Bars are ratios to the panel's first peer on a logarithmic scale: to
the right of the line is more time or memory than it needs. A thin line spans
what the rounds came to; the number at the left is the first peer's own figure.
"""
import html
import math

import figures

PARTS = {
    "dram": "Kinds of ordinary memory", "file": "Kinds in a file",
    "fixed": "Kinds in a region", "preload": "malloc, by a preloaded library",
    "programs": "Whole programs, by a preloaded library",
}
COLOURS = ("#3f83c8", "#dd8420", "#2a9d72", "#c4549c", "#8b70d6", "#9c8326")
LOWEST, HIGHEST = -3, 5  # powers of two
LABELS, FIGURES, OCTAVE, GAP = 205, 50, 21, 38
COLUMN = FIGURES + (HIGHEST - LOWEST) * OCTAVE + GAP
BAR = 6
STYLE = """
:root { color-scheme: light dark }
svg { background: #fff; font: 11px sans-serif }
text { fill: #222 } .faint { fill: #777 } .head { font: bold 15px sans-serif }
.grid { stroke: #ddd } .one { stroke: #444 } .spread { stroke: #222 }
.end { text-anchor: end } .mid { text-anchor: middle }
@media (prefers-color-scheme: dark) {
svg { background: #16181c } text { fill: #ddd } .faint { fill: #999 }
.grid { stroke: #333 } .one { stroke: #bbb } .spread { stroke: #eee } }
"""


def text(x, y, words, kind=""):
    return (f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}">'
            f'{html.escape(words)}</text>')


def position(ratio):
    """Pixels from the left end of the scale."""
    power = math.log2(ratio) if ratio > 0 else LOWEST
    return (min(max(power, LOWEST), HIGHEST) - LOWEST) * OCTAVE


def short(number):
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def bar(x, y, peer, colour, of, base, label):
    ratio = of["median"] / base
    start, end = sorted((position(1), position(ratio)))
    words = html.escape(f"{peer}, {label}: {short(of['median'])}, "
                        f"{ratio:.2f}x")
    drawn = [f'<rect x="{x + start:.1f}" y="{y}" width="{end - start:.1f}" '
             f'height="{BAR - 1}" fill="{colour}"><title>{words}</title></rect>']
    low, high = (position(of[name] / base) for name in ("low", "high"))
    if high - low > 1:
        drawn.append(f'<path class="spread" d="M{x + low:.1f} '
                     f'{y + BAR / 2 - .5}H{x + high:.1f}"/>')
    if math.log2(max(ratio, 1e-9)) > HIGHEST:
        drawn.append(text(x + end + 2, y + BAR, f"{short(ratio)}x"))
    return "".join(drawn)


def grid(x, top, bottom, threads):
    drawn = []
    for power in range(LOWEST, HIGHEST + 1):
        at = x + (power - LOWEST) * OCTAVE
        drawn.append(f'<path class="{"one" if power == 0 else "grid"}" '
                     f'd="M{at} {top}V{bottom}"/>')
        if power % 2 == 0:
            drawn.append(text(at, top - 3, f"{2.0 ** power:g}x", "faint mid"))
    if threads:
        drawn.append(text(x, top - 17, f"{threads} thread{'s'[:threads - 1]}"))
    return "".join(drawn)


def rows_of(tables):
    """(group, row) -> label, and threads -> figures by peer."""
    rows = {}
    for table in tables:
        for row in table["rows"]:
            label = ", ".join(filter(None, (row["name"], row["unit"])))
            if table["part"] == "programs":
                label = f"{table['group']}: {label}"
            rows.setdefault((table["group"], label), {})[
                table["threads"]] = row["figures"]
    return rows


def panel(part, tables, top):
    """The panel's SVG, and where it ends."""
    first, *others = max((table["peers"] for table in tables), key=len)
    columns = sorted({table["threads"] for table in tables},
                     key=lambda threads: threads or 0)
    colour = {peer: COLOURS[i % len(COLOURS)]
              for i, peer in enumerate(others)}
    drawn = [text(10, top + 18, f"{PARTS[part]}, beside {first}", "head")]
    x = 10
    for peer in others:
        drawn.append(f'<rect x="{x}" y="{top + 28}" width="10" height="10" '
                     f'fill="{colour[peer]}"/>')
        drawn.append(text(x + 14, top + 37, peer))
        x += 34 + 7 * len(peer)
    start = y = top + 78
    height = len(others) * BAR + 5
    for (_, label), by_threads in rows_of(tables).items():
        cells = [(columns.index(threads), figures)
                 for threads, figures in by_threads.items()
                 if figures.get(first, {}).get("median")]
        if not cells:
            continue
        drawn.append(text(LABELS - 8, y + height / 2 + 2, label, "end"))
        for column, figures in cells:
            x = LABELS + column * COLUMN + FIGURES
            base = figures[first]["median"]
            drawn.append(text(x - 5, y + height / 2 + 2, short(base),
                              "faint end"))
            for i, peer in enumerate(others):
                if peer in figures:
                    drawn.append(bar(x, y + i * BAR, peer, colour[peer],
                                     figures[peer], base, label))
        y += height
    for i, threads in enumerate(columns):
        drawn.insert(0, grid(LABELS + i * COLUMN + FIGURES, start - 4, y,
                             threads))
    return "\n".join(drawn), y + 20


def write(results, path):
    machine, all_tables = figures.read(results)
    drawn, y = [], 44
    for part in PARTS:
        tables = [t for t in all_tables if t["part"] == part]
        if tables:
            figure, y = panel(part, tables, y)
            drawn.append(figure)
    about = (f"{machine['processors']} processors, {machine['processor']}, "
             f"Linux {machine['kernel']}, {machine['libc']}, "
             f"{machine['compiler']}")
    width = LABELS + 4 * COLUMN + 10
    with open(path, "w") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{y}" viewBox="0 0 {width} {y}">'
            f"<style>{STYLE}</style>\n"
            + text(10, 18, "Time or memory as a ratio: bars to the right of "
                           "1x take more than the first allocator, bars to "
                           "the left take less") + "\n"
            + text(10, 34, about, "faint") + "\n" + "\n".join(drawn)
            + "\n</svg>\n")
