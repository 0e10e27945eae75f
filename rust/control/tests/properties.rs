//! The clever ways against the dumb ones.

mod common;

use std::collections::BTreeSet;

use common::*;
use daicho_control::{ControlState, ReplayWindow};
use daicho_types::control::Command;
use daicho_types::envelope::Item;
use daicho_types::{Alias, Code, PartyId};
use proptest::prelude::*;

/// The replay window as a set that forgets nothing.
#[derive(Default)]
struct Oracle(BTreeSet<u64>);

impl Oracle {
    fn oldest_unused(&self) -> u64 {
        (0..).find(|s| !self.0.contains(s)).unwrap()
    }

    fn check(&self, sequence: u64) -> Result<(), Code> {
        let oldest = self.oldest_unused();
        if sequence < oldest {
            Err(Code::Replay)
        } else if sequence >= oldest + 1_024 {
            Err(Code::SequenceAhead)
        } else if self.0.contains(&sequence) {
            Err(Code::SequenceUsed)
        } else {
            Ok(())
        }
    }
}

/// Sequences near the window: runs that fill it, gaps, and jumps out of it.
fn sequences() -> impl Strategy<Value = Vec<u64>> {
    let near = prop_oneof![0..200_u64, 0..1_100_u64, 900..2_200_u64];
    let run = (near, 1..150_u64).prop_map(|(from, count)| (from..from + count).collect::<Vec<_>>());
    prop::collection::vec(run, 1..40).prop_map(|runs| runs.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Replay (design §3): the bitmap answers as a set of all used sequences.
    #[test]
    fn window_answers_as_a_set(sequences in sequences()) {
        let (mut window, mut oracle) = (ReplayWindow::default(), Oracle::default());
        for sequence in sequences {
            let answer = window.check(sequence);
            prop_assert_eq!(answer, oracle.check(sequence));
            if answer.is_ok() {
                window.mark(sequence);
                oracle.0.insert(sequence);
            }
        }
        prop_assert_eq!(window.oldest_unused(), oracle.oldest_unused());
    }

    /// The digest that follows the writes is the digest of the contents, for
    /// every state of a chain; and the states before it stay what they were.
    #[test]
    fn digest_follows(steps in prop::collection::vec((0..4_u8, 0..64_u16, any::<u8>()), 1..12)) {
        let mut state = start();
        let mut sequence = 0;
        for (kind, lane, byte) in steps {
            let before = (state.clone(), state.digest());
            let item = step(kind, lane, byte, &mut sequence, &state);
            state = next(&state, &[item]);
            prop_assert_eq!(state.digest(), state.digest_from_scratch());
            prop_assert_eq!(before.0.digest(), before.1);
            prop_assert_eq!(before.0.digest_from_scratch(), before.1);
            prop_assert_ne!(state.digest(), before.1);
        }
    }
}

fn step(kind: u8, lane: u16, byte: u8, sequence: &mut u64, state: &ControlState) -> (u8, Item) {
    let mut command = |command| {
        *sequence += 1;
        (ADM, control(chain(), ADM, *sequence, command, &[BANK_A]))
    };
    match kind {
        0 => {
            let window = state.window(alias(MEMBER), lane);
            let gap = window.oldest_unused() + u64::from(byte);
            let free = window.check(gap).map_or(window.oldest_unused(), |()| gap);
            (MEMBER, envelope(MEMBER, lane, free))
        }
        1 => command(deploy(u32::from(byte), "name", &[byte])),
        _ => {
            let mut admitted = record(byte | 0x80);
            // Never one of the approvers; the bucket is the alias's first byte.
            admitted.alias = Alias([byte | 0x80; 16]);
            admitted.party = PartyId([kind; 16]);
            command(Command::Admit(admitted))
        }
    }
}
