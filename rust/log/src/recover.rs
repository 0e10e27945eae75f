//! From segments to a log that goes on: every record is read and checked, a
//! torn tail is cut, anything else that does not read stops the node.

use daicho_types::ChainId;
use daicho_types::codec::Decode;

use crate::SEGMENT_BYTES_MAX;
use crate::frame::{BadFrame, Place, decode_frame, next_frame};
use crate::index::{Index, Position};
use crate::log::{End, Log};
use crate::record::{Record, SegmentHead};
use crate::storage::{Damage, LogError, SegmentInfo, Storage, Stream, file_name};

/// A torn tail that was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The file, below the node's home.
    pub file: String,
    /// Where it ends now.
    pub offset: u64,
    /// How many bytes were there behind it.
    pub bytes: u64,
}

/// What recovery found.
#[derive(Debug)]
pub struct Recovered {
    /// The log, ready to go on.
    pub log: Log,
    /// Torn tails, cut: at most one per stream.
    pub cuts: Vec<Cut>,
}

/// Reads both streams of `chain`, hands every record but heads to `visit` in
/// the order it was appended (the log first, then the results), and cuts torn
/// tails.
///
/// # Errors
/// [`LogError`]: the disk failed, the log is of another chain, or something
/// that had been synced is damaged.
pub fn recover(
    chain: ChainId,
    storage: &mut impl Storage,
    visit: &mut dyn FnMut(Position, &Record),
) -> Result<Recovered, LogError> {
    let (mut index, mut cuts, mut ends) = (Index::default(), Vec::new(), [End::default(); 2]);
    for (stream, end) in Stream::ALL.into_iter().zip(&mut ends) {
        let mut walk = Walk {
            chain,
            stream,
            index: &mut index,
            visit: &mut *visit,
            previous_bytes: 0,
        };
        let segments = storage.segments(stream)?;
        for (place, info) in segments.iter().enumerate() {
            check_number(stream, place, info)?;
            let bytes = storage.read(stream, info.number, 0, as_length(info.bytes))?;
            let last = place + 1 == segments.len();
            let good = walk.segment(info.number, &bytes, last)?;
            *end = End {
                segment: info.number,
                offset: good,
                previous_bytes: walk.previous_bytes,
            };
            if !last {
                walk.previous_bytes = info.bytes;
            }
            if good < info.bytes {
                storage.truncate(stream, info.number, good)?;
                cuts.push(Cut {
                    file: file_name(stream, info.number),
                    offset: good,
                    bytes: info.bytes - good,
                });
            }
        }
    }
    let log = Log::at(chain, SEGMENT_BYTES_MAX, index, ends);
    Ok(Recovered { log, cuts })
}

fn as_length(bytes: u64) -> usize {
    usize::try_from(bytes).expect("a segment fits memory")
}

fn check_number(stream: Stream, place: usize, info: &SegmentInfo) -> Result<(), LogError> {
    if place == info.number as usize {
        return Ok(());
    }
    Err(LogError::Damage(Damage {
        file: file_name(stream, u32::try_from(place).unwrap_or(u32::MAX)),
        offset: 0,
        height: None,
        what: "the segment is missing",
    }))
}

struct Walk<'a> {
    chain: ChainId,
    stream: Stream,
    index: &'a mut Index,
    visit: &'a mut dyn FnMut(Position, &Record),
    /// Bytes of the segment before the one that is read.
    previous_bytes: u64,
}

impl Walk<'_> {
    /// Reads one segment; how many of its bytes are good.
    fn segment(&mut self, segment: u32, bytes: &[u8], last: bool) -> Result<u64, LogError> {
        let mut at = 0;
        while at < bytes.len() {
            let place = Place {
                stream: self.stream,
                segment,
                offset: at as u64,
            };
            match decode_frame(place, &bytes[at..]) {
                Ok(frame) => {
                    let position = Position {
                        segment,
                        offset: place.offset,
                        bytes: u32::try_from(frame.bytes).expect("frames are bounded"),
                    };
                    self.record(position, frame.payload)?;
                    at += frame.bytes;
                }
                Err(_) if last && is_torn(place, &bytes[at..]) => break,
                Err(bad) => return Err(self.damage(place, bad)),
            }
        }
        Ok(at as u64)
    }

    fn record(&mut self, at: Position, payload: &[u8]) -> Result<(), LogError> {
        let damage = |what| Damage {
            file: file_name(self.stream, at.segment),
            offset: at.offset,
            height: None,
            what,
        };
        let record =
            Record::from_bytes(payload).map_err(|_| damage("the record does not decode"))?;
        if let Record::Head(head) = &record {
            return self.head(at, head);
        }
        if at.offset == 0 {
            return Err(damage("the segment has no head").into());
        }
        self.index.check(&record).map_err(|_| Damage {
            height: Some(record.height()),
            ..damage("the record does not fit those before it")
        })?;
        self.index.note(&record, at);
        (self.visit)(at, &record);
        Ok(())
    }

    fn head(&self, at: Position, head: &SegmentHead) -> Result<(), LogError> {
        let file = file_name(self.stream, at.segment);
        if head.chain != self.chain {
            return Err(LogError::WrongChain(file));
        }
        let found = (at.offset, head.stream, head.segment, head.previous_bytes);
        let here = (0, self.stream.number(), at.segment, self.previous_bytes);
        if found != here {
            return Err(LogError::Damage(Damage {
                file,
                offset: at.offset,
                height: None,
                what: "the head is of another segment, or the one before is short",
            }));
        }
        Ok(())
    }

    fn damage(&self, place: Place, bad: BadFrame) -> LogError {
        let height = match bad {
            BadFrame::Payload { height, .. } => height,
            // The head cannot be believed: it is the next one or thereabouts.
            BadFrame::Head => self.index.height().next(),
        };
        LogError::Damage(Damage {
            file: file_name(self.stream, place.segment),
            offset: place.offset,
            height: Some(height),
            what: "the record does not match its checksum",
        })
    }
}

/// Whether the record that does not read at the front of `bytes` belongs to
/// the last group: nothing behind it is of a group that starts later.
fn is_torn(place: Place, bytes: &[u8]) -> bool {
    let mut from = 1;
    while let Some((at, frame)) = next_frame(place, bytes, from) {
        if frame.group > place.offset {
            return false;
        }
        from = at + frame.bytes;
    }
    true
}
