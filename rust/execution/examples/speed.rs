//! What the machine takes by itself: an instruction of a plain loop, and a simple
//! transfer (two legs of `table.adjust`, conserved) on a table of 100,000 rows in
//! memory. Medians over rounds, in one process:
//! `cargo run --release -p daicho-execution --example speed`.
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock; what it runs does not see it"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::asm;
use daicho_execution::{
    Call, Contracts, MemoryLedger, Overlay, Signer, TxContext, contract_party, execute_call,
};
use daicho_types::ledger::{Change, Compartment, StateView};
use daicho_types::limits::GAS_LIMIT_LARGE;
use daicho_types::{ConsensusTime, Height};

const ROWS: u32 = 100_000;
const ROUNDS: usize = 9;
const TRANSFERS: u32 = 20_000;

const SOURCE: &str = "
type Row record n:Int
table 1 money v1 (asset:U32 who:Account) Row public conserved 0 0
fn sum(Int) -> Int locals Int Int
  push.int Int 0
  local.set 1
  push.int Int 0
  local.set 2
  block -
    loop
      local.get 1
      local.get 0
      ge Int
      br_if 1
      local.get 2
      local.get 1
      add Int
      local.set 2
      local.get 1
      push.int Int 1
      add Int
      local.set 1
      br 0
    end
  end
  local.get 2
  end
fn transfer(Account Account Int)
  push.int U32 1
  local.get 0
  local.get 2
  neg Int
  table.adjust money 0
  push.int U32 1
  local.get 1
  local.get 2
  table.adjust money 0
  end
entry 1 sum any
entry 2 transfer any
";

fn account(number: u32) -> [u8; 16] {
    contract_party(number)
}

fn context(gas_limit: u64) -> TxContext {
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
        height: Height(2),
        time: ConsensusTime(20),
        seed: [0; 32],
        gas_limit,
    }
}

fn ledger() -> MemoryLedger {
    let mut ledger = MemoryLedger::new(ConsensusTime(0));
    let row = |number: u32| Change {
        compartment: Compartment::Public,
        key: [&[0, 0, 0, 1, 0, 1, 0, 0, 0, 1], &account(number)[..]].concat(),
        value: Some([&[1, 0], &1_000_000_i128.to_le_bytes()[..]].concat()),
    };
    let rows: Vec<Change> = (0..ROWS).map(row).collect();
    ledger.commit(ConsensusTime(10), &rows);
    ledger
}

/// Nanoseconds of one unit of `work`, which says how many units it did: the median
/// of the rounds and the least.
fn measure(mut work: impl FnMut() -> u64) -> String {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let units = work();
        times.push(start.elapsed().as_nanos() as f64 / units as f64);
    }
    times.sort_by(f64::total_cmp);
    format!("{:.1} ns (least {:.1})", times[ROUNDS / 2], times[0])
}

fn main() {
    let mut contracts = Contracts::new();
    contracts
        .deploy(1, &asm::assemble(SOURCE))
        .expect("it verifies");
    let ledger = ledger();
    let block = Overlay::default();
    let call = |entry, arguments| Call {
        contract: 1,
        entry,
        arguments,
    };

    let sum = call(1, 300_000_i128.to_le_bytes().to_vec());
    let step = measure(|| {
        let outcome = execute_call(&contracts, &ledger, &block, &context(GAS_LIMIT_LARGE), &sum);
        assert_eq!(outcome.name, "OK");
        outcome.steps
    });
    println!("instruction of a loop: {step}");

    let transfers: Vec<Call> = (0..TRANSFERS)
        .map(|number| {
            let (from, to) = (number * 7 % ROWS, (number * 13 + 1) % ROWS);
            let parties = [account(from), account(to)].concat();
            call(2, [&parties[..], &5_i128.to_le_bytes()].concat())
        })
        .collect();
    let tx = context(500_000);
    let transfer = measure(|| {
        for call in &transfers {
            let outcome = execute_call(&contracts, &ledger, &block, &tx, call);
            assert_eq!(outcome.changes.len(), 2, "{}", outcome.name);
        }
        transfers.len() as u64
    });
    println!("transfer on {ROWS} rows: {transfer}");

    let places: Vec<(Vec<u8>, Vec<u8>)> = transfers
        .iter()
        .map(|call| {
            let key = |party: &[u8]| [&[0, 0, 0, 1, 0, 1, 0, 0, 0, 1], party].concat();
            (key(&call.arguments[..16]), key(&call.arguments[16..32]))
        })
        .collect();
    let store = measure(|| {
        for (from, to) in &places {
            let row = |key: &[u8]| ledger.get(Compartment::Public, key);
            assert!(row(from).is_some() && row(to).is_some());
        }
        places.len() as u64
    });
    println!("of which the two reads of that store: {store}");
}
