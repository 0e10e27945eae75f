//! The past is there without anybody having asked for it in time.

mod common;

use std::time::{Duration, Instant};

use common::{block, played, register, set, unset};
use daicho_state::Version;
use daicho_types::ledger::{Change, StateView};
use daicho_types::{Height, RowKey};

/// A small generator of test data; the state itself draws no random numbers.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Holders of one instrument who buy, sell and leave, a few per block.
fn trading(blocks: u64) -> Vec<Vec<Change>> {
    let mut draw = Draw(5);
    let mut script = Vec::new();
    for _ in 0..blocks {
        let mut rows = std::collections::BTreeMap::new();
        for _ in 0..3 {
            let holder = draw.below(50).to_be_bytes().to_vec();
            let shares = draw.below(9);
            let change = match shares {
                0 => unset(register(1), &holder),
                _ => set(register(1), &holder, &shares.to_le_bytes()),
            };
            rows.insert(holder, change);
        }
        script.push(rows.into_values().collect());
    }
    script
}

const ALL: &[u8] = &[0xFF; 9];

/// R53: "After 100,000 blocks ask holders at 5 random past times → equals
/// replay; none scheduled beforehand" (scaled to 2,000 blocks here).
#[test]
fn r53_five_random_past_times_equal_a_replay() {
    let script = trading(2_000);
    let state = played(&script);
    let mut draw = Draw(11);
    for _ in 0..5 {
        let then = 1 + draw.below(script.len() as u64 - 1);
        let between = daicho_types::ConsensusTime(block(then).time.0 + draw.below(10));
        let at = state.height_at(between).unwrap();
        assert_eq!(at, Height(then), "the last block with time <= t");
        let replay = played(&script[..usize::try_from(then).unwrap()]);
        let holders = state.scan_at(at, register(1), &[], ALL, usize::MAX);
        assert!(!holders.is_empty());
        assert_eq!(holders, replay.scan(register(1), &[], ALL, usize::MAX));
        assert_eq!(state.root_at(at), Some(replay.root()));
        let proof = state.prove_range(at, register(1), &[], ALL).unwrap();
        let proved = proof.verify(&replay.root(), register(1), &[], ALL);
        assert_eq!(
            proved.unwrap(),
            holders,
            "complete against the root of then"
        );
    }
}

/// How long `rounds` readings of each kind take, one after the other in turn,
/// so that whatever else the machine does falls on both.
#[allow(clippy::disallowed_methods, reason = "measured, not decided by")]
fn taken(rounds: usize, kinds: [&dyn Fn(usize); 2]) -> [Vec<Duration>; 2] {
    let mut all = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        for (kind, each) in kinds.iter().zip(&mut all) {
            let began = Instant::now();
            kind(round);
            each.push(began.elapsed());
        }
    }
    all
}

/// R53: "none scheduled beforehand; p99 ≤ 2× current query": the list of
/// holders at any of a thousand past heights costs at most twice the list of
/// now. Medians, since a test shares its machine.
#[test]
fn r53_the_past_costs_no_more_than_twice_the_present() {
    let state = played(&trading(1_000));
    let then = |round: usize| Height(1 + (round as u64 * 37) % 999);
    let past = |round| {
        let rows = state.scan_at(then(round), register(1), &[], ALL, usize::MAX);
        assert!(!rows.is_empty());
    };
    let present = |_| assert!(!state.scan(register(1), &[], ALL, usize::MAX).is_empty());
    let [past, present] = taken(2_001, [&past, &present]).map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    assert!(past <= 2 * present, "{past:?} then, {present:?} now");
}

/// R58: "Announce action at h+5,000 for record time at h → same result as if
/// announced at h" (scaled to 1,000 blocks): the list of holders asked for
/// later is the list that stood.
#[test]
fn r58_holders_asked_for_later_are_those_of_the_record_time() {
    let script = trading(1_500);
    let announced_then = played(&script[..500]);
    let announced_later = played(&script);
    let at = announced_later.height_at(block(500).time).unwrap();
    assert_eq!(at, Height(500));
    let later = announced_later.scan_at(at, register(1), &[], ALL, usize::MAX);
    assert_eq!(
        later,
        announced_then.scan(register(1), &[], ALL, usize::MAX)
    );
    assert_ne!(
        later,
        announced_later.scan(register(1), &[], ALL, usize::MAX)
    );
}

/// R49: "Transfer committed at h → register query at h shows it".
#[test]
fn r49_a_transfer_shows_at_its_own_height() {
    let state = played(&[
        vec![set(register(1), b"p", b"100")],
        vec![set(register(1), b"p", b"60"), set(register(1), b"q", b"40")],
    ]);
    let [p, q] = [b"p", b"q"].map(|key| RowKey::new(key));
    assert_eq!(state.get_at(Height(1), register(1), &q), None);
    assert_eq!(
        state.get_at(Height(2), register(1), &q),
        Some(b"40"[..].into())
    );
    assert_eq!(state.get(register(1), &p), Some(b"60"[..].into()));
}

/// R54: "`history(account, ISIN, h1,h2)` → ordered entries with proofs".
#[test]
fn r54_history_is_ordered_and_every_entry_proves() {
    let state = played(&[
        vec![set(register(1), b"p", b"1"), set(register(1), b"q", b"9")],
        vec![set(register(1), b"p", b"2")],
        vec![],
        vec![unset(register(1), b"p")],
        vec![set(register(1), b"p", b"3")],
    ]);
    let history = state.history(register(1), b"p", Height(2), Height(5));
    let version = |height, value: Option<&[u8]>| Version {
        height: Height(height),
        value: value.map(Into::into),
    };
    let expected = [
        version(2, Some(b"2")),
        version(4, None),
        version(5, Some(b"3")),
    ];
    assert_eq!(history, expected);
    for Version { height, value } in history {
        let root = state.root_at(height).unwrap();
        match value {
            Some(value) => {
                let proof = state.prove_inclusion(height, register(1), b"p").unwrap();
                assert_eq!(
                    proof.verify(&root, register(1)).unwrap(),
                    (&b"p"[..], &value[..])
                );
            }
            None => {
                let proof = state.prove_exclusion(height, register(1), b"p").unwrap();
                proof.verify_exclusion(&root, register(1), b"p").unwrap();
            }
        }
    }
    assert_eq!(
        state.history(register(2), b"p", Height(0), Height(9)),
        vec![]
    );
}
