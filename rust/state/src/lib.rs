//! What executors know: every row ever written, an authenticated tree over
//! the rows that stand, and what a block leaves behind for others to rebuild
//! from. Sans-IO: the tree computes, the caller persists (design §7).
//!
//! The way of a block: [`State::compute`] takes its changes and returns a
//! [`Pending`] with the new root, touching nothing; the caller seals the
//! changes ([`seal_changes`]), writes one journal record
//! ([`encode_record`]), syncs; then [`State::commit`] takes effect.
//! A crash in between leaves the old state and a block to execute again.
//!
//! [`naive::NaiveState`] says the same things the slow way and is kept for
//! ever: where the two differ, this crate is wrong.
#![forbid(unsafe_code)]

mod book;
mod chunk;
mod error;
mod journal;
mod keys;
pub mod limits;
pub mod naive;
mod proof;
mod prune;
mod rebuild;
mod shape;
mod snapshot;
mod state;
mod stored;
mod tree;
mod view;

pub use chunk::{
    AddressedEvent, ChunkKind, open_changes, open_directory, open_events, seal_changes, seal_events,
};
pub use error::{BadProof, ChunkError, RebuildError, StateError};
pub use journal::{Record, RecordError, decode_record, encode_record};
pub use keys::{CompartmentKey, KeyRing};
pub use proof::{AbsenceProof, Climb, CompartmentProof, InclusionProof, RangeProof, Step};
pub use prune::{Fence, Piece, Shown};
pub use rebuild::{HolderBook, open_all_changes, rebuild};
pub use state::{BlockRef, Pending, State, Version};
