# SPDX-License-Identifier: BSD-2-Clause
"""What is wrong with a page apart from its displays: its title, references,
words that a macro takes for itself, tables, and lines that a screen of 80
columns breaks."""
import os
import re
import shutil
import subprocess

SCREEN = 80
OURS = re.compile(
    r"((lib)?poolkind|vmem_|libvm|memkind|memtier|hbw|autohbw|libmemtier|\w+allocator)")
# English words that are macros as well, where a line of text is parsed.
TAKEN = re.compile(r"^\.(?:Dq|Sq|Ql|Qq|Em|Sy|Sh|Ss|Nd|It|Pq) (?:.* )?"
                   r"((?:In|At|An|No|Me|Or) (?!\w+\.h).*)$")
RENDERERS = (("mandoc", "-T", "utf8", "-O", f"width={SCREEN}"),
             ("groff", "-mdoc", "-T", "utf8", "-P-cbou", f"-rLL={SCREEN}n"),
             ("groff", "-mdoc", "-T", "utf8", "-P-cbou",
              f"-rLL={SCREEN - 2}n"))


def title(page):
    name, section = page.name.rsplit(".", 1)
    wanted = f"{name.upper()} {section}"
    for given in page.arguments("Dt"):
        if given != wanted:
            yield f".Dt is {given}, and should be {wanted}"


def references(page):
    folder = os.path.dirname(page.path)
    for number, line in enumerate(page.lines, 1):
        for name, section in re.findall(r"\bXr (\S+) (\d)", line):
            if OURS.match(name) and not os.path.exists(
                    os.path.join(folder, f"{name}.{section}")):
                yield f"line {number}: there is no {name}({section})"


def page_of(folder, name, section):
    """The file that has the text of a page; a missing one is by itself."""
    path = os.path.join(folder, f"{name}.{section}")
    if not os.path.exists(path):
        return os.path.basename(path)
    with open(path, encoding="utf-8") as file:
        first = file.readline()
    return first.strip().split("/")[-1] if first.startswith(".so ") \
        else os.path.basename(path)


def see_also(page):
    """The pages of ours that a page names are in its SEE ALSO, in order."""
    text = "\n".join(page.lines)
    parts = re.split(r"(?m)^\.Sh SEE ALSO\n", text)
    if len(parts) != 2:
        yield "it has no SEE ALSO"
        return
    also, _, rest = parts[1].partition("\n.Sh ")
    find = re.compile(r"\bXr (\S+) (\d)")
    listed = [(section, name) for name, section in find.findall(also)]
    if listed != sorted(listed):
        yield "SEE ALSO is not in the order of sections and names"
    folder = os.path.dirname(page.path)
    there = {page_of(folder, other, number) for number, other in listed
             if OURS.match(other)} | {page.name}
    for other, number in find.findall(parts[0] + rest):
        file = page_of(folder, other, number)
        if OURS.match(other) and file not in there:
            there.add(file)
            yield f"SEE ALSO lacks {other}({number}), which the text names"


def taken_words(page):
    for number, line in enumerate(page.lines, 1):
        if TAKEN.match(line) and "No " not in line:
            yield f"line {number}: a macro takes a word of: {line}"


def tables(page):
    for number, cell, width, room in page.tables():
        if width > room:
            yield f"line {number}: \"{cell}\" has {width} columns, of {room}"


def rendered(page):
    """Lines beyond the screen, and what the renderers complain of."""
    for command in RENDERERS:
        if shutil.which(command[0]) is None:
            continue
        done = subprocess.run(
            command + (page.path,), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace",
            env={**os.environ, "LC_ALL": "C.UTF-8"})
        for line in done.stderr.splitlines():
            yield f"{command[0]}: {line}"
        for line in re.sub(".\b", "", done.stdout).splitlines():
            if len(line) > SCREEN:
                yield f"{command[0]}: {len(line)} columns: {line.strip()}"


def problems(page):
    return [problem for check in (title, references, see_also, taken_words,
                                  tables, rendered)
            for problem in check(page)]
