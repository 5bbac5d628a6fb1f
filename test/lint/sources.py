# SPDX-License-Identifier: BSD-2-Clause
"""Which files the checks of this folder read: those of the project, told without
git, so that a release can be checked, too."""
import os

FOLDERS = (".ci", "bindings", "completion", "doc", "examples", "include",
           "jemalloc", "m4", "man", "src", "test")
MADE = (".o", ".a", ".so", ".pyc", ".deps", ".dirstamp", ".log", ".gcno")


def is_c(path):
    return path.endswith((".c", ".h", ".cpp", ".hpp"))


def sources(root):
    """Paths from the root, and the text of each file that is one."""
    for path in paths(root):
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                yield path, file.read()
        except UnicodeDecodeError:
            pass  # a program, or a picture


def paths(root):
    for name in sorted(os.listdir(root)):
        if os.path.isfile(os.path.join(root, name)):
            yield name
    for folder in FOLDERS:
        for at, folders, files in os.walk(os.path.join(root, folder)):
            folders[:] = sorted(
                name for name in folders
                if not name.startswith(".") and name not in
                ("work", "library", "cache", "__pycache__"))
            for name in sorted(files):
                if not name.endswith(MADE):
                    yield os.path.relpath(os.path.join(at, name), root)
