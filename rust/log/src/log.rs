//! Appending: records in, one group of writes out.

use daicho_types::codec::Encode;
use daicho_types::{ChainId, Digest, Height};

use crate::frame::{FRAME_OVERHEAD_BYTES, Place, encode_frame};
use crate::index::{CommittedEntry, Index, OutOfOrder, Position, Proposal};
use crate::record::{Record, SegmentHead};
use crate::storage::{Stream, Write};
use crate::{RECORD_BYTES_MAX, SEGMENT_BYTES_MAX};

/// Why a record was not appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Its payload is above [`RECORD_BYTES_MAX`].
    #[error("a record of {0} bytes is too large")]
    TooLarge(usize),
    /// It does not fit what is stored.
    #[error(transparent)]
    OutOfOrder(#[from] OutOfOrder),
}

/// Both streams: what is stored, and where the next record goes.
#[derive(Debug)]
pub struct Log {
    pub(crate) chain: ChainId,
    pub(crate) index: Index,
    pub(crate) segment_bytes_max: u64,
    log: Tail,
    results: Tail,
}

/// Where a stream ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End {
    pub segment: u32,
    pub offset: u64,
    pub previous_bytes: u64,
}

/// The end of a stream, with what is appended and not flushed.
#[derive(Debug)]
pub(crate) struct Tail {
    stream: Stream,
    segment: u32,
    /// Bytes of the segment, those of `group` included.
    offset: u64,
    /// Bytes of the segment before it.
    previous_bytes: u64,
    /// Appended and not flushed: writes of this group, one per segment.
    group: Vec<Write>,
}

impl Log {
    /// An empty log of `chain`.
    #[must_use]
    pub fn new(chain: ChainId) -> Self {
        Self::at(
            chain,
            SEGMENT_BYTES_MAX,
            Index::default(),
            [End::default(); 2],
        )
    }

    /// A log that goes on where recovery ended, in the log and the results.
    pub(crate) fn at(chain: ChainId, segment_bytes_max: u64, index: Index, ends: [End; 2]) -> Self {
        let tail = |stream, end: End| Tail {
            stream,
            segment: end.segment,
            offset: end.offset,
            previous_bytes: end.previous_bytes,
            group: Vec::new(),
        };
        Self {
            chain,
            index,
            segment_bytes_max,
            log: tail(Stream::Log, ends[0]),
            results: tail(Stream::Results, ends[1]),
        }
    }

    /// The same log with smaller segments, for tests.
    #[must_use]
    pub fn with_segment_bytes_max(mut self, bytes: u64) -> Self {
        self.segment_bytes_max = bytes;
        self
    }

    /// Appends a record to the open group of its stream. It is indexed at
    /// once, stored once the next [`Log::flush`] is written.
    ///
    /// # Errors
    /// [`AppendError`]; nothing is appended then.
    pub fn append(&mut self, record: &Record) -> Result<Position, AppendError> {
        let payload = record.to_bytes();
        if payload.len() > RECORD_BYTES_MAX {
            return Err(AppendError::TooLarge(payload.len()));
        }
        self.index.check(record)?;
        let (chain, limit) = (self.chain, self.segment_bytes_max);
        let tail = self.tail(record.stream());
        tail.make_room(chain, payload.len() + FRAME_OVERHEAD_BYTES, limit);
        let at = tail.push(record.height(), &payload);
        self.index.note(record, at);
        Ok(at)
    }

    /// Ends the open group of a stream: the writes that make everything
    /// appended to it durable, in the order they must be made. They must be
    /// synced ([`crate::persist`]) before the writes of the next group begin,
    /// since recovery takes an earlier group for promised; and promises that
    /// rest on them leave only after the sync. Nothing rests on results, so
    /// many may share a group.
    #[must_use]
    pub fn flush(&mut self, stream: Stream) -> Vec<Write> {
        core::mem::take(&mut self.tail(stream).group)
    }

