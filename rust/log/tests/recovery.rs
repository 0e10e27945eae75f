//! What is stored comes back; what was never promised may be lost; anything
//! else is damage.

mod common;

use common::*;
use daicho_log::{Log, LogError, Record, Recovered, Storage, Stream, persist, recover, verify};
use daicho_types::{Digest, Height};
use proptest::prelude::*;

fn reopen(memory: &mut Memory) -> Result<(Recovered, Vec<Record>), LogError> {
    let mut seen = Vec::new();
    let recovered = recover(chain(), memory, &mut |_, record| seen.push(record.clone()))?;
    Ok((recovered, seen))
}

#[test]
fn nothing_stored_is_an_empty_log() {
    let (recovered, seen) = reopen(&mut Memory::default()).unwrap();
    assert_eq!(recovered.log.height(), Height(0));
    assert!(seen.is_empty() && recovered.cuts.is_empty());
}

/// Blocks are served by height and found by transaction, before and after a
/// restart, over many small segments; and the log goes on where it ended.
#[test]
fn stored_blocks_are_served_again() {
    let (mut log, mut memory) = (
        Log::new(chain()).with_segment_bytes_max(2_000),
        Memory::default(),
    );
    let all = store(&mut log, &mut memory, 1..=6);
    assert!(memory.segments(Stream::Log).unwrap().len() > 3, "it rolled");
    let (recovered, seen) = reopen(&mut memory).unwrap();
    assert_eq!(seen, in_reading_order(&all));
    assert!(recovered.cuts.is_empty());
    let mut again = recovered.log.with_segment_bytes_max(2_000);
    store(&mut again, &mut memory, 7..=8);
    for log in [&again, &reopen(&mut memory).unwrap().0.log] {
        assert_eq!(log.height(), Height(8));
        for height in 1..=8 {
            check_served(log, &memory, height);
        }
        assert_eq!(log.block(Height(9), &memory), Ok(None));
    }
    assert_eq!(verify(&genesis(), &memory).unwrap(), []);
}

fn check_served(log: &Log, memory: &Memory, height: u64) {
    let served = log.block(Height(height), memory).unwrap().unwrap();
    assert_eq!(served.header, header(height));
    assert_eq!(served.certificate, commit(height));
    let (Record::Bodies(bodies), Record::Block(stored)) = (bodies(height), block(height)) else {
        unreachable!()
    };
    assert_eq!(served.items, bodies.items);
    assert_eq!(
        log.transaction(&stored.tx_ids[0]),
        Some((Height(height), 0))
    );
    assert_eq!(log.header(Height(height), memory), Ok(Some(stored)));
    let result_stored = log.result(Height(height), memory).unwrap().unwrap();
    assert_eq!(Record::Result(result_stored), result(height));
}

#[test]
fn an_undecided_block_is_found_by_digest_until_it_is_decided() {
    let (mut log, memory) = (Log::new(chain()), Memory::default());
    let digest = commit(1).block;
    log.append(&block(1)).unwrap();
    assert_eq!(log.has_proposal(&digest), (true, false));
    log.append(&bodies(1)).unwrap();
    assert_eq!(log.has_proposal(&digest), (true, true));
    // Not flushed yet, and readable all the same.
    let (stored, with_bodies) = log.proposed(&digest, &memory).unwrap().unwrap();
    assert_eq!(stored.header, header(1));
    assert!(with_bodies.is_some());
    log.append(&Record::Commit(commit(1))).unwrap();
    assert_eq!(log.has_proposal(&digest), (false, false));
    check_orphans(&mut log);
}

fn check_orphans(log: &mut Log) {
    assert!(
        log.append(&bodies(2)).is_err(),
        "bodies without their block"
    );
    assert!(
        log.append(&Record::Commit(commit(2))).is_err(),
        "nor a commit"
    );
    log.append(&block(2)).unwrap();
    assert!(
        log.append(&Record::Commit(commit(2))).is_err(),
        "nor without bodies"
    );
    assert!(log.append(&Record::Commit(commit(1))).is_err(), "nor again");
}

