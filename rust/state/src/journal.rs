//! The executor's private store: one encrypted, checksummed record per
//! applied block, in order of height. The caller owns the file: it appends
//! [`encode_record`]'s bytes, syncs, and only then commits the block.
//!
//! ```text
//! head   = magic "DCHJ" | version u16 | height u64 | block digest (32)
//!        | length u32 | head checksum (32)
//! record = head | sealed (length bytes) | checksum of head and sealed (32)
//! ```
//!
//! The head has a checksum of its own, so a damaged length is never taken for
//! a torn tail. A record that ends early is one ([`RecordError::Torn`]): the
//! write was cut off before its sync returned, nothing of that block left the
//! executor, and the caller truncates the file to where the record begins and
//! executes the block again. Everything else that does not check is damage,
//! named by height ([`RecordError::Damaged`]): the store is never served on,
//! only rebuilt from the log and the result bodies.

use daicho_crypto::{Domain, Secret, hash, open_once, seal_once};
use daicho_types::codec::{Blob, CodecError, Decode, Encode, Reader};
use daicho_types::codes::Code;
use daicho_types::ledger::Change;
use daicho_types::{Digest, Height, wire_struct};

use crate::limits::{ATTACHMENT_BYTES_MAX, RECORD_BYTES_MAX};
use crate::stored::StoredBlock;
use crate::{BlockRef, Pending, State, StateError};

const MAGIC: [u8; 4] = *b"DCHJ";
const VERSION: u16 = 1;
const HEAD_BYTES: usize = 4 + 2 + 8 + 32 + 4 + 32;
const CHECKSUM_BYTES: usize = 32;

/// An applied block as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The block.
    pub block: BlockRef,
    /// The state root after it.
    pub root: Digest,
    /// What it changed ([`Pending::changes`]).
    pub changes: Vec<Change>,
    /// Whatever else the executor needs after a restart, at most
    /// [`ATTACHMENT_BYTES_MAX`] bytes; this crate does not look inside.
    pub attachment: Vec<u8>,
}

wire_struct! {
    /// The plaintext of a record.
    pub struct Plain {
        /// The block's effect.
        pub block: StoredBlock,
        /// The executor's own.
        pub attachment: Blob<ATTACHMENT_BYTES_MAX>,
    }
}

/// Why no record could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes end inside the record: a write that was never synced.
    #[error("the record of height {0:?} is torn")]
    Torn(Height),
    /// The bytes are not what was written.
    #[error("the record of height {0:?} is damaged")]
    Damaged(Height),
    /// The record is whole and another key or height was expected.
    #[error("the record of height {0:?} belongs to another store or place")]
    Foreign(Height),
    /// The record is whole, and a format this version does not know.
    #[error("the record of height {height:?} has format version {version}")]
    Version {
        /// The height expected.
        height: Height,
        /// The version found.
        version: u16,
    },
}

impl RecordError {
    /// The code users see.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::Damaged
    }

    /// The height whose record could not be read.
    #[must_use]
    pub fn height(&self) -> Height {
        match self {
            Self::Torn(height) | Self::Damaged(height) | Self::Foreign(height) => *height,
            Self::Version { height, .. } => *height,
        }
    }
}

impl Record {
    /// The record of a computed block.
    #[must_use]
    pub fn of(pending: &Pending, attachment: Vec<u8>) -> Self {
        Self {
            block: *pending.block(),
            root: pending.root(),
            changes: pending.changes(),
            attachment,
        }
    }
}

impl State {
    /// Replays a record: the root is computed again.
    ///
    /// # Errors
    /// [`StateError`] when it does not follow or leads to another root.
    pub fn apply_record(&mut self, record: &Record) -> Result<(), StateError> {
        self.apply_checked(record.block, &record.changes, &record.root)
    }
}

