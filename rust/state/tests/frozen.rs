//! The tree, the chunks, the journal, the snapshot and the proofs, frozen by
//! the hashes of one small ledger: a root that changes by accident would fork
//! the chain. When a change is meant, it is a new version, and the lines that
//! this test prints replace the old.

mod common;

use std::fmt::Write;

use common::{block, body, keys, party, played, register, set, unset};
use daicho_crypto::Secret;
use daicho_state::{AddressedEvent, ChunkKind, Record, encode_record};
use daicho_types::codec::{Blob, Encode};
use daicho_types::ledger::Compartment;
use daicho_types::result::Event;
use daicho_types::{ContractId, Height};

fn hashed(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[test]
fn roots_and_formats_are_the_frozen_ones() {
    let script = [
        vec![
            set(register(1), b"alice", b"60"),
            set(register(1), b"bob", b"40"),
            set(party(1), b"alice", b"60"),
            set(Compartment::Public, b"rule", b""),
        ],
        vec![
            unset(register(1), b"bob"),
            set(register(1), b"carol", b"40"),
        ],
    ];
    let event = AddressedEvent {
        addressee: party(1).to_bytes(),
        index: 7,
        event: Event {
            contract: ContractId(1),
            kind: 2,
            data: Blob::new(b"moved".to_vec()).unwrap(),
        },
    };
    let state = played(&script);
    let pending = state
        .compute(block(3), &[set(party(2), b"k", b"v")])
        .unwrap();
    let record = Record::of(&pending, b"attached".to_vec());
    let (at, ck) = (Height(2), keys().compartment(register(1)));
    let inclusion = state.prove_inclusion(at, register(1), b"alice").unwrap();
    let range = state.prove_range(at, register(1), b"b", b"d").unwrap();
    let absence = state.prove_absence(at, register(9)).unwrap();
    let roots = (0..=2).map(|height| state.root_at(Height(height)).unwrap().to_string());
    let values = [
        (
            "body",
            hashed(&body(&block(1), &script[0], &[event]).to_bytes()),
        ),
        (
            "record",
            hashed(&encode_record(&Secret::new([1; 32]), &record).unwrap()),
        ),
        ("snapshot", hashed(&state.snapshot())),
        ("inclusion", hashed(&inclusion.to_bytes())),
        ("range", hashed(&range.to_bytes())),
        ("absence", hashed(&absence.to_bytes())),
        ("compartment_key", hashed(ck.secret().expose())),
        ("tag", hashed(&ck.tag())),
        ("chunk_tag", hashed(&ck.chunk_tag(at, ChunkKind::Events, 0))),
        ("seed", hashed(&keys().seed(at))),
    ];
    let mut found = String::new();
    for (height, root) in roots.enumerate() {
        writeln!(found, "root_{height} {root}").unwrap();
    }
    for (name, value) in values {
        writeln!(found, "{name} {value}").unwrap();
    }
    let frozen = include_str!("frozen.txt");
    assert!(
        found == frozen,
        "frozen values changed; now they are:\n{found}"
    );
}