#[test]
fn another_chain_is_refused() {
    let mut memory = Memory::default();
    store(&mut Log::new(Digest::ZERO), &mut memory, 1..=1);
    assert!(matches!(reopen(&mut memory), Err(LogError::WrongChain(_))));
}

/// Torn tails at every byte: whatever length the last group was cut to, the
/// groups before it come back, the rest is cut, and the log goes on.
#[test]
fn a_tail_torn_at_any_byte_is_cut() {
    let (mut log, mut memory) = (Log::new(chain()), Memory::default());
    let mut kept = store(&mut log, &mut memory, 1..=2);
    let synced = memory.segments[&(Stream::Log, 0)].len();
    let group = &groups(3)[0];
    group.iter().for_each(|record| {
        log.append(record).unwrap();
    });
    persist(&mut memory, &log.flush(Stream::Log)).unwrap();
    let whole = memory.segments[&(Stream::Log, 0)].len();
    kept.extend_from_slice(group);
    for length in synced..=whole {
        let mut torn = memory.clone();
        torn.segments
            .get_mut(&(Stream::Log, 0))
            .unwrap()
            .truncate(length);
        let (recovered, seen) = reopen(&mut torn).unwrap();
        let complete = seen.len() - (kept.len() - group.len());
        let (log, results) = seen.split_at(seen.len() - 2);
        let expected = in_reading_order(&kept[..kept.len() - group.len() + complete]);
        assert_eq!([log, results].concat(), expected, "cut at {length}");
        let end = torn.segments[&(Stream::Log, 0)].len();
        assert_eq!(recovered.cuts.len(), usize::from(end < length));
        assert_eq!(end == whole, length == whole);
        assert_eq!(reopen(&mut torn).unwrap().0.cuts, [], "cut once");
    }
}

/// A segment whose very head is torn is begun again.
#[test]
fn a_torn_first_record_starts_the_segment_again() {
    let (mut log, mut memory) = (
        Log::new(chain()).with_segment_bytes_max(1),
        Memory::default(),
    );
    log.append(&block(1)).unwrap();
    log.append(&bodies(1)).unwrap();
    persist(&mut memory, &log.flush(Stream::Log)).unwrap();
    memory
        .segments
        .get_mut(&(Stream::Log, 1))
        .unwrap()
        .truncate(10);
    let (recovered, seen) = reopen(&mut memory).unwrap();
    assert_eq!(seen, [block(1)]);
    assert_eq!(recovered.cuts[0].offset, 0);
    let mut log = recovered.log.with_segment_bytes_max(1);
    log.append(&bodies(1)).unwrap();
    persist(&mut memory, &log.flush(Stream::Log)).unwrap();
    assert_eq!(reopen(&mut memory).unwrap().1, [block(1), bodies(1)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A crash may leave any part of the last group unwritten, in any order:
    /// never an error, and never less than what was synced.
    #[test]
    fn any_part_of_the_last_group_may_be_missing(
        holes in prop::collection::vec((any::<prop::sample::Index>(), 1..600_usize), 1..4),
        zeros in any::<bool>(),
    ) {
        let (mut log, mut memory) = (Log::new(chain()), Memory::default());
        let kept = store(&mut log, &mut memory, 1..=2);
        let synced = memory.segments[&(Stream::Log, 0)].len();
        groups(3)[0].iter().for_each(|r| { log.append(r).unwrap(); });
        persist(&mut memory, &log.flush(Stream::Log)).unwrap();
        let bytes = memory.segments.get_mut(&(Stream::Log, 0)).unwrap();
        let tail = bytes.len() - synced;
        for (from, length) in holes {
            let from = synced + from.index(tail);
            let to = bytes.len().min(from + length);
            bytes[from..to].iter_mut().for_each(|b| *b = if zeros { 0 } else { !*b });
        }
        let (_, seen) = reopen(&mut memory).unwrap();
        prop_assert!(seen.len() >= kept.len());
        prop_assert_eq!(verify(&genesis(), &memory).unwrap(), []);
    }
}