/// The bytes to append for `record`, sealed under the store's key.
///
/// # Errors
/// [`CodecError::TooLong`] when the attachment is out of bounds, or the
/// changes are not ones that [`State::compute`] let through.
pub fn encode_record(store: &Secret, record: &Record) -> Result<Vec<u8>, CodecError> {
    let plain = Plain {
        block: StoredBlock::of(&record.block, record.root, &record.changes)?,
        attachment: Blob::new(record.attachment.clone())?,
    };
    let plain = plain.to_bytes();
    let sealed_bytes = plain.len() + daicho_types::limits::AEAD_TAG_BYTES;
    if sealed_bytes > RECORD_BYTES_MAX {
        let (length, bound) = (sealed_bytes, RECORD_BYTES_MAX);
        return Err(CodecError::TooLong { length, bound });
    }
    let mut out = head(&record.block, sealed_bytes);
    let key = record_key(store, record.block.height, &record.block.digest);
    let sealed = seal_once(&key, &out, &plain);
    assert_eq!(sealed.len(), sealed_bytes, "the head states the length");
    out.extend_from_slice(&sealed);
    checksum(b"record", &out).encode(&mut out);
    Ok(out)
}

/// Reads the record of `height` off the front of `bytes`: the record and how
/// many bytes it takes. `None` when there are no bytes: the journal ends here.
///
/// # Errors
/// [`RecordError`] naming `height`.
pub fn decode_record(
    store: &Secret,
    height: Height,
    bytes: &[u8],
) -> Result<Option<(Record, usize)>, RecordError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let head = bytes.get(..HEAD_BYTES).ok_or(RecordError::Torn(height))?;
    let (digest, length) = read_head(height, head)?;
    let end = HEAD_BYTES + length;
    let torn = RecordError::Torn(height);
    let checked = bytes.get(..end).ok_or(torn)?;
    let sum = bytes.get(end..end + CHECKSUM_BYTES).ok_or(torn)?;
    if checksum(b"record", checked).0 != sum {
        return Err(RecordError::Damaged(height));
    }
    let key = record_key(store, height, &digest);
    let plain = open_once(&key, head, &checked[HEAD_BYTES..]);
    let plain = plain.map_err(|_| RecordError::Foreign(height))?;
    let record = read_plain(&plain).map_err(|_| RecordError::Damaged(height))?;
    if (record.block.height, record.block.digest) != (height, digest) {
        return Err(RecordError::Damaged(height));
    }
    Ok(Some((record, end + CHECKSUM_BYTES)))
}

fn head(block: &BlockRef, sealed_bytes: usize) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    VERSION.encode(&mut out);
    block.height.encode(&mut out);
    block.digest.encode(&mut out);
    let length = u32::try_from(sealed_bytes).expect("bounded below 2^32");
    length.encode(&mut out);
    checksum(b"head", &out).encode(&mut out);
    assert_eq!(out.len(), HEAD_BYTES);
    out
}

/// The block digest and the sealed length of a head.
fn read_head(expected: Height, head: &[u8]) -> Result<(Digest, usize), RecordError> {
    let damaged = RecordError::Damaged(expected);
    let (fields, sum) = head.split_at(HEAD_BYTES - CHECKSUM_BYTES);
    if checksum(b"head", fields).0 != sum {
        return Err(damaged);
    }
    let mut reader = Reader::new(fields);
    let mut read = || -> Result<_, CodecError> {
        Ok((
            <[u8; 4]>::decode(&mut reader)?,
            u16::decode(&mut reader)?,
            Height::decode(&mut reader)?,
            Digest::decode(&mut reader)?,
            reader.length(RECORD_BYTES_MAX)?,
        ))
    };
    let (magic, version, height, digest, length) = read().map_err(|_| damaged)?;
    if version != VERSION {
        let height = expected;
        return Err(RecordError::Version { height, version });
    }
    if magic != MAGIC || height != expected {
        return Err(RecordError::Foreign(expected));
    }
    Ok((digest, length))
}

fn read_plain(plain: &[u8]) -> Result<Record, CodecError> {
    let Plain { block, attachment } = Plain::from_bytes(plain)?;
    Ok(Record {
        block: block.block(),
        root: block.root,
        changes: block.into_changes()?,
        attachment: attachment.into_inner(),
    })
}

/// One key per record. Should a height be written again after a torn tail,
/// the same block gives the same plaintext, and GCM-SIV bears the repetition.
fn record_key(store: &Secret, height: Height, block: &Digest) -> Secret {
    store.derive(Domain::StoreKey, &[&height.0.to_le_bytes(), &block.0])
}

fn checksum(of: &[u8], bytes: &[u8]) -> Digest {
    hash(Domain::Record, &[of, bytes])
}
