//! Reads through the overlays against a plain map: whatever is written, removed
//! and scanned, and wherever blocks end, a contract sees the same rows.

mod common;

use std::collections::BTreeMap;

use common::asm;
use daicho_execution::{BlockExecutor, Call, Contracts, MemoryLedger, Outcome, TxContext};
use daicho_types::ledger::StateView;
use daicho_types::{ConsensusTime, Height};
use proptest::prelude::*;

const SOURCE: &str = "
type Row record n:U8
type ORow optional Row
type Item record k:I8 row:Row
type Items list Item 300
type Cursor record k:I8
type OCursor optional Cursor
table 7 rows v1 (k:I8) Row public
fn put(I8 U8)
  local.get 0
  local.get 1
  record.new Row
  table.put rows
  end
fn delete(I8)
  local.get 0
  table.delete rows
  end
fn scan(I8 I8 OCursor Int) -> Items
  local.get 0
  local.get 1
  local.get 2
  local.get 3
  table.scan rows 0 7 Items OCursor
  end
fn put_scan(I8 U8) -> Items
  local.get 0
  local.get 1
  call put
  push.int I8 5
  call delete
  push.int Int 300
  table.scan rows 0 0 Items -
  end
fn past(Timestamp) -> Items
  local.get 0
  push.int Int 300
  table.scan rows 0 8 Items -
  end
entry 1 put any
entry 2 delete any
entry 3 scan any
entry 4 put_scan any
entry 5 past any
";

#[derive(Clone, Debug)]
enum Step {
    Put(i8, u8),
    Delete(i8),
    Scan(i8, i8, Option<i8>, u8),
    PutScan(i8, u8),
    Past(u8),
    Block,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || -20..20_i8;
    prop_oneof![
        6 => (key(), any::<u8>()).prop_map(|(k, n)| Step::Put(k, n)),
        4 => key().prop_map(Step::Delete),
        3 => (key(), key(), prop::option::of(key()), 0..9_u8)
            .prop_map(|(lo, hi, after, limit)| Step::Scan(lo, hi, after, limit)),
        1 => (key(), any::<u8>()).prop_map(|(k, n)| Step::PutScan(k, n)),
        2 => any::<u8>().prop_map(Step::Past),
        2 => Just(Step::Block),
    ]
}

type Model = BTreeMap<i8, u8>;

fn listed<'a>(rows: impl Iterator<Item = (&'a i8, &'a u8)>) -> Vec<u8> {
    let rows: Vec<_> = rows.collect();
    let mut bytes = (rows.len() as u32).to_le_bytes().to_vec();
    rows.into_iter()
        .for_each(|(k, n)| bytes.extend([k.cast_unsigned(), *n]));
    bytes
}

fn call(entry: u32, arguments: Vec<u8>) -> Call {
    Call {
        contract: 1,
        entry,
        arguments,
    }
}

struct Chain {
    contracts: Contracts,
    ledger: MemoryLedger,
    /// Calls of the open block.
    open: Vec<Call>,
    model: Model,
    /// The model after each height.
    past: Vec<Model>,
}

impl Chain {
    fn new() -> Self {
        let mut contracts = Contracts::new();
        contracts
            .deploy(1, &asm::assemble(SOURCE))
            .expect("it verifies");
        let ledger = MemoryLedger::new(ConsensusTime(10));
        Self {
            contracts,
            ledger,
            open: Vec::new(),
            model: Model::new(),
            past: vec![Model::new()],
        }
    }

    fn context(&self) -> TxContext {
        common::context::next_on(&self.ledger)
    }

    fn run(&mut self, next: Call) -> Outcome {
        self.open.push(next);
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let outcomes: Vec<_> = self
            .open
            .iter()
            .map(|call| block.execute(&self.context(), call))
            .collect();
        let last = outcomes.into_iter().next_back().expect("just added");
        assert_eq!(last.name, "OK", "at {:?}", last.site);
        last
    }

    fn close(&mut self) {
        let context = self.context();
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        for call in std::mem::take(&mut self.open) {
            block.execute(&context, &call);
        }
        let changes = block.finish();
        assert!(changes.is_sorted_by_key(|change| (change.compartment, change.key.clone())));
        self.ledger.commit(context.time, &changes);
        self.past.push(self.model.clone());
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Put(k, n) => {
                self.model.insert(k, n);
                self.run(call(1, vec![k.cast_unsigned(), n]));
            }
            Step::Delete(k) => {
                self.model.remove(&k);
                self.run(call(2, vec![k.cast_unsigned()]));
            }
            Step::Scan(lo, hi, after, limit) => self.scan(lo, hi, after, limit),
            Step::PutScan(k, n) => {
                self.model.insert(k, n);
                self.model.remove(&5);
                let found = self.run(call(4, vec![k.cast_unsigned(), n])).result;
                assert_eq!(found, listed(self.model.iter()));
            }
            Step::Past(when) => self.past(when),
            Step::Block => self.close(),
        }
    }

    fn scan(&mut self, lo: i8, hi: i8, after: Option<i8>, limit: u8) {
        let mut arguments = vec![lo.cast_unsigned(), hi.cast_unsigned()];
        match after {
            Some(after) => arguments.extend([1, after.cast_unsigned()]),
            None => arguments.push(0),
        }
        arguments.extend(i128::from(limit).to_le_bytes());
        let found = self.run(call(3, arguments)).result;
        let inside = |k: &i8| lo <= *k && *k < hi && after.is_none_or(|after| *k > after);
        let expected = self
            .model
            .iter()
            .filter(|(k, _)| inside(k))
            .take(limit.into());
        assert_eq!(found, listed(expected));
    }

    fn past(&mut self, when: u8) {
        let time = u64::from(when) % self.context().time.0;
        let found = self.run(call(5, time.to_le_bytes().to_vec())).result;
        // Height h has time 10·(h+1).
        let empty = Model::new();
        let expected = match time / 10 {
            0 => &empty,
            blocks => &self.past[blocks as usize - 1],
        };
        assert_eq!(found, listed(expected.iter()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_contract_reads_what_a_plain_map_holds(steps in prop::collection::vec(step(), 1..60)) {
        let mut chain = Chain::new();
        steps.iter().for_each(|step| chain.step(step));
        chain.close();
        prop_assert_eq!(chain.ledger.rows().count(), chain.model.len());
        prop_assert_eq!(chain.ledger.height(), Height(chain.past.len() as u64 - 1));
        prop_assert_eq!(chain.ledger.height_at(ConsensusTime(9)), None);
    }
}
