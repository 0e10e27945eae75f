//! What the machine takes by itself: an instruction of a plain loop, and a simple
//! transfer on a table of 100,000 rows in memory. A transfer is all that a block
//! does for one: the payer's role and signature, the amount, two legs of
//! `table.adjust` on balances of two fields, conservation, and the changes left in
//! the block for the next. Medians over rounds, in one process:
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
    BlockExecutor, Call, Contracts, MemoryLedger, Overlay, Signer, TxContext, contract_party,
    execute_call,
};
use daicho_types::ledger::{Change, Compartment, StateView};
use daicho_types::limits::{GAS_LIMIT_LARGE, GAS_LIMIT_SMALL};
use daicho_types::{ConsensusTime, Height, RowKey, roles};

const ROWS: u32 = 100_000;
const ROUNDS: usize = 9;
const TRANSFERS: u32 = 20_000;
/// Transfers of one block.
const BLOCK: u32 = 500;

const SOURCE: &str = "
type Balance record available:Int earmarked:Int
error 1000 AMOUNT
table 1 money v1 (asset:U32 who:Party) Balance public conserved 0 0 1
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
fn transfer(Party Party Int)
  local.get 2
  push.int Int 0
  gt Int
  require AMOUNT
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
entry 2 transfer member signed_by 0
";

fn context(party: [u8; 16], gas_limit: u64) -> TxContext {
    TxContext {
        sender: Signer {
            party,
            roles: roles::MEMBER,
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

/// The state key of a party's balance.
fn place(party: &[u8]) -> RowKey {
    RowKey::new(&[&[0, 0, 0, 1, 0, 1, 0, 0, 0, 1], party].concat())
}

fn ledger() -> MemoryLedger {
    let mut ledger = MemoryLedger::new(ConsensusTime(0));
    let balance = [1_000_000_i128.to_le_bytes(), [0; 16]].concat();
    let row = |number: u32| Change {
        compartment: Compartment::Public,
        key: place(&contract_party(number)),
        value: Some([&[1, 0], &balance[..]].concat().into()),
    };
    let rows: Vec<Change> = (0..ROWS).map(row).collect();
    ledger.commit(ConsensusTime(10), &rows);
    ledger
}

/// A transfer by its payer.
fn transfer(number: u32) -> (TxContext, Call) {
    let (from, to) = (number * 7 % ROWS, (number * 13 + 1) % ROWS);
    let (payer, payee) = (contract_party(from), contract_party(to));
    let parties = [payer, payee].concat();
    let call = Call {
        contract: 1,
        entry: 2,
        arguments: [&parties[..], &5_i128.to_le_bytes()].concat(),
    };
    (context(payer, GAS_LIMIT_SMALL), call)
}

/// The median of the rounds and the least, each in nanoseconds of one unit.
fn report(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    format!("{:.1} ns (least {:.1})", times[times.len() / 2], times[0])
}

/// Nanoseconds that `work` takes for each unit; it says how many units it did.
fn time(work: impl FnOnce() -> u64) -> f64 {
    let start = Instant::now();
    let units = work();
    start.elapsed().as_nanos() as f64 / units as f64
}

/// Runs blocks of transfers one after the other; the time of a transfer. The calls
/// of a block are there before it runs, as where a node has just opened it.
#[inline(never)] // apart in a profile
fn transfers(contracts: &Contracts, ledger: &MemoryLedger) -> f64 {
    let mut times = Vec::new();
    for first in (0..TRANSFERS).step_by(BLOCK as usize) {
        let block: Vec<(TxContext, Call)> = (first..first + BLOCK).map(transfer).collect();
        times.push(time(|| {
            let mut executor = BlockExecutor::new(contracts, ledger);
            for (tx, call) in &block {
                let outcome = executor.execute(tx, call);
                assert_eq!(outcome.changes.len(), 2, "{}", outcome.name);
            }
            BLOCK.into()
        }));
    }
    times.iter().sum::<f64>() / times.len() as f64
}

/// What the two reads of a transfer take of that, from the store alone.
fn reads(ledger: &MemoryLedger) -> f64 {
    let places: Vec<[RowKey; 2]> = (0..TRANSFERS)
        .map(|number| transfer(number).1)
        .map(|call| [0, 16].map(|at| place(&call.arguments[at..at + 16])))
        .collect();
    time(|| {
        for key in places.iter().flatten() {
            assert!(ledger.get(Compartment::Public, key).is_some());
        }
        TRANSFERS.into()
    })
}

fn rounds(measured: impl FnMut() -> f64) -> String {
    report(std::iter::repeat_with(measured).take(ROUNDS).collect())
}

fn main() {
    let mut contracts = Contracts::new();
    contracts
        .deploy(1, &asm::assemble(SOURCE))
        .expect("it verifies");
    let ledger = ledger();

    let sum = Call {
        contract: 1,
        entry: 1,
        arguments: 300_000_i128.to_le_bytes().to_vec(),
    };
    let (tx, block) = (context([1; 16], GAS_LIMIT_LARGE), Overlay::default());
    let step = rounds(|| {
        time(|| {
            let outcome = execute_call(&contracts, &ledger, &block, &tx, &sum);
            assert_eq!(outcome.name, "OK");
            outcome.steps
        })
    });
    println!("instruction of a loop: {step}");
    let each = rounds(|| transfers(&contracts, &ledger));
    println!("transfer on {ROWS} rows: {each}");
    let store = rounds(|| reads(&ledger));
    println!("of which the two reads of that store: {store}");
}
