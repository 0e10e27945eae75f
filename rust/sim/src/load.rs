//! Clients: they send sealed transactions to one gateway after another until
//! each is final.

use std::collections::BTreeMap;

use daicho_crypto::{ClientSession, Origin, SigningKey, chain_id, seal_envelope, tx_id};
use daicho_types::codec::{Blob, Encode, List};
use daicho_types::envelope::{Call, GasClass};
use daicho_types::gateway::{Ask, Request, Submit, Wait};
use daicho_types::genesis::Genesis;
use daicho_types::{ConsensusTime, ContractId, Digest, Epoch};

use crate::dice::Dice;
use crate::setup::{CLIENT, START_US, client_key};

/// How long a client waits for a final receipt before it tries elsewhere.
const PATIENCE_US: u64 = 1_500_000;
/// Transactions live longer than any run.
const LIFETIME_US: u64 = 3_600_000_000;
/// How far sequences run ahead of the oldest open one: less than the replay
/// window.
const OPEN_MAX: u64 = 200;

/// Every client together.
#[derive(Debug)]
pub struct Load {
    key: SigningKey,
    session: ClientSession,
    sequence: u64,
    open: BTreeMap<Digest, Pending>,
    dice: Dice,
}

#[derive(Debug)]
struct Pending {
    bytes: Vec<u8>,
    sequence: u64,
    retry_at: u64,
}

impl Load {
    pub fn new(genesis: &Genesis, dice: Dice) -> Self {
        let session =
            ClientSession::open(&genesis.epoch_key, chain_id(genesis), Epoch(0), &[8; 32]);
        Self {
            key: client_key(),
            session: session.expect("the epoch's key is good"),
            sequence: 0,
            open: BTreeMap::new(),
            dice,
        }
    }

    /// A new transaction, if the oldest open one is not too old: the frame to send.
    pub fn submit(&mut self, now_us: u64) -> Option<Vec<u8>> {
        let oldest = self.open.values().map(|p| p.sequence).min();
        if oldest.is_some_and(|oldest| self.sequence >= oldest + OPEN_MAX) {
            return None;
        }
        let sequence = self.sequence;
        self.sequence += 1;
        let origin = Origin {
            sender: CLIENT,
            lane: 0,
            sequence,
            expiry: ConsensusTime(START_US + LIFETIME_US),
        };
        let call = Call {
            contract: ContractId(1),
            entry: 1,
            arguments: Blob::default(),
            cosignatures: List::default(),
        };
        let salt = self.dice.bytes16();
        let item = seal_envelope(
            &self.key,
            &self.session,
            &origin,
            GasClass::Small,
            salt,
            &call,
        )
        .expect("a small call");
        let bytes = item.to_bytes();
        let frame = request(sequence, &bytes);
        let pending = Pending {
            bytes,
            sequence,
            retry_at: now_us + PATIENCE_US,
        };
        self.open.insert(tx_id(&item), pending);
        Some(frame)
    }

    /// What has waited for too long: the frames to send again.
    pub fn retries(&mut self, now_us: u64) -> Vec<Vec<u8>> {
        let late = self.open.values_mut().filter(|p| p.retry_at <= now_us);
        late.map(|pending| {
            pending.retry_at = now_us + PATIENCE_US;
            request(0, &pending.bytes)
        })
        .collect()
    }

    /// A transaction is final.
    pub fn done(&mut self, tx_id: &Digest) {
        self.open.remove(tx_id);
    }

    /// Transactions that are not final yet.
    pub fn open(&self) -> usize {
        self.open.len()
    }
}

fn request(id: u64, item: &[u8]) -> Vec<u8> {
    let item = Blob::new(item.to_vec()).expect("items are bounded");
    let submit = Submit {
        wait: Wait::Final,
        items: List::new(vec![item]).expect("one"),
    };
    Request {
        id,
        ask: Ask::Submit(submit),
    }
    .to_bytes()
}
