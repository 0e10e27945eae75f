//! The two doors: what is taken, what is refused, what is verified.

mod common;

use common::*;
use daicho_admission::{Admission, Answer, Bounds};
use daicho_types::limits::ITEM_BYTES_MAX;
use daicho_types::{Code, Digest};
use proptest::prelude::*;

fn submit(admission: &mut Admission, world: &World, items: Vec<Vec<u8>>) -> Vec<Answer> {
    let verdicts = admission.submit(items, world, TIME, NOW);
    verdicts.into_iter().map(|verdict| verdict.answer).collect()
}

fn refused(code: Code) -> Answer {
    Answer::Refused(code)
}

#[test]
fn refusals_name_their_code_and_are_counted() {
    let (mut admission, mut world) = (Admission::new(Bounds::default()), World::new());
    let mut forged = small(1, 0);
    *forged.last_mut().unwrap() ^= 1;
    let committed = small(2, 0);
    world.committed.insert(ordered(&committed).tx_id);
    let items = vec![
        small(1, 1),
        small(1, 1),
        forged,
        small(99, 0),
        b"noise".to_vec(),
        vec![0; ITEM_BYTES_MAX + 1],
        committed,
        expiring(1, 2, 0, 10, daicho_types::ConsensusTime(TIME.0 - 1)),
    ];
    let answers = submit(&mut admission, &world, items);
    let expected = [
        Answer::Admitted,
        Answer::Pending,
        refused(Code::Signature),
        refused(Code::UnknownSender),
        refused(Code::Malformed),
        refused(Code::TooLarge),
        Answer::Committed,
        refused(Code::Expired),
    ];
    assert_eq!(answers, expected);
    let counters = admission.counters();
    assert_eq!((counters.admitted, counters.known), (1, 2));
    assert_eq!(counters.refused.values().sum::<u64>(), 5);
    assert_eq!(counters.refused[&Code::Signature], 1);
}

#[test]
fn other_bytes_of_a_waiting_sequence_are_refused() {
    let (mut admission, world) = (Admission::new(Bounds::default()), World::new());
    let both = vec![encoded(1, 0, 0, 10), encoded(1, 0, 1, 10)];
    let answers = submit(&mut admission, &world, both);
    assert_eq!(answers, [Answer::Admitted, refused(Code::SequenceUsed)]);
}

#[test]
fn a_signature_is_verified_once() {
    let (mut admission, world) = (Admission::new(Bounds::default()), World::new());
    let items = vec![small(1, 0), small(2, 0)];
    submit(&mut admission, &world, items.clone());
    assert_eq!(admission.counters().signatures_checked, 2);
    assert!(
        admission
            .supply(items.clone(), &world)
            .iter()
            .all(Result::is_ok)
    );
    assert_eq!(admission.counters().signatures_checked, 2);
    assert_eq!(admission.counters().cache_hits, 2);

    // Under another key it is another question.
    let mut world = world;
    world
        .keys
        .insert(daicho_types::Alias([1; 16]), key(3).public());
    let again = admission.supply(items, &world);
    assert_eq!(again[0].as_ref().unwrap_err(), &Code::Signature);
    assert_eq!(admission.counters().signatures_checked, 3);
}

#[test]
fn the_cache_forgets_its_oldest_entries() {
    let bounds = Bounds {
        cache_entries_max: 2,
        ..Bounds::default()
    };
    let (mut admission, world) = (Admission::new(bounds), World::new());
    let items: Vec<_> = (0..3).map(|sender| small(sender, 0)).collect();
    submit(&mut admission, &world, items.clone());
    assert!(admission.supply(items, &world).iter().all(Result::is_ok));
    // The first was forgotten; nothing is remembered within one batch.
    assert_eq!(admission.counters().signatures_checked, 4);
}

/// Pool bounds: count, bytes and the sender's share; nothing makes room.
#[test]
fn a_full_pool_is_busy() {
    let world = World::new();
    let bytes = small(0, 0).len();
    let full = |bounds: Bounds, items: Vec<Vec<u8>>| {
        let mut admission = Admission::new(bounds);
        let answers = submit(&mut admission, &world, items);
        assert_eq!(answers[..2], [Answer::Admitted; 2]);
        assert_eq!(answers[2], refused(Code::Busy));
        assert_eq!(admission.len(), 2);
        assert_eq!(admission.bytes(), 2 * bytes);
    };
    let three: Vec<_> = (0..3).map(|sender| small(sender, 0)).collect();
    let of_one: Vec<_> = (0..3).map(|sequence| small(1, sequence)).collect();
    let default = Bounds::default();
    full(
        Bounds {
            pool_items_max: 2,
            ..default
        },
        three.clone(),
    );
    full(
        Bounds {
            pool_bytes_max: 3 * bytes - 1,
            ..default
        },
        three,
    );
    full(
        Bounds {
            sender_items_max: 2,
            ..default
        },
        of_one,
    );
}

/// "Rate quotas and load never justify a vote against": bodies of a proposal
/// are taken by a node whose pool is full.
#[test]
fn bodies_of_proposals_know_no_quota() {
    let bounds = Bounds {
        pool_items_max: 0,
        sender_items_max: 0,
        ..Bounds::default()
    };
    let (mut admission, world) = (Admission::new(bounds), World::new());
    let body = small(1, 0);
    let id = ordered(&body).witness_id;
    assert_eq!(
        admission.missing(&[id, id, Digest::ZERO]),
        [id, Digest::ZERO]
    );
    assert!(admission.supply(vec![body.clone()], &world)[0].is_ok());
    assert_eq!(admission.get(&id).unwrap().bytes, body);
    assert_eq!(admission.missing(&[id]), []);
    assert_eq!(admission.counters().refused.len(), 0);
}

#[test]
fn held_bodies_are_bounded() {
    let bytes = small(0, 0).len();
    let default = Bounds::default();
    for bounds in [
        Bounds {
            held_items_max: 2,
            ..default
        },
        Bounds {
            held_bytes_max: 2 * bytes,
            ..default
        },
    ] {
        let (mut admission, world) = (Admission::new(bounds), World::new());
        let bodies: Vec<_> = (0..3).map(|sender| small(sender, 0)).collect();
        assert!(
            admission
                .supply(bodies.clone(), &world)
                .iter()
                .all(Result::is_ok)
        );
        let ids: Vec<_> = bodies.iter().map(|b| ordered(b).witness_id).collect();
        assert_eq!(admission.missing(&ids), ids[..1], "the oldest goes first");
        assert_eq!(admission.counters().held_forgotten, 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// A batch is answered as its items one by one, whatever is wrong with
    /// which of them.
    #[test]
    fn batch_equals_one_by_one(
        items in prop::collection::vec((0..18_u8, 0..4_u64, any::<Option<prop::sample::Index>>()), 0..24)
    ) {
        let world = World::new();
        let items: Vec<_> = items.into_iter().map(|(sender, sequence, flip)| {
            let mut bytes = small(sender, sequence);
            if let Some(flip) = flip {
                let at = flip.index(bytes.len());
                bytes[at] ^= 1;
            }
            bytes
        }).collect();
        let mut batch = Admission::new(Bounds::default());
        let mut single = Admission::new(Bounds::default());
        let together = batch.submit(items.clone(), &world, TIME, NOW);
        let apart: Vec<_> = items.into_iter()
            .flat_map(|item| single.submit(vec![item], &world, TIME, NOW))
            .collect();
        prop_assert_eq!(together, apart);
        prop_assert_eq!(batch.len(), single.len());
        prop_assert_eq!(&batch.counters().refused, &single.counters().refused);
    }
}
