//! What a watched call touched: every compartment it asked of, whatever came of it.

mod common;

use std::collections::BTreeSet;

use common::asm;
use daicho_execution::{
    BlockExecutor, Call, Contracts, MemoryLedger, Outcome, Signer, TxContext, Watch,
};
use daicho_types::ledger::Compartment;
use daicho_types::{ConsensusTime, Height, roles};

const BOOKS: &str = "
type Row record n:Int
error 1000 BAD
table 1 books v1 (owner:Party n:Int) Row party:0
table 2 notes v1 (k:Int) Row public
fn nothing()
  end
fn look(Party)
  local.get 0
  push.int Int 1
  table.has books
  drop
  end
fn keep(Party)
  local.get 0
  push.int Int 1
  push.int Int 2
  record.new Row
  table.put books
  end
fn tried(Party)
  attempt
    local.get 0
    call keep
    fail BAD
  end
  drop
  end
fn fails(Party)
  local.get 0
  call keep
  fail BAD
  end
fn notes(Party)
  push.int Int 1
  table.has notes
  drop
  end
entry 1 nothing any
entry 2 look any
entry 3 keep any
entry 4 tried any
entry 5 fails any
entry 6 notes any
";

fn run(entry: u32, party: u8, watch: Watch) -> (Outcome, Watch) {
    let mut contracts = Contracts::new();
    contracts
        .deploy(7, &asm::assemble(BOOKS))
        .expect("it verifies");
    let ledger = MemoryLedger::new(ConsensusTime(0));
    let tx = TxContext {
        sender: Signer {
            party: [1; 16],
            roles: roles::MEMBER,
        },
        seed: [3; 32],
        gas_limit: 100_000,
        ..common::context::at(Height(1), ConsensusTime(1))
    };
    let arguments = if entry == 1 {
        Vec::new()
    } else {
        vec![party; 16]
    };
    let call = Call {
        contract: 7,
        entry,
        arguments,
    };
    let mut block = BlockExecutor::new(&contracts, &ledger);
    block.watch(watch);
    let outcome = block.execute(&tx, &call);
    let watch = block.take_watch().expect("it was on");
    (outcome, watch)
}

#[test]
fn a_compartment_is_touched_however_it_is_asked() {
    let party = |who| BTreeSet::from([Compartment::Party([who; 16])]);
    let expected = [
        (1, "OK", BTreeSet::new()),
        (2, "OK", party(5)),
        (3, "OK", party(5)),
        (4, "OK", party(5)),
        (5, "BAD", party(5)),
        (6, "OK", BTreeSet::from([Compartment::Public])),
    ];
    for (entry, code, touched) in expected {
        for lines_max in 0..4 {
            let (outcome, watch) = run(entry, 5, Watch::of_lines(lines_max));
            let (all, whole) = run(entry, 5, Watch::default());
            assert_eq!(outcome, all, "a watch changes nothing");
            let ran = whole.trace().len();
            assert_eq!(watch.trace(), &whole.trace()[..ran.min(lines_max)]);
            assert_eq!(watch.is_cut(), ran > lines_max);
            assert!(watch.visited().is_empty());
            let gas = |watch: &Watch| watch.gas(all.gas_used).1;
            assert_eq!(gas(&watch), gas(&whole)[..ran.min(lines_max)]);
            assert_eq!(watch.touched(), whole.touched());
        }
        let (outcome, watch) = run(entry, 5, Watch::default());
        assert_eq!((entry, &*outcome.name), (entry, code));
        assert_eq!(watch.touched(), &touched, "entry {entry}");
        let (before, gas) = watch.gas(outcome.gas_used);
        assert_eq!(gas.len(), watch.trace().len());
        assert_eq!(before + gas.iter().sum::<u64>(), outcome.gas_used);
    }
}
