//! Every work does what it is named after: the assertions inside would fail.

use super::{AGREEMENT_ROUNDS_MAX, NAMES, prepare};

#[test]
fn every_work_runs() {
    for name in NAMES {
        let mut work = prepare(name, 3).expect("a listed name");
        work(2);
    }
    assert!(prepare("nothing", 1).is_none());
}

#[test]
fn four_nodes_decide_as_many_blocks_as_are_in_store() {
    let mut work = prepare("agreement", 1).expect("a listed name");
    work(AGREEMENT_ROUNDS_MAX);
}

#[test]
#[should_panic(expected = "in store")]
fn agreement_does_not_pretend_to_decide_more() {
    let mut work = prepare("agreement", 1).expect("a listed name");
    work(AGREEMENT_ROUNDS_MAX + 1);
}
