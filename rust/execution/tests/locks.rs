//! Locks against a naive model: whatever is locked, released and unlocked, under
//! right and wrong names, in right and wrong amounts, undone or not, wherever
//! blocks end, a locked amount is the sum of its lock rows, and every answer is
//! the model's.

mod common;

use std::collections::BTreeMap;

use common::asm;
use daicho_execution::{BlockExecutor, Call, Contracts, MemoryLedger, Outcome, TxContext};
use daicho_types::ConsensusTime;
use proptest::prelude::*;

const SOURCE: &str = "
type Row record free:I16 kept:I16
type O optional I16
error 1000 BAD
table 1 book v1 (who:U8) Row public conserved 0 0 1 locks 1:2
fn open(U8)
  local.get 0
  push.int I16 0
  push.int I16 0
  record.new Row
  table.insert book
  local.get 0
  push.int I16 100
  table.issue book
  local.get 0
  push.int I16 100
  table.adjust book 0
  end
fn lock(U8 I16 Hash)
  local.get 0
  local.get 1
  local.get 2
  table.lock book 1
  local.get 0
  local.get 1
  neg I16
  table.adjust book 0
  end
fn unlock(U8 Hash) -> I16 locals I16
  local.get 0
  local.get 1
  table.unlock book 1
  local.set 2
  local.get 0
  local.get 2
  table.adjust book 0
  local.get 2
  end
fn part(U8 I16 Hash)
  local.get 0
  local.get 1
  local.get 2
  table.unlock_part book 1
  local.get 0
  local.get 1
  table.adjust book 0
  end
fn locked(U8 Hash) -> O
  local.get 0
  local.get 1
  table.locked book 1 O
  end
# All three, and undone.
fn undone(U8 I16 Hash) -> Int
  attempt
    local.get 0
    local.get 1
    local.get 2
    call lock
    local.get 0
    push.int I16 1
    local.get 2
    call part
    local.get 0
    local.get 2
    call unlock
    drop
    fail BAD
  end
  end
entry 1 open any
entry 2 lock any
entry 3 unlock any
entry 4 part any
entry 5 locked any
entry 6 undone any
";

#[derive(Clone, Debug)]
enum Step {
    Lock(u8, i16, u8),
    Unlock(u8, u8),
    Part(u8, i16, u8),
    Locked(u8, u8),
    Undone(u8, i16, u8),
    Block,
}

fn step() -> impl Strategy<Value = Step> {
    let (who, amount, name) = (|| 0..2_u8, || -1..60_i16, || 0..3_u8);
    prop_oneof![
        6 => (who(), amount(), name()).prop_map(|(w, a, n)| Step::Lock(w, a, n)),
        3 => (who(), name()).prop_map(|(w, n)| Step::Unlock(w, n)),
        4 => (who(), amount(), name()).prop_map(|(w, a, n)| Step::Part(w, a, n)),
        2 => (who(), name()).prop_map(|(w, n)| Step::Locked(w, n)),
        2 => (who(), amount(), name()).prop_map(|(w, a, n)| Step::Undone(w, a, n)),
        2 => Just(Step::Block),
    ]
}

/// (owner, lock) → amount. What is free is 100 less their sum.
type Model = BTreeMap<(u8, u8), i16>;

fn free(model: &Model, who: u8) -> i16 {
    let own = model.iter().filter(|((owner, _), _)| *owner == who);
    100 - own.map(|(_, amount)| amount).sum::<i16>()
}

fn lock(model: &mut Model, who: u8, amount: i16, name: u8) -> &'static str {
    match amount {
        ..=0 => "DOMAIN",
        _ if model.contains_key(&(who, name)) => "EXISTS",
        _ if amount > free(model, who) => "INSUFFICIENT",
        _ => {
            model.insert((who, name), amount);
            "OK"
        }
    }
}

fn release(model: &mut Model, who: u8, amount: i16, name: u8) -> &'static str {
    match (amount, model.get(&(who, name)).copied()) {
        (..=0, _) => "DOMAIN",
        (_, None) => "MISSING",
        (_, Some(held)) if amount > held => "INSUFFICIENT",
        (_, Some(held)) => {
            model.insert((who, name), held - amount);
            model.retain(|_, amount| *amount > 0);
            "OK"
        }
    }
}

struct Chain {
    contracts: Contracts,
    ledger: MemoryLedger,
    open: Vec<Call>,
    model: Model,
}

impl Chain {
    fn new() -> Self {
        let mut contracts = Contracts::new();
        contracts
            .deploy(1, &asm::assemble(SOURCE))
            .expect("it verifies");
        let mut chain = Self {
            contracts,
            ledger: MemoryLedger::new(ConsensusTime(10)),
            open: Vec::new(),
            model: Model::new(),
        };
        for who in 0..2 {
            assert_eq!(chain.run(1, vec![who]).name, "OK");
        }
        chain
    }

