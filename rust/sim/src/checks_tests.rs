//! The checks fail when they should.

use daicho_types::{Digest, Height};

use super::{Checks, Failure};

fn correctness(checks: &Checks) -> bool {
    matches!(checks.failure(), Some(Failure::Correctness(_)))
}

#[test]
fn two_blocks_at_one_height_are_a_failure() {
    let mut checks = Checks::default();
    checks.decided(0, Height(1), Digest([1; 32]));
    checks.decided(1, Height(1), Digest([1; 32]));
    assert_eq!(checks.failure(), None);
    checks.decided(2, Height(1), Digest([2; 32]));
    assert!(correctness(&checks));
}

#[test]
fn a_forgotten_block_is_a_failure() {
    let mut checks = Checks::default();
    checks.restarted(0, Height(7), Height(7));
    assert_eq!(checks.failure(), None);
    checks.restarted(0, Height(7), Height(6));
    assert!(correctness(&checks));
}

#[test]
fn a_transaction_final_twice_is_a_failure() {
    let mut checks = Checks::default();
    let tx_id = Digest([3; 32]);
    checks.acknowledged(tx_id, Height(1), Digest([1; 32]));
    assert_eq!(checks.failure(), None);
    checks.acknowledged(tx_id, Height(2), Digest([2; 32]));
    assert!(correctness(&checks));
}

#[test]
fn an_event_that_no_crash_excuses_is_a_failure() {
    let mut checks = Checks::default();
    checks.event(0, "entered_view", "");
    assert_eq!(checks.failure(), None);
    checks.event(0, "safety_violated", "");
    assert!(correctness(&checks));
    assert_eq!(checks.failure().map(|f| f.exit_code()), Some(11));
}
