//! Items of numbered senders, and a context that admission can ask: it knows
//! senders 0 to 15, a set of used sequences, and nothing else.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};

use daicho_admission::{Admitted, Context, Ordered, Origin};
use daicho_crypto::{Domain, SigningKey, envelope_payload, tx_id, witness_id};
use daicho_types::codec::{Blob, Decode, Encode};
use daicho_types::envelope::{
    ENVELOPE_VERSION, Envelope, EnvelopeHeader, GasClass, Item, SUITE_V1,
};
use daicho_types::{
    AgreementKey, Alias, ChainId, Code, ConsensusTime, Digest, Epoch, Monotonic, PublicKey,
    Signature,
};

pub const CHAIN: ChainId = Digest([4; 32]);
pub const NOW: Monotonic = Monotonic(100);
pub const TIME: ConsensusTime = ConsensusTime(1_000);
/// When items expire unless told otherwise.
pub const EXPIRY: ConsensusTime = ConsensusTime(2_000);

pub fn key(sender: u8) -> SigningKey {
    SigningKey::from_seed(&[sender; 32])
}

/// The encoded item of a sender, with a body of `bytes`.
pub fn encoded(sender: u8, sequence: u64, salt: u8, bytes: usize) -> Vec<u8> {
    expiring(sender, sequence, salt, bytes, EXPIRY)
}

pub fn expiring(
    sender: u8,
    sequence: u64,
    salt: u8,
    bytes: usize,
    expiry: ConsensusTime,
) -> Vec<u8> {
    let mut envelope = Envelope {
        header: EnvelopeHeader {
            version: ENVELOPE_VERSION,
            chain: CHAIN,
            suite: SUITE_V1,
            epoch: Epoch(0),
            sender: Alias([sender; 16]),
            lane: 0,
            sequence,
            expiry,
            gas_class: GasClass::Small,
            size_class: 0,
            salt: [salt; 16],
            enc: AgreementKey([8; 32]),
        },
        body: Blob::new(vec![9; bytes]).unwrap(),
        signature: Signature([0; 64]),
    };
    let payload = envelope_payload(&envelope);
    envelope.signature = key(sender).sign(Domain::SignTransaction, &CHAIN, &payload);
    Item::Sealed(envelope).to_bytes()
}

pub fn small(sender: u8, sequence: u64) -> Vec<u8> {
    encoded(sender, sequence, 0, 10)
}

/// What the pool needs to know of a committed item.
pub fn ordered(bytes: &[u8]) -> Ordered {
    let item = Item::from_bytes(bytes).unwrap();
    let tx_id = tx_id(&item);
    Ordered {
        tx_id,
        witness_id: witness_id(tx_id, item.signature()),
        origin: item.origin(),
    }
}

#[derive(Default)]
pub struct World {
    pub used: BTreeSet<Origin>,
    pub ahead: BTreeSet<Origin>,
    pub committed: BTreeSet<Digest>,
    pub keys: BTreeMap<Alias, PublicKey>,
}

impl World {
    pub fn new() -> Self {
        let keys = (0..16).map(|n| (Alias([n; 16]), key(n).public())).collect();
        Self {
            keys,
            ..Self::default()
        }
    }
}

impl Context for World {
    fn chain(&self) -> ChainId {
        CHAIN
    }

    fn key(&self, sender: Alias) -> Result<PublicKey, Code> {
        self.keys.get(&sender).copied().ok_or(Code::UnknownSender)
    }

    fn check(&self, item: &Admitted, time: ConsensusTime) -> Result<(), Code> {
        let origin = item.item.origin();
        if self.keys.get(&origin.0) != Some(&item.signer) {
            return Err(Code::Signature);
        }
        if item.item.expiry() < time {
            return Err(Code::Expired);
        }
        if self.used.contains(&origin) {
            return Err(Code::SequenceUsed);
        }
        match self.ahead.contains(&origin) {
            true => Err(Code::SequenceAhead),
            false => Ok(()),
        }
    }

    fn committed(&self, tx_id: &Digest) -> bool {
        self.committed.contains(tx_id)
    }
}