    /// Bytes appended to a stream since its last flush.
    #[must_use]
    pub fn unflushed_bytes(&self, stream: Stream) -> usize {
        let group = &self.tail_ref(stream).group;
        group.iter().map(|write| write.bytes.len()).sum()
    }

    /// The bytes of a record that was appended and not yet flushed.
    pub(crate) fn unflushed(&self, stream: Stream, at: Position) -> Option<&[u8]> {
        let writes = self.tail_ref(stream).group.iter();
        let mut writes = writes.filter(|w| w.segment == at.segment && w.offset <= at.offset);
        let write = writes.next()?;
        let from = usize::try_from(at.offset - write.offset).ok()?;
        write.bytes.get(from..from + at.bytes as usize)
    }

    fn tail(&mut self, stream: Stream) -> &mut Tail {
        match stream {
            Stream::Log => &mut self.log,
            Stream::Results => &mut self.results,
        }
    }

    fn tail_ref(&self, stream: Stream) -> &Tail {
        match stream {
            Stream::Log => &self.log,
            Stream::Results => &self.results,
        }
    }

    /// The last committed height; 0 before the first.
    #[must_use]
    pub fn height(&self) -> Height {
        self.index.height()
    }

    /// Where a committed block lies.
    #[must_use]
    pub fn committed(&self, height: Height) -> Option<&CommittedEntry> {
        self.index.committed(height)
    }

    /// Whether an undecided block is stored, and whether its bodies are.
    #[must_use]
    pub fn has_proposal(&self, block: &Digest) -> (bool, bool) {
        let proposal = self.index.proposal(block);
        (
            proposal.is_some(),
            proposal.is_some_and(|p| p.bodies.is_some()),
        )
    }

    /// The highest height with a stored result.
    #[must_use]
    pub fn newest_result(&self) -> Option<Height> {
        self.index.newest_result()
    }

    /// Whether the result of a height is stored.
    #[must_use]
    pub fn has_result(&self, height: Height) -> bool {
        self.index.result(height).is_some()
    }

    /// Height and place of a committed transaction, if it is one of the newest
    /// [`crate::INDEXED_TRANSACTIONS_MAX`].
    #[must_use]
    pub fn transaction(&self, tx_id: &Digest) -> Option<(Height, u32)> {
        self.index.transaction(tx_id)
    }

    pub(crate) fn proposal(&self, block: &Digest) -> Option<&Proposal> {
        self.index.proposal(block)
    }
}

impl Tail {
    /// Goes on to a new segment when `bytes` do not fit, and heads a segment
    /// that is empty.
    fn make_room(&mut self, chain: ChainId, bytes: usize, limit: u64) {
        if self.offset > 0 && self.offset + bytes as u64 > limit {
            self.segment = self.segment.checked_add(1).expect("segments fit 32 bits");
            self.previous_bytes = self.offset;
            self.offset = 0;
        }
        if self.offset == 0 {
            let head = Record::Head(SegmentHead {
                chain,
                stream: self.stream.number(),
                segment: self.segment,
                previous_bytes: self.previous_bytes,
            });
            self.push(Height(0), &head.to_bytes());
        }
    }

    fn push(&mut self, height: Height, payload: &[u8]) -> Position {
        let (segment, offset) = (self.segment, self.offset);
        let open = self.group.last().filter(|w| w.segment == segment);
        let group = open.map_or(offset, |write| write.offset);
        let place = Place {
            stream: self.stream,
            segment,
            offset,
        };
        let bytes = encode_frame(place, height, group, payload);
        let length = u32::try_from(bytes.len()).expect("frames are bounded");
        self.offset += u64::from(length);
        if group == offset {
            self.group.push(Write {
                stream: self.stream,
                segment,
                offset,
                bytes,
            });
        } else {
            let write = self.group.last_mut().expect("the group is open");
            write.bytes.extend_from_slice(&bytes);
        }
        Position {
            segment,
            offset,
            bytes: length,
        }
    }
}
