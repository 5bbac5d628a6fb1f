# SPDX-License-Identifier: BSD-2-Clause

# POOLKIND_ENABLE(NAME, DEFAULT, HELP): a switch --enable-NAME, in $enable_NAME.
AC_DEFUN([POOLKIND_ENABLE],
[AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$3 (default: $2)])],
    [], [AS_TR_SH([enable_$1])=$2])])

# POOLKIND_SO_FILE(VARIABLE, CURRENT:REVISION:AGE): what follows ".so." in the
# name of a library's real file, as libtool reckons it on Linux.
AC_DEFUN([POOLKIND_SO_FILE],
[AC_SUBST([$1], [`echo "$2" | awk -F: '{ print $[]1 - $[]3 "." $[]3 "." $[]2 }'`])])

# POOLKIND_SANITIZERS: --enable-asan, --enable-tsan, --enable-coverage.
# INSTRUMENT goes to every compilation and link. A sanitizer owns malloc: with
# one, the conditional PRELOAD is false and no preload library is built.
AC_DEFUN([POOLKIND_SANITIZERS],
[POOLKIND_ENABLE([asan], [no], [build with AddressSanitizer and UBSan])
POOLKIND_ENABLE([tsan], [no], [build with ThreadSanitizer])
POOLKIND_ENABLE([coverage], [no], [build with gcov's counters])
INSTRUMENT=
AS_IF([test "$enable_asan$enable_tsan" = yesyes],
    [AC_MSG_ERROR([--enable-asan and --enable-tsan exclude each other])])
AS_IF([test "$enable_asan" = yes],
    [INSTRUMENT="-fsanitize=address,undefined -fno-sanitize-recover=undefined"])
AS_IF([test "$enable_tsan" = yes], [INSTRUMENT="-fsanitize=thread"])
AM_CONDITIONAL([PRELOAD], [test -z "$INSTRUMENT"])
AS_IF([test -n "$INSTRUMENT"],
    [INSTRUMENT="$INSTRUMENT -fno-omit-frame-pointer"])
AS_IF([test "$enable_coverage" = yes], [INSTRUMENT="$INSTRUMENT --coverage"])
AC_SUBST([INSTRUMENT])
# A sanitizer's own functions are found when the program is linked.
AS_IF([test -z "$INSTRUMENT"], [NO_UNDEFINED=-Wl,-z,defs], [NO_UNDEFINED=])
AC_SUBST([NO_UNDEFINED])])

# POOLKIND_SAME_ANYWHERE: the compiler's option that keeps the folder of a build
# out of what is built, so that the same source becomes the same libraries
# anywhere. A debugger that runs in the build folder finds the sources. gcov's
# files need the true names.
AC_DEFUN([POOLKIND_SAME_ANYWHERE],
[here=`pwd -P`
above=`cd "$srcdir" && pwd -P`
SAME_ANYWHERE="-ffile-prefix-map=$above=`realpath -m \
    --relative-to="$here" "$above"` -ffile-prefix-map=$here=."
flags_before=$CFLAGS
CFLAGS="$CFLAGS $SAME_ANYWHERE"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM], [], [SAME_ANYWHERE=])
CFLAGS=$flags_before
AS_IF([test "$enable_coverage" = yes], [SAME_ANYWHERE=])
AC_SUBST([SAME_ANYWHERE])])

