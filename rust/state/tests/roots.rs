//! One root, however it is reached.

mod common;

use common::{
    CHAIN, GENESIS_TIME, block, body, keys, naive, party, played, scripts, set, state, unset,
};
use daicho_crypto::Secret;
use daicho_state::{HolderBook, KeyRing, RebuildError, State, StateError, rebuild};
use daicho_types::ledger::{Change, Compartment, StateView};
use daicho_types::{ConsensusTime, Digest, Epoch, Height, RowKey};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// R41: "Ledger data equal to the byte on every validator": the
    /// incremental tree, the naive build, a snapshot and a rebuild from the
    /// result bodies alone have equal roots at every height, and equal bytes.
    #[test]
    fn r41_every_way_leads_to_the_same_root(script in scripts(12, 20)) {
        let (mut state, mut naive) = (state(), naive());
        let mut left = Vec::new();
        for (height, changes) in (1..).zip(&script) {
            let at = block(height);
            let pending = state.compute(at, changes).unwrap();
            left.push((at, body(&at, &pending.changes(), &[]), pending.root()));
            state.commit(pending);
            prop_assert_eq!(naive.apply(at, changes).unwrap(), state.root());
        }
        let restored = State::restore(keys(), &state.snapshot()).unwrap();
        let blocks = left.iter().map(|(at, body, root)| (*at, body, *root));
        let rebuilt = rebuild(keys(), CHAIN, GENESIS_TIME, blocks).unwrap();
        for height in 0..=script.len() as u64 {
            let expected = naive.root_at(Height(height));
            prop_assert_eq!(state.root_at(Height(height)), expected);
            prop_assert_eq!(restored.root_at(Height(height)), expected);
            prop_assert_eq!(rebuilt.root_at(Height(height)), expected);
        }
        prop_assert_eq!(restored.snapshot(), state.snapshot());
        prop_assert_eq!(rebuilt.snapshot(), state.snapshot());
    }

    /// R41, R52: what any holder rebuilds of its own compartment, from the same
    /// bodies and without any other key, is what the certified root says, at
    /// every height.
    #[test]
    fn r41_every_holder_rebuilds_its_own_book(script in scripts(6, 20)) {
        let state = played(&script);
        for compartment in state.compartments() {
            let key = keys().compartment(compartment);
            let mut own = HolderBook::new(vec![key], CHAIN, GENESIS_TIME);
            for (height, changes) in (1..).zip(&script) {
                let at = block(height);
                own.apply(at, &body(&at, changes, &[])).unwrap();
                prop_assert!(own.apply(at, &body(&at, changes, &[])).is_err(), "not twice");
            }
            for height in (0..=script.len() as u64).map(Height) {
                let rows = own.rows(height, compartment, &[], &[9], usize::MAX);
                prop_assert_eq!(rows, state.scan_at(height, compartment, &[], &[9], usize::MAX));
                let root = state.root_at(height).unwrap();
                match state.prove_compartment(height, compartment) {
                    Some(proof) => own.check(height, compartment, &proof, &root).unwrap(),
                    None => prop_assert_eq!(own.inner_root(height, compartment), None),
                }
            }
        }
    }

    /// The order in which changes come, and how they are spread over blocks,
    /// leaves no trace in the tree over the rows that stand.
    #[test]
    fn the_root_forgets_the_way(script in scripts(6, 16), seed in any::<u64>()) {
        let played = played(&script);
        let last = block(script.len() as u64 + 1);
        let mut rows: Vec<Change> = Vec::new();
        for compartment in played.compartments() {
            let all = played.scan(compartment, &[], &[9], usize::MAX);
            rows.extend(all.iter().map(|(key, value)| set(compartment, key, value)));
            // A compartment once used stays in the top tree.
            rows.push(set(compartment, &[8], b"gone"));
        }
        rows.sort_by_key(|change| blake3::hash(&[&change.key[..], &seed.to_le_bytes()].concat()).to_hex());
        let mut fresh = state();
        fresh.apply(block(1), &rows).unwrap();
        let gone: Vec<_> = played.compartments().map(|c| unset(c, &[8])).collect();
        fresh.apply(block(2), &gone).unwrap();
        let mut again = played.clone();
        again.apply(last, &[]).unwrap();
        prop_assert_eq!(fresh.root(), again.root());
    }

    /// Reads of the real state, now and at every height, equal the oracle's.
    #[test]
    fn reads_equal_the_naive_state(script in scripts(8, 16)) {
        let (mut state, mut naive) = (state(), naive());
        for (height, changes) in (1..).zip(&script) {
            state.apply(block(height), changes).unwrap();
            naive.apply(block(height), changes).unwrap();
        }
        let compartments: Vec<_> = state.compartments().chain([party(99)]).collect();
        for compartment in compartments {
            for (lo, hi) in [(&[][..], &[9][..]), (&[0, 2], &[2]), (&[1], &[1]), (&[2], &[0, 1])] {
                for limit in [0, 2, usize::MAX] {
                    prop_assert_eq!(
                        state.scan(compartment, lo, hi, limit),
                        naive.scan(compartment, lo, hi, limit)
                    );
                    for height in (0..=script.len() as u64).map(Height) {
                        prop_assert_eq!(
                            state.scan_at(height, compartment, lo, hi, limit),
                            naive.scan_at(height, compartment, lo, hi, limit)
                        );
                    }
                }
            }
            for key in [&[][..], &[0], &[3, 3], &[0, 1, 2]].map(RowKey::new) {
                prop_assert_eq!(state.get(compartment, &key), naive.get(compartment, &key));
                for height in (0..=script.len() as u64).map(Height) {
                    prop_assert_eq!(
                        state.get_at(height, compartment, &key),
                        naive.get_at(height, compartment, &key)
                    );
                }
            }
        }
        for time in (0..200).map(|step| ConsensusTime(GENESIS_TIME.0 - 10 + step)) {
            prop_assert_eq!(state.height_at(time), naive.height_at(time));
        }
    }
}

