# SPDX-License-Identifier: BSD-2-Clause
"""The allocators that are compared: where each is, and programs built on it.

What is not installed is fetched by test/lib/debian_packages; what cannot be had
is left out, and a line says why.
"""
import dataclasses
import functools
import os
import platform
import shlex
import subprocess
import sys

SOURCE = os.environ.get("TOP_SRCDIR", ".")
BUILD = os.path.abspath(os.environ.get("TOP_BUILDDIR", "build"))
CC = shlex.split(os.environ.get("CC", "cc"))
FLAGS = ["-O2", "-std=gnu11", "-fno-builtin", "-pthread"]
SHIM = os.environ.get("LIBVMMALLOC", "")
POOL_DIR = os.environ.get("POOL_DIR", "/dev/shm")
PRELOAD = os.environ.get("LIBPOOLKIND_MALLOC")
POOLKIND = f"{BUILD}/bin/poolkind"
BENCH = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, f"{BENCH}/../lib")
import rules  # noqa: E402

WORK = ["work.c", "blocks.c", "servers.c", "many.c", "held.c"]

left_out = []  # sentences, in the order they were found


@dataclasses.dataclass(frozen=True)
class Peer:
    """PROGRAM of the scratch folder, run so that it gets its blocks from
    LIBRARY, a file."""
    name: str
    program: str
    library: str
    environment: dict


def leave_out(sentence):
    if sentence not in left_out:
        left_out.append(sentence)
        print(f"left out: {sentence}", flush=True)


@functools.cache
def installed(library):
    found = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True,
                           text=True).stdout
    for line in found.splitlines():
        if line.split() and line.split()[0] == library:
            return line.split()[-1]
    return None


@functools.cache
def library(name, package):
    """The file of a peer's library, or None."""
    if installed(name):
        return installed(name)
    fetched = subprocess.run(
        [f"{SOURCE}/test/lib/debian_packages", "stable", package],
        capture_output=True, text=True)
    if fetched.returncode != 0:
        why = fetched.stderr.strip().splitlines() or ["no reason given"]
        leave_out(f"{package}: {why[-1]}")
        return None
    for folder, _, files in os.walk(fetched.stdout.strip()):
        if name in files:
            return os.path.join(folder, name)
    leave_out(f"{package}: it has no {name}")
    return None


def by_path(name):
    """The library that PEER_NAME names, or None."""
    path = os.environ.get(f"PEER_{name.upper()}")
    if path and not os.path.exists(path):
        sys.exit(f"PEER_{name.upper()}={path}: no such file")
    return path and os.path.realpath(path)


def memkind_folder():
    """The folder of memkind itself, or None."""
    if "MEMKIND_PEER" in os.environ:
        return os.environ["MEMKIND_PEER"]
    found = library("libmemkind.so.0", "libmemkind0")
    return found and os.path.dirname(found)


def ours(*names):
    return [f"-L{BUILD}/lib", f"-Wl,-rpath,{BUILD}/lib",
            *(f"-l{name}" for name in names)]


def compile(scratch, name, sources, *arguments):
    subprocess.run(
        CC + FLAGS + [f"-I{SOURCE}/include"] +
        [f"{BENCH}/{source}" for source in sources] +
        ["-o", f"{scratch}/{name}", *arguments], check=True)


def compile_work(scratch):
    """The program of the workloads on each allocator that there is."""
    jemalloc = library("libjemalloc.so.2", "libjemalloc2")
    mimalloc = library("libmimalloc.so.2", "libmimalloc2.0")
    programs = {
        "malloc": [],
        "poolkind": ["-DALLOCATOR_POOLKIND", *ours("poolkind")],
        "dlopen": ["-DALLOCATOR_DLOPEN"],
        # Found through LD_LIBRARY_PATH: ours, or memkind's.
        "memkind": ["-DALLOCATOR_MEMKIND", f"-L{BUILD}/lib", "-lmemkind",
                    f"-Wl,-rpath-link,{BUILD}/lib"],
        "mallocx": jemalloc and ["-DALLOCATOR_MALLOCX", jemalloc],
        "mi_heap": mimalloc and ["-DALLOCATOR_MI_HEAP", mimalloc],
        "mi_heap-by-path": by_path("mimalloc") and
            ["-DALLOCATOR_MI_HEAP", by_path("mimalloc")],
    }
    for name, arguments in programs.items():
        if arguments is not None:
            compile(scratch, f"work-{name}", WORK, *arguments)