# POOLKIND_JEMALLOC: --with-jemalloc=PATH. Finds and checks jemalloc's source
# now, so that make needs nothing more than what is here.
AC_DEFUN([POOLKIND_JEMALLOC],
[AC_ARG_WITH([jemalloc], [AS_HELP_STRING([--with-jemalloc=PATH],
    [a tarball or folder with the source of jemalloc 5.3.1 (default: the
    cache, else Debian's archive by apt, else jemalloc's own release)])],
    [], [with_jemalloc=])
AC_ARG_VAR([POOLKIND_CACHE],
    [where jemalloc's source and builds are kept (default: ~/.cache/poolkind)])
AS_IF([test -z "$POOLKIND_CACHE"],
    [POOLKIND_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/poolkind
    mkdir -p "$POOLKIND_CACHE" 2>/dev/null && test -w "$POOLKIND_CACHE" ||
        POOLKIND_CACHE=`pwd`/jemalloc/cache])
AS_CASE([$with_jemalloc], [yes|no], [with_jemalloc=],
    [''|/*], [], [with_jemalloc=`pwd`/$with_jemalloc])
AC_SUBST([JEMALLOC_PATH], [$with_jemalloc])
AC_MSG_NOTICE([looking for the source of jemalloc 5.3.1])
jemalloc_source=`POOLKIND_CACHE="$POOLKIND_CACHE" \
    "$srcdir/jemalloc/fetch" "$JEMALLOC_PATH"` ||
    AC_MSG_ERROR([no source of jemalloc 5.3.1; see --with-jemalloc])
AC_MSG_NOTICE([using $jemalloc_source])])

# POOLKIND_TOPOLOGY: --enable-topology, on as soon as its libraries are there.
# TOPOLOGY_LIBS is what libpoolkind-topology is linked with.
AC_DEFUN([POOLKIND_TOPOLOGY],
[POOLKIND_ENABLE([topology], [auto],
    [build libpoolkind-topology and the program poolkind])
TOPOLOGY_LIBS=
have_hwloc=yes
have_numa=yes
have_daxctl=yes
AS_IF([test "$enable_topology" != no],
    [topology_missing=
    AC_CHECK_DECL([hwloc_memattr_get_targets], [],
        [topology_missing="$topology_missing hwloc>=2.3" have_hwloc=no],
        [[#include <hwloc.h>]])
    AC_CHECK_HEADER([numa.h], [],
        [topology_missing="$topology_missing libnuma" have_numa=no])
    AC_CHECK_HEADER([daxctl/libdaxctl.h], [],
        [topology_missing="$topology_missing libdaxctl" have_daxctl=no])
    AC_CHECK_LIB([hwloc], [hwloc_memattr_get_targets], [:],
        [topology_missing="$topology_missing -lhwloc" have_hwloc=no], [])
    AC_CHECK_LIB([numa], [numa_get_mems_allowed], [:],
        [topology_missing="$topology_missing -lnuma" have_numa=no], [])
    AC_CHECK_LIB([daxctl], [daxctl_dev_get_memory], [:],
        [topology_missing="$topology_missing -ldaxctl" have_daxctl=no], [])
    AS_IF([test -z "$topology_missing"],
        [enable_topology=yes TOPOLOGY_LIBS="-lhwloc -lnuma -ldaxctl"],
        [test "$enable_topology" = yes],
        [AC_MSG_ERROR([--enable-topology lacks$topology_missing])],
        [AC_MSG_WARN([no libpoolkind-topology: it lacks$topology_missing])
        enable_topology=no])])
AM_CONDITIONAL([TOPOLOGY], [test "$enable_topology" = yes])
AC_SUBST([TOPOLOGY_LIBS])])

# POOLKIND_LIBDW: --enable-libdw, on as soon as elfutils' libdw is there. With
# it the program poolkind finds the lines and functions that rules name.
AC_DEFUN([POOLKIND_LIBDW],
[POOLKIND_ENABLE([libdw], [auto],
    [let rules name lines of source and functions])
LIBDW_LIBS=
AS_IF([test "$enable_libdw" != no],
    [libdw_missing=
    AC_CHECK_HEADER([elfutils/libdwfl.h], [],
        [libdw_missing="$libdw_missing elfutils/libdwfl.h"])
    AC_CHECK_LIB([dw], [dwarf_get_units], [:],
        [libdw_missing="$libdw_missing -ldw"], [])
    AC_CHECK_LIB([elf], [elf_getphdrnum], [:],
        [libdw_missing="$libdw_missing -lelf"], [])
    AS_IF([test -z "$libdw_missing"],
        [enable_libdw=yes LIBDW_LIBS="-ldw -lelf"],
        [test "$enable_libdw" = yes],
        [AC_MSG_ERROR([--enable-libdw lacks$libdw_missing])],
        [enable_libdw=no])])
AM_CONDITIONAL([LIBDW], [test "$enable_libdw" = yes])
AC_SUBST([LIBDW_LIBS])])

# POOLKIND_PROFILES: --enable-profiles, on as soon as protobuf-c, its compiler
# and zlib are there. With them the program poolkind writes and reads profiles.
AC_DEFUN([POOLKIND_PROFILES],
[POOLKIND_ENABLE([profiles], [auto],
    [let the program poolkind write and read profiles])
PROFILE_LIBS=
have_protobuf_c=yes
have_zlib=yes
AC_CHECK_TOOL([PROTOC_C], [protoc-c], [])
AS_IF([test "$enable_profiles" != no],
    [profiles_missing=
    AS_IF([test -z "$PROTOC_C"],
        [profiles_missing="$profiles_missing protoc-c"])
    AC_CHECK_HEADER([protobuf-c/protobuf-c.h], [],
        [profiles_missing="$profiles_missing protobuf-c/protobuf-c.h"
        have_protobuf_c=no])
    AC_CHECK_LIB([protobuf-c], [protobuf_c_message_unpack], [:],
        [profiles_missing="$profiles_missing -lprotobuf-c"
        have_protobuf_c=no], [])
    AC_CHECK_HEADER([zlib.h], [],
        [profiles_missing="$profiles_missing zlib.h" have_zlib=no])
    AC_CHECK_LIB([z], [gzdopen], [:],
        [profiles_missing="$profiles_missing -lz" have_zlib=no], [])
    AS_IF([test -z "$profiles_missing"],
        [enable_profiles=yes PROFILE_LIBS="-lprotobuf-c -lz"],
        [test "$enable_profiles" = yes],
        [AC_MSG_ERROR([--enable-profiles lacks$profiles_missing])],
        [enable_profiles=no])])
AM_CONDITIONAL([PROFILES], [test "$enable_profiles" = yes])
AC_SUBST([PROFILE_LIBS])])

# POOLKIND_FORTRAN: --enable-fortran, on as soon as there is a compiler, FC. With
# it libpoolkind-fortran is built, and the module that belongs to it.
AC_DEFUN([POOLKIND_FORTRAN],
[AC_ARG_VAR([FC], [Fortran compiler command])
AC_ARG_VAR([FCFLAGS], [Fortran compiler flags])
POOLKIND_ENABLE([fortran], [auto], [build the module poolkind of Fortran])
AS_IF([test -z "${FCFLAGS+set}"], [FCFLAGS="-g -O2"])
AS_IF([test "$enable_fortran" != no],
    [AC_CHECK_TOOLS([FC], [gfortran flang-new flang])
    AC_MSG_CHECKING([whether ${FC:-no compiler} compiles Fortran 2018])
    AS_IF([mkdir conftest.dir &&
        printf '%s\n' 'subroutine s(t)' 'use, intrinsic :: iso_c_binding' \
            'character(*), intent(in) :: t' 'error stop t' 'end subroutine' \
            >conftest.dir/s.f90 &&
        (cd conftest.dir && test -n "$FC" && $FC $FCFLAGS -c s.f90) \
            >&AS_MESSAGE_LOG_FD 2>&1],
        [enable_fortran=yes],
        [test "$enable_fortran" = yes],
        [AC_MSG_RESULT([no])
        AC_MSG_ERROR([--enable-fortran needs gfortran, or another FC])],
        [enable_fortran=no])
    rm -rf conftest.dir
    AC_MSG_RESULT([$enable_fortran])])
AM_CONDITIONAL([FORTRAN], [test "$enable_fortran" = yes])])

# POOLKIND_NEED(NAME, TEST, PACKAGE, WITHOUT): a row of the summary, for what can
# be done without. TEST is a command that succeeds where there is NAME; PACKAGE
# is the package of Debian that has it, WITHOUT what one lacks without.
AC_DEFUN([POOLKIND_NEED],
[AS_IF([$2], [needs_found="$needs_found${needs_found:+, }$1"],
    [needs_missing="$needs_missing
`printf '    %-13s %-15s %s' '$1' '$3' '$4'`"])])

# POOLKIND_SUMMARY: prints the rows, at the end of configure.
AC_DEFUN([POOLKIND_SUMMARY],
[cat >&AS_MESSAGE_FD <<END

$PACKAGE_NAME $PACKAGE_VERSION, to be installed in $prefix
  found:
`echo "$needs_found" | fold -s -w 72 | sed 's/^/    /'`
END
AS_IF([test -n "$needs_missing"],
    [cat >&AS_MESSAGE_FD <<END
  missing, the Debian package that has it, and what that comes to:$needs_missing
END
])])
