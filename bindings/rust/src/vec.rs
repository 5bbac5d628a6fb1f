// SPDX-License-Identifier: BSD-2-Clause

use std::borrow::{Borrow, BorrowMut};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::iter::FusedIterator;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut, Range};
use std::ptr::{self, NonNull};
use std::{fmt, io, iter, slice};

use crate::boxed::Box;
use crate::buffer::{fail, Buffer};
use crate::error::Error;
use crate::kind::Kind;

/// A vector with its values in a kind, which it keeps open.
///
/// It is used like [`std::vec::Vec`], and as the slice that it derefs to. It
/// grows to twice its capacity, or where the kind has no room for that by what
/// is asked for.
///
/// ```
/// use poolkind::{Kind, Vec};
///
/// let kind = Kind::open("dram,limit=64M")?;
/// let mut words = Vec::new_in(&kind);
/// words.push("of");
/// words.extend(["a", "kind"]);
/// words.sort();
/// assert_eq!(words[..], ["a", "kind", "of"]);
/// assert!(kind.contains(words.as_ptr()));
/// # Ok::<(), poolkind::Error>(())
/// ```
pub struct Vec<T> {
    buffer: Buffer<T>,
    len: usize,
}

impl<T> Vec<T> {
    /// An empty vector, which has no memory yet.
    pub fn new_in(kind: &Kind) -> Vec<T> {
        Vec {
            buffer: Buffer::new(kind.clone()),
            len: 0,
        }
    }

    /// An empty vector with room for `capacity` values.
    ///
    /// # Panics
    ///
    /// The kind has no room.
    #[track_caller]
    pub fn with_capacity_in(capacity: usize, kind: &Kind) -> Vec<T> {
        Vec::try_with_capacity_in(capacity, kind).unwrap_or_else(|error| fail(error))
    }

    /// An empty vector with room for `capacity` values.
    ///
    /// # Errors
    ///
    /// As [`Kind::allocate`].
    pub fn try_with_capacity_in(capacity: usize, kind: &Kind) -> Result<Vec<T>, Error> {
        Ok(Vec {
            buffer: Buffer::with_capacity(capacity, kind.clone())?,
            len: 0,
        })
    }

    /// The kind that the values lie in.
    pub fn kind(&self) -> &Kind {
        self.buffer.kind()
    }

    /// How many values there is room for.
    pub fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Makes room for `more` values.
    ///
    /// # Panics
    ///
    /// The kind has no room.
    #[track_caller]
    pub fn reserve(&mut self, more: usize) {
        self.try_reserve(more).unwrap_or_else(|error| fail(error))
    }

    /// Makes room for `more` values; none of the functions that add so many
    /// panics then.
    ///
    /// # Errors
    ///
    /// As [`Kind::allocate`]; the vector stays as it was.
    ///
    /// ```
    /// use poolkind::{Kind, Vec};
    ///
    /// let kind = Kind::open("dram,limit=4M")?;
    /// let mut numbers = Vec::new_in(&kind);
    /// while numbers.try_reserve(1).is_ok() {
    ///     numbers.push(numbers.len());
    /// }
    /// assert!(numbers.len() > 100_000);
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn try_reserve(&mut self, more: usize) -> Result<(), Error> {
        self.buffer.grow(self.len, more)
    }

    /// Gives back room that no value is in, as far as the kind can do that.
    pub fn shrink_to_fit(&mut self) {
        // A block that cannot be moved stays as large as it is.
        let _ = self.buffer.set_capacity(self.len);
    }

    /// Puts a value behind the last.
    ///
    /// # Panics
    ///
    /// The kind has no room; the value is dropped, the others stay.
    #[track_caller]
    pub fn push(&mut self, value: T) {
        if self.len == self.capacity() {
            self.reserve(1);
        }
        // SAFETY: there is room for one more.
        unsafe { self.end().write(value) };
        self.len += 1;
    }

