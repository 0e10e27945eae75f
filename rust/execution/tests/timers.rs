//! Timers against their law: due ones run in the order of their keys, as far as
//! the budget goes, once; what is left waits; a cursor goes on in the next block;
//! the wake-up is the least due time pending; a replay comes to the same.

mod common;

use std::collections::BTreeSet;

use common::asm;
use daicho_execution::{
    BlockExecutor, BlockInfo, Call, Contracts, MemoryLedger, TimerOutcome, TxContext,
    contract_party,
};
use daicho_types::ConsensusTime;
use daicho_types::ledger::Change;
use daicho_types::limits::{GAS_LIMIT_MEDIUM, GAS_LIMIT_SMALL};
use proptest::prelude::*;

const SOURCE: &str = "
type O optional Int
type Row record n:Int
error 1000 BAD
table 1 counts v1 (k:Int) Row public
fn count(Int)
  local.get 0
  local.get 0
  table.has counts
  if Int
    local.get 0
    table.get counts
    record.get Row 0
  else
    push.int Int 0
  end
  push.int Int 1
  add Int
  record.new Row
  table.put counts
  end
fn once(Int)
  local.get 0
  call count
  end
fn fails(Int)
  local.get 0
  call count
  fail BAD
  end
fn down(Int O) -> O
  local.get 0
  call count
  local.get 1
  unwrap O
  push.int Int 0
  le Int
  if O
    none O
  else
    local.get 1
    unwrap O
    push.int Int 1
    sub Int
    some O
  end
  end
fn again(Int)
  push.int Int 7
  ctx.time
  timer.set once
  drop
  end
fn set_once(Timestamp)
  push.int Int 1
  local.get 0
  timer.set once
  drop
  end
fn set_fails(Timestamp)
  push.int Int 2
  local.get 0
  timer.set fails
  drop
  end
fn set_down(Timestamp)
  push.int Int 3
  push.int Int 2
  some O
  local.get 0
  timer.set down
  drop
  end
fn set_again(Timestamp)
  push.int Int 4
  local.get 0
  timer.set again
  drop
  end
fn counted(Int) -> Row
  local.get 0
  table.get counts
  end
entry 0 set_once any
entry 1 set_fails any
entry 2 set_down any
entry 3 set_again any
entry 9 counted any
scheduled 0 once 9 0 0
scheduled 1 fails 4 1 0
scheduled 2 down 6 0 1
scheduled 3 again 2 0 0
";

/// Timers set in a block (which function, how long ahead), how long until the
/// next block, and what its timers may use.
type Step = (Vec<(u8, u8)>, u8, u64);

fn step() -> impl Strategy<Value = Step> {
    let set = prop::collection::vec((0..4_u8, 0..60_u8), 0..6);
    let budget = prop_oneof![
        Just(0),
        Just(GAS_LIMIT_SMALL),
        Just(GAS_LIMIT_SMALL + 4_000),
        Just(GAS_LIMIT_MEDIUM),
        Just(10 * GAS_LIMIT_MEDIUM)
    ];
    (set, 1..40_u8, budget)
}

struct Chain {
    contracts: Contracts,
    ledger: MemoryLedger,
    sequence: u64,
}

/// What a block came to.
type Ran = (Vec<TimerOutcome>, ConsensusTime, Vec<Change>);

impl Chain {
    fn new() -> Self {
        let mut contracts = Contracts::new();
        contracts
            .deploy(1, &asm::assemble(SOURCE))
            .expect("it verifies");
        Self {
            contracts,
            ledger: MemoryLedger::new(ConsensusTime(1_000)),
            sequence: 0,
        }
    }

    fn context(&self, info: &BlockInfo, sequence: u64) -> TxContext {
        let mut tx_id = [0; 32];
        tx_id[..8].copy_from_slice(&sequence.to_le_bytes());
        TxContext {
            tx_id,
            sequence,
            seed: info.seed,
            gas_limit: 100_000,
            ..common::context::at(info.height, info.time)
        }
    }

    fn info(&self, later: u8) -> BlockInfo {
        BlockInfo {
            height: self.ledger.height().next(),
            time: ConsensusTime(self.ledger.time().0 + u64::from(later)),
            seed: [3; 32],
        }
    }

