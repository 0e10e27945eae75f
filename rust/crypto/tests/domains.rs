//! Domains and the constructions on them, frozen: changing one is another
//! protocol. When that is meant, the lines these tests print replace the old.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;

use common::{chain, genesis};
use daicho_crypto::{
    Domain, SealKeyPair, Secret, SigningKey, block_digest, derive, epoch_keys, hash, merkle_root,
    open_session, receipts_root, seal_once, session_info, validator_set, witness_id,
};
use daicho_types::codec::Blob;
use daicho_types::result::SealedReceipt;
use daicho_types::{Digest, Epoch};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn constructions() -> Vec<(&'static str, String)> {
    let leaves: Vec<_> = (0..5).map(|n| Digest([n; 32])).collect();
    let key = Secret::new([1; 32]);
    let pair = SealKeyPair::from_seed(&[2; 32]);
    let info = session_info(&Digest([3; 32]), Epoch(4));
    let (enc, session) = open_session(&pair.public(), &info, &[5; 32]).unwrap();
    let signed = SigningKey::from_seed(&[6; 32]).sign(Domain::SignCommit, &chain(), b"payload");
    let receipt = SealedReceipt {
        sealed: Blob::new(vec![7; 9]).unwrap(),
        control_code: 8,
    };
    vec![
        ("hash", hash(Domain::State, &[b"a", b"bc"]).to_string()),
        (
            "derive",
            hex(&derive(Domain::ChunkKey, &[1; 32], &[b"a", b"bc"])),
        ),
        ("chain_id", chain().to_string()),
        ("validator_set", validator_set(&genesis()).to_string()),
        (
            "block_digest",
            block_digest(&common::header(&leaves)).to_string(),
        ),
        ("witness_id", witness_id(leaves[1], &signed).to_string()),
        ("merkle_root", merkle_root(&leaves).to_string()),
        (
            "receipts_root",
            receipts_root(&[receipt.clone(), receipt]).to_string(),
        ),
        ("signature", signed.to_string()),
        ("hpke_public", pair.public().to_string()),
        ("hpke_enc", enc.to_string()),
        ("hpke_session", hex(session.expose())),
        ("epoch_key", epoch_keys(&key, Epoch(9)).public().to_string()),
        ("sealed", hex(&seal_once(&key, b"associated", b"plaintext"))),
    ]
}

#[test]
fn domains_and_constructions_are_the_frozen_ones() {
    let mut found = String::new();
    for domain in Domain::ALL {
        writeln!(found, "{domain:?} = {}", domain.context()).unwrap();
    }
    for (name, value) in constructions() {
        writeln!(found, "{name}: {value}").unwrap();
    }
    let frozen = include_str!("frozen.txt");
    assert!(
        found == frozen,
        "frozen values changed; now they are:\n{found}"
    );
}

#[test]
fn no_two_domains_share_a_context() {
    let contexts: BTreeSet<_> = Domain::ALL.iter().map(|domain| domain.context()).collect();
    assert_eq!(contexts.len(), Domain::ALL.len());
    let digests: BTreeSet<_> = Domain::ALL
        .iter()
        .map(|domain| hash(*domain, &[b"x"]))
        .collect();
    assert_eq!(digests.len(), Domain::ALL.len());
}

/// Digests and keys are BLAKE3's `derive_key` mode as published, for every
/// domain: what another implementation would compute.
#[test]
fn every_domain_is_plain_blake3() {
    let framed = [&1u64.to_le_bytes()[..], b"x"].concat();
    for domain in Domain::ALL {
        let digest = blake3::derive_key(domain.context(), &framed);
        assert_eq!(hash(*domain, &[b"x"]).0, digest, "{domain:?}");
        let branch = blake3::derive_key(domain.context(), &[7; 32]);
        let key = blake3::keyed_hash(&branch, &framed);
        assert_eq!(
            derive(*domain, &[7; 32], &[b"x"]),
            *key.as_bytes(),
            "{domain:?}"
        );
    }
}

/// Moving a byte from one part to the next is another digest and another key.
#[test]
fn parts_do_not_run_together() {
    let splits: [&[&[u8]]; 5] = [
        &[b"abc"],
        &[b"ab", b"c"],
        &[b"a", b"bc"],
        &[b"abc", b""],
        &[],
    ];
    let digests: BTreeSet<_> = splits
        .iter()
        .map(|parts| hash(Domain::State, parts))
        .collect();
    assert_eq!(digests.len(), splits.len());
    let keys = splits
        .iter()
        .map(|parts| derive(Domain::State, &[1; 32], parts));
    assert_eq!(keys.collect::<BTreeSet<_>>().len(), splits.len());
}