/// A computed block that is dropped leaves nothing behind.
#[test]
fn computing_changes_nothing() {
    let mut state = played(&[vec![set(party(1), b"k", b"v")]]);
    let before = (state.root(), state.snapshot());
    let pending = state
        .compute(block(2), &[set(party(2), b"k", b"w")])
        .unwrap();
    assert_ne!(pending.root(), before.0);
    drop(pending);
    assert_eq!((state.root(), state.snapshot()), before);
    state.apply(block(2), &[]).unwrap();
    assert_eq!(state.root(), before.0, "an empty block keeps the root");
}

/// Changes that alter nothing are not history, and open no compartment.
#[test]
fn changes_without_effect_leave_no_trace() {
    let mut state = played(&[vec![set(party(1), b"k", b"v")]]);
    let same = [
        set(party(1), b"k", b"v"),
        unset(party(1), b"x"),
        unset(party(2), b"k"),
    ];
    let pending = state.compute(block(2), &same).unwrap();
    assert_eq!(pending.changes(), vec![]);
    state.commit(pending);
    assert_eq!(state.compartments().count(), 1);
    assert_eq!(state.history(party(1), b"k", Height(0), Height(9)).len(), 1);
}

/// Blocks that do not follow, rows twice, keys and rows above their bounds.
#[test]
fn bad_blocks_are_refused() {
    let state = played(&[vec![]]);
    let refused = |at, changes: &[Change]| state.compute(at, changes).unwrap_err();
    let (last, found) = (Height(1), Height(3));
    assert_eq!(refused(block(3), &[]), StateError::Height { last, found });
    let mut stale = block(2);
    stale.time = block(1).time;
    assert_eq!(refused(stale, &[]), StateError::Time(Height(2)));
    let twice = [set(party(1), b"k", b"v"), unset(party(1), b"k")];
    assert_eq!(refused(block(2), &twice), StateError::Duplicate(Height(2)));
    for long in [
        set(party(1), &[0; 513], b""),
        set(party(1), b"", &[0; 65_537]),
    ] {
        assert_eq!(refused(block(2), &[long]), StateError::TooLong(Height(2)));
    }
}

/// Equal rows in two compartments, and the same row under two epoch secrets,
/// have different inner roots: hashes tell nothing without the key.
#[test]
fn equal_rows_hash_differently() {
    let both = [set(party(1), b"k", b"v"), set(party(2), b"k", b"v")];
    let at = block(1);
    let book = |keys: &KeyRing, compartment| {
        let mut book = HolderBook::new(vec![keys.compartment(compartment)], CHAIN, GENESIS_TIME);
        let sealed = daicho_state::seal_changes(keys, &at.digest, at.height, &both).unwrap();
        let mut body = body(&at, &[], &[]);
        body.changes = daicho_types::codec::List::new(sealed).unwrap();
        book.apply(at, &body).unwrap();
        book.inner_root(Height(1), compartment).unwrap()
    };
    let other = KeyRing::from_epoch_secret(&Secret::new([43; 32]), Epoch(0));
    assert_ne!(book(&keys(), party(1)), book(&keys(), party(2)));
    assert_ne!(book(&keys(), party(1)), book(&other, party(1)));
    assert_eq!(book(&keys(), party(1)), book(&keys(), party(1)));
}

