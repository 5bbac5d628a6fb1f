// SPDX-License-Identifier: BSD-2-Clause

use std::alloc::Layout;
use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::fmt;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use crate::error::Error;
use crate::stats::{Format, Room, Stats};
use crate::sys;

/// A kind of memory: where it comes from, under which policy, within which
/// limit.
///
/// A clone is another handle of the same kind. The kind is closed when its last
/// handle is dropped, of which each [`Box`](crate::Box) and [`Vec`](crate::Vec)
/// in it has one. Every function may be called by any thread at any time.
///
/// ```
/// use poolkind::Kind;
///
/// let kind = Kind::open("dram,limit=64M,name=scratch")?;
/// assert_eq!(kind.name(), "scratch");
/// assert_eq!(kind.stats()?.limit, 64 << 20);
/// # Ok::<(), poolkind::Error>(())
/// ```
#[derive(Clone)]
pub struct Kind {
    open: Arc<Open>,
}

/// An open kind, which is closed when this is dropped, unless it is FOREVER's.
struct Open {
    handle: NonNull<sys::poolkind>,
    forever: bool,
}

// SAFETY: what a handle is good for, it is good for in every thread.
unsafe impl Send for Open {}
unsafe impl Sync for Open {}

/// Kinds without a handle that others still fall back to: they are closed after
/// these. As numbers, since they are nothing else.
static STILL_NEEDED: Mutex<std::vec::Vec<usize>> = Mutex::new(std::vec::Vec::new());

impl Open {
    fn close(&mut self) -> Result<(), Error> {
        if std::mem::replace(&mut self.forever, true) {
            return Ok(());
        }
        let mut needed = STILL_NEEDED.lock().unwrap_or_else(|e| e.into_inner());
        // SAFETY: nobody has the handle any more, nor a value in the kind.
        let closed = unsafe { sys::poolkind_close(self.handle.as_ptr()) };
        if closed != 0 {
            let error = Error::last();
            needed.push(self.handle.as_ptr() as usize);
            return Err(error);
        }
        loop {
            let before = needed.len();
            // SAFETY: as above.
            needed.retain(|&kind| unsafe { sys::poolkind_close(kind as *mut _) } != 0);
            if needed.len() == before {
                return Ok(());
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // A kind that others fall back to is closed later.
        let _ = self.close();
    }
}

impl Kind {
    /// Opens the kind that `text` describes: `dram`, `dram,page=2M`,
    /// `nodes:0-1,policy=interleave`, `bandwidth,scope=local`, `dax:auto`,
    /// `file:/mnt/pmem,size=8G`; alternatives, of which the first is taken that
    /// this machine has (`hbw|bandwidth|dram`); a chain, of which the next is
    /// asked when one is full (`hbw,limit=8G > dram`); or, as `@fast`, a kind
    /// that `/etc/poolkind.conf` or the file named by `POOLKIND_CONFIG` gives a
    /// name to. Pages are taken as they are needed.
    ///
    /// # Errors
    ///
    /// What the machine does not have, or the text should not say; the numbers
    /// are those of `poolkind_open(3)`.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("hbw|bandwidth|dram")?;
    /// println!("{kind} is {} here", kind.resolved());
    /// let error = poolkind::Kind::open("ram").unwrap_err();
    /// assert!(error.to_string().contains("\"ram\""), "{error}");
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn open(text: impl AsRef<str>) -> Result<Kind, Error> {
        let text = CString::new(text.as_ref()).map_err(|_| Error::zero_byte())?;
        // SAFETY: the text ends with a zero byte.
        Kind::opened(unsafe { sys::poolkind_open(text.as_ptr(), 0) })
    }

    /// Opens a kind on `size` bytes at `address`, both multiples of the page
    /// size, at least 1 MiB. `options` are `limit=`, `name=` and `fallback=`, as
    /// in `"limit=64M,name=scratch"`, or empty.
    ///
    /// # Errors
    ///
    /// `EINVAL`, `EEXIST` (the region overlaps that of another kind) and those
    /// of `poolkind_open_region(3)`.
    ///
    /// # Safety
    ///
    /// The region is mapped, readable and writable, until the last handle of
    /// the kind and the last value in it are dropped, and nobody else uses it
    /// meanwhile.
    ///
    /// ```
    /// use std::{alloc::{alloc, dealloc, Layout}, ptr::NonNull};
    ///
    /// let layout = Layout::from_size_align(1 << 20, 1 << 20).unwrap();
    /// let region = NonNull::new(unsafe { alloc(layout) }).unwrap();
    /// let kind = unsafe { poolkind::Kind::open_region(region, layout.size(), "") }?;
    /// let value = poolkind::Box::new_in([7; 100], &kind);
    /// assert!(kind.contains(&*value));
    /// drop((value, kind));
    /// unsafe { dealloc(region.as_ptr(), layout) };
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub unsafe fn open_region(
        address: NonNull<u8>,
        size: usize,
        options: &str,
    ) -> Result<Kind, Error> {
        let options = CString::new(options).map_err(|_| Error::zero_byte())?;
        let options = match options.as_bytes() {
            [] => std::ptr::null(),
            _ => options.as_ptr(),
        };
        let address = address.as_ptr().cast();
        Kind::opened(sys::poolkind_open_region(address, size, options, 0))
    }

    fn opened(handle: *mut sys::poolkind) -> Result<Kind, Error> {
        let handle = NonNull::new(handle).ok_or_else(Error::last)?;
        Ok(Kind {
            open: Arc::new(Open {
                handle,
                forever: false,
            }),
        })
    }

    /// A kind that is never closed.
    pub(crate) fn forever(handle: NonNull<sys::poolkind>) -> Kind {
        Kind {
            open: Arc::new(Open {
                handle,
                forever: true,
            }),
        }
    }

    /// Drops this handle and says whether that closed the kind.
    ///
    /// # Errors
    ///
    /// `EBUSY`: there are other handles or values, or another open kind falls
    /// back to this one. The kind is closed when they are gone.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram")?;
    /// let value = poolkind::Box::new_in(1, &kind);
    /// assert_eq!(kind.clone().close().unwrap_err().errno(), 16); // EBUSY
    /// drop(value);
    /// kind.close()?;
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn close(self) -> Result<(), Error> {
        match Arc::try_unwrap(self.open) {
            Ok(mut open) => open.close(),
            Err(_) => Err(Error::in_use()),
        }
    }

    /// The handle, for functions of `poolkind.h`. It is valid as long as the
    /// kind is open, and not to be closed.
    pub fn as_raw(&self) -> NonNull<c_void> {
        self.open.handle.cast()
    }

    pub(crate) fn handle(&self) -> *mut sys::poolkind {
        self.open.handle.as_ptr()
    }

    /// The `name=` of its text, or one that the engine gave it.
    pub fn name(&self) -> Cow<'_, str> {
        // SAFETY: the kind is open.
        self.said(unsafe { sys::poolkind_name(self.handle()) })
    }

    /// The kind as normalised text: what was understood, without defaults.
    pub fn text(&self) -> Cow<'_, str> {
        // SAFETY: the kind is open.
        self.said(unsafe { sys::poolkind_text(self.handle()) })
    }

