//! What the builder gets, and how items leave.

mod common;

use common::*;
use daicho_admission::{Admission, Answer, Bounds, Dropped, Room, Taken};
use daicho_types::envelope::GasClass;
use daicho_types::{Alias, Code, ConsensusTime, Digest, Monotonic};

const ALL: usize = usize::MAX;

/// A pool with these items, one arriving after the other.
fn pool(world: &World, items: &[Vec<u8>]) -> Admission {
    let mut admission = Admission::new(Bounds::default());
    for (now, item) in (0..).zip(items) {
        let verdicts = admission.submit(vec![item.clone()], world, TIME, Monotonic(now));
        assert_eq!(verdicts[0].answer, Answer::Admitted);
    }
    admission
}

fn ids(items: &[Vec<u8>]) -> Vec<Digest> {
    items.iter().map(|item| ordered(item).witness_id).collect()
}

fn room(items: usize, bytes: usize) -> Room {
    Room {
        items,
        bytes,
        gas: u64::MAX,
    }
}

fn taken(taken: &Taken) -> Vec<Digest> {
    taken.items.iter().map(|item| item.witness_id).collect()
}

#[test]
fn items_are_taken_in_order_of_arrival_within_bounds() {
    let world = World::new();
    let items = vec![small(3, 7), small(1, 0), encoded(2, 0, 0, 400), small(1, 1)];
    let mut admission = pool(&world, &items);
    let first = admission.take(room(2, ALL), &world, TIME);
    assert_eq!(taken(&first), ids(&items)[..2]);
    // The large one does not fit: nothing behind it overtakes.
    let none = admission.take(room(ALL, 300), &world, TIME);
    assert_eq!(taken(&none), []);
    // Nor where the gas of one call more is left, and not of two.
    let gas = GasClass::Small.limit();
    let scant = Room {
        gas: 2 * gas - 1,
        ..room(ALL, ALL)
    };
    assert_eq!(
        taken(&admission.take(scant, &world, TIME)),
        ids(&items)[2..3]
    );
    let rest = admission.take(room(ALL, ALL), &world, TIME);
    assert_eq!(taken(&rest), ids(&items)[3..]);
    assert_eq!((admission.offered(), admission.len()), (0, 4));
}

#[test]
fn the_builder_drops_what_can_never_be_ordered_and_keeps_what_is_ahead() {
    let mut world = World::new();
    let items = vec![small(1, 0), small(2, 0), small(3, 0), small(4, 0)];
    let mut admission = pool(&world, &items);
    world.used.insert(ordered(&items[0]).origin);
    world.ahead.insert(ordered(&items[1]).origin);
    world.keys.remove(&Alias([3; 16]));
    let got = admission.take(room(ALL, ALL), &world, TIME);
    assert_eq!(taken(&got), [ids(&items)[3]]);
    let dropped = |n: usize, code| Dropped {
        tx_id: ordered(&items[n]).tx_id,
        code,
    };
    let expected = [dropped(0, Code::SequenceUsed), dropped(2, Code::Signature)];
    assert_eq!(got.dropped, expected);
    world.ahead.clear();
    assert_eq!(
        taken(&admission.take(room(ALL, ALL), &world, TIME)),
        [ids(&items)[1]]
    );
}

/// A truncated proposal gives its items back in their old places.
#[test]
fn items_of_a_truncated_proposal_are_offered_again() {
    let world = World::new();
    let items = vec![small(1, 0), small(2, 0), small(3, 0)];
    let mut admission = pool(&world, &items);
    assert_eq!(
        taken(&admission.take(room(2, ALL), &world, TIME)),
        ids(&items)[..2]
    );
    admission.give_back(&ids(&items)[..1], NOW);
    let again = admission.take(room(ALL, ALL), &world, TIME);
    assert_eq!(taken(&again), [ids(&items)[0], ids(&items)[2]]);
}

/// Items of others' proposals are pending, whether or not they came here
/// first, and join the pool when the proposal falls.
#[test]
fn items_lent_to_other_proposals_are_pending() {
    let world = World::new();
    let (mine, theirs) = (small(1, 0), small(2, 0));
    let mut admission = pool(&world, std::slice::from_ref(&mine));
    assert!(admission.supply(vec![theirs.clone()], &world)[0].is_ok());
    let both = ids(&[mine.clone(), theirs.clone()]);
    admission.lend(&both);
    assert_eq!(admission.offered(), 0);
    for item in [&mine, &theirs] {
        let verdict = admission.submit(vec![item.clone()], &world, TIME, NOW)[0];
        assert_eq!(verdict.answer, Answer::Pending);
    }
    assert_eq!(admission.len(), 1);
    admission.give_back(&both, NOW);
    assert_eq!(taken(&admission.take(room(ALL, ALL), &world, TIME)), both);
}

#[test]
fn a_commit_removes_its_items_and_their_rivals() {
    let world = World::new();
    let (won, lost, other) = (encoded(1, 0, 0, 10), encoded(1, 0, 1, 10), small(2, 0));
    let mut admission = pool(&world, &[lost.clone(), other.clone()]);
    assert!(admission.supply(vec![won.clone()], &world)[0].is_ok());
    let dropped = admission.remove_committed(&[ordered(&won), ordered(&other)]);
    let rival = Dropped {
        tx_id: ordered(&lost).tx_id,
        code: Code::SequenceUsed,
    };
    assert_eq!(dropped, [rival]);
    assert!(admission.is_empty() && admission.bytes() == 0);
    assert_eq!(admission.missing(&ids(std::slice::from_ref(&won))).len(), 1);
    assert_eq!(admission.oldest_pending_since(), None);
}

/// Request timers: the age of the oldest that is not committed, lent or not.
#[test]
fn the_oldest_pending_item_drives_the_timer() {
    let world = World::new();
    let items = vec![small(1, 0), small(2, 0), small(3, 0)];
    let mut admission = pool(&world, &items);
    admission.take(room(1, ALL), &world, TIME);
    assert_eq!(admission.oldest_pending_since(), Some(Monotonic(0)));
    admission.remove_committed(&[ordered(&items[0])]);
    assert_eq!(admission.oldest_pending_since(), Some(Monotonic(1)));
}

#[test]
fn what_expired_or_lost_its_sender_leaves_unless_it_is_lent() {
    let mut world = World::new();
    let early = |sender| expiring(sender, 0, 0, 10, ConsensusTime(1_500));
    let items = vec![early(1), early(2), small(3, 0), small(4, 0)];
    let mut admission = pool(&world, &items);
    admission.take(room(1, ALL), &world, TIME);
    assert_eq!(admission.expire(ConsensusTime(1_500)), []);
    let expired = Dropped {
        tx_id: ordered(&items[1]).tx_id,
        code: Code::Expired,
    };
    assert_eq!(admission.expire(ConsensusTime(1_501)), [expired]);
    world.keys.remove(&Alias([3; 16]));
    let swept = admission.sweep(&world, TIME);
    assert_eq!(swept.len(), 1);
    assert_eq!(swept[0].tx_id, ordered(&items[2]).tx_id);
    assert_eq!(admission.len(), 2);
    assert_eq!(admission.counters().dropped.values().sum::<u64>(), 2);
}
