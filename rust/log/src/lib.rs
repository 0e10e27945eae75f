//! The log: what a node promised, in the order it promised it (design §5,
//! durability). Two streams of segments: `log` with blocks, bodies, agreement
//! records and commit certificates under one group commit, and `results` with
//! certified results, which can always be fetched again.
//!
//! This crate makes bytes and reads bytes; it opens no file. [`Log::append`]
//! takes records, [`Log::flush`] gives the writes of one group of a stream, and
//! whoever owns the disk performs them with [`persist`] before anything that
//! rests on them leaves the node.
//!
//! **Segments.** `log/00000000.seg`, ... Each starts with a [`SegmentHead`]
//! naming chain, stream and number. A record is [`frame`]d with magic, version,
//! height, group, length and a checksum that also covers where the record
//! lies, so a record that was moved, repeated or cut out is damage too.
//!
//! **Torn tails.** A group is what one sync covers. After a crash any part of
//! the *last* group may be missing; nothing in it has been promised to anybody.
//! So recovery cuts the last segment at the first record that does not read,
//! provided that no record of a *later* group follows. Anything else that does
//! not read was synced once, and is damage: recovery refuses to go on.
#![forbid(unsafe_code)]

mod audit;
mod frame;
mod index;
mod log;
mod read;
mod record;
mod recover;
mod storage;
mod verify;

pub use index::{CommittedEntry, OutOfOrder, Position};
pub use log::{AppendError, Log};
pub use record::{AgreementRecord, Record, SegmentHead, StoredBlock, StoredBodies};
pub use recover::{Cut, Recovered, recover};
pub use storage::{
    Damage, LogError, SegmentInfo, Storage, StorageError, Stream, Write, file_name, persist,
};
pub use verify::{Finding, verify};

/// Bytes of one segment, after which the next begins.
pub const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of one record's payload.
pub const RECORD_BYTES_MAX: usize = daicho_types::limits::FRAME_BYTES_MAX;
/// Bytes of one agreement record.
pub const AGREEMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Transactions that can be found by id: the newest of them.
pub const INDEXED_TRANSACTIONS_MAX: usize = 4_000_000;
