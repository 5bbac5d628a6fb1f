#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Heat that spreads over a plate, by numpy: the two grids that every step reads
and writes lie in a kind, the record of what was seen in ordinary memory.

    python3 heat.py [KIND [SIZE [STEPS]]]
"""
import sys

import numpy
import poolkind

USAGE = """usage: heat.py [KIND [SIZE [STEPS]]]

Lets heat spread over a plate of SIZE by SIZE points (512) for STEPS steps (20),
with the grids in KIND (bandwidth|dram), and says where they lie and what that
kind holds."""


def spread(old, new):
    """One step of Jacobi's iteration; the rim keeps its heat."""
    inner = new[1:-1, 1:-1]
    numpy.add(old[:-2, 1:-1], old[2:, 1:-1], out=inner)
    inner += old[1:-1, :-2]
    inner += old[1:-1, 2:]
    inner *= 0.25


def main(text="bandwidth|dram", size="512", steps="20"):
    size, steps = int(size), int(steps)
    with poolkind.use(text) as kind:
        old = numpy.zeros((size, size))
        old[0] = 100
        new = old.copy()
    seen = numpy.zeros(steps)
    for step in range(steps):
        spread(old, new)
        old, new = new, old
        seen[step] = old.mean()
    print(f"{kind.resolved}: after {steps} steps the mean is {seen[-1]:.4f}")
    print("grids in the kind:", poolkind.kind_of(old) == kind and
          poolkind.kind_of(new) == kind)
    print("record in the kind:", poolkind.kind_of(seen) == kind)
    print(f"live {kind.stats()['live'] >> 10} KiB, by node:",
          ", ".join(f"{node}: {size >> 10} KiB"
                    for node, size in kind.node_bytes().items()))


if __name__ == "__main__":
    if "--help" in sys.argv[1:]:
        print(USAGE)
    else:
        try:
            main(*sys.argv[1:])
        except (OSError, MemoryError, ImportError, ValueError) as error:
            sentence = getattr(error, "strerror", None) or error
            sys.exit(f"heat.py: {sentence}")