    /// Takes the last value away.
    pub fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: it was the last, and does not count any more.
        Some(unsafe { self.end().read() })
    }

    /// Puts a value before that at `index`.
    ///
    /// # Panics
    ///
    /// `index` is beyond the end, or the kind has no room.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram")?;
    /// let mut letters = poolkind::Vec::new_in(&kind);
    /// letters.extend(['a', 'c']);
    /// letters.insert(1, 'b');
    /// assert_eq!(letters[..], ['a', 'b', 'c']);
    /// assert_eq!(letters.remove(0), 'a');
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    #[track_caller]
    pub fn insert(&mut self, index: usize, value: T) {
        assert!(index <= self.len, "index {index} of {} values", self.len);
        self.reserve(1);
        // SAFETY: those from the index on move by one, into the room.
        unsafe {
            let at = self.as_mut_ptr().add(index);
            at.copy_to(at.add(1), self.len - index);
            at.write(value);
        }
        self.len += 1;
    }

    /// Takes the value at `index` away; those behind it move up.
    ///
    /// # Panics
    ///
    /// There is no such value.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> T {
        assert!(index < self.len, "index {index} of {} values", self.len);
        self.len -= 1;
        // SAFETY: the value is read once, and what is behind it takes its place.
        unsafe {
            let at = self.as_mut_ptr().add(index);
            let value = at.read();
            at.copy_from(at.add(1), self.len - index);
            value
        }
    }

    /// Takes the value at `index` away; the last one takes its place.
    ///
    /// # Panics
    ///
    /// There is no such value.
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> T {
        assert!(index < self.len, "index {index} of {} values", self.len);
        let last = self.len - 1;
        self.swap(index, last);
        self.pop().expect("a value, as the index was one")
    }

    /// Drops all values but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            let rest = ptr::slice_from_raw_parts_mut(
                // SAFETY: within the values.
                unsafe { self.as_mut_ptr().add(len) },
                self.len - len,
            );
            self.len = len;
            // SAFETY: they do not count any more, even if a drop panics.
            unsafe { rest.drop_in_place() };
        }
    }

    /// Drops all values; the room stays.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Makes it `len` values long, by dropping some or adding clones of `value`.
    ///
    /// # Panics
    ///
    /// The kind has no room.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram")?;
    /// let mut zeros = poolkind::Vec::new_in(&kind);
    /// zeros.resize(1000, 0.0);
    /// assert!(zeros.iter().all(|&value| value == 0.0));
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    #[track_caller]
    pub fn resize(&mut self, len: usize, value: T)
    where
        T: Clone,
    {
        self.truncate(len);
        let more = len - self.len;
        self.reserve(more);
        if more > 0 {
            // SAFETY: there is room, and one is left for the value itself.
            unsafe { self.add(iter::repeat(&value).take(more - 1).cloned()) };
            self.push(value);
        }
    }

    /// Adds clones of all values of a slice.
    ///
    /// # Panics
    ///
    /// The kind has no room.
    #[track_caller]
    pub fn extend_from_slice(&mut self, values: &[T])
    where
        T: Clone,
    {
        self.reserve(values.len());
        // SAFETY: there is room.
        unsafe { self.add(values.iter().cloned()) };
    }

    /// Sets how many values there are.
    ///
    /// # Safety
    ///
    /// `len` is no more than the capacity, and so many values are valid.
    pub unsafe fn set_len(&mut self, len: usize) {
        self.len = len;
    }

    /// The values as a slice that does not grow, without further room if the
    /// kind can give that back.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram")?;
    /// let mut numbers = poolkind::Vec::new_in(&kind);
    /// numbers.extend([1, 2, 3]);
    /// let numbers: poolkind::Box<[i32]> = numbers.into_boxed_slice();
    /// assert_eq!(numbers[..], [1, 2, 3]);
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn into_boxed_slice(mut self) -> Box<[T]> {
        self.shrink_to_fit();
        let (buffer, len) = self.into_buffer();
        let (start, kind) = buffer.into_parts();
        let values = ptr::slice_from_raw_parts_mut(start.as_ptr(), len);
        // SAFETY: a block is freed by its address alone, and there is none where
        // there is no value.
        unsafe { Box::from_parts(NonNull::new_unchecked(values), kind) }
    }

    /// The room and how many values are in it, which are the caller's.
    fn into_buffer(self) -> (Buffer<T>, usize) {
        let this = ManuallyDrop::new(self);
        // SAFETY: it is read once, and not dropped here.
        (unsafe { ptr::read(&this.buffer) }, this.len)
    }

    fn end(&mut self) -> *mut T {
        // SAFETY: within the room.
        unsafe { self.buffer.start().add(self.len) }
    }

    /// Adds values without a look at the room: there is enough. They count from
    /// the moment that the last is there, or that one of them panics.
    unsafe fn add(&mut self, values: impl Iterator<Item = T>) {
        struct Count<'a> {
            len: &'a mut usize,
            now: usize,
        }
        impl Drop for Count<'_> {
            fn drop(&mut self) {
                *self.len = self.now;
            }
        }
        let start = self.buffer.start();
        let mut count = Count {
            now: self.len,
            len: &mut self.len,
        };
        for value in values {
            start.add(count.now).write(value);
            count.now += 1;
        }
    }
}