    fn context(&self) -> TxContext {
        common::context::next_on(&self.ledger)
    }

    fn run(&mut self, entry: u32, arguments: Vec<u8>) -> Outcome {
        self.open.push(Call {
            contract: 1,
            entry,
            arguments,
        });
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let context = self.context();
        let outcomes = self.open.iter().map(|call| block.execute(&context, call));
        outcomes.last().expect("just added")
    }

    fn close(&mut self) {
        let context = self.context();
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        for call in std::mem::take(&mut self.open) {
            block.execute(&context, &call);
        }
        let changes = block.finish();
        self.ledger.commit(context.time, &changes);
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Lock(who, amount, name) => {
                let expected = lock(&mut self.model, who, amount, name);
                let outcome = self.run(2, arguments(who, Some(amount), name));
                assert_eq!(outcome.name, expected, "{step:?}");
            }
            Step::Unlock(who, name) => {
                let held = self.model.remove(&(who, name));
                let outcome = self.run(3, arguments(who, None, name));
                let expected = held.map_or("MISSING", |_| "OK");
                assert_eq!(outcome.name, expected, "{step:?}");
                let amount = held.map_or(Vec::new(), |held| held.to_le_bytes().to_vec());
                assert_eq!(outcome.result, amount, "{step:?}");
            }
            Step::Part(who, amount, name) => {
                let expected = release(&mut self.model, who, amount, name);
                let outcome = self.run(4, arguments(who, Some(amount), name));
                assert_eq!(outcome.name, expected, "{step:?}");
            }
            Step::Locked(who, name) => {
                let outcome = self.run(5, arguments(who, None, name));
                let held = self.model.get(&(who, name));
                let some = |held: &i16| [&[1], held.to_le_bytes().as_slice()].concat();
                assert_eq!(outcome.result, held.map_or(vec![0], some), "{step:?}");
            }
            Step::Undone(who, amount, name) => {
                assert_eq!(self.run(6, arguments(who, Some(amount), name)).name, "OK");
            }
            Step::Block => self.close(),
        }
    }

    /// Every row of the state, as the model says: nothing is left behind.
    fn check(&self) {
        let mut expected = BTreeMap::new();
        for who in 0..2 {
            let free = free(&self.model, who);
            let amounts = [free.to_le_bytes(), (100 - free).to_le_bytes()].concat();
            expected.insert(vec![0, 0, 0, 1, 0, 1, who], [vec![1, 0], amounts].concat());
        }
        for ((who, name), amount) in &self.model {
            let key = [vec![0, 0, 0, 1, 0, 2, *who], vec![*name; 32]].concat();
            let row = [&[1, 0], i128::from(*amount).to_le_bytes().as_slice()].concat();
            expected.insert(key, row);
        }
        let rows = self.ledger.rows();
        let found: BTreeMap<_, _> = rows
            .map(|(_, key, row)| (key.to_vec(), row.to_vec()))
            .collect();
        assert_eq!(found, expected);
    }
}

fn arguments(who: u8, amount: Option<i16>, name: u8) -> Vec<u8> {
    let mut out = vec![who];
    out.extend(amount.map(i16::to_le_bytes).into_iter().flatten());
    out.extend([name; 32]);
    out
}

/// Gas v1 is consensus: these figures change only with the schedule's version.
#[test]
fn prices_are_frozen() {
    let mut chain = Chain::new();
    let figures = [
        // Entry and 35 argument bytes; the lock row written, 39 + 18 bytes; the
        // row read, 6 bytes, and written, 7 + 6 bytes, by lock and by adjust.
        (2, arguments(0, Some(9), 1), 1_009 + 515 + 2 * (1 + 504) + 9),
        // 33 argument bytes; the lock row read, nothing but its 39 bytes of a key
        // written; the row as before; 2 bytes of result.
        (3, arguments(0, None, 1), 1_009 + 3 + 510 + 2 * 505 + 1 + 9),
        // No lock: a read of nothing.
        (5, arguments(0, None, 1), 1_009 + 200 + 1 + 4),
        (2, arguments(0, Some(9), 1), 2_543),
        // A part: the lock row read and written.
        (4, arguments(0, Some(4), 1), 1_009 + 3 + 515 + 2 * 505 + 8),
        (5, arguments(0, None, 1), 1_009 + 203 + 1 + 4),
    ];
    for (entry, arguments, gas) in figures {
        let outcome = chain.run(entry, arguments);
        assert_eq!((&*outcome.name, outcome.gas_used), ("OK", gas), "{entry}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_locked_amount_is_the_sum_of_its_locks(steps in prop::collection::vec(step(), 1..60)) {
        let mut chain = Chain::new();
        steps.iter().for_each(|step| chain.step(step));
        chain.close();
        chain.check();
    }
}
