//! The executor's store: replayed, torn, damaged.

mod common;

use common::{block, keys, party, set, state, unset};
use daicho_crypto::Secret;
use daicho_state::{Record, RecordError, State, decode_record, encode_record};
use daicho_types::ledger::StateView;
use daicho_types::{Digest, Height, RowKey};

fn store() -> Secret {
    Secret::new([77; 32])
}

/// A state of `blocks` blocks and its journal, with where each record starts.
fn journal(blocks: u64) -> (State, Vec<u8>, Vec<usize>) {
    let (mut state, mut bytes, mut starts) = (state(), Vec::new(), vec![]);
    for height in 1..=blocks {
        let number = u8::try_from(height).unwrap();
        let changes = [
            set(party(number), b"canary-key", b"canary-value"),
            unset(party(number - 1), b"canary-key"),
        ];
        let pending = state.compute(block(height), &changes).unwrap();
        let record = Record::of(&pending, vec![number; 3]);
        starts.push(bytes.len());
        bytes.extend(encode_record(&store(), &record).unwrap());
        state.commit(pending);
    }
    (state, bytes, starts)
}

/// Replays a journal as the executor does; where it stops, and why.
fn replay(bytes: &[u8]) -> (State, usize, Option<RecordError>) {
    let (mut state, mut from) = (state(), 0);
    loop {
        let height = state.height().next();
        match decode_record(&store(), height, &bytes[from..]) {
            Ok(None) => return (state, from, None),
            Ok(Some((record, taken))) => {
                assert_eq!(record.attachment, vec![u8::try_from(height.0).unwrap(); 3]);
                state.apply_record(&record).unwrap();
                from += taken;
            }
            Err(error) => return (state, from, Some(error)),
        }
    }
}

/// The journal alone leads back to the same state, byte for byte.
#[test]
fn replay_of_the_journal_rebuilds_the_state() {
    let (state, bytes, _) = journal(6);
    let (replayed, end, error) = replay(&bytes);
    assert_eq!((end, error), (bytes.len(), None));
    assert_eq!(replayed.snapshot(), state.snapshot());
    assert_eq!(
        State::restore(keys(), &state.snapshot()).unwrap().root(),
        replayed.root()
    );
}

/// R23: "Flip one byte of any stored block/state page → `verify` names height
/// and fails": every byte of every record of the executor's store.
#[test]
fn r23_a_flipped_byte_names_its_height() {
    let (_, bytes, starts) = journal(3);
    for place in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[place] ^= 0x10;
        let owner = starts.iter().filter(|start| **start <= place).count() as u64;
        let (state, _, error) = replay(&bad);
        assert_eq!(
            error,
            Some(RecordError::Damaged(Height(owner))),
            "byte {place}"
        );
        assert_eq!(
            state.height(),
            Height(owner - 1),
            "nothing of it was believed"
        );
        assert_eq!(error.unwrap().height(), Height(owner));
    }
}

/// A write that was cut off is told from damage, at every length, and what
/// came before it stands.
#[test]
fn a_torn_tail_is_told_from_damage() {
    let (_, bytes, starts) = journal(3);
    for cut in 0..bytes.len() {
        let (state, end, error) = replay(&bytes[..cut]);
        let whole = starts.iter().filter(|start| **start <= cut).count() as u64 - 1;
        let at_boundary = starts.contains(&cut);
        let torn = RecordError::Torn(Height(whole + 1));
        assert_eq!(error, (!at_boundary).then_some(torn), "cut at {cut}");
        assert_eq!(state.height(), Height(whole));
        assert!(
            starts.contains(&end),
            "the file is truncated to a record's start"
        );
    }
}

/// R71: "cash and securities together or not at all"; "crash of any node
/// between legs → never half": both legs of a settlement are one record, so
/// wherever the write is cut off the executor starts with both or with neither.
#[test]
fn r71_a_crash_between_the_legs_leaves_both_or_neither() {
    let (cash, shares) = ((party(1), &b"cash"[..]), (party(2), &b"shares"[..]));
    let (mut state, mut bytes, mut starts) = (state(), Vec::new(), vec![]);
    for (height, rows) in [(1, [b"100", b"000"]), (2, [b"000", b"100"])] {
        let [paid, delivered] = rows;
        let changes = [
            set(cash.0, cash.1, paid),
            set(shares.0, shares.1, delivered),
        ];
        let pending = state.compute(block(height), &changes).unwrap();
        let record = Record::of(&pending, vec![u8::try_from(height).unwrap(); 3]);
        starts.push(bytes.len());
        bytes.extend(encode_record(&store(), &record).unwrap());
        state.commit(pending);
    }
    for cut in starts[1]..=bytes.len() {
        let (found, ..) = replay(&bytes[..cut]);
        let legs = [cash, shares].map(|(of, key)| found.get(of, &RowKey::new(key)).unwrap());
        let whole = if cut == bytes.len() {
            [b"000", b"100"]
        } else {
            [b"100", b"000"]
        };
        let legs = legs.each_ref().map(|row| &**row);
        assert_eq!(legs, whole.map(|row| &row[..]), "cut at {cut}");
    }
}

/// Records of another place or another store are not taken.
#[test]
fn a_record_out_of_place_is_foreign() {
    let (_, bytes, starts) = journal(3);
    let second = &bytes[starts[1]..starts[2]];
    let skipped = decode_record(&store(), Height(1), second);
    assert_eq!(skipped, Err(RecordError::Foreign(Height(1))));
    let other = Secret::new([78; 32]);
    let unopened = decode_record(&other, Height(2), second);
    assert_eq!(unopened, Err(RecordError::Foreign(Height(2))));
}

/// R103: "Copy data directory to another host → no plaintext without
/// node+party keys": a record holds no key and no row in clear, and the state
/// root, a digest over secrets, stays inside too.
#[test]
fn r103_the_store_holds_no_plaintext() {
    let (state, bytes, _) = journal(3);
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    assert!(
        holds(&block(2).digest.0),
        "the search finds what is in clear"
    );
    for secret in [
        &b"canary-key"[..],
        b"canary-value",
        &[2; 16],
        &state.root().0,
    ] {
        assert!(!holds(secret));
    }
}

/// A record whose root is not what its changes lead to is not replayed.
#[test]
fn a_record_with_another_root_is_refused() {
    let mut state = state();
    let pending = state
        .compute(block(1), &[set(party(1), b"k", b"v")])
        .unwrap();
    let mut record = Record::of(&pending, Vec::new());
    record.root = Digest([1; 32]);
    assert!(state.apply_record(&record).is_err());
    assert_eq!(state.height(), Height(0));
}
