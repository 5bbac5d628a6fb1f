# SPDX-License-Identifier: BSD-2-Clause
"""What a user of the package poolkind relies on. Run by python.sh beside this,
class by class; that of arrays needs numpy, and the others do without."""
import asyncio
import errno
import gc
import multiprocessing
import os
import pickle
import tempfile
import threading
import unittest

import poolkind

MIB = 1 << 20
FILE = f"file:{tempfile.gettempdir()},size=16M"


def names():
    return [kind.name for kind in poolkind.kinds()]


class Kinds(unittest.TestCase):
    def test_texts(self):
        with poolkind.Kind("dram,limit=64M,name=texts") as kind:
            self.assertEqual(kind.name, "texts")
            self.assertEqual(kind.text, "dram,limit=64M,name=texts")
            self.assertTrue(kind.resolved.startswith("dram"))
            self.assertIn(0, kind.nodes)
            self.assertIn("texts", names())
            self.assertIn(kind.text, repr(kind))

    def test_closed(self):
        kind = poolkind.Kind("dram,name=closed")
        self.assertFalse(kind.closed)
        kind.close()
        kind.close()
        self.assertTrue(kind.closed)
        self.assertNotIn("closed", names())
        with self.assertRaisesRegex(ValueError, "this kind is closed"):
            kind.stats()
        with self.assertRaises(ValueError):
            with kind:
                pass

    def test_forgotten(self):
        poolkind.Kind("dram,name=forgotten")
        gc.collect()
        self.assertNotIn("forgotten", names())

    def test_sentence(self):
        with self.assertRaises(OSError) as raised:
            poolkind.Kind("no-such-source")
        self.assertEqual(raised.exception.errno, errno.EINVAL)
        self.assertIn('unknown source "no-such-source" (known: dram',
                      raised.exception.strerror)

    def test_limit(self):
        with poolkind.Kind("dram") as kind:
            self.assertIsNone(kind.limit)
            kind.limit = 8 * MIB
            self.assertEqual(kind.limit, 8 * MIB)
            with self.assertRaisesRegex(MemoryError, "dram.*no room"):
                kind.buffer(16 * MIB)
            self.assertEqual(kind.stats()["failures"], 1)
            self.assertLessEqual(kind.room()["available"], 8 * MIB)
            kind.limit = None
            kind.buffer(16 * MIB).free()
            with self.assertRaises(OverflowError):
                kind.limit = -1

    def test_stats(self):
        with poolkind.Kind("dram,name=stats") as kind:
            block = kind.buffer(MIB)
            stats = kind.stats()
            self.assertGreaterEqual(stats["live"], MIB)
            self.assertEqual(stats["allocations"] - stats["frees"], 1)
            self.assertEqual(
                set(stats), {"live", "cached", "committed", "peak", "resident",
                             "limit", "size", "allocations", "frees", "active",
                             "failures", "spills", "returns"})
            told = poolkind.stats()["processes"][0]["kinds"]
            self.assertEqual([one["name"] for one in told], ["stats"])
            self.assertIn('kind="stats"', poolkind.openmetrics())
            memoryview(block)[:] = b"x" * MIB
            self.assertGreaterEqual(sum(kind.node_bytes().values()), MIB)
            block.free()
            kind.trim()
            kind.check()
            self.assertLess(kind.stats()["committed"], MIB)

    def test_machine(self):
        try:
            nodes = poolkind.machine_nodes()
        except OSError as error:
            self.assertEqual(error.errno, errno.ENOSYS)
            return
        self.assertGreater(nodes[0]["capacity"], 0)
        self.assertEqual(0, poolkind.refresh())
        self.assertEqual([one["node"] for one in nodes],
                         [one["node"] for one in poolkind.machine_nodes()])

    def test_fallback(self):
        low = poolkind.Kind("dram,name=low")
        high = poolkind.Kind("dram,name=high,fallback=low")
        with self.assertRaises(OSError) as raised:
            low.close()
        self.assertEqual(raised.exception.errno, errno.EBUSY)
        self.assertFalse(low.closed)
        del low  # waits for the other
        self.assertIn("low", names())
        high.close()
        self.assertEqual(names(), [])

    def test_equal(self):
        with poolkind.Kind("dram") as one, poolkind.Kind("dram") as other:
            self.assertEqual(one, [kind for kind in poolkind.kinds()
                                   if kind.name == one.name][0])
            self.assertNotEqual(one, other)

    def test_pickled(self):
        with poolkind.Kind("dram,limit=4M") as kind:
            with pickle.loads(pickle.dumps(kind)) as other:
                self.assertEqual(other.text, kind.text)
                self.assertNotEqual(other, kind)


