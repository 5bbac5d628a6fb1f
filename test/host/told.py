# SPDX-License-Identifier: BSD-2-Clause
"""Where arrays of numpy and buffers in the kind of its argument lie; the library
with tell_nodes() is the other argument. test/host/languages runs it."""
import ctypes
import sys

import numpy
import poolkind

told = ctypes.CDLL(sys.argv[2])
told.tell_nodes.argtypes = ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t
told.tell_nodes.restype = None

kind = poolkind.Kind(sys.argv[1])
with poolkind.use(kind):
    x = numpy.ones(1 << 19)
    y = x + x
buffer = kind.buffer(1 << 22)
view = numpy.frombuffer(buffer, dtype=numpy.uint8)
view[:] = 1
told.tell_nodes(b"array", x.ctypes.data, x.nbytes)
told.tell_nodes(b"sum", y.ctypes.data, y.nbytes)
told.tell_nodes(b"buffer", view.ctypes.data, view.nbytes)
