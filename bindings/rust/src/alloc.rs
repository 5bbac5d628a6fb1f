// SPDX-License-Identifier: BSD-2-Clause

use std::alloc::{GlobalAlloc, Layout, System};
use std::os::raw::c_char;
use std::ptr::{null_mut, NonNull};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8};

use crate::error::Error;
use crate::kind::{allocate, allocate_zeroed, reallocate, Kind};
use crate::sys;

/// The heap of a program in a kind.
///
/// The kind is opened by the first allocation, which calls no allocator of Rust
/// to do so, and is never closed.
///
/// Where it cannot be opened the program has its heap in [`System`], ordinary
/// memory. That happens before `main`, where nobody could be told why; `main`
/// can ask by [`open`](KindAlloc::open), and stop with the reason. The same
/// memory serves threads that allocate in the moment when another opens the
/// kind: none waits for it, as the opener may need a lock of theirs. Blocks of
/// either memory are told from each other, and stay where they are.
///
/// When the kind is full the program ends as when memory is full, unless its
/// text says where to go on: `hbw,limit=8G > dram`. In a child of `fork` a kind
/// on a file is refused unless its text has `fork=`.
///
/// ```
/// use poolkind::KindAlloc;
///
/// #[global_allocator]
/// static HEAP: KindAlloc = KindAlloc::new("dram,limit=1G,name=heap");
///
/// fn main() -> Result<(), poolkind::Error> {
///     let heap = HEAP.open()?;
///     let numbers = vec![1; 1000];
///     assert!(heap.contains(&numbers[0]));
///     Ok(())
/// }
/// ```
pub struct KindAlloc {
    text: &'static str,
    state: AtomicU8,
    /// Null until it is open.
    kind: AtomicPtr<sys::poolkind>,
    /// Whether there may be blocks from System. Whoever frees one has it from
    /// where it was allocated, and so sees this set.
    has_ordinary: AtomicBool,
}

const UNOPENED: u8 = 0;
const OPENING: u8 = 1;
const OPEN: u8 = 2;
const FAILED: u8 = 3;

/// The longest text, so that it can be copied to the stack.
const TEXT_MAX: usize = 1023;

impl KindAlloc {
    /// A heap in the kind that `text` describes, as [`Kind::open`] has it.
    ///
    /// # Panics
    ///
    /// A text with a zero byte, or of more than 1023 bytes: of a static, an error
    /// of the compiler.
    pub const fn new(text: &'static str) -> KindAlloc {
        assert!(text.len() <= TEXT_MAX, "a text of more than 1023 bytes");
        let mut i = 0;
        while i < text.len() {
            assert!(text.as_bytes()[i] != 0, "a text with a zero byte");
            i += 1;
        }
        KindAlloc {
            text,
            state: AtomicU8::new(UNOPENED),
            kind: AtomicPtr::new(null_mut()),
            has_ordinary: AtomicBool::new(false),
        }
    }

    /// The kind of the heap, for its statistics, limit and so on; or why it is
    /// not open. If it could not be opened before that is tried once more.
    ///
    /// # Errors
    ///
    /// As [`Kind::open`]; `EBUSY` while another thread opens it.
    pub fn open(&self) -> Result<Kind, Error> {
        if self.kind().is_null()
            && (self.begin(FAILED) || self.begin(UNOPENED))
            && self.finish().is_null()
        {
            return Err(Error::last());
        }
        NonNull::new(self.kind())
            .map(Kind::forever)
            .ok_or_else(Error::being_opened)
    }

    fn kind(&self) -> *mut sys::poolkind {
        self.kind.load(Acquire)
    }

    /// Whether the caller is the one who opens the kind.
    fn begin(&self, from: u8) -> bool {
        self.state
            .compare_exchange(from, OPENING, AcqRel, Relaxed)
            .is_ok()
    }

    #[cold]
    fn finish(&self) -> *mut sys::poolkind {
        let mut text = [0; TEXT_MAX + 1];
        text[..self.text.len()].copy_from_slice(self.text.as_bytes());
        // SAFETY: it ends with a zero byte.
        let kind = unsafe { sys::poolkind_open(text.as_ptr().cast::<c_char>(), 0) };
        self.kind.store(kind, Release);
        let state = if kind.is_null() { FAILED } else { OPEN };
        self.state.store(state, Release);
        kind
    }

    /// The kind, opened if that was not tried yet; or null, and then a block from
    /// System is about to be handed out.
    fn ready(&self) -> *mut sys::poolkind {
        let mut kind = self.kind();
        if kind.is_null() && self.begin(UNOPENED) {
            kind = self.finish();
        }
        if kind.is_null() {
            self.has_ordinary.store(true, Relaxed);
        }
        kind
    }

    /// The kind that a block is given back to, or null for System.
    fn home(&self, block: *mut u8) -> *mut sys::poolkind {
        let kind = self.kind();
        // SAFETY: any address will do.
        let is_ordinary =
            self.has_ordinary.load(Relaxed) && unsafe { sys::poolkind_of(block.cast()) }.is_null();
        match is_ordinary {
            true => null_mut(),
            false => kind,
        }
    }
}

// SAFETY: a block is the engine's or System's, and goes back to where it came
// from. Nothing here unwinds, nor calls an allocator of Rust.
unsafe impl GlobalAlloc for KindAlloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match self.ready() {
            kind if kind.is_null() => System.alloc(layout),
            kind => allocate(kind, layout),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match self.ready() {
            kind if kind.is_null() => System.alloc_zeroed(layout),
            kind => allocate_zeroed(kind, layout),
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match self.home(block) {
            kind if kind.is_null() => System.realloc(block, layout, size),
            kind => reallocate(kind, block, layout, size),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match self.home(block) {
            kind if kind.is_null() => System.dealloc(block, layout),
            kind => sys::poolkind_free(kind, block.cast()),
        }
    }
}
