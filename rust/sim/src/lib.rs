//! The simulator: whole clusters under one seed. It steps the same `node` and
//! the same `executor` as production and replaces what is below them: clocks,
//! disks, links and processes. Everything random is drawn from the seed, so a
//! failure is a number that anyone can replay.
//!
//! - [`World`] is the queue of events and the only loop.
//! - a machine is one node with its disk and its executor; it can lose power
//!   at any moment, and with it whatever was not synced.
//! - links lose, delay, repeat and reorder frames, and can be cut.
//! - the adversary decides what fails when; at the end it rests.
//! - [`Checks`] watches from outside: one block per height, one result per
//!   height, nothing acknowledged is lost, nobody is accused.
#![forbid(unsafe_code)]

mod adversary;
mod checks;
mod dice;
mod disk;
mod load;
mod machine;
mod network;
mod setup;
mod trace;
mod world;

pub use checks::{Checks, Failure};
pub use setup::Plan;
pub use world::{HEIGHTS_MIN, Report, World};
