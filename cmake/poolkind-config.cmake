# SPDX-License-Identifier: BSD-2-Clause
#
# find_package(poolkind [VERSION] [COMPONENTS memkind vmem ...]): a target for
# each of the libraries that this installation has, to be linked with:
#
#   poolkind::poolkind         <poolkind.h>, <poolkind.hpp>
#   poolkind::poolkind-malloc  malloc on kinds; with poolkind::poolkind
#   poolkind::memkind          <memkind.h>, <hbwmalloc.h>
#   poolkind::autohbw          <autohbw_api.h>
#   poolkind::memtier
#   poolkind::vmem             <libvmem.h>
#   poolkind::vmmalloc         <libvmmalloc.h>
#
# and, with what it needs, poolkind::NAME-static for those that have an archive:
# poolkind, memkind, vmem, vmmalloc. A component is such a name without
# poolkind::; poolkind_NAME_FOUND says whether it is there.
#
# Fortran's library has none, as its module is one compiler's: pkg-config has
# libpoolkind-fortran.
#
# The paths are relative to this file, so that the whole tree can be moved.

# Where a program's libraries were merged (/lib is /usr/lib) that is what counts.
get_filename_component(_poolkind_lib "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(_poolkind_lib "${_poolkind_lib}/../.." ABSOLUTE)
set(_poolkind_include "../include") # written by make install
get_filename_component(_poolkind_include "${_poolkind_include}" ABSOLUTE
    BASE_DIR "${_poolkind_lib}")

# _poolkind_target(NAME SHARED|STATIC FILE [WHAT IT IS LINKED WITH...])
function(_poolkind_target name type file)
    set(location "${_poolkind_lib}/${file}")
    set(target poolkind::${name})
    if(TARGET ${target} OR NOT EXISTS "${location}")
        return()
    endif()
    add_library(${target} ${type} IMPORTED)
    set_target_properties(${target} PROPERTIES
        IMPORTED_LOCATION "${location}"
        IMPORTED_LINK_INTERFACE_LANGUAGES C
        INTERFACE_INCLUDE_DIRECTORIES "${_poolkind_include}"
        INTERFACE_LINK_LIBRARIES "${ARGN}")
endfunction()

_poolkind_target(poolkind SHARED libpoolkind.so)
_poolkind_target(poolkind-malloc SHARED libpoolkind-malloc.so poolkind::poolkind)
_poolkind_target(memkind SHARED libmemkind.so)
_poolkind_target(autohbw SHARED libautohbw.so)
_poolkind_target(memtier SHARED libmemtier.so)
_poolkind_target(vmem SHARED libvmem.so)
_poolkind_target(vmmalloc SHARED libvmmalloc.so)
foreach(_poolkind_name memkind vmem)
    if(TARGET poolkind::${_poolkind_name} AND TARGET poolkind::poolkind)
        set_target_properties(poolkind::${_poolkind_name} PROPERTIES
            IMPORTED_LINK_DEPENDENT_LIBRARIES poolkind::poolkind)
    endif()
endforeach()

# A program that calls malloc by way of another library alone, as those in C++
# do by new, needs these by no name: a linker that leaves out what is not needed
# would leave them out.
foreach(_poolkind_name poolkind-malloc autohbw memtier vmmalloc)
    if(TARGET poolkind::${_poolkind_name})
        get_target_property(_poolkind_file poolkind::${_poolkind_name}
            IMPORTED_LOCATION)
        set_target_properties(poolkind::${_poolkind_name} PROPERTIES
            INTERFACE_LINK_OPTIONS
            "-Wl,--push-state,--no-as-needed,${_poolkind_file},--pop-state")
    endif()
endforeach()

_poolkind_target(poolkind-static STATIC libpoolkind.a -pthread)
_poolkind_target(memkind-static STATIC libmemkind.a poolkind::poolkind-static
    "${_poolkind_lib}/libpoolkind-topology.a" hwloc numa daxctl dl -pthread)
_poolkind_target(vmem-static STATIC libvmem.a poolkind::poolkind-static)
_poolkind_target(vmmalloc-static STATIC libvmmalloc.a -pthread)

foreach(_poolkind_name IN LISTS poolkind_FIND_COMPONENTS)
    if(TARGET poolkind::${_poolkind_name})
        set(poolkind_${_poolkind_name}_FOUND TRUE)
    else()
        set(poolkind_${_poolkind_name}_FOUND FALSE)
        if(poolkind_FIND_REQUIRED_${_poolkind_name})
            set(poolkind_FOUND FALSE)
            set(poolkind_NOT_FOUND_MESSAGE
                "${_poolkind_lib} has no library for ${_poolkind_name}")
        endif()
    endif()
endforeach()

unset(_poolkind_name)
unset(_poolkind_file)
unset(_poolkind_lib)
unset(_poolkind_include)