    /// What the text came to on this machine: `nodes:2-3` for `bandwidth`.
    pub fn resolved(&self) -> Cow<'_, str> {
        // SAFETY: the kind is open.
        self.said(unsafe { sys::poolkind_resolved(self.handle()) })
    }

    fn said(&self, text: *const c_char) -> Cow<'_, str> {
        // SAFETY: the engine's strings live as long as the kind.
        unsafe { CStr::from_ptr(text) }.to_string_lossy()
    }

    /// What the kind holds.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram")?;
    /// let value = poolkind::Box::new_in([0u8; 1000], &kind);
    /// let stats = kind.stats()?;
    /// assert!(stats.live >= 1000 && stats.committed >= stats.live);
    /// # drop(value);
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn stats(&self) -> Result<Stats, Error> {
        self.filled(sys::poolkind_get_stats)
    }

    /// How much can still be had of the kind: an estimate of this moment.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram,limit=8M")?;
    /// assert!(kind.room()?.available <= 8 << 20);
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn room(&self) -> Result<Room, Error> {
        self.filled(sys::poolkind_get_room)
    }

    fn filled<T: Default>(
        &self,
        fill: unsafe extern "C" fn(*mut sys::poolkind, *mut c_void, usize) -> c_int,
    ) -> Result<T, Error> {
        let mut record = T::default();
        let size = std::mem::size_of::<T>();
        // SAFETY: no more than SIZE bytes are written, and any are valid.
        self.done(unsafe { fill(self.handle(), (&mut record as *mut T).cast(), size) })?;
        Ok(record)
    }

    fn done(&self, status: c_int) -> Result<(), Error> {
        match status {
            0 => Ok(()),
            _ => Err(Error::last()),
        }
    }

    /// What the kind holds as text, as `poolkind stat` writes it.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram,name=scratch")?;
    /// let text = kind.write_stats(poolkind::Format::Json)?;
    /// assert!(text.contains("\"scratch\""));
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn write_stats(&self, format: Format) -> Result<String, Error> {
        let mut bytes = std::vec::Vec::<u8>::new();
        let to = (&mut bytes as *mut std::vec::Vec<u8>).cast();
        // SAFETY: append() gets what it expects, during the call alone.
        self.done(unsafe {
            sys::poolkind_write_stats(self.handle(), format as c_int, append, to)
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The nodes that the kind takes memory from, by rising number.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("nodes:0")?;
    /// assert_eq!(kind.nodes()?, [0]);
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn nodes(&self) -> Result<std::vec::Vec<u32>, Error> {
        const NODES: u32 = 1024; // as many as Linux can have
        let mut mask = [0; NODES as usize / 64];
        // SAFETY: the mask has as many bits.
        self.done(unsafe { sys::poolkind_get_nodes(self.handle(), mask.as_mut_ptr(), NODES) })?;
        Ok((0..NODES)
            .filter(|&node| mask[node as usize / 64] >> (node % 64) & 1 != 0)
            .collect())
    }

    /// How many bytes of the kind lie on each of the nodes from 0 to `nodes` - 1
    /// now.
    ///
    /// # Errors
    ///
    /// `EINVAL`: `nodes` is 0.
    pub fn node_bytes(&self, nodes: u32) -> Result<std::vec::Vec<usize>, Error> {
        let mut bytes = vec![0; nodes as usize];
        // SAFETY: there are as many.
        self.done(unsafe {
            sys::poolkind_get_node_bytes(self.handle(), bytes.as_mut_ptr(), nodes)
        })?;
        Ok(bytes)
    }

    /// Sets the most bytes that the kind may have committed; 0 takes the limit
    /// away. Below what is committed it trims the kind and then stands.
    pub fn set_limit(&self, bytes: usize) -> Result<(), Error> {
        // SAFETY: the kind is open.
        self.done(unsafe { sys::poolkind_set_limit(self.handle(), bytes) })
    }

    /// Returns every page without a live block to the system.
    pub fn trim(&self) -> Result<(), Error> {
        // SAFETY: the kind is open.
        self.done(unsafe { sys::poolkind_trim(self.handle()) })
    }

    /// Compares the engine's records of the kind with each other.
    ///
    /// # Errors
    ///
    /// `EIO`, with the first thing that is not as it should be.
    pub fn check(&self) -> Result<(), Error> {
        // SAFETY: the kind is open.
        self.done(unsafe { sys::poolkind_check(self.handle()) })
    }

    /// Whether `address` lies in memory of this kind; not that of one that it
    /// falls back to, nor of a further link of its chain.
    pub fn contains<T: ?Sized>(&self, address: *const T) -> bool {
        // SAFETY: any address will do.
        unsafe { sys::poolkind_of(address.cast()) == self.handle() }
    }

    /// Calls `work`, with all that this thread allocates meanwhile by malloc, as
    /// `String` and `std::vec::Vec` do, in this kind. That needs
    /// libpoolkind-malloc in malloc's place, where `poolkind run` puts it.
    ///
    /// What was allocated there may outlive the call, so that the kind is never
    /// closed.
    ///
    /// # Errors
    ///
    /// `ENOTSUP`: malloc is not libpoolkind-malloc's. `E2BIG`: too many scopes
    /// inside of each other. `work` was not called.
    ///
    /// ```
    /// let kind = poolkind::Kind::open("dram")?;
    /// match kind.scope(|| vec![1; 1000]) {
    ///     Ok(numbers) => assert!(kind.contains(&numbers[0])),
    ///     Err(error) => println!("{error}"),
    /// }
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn scope<R>(&self, work: impl FnOnce() -> R) -> Result<R, Error> {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                // SAFETY: scopes are left in the order of the calls on the stack.
                unsafe { sys::poolkind_leave() };
            }
        }
        // SAFETY: the kind is open, and stays so.
        self.done(unsafe { sys::poolkind_enter(self.handle()) })?;
        let _leave = Leave;
        std::mem::forget(self.clone());
        Ok(work())
    }

    /// A block for `layout`, content undefined. Of a size of 0 it is a block,
    /// too, and to be given back.
    ///
    /// # Errors
    ///
    /// `ENOMEM`: the kind has no room. `ENODEV`: the nodes that it is bound to
    /// have no memory any more. `EPERM`: this process is a child that was
    /// refused the kind.
    ///
    /// ```
    /// use std::alloc::Layout;
    ///
    /// let kind = poolkind::Kind::open("dram")?;
    /// let layout = Layout::from_size_align(100, 4096).unwrap();
    /// let block = kind.allocate(layout)?;
    /// assert_eq!(block.as_ptr() as usize % 4096, 0);
    /// unsafe { kind.deallocate(block, layout) };
    /// # Ok::<(), poolkind::Error>(())
    /// ```
    pub fn allocate(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        // SAFETY: the kind is open.
        let block = unsafe { allocate(self.handle(), layout) };
        NonNull::new(block).ok_or_else(|| Error::of_allocation(layout.size()))
    }

    /// A zeroed block for `layout`; else as [`allocate`](Kind::allocate).
    pub fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        // SAFETY: the kind is open.
        let block = unsafe { allocate_zeroed(self.handle(), layout) };
        NonNull::new(block).ok_or_else(|| Error::of_allocation(layout.size()))
    }

    /// The block in `size` bytes, moved if need be. On an error it stays as it
    /// was.
    ///
    /// # Safety
    ///
    /// The block was allocated from this kind with `layout`. `size` is not 0, and
    /// rounded up to the alignment no more than `isize::MAX`.
    pub unsafe fn reallocate(
        &self,
        block: NonNull<u8>,
        layout: Layout,
        size: usize,
    ) -> Result<NonNull<u8>, Error> {
        let moved = reallocate(self.handle(), block.as_ptr(), layout, size);
        NonNull::new(moved).ok_or_else(|| Error::of_allocation(size))
    }

    /// Gives a block back.
    ///
    /// # Safety
    ///
    /// The block was allocated from this kind with `layout`, and is not used any
    /// more.
    pub unsafe fn deallocate(&self, block: NonNull<u8>, layout: Layout) {
        let _ = layout;
        sys::poolkind_free(self.handle(), block.as_ptr().cast());
    }
}

