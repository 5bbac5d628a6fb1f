# SPDX-License-Identifier: BSD-2-Clause
"""Builds the package on libpoolkind. Which one, says POOLKIND_LIBRARY_DIR, the
folder that has it, which is where the package then looks for it; or, where
that is set and empty, CPPFLAGS and LDFLAGS alone, as packagers want it. Else it
is the one that pkg-config knows, and else the one built in this source tree.

The part that numpy needs is built where numpy is there."""
import os
import re
import shlex
import subprocess

from setuptools import Extension, setup

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
HEADER = os.path.join("include", "poolkind.h")


def pkg_config(option):
    try:
        said = subprocess.run(["pkg-config", option, "libpoolkind"],
                              stdout=subprocess.PIPE, check=True,
                              stderr=subprocess.DEVNULL, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return shlex.split(said)


def in_folder(folder):
    folder = os.path.abspath(folder)
    if not os.path.exists(os.path.join(folder, "libpoolkind.so")):
        raise SystemExit(f"there is no libpoolkind.so in {folder}: "
                         "POOLKIND_LIBRARY_DIR names the folder that has it")
    return {"library_dirs": [folder], "runtime_library_dirs": [folder]}


def library():
    """What an Extension is told of libpoolkind."""
    given = os.environ.get("POOLKIND_LIBRARY_DIR")
    if given is not None:
        return in_folder(given) if given else {}
    flags = pkg_config("--cflags")
    if flags is not None:
        folder = pkg_config("--variable=libdir")
        return {"extra_compile_args": flags, "runtime_library_dirs": folder,
                "extra_link_args": pkg_config("--libs")}
    for folder in "build/lib", "lib":
        if os.path.exists(os.path.join(TREE, folder, "libpoolkind.so")):
            return in_folder(os.path.join(TREE, folder))
    return {}


def version():
    """That of the header, or of what was packed from it."""
    path = os.path.join(TREE, HEADER)
    if not os.path.exists(path):
        return "0"
    with open(path, encoding="utf-8") as file:
        numbers = re.findall(r"#define POOLKIND_VERSION_\w+ (\d+)",
                             file.read())
    return ".".join(numbers)


def extension(name, sources, include=()):
    options = {"libraries": ["poolkind"], **library()}
    if os.path.exists(os.path.join(TREE, HEADER)):
        include = [os.path.join(TREE, "include"), *include]
    return Extension(f"poolkind.{name}", sources,
                     depends=["module.h"],
                     include_dirs=list(include), **options)


extensions = [extension("_kinds", ["kind.c", "held.c", "buffer.c",
                                   "module.c"])]
try:
    import numpy
except ImportError:
    pass
else:
    extensions.append(
        extension("_arrays", ["arrays.c"], [numpy.get_include()]))

setup(version=version(), packages=["poolkind"], ext_modules=extensions)