/// Drops the values in their order.
impl<T> Drop for Vec<T> {
    fn drop(&mut self) {
        // SAFETY: nobody uses them after this. The buffer goes afterwards, also
        // if one of them panics.
        unsafe { ptr::slice_from_raw_parts_mut(self.buffer.start(), self.len).drop_in_place() };
    }
}

impl<T> Deref for Vec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: as many are valid.
        unsafe { slice::from_raw_parts(self.buffer.start(), self.len) }
    }
}

impl<T> DerefMut for Vec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and nobody else's.
        unsafe { slice::from_raw_parts_mut(self.buffer.start(), self.len) }
    }
}

/// A copy in the same kind; panics where that has no room.
impl<T: Clone> Clone for Vec<T> {
    fn clone(&self) -> Vec<T> {
        let mut copy = Vec::with_capacity_in(self.len, self.kind());
        copy.extend_from_slice(self);
        copy
    }
}

/// Panics where the kind has no room.
impl<T> Extend<T> for Vec<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        let mut values = values.into_iter();
        while let Some(value) = values.next() {
            if self.len == self.capacity() {
                self.reserve(values.size_hint().0.saturating_add(1));
            }
            self.push(value);
        }
    }
}

impl<'a, T: Copy + 'a> Extend<&'a T> for Vec<T> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, values: I) {
        self.extend(values.into_iter().copied());
    }
}

/// Appends the bytes; what the kind has no room for is an error.
impl io::Write for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_reserve(bytes.len())?;
        // SAFETY: there is room, and they are not the vector's own.
        unsafe {
            self.end()
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
        };
        self.len += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<T> AsRef<[T]> for Vec<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T> AsMut<[T]> for Vec<T> {
    fn as_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T> Borrow<[T]> for Vec<T> {
    fn borrow(&self) -> &[T] {
        self
    }
}

impl<T> BorrowMut<[T]> for Vec<T> {
    fn borrow_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T: fmt::Debug> fmt::Debug for Vec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Vec<T> {
    fn eq(&self, other: &Vec<T>) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Vec<T> {}

impl<T: PartialOrd> PartialOrd for Vec<T> {
    fn partial_cmp(&self, other: &Vec<T>) -> Option<Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Ord> Ord for Vec<T> {
    fn cmp(&self, other: &Vec<T>) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Hash> Hash for Vec<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state)
    }
}

impl<'a, T> IntoIterator for &'a Vec<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Vec<T> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    fn into_iter(self) -> slice::IterMut<'a, T> {
        self.iter_mut()
    }
}

impl<T> IntoIterator for Vec<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        let (buffer, len) = self.into_buffer();
        IntoIter {
            buffer,
            left: 0..len,
        }
    }
}

/// The values of a [`Vec`], one after the other; those that are left are dropped
/// with it.
pub struct IntoIter<T> {
    buffer: Buffer<T>,
    left: Range<usize>,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let index = self.left.next()?;
        // SAFETY: it is one of those left, and now is not.
        Some(unsafe { self.buffer.start().add(index).read() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<T> DoubleEndedIterator for IntoIter<T> {
    fn next_back(&mut self) -> Option<T> {
        let index = self.left.next_back()?;
        // SAFETY: as above.
        Some(unsafe { self.buffer.start().add(index).read() })
    }
}

impl<T> ExactSizeIterator for IntoIter<T> {}
impl<T> FusedIterator for IntoIter<T> {}

impl<T> Drop for IntoIter<T> {
    fn drop(&mut self) {
        // SAFETY: nobody uses those left after this.
        unsafe {
            let first = self.buffer.start().add(self.left.start);
            ptr::slice_from_raw_parts_mut(first, self.left.len()).drop_in_place();
        }
    }
}
