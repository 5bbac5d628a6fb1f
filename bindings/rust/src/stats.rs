// SPDX-License-Identifier: BSD-2-Clause

/// What a kind holds, in bytes, as [`Kind::stats`](crate::Kind::stats) found it.
///
/// It is read without stopping other threads, so the numbers of a busy kind need
/// not agree to the byte.
#[repr(C)]
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// In blocks that the program holds, as usable sizes.
    pub live: usize,
    /// Free, and ready for the next request.
    pub cached: usize,
    /// Pages taken from the system; what the limit counts.
    pub committed: usize,
    /// The most that `committed` has been.
    pub peak: usize,
    /// Of `committed`, what lies in physical memory right now.
    pub resident: usize,
    /// The limit; 0: none.
    pub limit: usize,
    /// Address space of the kind; 0: grows as needed.
    pub size: usize,
    /// Blocks handed out since the kind was opened.
    pub allocations: u64,
    /// Blocks given back.
    pub frees: u64,
    /// The extents that `live` and `cached` lie in.
    pub active: usize,
    /// Requests that found no room.
    pub failures: u64,
    /// Requests that the kind this one falls back to served.
    pub spills: u64,
    /// How often use fell below `low=` after `high=` had been met.
    pub returns: u64,
}

/// How much can still be had of a kind, in bytes, as
/// [`Kind::room`](crate::Kind::room) estimates it; `usize::MAX` where nothing
/// sets a bound.
#[repr(C)]
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Of its limit or its size, what is in no block.
    pub kind: usize,
    /// Of a kind on a file: free in its file system.
    pub file_system: usize,
    /// Of anonymous memory: free on its nodes.
    pub nodes: usize,
    /// All in all.
    pub available: usize,
}

/// A form of [`Kind::write_stats`](crate::Kind::write_stats).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, as `poolkind stat --format json` writes it.
    Json = 1,
    /// OpenMetrics, for Prometheus and the like.
    OpenMetrics = 2,
}
