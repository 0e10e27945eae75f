//! The circumstances that most tests share; what a test is about it says itself,
//! `TxContext { gas_limit, ..context::at(height, time) }`.

use daicho_execution::{MemoryLedger, Signer, TxContext};
use daicho_types::{ConsensusTime, Height};

/// A call of party `[1; 16]`, an administrator, that nobody co-signed, with gas to spare.
pub fn at(height: Height, time: ConsensusTime) -> TxContext {
    TxContext {
        sender: Signer {
            party: [1; 16],
            roles: 1,
        },
        alias: [1; 16],
        tx_id: [2; 32],
        cosigners: Vec::new(),
        lane: 0,
        sequence: 1,
        height,
        time,
        seed: [0; 32],
        gas_limit: 1_000_000,
    }
}

/// The same in the block after the ledger's last one, 10 µs later.
pub fn next_on(ledger: &MemoryLedger) -> TxContext {
    let time = ConsensusTime(ledger.time().0 + 10);
    at(ledger.height().next(), time)
}
