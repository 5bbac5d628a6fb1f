// SPDX-License-Identifier: BSD-2-Clause
//
// Where what Rust makes in the kind of its argument lies: poolkind's vectors and
// boxes, and a Vec of the program's heap, which is in the kind @heap.
// test/host/languages runs it.

use poolkind::{Box, Kind, KindAlloc, Vec};
use std::ffi::{c_void, CStr};
use std::os::raw::c_char;

#[link(name = "told", kind = "static")]
extern "C" {
    fn tell_nodes(what: *const c_char, from: *const c_void, bytes: usize);
}

#[global_allocator]
static HEAP: KindAlloc = KindAlloc::new("@heap");

const COUNT: usize = 1 << 19; // 4 MiB of doubles

fn tell<T>(what: &[u8], values: &[T]) {
    let what = CStr::from_bytes_with_nul(what).unwrap();
    let bytes = std::mem::size_of_val(values);
    unsafe { tell_nodes(what.as_ptr(), values.as_ptr().cast(), bytes) }
}

fn main() -> Result<(), poolkind::Error> {
    let kind = Kind::open(std::env::args().nth(1).unwrap())?;
    let mut x = Vec::try_with_capacity_in(COUNT, &kind)?;
    x.resize(COUNT, 1.0f64);
    tell(b"vector\0", &x);
    tell(b"box\0", &*Box::try_new_in([2u8; 1 << 16], &kind)?);
    tell(b"heap\0", &vec![3.0f64; COUNT]);
    Ok(())
}
