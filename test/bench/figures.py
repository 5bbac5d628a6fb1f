# SPDX-License-Identifier: BSD-2-Clause
"""Programs run in turn for several rounds; medians and spread of what they
print, as tables on the terminal and in a file of results.

That file is a table of tabs, a line a figure: part, group, threads, rounds,
name, unit, and for each peer the median and, behind it, the lowest and the
highest of the rounds. A line of names begins each part, in which the first peer
is what ratios refer to. Lines with # in front tell of the machine, of what was
left out, and of what is to be known beside the figures.
"""
import os
import statistics
import subprocess
import sys
import tempfile

import peers

NO_FIGURE = 77
NOISY = 8  # percent; 2.7 on an idle machine
settings = {"rounds": None, "quick": False}
tables = []


def rounds(usual, is_workload):
    if usual == 1:
        return 1
    if settings["rounds"]:
        return settings["rounds"]
    return (2 if is_workload else 1) if settings["quick"] else usual


def figures(command, environment, library=None, given=""):
    """What a program printed: name -> number. It says which file it gets its
    blocks from, and that is LIBRARY. Why there are no more figures is among
    them as "reason": a peer may crash, a library of ours may not. GIVEN is the
    program's standard input, as a file."""
    with tempfile.TemporaryFile("w+") as file:
        file.write(given)
        file.seek(0)
        done = subprocess.run(command, env={**os.environ, **environment},
                              capture_output=True, text=True, stdin=file)
    foreign = library and not library.startswith(peers.BUILD)
    if done.returncode not in (0, NO_FIGURE) and not foreign:
        sys.exit(f"{' '.join(command)} with {environment} ended with "
                 f"{done.returncode}\n{done.stderr}")
    rows = dict(line.split("\t") for line in done.stdout.splitlines())
    used = rows.pop("library", None)
    if library and not (used and os.path.samefile(used, library)):
        sys.exit(f"{' '.join(command)} is served by {used}, not {library}")
    measured = {name: float(number) for name, number in rows.items()}
    if done.returncode != 0:
        measured["reason"] = (done.stderr.splitlines() or
                              [f"it ended with {done.returncode}"])[-1]
    return measured


def summary(values):
    return {"median": statistics.median(values), "low": min(values),
            "high": max(values), "all": values}


def print_table(table):
    first = table["peers"][0]
    count = table["rounds"]
    print(f"\n{table['title']} (" + (
        f"medians of {count} rounds, half the range in percent" if count > 1
        else "one round") + f"; ratio to {first})")
    print(" " * 36 + "".join(f"{name:>24}" for name in table["peers"]))
    for row in table["rows"]:
        cells = ""
        base = row["figures"].get(first, {}).get("median", 0)
        for name in table["peers"]:
            of = row["figures"].get(name)
            if of is None:
                cells += f"{'-':>24}"
                continue
            half = (of["high"] - of["low"]) / 2 / (of["median"] or 1) * 100
            spread = f"±{half:.0f}%" if count > 1 else ""
            ratio = f"{of['median'] / base:.2f}x" if base else "-"
            cells += f"{of['median']:>11.2f} {spread:>5} {ratio:>6}"
        label = f"{row['name']}, {row['unit']}" if row["unit"] else row["name"]
        print(f"{label:<36}{cells}")
    sys.stdout.flush()


def enter_table(title, measured, key=("", "", None)):
    """MEASURED: name of a peer -> list of figures, one a round."""
    rows, names = [], {}
    for results in measured.values():
        for result in results:
            names.update(dict.fromkeys(result))
    for peer, results in measured.items():
        for reason in {r["reason"] for r in results if "reason" in r}:
            peers.leave_out(f"{peer}, {title}: {reason}")
    names.pop("reason", None)
    for name in names:
        label, _, unit = name.rpartition(", ")
        rows.append({"name": label or name, "unit": unit if label else "",
                     "figures": {
                         peer: summary([r[name] for r in results if name in r])
                         for peer, results in measured.items()
                         if any(name in r for r in results)}})
    table = {"part": key[0], "group": key[1], "threads": key[2],
             "title": title, "rounds": max(map(len, measured.values())),
             "peers": list(measured), "rows": rows}
    tables.append(table)
    print_table(table)


