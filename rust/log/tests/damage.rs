//! R23: "Flip one byte of any stored block/state page → `verify` names height
//! and fails; node refuses to serve it".

mod common;

use common::*;
use daicho_log::{Log, LogError, Record, Stream, recover, verify};
use daicho_types::{Code, Height};

/// Three heights over both streams, and where each record lies.
fn stored() -> (Memory, Log) {
    let (mut log, mut memory) = (Log::new(chain()), Memory::default());
    store(&mut log, &mut memory, 1..=3);
    (memory, log)
}

/// The stream, range of bytes and height of every record.
fn layout(memory: &Memory) -> Vec<(Stream, core::ops::Range<usize>, Record)> {
    let mut records = Vec::new();
    recover(chain(), &mut memory.clone(), &mut |at, record| {
        let from = usize::try_from(at.offset).unwrap();
        let range = from..from + at.bytes as usize;
        records.push((record.stream(), range, record.clone()));
    })
    .unwrap();
    records
}

/// R23: every byte of every record: `verify` fails and names the height.
#[test]
fn r23_every_flipped_byte_is_found_and_its_height_named() {
    let (memory, _) = stored();
    assert_eq!(verify(&genesis(), &memory).unwrap(), []);
    for (stream, range, record) in layout(&memory) {
        for at in range {
            let mut flipped = memory.clone();
            flipped.segments.get_mut(&(stream, 0)).unwrap()[at] ^= 1 << (at % 8);
            let findings = verify(&genesis(), &flipped).unwrap();
            let named = findings.iter().any(|f| f.height == Some(record.height()));
            assert!(named, "byte {at} of {stream:?}: {findings:?}");
            assert!(findings.iter().any(|f| f.code == Code::Damaged));
        }
    }
}

/// R23: the heads of segments too, which speak of no height.
#[test]
fn r23_every_flipped_byte_of_a_segment_head_is_found() {
    let (memory, _) = stored();
    for (stream, first) in [Stream::Log, Stream::Results].map(|s| {
        let mut layout = layout(&memory).into_iter();
        (s, layout.find(|(of, ..)| *of == s).unwrap().1.start)
    }) {
        for at in 0..first {
            let mut flipped = memory.clone();
            flipped.segments.get_mut(&(stream, 0)).unwrap()[at] ^= 0x80;
            assert_ne!(verify(&genesis(), &flipped).unwrap(), [], "byte {at}");
        }
    }
}

/// R23: the node refuses to serve what does not match.
#[test]
fn r23_damaged_blocks_and_results_are_not_served() {
    let (memory, log) = stored();
    for (stream, range, record) in layout(&memory) {
        for at in range.step_by(7) {
            let mut flipped = memory.clone();
            flipped.segments.get_mut(&(stream, 0)).unwrap()[at] ^= 1;
            let height = record.height();
            let block = log.block(height, &flipped).err();
            let result = log.result(height, &flipped).err();
            let refused = match record {
                Record::Result(_) => result,
                Record::Agreement(_) => continue,
                _ => block,
            };
            assert!(matches!(refused, Some(LogError::Damage(_))), "byte {at}");
        }
    }
}

/// Damage before the last group is never taken for a torn tail.
#[test]
fn r23_damage_behind_a_sync_stops_recovery() {
    let (memory, _) = stored();
    let records = layout(&memory);
    let last_group = |stream| {
        let of = records.iter().filter(|(s, ..)| *s == stream);
        let of: Vec<_> = of.collect();
        // Height 3's second group: a vote and the commit; one result.
        of[of.len() - if stream == Stream::Log { 2 } else { 1 }]
            .1
            .start
    };
    for stream in Stream::ALL {
        for at in 0..last_group(stream) {
            let mut flipped = memory.clone();
            flipped.segments.get_mut(&(stream, 0)).unwrap()[at] ^= 1;
            let error = recover(chain(), &mut flipped, &mut |_, _| {}).unwrap_err();
            let LogError::Damage(damage) = error else {
                panic!("byte {at}: {error}")
            };
            assert!(damage.offset <= at as u64 && damage.height.is_some());
            assert!(damage.file.ends_with("/00000000.seg"));
        }
    }
}

/// A segment before the last may not be shortened, not even by whole records.
#[test]
fn a_shortened_or_missing_segment_is_damage() {
    let mut memory = Memory::default();
    let mut log = Log::new(chain()).with_segment_bytes_max(2_000);
    store(&mut log, &mut memory, 1..=6);
    let ends: Vec<_> = records_of_segment(&memory, 1);
    for end in ends {
        let mut short = memory.clone();
        short
            .segments
            .get_mut(&(Stream::Log, 1))
            .unwrap()
            .truncate(end);
        assert_ne!(verify(&genesis(), &short).unwrap(), []);
        assert!(recover(chain(), &mut short, &mut |_, _| {}).is_err());
    }
    memory.segments.remove(&(Stream::Log, 1));
    assert_ne!(verify(&genesis(), &memory).unwrap(), []);
    assert!(recover(chain(), &mut memory, &mut |_, _| {}).is_err());
}

fn records_of_segment(memory: &Memory, segment: u32) -> Vec<usize> {
    let mut starts = Vec::new();
    recover(chain(), &mut memory.clone(), &mut |at, record| {
        if record.stream() == Stream::Log && at.segment == segment {
            starts.push(usize::try_from(at.offset).unwrap());
        }
    })
    .unwrap();
    assert!(starts.len() > 1);
    starts
}

/// What is stored whole and signed by nobody is reported as such.
#[test]
fn uncertified_and_unlinked_blocks_are_named() {
    let mut memory = Memory::default();
    let mut log = Log::new(chain());
    store(&mut log, &mut memory, 1..=1);
    for record in [block(2), bodies(2)] {
        log.append(&record).unwrap();
    }
    let mut forged = commit(2);
    forged.view = daicho_types::View(1);
    log.append(&Record::Commit(forged)).unwrap();
    log.append(&result(3)).unwrap();
    for stream in Stream::ALL {
        daicho_log::persist(&mut memory, &log.flush(stream)).unwrap();
    }
    let findings = verify(&genesis(), &memory).unwrap();
    let found: Vec<_> = findings.iter().map(|f| (f.code, f.height)).collect();
    let expected = [
        (Code::Uncertified, Some(Height(2))),
        (Code::Damaged, Some(Height(3))),
    ];
    assert_eq!(found, expected);
}
