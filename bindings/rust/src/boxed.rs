// SPDX-License-Identifier: BSD-2-Clause

use std::alloc::Layout;
use std::borrow::{Borrow, BorrowMut};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::buffer::{fail, Buffer};
use crate::error::Error;
use crate::kind::Kind;

/// A value in a kind, which it keeps open.
///
/// Values without bytes take no memory. A value may be dropped by any thread,
/// and its block is given back even if its `drop` panics.
///
/// ```
/// use poolkind::{Box, Kind};
///
/// let kind = Kind::open("dram")?;
/// let table = Box::new_in([1u64; 512], &kind);
/// drop(kind); // the value keeps it open
/// let sum = std::thread::spawn(move || table.iter().sum::<u64>());
/// assert_eq!(sum.join().unwrap(), 512);
/// # Ok::<(), poolkind::Error>(())
/// ```
///
/// A value of a type that is known at run time alone:
///
/// ```
/// use poolkind::{Box, Kind};
/// use std::fmt::Display;
///
/// let kind = Kind::open("dram")?;
/// let (value, kind) = Box::into_parts(Box::new_in(12, &kind));
/// let shown: Box<dyn Display> = unsafe { Box::from_parts(value, kind) };
/// assert_eq!(shown.to_string(), "12");
/// # Ok::<(), poolkind::Error>(())
/// ```
pub struct Box<T: ?Sized> {
    value: NonNull<T>,
    kind: Kind,
    owns: PhantomData<T>,
}

// SAFETY: it owns its value, and a kind is for all threads.
unsafe impl<T: ?Sized + Send> Send for Box<T> {}
unsafe impl<T: ?Sized + Sync> Sync for Box<T> {}

// The value does not move with it.
impl<T: ?Sized> Unpin for Box<T> {}

impl<T> Box<T> {
    /// Moves `value` into `kind`.
    ///
    /// # Panics
    ///
    /// The kind has no room.
    #[track_caller]
    pub fn new_in(value: T, kind: &Kind) -> Box<T> {
        Box::try_new_in(value, kind).unwrap_or_else(|error| fail(error))
    }

    /// Moves `value` into `kind`, or drops it on an error.
    ///
    /// # Errors
    ///
    /// As [`Kind::allocate`].
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram,limit=1M")?;
    /// let mut blocks = vec![];
    /// while let Ok(block) = poolkind::Box::try_new_in([0u8; 10000], &kind) {
    ///     blocks.push(block);
    /// }
    /// assert!(blocks.len() > 50 && blocks.len() <= 104);
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn try_new_in(value: T, kind: &Kind) -> Result<Box<T>, Error> {
        let room = Buffer::<T>::with_capacity(1, kind.clone())?;
        // SAFETY: there is room for one.
        unsafe { room.start().write(value) };
        let (value, kind) = room.into_parts();
        // SAFETY: the value is there, and nobody else's.
        Ok(unsafe { Box::from_parts(value, kind) })
    }

    /// Moves the value out, and gives its block back.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram")?;
    /// let text = poolkind::Box::new_in(String::from("text"), &kind);
    /// assert_eq!(poolkind::Box::into_inner(text), "text");
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn into_inner(boxed: Box<T>) -> T {
        let (value, kind) = Box::into_parts(boxed);
        let _block = Block {
            start: value.cast(),
            layout: Layout::new::<T>(),
            kind: &kind,
        };
        // SAFETY: the value is there, and its block is freed behind it.
        unsafe { value.as_ptr().read() }
    }
}

impl<T: ?Sized> Box<T> {
    /// The kind that the value lies in.
    pub fn kind(boxed: &Box<T>) -> &Kind {
        &boxed.kind
    }

    /// The value and the handle of its kind, for [`from_parts`](Box::from_parts).
    pub fn into_parts(boxed: Box<T>) -> (NonNull<T>, Kind) {
        let boxed = ManuallyDrop::new(boxed);
        // SAFETY: the kind is read once, and not dropped here.
        (boxed.value, unsafe { std::ptr::read(&boxed.kind) })
    }

    /// Puts together what [`into_parts`](Box::into_parts) gave, or a block that
    /// the kind allocated and a value was written to.
    ///
    /// # Safety
    ///
    /// The block is of that kind, and of the layout of its value; dangling for
    /// one without bytes. The value is valid, and nobody else's.
    pub unsafe fn from_parts(value: NonNull<T>, kind: Kind) -> Box<T> {
        Box {
            value,
            kind,
            owns: PhantomData,
        }
    }
}

/// Gives a block back, also while a panic goes by.
struct Block<'a> {
    start: NonNull<u8>,
    layout: Layout,
    kind: &'a Kind,
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: the block is of this kind, and its value is gone.
            unsafe { self.kind.deallocate(self.start, self.layout) };
        }
    }
}

impl<T: ?Sized> Drop for Box<T> {
    fn drop(&mut self) {
        let _block = Block {
            start: self.value.cast(),
            layout: Layout::for_value::<T>(self),
            kind: &self.kind,
        };
        // SAFETY: nobody uses the value after this.
        unsafe { self.value.as_ptr().drop_in_place() };
    }
}

impl<T: ?Sized> Deref for Box<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value is valid as long as this.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized> DerefMut for Box<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and nobody else's.
        unsafe { self.value.as_mut() }
    }
}

/// A copy in the same kind; panics where that has no room.
impl<T: Clone> Clone for Box<T> {
    fn clone(&self) -> Box<T> {
        Box::new_in(T::clone(self), &self.kind)
    }
}

impl<T: ?Sized> AsRef<T> for Box<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized> AsMut<T> for Box<T> {
    fn as_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized> Borrow<T> for Box<T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> BorrowMut<T> for Box<T> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Box<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for Box<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + PartialEq> PartialEq for Box<T> {
    fn eq(&self, other: &Box<T>) -> bool {
        **self == **other
    }
}

impl<T: ?Sized + Eq> Eq for Box<T> {}

impl<T: ?Sized + PartialOrd> PartialOrd for Box<T> {
    fn partial_cmp(&self, other: &Box<T>) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: ?Sized + Ord> Ord for Box<T> {
    fn cmp(&self, other: &Box<T>) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: ?Sized + Hash> Hash for Box<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state)
    }
}
