//! Daicho on a machine: threads, clocks, disk and the way to the sockets.
//! Everything below this crate is a pure function of its inputs; everything
//! above it is Python.
//!
//! - [`Runner`] is a running node: the step thread and what others may know.
//! - [`frames`] are the queues between the pump and the step thread.
//! - [`bench`] prepares what the benchmarks measure.
//! - [`child`] starts the executor's process and restarts it.
//! - the log's segments are files (`disk`), events go to a JSON-lines file
//!   (`journal`), and time is read in one place (`clock`).

pub mod bench;
pub mod child;
mod clock;
mod disk;
pub mod frames;
mod journal;
mod replay;
mod runner;
mod verify;

pub use daicho_node::Link;
pub use disk::Disk;
pub use replay::{Replayed, replay};
pub use runner::{Refused, Runner, Setup, SocketRole};
pub use verify::verify_home;
