//! `verify`: everything stored, checked against nothing but the genesis. It
//! reads only, goes on behind damage, and reports all it finds. A torn tail is
//! a finding too: recovery would cut it, but nobody has yet.

use daicho_crypto::chain_id;
use daicho_types::codec::Decode;
use daicho_types::genesis::Genesis;
use daicho_types::{ChainId, Code, Height};

use crate::audit::{Audit, Fault};
use crate::frame::{BadFrame, Place, decode_frame, next_frame};
use crate::record::{Record, SegmentHead};
use crate::storage::{Storage, StorageError, Stream, file_name};

/// Something stored that is not right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `DAMAGED`, `UNCERTIFIED` or `WRONG_CHAIN`.
    pub code: Code,
    /// The file, below the node's home.
    pub file: String,
    /// Where in it.
    pub offset: u64,
    /// The height concerned, when it can be told.
    pub height: Option<Height>,
    /// What is wrong, for people.
    pub what: &'static str,
}

/// Walks every record of both streams and rechecks checksums, the chain of
/// headers, witness roots, bodies, commit certificates and results.
///
/// # Errors
/// [`StorageError`] when the disk fails.
pub fn verify(genesis: &Genesis, storage: &impl Storage) -> Result<Vec<Finding>, StorageError> {
    let mut walk = Walk {
        chain: chain_id(genesis),
        audit: Audit::new(genesis),
        findings: Vec::new(),
        previous_bytes: 0,
    };
    for stream in Stream::ALL {
        let mut expected = 0;
        walk.previous_bytes = 0;
        for info in storage.segments(stream)? {
            let place = Place {
                stream,
                segment: info.number,
                offset: 0,
            };
            if info.number != expected {
                walk.report(place, Code::Damaged, None, "the segment before is missing");
            }
            let length = usize::try_from(info.bytes).expect("a segment fits memory");
            walk.segment(place, &storage.read(stream, info.number, 0, length)?);
            walk.previous_bytes = info.bytes;
            expected = info.number.saturating_add(1);
        }
    }
    Ok(walk.findings)
}

struct Walk {
    chain: ChainId,
    audit: Audit,
    findings: Vec<Finding>,
    previous_bytes: u64,
}

impl Walk {
    fn segment(&mut self, start: Place, bytes: &[u8]) {
        let mut at = 0;
        // Each round moves forward: by a frame, or to the next one that reads.
        while at < bytes.len() {
            let place = Place {
                offset: at as u64,
                ..start
            };
            at += match decode_frame(place, &bytes[at..]) {
                Ok(frame) => {
                    self.record(place, frame.payload);
                    frame.bytes
                }
                Err(bad) => self.damaged(place, bad, &bytes[at..]),
            };
        }
    }

    fn record(&mut self, place: Place, payload: &[u8]) {
        let record = match Record::from_bytes(payload) {
            Ok(Record::Head(head)) => return self.head(place, &head),
            Ok(record) => record,
            Err(_) => {
                let height = self.audit.next_height(place.stream);
                return self.report(place, Code::Damaged, Some(height), "it does not decode");
            }
        };
        if place.offset == 0 {
            self.report(place, Code::Damaged, None, "the segment has no head");
        }
        let height = record.height();
        for Fault { code, height, what } in self.audit.record(&record, height) {
            self.report(place, code, Some(height), what);
        }
    }

    fn head(&mut self, place: Place, head: &SegmentHead) {
        if head.chain != self.chain {
            self.report(place, Code::WrongChain, None, "it is of another chain");
        }
        let here = (0, place.stream.number(), place.segment);
        if (place.offset, head.stream, head.segment) != here {
            self.report(place, Code::Damaged, None, "the head is of another segment");
        }
        if head.previous_bytes != self.previous_bytes {
            let height = self.audit.next_height(place.stream);
            let what = "the segment before it is not as long as it was";
            self.report(place, Code::Damaged, Some(height), what);
        }
    }

    /// Reports a frame that does not read; how far the next one is.
    fn damaged(&mut self, place: Place, bad: BadFrame, bytes: &[u8]) -> usize {
        let what = "the record does not match its checksum";
        let (height, from) = match bad {
            BadFrame::Payload { height, bytes, .. } => (height, bytes),
            BadFrame::Head => (self.audit.next_height(place.stream), 1),
        };
        self.report(place, Code::Damaged, Some(height), what);
        next_frame(place, bytes, from).map_or(bytes.len(), |(at, _)| at)
    }

    fn report(&mut self, place: Place, code: Code, height: Option<Height>, what: &'static str) {
        self.findings.push(Finding {
            code,
            file: file_name(place.stream, place.segment),
            offset: place.offset,
            height,
            what,
        });
    }
}