class Buffers(unittest.TestCase):
    def setUp(self):
        self.kind = poolkind.Kind("dram,limit=64M")

    def test_memory(self):
        block = self.kind.buffer(100)
        self.assertEqual(bytes(block), bytes(100))
        view = memoryview(block)
        view[10] = 7
        self.assertEqual(bytes(block)[10], 7)
        self.assertEqual(len(block), 100)
        self.assertEqual(poolkind.kind_of(block), self.kind)
        self.assertEqual(poolkind.kind_of(block.address + 99), self.kind)
        self.assertEqual(block.kind, self.kind)
        self.assertIsNone(poolkind.kind_of(bytearray(100)))
        self.assertIsNone(poolkind.kind_of(0))

    def test_views(self):
        block = self.kind.buffer(100)
        view = memoryview(block)
        with self.assertRaisesRegex(BufferError, "has views"):
            block.free()
        view.release()
        block.free()
        with self.assertRaisesRegex(ValueError, "was freed"):
            memoryview(block)
        with self.assertRaises(ValueError):
            len(block)
        block.free()

    def test_with(self):
        with self.kind.buffer(MIB) as block:
            self.assertEqual(self.kind.stats()["live"] >= MIB, True)
        self.assertLess(self.kind.stats()["live"], MIB)
        with self.assertRaises(ValueError):
            block.address

    def test_outlives_its_kind(self):
        view = memoryview(self.kind.buffer(100))
        name = self.kind.name
        self.kind.close()
        view[:] = b"a" * 100
        self.assertEqual(poolkind.kind_of(view).name, name)
        del view
        self.assertNotIn(name, names())

    def test_sizes(self):
        self.assertEqual(len(self.kind.buffer(0)), 0)
        with self.assertRaisesRegex(ValueError, "0 or more"):
            self.kind.buffer(-1)
        with self.assertRaises(TypeError):
            self.kind.buffer("1")
        with self.assertRaises(TypeError):
            poolkind.Buffer()

    def test_freed_by_another_thread(self):
        blocks = [self.kind.buffer(100 + i) for i in range(1000)]
        thread = threading.Thread(target=blocks.clear)
        thread.start()
        thread.join()
        self.assertEqual(self.kind.stats()["live"], 0)

    def test_closed_while_it_is_asked(self):
        """Its methods leave the GIL to other threads."""
        for _ in range(50):
            kind = poolkind.Kind("dram")
            thread = threading.Thread(target=kind.close)
            thread.start()
            try:
                while True:
                    kind.node_bytes()
                    kind.trim()
            except ValueError:
                thread.join()
        self.assertEqual(len(poolkind.kinds()), 1)


def answer(queue, function, *arguments):
    try:
        queue.put(function(*arguments))
    except Exception as error:
        queue.put(f"{type(error).__name__}: {error}")


def in_child(how, function, *arguments):
    """What FUNCTION gives in a child."""
    context = multiprocessing.get_context(how)
    queue = context.SimpleQueue()
    child = context.Process(target=answer, args=(queue, function, *arguments))
    child.start()
    said = queue.get()
    child.join()
    return said


