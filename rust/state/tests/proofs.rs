//! Proofs: what they prove, and that nothing else passes for one.

mod common;

use common::{CHAIN, GENESIS_TIME};
use common::{block, body, keys, party, played, register, scripts, set, state, unset};
use daicho_state::{
    AbsenceProof, BadProof, CompartmentProof, HolderBook, InclusionProof, Piece, RangeProof, State,
};
use daicho_types::codec::{Blob, Decode, Encode, List};
use daicho_types::ledger::{Compartment, StateView};
use daicho_types::{Digest, Height};
use proptest::prelude::*;

/// Twelve rows in two registers and a party's book, after three blocks.
fn example() -> State {
    let rows = |count: u8| (0..count).map(|n| set(register(1), &[n * 10], &[n; 20]));
    let mut first: Vec<_> = rows(12).collect();
    first.push(set(register(2), b"k", b"v"));
    played(&[
        first,
        vec![unset(register(1), &[30])],
        vec![set(party(1), b"k", b"v")],
    ])
}

/// R99: "Signed holding certificate at h verifies with root+CA only": the
/// proof of one row is checked with the root alone, no key and no state.
#[test]
fn r99_an_inclusion_proof_verifies_with_the_root_only() {
    let state = example();
    for height in (1..=3).map(Height) {
        let root = state.root_at(height).unwrap();
        let proof = state.prove_inclusion(height, register(1), &[50]).unwrap();
        let sent = InclusionProof::from_bytes(&proof.to_bytes()).unwrap();
        let proved = sent.verify(&root, register(1)).unwrap();
        assert_eq!(proved, (&[50][..], &[5; 20][..]));
        assert_eq!(sent.verify(&root, register(2)), Err(BadProof::Root));
        assert_eq!(sent.verify(&Digest::ZERO, register(1)), Err(BadProof::Root));
    }
    assert!(
        state
            .prove_inclusion(Height(2), register(1), &[30])
            .is_none()
    );
    assert!(
        state
            .prove_inclusion(Height(4), register(1), &[50])
            .is_none()
    );
    assert!(state.prove_inclusion(Height(2), party(1), b"k").is_none());
}

/// R99: an inclusion proof shows its own row and no other: neither keys nor
/// rows of its neighbours are in its bytes.
#[test]
fn r99_an_inclusion_proof_shows_no_neighbour() {
    let names: Vec<Vec<u8>> = (0..40u8)
        .map(|n| format!("holder-name-{n:02}").into_bytes())
        .collect();
    let rows = names
        .iter()
        .map(|name| set(register(1), name, &[name, &b" 5000 shares"[..]].concat()));
    let state = played(&[rows.collect()]);
    let proof = state
        .prove_inclusion(Height(1), register(1), &names[7])
        .unwrap();
    let bytes = proof.to_bytes();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    assert!(holds(&names[7]), "the search finds what is there");
    for (number, name) in names.iter().enumerate().filter(|(number, _)| *number != 7) {
        assert!(!holds(name), "neighbour {number}");
    }
}

/// The empty answer proves: no row at the key, and no other key will do.
#[test]
fn an_exclusion_proof_proves_absence_of_that_key_only() {
    let state = example();
    let root = state.root();
    for absent in [&[30][..], &[], &[255], &[50, 0], &[49]] {
        let proof = state
            .prove_exclusion(Height(3), register(1), absent)
            .unwrap();
        let sent = RangeProof::from_bytes(&proof.to_bytes()).unwrap();
        assert_eq!(sent.verify_exclusion(&root, register(1), absent), Ok(()));
        for present in [&[0][..], &[50], &[110]] {
            assert!(sent.verify_exclusion(&root, register(1), present).is_err());
        }
    }
    let proof = state
        .prove_exclusion(Height(3), register(1), &[50])
        .unwrap();
    assert_eq!(
        proof.verify_exclusion(&root, register(1), &[50]),
        Err(BadProof::Subject)
    );
    let removed = state
        .prove_exclusion(Height(1), register(1), &[30])
        .unwrap();
    let then = state.root_at(Height(1)).unwrap();
    assert_eq!(
        removed.verify_exclusion(&then, register(1), &[30]),
        Err(BadProof::Subject)
    );
}

