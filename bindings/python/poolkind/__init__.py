# SPDX-License-Identifier: BSD-2-Clause
"""Allocate from kinds of memory, numpy's arrays among it.

A kind says where memory comes from; poolkind(7) has the grammar of its text.
poolkind-python(3) describes this package.
"""
import contextlib
import importlib
import json

from ._kinds import (Buffer, Kind, address_of as _address_of,
                     kind_of as _kind_of, kinds, machine_nodes, refresh,
                     stats_text as _stats_text, version)

__all__ = ["Buffer", "Kind", "kind_of", "kinds", "machine_nodes",
           "openmetrics", "refresh", "stats", "use", "version"]

_JSON, _OPENMETRICS = 1, 2
_named = {}  # kinds that use() opened, by their text


def kind_of(what):
    """The kind that an address, an array or another buffer lies in, or None."""
    if not isinstance(what, int):
        interface = getattr(what, "__array_interface__", None)
        what = interface["data"][0] if interface else _address_of(what)
    return _kind_of(what)


def stats():
    """What all open kinds of the process hold, as a dict: the JSON of
    poolkind_write_stats(3)."""
    return json.loads(_stats_text(_JSON))


def openmetrics():
    """The same as text in the form of OpenMetrics."""
    return _stats_text(_OPENMETRICS)


def _for_numpy():
    try:
        return importlib.import_module("poolkind._arrays")
    except ImportError as error:
        reason = "for which this package was not built" \
            if error.name == "poolkind._arrays" else str(error)
    raise ImportError(f"poolkind.use() needs numpy 1.22 or later: {reason}")


def _shared(text):
    """The kind of a text: one for the process, so that a limit in it counts
    for all arrays that are made under it."""
    kind = _named.get(text)
    if kind is None or kind.closed:
        _named.pop(text, None)
        kind = _named.setdefault(text, Kind(text))
    return kind


@contextlib.contextmanager
def _using(arrays, kind):
    before = arrays.set_handler(arrays.handler_for(kind._hold()))
    try:
        yield kind
    finally:
        arrays.set_handler(before)


def use(kind):
    """Inside of `with use(kind):' numpy makes arrays in that kind, a Kind or a
    text. They stay there as long as they live. It counts for this thread, and
    in asyncio for this task, alone."""
    arrays = _for_numpy()
    return _using(arrays, kind if isinstance(kind, Kind) else _shared(kind))
