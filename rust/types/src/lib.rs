//! Types that every other crate shares: ids, clocks, limits, the codec, wire
//! formats and the error registry. No cryptography, no I/O, no policy.
#![forbid(unsafe_code)]

mod clock;
pub mod ledger;
pub mod limits;
pub mod roles;

pub use clock::{ConsensusTime, Height, Monotonic, WallClock};