def write_to(block, kind):
    """In a child: changes a block that the parent made, and makes one."""
    memoryview(block)[0:5] = b"child"
    return poolkind.kind_of(kind.buffer(10)).name


def make(kind):
    block = kind.buffer(10)
    return kind.text, len(poolkind.kinds()), poolkind.kind_of(block).name


class Processes(unittest.TestCase):
    def forked(self, text):
        """What the parent's block has after a child wrote to it."""
        with poolkind.Kind(text) as kind:
            block = kind.buffer(5)
            self.assertEqual(in_child("fork", write_to, block, kind),
                             kind.name)
            return bytes(block)

    def test_fork_of_memory(self):
        self.assertEqual(self.forked("dram"), bytes(5))

    def test_fork_of_a_file(self):
        self.assertEqual(self.forked(FILE + ",fork=shared"), b"child")
        self.assertEqual(self.forked(FILE + ",fork=copy"), bytes(5))
        self.assertEqual(self.forked(FILE + ",fork=private"), bytes(5))

    def test_fork_refused(self):
        with poolkind.Kind(FILE) as kind:
            self.assertRegex(in_child("fork", make, kind),
                             "^PermissionError: .*not for the child")
            kind.buffer(10)

    def test_spawn(self):
        for text in "dram,limit=8M", FILE:
            with poolkind.Kind(text) as kind:
                said = in_child("spawn", make, kind)
                self.assertEqual(said[:2], (kind.text, 1), said)

    def test_sub_interpreter(self):
        try:
            import _xxsubinterpreters as interpreters
        except ImportError:
            self.skipTest("this Python has no _xxsubinterpreters")
        one = interpreters.create()
        interpreters.run_string(one, """if True:
            import poolkind
            kind = poolkind.Kind("dram,name=sub")
            assert poolkind.kind_of(kind.buffer(10)) == kind
            try:
                poolkind.use(kind)
                assert False
            except ImportError:
                pass
            """)
        self.assertIn("sub", names())
        interpreters.destroy(one)
        self.assertNotIn("sub", names())


class WithoutNumpy(unittest.TestCase):
    def test_use(self):
        with self.assertRaisesRegex(ImportError, "^poolkind.use.. needs numpy"):
            poolkind.use("dram")


def made_in(kind):
    import numpy
    with poolkind.use(kind):
        array = numpy.arange(1000)
    return poolkind.kind_of(array).text, int(array.sum())


def kind_of_new_array():
    import numpy
    kind = poolkind.kind_of(numpy.ones(1000))
    return kind and kind.text


