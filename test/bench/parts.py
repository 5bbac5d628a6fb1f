# SPDX-License-Identifier: BSD-2-Clause
"""What is not a workload of every allocator: libvmem's pools, the shim's start
and its forks, kinds by place, and memkind's limits."""
import os
import statistics
import subprocess
import time

from figures import compare, enter_table, figures, settings
from peers import (BUILD, POOL_DIR, compile, leave_out, library,
                   memkind_folder, ours, preload, shim)


def compile_parts(scratch):
    for name, arguments in {
            "pair": [], "forks": [], "launch": [], "kind": ours("poolkind"),
            "pages": [*ours("poolkind"), "-lnuma"],
            "memkind": [f"-L{BUILD}/lib", "-lmemkind",
                        f"-Wl,-rpath-link,{BUILD}/lib"],
            "pools": ours("vmem", "poolkind"),
            "pool-pair": ["-DLIBVMEM", *ours("vmem", "poolkind")]}.items():
        compile(scratch, name, [f"{name.removeprefix('pool-')}.c"], *arguments)


def startup(command, environment):
    """Milliseconds to start and end a program, median of many."""
    environment = {**os.environ, **environment}
    times = []
    for _ in range(20):
        start = time.perf_counter()
        subprocess.run(command, env=environment, check=True)
        times.append((time.perf_counter() - start) * 1e3)
    return {"start-up of true, ms": statistics.median(times)}


def compare_mallocs(scratch):
    jemalloc = library("libjemalloc.so.2", "libjemalloc2")
    plain = {"jemalloc": preload(jemalloc)} if jemalloc else {}
    mallocs = {**plain, "glibc": {}, "libvmmalloc": shim()}
    compare("malloc and free", mallocs,
            lambda e: figures([f"{scratch}/pair"], e))
    for threads in ("1", "2"):
        choices = {name: (f"{scratch}/pair", e) for name, e in plain.items()}
        choices["libvmem"] = (f"{scratch}/pool-pair", {"POOL_DIR": POOL_DIR})
        compare(f"vmem_malloc and vmem_free, {threads} thread(s)", choices,
                lambda peer: figures([peer[0], threads], peer[1]))


def compare_shim(scratch):
    compare("start-up, pool of 1 GiB", {"glibc": {}, "libvmmalloc": shim()},
            lambda e: startup(["/bin/true"], e))
    compare("fork with 8 MiB in use, pool of 1 GiB",
            {"glibc": {}, **{f"FORK={n}": shim(n) for n in (1, 2, 3)}},
            lambda e: figures([f"{scratch}/forks"], e))


def compare_kinds(scratch):
    # Of scope local: with several nodes of processors, a heap for each.
    compare("poolkind_malloc and poolkind_free",
            {"dram": "dram", "capacity": "capacity", "nodes:0": "nodes:0",
             "file": f"file:{POOL_DIR},size=64M"},
            lambda text: figures([f"{scratch}/kind", text], {}))
    chain = "dram,limit=64M,high={}% > dram"
    compare("kinds with marks, 48 MiB in use",
            {"dram": "dram", "dram, marks": "dram,high=99% > dram",
             "64M": "dram,limit=64M", "64M, below high": chain.format(95),
             "64M, above": chain.format(50)},
            lambda text: figures([f"{scratch}/kind", text, "marks"], {}))
    filled = {}
    for size in ("14M", "64M"):
        text = f"file:{POOL_DIR},size={size}"
        filled[size] = [figures([f"{scratch}/kind", text, "fill"], {})]
    enter_table("filling a kind on a file", filled)


def available_mib():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) >> 10 for line in file
                    if line.startswith("MemAvailable:"))


def compare_pages(scratch):
    """Pages taken by threads, and moved between nodes."""
    size = 4096 if available_mib() > 8192 else 256
    compare("a block whose pages are taken",
            {f"populate={n}": f"dram,populate={n}" for n in (1, 2)},
            lambda text: figures([f"{scratch}/pages", "take", text,
                                  str(size << 20)], {}))
    if not os.path.exists("/sys/devices/system/node/node1/meminfo"):
        leave_out("pages moved between nodes: this machine has one node")
        return
    compare("pages moved between nodes",
            {"move_pages(2)": "kernel", "poolkind_move()": "kind"},
            lambda way: figures([f"{scratch}/pages", "move", way], {}))


def free_mib(directory):
    space = os.statvfs(directory)
    return space.f_bavail * space.f_frsize >> 20


def compare_pools(scratch):
    """Pools by place and size, where there is room for them."""
    places = (POOL_DIR, scratch, "region")
    for size in (14, 64) if settings["quick"] else (14, 64, 1024):
        room = {place[:20]: place for place in places
                if place == "region" or free_mib(place) > 4 * size}
        command = f"{scratch}/pools"
        compare(f"vmem_create and vmem_delete, {size} MiB", room,
                lambda place: figures([command, place, str(size)], {}))
        compare(f"filling it, {size} MiB", room,
                lambda place: figures([command, place, str(size), "fill"], {}),
                1)


def compare_memkind(scratch):
    folder = memkind_folder()
    choices = {"memkind": folder} if folder else {}
    choices["libmemkind here"] = f"{BUILD}/lib"
    nodes = {"MEMKIND_HBW_NODES": "0", "MEMKIND_DAX_KMEM_NODES": "0",
             "POOL_DIR": POOL_DIR}
    for title, arguments, rounds in (
            ("memkind_malloc and memkind_free", [], 5),
            ("file kinds of 16 MiB", ["kinds"], 1),
            ("one block in a conservative file kind", ["churn"], 3)):
        compare(title, choices,
                lambda folder: figures(
                    [f"{scratch}/memkind", *arguments],
                    {**nodes, "LD_LIBRARY_PATH": folder}), rounds)
