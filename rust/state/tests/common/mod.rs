//! What every test of the state needs: keys, blocks, scripts of changes.
#![allow(dead_code, reason = "each test binary uses its part")]

use daicho_crypto::Secret;
use daicho_state::{
    AddressedEvent, BlockRef, KeyRing, State, naive::NaiveState, seal_changes, seal_events,
};
use daicho_types::codec::List;
use daicho_types::ledger::{Change, Compartment};
use daicho_types::result::ResultBody;
use daicho_types::{ConsensusTime, Digest, Epoch, Height, RowKey};
use proptest::prelude::*;

pub const CHAIN: Digest = Digest([7; 32]);
pub const GENESIS_TIME: ConsensusTime = ConsensusTime(1_000);

pub fn keys() -> KeyRing {
    KeyRing::from_epoch_secret(&Secret::new([42; 32]), Epoch(0))
}

pub fn state() -> State {
    State::new(keys(), CHAIN, GENESIS_TIME)
}

pub fn naive() -> NaiveState {
    NaiveState::new(keys(), CHAIN, GENESIS_TIME)
}

/// The block of a height: its time is a multiple of ten after genesis.
pub fn block(height: u64) -> BlockRef {
    let mut digest = [0xB1; 32];
    digest[..8].copy_from_slice(&height.to_le_bytes());
    BlockRef {
        height: Height(height),
        digest: Digest(digest),
        time: ConsensusTime(GENESIS_TIME.0 + height * 10),
    }
}

pub fn party(number: u8) -> Compartment {
    Compartment::Party([number; 16])
}

pub fn register(number: u8) -> Compartment {
    Compartment::Register([number; 16])
}

pub fn set(compartment: Compartment, key: &[u8], value: &[u8]) -> Change {
    Change {
        compartment,
        key: RowKey::new(key),
        value: Some(value.into()),
    }
}

pub fn unset(compartment: Compartment, key: &[u8]) -> Change {
    Change {
        compartment,
        key: RowKey::new(key),
        value: None,
    }
}

/// A result body with the sealed changes and events of a block.
pub fn body(at: &BlockRef, changes: &[Change], events: &[AddressedEvent]) -> ResultBody {
    let changes = seal_changes(&keys(), &at.digest, at.height, changes).unwrap();
    let events = seal_events(&keys(), &at.digest, at.height, events).unwrap();
    ResultBody {
        height: at.height,
        changes: List::new(changes).unwrap(),
        receipts: List::default(),
        events: List::new(events).unwrap(),
    }
}

/// Blocks 1, 2, … each with its changes.
pub type Script = Vec<Vec<Change>>;

/// Applies a script, block by block.
pub fn played(script: &[Vec<Change>]) -> State {
    let mut state = state();
    for (height, changes) in (1..).zip(script) {
        state.apply(block(height), changes).unwrap();
    }
    state
}

/// Few compartments and keys, so that rows are overwritten and removed often;
/// keys of mixed length with shared prefixes, so that order is worth testing.
pub fn scripts(blocks: usize, changes: usize) -> impl Strategy<Value = Script> {
    prop::collection::vec(block_changes(changes), 0..=blocks)
}

fn block_changes(count: usize) -> impl Strategy<Value = Vec<Change>> {
    let one = (
        0..22u8,
        prop::collection::vec(0..4u8, 0..4),
        any::<Option<u8>>(),
    );
    prop::collection::vec(one, 0..=count).prop_map(|drawn| {
        let mut rows = std::collections::BTreeMap::new();
        for (number, key, value) in drawn {
            let compartment = match number {
                0 => Compartment::Public,
                1 => Compartment::Administrator,
                number if number % 2 == 0 => party(number / 4),
                number => register(number / 2),
            };
            rows.insert((compartment, key), value);
        }
        let change = |((compartment, key), value): ((Compartment, Vec<u8>), Option<u8>)| Change {
            compartment,
            key: RowKey::new(&key),
            value: value.map(|byte| vec![byte; usize::from(byte % 5)].into()),
        };
        rows.into_iter().map(change).collect()
    })
}
