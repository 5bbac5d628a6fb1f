// SPDX-License-Identifier: BSD-2-Clause
//
// What the crate uses of poolkind.h, as it is declared there.

#![allow(non_camel_case_types)]

use std::os::raw::{c_char, c_int, c_uint, c_ulong, c_void};

/// A handle; there is nothing where it points to.
pub enum poolkind {}

pub type Write = unsafe extern "C" fn(to: *mut c_void, text: *const c_char, length: usize);

#[rustfmt::skip]
extern "C" {
    pub fn poolkind_open(spec: *const c_char, flags: c_uint) -> *mut poolkind;
    pub fn poolkind_open_region(
        addr: *mut c_void, size: usize, options: *const c_char, flags: c_uint,
    ) -> *mut poolkind;
    pub fn poolkind_close(kind: *mut poolkind) -> c_int;
    pub fn poolkind_name(kind: *const poolkind) -> *const c_char;
    pub fn poolkind_text(kind: *const poolkind) -> *const c_char;
    pub fn poolkind_resolved(kind: *const poolkind) -> *const c_char;

    pub fn poolkind_malloc(kind: *mut poolkind, size: usize) -> *mut c_void;
    pub fn poolkind_calloc(kind: *mut poolkind, count: usize, size: usize) -> *mut c_void;
    pub fn poolkind_realloc(kind: *mut poolkind, ptr: *mut c_void, size: usize) -> *mut c_void;
    pub fn poolkind_aligned_alloc(
        kind: *mut poolkind, alignment: usize, size: usize,
    ) -> *mut c_void;
    pub fn poolkind_free(kind: *mut poolkind, ptr: *mut c_void);
    pub fn poolkind_of(address: *const c_void) -> *mut poolkind;

    pub fn poolkind_set_limit(kind: *mut poolkind, limit: usize) -> c_int;
    pub fn poolkind_trim(kind: *mut poolkind) -> c_int;
    pub fn poolkind_check(kind: *mut poolkind) -> c_int;
    pub fn poolkind_get_stats(kind: *mut poolkind, stats: *mut c_void, size: usize) -> c_int;
    pub fn poolkind_get_room(kind: *mut poolkind, room: *mut c_void, size: usize) -> c_int;
    pub fn poolkind_write_stats(
        kind: *mut poolkind, format: c_int, write: Write, to: *mut c_void,
    ) -> c_int;
    pub fn poolkind_get_node_bytes(
        kind: *mut poolkind, bytes: *mut usize, nodes: c_uint,
    ) -> c_int;
    pub fn poolkind_get_nodes(
        kind: *const poolkind, mask: *mut c_ulong, nodes: c_uint,
    ) -> c_int;

    pub fn poolkind_enter(kind: *mut poolkind) -> c_int;
    pub fn poolkind_leave() -> c_int;

    pub fn poolkind_errormsg() -> *const c_char;
    pub fn poolkind_version() -> c_uint;
}
