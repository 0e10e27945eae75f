//! The executor: the only process that sees plaintext. It takes decided blocks
//! in order, checks the chain and the certificates itself from the pinned
//! genesis, opens what is sealed, runs the calls, and signs the result.
//!
//! ```text
//! CommittedBlock ─► chain ─► opening ─► executor ─► journal record (durable)
//!                                          └──────► Executed: vote and body
//! ```
//!
//! - [`Chain`] follows headers, certificates and control state.
//! - [`Opening`] turns sealed items into calls with their authority.
//! - [`Executor`] runs them and makes the result. Nothing is opened that is
//!   not certified on this executor's own last block.
//! - queries are answered from certified heights only; a trace runs a block of
//!   the past once more, which the node hands back.
//! - [`sandbox`] is the wall around the process; [`Store`] its only file.

mod chain;
mod executor;
mod nonces;
mod opening;
mod past;
mod query;
pub mod sandbox;
mod store;
mod trace;
mod upgrades;

pub use chain::{BadBlock, Chain};
pub use executor::{EXECUTION_VERSION, Executor, Halted, Prepared, Step};
pub use opening::{Authorities, Opened, Opening};
pub use store::Store;
