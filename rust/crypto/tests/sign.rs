//! Ed25519 by ZIP-215: a batch accepts exactly what one by one accepts.

mod common;

use common::chain;
use daicho_crypto::{Check, Domain, SigningKey, verify, verify_batch};
use daicho_types::{Digest, PublicKey, Signature};
use proptest::prelude::*;

/// Every encoding of the eight points of small order, canonical or not: y, and
/// y + p where that fits 255 bits, each with both signs (ZIP-215, test vectors).
fn small_order_encodings() -> Vec<[u8; 32]> {
    let hex = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    let byte = |text: &str, at: usize| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap();
    hex.iter()
        .map(|text| core::array::from_fn(|at| byte(text, at)))
        .collect()
}

fn small_order_check(key: &[u8; 32], r: &[u8; 32]) -> Check {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    Check::new(
        PublicKey(*key),
        Domain::SignCommit,
        &chain(),
        b"any",
        Signature(signature),
    )
}

fn good_check(number: u8) -> Check {
    let key = SigningKey::from_seed(&[number; 32]);
    let signature = key.sign(Domain::SignCommit, &chain(), &[number]);
    Check::new(
        key.public(),
        Domain::SignCommit,
        &chain(),
        &[number],
        signature,
    )
}

fn forged_check(number: u8) -> Check {
    let key = SigningKey::from_seed(&[number; 32]);
    let signature = key.sign(Domain::SignCommit, &chain(), b"something else");
    Check::new(
        key.public(),
        Domain::SignCommit,
        &chain(),
        &[number],
        signature,
    )
}

/// ZIP-215 accepts all 196 pairs of small-order key and R with s = 0, for any
/// message, alone and in a batch with others.
#[test]
fn small_order_and_non_canonical_encodings_verify_alone_and_in_batches() {
    let encodings = small_order_encodings();
    let mut checks = Vec::new();
    for key in &encodings {
        for r in &encodings {
            let check = small_order_check(key, r);
            assert!(check.verify().is_ok());
            checks.push(check);
        }
    }
    assert_eq!(checks.len(), 196);
    assert!(verify_batch(&checks).iter().all(|good| *good));
    checks.insert(98, good_check(1));
    checks.insert(50, forged_check(2));
    let answers = verify_batch(&checks);
    let bad: Vec<_> = (0..answers.len())
        .filter(|place| !answers[*place])
        .collect();
    assert_eq!(bad, [50], "the forged one and no other");
}

/// s + L names the same scalar and is no signature: otherwise anybody could
/// give a transaction a second witness.
#[test]
fn a_signature_has_one_scalar() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let key = SigningKey::from_seed(&[1; 32]);
    let mut signature = key.sign(Domain::SignCommit, &chain(), b"payload");
    let check = |signature| {
        Check::new(
            key.public(),
            Domain::SignCommit,
            &chain(),
            b"payload",
            signature,
        )
    };
    assert!(check(signature).verify().is_ok());
    let mut carry = 0;
    for (byte, order) in signature.0[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xFF).unwrap();
        carry = sum >> 8;
    }
    let twice = [check(signature), good_check(3)];
    assert!(twice[0].verify().is_err());
    assert_eq!(verify_batch(&twice), [false, true]);
}

/// A key that is no point is refused, alone and in a batch, and nobody else
/// suffers.
#[test]
fn a_key_that_is_no_point_verifies_nothing() {
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    let check = small_order_check(&off_curve, &small_order_encodings()[0]);
    assert!(check.verify().is_err());
    assert_eq!(
        verify_batch(&[good_check(1), check, good_check(2)]),
        [true, false, true]
    );
}

#[test]
fn a_batch_names_every_forger() {
    for size in 0..=17u8 {
        for bad in 0..size {
            let check = |n| {
                if n == bad {
                    forged_check(n)
                } else {
                    good_check(n)
                }
            };
            let answers = verify_batch(&(0..size).map(check).collect::<Vec<_>>());
            let expected: Vec<_> = (0..size).map(|n| n != bad).collect();
            assert_eq!(answers, expected);
        }
    }
    assert_eq!(verify_batch(&[]), Vec::<bool>::new());
}

/// A signature speaks for one key, one meaning, one chain and one payload.
#[test]
fn a_signature_cannot_be_carried_elsewhere() {
    let key = SigningKey::from_seed(&[1; 32]);
    let signature = key.sign(Domain::SignCommit, &chain(), b"payload");
    let other = SigningKey::from_seed(&[2; 32]).public();
    let check = |key: &PublicKey, domain, chain: &Digest, payload: &[u8]| {
        verify(key, domain, chain, payload, &signature).is_ok()
    };
    assert!(check(
        &key.public(),
        Domain::SignCommit,
        &chain(),
        b"payload"
    ));
    assert!(!check(&other, Domain::SignCommit, &chain(), b"payload"));
    assert!(!check(
        &key.public(),
        Domain::SignPrepare,
        &chain(),
        b"payload"
    ));
    assert!(!check(
        &key.public(),
        Domain::SignCommit,
        &Digest([1; 32]),
        b"payload"
    ));
    assert!(!check(
        &key.public(),
        Domain::SignCommit,
        &chain(),
        b"payloae"
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is thrown together: the batch's answer is each one's own.
    #[test]
    fn a_batch_answers_as_one_by_one(
        drawn in prop::collection::vec((0..6u8, any::<u8>(), 0..64usize, 0..14usize), 0..24),
    ) {
        let encodings = small_order_encodings();
        let checks: Vec<_> = drawn.into_iter().map(|(kind, number, byte, other)| match kind {
            0 | 1 => good_check(number),
            2 => forged_check(number),
            3 => small_order_check(&encodings[other], &encodings[byte % 14]),
            4 => {
                let key = SigningKey::from_seed(&[number; 32]);
                let mut signature = key.sign(Domain::SignCommit, &chain(), b"m");
                signature.0[byte] ^= 1 << (number % 8);
                Check::new(key.public(), Domain::SignCommit, &chain(), b"m", signature)
            }
            _ => {
                let mut noise = [number; 64];
                noise[byte] = 0x0F;
                let key = PublicKey(core::array::from_fn(|at| noise[at]));
                Check::new(key, Domain::SignCommit, &chain(), b"m", Signature(noise))
            }
        }).collect();
        let single: Vec<_> = checks.iter().map(|check| check.verify().is_ok()).collect();
        prop_assert_eq!(verify_batch(&checks), single);
    }
}
