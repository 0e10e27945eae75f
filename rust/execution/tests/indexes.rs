//! An index against a naive full scan: whatever is written, moved, removed and
//! undone, wherever blocks end, a scan over the index gives the rows that a filter
//! and a sort of all rows give, now and as of every past block; and no entry is
//! left behind.

mod common;

use std::collections::BTreeMap;

use common::asm;
use daicho_execution::{BlockExecutor, Call, Contracts, MemoryLedger, Outcome, TxContext};
use daicho_types::ConsensusTime;
use proptest::prelude::*;

const SOURCE: &str = "
type Row record a:I8 b:I8
type Item record h:Party k:I8 row:Row
type Items list Item 400
type Rest record b:I8 h:Party k:I8
type After optional Rest
error 1000 BAD
table 1 rows v1 (h:Party k:I8) Row party:0
index 2 by_ab rows key:0 field:0 field:1
index 3 by_b rows field:1 key:0
fn put(Party I8 I8 I8)
  local.get 0
  local.get 1
  local.get 2
  local.get 3
  record.new Row
  table.put rows
  end
fn delete(Party I8)
  local.get 0
  local.get 1
  table.delete rows
  end
fn undone(Party I8 I8 I8)
  attempt
    local.get 0
    local.get 1
    local.get 2
    local.get 3
    call put
    local.get 0
    local.get 2
    call delete
    fail BAD
  end
  drop
  end
fn all(Party) -> Items
  local.get 0
  push.int Int 400
  index.scan by_ab 1 0 Items -
  end
fn of(Party I8 I8 I8 After Int) -> Items
  local.get 0
  local.get 1
  local.get 2
  local.get 3
  local.get 4
  local.get 5
  index.scan by_ab 2 7 Items After
  end
fn past(Party Timestamp) -> Items
  local.get 0
  local.get 1
  push.int Int 400
  index.scan by_ab 1 8 Items -
  end
entry 1 put any
entry 2 delete any
entry 3 undone any
entry 4 all any
entry 5 of any
entry 6 past any
";

#[derive(Clone, Debug)]
enum Step {
    Put(u8, i8, i8, i8),
    Delete(u8, i8),
    Undone(u8, i8, i8, i8),
    All(u8),
    Of(u8, i8, i8, i8, Option<(i8, i8)>, u8),
    Past(u8, u8),
    Block,
}

fn step() -> impl Strategy<Value = Step> {
    let (h, k, v) = (|| 0..3_u8, || -6..6_i8, || -2..2_i8);
    prop_oneof![
        8 => (h(), k(), v(), v()).prop_map(|(h, k, a, b)| Step::Put(h, k, a, b)),
        3 => (h(), k()).prop_map(|(h, k)| Step::Delete(h, k)),
        2 => (h(), k(), v(), v()).prop_map(|(h, k, a, b)| Step::Undone(h, k, a, b)),
        2 => h().prop_map(Step::All),
        3 => (h(), v(), v(), v(), prop::option::of((v(), k())), 0..9_u8)
            .prop_map(|(h, a, lo, hi, after, limit)| Step::Of(h, a, lo, hi, after, limit)),
        2 => (h(), any::<u8>()).prop_map(|(h, when)| Step::Past(h, when)),
        2 => Just(Step::Block),
    ]
}

/// (holder, key) → (a, b).
type Model = BTreeMap<(u8, i8), (i8, i8)>;

struct Chain {
    contracts: Contracts,
    ledger: MemoryLedger,
    open: Vec<Call>,
    model: Model,
    past: Vec<Model>,
}

impl Chain {
    fn new() -> Self {
        let mut contracts = Contracts::new();
        contracts
            .deploy(1, &asm::assemble(SOURCE))
            .expect("it verifies");
        Self {
            contracts,
            ledger: MemoryLedger::new(ConsensusTime(10)),
            open: Vec::new(),
            model: Model::new(),
            past: vec![Model::new()],
        }
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
        let last = outcomes.last().expect("just added");
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
        self.ledger.commit(context.time, &changes);
        self.past.push(self.model.clone());
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Put(h, k, a, b) => {
                self.model.insert((h, k), (a, b));
                self.run(1, bytes(h, &[k, a, b]));
            }
            Step::Delete(h, k) => {
                self.model.remove(&(h, k));
                self.run(2, bytes(h, &[k]));
            }
            Step::Undone(h, k, a, b) => {
                self.run(3, bytes(h, &[k, a, b]));
            }
            Step::All(h) => {
                let found = self.run(4, bytes(h, &[])).result;
                assert_eq!(found, listed(&naive(&self.model, h)));
            }
            Step::Of(h, a, lo, hi, after, limit) => self.of(h, a, (lo, hi), after, limit),
            Step::Past(h, when) => self.past(h, when),
            Step::Block => self.close(),
        }
    }

    fn of(&mut self, h: u8, a: i8, (lo, hi): (i8, i8), after: Option<(i8, i8)>, limit: u8) {
        let mut arguments = bytes(h, &[a, lo, hi]);
        match after {
            None => arguments.push(0),
            Some((b, k)) => {
                arguments.extend([1, b.cast_unsigned()]);
                arguments.extend([h; 16]);
                arguments.push(k.cast_unsigned());
            }
        }
        arguments.extend(i128::from(limit).to_le_bytes());
        let found = self.run(5, arguments).result;
        let mut expected = naive(&self.model, h);
        expected.retain(|row| row.a == a && lo <= row.b && row.b < hi);
        expected.retain(|row| after.is_none_or(|after| (row.b, row.k) > after));
        expected.truncate(limit.into());
        assert_eq!(found, listed(&expected));
    }

    fn past(&mut self, h: u8, when: u8) {
        let time = u64::from(when) % self.context().time.0;
        let mut arguments = bytes(h, &[]);
        arguments.extend(time.to_le_bytes());
        let found = self.run(6, arguments).result;
        let empty = Model::new();
        let model = match time / 10 {
            0 => &empty,
            blocks => &self.past[blocks as usize - 1],
        };
        assert_eq!(found, listed(&naive(model, h)));
    }
}

fn bytes(h: u8, numbers: &[i8]) -> Vec<u8> {
    let mut out = vec![h; 16];
    out.extend(numbers.iter().map(|number| number.cast_unsigned()));
    out
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    a: i8,
    b: i8,
    k: i8,
    h: u8,
}

/// All rows of a holder, filtered and sorted.
fn naive(model: &Model, holder: u8) -> Vec<Row> {
    let of = model.iter().filter(|((h, _), _)| *h == holder);
    let mut rows: Vec<Row> = of
        .map(|((h, k), (a, b))| Row {
            a: *a,
            b: *b,
            k: *k,
            h: *h,
        })
        .collect();
    rows.sort();
    rows
}

fn listed(rows: &[Row]) -> Vec<u8> {
    let mut out = (rows.len() as u32).to_le_bytes().to_vec();
    for row in rows {
        out.extend([row.h; 16]);
        out.extend([row.k, row.a, row.b].map(i8::cast_unsigned));
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_index_is_a_filter_and_a_sort(steps in prop::collection::vec(step(), 1..60)) {
        let mut chain = Chain::new();
        steps.iter().for_each(|step| chain.step(step));
        for holder in 0..3 {
            chain.step(&Step::All(holder));
        }
        chain.close();
        // One row and one entry in each of two indexes, and nothing besides.
        prop_assert_eq!(chain.ledger.rows().count(), 3 * chain.model.len());
    }
}