/// A compartment that never had a row is proved absent to who holds its key.
#[test]
fn an_absent_compartment_is_proved_absent() {
    let state = example();
    let root = state.root();
    let proof = state.prove_absence(Height(3), register(9)).unwrap();
    let sent = AbsenceProof::from_bytes(&proof.to_bytes()).unwrap();
    assert_eq!(sent.verify(&root, &keys().compartment(register(9))), Ok(()));
    for other in [register(1), register(2), party(1)] {
        assert!(
            sent.verify(&root, &keys().compartment(other)).is_err(),
            "{other:?}"
        );
    }
    let before = state.prove_absence(Height(2), party(1)).unwrap();
    let then = state.root_at(Height(2)).unwrap();
    assert_eq!(before.verify(&then, &keys().compartment(party(1))), Ok(()));
    assert!(before.verify(&root, &keys().compartment(party(1))).is_err());
    assert!(state.prove_absence(Height(3), party(1)).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every range of every compartment at every height proves to exactly the
    /// rows of that time, and to no other range's.
    #[test]
    fn a_range_proof_is_complete(
        script in scripts(6, 24),
        mut lo in prop::collection::vec(0..5u8, 0..3),
        mut hi in prop::collection::vec(0..5u8, 0..3),
    ) {
        if lo > hi {
            core::mem::swap(&mut lo, &mut hi);
        }
        let state = played(&script);
        for height in (0..=script.len() as u64).map(Height) {
            let root = state.root_at(height).unwrap();
            for compartment in state.compartments() {
                let Some(proof) = state.prove_range(height, compartment, &lo, &hi) else {
                    prop_assert!(state.prove_absence(height, compartment).is_some());
                    continue;
                };
                let rows = proof.verify(&root, compartment, &lo, &hi);
                let expected = state.scan_at(height, compartment, &lo, &hi, usize::MAX);
                prop_assert_eq!(rows.as_deref(), Ok(&expected[..]));
                let wider = proof.verify(&root, compartment, &[], &[9]);
                let all = state.scan_at(height, compartment, &[], &[9], usize::MAX);
                prop_assert!(wider.is_err() || wider.as_deref() == Ok(&all[..]));
            }
        }
    }
}

/// Mutates every byte of an encoded proof and cuts it everywhere: whatever
/// still decodes must not verify.
fn assert_rigid<P: Decode>(good: &[u8], verifies: impl Fn(&P) -> bool) {
    assert!(
        verifies(&P::from_bytes(good).unwrap()),
        "the proof itself is good"
    );
    for place in 0..good.len() {
        for mask in [0x01, 0x02, 0x80, 0xFF] {
            let mut bad = good.to_vec();
            bad[place] ^= mask;
            let passes = P::from_bytes(&bad).is_ok_and(|proof| verifies(&proof));
            assert!(!passes, "byte {place} xor {mask:#x}");
        }
        assert!(P::from_bytes(&good[..place]).is_err(), "cut at {place}");
    }
}

#[test]
fn no_byte_of_a_range_proof_may_change() {
    let state = example();
    let (root, lo, hi) = (state.root(), [15], [75]);
    let proof = state.prove_range(Height(3), register(1), &lo, &hi).unwrap();
    let good = proof.verify(&root, register(1), &lo, &hi).unwrap();
    assert_eq!(good.len(), 5);
    assert_rigid::<RangeProof>(&proof.to_bytes(), |proof| {
        proof.verify(&root, register(1), &lo, &hi).is_ok()
    });
}

#[test]
fn no_byte_of_the_other_proofs_may_change() {
    let state = example();
    let root = state.root();
    let proof = state
        .prove_inclusion(Height(3), register(1), &[50])
        .unwrap();
    assert_rigid::<InclusionProof>(&proof.to_bytes(), |proof| {
        proof.verify(&root, register(1)).is_ok()
    });
    let proof = state
        .prove_exclusion(Height(3), register(1), &[30])
        .unwrap();
    assert_rigid::<RangeProof>(&proof.to_bytes(), |proof| {
        proof.verify_exclusion(&root, register(1), &[30]).is_ok()
    });
    let key = keys().compartment(register(9));
    let proof = state.prove_absence(Height(3), register(9)).unwrap();
    assert_rigid::<AbsenceProof>(&proof.to_bytes(), |proof| proof.verify(&root, &key).is_ok());
}

/// The pieces of a good proof with one edit.
fn edited(proof: &RangeProof, edit: impl FnOnce(&mut Vec<Piece>)) -> RangeProof {
    let mut pieces = proof.tree.clone().into_inner();
    edit(&mut pieces);
    RangeProof {
        tree: List::new(pieces).unwrap(),
        compartment: proof.compartment.clone(),
    }
}

/// A row dropped, added, altered, hidden behind a hash, or passed off as
/// lying outside the range.
#[test]
fn an_edited_range_proof_does_not_verify() {
    let state = example();
    let (root, lo, hi) = (state.root(), [15], [75]);
    let good = state.prove_range(Height(3), register(1), &lo, &hi).unwrap();
    let verify = |proof: &RangeProof| proof.verify(&root, register(1), &lo, &hi);
    assert_eq!(verify(&good).unwrap().len(), 5);
    let shown: Vec<_> = (0..good.tree.len())
        .filter(|place| matches!(good.tree[*place], Piece::Shown(_)))
        .collect();
    assert_eq!(shown.len(), 5);
    for place in shown {
        let Piece::Shown(row) = good.tree[place].clone() else {
            unreachable!()
        };
        let dropped = edited(&good, |pieces| drop(pieces.remove(place)));
        assert!(verify(&dropped).is_err());
        let emptied = edited(&good, |pieces| pieces[place] = Piece::Nothing(()));
        assert!(verify(&emptied).is_err());
        let doubled = edited(&good, |pieces| {
            pieces.insert(place, Piece::Shown(row.clone()))
        });
        assert!(verify(&doubled).is_err());
        let mut richer = row.clone();
        richer.value = Blob::new(vec![9; 20]).unwrap();
        let altered = edited(&good, |pieces| pieces[place] = Piece::Shown(richer));
        assert_eq!(verify(&altered), Err(BadProof::Root));
    }
    let hidden = edited(&good, |pieces| {
        *pieces = vec![Piece::Hidden(Digest([1; 32]))]
    });
    assert_eq!(
        verify(&hidden),
        Err(BadProof::Shape),
        "nothing needed hides"
    );
}

/// A proof has one spelling: nothing is not hidden behind the hash of nothing,
/// and rows stand in the order of their keys before any hash is compared.
#[test]
fn a_range_proof_has_one_spelling() {
    let state = example();
    let (root, lo, hi) = (state.root(), [15], [75]);
    let good = state.prove_range(Height(3), register(1), &lo, &hi).unwrap();
    let verify = |proof: &RangeProof| proof.verify(&root, register(1), &lo, &hi);
    let places: Vec<_> = (0..good.tree.len()).collect();
    let nothing = |place: &&usize| good.tree[**place] == Piece::Nothing(());
    for place in places.iter().filter(nothing) {
        let respelt = edited(&good, |pieces| pieces[*place] = Piece::Hidden(Digest::ZERO));
        assert_eq!(verify(&respelt), Err(BadProof::Shape), "at {place}");
    }
    let shown = |place: &&usize| matches!(good.tree[**place], Piece::Shown(_));
    let shown: Vec<_> = places.iter().filter(shown).collect();
    for pair in shown.windows(2) {
        let swapped = edited(&good, |pieces| pieces.swap(*pair[0], *pair[1]));
        assert_eq!(verify(&swapped), Err(BadProof::Shape), "keys out of order");
    }
}

/// An empty compartment hides nothing: the whole of it proves to no rows, and
/// nothing is spelt as nothing.
#[test]
fn an_emptied_compartment_proves_empty() {
    let state = played(&[vec![set(party(1), b"k", b"v")], vec![unset(party(1), b"k")]]);
    let proof = state.prove_range(Height(2), party(1), &[], &[255]).unwrap();
    assert_eq!(
        proof.verify(&state.root(), party(1), &[], &[255]),
        Ok(vec![])
    );
    let respelt = edited(&proof, |pieces| *pieces = vec![Piece::Hidden(Digest::ZERO)]);
    assert!(
        respelt
            .verify(&state.root(), party(1), &[], &[255])
            .is_err()
    );
    let off_range = state.prove_range(Height(2), party(1), &[9], &[9]).unwrap();
    assert_eq!(
        off_range.verify(&state.root(), party(1), &[9], &[9]),
        Ok(vec![])
    );
    let respelt = edited(&off_range, |pieces| {
        *pieces = vec![Piece::Hidden(Digest::ZERO)]
    });
    let verified = respelt.verify(&state.root(), party(1), &[9], &[9]);
    assert_eq!(verified, Err(BadProof::Shape));
}

/// Who was shown one version of a row cannot test guesses of another: the
/// salt is another for every value, and for every compartment.
#[test]
fn every_version_of_a_row_has_its_own_salt() {
    let state = played(&[
        vec![set(party(1), b"k", b"1"), set(party(2), b"k", b"1")],
        vec![set(party(1), b"k", b"2")],
    ]);
    let salt = |height, of| {
        let proof = state.prove_inclusion(Height(height), of, b"k").unwrap();
        proof.salt
    };
    assert_ne!(salt(1, party(1)), salt(2, party(1)));
    assert_ne!(salt(1, party(1)), salt(1, party(2)));
    assert_eq!(salt(1, party(2)), salt(2, party(2)));
}

/// What the holder of a compartment gets from any node's copy: its own book,
/// equal to the executor's, checked whole against the certified root; and a
/// body from which a row was left out does not pass.
#[test]
fn r52_an_issuer_rebuilds_its_register_and_checks_it() {
    let script = vec![
        vec![
            set(register(1), b"p", b"60"),
            set(register(2), b"x", b"1"),
            set(party(1), b"p", b"60"),
        ],
        vec![set(register(2), b"x", b"2")],
        vec![set(register(1), b"p", b"50"), set(register(1), b"q", b"10")],
        vec![unset(register(1), b"p")],
    ];
    let state = played(&script);
    let mut own = HolderBook::new(vec![keys().compartment(register(1))], CHAIN, GENESIS_TIME);
    let mut cheated = own.clone();
    for (height, changes) in (1..).zip(&script) {
        let at = block(height);
        own.apply(at, &body(&at, changes, &[])).unwrap();
        cheated
            .apply(
                at,
                &body(&at, if height == 3 { &changes[..1] } else { changes }, &[]),
            )
            .unwrap();
    }
    for height in (1..=4).map(Height) {
        let root = state.root_at(height).unwrap();
        let proof = state.prove_compartment(height, register(1)).unwrap();
        let proof = CompartmentProof::from_bytes(&proof.to_bytes()).unwrap();
        let rows = own.rows(height, register(1), &[], &[255], usize::MAX);
        assert_eq!(
            rows,
            state.scan_at(height, register(1), &[], &[255], usize::MAX)
        );
        assert_eq!(own.check(height, register(1), &proof, &root), Ok(()));
        let honest = height < Height(3);
        assert_eq!(
            cheated.check(height, register(1), &proof, &root).is_ok(),
            honest
        );
        assert!(
            own.rows(height, register(2), &[], &[255], usize::MAX)
                .is_empty()
        );
        assert_eq!(
            own.check(height, register(2), &proof, &root),
            Err(BadProof::Subject)
        );
    }
}

/// R2: "bankA and bankB each export their book for 10,000 trades → inclusion
/// proofs against the same root; 0 differences, no file exchanged" (scaled):
/// each side's rows of every trade prove against one root.
#[test]
fn r2_two_books_prove_against_one_root() {
    let mut state = state();
    for trade in 1..=200u64 {
        let key = trade.to_be_bytes();
        let both = [
            set(party(1), &key, b"sold 5"),
            set(party(2), &key, b"bought 5"),
        ];
        state.apply(block(trade), &both).unwrap();
    }
    let root = state.root();
    for trade in 1..=200u64 {
        for (bank, side) in [(party(1), &b"sold 5"[..]), (party(2), b"bought 5")] {
            let key = trade.to_be_bytes();
            let proof = state.prove_inclusion(state.height(), bank, &key).unwrap();
            assert_eq!(proof.verify(&root, bank).unwrap(), (&key[..], side));
        }
    }
    assert!(
        state
            .prove_range(state.height(), Compartment::Public, &[], &[9])
            .is_none()
    );
}

/// Keys in rising order with a long shared prefix, the worst that a tree
/// shaped by keys could be given: climbs stay logarithmic.
#[test]
fn chosen_keys_make_no_deep_tree() {
    let key = |n: u16| [&[7; 500][..], &n.to_be_bytes()].concat();
    let rows: Vec<_> = (0..5_000)
        .map(|n| set(register(1), &key(n), b"v"))
        .collect();
    let state = played(&[rows]);
    for n in (0..5_000).step_by(37) {
        let proof = state
            .prove_inclusion(Height(1), register(1), &key(n))
            .unwrap();
        assert!(
            proof.climb.steps.len() < 5 * 13,
            "five times the depth of a balanced tree"
        );
    }
}
