//! The one predicate on blocks, and what applying one does.

mod common;

use common::*;
use daicho_control::{BadBlock, ControlOutcome};
use daicho_crypto::tx_id;
use daicho_types::block::{BlockHeader, FeedReading};
use daicho_types::codec::{Blob, List};
use daicho_types::control::Command;
use daicho_types::envelope::GasClass;
use daicho_types::limits::{BLOCK_GAS_MAX, GAS_LIMIT_LARGE};
use daicho_types::{Code, ConsensusTime, Digest, Height, Signature, WallClock};

/// Something done to a header.
type Change<'a> = &'a dyn Fn(&mut BlockHeader);

/// R29, as far as a block itself goes: any field that is not what the state
/// after the parent says makes the block invalid.
#[test]
fn every_field_of_the_header_is_checked() {
    let state = start();
    let items = [(MEMBER, envelope(MEMBER, 0, 0))];
    let entries = entries(&items);
    let good = draft(&state, &entries);
    assert_eq!(state.valid_block(&good, &entries), Ok(()));
    let reading = FeedReading {
        feed: 0,
        slot: 0,
        value: Blob::default(),
        signature: Signature([0; 64]),
    };
    let changes: [(&str, Change<'_>); 10] = [
        ("protocol", &|h| h.protocol = 2),
        ("height", &|h| h.height = Height(2)),
        ("parent", &|h| h.parent = Digest::ZERO),
        ("time", &|h| h.time = START),
        ("feeds", &|h| {
            h.feeds = List::new(vec![reading.clone()]).unwrap();
        }),
        ("result", &|h| h.result = Some(certificate(Height(1)))),
        ("witness root", &|h| h.witness_root = Digest::ZERO),
        ("items", &|h| h.items = 0),
        ("control", &|h| h.control = Digest::ZERO),
        ("validators", &|h| h.validators = Digest::ZERO),
    ];
    for (name, change) in changes {
        let mut bad = good.clone();
        change(&mut bad);
        assert!(state.valid_block(&bad, &entries).is_err(), "{name}");
    }
}

#[test]
fn an_item_that_fails_its_check_fails_the_block() {
    let state = start();
    let items = [
        (MEMBER, envelope(MEMBER, 0, 0)),
        (ISS_X, envelope(ISS_X, 0, 0)),
    ];
    let entries = entries(&items);
    let bad = state.valid_block(&draft(&state, &entries), &entries);
    assert_eq!(bad, Err(BadBlock::Item(1, Code::ReadOnly)));
}

#[test]
fn a_sequence_is_used_once_in_a_block_and_once_in_a_chain() {
    let state = start();
    let mut other = unsigned(MEMBER, 0, 0);
    other.header.salt = [1; 16];
    let items = [
        (MEMBER, envelope(MEMBER, 0, 0)),
        (MEMBER, sign(MEMBER, other)),
    ];
    let both = entries(&items);
    let twice = state.valid_block(&draft(&state, &both), &both);
    assert_eq!(twice, Err(BadBlock::Twice(1)));

    let state = next(&state, &items[..1]);
    let second = entries(&items[1..]);
    let again = state.valid_block(&draft(&state, &second), &second);
    assert_eq!(again, Err(BadBlock::Item(0, Code::Replay)));
    let ahead = next(&state, &[(MEMBER, envelope(MEMBER, 0, 5))]);
    let items = [(MEMBER, envelope(MEMBER, 0, 5))];
    let used = ahead.check_item(&entries(&items)[0], after(9));
    assert_eq!(used, Err(Code::SequenceUsed));
}

#[test]
fn items_and_bytes_are_bounded() {
    let state = start();
    let items: Vec<_> = (0..17).map(|s| (MEMBER, envelope(MEMBER, 0, s))).collect();
    let many = entries(&items);
    let result = state.valid_block(&draft(&state, &many), &many);
    assert_eq!(result, Err(BadBlock::Items(17)));
    let mut large = many[..2].to_vec();
    large[0].bytes = 1024 * 1024;
    let result = state.valid_block(&draft(&state, &large), &large);
    assert!(matches!(result, Err(BadBlock::Bytes(_))));
}

/// What a block's calls may burn together bounds how long it takes to execute.
#[test]
fn gas_is_bounded() {
    let state = start();
    let large = |sequence| {
        let mut envelope = unsigned(MEMBER, 0, sequence);
        envelope.header.gas_class = GasClass::Large;
        (MEMBER, sign(MEMBER, envelope))
    };
    let fit = BLOCK_GAS_MAX / GAS_LIMIT_LARGE;
    let items: Vec<_> = (0..=fit).map(large).collect();
    let all = entries(&items);
    let result = state.valid_block(&draft(&state, &all), &all);
    assert_eq!(result, Err(BadBlock::Gas((fit + 1) * GAS_LIMIT_LARGE)));
    assert_eq!(result.unwrap_err().code(), Code::TooLarge);
    let most = &all[1..];
    assert_eq!(state.valid_block(&draft(&state, most), most), Ok(()));
}

/// "A proposal h is valid only if h ≤ certified height + W."
#[test]
fn results_hold_back_proposals() {
    let mut state = start();
    for _ in 0..3 {
        assert!(state.result_window_open(None));
        let header = draft(&state, &[]);
        state.valid_block(&header, &[]).unwrap();
        state = state.apply_block(&header, &[]).0;
    }
    assert!(!state.result_window_open(None));
    let header = draft(&state, &[]);
    let late = state.valid_block(&header, &[]);
    assert_eq!(late, Err(BadBlock::ResultWindow(Height(4), Height(0))));

    let newest = certificate(Height(2));
    assert!(state.result_window_open(Some(&newest)));
    let time = ConsensusTime(state.time().0 + 1);
    let header = state.draft(time, &[], Some(&newest));
    assert_eq!(state.valid_block(&header, &[]), Ok(()));
    let (after, _) = state.apply_block(&header, &[]);
    assert_eq!(after.certified(), Height(2));
    let again = after.draft(ConsensusTime(time.0 + 1), &[], Some(&newest));
    assert_eq!(again.result, None, "no news");

    let mut forged = header;
    let mut certificate = newest;
    certificate.statement.state_root = Digest([1; 32]);
    forged.result = Some(certificate);
    assert!(matches!(
        state.valid_block(&forged, &[]),
        Err(BadBlock::Result(_))
    ));
}

/// What a control transaction changes acts from the next height on; two that
/// contradict each other in one block have outcomes, not a fork.
#[test]
fn commands_act_from_the_next_height_on() {
    let state = start();
    let revoke = |who: u8| {
        let command = Command::Revoke(alias(MEMBER));
        control(chain(), who, 0, command, &[BANK_B])
    };
    let items = [
        (ADM, revoke(ADM)),
        (MEMBER, envelope(MEMBER, 0, 0)),
        (BANK_A, revoke(BANK_A)),
    ];
    let entries = entries(&items);
    let header = draft(&state, &entries);
    assert_eq!(state.valid_block(&header, &entries), Ok(()));
    let (after, outcomes) = state.apply_block(&header, &entries);
    let outcome = |index: u32, code| ControlOutcome {
        index,
        tx_id: tx_id(&items[index as usize].1),
        code,
    };
    assert_eq!(outcomes, [outcome(0, Code::Ok), outcome(2, Code::Revoked)]);
    assert_eq!(after.authority(alias(MEMBER)), None);
    assert!(
        state.authority(alias(MEMBER)).is_some(),
        "a state never changes"
    );
}

#[test]
fn a_leader_waits_for_its_clock() {
    let state = start();
    assert_eq!(state.next_time(WallClock(START.0)), None);
    assert_eq!(state.next_time(WallClock(START.0 + 1)), Some(after(1)));
}
