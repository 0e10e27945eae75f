//! The node as one pure step: frames and time in; log writes, frames and
//! blocks for the executor out. It strings admission, control, agreement and
//! the log together and has no thread, socket, file or clock of its own.
//!
//! ```text
//! step(now, inputs, storage) -> Output { writes, then everything else }
//! ```
//!
//! - [`ordering`] answers what agreement asks: is this block valid, what comes
//!   next. It owns the pool and the control states, decided and predicted.
//! - [`results`] turns executors' votes into result certificates.
//! - [`clients`] knows who waits for what, and answers.
//! - [`asking`] takes queries to an executor, here or elsewhere.
//! - [`feed`] gives decided blocks to the executor, against credits.
//! - [`message`] is what nodes say to one another.
//! - [`recovery`] finds all of it again in the log.
#![forbid(unsafe_code)]

mod asking;
mod clients;
mod event;
mod feed;
mod interface;
mod message;
mod node;
mod ordering;
mod peers;
mod questions;
mod recovery;
mod results;
mod status;

/// The seam to the disk, which the host implements.
pub use daicho_log as storage;

pub use clients::Route;
pub use daicho_agreement::{Evidence, Message, Origin};
pub use event::{Event, Level};
pub use interface::{Identity, Input, Now, Output};
pub use message::{Link, PeerMessage};
pub use node::Node;
pub use recovery::{RecoverError, recover};
pub use results::Results;
pub use status::Counters;