    fn run(&self, info: &BlockInfo, sets: &[(u8, u8)], budget: u64) -> Ran {
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let timers = block.prologue(info, &[], budget);
        for (number, (kind, ahead)) in (0..).zip(sets) {
            let due = info.time.0 + u64::from(*ahead) - 20;
            let call = Call {
                contract: 1,
                entry: (*kind).into(),
                arguments: due.to_le_bytes().to_vec(),
            };
            let outcome = block.execute(&self.context(info, self.sequence + number), &call);
            assert_eq!(outcome.name, "OK");
        }
        (timers, block.next_wakeup(), block.finish())
    }

    /// Ids of the pending timers, from the rows themselves.
    fn pending(&self) -> BTreeSet<[u8; 32]> {
        let timers = self
            .ledger
            .rows()
            .filter(|(_, key, _)| key.starts_with(&[0, 0, 0, 0, 0, 1]));
        timers
            .map(|(_, key, _)| *key.last_chunk().expect("an id"))
            .collect()
    }

    fn counted(&self, which: i128) -> i128 {
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let call = Call {
            contract: 1,
            entry: 9,
            arguments: which.to_le_bytes().to_vec(),
        };
        let outcome = block.execute(&self.context(&self.info(1), 0), &call);
        let result: Option<[u8; 16]> = outcome.result.try_into().ok();
        result.map_or(0, i128::from_le_bytes)
    }

    fn step(&mut self, (sets, later, budget): &Step) -> Vec<TimerOutcome> {
        let info = self.info(*later);
        let before = self.pending();
        let ran = self.run(&info, sets, *budget);
        assert_eq!(ran, self.run(&info, sets, *budget), "a replay agrees");
        let (timers, wakeup, changes) = ran;
        self.ledger.commit(info.time, &changes);
        self.sequence += sets.len() as u64;
        check_order(&before, &timers, info.time, *budget);

        let after = self.pending();
        let gone = timers.iter().filter(|timer| !timer.again);
        let mut expected = before;
        for timer in gone {
            assert!(expected.remove(&timer.timer), "only what was pending runs");
        }
        // Each `again` that ran has set one more.
        let set = sets.len() + timers.iter().filter(|timer| timer.scheduled == 3).count();
        assert!(after.is_superset(&expected));
        assert_eq!(after.len(), expected.len() + set);
        let least = after.first().map_or(0, due);
        assert_eq!(wakeup.0, least);
        timers
    }
}

fn due(id: &[u8; 32]) -> u64 {
    u64::from_be_bytes(id[..8].try_into().expect("eight bytes"))
}

/// In the order of the keys, from the first on, and none left that would fit.
fn check_order(
    before: &BTreeSet<[u8; 32]>,
    ran: &[TimerOutcome],
    now: ConsensusTime,
    mut budget: u64,
) {
    let mut due_now = before.iter().filter(|id| due(id) <= now.0);
    let limit = |priority: u8| match priority {
        4 => GAS_LIMIT_MEDIUM,
        _ => GAS_LIMIT_SMALL,
    };
    for timer in ran {
        let id = due_now.next().expect("only what is due runs");
        assert_eq!(*id, timer.timer);
        assert!(limit(id[8]) <= budget);
        budget -= timer.outcome.gas_used;
        let failed = timer.scheduled == 1;
        assert_eq!(timer.outcome.name, if failed { "BAD" } else { "OK" });
        assert!(!failed || timer.outcome.changes.is_empty());
    }
    if let Some(id) = due_now.next() {
        assert!(limit(id[8]) > budget, "the next one would have fitted");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn timers_run_in_order_once_and_carry_over(steps in prop::collection::vec(step(), 1..25)) {
        let mut chain = Chain::new();
        let (mut once, mut down) = (0, 0);
        for step in &steps {
            for timer in chain.step(step) {
                once += i128::from(timer.scheduled == 0);
                down += i128::from(timer.scheduled == 2);
            }
        }
        // What ran has left its mark; what failed has not.
        prop_assert_eq!(chain.counted(1) + chain.counted(7), once);
        prop_assert_eq!(chain.counted(2), 0);
        prop_assert_eq!(chain.counted(3), down);
        // With time and gas everything comes to its end.
        for _ in 0..5 {
            chain.step(&(Vec::new(), 100, u64::MAX));
        }
        prop_assert!(chain.pending().is_empty());
    }
}

#[test]
fn a_contracts_party_is_its_own() {
    assert_ne!(contract_party(1), contract_party(2));
    assert_eq!(
        contract_party(7)[..],
        blake3::derive_key("daicho v1 contract party", &[7, 0, 0, 0])[..16]
    );
}
