// SPDX-License-Identifier: BSD-2-Clause

//! Allocate from kinds of memory.
//!
//! A [`Kind`] says where memory comes from (ordinary memory, NUMA nodes by
//! number or by what they are good for, huge pages, a file, a DAX device, a
//! region of the program), under which policy and within which limit. It is
//! opened from a line of text, whose grammar is in `poolkind(7)`. A [`Box`] or a
//! [`Vec`] has its memory in a kind, and [`KindAlloc`] puts the whole heap of a
//! program there.
//!
//! ```
//! use poolkind::{Kind, Vec};
//!
//! let fast = Kind::open("bandwidth|dram,limit=64M")?;
//! let mut row = Vec::try_with_capacity_in(1000, &fast)?;
//! row.extend((0..1000).map(f64::from));
//! assert_eq!(row.iter().sum::<f64>(), 499500.0);
//! assert!(fast.stats()?.live >= 8000);
//! # Ok::<(), poolkind::Error>(())
//! ```
//!
//! # What keeps a kind open
//!
//! A `Kind` is a counted handle, and so is what each `Box` and `Vec` has of its
//! kind: the kind is closed, and its memory given back, when the last of them is
//! dropped. So values in a kind have no lifetime to declare, may be moved to any
//! thread, and are freed there. It costs a pointer for each value and a locked
//! instruction or two when it is made and when it is dropped, and none when a
//! vector grows.
//!
//! # When a kind is full
//!
//! A limit is there to be reached, so whatever needs memory has a form that
//! returns an [`Error`]: [`Box::try_new_in`], [`Vec::try_with_capacity_in`],
//! [`Vec::try_reserve`]. The others panic with its sentence, and do not abort as
//! those of `std` do. A text such as `hbw,limit=8G > dram` goes on in other
//! memory instead.

#![warn(missing_docs)]

mod alloc;
mod boxed;
mod buffer;
mod error;
mod kind;
mod stats;
mod sys;
mod vec;

pub use alloc::KindAlloc;
pub use boxed::Box;
pub use error::Error;
pub use kind::Kind;
pub use stats::{Format, Room, Stats};
pub use vec::{IntoIter, Vec};

/// The version of the library that the program runs with, `(0, 1, 0)` for
/// instance.
///
/// ```
/// assert!(poolkind::version() >= (0, 1, 0));
/// ```
pub fn version() -> (u32, u32, u32) {
    // SAFETY: has no conditions.
    let version = unsafe { sys::poolkind_version() };
    (version >> 16, version >> 8 & 0xff, version & 0xff)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