/// A rebuild stops at the height whose body was exchanged, cut or forged.
#[test]
fn a_rebuild_names_the_height_of_a_bad_body() {
    let script: Vec<_> = (1..=4u8)
        .map(|n| vec![set(party(n), b"k", &[n]), set(party(9), b"k", &[n])])
        .collect();
    let state = played(&script);
    let bodies: Vec<_> = (1..)
        .zip(&script)
        .map(|(h, c)| (block(h), body(&block(h), c, &[])))
        .collect();
    let attempt = |bodies: &[(daicho_state::BlockRef, daicho_types::result::ResultBody)]| {
        let blocks = bodies.iter();
        let blocks = blocks.map(|(at, body)| (*at, body, state.root_at(at.height).unwrap()));
        rebuild(keys(), CHAIN, GENESIS_TIME, blocks)
    };
    assert_eq!(attempt(&bodies).unwrap().root(), state.root());
    for place in 0..script.len() {
        let bad = Height(place as u64 + 1);
        let mut cut = bodies.clone();
        let mut chunks = cut[place].1.changes.clone().into_inner();
        chunks.pop();
        cut[place].1.changes = daicho_types::codec::List::new(chunks).unwrap();
        let error = attempt(&cut).unwrap_err();
        assert!(matches!(error, RebuildError::Body { height, .. } if height == bad));
        let mut emptied = bodies.clone();
        emptied[place].1.changes = daicho_types::codec::List::default();
        let error = attempt(&emptied).unwrap_err();
        let RebuildError::State(StateError::Root { height, .. }) = error else {
            panic!("{error}");
        };
        assert_eq!(height, bad);
    }
}

/// Damage to a snapshot is found before anything is believed.
#[test]
fn no_byte_of_a_snapshot_may_change() {
    let state = played(&[vec![set(party(1), b"k", b"v")], vec![unset(party(1), b"k")]]);
    let good = state.snapshot();
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1;
        assert!(State::restore(keys(), &bad).is_err(), "byte {place}");
        assert!(
            State::restore(keys(), &good[..place]).is_err(),
            "cut at {place}"
        );
    }
    let foreign = KeyRing::from_epoch_secret(&Secret::new([43; 32]), Epoch(0));
    assert!(
        State::restore(foreign, &good).is_err(),
        "other keys, other roots"
    );
}

/// A state has one snapshot: the same changes in another order lead to the
/// same root, and are refused all the same.
#[test]
fn a_snapshot_has_one_spelling() {
    const CHANGE_BYTES: usize = 17 + (4 + 1) + 1 + (4 + 1);
    const SUM_BYTES: usize = 32;
    let good = played(&[vec![set(party(1), b"a", b"1"), set(party(1), b"b", b"2")]]).snapshot();
    let resummed = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() - SUM_BYTES);
        let sum = daicho_crypto::hash(daicho_crypto::Domain::Record, &[b"DCHS", &bytes]);
        bytes.extend(sum.0);
        bytes
    };
    assert_eq!(resummed(good.clone()), good);
    let end = good.len() - SUM_BYTES;
    let mut swapped = good.clone();
    swapped[end - 2 * CHANGE_BYTES..end].rotate_left(CHANGE_BYTES);
    assert_ne!(swapped, good);
    let restored = State::restore(keys(), &resummed(swapped));
    assert!(matches!(restored, Err(RebuildError::Snapshot(_))));
}

/// The top tree grows past a power of two and stays equal to the naive one.
#[test]
fn many_compartments_pad_to_the_next_power_of_two() {
    let (mut state, mut naive) = (state(), naive());
    for number in 0..70u8 {
        let at = block(u64::from(number) + 1);
        let changes = [set(party(number), b"k", &[number])];
        let root = state.apply(at, &changes).unwrap();
        assert_eq!(naive.apply(at, &changes).unwrap(), root, "{number}");
    }
    assert_eq!(state.compartments().count(), 70);
    assert_eq!(state.get(Compartment::Public, &RowKey::new(b"k")), None);
    assert_ne!(state.root_at(Height(0)), Some(Digest::ZERO));
}
