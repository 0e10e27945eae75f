//! Admission: the way into the pool, and the pool the builder draws from.
//!
//! Bytes are decoded and given their ids once, signatures are verified in
//! batches and never twice, and everything that waits is bounded by count and
//! by bytes. What may be ordered is not decided here: the control state is
//! asked through [`Context`], the same predicate that decides a vote.
//!
//! **Two doors.** [`Admission::submit`] is for clients and relays: it may
//! answer `BUSY`. [`Admission::supply`] is for bodies of proposals: it knows no
//! quota, since load never justifies a vote against a block.
//!
//! **What leaves the pool.** Nothing is evicted to make room: a full pool
//! refuses newcomers. An item leaves when it is committed, when its sequence
//! is committed with other bytes, when it expires, or when the control state
//! finally refuses it ([`Admission::take`], [`Admission::sweep`]). While an item
//! stands in a proposal it is *lent*: not offered again, not dropped.
#![forbid(unsafe_code)]

mod admission;
mod cache;
mod counters;
mod held;
mod item;
mod pool;

pub use admission::{Admission, Answer, Context, Room, Taken, Verdict};
pub use counters::Counters;
pub use item::{Admitted, Origin};
pub use pool::{Dropped, Ordered};

/// How much may wait, and be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Items in the pool.
    pub pool_items_max: usize,
    /// Bytes of all items in the pool.
    pub pool_bytes_max: usize,
    /// Items of one sender in the pool.
    pub sender_items_max: usize,
    /// Witness ids whose signatures are known to be good.
    pub cache_entries_max: usize,
    /// Bodies of proposals that are not in the pool.
    pub held_items_max: usize,
    /// Bytes of those bodies.
    pub held_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            pool_items_max: 65_536,
            pool_bytes_max: 256 * 1024 * 1024,
            sender_items_max: 16_384,
            cache_entries_max: 262_144,
            held_items_max: 65_536,
            held_bytes_max: 16 * daicho_types::limits::BLOCK_BYTES_MAX,
        }
    }
}
