//! What a new view keeps and what it truncates, case by case.

use daicho_types::block::CommitCertificate;
use daicho_types::codec::List;
use daicho_types::{Digest, Height, ReplicaId, Signature, View};

use super::plan;
use crate::message::{PrepareCertificate, ViewChange};

const GENESIS: Digest = Digest([0xFF; 32]);

/// Block `name` stands for a digest; `0` is genesis.
fn block(name: u8) -> Digest {
    if name == 0 {
        return GENESIS;
    }
    Digest([name; 32])
}

fn prepared(view: u64, height: u64, name: u8, parent: u8) -> PrepareCertificate {
    PrepareCertificate {
        view: View(view),
        height: Height(height),
        block: block(name),
        parent: block(parent),
        signatures: List::default(),
    }
}

fn leaving(base: Option<(u64, u8)>, prepared: Vec<PrepareCertificate>) -> ViewChange {
    ViewChange {
        view: View(9),
        base: base.map(|(height, name)| CommitCertificate {
            view: View(0),
            height: Height(height),
            block: block(name),
            signatures: List::default(),
        }),
        prepared: List::new(prepared).expect("few"),
        replica: ReplicaId(0),
        signature: Signature([0; 64]),
    }
}

fn kept(view_changes: &[ViewChange]) -> (u64, Vec<Digest>, u64) {
    let plan = plan(GENESIS, view_changes);
    let blocks = plan.kept.iter().map(|c| c.block).collect();
    (plan.base_height().0, blocks, plan.truncated)
}

#[test]
fn nothing_prepared_keeps_nothing() {
    assert_eq!(kept(&[leaving(None, vec![])]), (0, vec![], 0));
}

#[test]
fn a_linked_prefix_is_kept_from_whoever_knows_it() {
    let one = leaving(None, vec![prepared(0, 1, 1, 0)]);
    let other = leaving(None, vec![prepared(0, 1, 1, 0), prepared(0, 2, 2, 1)]);
    assert_eq!(kept(&[one, other]), (0, vec![block(1), block(2)], 0));
}

#[test]
fn a_gap_ends_the_prefix() {
    let all = leaving(None, vec![prepared(0, 1, 1, 0), prepared(0, 3, 3, 2)]);
    assert_eq!(kept(&[all]), (0, vec![block(1)], 1));
}

#[test]
fn a_broken_link_ends_the_prefix() {
    let old = leaving(None, vec![prepared(0, 1, 1, 0), prepared(0, 2, 2, 1)]);
    let new = leaving(None, vec![prepared(1, 1, 11, 0)]);
    assert_eq!(kept(&[old, new]), (0, vec![block(11)], 1));
}

#[test]
fn the_highest_view_is_kept_at_each_height() {
    let old = leaving(None, vec![prepared(0, 1, 1, 0)]);
    let new = leaving(None, vec![prepared(2, 1, 11, 0)]);
    let middle = leaving(None, vec![prepared(1, 1, 21, 0)]);
    assert_eq!(kept(&[old, new, middle]), (0, vec![block(11)], 0));
}

#[test]
fn the_highest_decision_is_the_base_and_ends_what_lies_below() {
    let behind = leaving(None, vec![prepared(0, 1, 1, 0), prepared(0, 2, 2, 1)]);
    let ahead = leaving(
        Some((1, 1)),
        vec![prepared(0, 2, 2, 1), prepared(0, 3, 3, 2)],
    );
    let plan = kept(&[behind.clone(), ahead.clone()]);
    assert_eq!(plan, (1, vec![block(2), block(3)], 0));
    assert_eq!(kept(&[ahead, behind]), plan, "order does not matter");
}

#[test]
fn what_does_not_link_to_the_base_is_not_kept() {
    let decided = leaving(Some((1, 1)), vec![]);
    let other = leaving(None, vec![prepared(0, 1, 21, 0), prepared(0, 2, 22, 21)]);
    assert_eq!(kept(&[decided, other]), (1, vec![], 1));
}