/// Shows the text of the kind.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kind").field(&self.text()).finish()
    }
}

/// Handles are equal if their kind is the same.
impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.handle() == other.handle()
    }
}

impl Eq for Kind {}

unsafe extern "C" fn append(to: *mut c_void, text: *const c_char, length: usize) {
    let bytes = std::slice::from_raw_parts(text.cast(), length);
    (*to.cast::<std::vec::Vec<u8>>()).extend_from_slice(bytes);
}

/// Whether a block of that size has the alignment by itself: 16, or 8 where it
/// has 8 bytes or less.
fn is_aligned(alignment: usize, size: usize) -> bool {
    alignment <= if size <= 8 { 8 } else { 16 }
}

// What Kind and KindAlloc have in common. The layouts are valid, and the kind is
// open.

pub(crate) unsafe fn allocate(kind: *mut sys::poolkind, layout: Layout) -> *mut u8 {
    let block = if is_aligned(layout.align(), layout.size()) {
        sys::poolkind_malloc(kind, layout.size())
    } else {
        sys::poolkind_aligned_alloc(kind, layout.align(), layout.size())
    };
    block.cast()
}

pub(crate) unsafe fn allocate_zeroed(kind: *mut sys::poolkind, layout: Layout) -> *mut u8 {
    if is_aligned(layout.align(), layout.size()) {
        return sys::poolkind_calloc(kind, 1, layout.size()).cast();
    }
    let block = allocate(kind, layout);
    if !block.is_null() {
        block.write_bytes(0, layout.size());
    }
    block
}

/// poolkind_realloc() keeps no alignment but the usual one.
pub(crate) unsafe fn reallocate(
    kind: *mut sys::poolkind,
    block: *mut u8,
    layout: Layout,
    size: usize,
) -> *mut u8 {
    if is_aligned(layout.align(), size.min(layout.size())) {
        return sys::poolkind_realloc(kind, block.cast(), size).cast();
    }
    let moved = allocate(
        kind,
        Layout::from_size_align_unchecked(size, layout.align()),
    );
    if !moved.is_null() {
        moved.copy_from_nonoverlapping(block, size.min(layout.size()));
        sys::poolkind_free(kind, block.cast());
    }
    moved
}
