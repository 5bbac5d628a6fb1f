# SPDX-License-Identifier: BSD-2-Clause
"""The pages of the manual as a reader sees them: their displays, which are what
is copied from a page, and their tables.

A comment before a display says what is to be known of it beyond the page:

    .\\" not run: REASON     it cannot be tried, or is no program
    .\\" given: C            what a fragment of C takes for granted
    .\\" with: NAME=VALUE    variables that stand for a machine of some sort
    .\\" else: PATTERN       what it says, and fails, on a machine without that
    .\\" printed by: COMMAND the display is what this prints
    .\\" rules: accepted     it is a file of rules
"""
import os
import re

MARK = re.compile(r'^\.\\" (not run|given|with|else|printed by|rules): (.*)$')
ESCAPES = {r"\e": "\\", r"\&": "", r"\ ": " ", r"\-": "-", r"\(dq": '"',
           r"\(aq": "'", r"\(ti": "~", r"\(ha": "^", r"\|": ""}
LINE = 73  # characters of an indented line, of 78
LIBRARIES = {"poolkind.h": "poolkind", "poolkind.hpp": "poolkind",
             "libvmem.h": "vmem", "libvmmalloc.h": "",
             "autohbw_api.h": "autohbw"}
CALLABLE = {"Ar", "Cm", "Dv", "Em", "Er", "Ev", "Fa", "Fl", "Fn", "Ic", "Li",
            "Ns", "Pa", "Pq", "Sx", "Ta", "Va", "Vt", "Xr"}


def plain(text):
    """TEXT without roff's escapes."""
    return re.sub(r"\\(?:\(..|.)", lambda m: ESCAPES.get(m.group(), ""), text)


def words(line):
    """The arguments of a macro line; what quotes join is one."""
    return [quoted or word for quoted, word in
            re.findall(r'"([^"]*)"(?=\s|$)|((?:\\.|\S)+)', line)]


def formatted(line):
    """What a line with callable macros prints."""
    text, glue = "", True
    for word in words(line):
        if word in CALLABLE:
            glue = glue or word == "Ns"
            continue
        text += ("" if glue else " ") + plain(word)
        glue = False
    return text


class Display:
    """Lines that are shown as they are; KIND is Bd, Dl, D1 or It."""

    def __init__(self, page, number, kind, section, marks):
        self.page, self.number, self.kind = page, number, kind
        self.section, self.marks, self.lines = section, marks, []

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"

    @property
    def name(self):
        first = next((line for line in self.lines if line.strip()), "")
        return f"{self.page.name}:{self.number}: {first.strip()[:50]}"


class Page:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().split("\n")

    def arguments(self, macro):
        """Of each line with MACRO."""
        return [line[len(macro) + 2:] for line in self.lines
                if line.startswith(f".{macro} ")]

    def headers(self):
        """Those of the SYNOPSIS."""
        text = "\n".join(self.lines)
        return re.findall(r"^\.In (\S+)", text.split("\n.Sh DESC")[0], re.M)

    def libraries(self):
        """What a program that includes the page's headers is linked with."""
        return sorted({LIBRARIES.get(name, "memkind")
                       for name in self.headers()} - {""})

    def displays(self):
        """Displays, and in EXAMPLES the items of a list, which are texts of
        kinds. Lines of .Dl that follow each other are one display."""
        found, marks, section = [], {}, ""
        inside = before = None
        for number, line in enumerate(self.lines, 1):
            macro = line[1:3] if line.startswith(".") else ""
            mark = MARK.match(line)
            if inside and macro == "Ed":
                inside, marks = None, {}
            elif inside:
                if not line.startswith('.\\"'):
                    inside.lines.append(plain(line))
            elif mark:
                word, text = mark.groups()
                marks[word] = f"{marks[word]}\n{text}" \
                    if word in marks else text
            elif line.startswith(".Bd "):
                inside = Display(self, number, "Bd", section, marks)
                found.append(inside)
            elif macro in ("Dl", "D1"):
                if before != macro:
                    found.append(
                        Display(self, number, macro, section, marks))
                found[-1].lines.append(formatted(line[4:]))
                marks = {}
            elif line.startswith(".It Li ") and section == "EXAMPLES":
                found.append(Display(self, number, "It", section, marks))
                found[-1].lines.append(plain(line[7:]))
                marks = {}
            elif macro == "Sh":
                section = line[4:]
            before = macro
        return found

    def tables(self):
        """(number, cell, width, room): the last cell of a row has what the
        line has left."""
        widths = []
        for number, line in enumerate(self.lines, 1):
            if line.startswith(".Bl -column"):
                widths = [len(word) for word in words(line)[2:]]
            elif line.startswith(".El"):
                widths = []
            elif widths and line.startswith(".It "):
                cells = [formatted(cell) for cell in
                         re.split(r"\s+Ta\s+", line[4:])]
                for cell, room in zip(cells[:-1], widths):
                    yield number, cell, len(cell), room
                # What groff and mandoc put between columns.
                gap = 4 if len(widths) < 5 else 3 if len(widths) == 5 else 1
                used = sum(width + gap for width in widths[:len(cells) - 1])
                yield number, cells[-1], len(cells[-1]), LINE - used


def pages(folder):
    """Those with a text of their own."""
    for name in sorted(os.listdir(folder)):
        page = Page(os.path.join(folder, name))
        if not page.lines[0].startswith(".so "):
            yield page
