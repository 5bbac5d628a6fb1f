// SPDX-License-Identifier: BSD-2-Clause

use std::ffi::CStr;
use std::{fmt, io};

use crate::sys;

/// Why something could not be done: an error number of the system, and a
/// sentence that names the thing at fault and what would be valid.
///
/// It becomes a [`std::io::Error`] by `From`, with the
/// [`kind`](std::io::Error::kind) of its number.
///
/// ```
/// let error = poolkind::Kind::open("dram,page=3M").unwrap_err();
/// assert_eq!(error.errno(), 22); // EINVAL
/// assert!(error.to_string().contains("3M"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    errno: i32,
    reason: Reason,
}

#[derive(Clone, PartialEq, Eq)]
enum Reason {
    Sentence(String),
    // Written when it is asked for: the heap may be in the kind that is full.
    NoRoom(usize),
    Text(&'static str),
}

pub(crate) const EINVAL: i32 = 22;
const EBUSY: i32 = 16;
const ENOMEM: i32 = 12;

impl Error {
    /// The error number, as in `errno(3)`.
    pub fn errno(&self) -> i32 {
        self.errno
    }

    /// Whether the kind had no room (`ENOMEM`), which is an answer rather than a
    /// fault.
    ///
    /// ```
    /// use poolkind::{Kind, Vec};
    ///
    /// let kind = Kind::open("dram,limit=1M")?;
    /// let error = Vec::<u8>::try_with_capacity_in(2 << 20, &kind).unwrap_err();
    /// assert!(error.is_no_room());
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn is_no_room(&self) -> bool {
        self.errno == ENOMEM
    }

    /// The calling thread's last error, which the engine has just reported.
    pub(crate) fn last() -> Error {
        let errno = errno();
        // SAFETY: the text is the thread's, and valid until its next failure.
        let text = unsafe { CStr::from_ptr(sys::poolkind_errormsg()) };
        Error {
            errno,
            reason: Reason::Sentence(text.to_string_lossy().into_owned()),
        }
    }

    /// Why a block of SIZE bytes was not there.
    pub(crate) fn of_allocation(size: usize) -> Error {
        match errno() {
            ENOMEM => Error::no_room(size),
            _ => Error::last(),
        }
    }

    pub(crate) fn no_room(size: usize) -> Error {
        Error {
            errno: ENOMEM,
            reason: Reason::NoRoom(size),
        }
    }

    pub(crate) fn zero_byte() -> Error {
        Error {
            errno: EINVAL,
            reason: Reason::Text("the text of a kind has a zero byte in it"),
        }
    }

    pub(crate) fn in_use() -> Error {
        Error {
            errno: EBUSY,
            reason: Reason::Text("the kind has other handles, or values in it"),
        }
    }

    pub(crate) fn being_opened() -> Error {
        Error {
            errno: EBUSY,
            reason: Reason::Text("another thread is opening the kind of the heap"),
        }
    }
}

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Sentence(text) => f.write_str(text),
            Reason::NoRoom(size) => write!(f, "the kind has no room for {size} bytes"),
            Reason::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} (errno {})", self.errno)
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        io::Error::new(io::Error::from_raw_os_error(error.errno).kind(), error)
    }
}
