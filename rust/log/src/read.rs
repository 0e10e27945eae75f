//! Serving what is stored. Every read checks the record's checksum: damaged
//! bytes are refused, never served. What was flushed must have been written
//! before it is read.

use daicho_types::block::CommittedBlock;
use daicho_types::codec::Decode;
use daicho_types::gateway::CertifiedResult;
use daicho_types::{Digest, Height};

use crate::frame::{Place, decode_frame};
use crate::index::Position;
use crate::log::Log;
use crate::record::{Record, StoredBlock, StoredBodies};
use crate::storage::{Damage, LogError, Storage, Stream, file_name};

impl Log {
    /// The committed block at `height`, or `None` above [`Log::height`].
    ///
    /// # Errors
    /// [`LogError`] when the disk fails or the bytes are damaged.
    pub fn block(
        &self,
        height: Height,
        storage: &impl Storage,
    ) -> Result<Option<CommittedBlock>, LogError> {
        let Some(entry) = self.index.committed(height).copied() else {
            return Ok(None);
        };
        let bodies = self.read(storage, Stream::Log, entry.bodies)?;
        let (Record::Block(block), Record::Bodies(bodies), Record::Commit(certificate)) = (
            self.read(storage, Stream::Log, entry.block)?,
            bodies,
            self.read(storage, Stream::Log, entry.commit)?,
        ) else {
            return Err(other_kind(Stream::Log, entry.block, height));
        };
        Ok(Some(CommittedBlock {
            header: block.header,
            items: bodies.items,
            certificate,
        }))
    }

    /// Header and ids of the committed block at `height`, without its bodies.
    ///
    /// # Errors
    /// [`LogError`] when the disk fails or the bytes are damaged.
    pub fn header(
        &self,
        height: Height,
        storage: &impl Storage,
    ) -> Result<Option<StoredBlock>, LogError> {
        let Some(entry) = self.index.committed(height).copied() else {
            return Ok(None);
        };
        match self.read(storage, Stream::Log, entry.block)? {
            Record::Block(block) => Ok(Some(block)),
            _ => Err(other_kind(Stream::Log, entry.block, height)),
        }
    }

    /// An undecided block with its bodies, if they are stored.
    ///
    /// # Errors
    /// [`LogError`] when the disk fails or the bytes are damaged.
    pub fn proposed(
        &self,
        block: &Digest,
        storage: &impl Storage,
    ) -> Result<Option<(StoredBlock, Option<StoredBodies>)>, LogError> {
        let Some(proposal) = self.proposal(block) else {
            return Ok(None);
        };
        let bodies = match proposal.bodies {
            None => None,
            Some(at) => Some(self.read(storage, Stream::Log, at)?),
        };
        match (self.read(storage, Stream::Log, proposal.block)?, bodies) {
            (Record::Block(block), None) => Ok(Some((block, None))),
            (Record::Block(block), Some(Record::Bodies(bodies))) => Ok(Some((block, Some(bodies)))),
            _ => Err(other_kind(Stream::Log, proposal.block, proposal.height)),
        }
    }

    /// The certified result of `height`, if it is stored.
    ///
    /// # Errors
    /// [`LogError`] when the disk fails or the bytes are damaged.
    pub fn result(
        &self,
        height: Height,
        storage: &impl Storage,
    ) -> Result<Option<CertifiedResult>, LogError> {
        let Some(at) = self.index.result(height) else {
            return Ok(None);
        };
        match self.read(storage, Stream::Results, at)? {
            Record::Result(result) => Ok(Some(result)),
            _ => Err(other_kind(Stream::Results, at, height)),
        }
    }

    fn read(
        &self,
        storage: &impl Storage,
        stream: Stream,
        at: Position,
    ) -> Result<Record, LogError> {
        let bytes = match self.unflushed(stream, at) {
            Some(bytes) => bytes.to_vec(),
            None => storage.read(stream, at.segment, at.offset, at.bytes as usize)?,
        };
        let place = Place {
            stream,
            segment: at.segment,
            offset: at.offset,
        };
        let damage = |height, what| Damage {
            file: file_name(stream, at.segment),
            offset: at.offset,
            height,
            what,
        };
        let frame = decode_frame(place, &bytes)
            .map_err(|_| damage(None, "the record does not match its checksum"))?;
        Record::from_bytes(frame.payload)
            .map_err(|_| damage(Some(frame.height), "the record does not decode").into())
    }
}

fn other_kind(stream: Stream, at: Position, height: Height) -> LogError {
    LogError::Damage(Damage {
        file: file_name(stream, at.segment),
        offset: at.offset,
        height: Some(height),
        what: "the record is of another kind than was indexed",
    })
}
