# SPDX-License-Identifier: BSD-2-Clause
import os

from spack.package import *


class Poolkind(AutotoolsPackage):
    """Allocator for kinds of memory: NUMA nodes by their bandwidth, latency or
    capacity, high-bandwidth and CXL memory, huge pages, DAX devices and files;
    with libmemkind, libvmem and libvmmalloc on it."""

    # What `make dist` made, from the folder where spack is started, or from a
    # mirror. Its checksum is beside it: version("0.1.0", sha256=...).
    manual_download = True
    url = f"file://{os.getcwd()}/poolkind-0.1.0.tar.gz"

    license("BSD-2-Clause")

    version("0.1.0")

    variant("debug", default=True, description="Build the debug libraries")
    variant("profiles", default=True, description="Profiles of programs")
    variant("valgrind", default=False, description="Tell Valgrind about blocks")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    # jemalloc's configure is made anew.
    depends_on("autoconf@2.71:", type="build")
    depends_on("binutils", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("hwloc@2.3:")
    depends_on("numactl")
    # libdaxctl
    depends_on("ndctl")
    depends_on("elfutils")
    depends_on("protobuf-c", when="+profiles")
    depends_on("zlib-api", when="+profiles")
    depends_on("valgrind", type="build", when="+valgrind")

    conflicts("platform=darwin")
    conflicts("platform=windows")

    # Every file of it is held against jemalloc/sha256sums by configure.
    resource(
        name="jemalloc",
        url="https://github.com/jemalloc/jemalloc/releases/download/5.3.1/jemalloc-5.3.1.tar.bz2",
        placement="jemalloc-source",
    )

    def setup_build_environment(self, env):
        env.set("POOLKIND_CACHE", join_path(self.stage.path, "poolkind-cache"))

    def configure_args(self):
        args = [
            "--with-jemalloc=" + join_path(self.stage.source_path, "jemalloc-source"),
            "--enable-topology",
            "--enable-libdw",
        ]
        args += self.enable_or_disable("debug-variants", variant="debug")
        args += self.enable_or_disable("profiles")
        args += self.enable_or_disable("valgrind")
        return args