class Arrays(unittest.TestCase):
    def setUp(self):
        import numpy
        self.numpy = numpy
        self.kind = poolkind.Kind("dram,limit=256M")

    def test_where_arrays_lie(self):
        numpy = self.numpy
        with poolkind.use(self.kind) as kind:
            self.assertIs(kind, self.kind)
            arrays = [numpy.empty(1000), numpy.zeros((100, 100)),
                      numpy.ones(3) * 2, numpy.array(["text", "longer text"]),
                      numpy.empty(0), numpy.array([None, {}])]
        for array in arrays:
            self.assertEqual(poolkind.kind_of(array), self.kind)
        self.assertEqual(float(arrays[1].sum()), 0)
        self.assertIsNone(poolkind.kind_of(numpy.ones(1000)))
        self.assertEqual(poolkind.kind_of(arrays[1][10:, 3]), self.kind)
        self.assertIsNone(poolkind.kind_of(arrays[1].copy()))
        self.assertEqual(numpy.core.multiarray.get_handler_name(arrays[0]),
                         "poolkind " + self.kind.name)

    def test_outlives_its_kind(self):
        with poolkind.use(self.kind):
            array = self.numpy.ones(MIB)
        name = self.kind.name
        self.kind.close()
        self.assertEqual(float(array.sum()), MIB)
        self.assertEqual(poolkind.kind_of(array).name, name)
        array.resize(2 * MIB)
        self.assertEqual(poolkind.kind_of(array).name, name)
        self.assertEqual(float(array.sum()), MIB)
        del array
        gc.collect()
        self.assertNotIn(name, names())

    def test_resized(self):
        with poolkind.use(self.kind):
            array = self.numpy.arange(1000)
        for size in 100000, 10, 0, 1:
            array.resize(size)
            self.assertEqual(poolkind.kind_of(array), self.kind)

    def test_text(self):
        with poolkind.use("dram,limit=32M") as one:
            first = self.numpy.ones(10)
        with poolkind.use("dram,limit=32M") as two:
            self.assertIs(one, two)
        self.assertEqual(poolkind.kind_of(first), one)
        one.close()
        with poolkind.use("dram,limit=32M") as three:
            self.assertNotEqual(one, three)
        with self.assertRaisesRegex(OSError, "unknown source"):
            poolkind.use("no-such-source")

    def test_inside_each_other(self):
        with poolkind.Kind("dram") as other:
            with poolkind.use(self.kind):
                with self.assertRaises(KeyError):
                    with poolkind.use(other):
                        inner = self.numpy.ones(10)
                        raise KeyError
                outer = self.numpy.ones(10)
            self.assertEqual(poolkind.kind_of(inner), other)
        self.assertEqual(poolkind.kind_of(outer), self.kind)

    def test_no_room(self):
        self.kind.limit = 8 * MIB
        with poolkind.use(self.kind):
            with self.assertRaises(MemoryError):
                self.numpy.ones(2 * MIB)
        self.assertEqual(self.kind.stats()["failures"], 1)

    def test_threads(self):
        seen = []

        def look():
            seen.append(kind_of_new_array())
        with poolkind.use(self.kind):
            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
            look()
        self.assertEqual(seen, [None, self.kind.text])

    def test_tasks(self):
        async def inside():
            with poolkind.use(self.kind):
                await asyncio.sleep(0)
                return kind_of_new_array()

        async def outside():
            await asyncio.sleep(0)
            return kind_of_new_array()

        async def both():
            return await asyncio.gather(inside(), outside())
        self.assertEqual(asyncio.run(both()), [self.kind.text, None])

    def test_freed_by_another_thread(self):
        with poolkind.use(self.kind):
            arrays = [self.numpy.ones(1000) for _ in range(1000)]
        thread = threading.Thread(target=arrays.clear)
        thread.start()
        thread.join()
        self.assertEqual(self.kind.stats()["live"], 0)

    def test_many_threads(self):
        def work():
            with poolkind.use(self.kind):
                for size in range(200):
                    array = self.numpy.ones(size * 37)
                    array = array + array
                    self.assertEqual(poolkind.kind_of(array), self.kind)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.kind.check()
        self.assertEqual(self.kind.stats()["live"], 0)

    def test_buffer(self):
        block = self.kind.buffer(800)
        array = self.numpy.frombuffer(block)
        array[:] = 1
        self.assertEqual(bytes(block)[:8], array[:1].tobytes())
        with self.assertRaises(BufferError):
            block.free()
        self.assertEqual(poolkind.kind_of(array), self.kind)

    def test_fork(self):
        with poolkind.use(self.kind):
            self.assertEqual(in_child("fork", kind_of_new_array),
                             self.kind.text)
        self.assertEqual(in_child("fork", made_in, self.kind),
                         (self.kind.text, 499500))

    def test_fork_refused(self):
        with poolkind.Kind(FILE) as kind:
            self.assertRegex(in_child("fork", made_in, kind), "MemoryError")

    def test_spawn(self):
        with poolkind.use(self.kind):
            self.assertIsNone(in_child("spawn", kind_of_new_array))
        self.assertEqual(in_child("spawn", made_in, self.kind),
                         (self.kind.text, 499500))


if __name__ == "__main__":
    unittest.main()
