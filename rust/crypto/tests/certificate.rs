//! Certificates: a quorum of distinct members, in order, for one chain.

mod common;

use common::{chain, commit, executors, genesis, result, statement, validators};
use daicho_crypto::{BadCertificate, Domain, Electorate};
use daicho_types::block::CommitCertificate;
use daicho_types::codec::List;
use daicho_types::{Digest, Height, ReplicaId, View};

const BLOCK: Digest = Digest([5; 32]);

fn check(signers: &[u8]) -> Result<(), BadCertificate> {
    validators().check_commit(&commit(&chain(), BLOCK, signers))
}

#[test]
fn quorums_follow_the_number_of_nodes() {
    assert_eq!((validators().size(), validators().quorum()), (4, 3));
    assert_eq!((executors().size(), executors().quorum()), (3, 2));
    let faults: Vec<_> = (0..=10).map(Electorate::faults).collect();
    assert_eq!(faults, [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
    for n in 4..=40 {
        let mut genesis = genesis();
        let node = genesis.nodes[0].clone();
        genesis.nodes = List::new(vec![node; n]).unwrap();
        let (f, q) = (
            Electorate::faults(n),
            Electorate::validators(&genesis).quorum(),
        );
        assert!(2 * q - n > f, "two quorums share an honest node at {n}");
        assert!(q <= n - f, "a quorum is alive at {n}");
    }
}

#[test]
fn a_quorum_in_rising_order_certifies() {
    for signers in [&[0, 1, 2][..], &[0, 1, 3], &[1, 2, 3], &[0, 1, 2, 3]] {
        assert_eq!(check(signers), Ok(()));
    }
}

#[test]
fn too_few_twice_out_of_order_or_foreign_do_not() {
    let too_few = |have| Err(BadCertificate::TooFew { have, need: 3 });
    assert_eq!(check(&[]), too_few(0));
    assert_eq!(check(&[0, 1]), too_few(2));
    let signer = |n| Err(BadCertificate::Signer(ReplicaId(n)));
    assert_eq!(check(&[0, 1, 1]), signer(1));
    assert_eq!(check(&[0, 0, 0]), signer(0));
    assert_eq!(check(&[0, 2, 1]), signer(1));
    assert_eq!(
        check(&[0, 1, 4]),
        signer(4),
        "a node that does not validate"
    );
    assert_eq!(check(&[0, 1, 9]), signer(9), "nobody's number");
}

#[test]
fn a_bad_signature_is_named() {
    let signature = |n| Err(BadCertificate::Signature(ReplicaId(n)));
    for place in 0..3 {
        let mut certificate = commit(&chain(), BLOCK, &[0, 1, 2]);
        let mut signatures = certificate.signatures.into_inner();
        signatures[place].signature.0[7] ^= 1;
        certificate.signatures = List::new(signatures).unwrap();
        let named = u16::try_from(place).unwrap();
        assert_eq!(validators().check_commit(&certificate), signature(named));
    }
    let mut exchanged = commit(&chain(), BLOCK, &[0, 1, 2]);
    let mut signatures = exchanged.signatures.into_inner();
    signatures[1].replica = ReplicaId(2);
    signatures[2].replica = ReplicaId(3);
    exchanged.signatures = List::new(signatures).unwrap();
    assert_eq!(
        validators().check_commit(&exchanged),
        signature(2),
        "under another's name"
    );
}

/// What was signed is (chain, COMMIT, view, height, block): none may differ.
#[test]
fn a_certificate_is_of_one_chain_view_height_and_block() {
    let bad = Err(BadCertificate::Signature(ReplicaId(0)));
    let other_chain = commit(&Digest([1; 32]), BLOCK, &[0, 1, 2]);
    assert_eq!(validators().check_commit(&other_chain), bad);
    let edits: [fn(&mut CommitCertificate); 3] = [
        |c| c.view = View(9),
        |c| c.height = Height(9),
        |c| c.block = Digest([9; 32]),
    ];
    for edit in edits {
        let mut certificate = commit(&chain(), BLOCK, &[0, 1, 2]);
        edit(&mut certificate);
        assert_eq!(validators().check_commit(&certificate), bad);
    }
    let certificate = commit(&chain(), BLOCK, &[0, 1, 2]);
    let payload = daicho_crypto::commit_payload(View(2), Height(3), BLOCK);
    let as_prepare =
        validators().check_signatures(Domain::SignPrepare, &payload, &certificate.signatures);
    assert_eq!(as_prepare, bad, "a COMMIT is no PREPARE");
}

#[test]
fn results_are_certified_by_a_majority_of_the_executors() {
    let statement = statement(BLOCK, Digest([2; 32]));
    let check = |signers: &[u8]| executors().check_result(&result(&chain(), &statement, signers));
    for signers in [&[0, 1][..], &[0, 2], &[1, 2], &[0, 1, 2]] {
        assert_eq!(check(signers), Ok(()));
    }
    assert_eq!(
        check(&[1]),
        Err(BadCertificate::TooFew { have: 1, need: 2 })
    );
    assert_eq!(check(&[1, 1]), Err(BadCertificate::Signer(ReplicaId(1))));
    assert_eq!(check(&[0, 3]), Err(BadCertificate::Signer(ReplicaId(3))));
    let mut other = result(&chain(), &statement, &[0, 1]);
    other.statement.state_root = Digest([99; 32]);
    let bad = Err(BadCertificate::Signature(ReplicaId(0)));
    assert_eq!(executors().check_result(&other), bad);
    let foreign = result(&Digest([1; 32]), &statement, &[0, 1]);
    assert_eq!(executors().check_result(&foreign), bad);
}
