//! One record's bytes:
//!
//! ```text
//! magic 4 | version u16 | height u64 | group u64 | length u32 | check 8 | payload | checksum 32
//! ```
//!
//! `group` is the offset in this segment where the record's group starts.
//! `check` is the head's own checksum: with it a damaged payload still names
//! its height and where the next record is. Both checksums also cover stream,
//! segment and offset.

use daicho_crypto::{Domain, hash};
use daicho_types::codec::{Decode, Encode, Reader};
use daicho_types::wire_struct;
use daicho_types::{Digest, Height};

use crate::RECORD_BYTES_MAX;
use crate::storage::Stream;

const MAGIC: [u8; 4] = *b"DCHR";
const VERSION: u16 = 1;
const CHECK_BYTES: usize = 8;
const CHECKSUM_BYTES: usize = 32;
/// Bytes before the payload.
pub const HEAD_BYTES: usize = 4 + 2 + 8 + 8 + 4 + CHECK_BYTES;
/// Bytes a record takes beside its payload.
pub const FRAME_OVERHEAD_BYTES: usize = HEAD_BYTES + CHECKSUM_BYTES;

wire_struct! {
    /// A frame's head, without its check.
    pub struct Head {
        /// `DCHR`.
        pub magic: [u8; 4],
        /// Of this format.
        pub version: u16,
        /// The height the record speaks of.
        pub height: Height,
        /// Where its group starts.
        pub group: u64,
        /// Bytes of the payload.
        pub length: u32,
    }
}

/// Where a frame lies; part of its checksums.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The stream.
    pub stream: Stream,
    /// The segment.
    pub segment: u32,
    /// The offset in the segment.
    pub offset: u64,
}

/// A frame that reads.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The height the record speaks of.
    pub height: Height,
    /// Where its group starts.
    pub group: u64,
    /// The record.
    pub payload: &'a [u8],
    /// Bytes of the whole frame.
    pub bytes: usize,
}

/// A frame that does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFrame {
    /// The head is short or damaged; nothing in it can be believed.
    Head,
    /// The head is good, the payload short or damaged.
    Payload {
        /// The height the record spoke of.
        height: Height,
        /// Where its group started.
        group: u64,
        /// Bytes of the whole frame.
        bytes: usize,
    },
}

/// The bytes of a frame at `place`.
pub fn encode_frame(place: Place, height: Height, group: u64, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() <= RECORD_BYTES_MAX, "records are bounded");
    assert!(group <= place.offset, "a group starts before its records");
    let head = Head {
        magic: MAGIC,
        version: VERSION,
        height,
        group,
        length: u32::try_from(payload.len()).expect("records are bounded"),
    };
    let mut out = Vec::with_capacity(payload.len() + FRAME_OVERHEAD_BYTES);
    head.encode(&mut out);
    let check = head_check(place, &out);
    out.extend_from_slice(&check);
    out.extend_from_slice(payload);
    let checksum = checksum(place, &out);
    out.extend_from_slice(&checksum.0);
    out
}

/// Reads the frame at the front of `bytes`, which start at `place`.
pub fn decode_frame(place: Place, bytes: &[u8]) -> Result<Frame<'_>, BadFrame> {
    let head = decode_head(place, bytes).ok_or(BadFrame::Head)?;
    let total = head.length as usize + FRAME_OVERHEAD_BYTES;
    let bad = BadFrame::Payload {
        height: head.height,
        group: head.group,
        bytes: total,
    };
    let (covered, sum) = bytes
        .get(..total)
        .map(|frame| frame.split_at(total - CHECKSUM_BYTES))
        .ok_or(bad)?;
    if checksum(place, covered).0 != *sum {
        return Err(bad);
    }
    Ok(Frame {
        height: head.height,
        group: head.group,
        payload: &covered[HEAD_BYTES..],
        bytes: total,
    })
}

fn decode_head(place: Place, bytes: &[u8]) -> Option<Head> {
    let bytes = bytes.get(..HEAD_BYTES)?;
    let (covered, check) = bytes.split_at(HEAD_BYTES - CHECK_BYTES);
    let head = Head::decode(&mut Reader::new(covered)).ok()?;
    let known = head.magic == MAGIC && head.version == VERSION;
    let bounded = head.length as usize <= RECORD_BYTES_MAX && head.group <= place.offset;
    (known && bounded && head_check(place, covered) == *check).then_some(head)
}

fn head_check(place: Place, head: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = place_hash(place, b"head", head);
    digest.0[..CHECK_BYTES].try_into().expect("8 of 32 bytes")
}

fn checksum(place: Place, covered: &[u8]) -> Digest {
    place_hash(place, b"record", covered)
}

fn place_hash(place: Place, what: &[u8], covered: &[u8]) -> Digest {
    let segment = place.segment.to_le_bytes();
    let offset = place.offset.to_le_bytes();
    let stream = [place.stream.number()];
    hash(Domain::Record, &[what, &stream, &segment, &offset, covered])
}

/// The first frame that reads in `bytes` at or after `from`, which is an
/// index into `bytes`; `place` is where `bytes` start.
pub fn next_frame(place: Place, bytes: &[u8], from: usize) -> Option<(usize, Frame<'_>)> {
    let mut at = from;
    // Each round moves forward by at least one byte.
    while at + FRAME_OVERHEAD_BYTES <= bytes.len() {
        let step = bytes[at..].iter().position(|byte| *byte == MAGIC[0])?;
        at += step;
        let here = Place {
            offset: place.offset + at as u64,
            ..place
        };
        if let Ok(frame) = decode_frame(here, &bytes[at..]) {
            return Some((at, frame));
        }
        at += 1;
    }
    None
}
