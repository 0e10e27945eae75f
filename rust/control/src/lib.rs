//! The control state: the little that ordering must be able to read (design
//! §4). Who may sign and with which key, who approves changes, which contracts
//! there are, which sequences are used, what time it is. Every node runs it at
//! commit, blind ones too, and its digest stands in every header.
//!
//! One predicate decides whether a block is valid, [`ControlState::valid_block`],
//! and its part about one item, [`ControlState::check_item`], is what admission
//! asks with the predicted state, the builder with the real one to drop, and a
//! backup with the real one to reject. There is no second opinion anywhere.
//!
//! - A state never changes; [`ControlState::apply_block`] makes the next one,
//!   which shares everything untouched. A leader may hold several heights ahead.
//! - All items of a block are checked against the state *after its parent*:
//!   nothing in a block depends on an earlier item of the same block, and what
//!   a control transaction changes acts from the next height on.
//! - Checks are pure: no clock, no load, no pool.
#![forbid(unsafe_code)]

mod apply;
mod block;
mod buckets;
mod check;
mod command;
mod entry;
mod genesis;
mod state;
mod window;

pub use apply::ControlOutcome;
pub use block::BadBlock;
pub use entry::Entry;
pub use genesis::BadGenesis;
pub use state::{Authority, Contract, ControlState, CurvePeer, EpochRecord, Party};
pub use window::ReplayWindow;

/// How far behind the block's time an expiry may lie: one day. The envelope
/// keys of an epoch are kept until its last envelope has expired.
pub const EXPIRY_AHEAD_US_MAX: u64 = 24 * 60 * 60 * 1_000_000;
/// Parties that were ever admitted.
pub const PARTIES_MAX: usize = 65_536;
/// Contracts that were ever deployed.
pub const CONTRACTS_MAX: usize = 4_096;
