// SPDX-License-Identifier: BSD-2-Clause

use std::alloc::Layout;
use std::marker::PhantomData;
use std::mem::{size_of, ManuallyDrop};
use std::ptr::NonNull;

use crate::error::Error;
use crate::kind::Kind;

/// Room for some values in a kind, none of which it knows: whoever has it drops
/// them, and it gives the block back. Without bytes there is no block.
pub(crate) struct Buffer<T> {
    start: NonNull<T>,
    capacity: usize,
    kind: Kind,
    values: PhantomData<T>,
}

// SAFETY: it is a Vec<T> without a length.
unsafe impl<T: Send> Send for Buffer<T> {}
unsafe impl<T: Sync> Sync for Buffer<T> {}

impl<T> Buffer<T> {
    pub(crate) fn new(kind: Kind) -> Buffer<T> {
        Buffer {
            start: NonNull::dangling(),
            capacity: 0,
            kind,
            values: PhantomData,
        }
    }

    pub(crate) fn with_capacity(capacity: usize, kind: Kind) -> Result<Buffer<T>, Error> {
        let mut buffer = Buffer::new(kind);
        if capacity > 0 {
            buffer.set_capacity(capacity)?;
        }
        Ok(buffer)
    }

    pub(crate) fn start(&self) -> *mut T {
        self.start.as_ptr()
    }

    pub(crate) fn capacity(&self) -> usize {
        match size_of::<T>() {
            0 => usize::MAX,
            _ => self.capacity,
        }
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The block and the kind, which are the caller's from here on.
    pub(crate) fn into_parts(self) -> (NonNull<T>, Kind) {
        let this = ManuallyDrop::new(self);
        // SAFETY: the kind is read once, and never dropped here.
        (this.start, unsafe { std::ptr::read(&this.kind) })
    }

    /// Room for `more` values behind `len`: twice what there was, or no more
    /// than that where the kind has no room for twice.
    pub(crate) fn grow(&mut self, len: usize, more: usize) -> Result<(), Error> {
        let least = len
            .checked_add(more)
            .ok_or_else(|| Error::no_room(usize::MAX))?;
        if least <= self.capacity() {
            return Ok(());
        }
        let first = if size_of::<T>() == 1 { 8 } else { 4 };
        let wanted = least.max(self.capacity.saturating_mul(2)).max(first);
        match self.set_capacity(wanted) {
            Err(_) if wanted > least => self.set_capacity(least),
            result => result,
        }
    }

    /// Moves the values, of which no more than `capacity` stay. On an error all
    /// is as it was.
    pub(crate) fn set_capacity(&mut self, capacity: usize) -> Result<(), Error> {
        if size_of::<T>() == 0 || capacity == self.capacity {
            return Ok(());
        }
        let start = match (self.layout(), capacity) {
            (old, 0) => {
                // SAFETY: the block is not used any more.
                unsafe { self.kind.deallocate(self.start.cast(), old) };
                NonNull::dangling()
            }
            (old, _) => {
                let new = layout_of::<T>(capacity)?;
                match self.capacity {
                    0 => self.kind.allocate(new)?.cast(),
                    // SAFETY: the block is of this kind and layout.
                    _ => unsafe {
                        self.kind
                            .reallocate(self.start.cast(), old, new.size())?
                            .cast()
                    },
                }
            }
        };
        self.start = start;
        self.capacity = capacity;
        Ok(())
    }

    /// The layout of the block that there is.
    fn layout(&self) -> Layout {
        Layout::array::<T>(self.capacity).expect("a layout that was used before")
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        // Which allocates nothing, and so does not fail.
        let _ = self.set_capacity(0);
    }
}

/// Rust's blocks have at most isize::MAX bytes, rounded up to their alignment.
fn layout_of<T>(capacity: usize) -> Result<Layout, Error> {
    Layout::array::<T>(capacity)
        .ok()
        .filter(|layout| layout.size() <= isize::MAX as usize - (layout.align() - 1))
        .ok_or_else(|| Error::no_room(capacity.saturating_mul(size_of::<T>())))
}

/// Ends a function that has no error to return.
#[cold]
#[track_caller]
pub(crate) fn fail(error: Error) -> ! {
    panic!("{error}")
}