def compare(title, choices, measure, usual_rounds=7, key=("", "", None)):
    """CHOICES: name -> argument of MEASURE, which gives figures. Each has its
    turn in every round."""
    measured = {name: [] for name in choices}
    for _ in range(rounds(usual_rounds, key[0])):
        for name, argument in choices.items():
            measured[name].append(measure(argument))
    enter_table(title, measured, key)


COLUMNS = ["part", "group", "threads", "rounds", "name", "unit"]
MACHINE, LEFT_OUT, NOTE = "# machine: ", "# left out: ", "# note: "


def cell(of):
    if of is None:
        return "-"
    if of["low"] == of["high"]:
        return f"{of['median']:.4g}"
    return f"{of['median']:.4g} {of['low']:.4g}..{of['high']:.4g}"


def lines_of(machine, left_out, all_tables):
    for key, value in machine.items():
        words = " ".join(value) if isinstance(value, list) else value
        yield f"{MACHINE}{key}: {words}"
    yield from (LEFT_OUT + why for why in left_out)
    for part in dict.fromkeys(table["part"] for table in all_tables):
        of_part = [table for table in all_tables if table["part"] == part]
        names = list(max((t["peers"] for t in of_part), key=len))
        names += dict.fromkeys(name for t in of_part for name in t["peers"]
                               if name not in names)
        yield "\t".join(COLUMNS + names)
        for table in of_part:
            for row in table["rows"]:
                yield "\t".join(
                    [part, table["group"], str(table["threads"] or "-"),
                     str(table["rounds"]), row["name"], row["unit"] or "-",
                     *(cell(row["figures"].get(name)) for name in names)])


def spread():
    """The median, over all times, of half the range of their rounds, in
    percent: how much this machine was disturbed. None after single rounds."""
    halves = [(of["high"] - of["low"]) / 2 / of["median"] * 100
              for table in tables if table["rounds"] > 1
              for row in table["rows"] if row["unit"] in ("ns", "us", "ms")
              for of in row["figures"].values() if of["median"]]
    return statistics.median(halves) if halves else None


def write(path):
    machine, half = peers.machine(), spread()
    if half is not None:
        machine["rounds stray"] = f"{half:.1f} percent"
    if half is not None and half > NOISY:
        print(f"\nnoisy: half of the times stray by {half:.0f} percent and more "
              "between rounds; repeat this on an idle machine")
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as file:
        for line in lines_of(machine, peers.left_out, tables):
            print(line, file=file)


def number_of(text):
    """A cell as median, low and high; None where there is no figure."""
    if text == "-":
        return None
    median, _, span = text.partition(" ")
    low, _, high = (span or f"{median}..{median}").partition("..")
    return {"median": float(median), "low": float(low), "high": float(high)}


def notes(path):
    """What is to be known of the figures; written by hand."""
    with open(path) as file:
        return [line[len(NOTE):].strip() for line in file
                if line.startswith(NOTE)]


def read(path):
    """What write() wrote: the machine, and tables as enter_table() makes them,
    one for each part, group and number of threads."""
    machine, found, names = {}, {}, []
    with open(path) as file:
        for line in file.read().splitlines():
            fields = line.split("\t")
            if line.startswith(MACHINE):
                key, _, words = line[len(MACHINE):].partition(": ")
                machine[key] = words
            elif fields[:len(COLUMNS)] == COLUMNS:
                names = fields[len(COLUMNS):]
            elif not line.startswith("#"):
                part, group, threads, count, name, unit, *cells = fields
                figures_of = {peer: number_of(text)
                              for peer, text in zip(names, cells)
                              if text != "-"}
                table = found.setdefault((part, group, threads), {
                    "part": part, "group": group, "peers": [],
                    "threads": None if threads == "-" else int(threads),
                    "rounds": int(count), "rows": []})
                table["peers"] = [peer for peer in names if peer in figures_of
                                  or peer in table["peers"]]
                table["rows"].append({"name": name,
                                      "unit": "" if unit == "-" else unit,
                                      "figures": figures_of})
    return machine, list(found.values())
