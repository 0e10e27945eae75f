//! A disk in memory that forgets, when power fails, what was not synced: all
//! of it, some of it, or some of it with a torn and garbled end.

use std::collections::BTreeMap;

use daicho_node::storage::{SegmentInfo, Storage, StorageError, Stream, Write, file_name};

use crate::dice::Dice;

/// The segments of one node.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    segments: BTreeMap<(Stream, u32), Segment>,
    /// Whether anything was ever made durable.
    pub used: bool,
}

#[derive(Clone, Debug, Default)]
struct Segment {
    bytes: Vec<u8>,
    synced: usize,
}

impl Disk {
    /// Power fails.
    pub fn lose_power(&mut self, dice: &mut Dice) {
        for segment in self.segments.values_mut() {
            let unsynced = segment.bytes.len() - segment.synced;
            let kept = dice.index(unsynced + 1);
            segment.bytes.truncate(segment.synced + kept);
            if kept > 0 && dice.per_mille(250) {
                let place = segment.synced + dice.index(kept);
                segment.bytes[place] ^= 0x55;
            }
            segment.synced = segment.bytes.len();
        }
        self.segments.retain(|_, segment| !segment.bytes.is_empty());
    }

    /// A process dies and the kernel lives: nothing written is lost.
    pub fn keep_all(&mut self) {
        for segment in self.segments.values_mut() {
            segment.synced = segment.bytes.len();
        }
    }

    /// The disk is replaced by an empty one.
    pub fn wipe(&mut self) {
        self.segments.clear();
    }

    fn segment(&self, stream: Stream, number: u32) -> Result<&Segment, StorageError> {
        let failed = || StorageError {
            operation: "read",
            file: file_name(stream, number),
            reason: "no such segment".to_owned(),
        };
        self.segments.get(&(stream, number)).ok_or_else(failed)
    }
}

impl Storage for Disk {
    fn segments(&self, stream: Stream) -> Result<Vec<SegmentInfo>, StorageError> {
        let of = self.segments.iter().filter(|((s, _), _)| *s == stream);
        Ok(of
            .map(|((_, number), segment)| SegmentInfo {
                number: *number,
                bytes: segment.bytes.len() as u64,
            })
            .collect())
    }

    fn read(
        &self,
        stream: Stream,
        segment: u32,
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>, StorageError> {
        let from = usize::try_from(offset).expect("memory is addressable");
        let found = self
            .segment(stream, segment)?
            .bytes
            .get(from..from + length);
        found.map(<[u8]>::to_vec).ok_or_else(|| StorageError {
            operation: "read",
            file: file_name(stream, segment),
            reason: "behind the end".to_owned(),
        })
    }

    fn write(&mut self, write: &Write) -> Result<(), StorageError> {
        let key = (write.stream, write.segment);
        let segment = self.segments.entry(key).or_default();
        assert_eq!(segment.bytes.len() as u64, write.offset, "writes append");
        segment.bytes.extend_from_slice(&write.bytes);
        Ok(())
    }

    fn sync(&mut self, stream: Stream, segment: u32) -> Result<(), StorageError> {
        let segment = self.segments.entry((stream, segment)).or_default();
        segment.synced = segment.bytes.len();
        self.used = true;
        Ok(())
    }

    fn truncate(&mut self, stream: Stream, segment: u32, bytes: u64) -> Result<(), StorageError> {
        let segment = self.segments.entry((stream, segment)).or_default();
        let length = usize::try_from(bytes).expect("memory is addressable");
        assert!(length <= segment.bytes.len(), "a cut never lengthens");
        segment.bytes.truncate(length);
        segment.synced = length;
        Ok(())
    }
}
