#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is in a file of pprof: for tests, which know it by nothing of ours.

pprof.py FILE prints a line for each site: blocks, bytes, peak, live at the
peak, lifetime in ns, threads, accesses, kind, then the functions of its stack
with ';' between, innermost first. Sites come by bytes, the most first.
"""
import gzip
import sys

# Each module has so many addresses in a file of ours.
MAPPING_BYTES = 1 << 44


def varint(data, at):
    """The number that begins there, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) of each field: an int, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
            yield key >> 3, value
        elif key & 7 == 2:
            length, at = varint(data, at)
            yield key >> 3, data[at:at + length]
            at += length
        else:
            raise ValueError(f"wire type {key & 7}")


def numbers(values):
    """All numbers of a repeated field, packed or not."""
    for value in values:
        if isinstance(value, int):
            yield value
        else:
            yield from packed(value)


def packed(data):
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value


def message(data):
    """field number: its values."""
    found = {}
    for number, value in fields(data):
        found.setdefault(number, []).append(value)
    return found


def one(found, number, default=0):
    return found.get(number, [default])[-1]


class Profile:
    """samples: (stack of (function, file, line, offset), {type: value},
    {label}). The offset is that of a return address in its module, and None
    where none is known."""

    def __init__(self, path):
        with gzip.open(path) as file:
            top = message(file.read())
        self.texts = [text.decode() for text in top[6]]
        self.types = [self.texts[one(message(t), 1)] for t in top[1]]
        self.comments = [self.texts[n] for n in numbers(top.get(13, []))]
        self.duration = one(top, 10)
        self.mappings = {}
        for data in top.get(3, []):
            mapping = message(data)
            self.mappings[one(mapping, 1)] = self.texts[one(mapping, 5)]
        names = {}
        for data in top.get(5, []):
            function = message(data)
            names[one(function, 1)] = (self.texts[one(function, 2)],
                                       self.texts[one(function, 4)])
        self.places = {}
        for data in top.get(4, []):
            location = message(data)
            lines = location.get(4, [])
            line = message(lines[0]) if lines else {}
            name, file = names.get(one(line, 1), ("?", "?"))
            offset = one(location, 3) % MAPPING_BYTES \
                if one(location, 2) else None
            self.places[one(location, 1)] = (name, file, one(line, 2), offset)
        self.samples = [self.sample(data) for data in top.get(2, [])]

    def sample(self, data):
        found = message(data)
        labels = {}
        for text in found.get(3, []):
            label = message(text)
            labels[self.texts[one(label, 1)]] = \
                self.texts[one(label, 2)] or one(label, 3)
        return (tuple(self.places[n] for n in numbers(found.get(1, []))),
                dict(zip(self.types, numbers(found[2]))), labels)

    def sites(self):
        """The samples that have the totals of a site."""
        return [s for s in self.samples
                if "bytes" not in s[2] and "moment" not in s[2]]

    def moments(self):
        """moment: live bytes of all sites."""
        found = {}
        for _, values, labels in self.samples:
            if "moment" in labels:
                at = labels["moment"]
                found[at] = found.get(at, 0) + values["live_space"]
        return found

    def total(self, kind, function=None):
        """The sum over all sites, or those with a function on the stack."""
        return sum(values[kind] for stack, values, _ in self.sites()
                   if function is None or
                   any(place[0] == function for place in stack))


COLUMNS = ("alloc_objects", "alloc_space", "peak_space", "inuse_space",
           "lifetime", "threads", "accesses")


def main():
    profile = Profile(sys.argv[1])
    for stack, values, labels in sorted(
            profile.sites(), key=lambda s: -s[1]["alloc_space"]):
        print(*(values[name] for name in COLUMNS), labels.get("kind", "-"),
              ";".join(place[0] for place in stack))


if __name__ == "__main__":
    main()