def preload(*libraries, **more):
    return {"LD_PRELOAD": ":".join(libraries), **more}


def shim(fork=1, size="1G"):
    return preload(SHIM, VMMALLOC_POOL_DIR=POOL_DIR, VMMALLOC_POOL_SIZE=size,
                   VMMALLOC_FORK=str(fork))


@functools.cache
def hold(*kinds):
    """Where a program that this one starts finds rules: all sizes come from the
    first of the kinds, but those from 32 KiB on from the last."""
    names = [(f"k{i}", kind) for i, kind in enumerate(kinds)]
    table = rules.table(names, [f"size=32768- -> k{len(kinds) - 1}", "-> k0"])
    return f"{rules.descriptor(table)},{os.getpid()}"


def mallocs():
    """Preloaded libraries, ours first: all start the same program."""
    def peer(name, *libraries, **more):
        if None in libraries:
            return []
        return [Peer(name, "work-malloc", libraries[-1],
                     preload(*libraries, **more))]

    tbb = "libtbbmalloc2"
    return [
        Peer("libvmmalloc file", "work-malloc", SHIM, shim()),
        *peer("libvmmalloc dram", SHIM, VMMALLOC_KIND="dram"),
        *peer("poolkind-malloc dram", PRELOAD, POOLKIND_RULES=hold("dram")),
        *peer("poolkind-malloc two kinds", PRELOAD,
              POOLKIND_RULES=hold("dram", "dram,limit=1G")),
        *peer("jemalloc", library("libjemalloc.so.2", "libjemalloc2")),
        *peer("mimalloc", library("libmimalloc.so.2", "libmimalloc2.0")),
        *peer("mimalloc by path", by_path("mimalloc")),
        *peer("tcmalloc", library("libtcmalloc_minimal.so.4",
                                  "libtcmalloc-minimal4")),
        *peer("tcmalloc by path", by_path("tcmalloc")),
        *peer("snmalloc by path", by_path("snmalloc")),
        *peer("tbbmalloc", library("libtbbmalloc.so.2", tbb),
              library("libtbbmalloc_proxy.so.2", tbb)),
        *peer("glibc", installed("libc.so.6")),
    ]


def kinds(place):
    """Kinds on ordinary memory (dram), in a file, or in a region (fixed); and
    what choosing memory is to cost nothing beside: a plain malloc."""
    common = {"PLACE": place, "POOL_DIR": POOL_DIR, "MEMKIND_HBW_NODES": "0",
              "MEMKIND_DAX_KMEM_NODES": "0"}
    peers = [Peer("poolkind", "work-poolkind", f"{BUILD}/lib/libpoolkind.so.0",
                  common)]
    for name, folder in (("libmemkind", f"{BUILD}/lib"),
                         ("memkind", memkind_folder())):
        if folder:
            peers.append(Peer(name, "work-memkind",
                              f"{folder}/libmemkind.so.0",
                              {**common, "LD_LIBRARY_PATH": folder}))
    jemalloc = library("libjemalloc.so.2", "libjemalloc2")
    if jemalloc:
        peers.append(Peer("jemalloc", "work-malloc", jemalloc,
                          preload(jemalloc)))
    if place == "dram":
        peers.append(Peer("poolkind, dlopen", "work-dlopen",
                          f"{BUILD}/lib/libpoolkind.so.0",
                          {**common, "LD_LIBRARY_PATH": f"{BUILD}/lib"}))
        for name, path in (
                ("mallocx", library("libjemalloc.so.2", "libjemalloc2")),
                ("mi_heap", library("libmimalloc.so.2", "libmimalloc2.0")),
                ("mi_heap by path", by_path("mimalloc"))):
            if path:
                peers.append(Peer(name, f"work-{name.replace(' ', '-')}", path,
                                  {"LD_LIBRARY_PATH": os.path.dirname(path)}))
    return peers


def machine():
    """What the figures depend on."""
    with open("/proc/cpuinfo") as lines:
        models = [line.split(":")[1].strip() for line in lines
                  if line.startswith("model name")]
    version = subprocess.run(CC + ["--version"], capture_output=True,
                             text=True).stdout.splitlines()
    commit = subprocess.run(
        ["git", "-C", SOURCE, "describe", "--always", "--dirty"],
        capture_output=True, text=True).stdout.strip()
    return {"commit": commit or "not told",
            "processor": models[0] if models else platform.machine(),
            "processors": os.cpu_count(), "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver()),
            "compiler": version[0] if version else "", "flags": FLAGS}
