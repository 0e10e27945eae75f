//! What a refusal says, and what it must not say.

mod common;

use std::collections::BTreeSet;

use common::{asm, literal};
use daicho_execution::{
    BlockExecutor, Call, Contracts, MemoryLedger, Outcome, Overlay, Signer, TxContext, Visibility,
    execute_call, run_query,
};
use daicho_types::ledger::Compartment;
use daicho_types::{ConsensusTime, Height, roles};

const SOURCE: &str = "
type Row record n:Int
type ORow optional Row
type Item record who:Party k:Int row:Row
type Items list Item 100
table 4 books v1 (who:Party k:Int) Row party:0 conserved 1 0
fn open(Party Int Int)
  local.get 1
  local.get 2
  table.issue books
  local.get 0
  local.get 1
  local.get 2
  record.new Row
  table.insert books
  end
fn leak(Party Int Int)
  local.get 0
  local.get 1
  local.get 2
  table.adjust books 0
  end
fn look(Party Int) -> Row
  local.get 0
  local.get 1
  table.get books
  end
fn find(Party Int) -> ORow
  local.get 0
  local.get 1
  table.find books ORow
  end
fn list(Party) -> Items
  local.get 0
  push.int Int 100
  table.scan books 1 0 Items -
  end
entry 1 open member signed_by 0
entry 2 leak member
query 1 look any
query 2 find any
query 3 list any
";

struct Fixture {
    contracts: Contracts,
    ledger: MemoryLedger,
}

fn arguments(party: &str, numbers: &[i128]) -> Vec<u8> {
    let mut bytes = literal::named::<16>(party).to_vec();
    numbers
        .iter()
        .for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes
}

fn context(party: &str, mask: u32) -> TxContext {
    TxContext {
        sender: Signer {
            party: literal::named(party),
            roles: mask,
        },
        gas_limit: 100_000,
        ..common::context::at(Height(1), ConsensusTime(10))
    }
}

impl Fixture {
    /// Bank A holds a row under key 1.
    fn new() -> Self {
        let mut contracts = Contracts::new();
        contracts
            .deploy(1, &asm::assemble(SOURCE))
            .expect("it verifies");
        let mut ledger = MemoryLedger::new(ConsensusTime(0));
        let mut block = BlockExecutor::new(&contracts, &ledger);
        let open = Call {
            contract: 1,
            entry: 1,
            arguments: arguments("@a", &[1, 500]),
        };
        assert_eq!(
            block.execute(&context("@a", roles::MEMBER), &open).name,
            "OK"
        );
        let changes = block.finish();
        ledger.commit(ConsensusTime(5), &changes);
        Self { contracts, ledger }
    }

    fn run(&self, tx: &TxContext, entry: u32, arguments: Vec<u8>) -> Outcome {
        let call = Call {
            contract: 1,
            entry,
            arguments,
        };
        execute_call(
            &self.contracts,
            &self.ledger,
            &Overlay::default(),
            tx,
            &call,
        )
    }

    fn ask(&self, holder: &str, query: u32, arguments: Vec<u8>) -> Outcome {
        let held = BTreeSet::from([Compartment::Party(literal::named(holder))]);
        let call = Call {
            contract: 1,
            entry: query,
            arguments,
        };
        let tx = context(holder, roles::MEMBER);
        run_query(
            &self.contracts,
            &self.ledger,
            &tx,
            &Visibility::Only(held),
            &call,
        )
    }
}

#[test]
fn missing_authority_says_what_is_required_and_given() {
    let fixture = Fixture::new();
    let reader = context("@a", roles::READER);
    let refused = fixture.run(&reader, 1, arguments("@a", &[2, 1]));
    let masks = [roles::MEMBER.to_le_bytes(), roles::READER.to_le_bytes()].concat();
    assert_eq!((&*refused.name, refused.result), ("ROLE", masks));
    let member = context("@a", roles::MEMBER);
    let refused = fixture.run(&member, 1, arguments("@b", &[2, 1]));
    let party = literal::named::<16>("@b").to_vec();
    assert_eq!((&*refused.name, refused.result), ("AUTHORITY", party));
}

#[test]
fn broken_conservation_names_the_group() {
    let refused = Fixture::new().run(&context("@a", roles::MEMBER), 2, arguments("@a", &[1, -7]));
    let mut details = 1_u32.to_le_bytes().to_vec();
    details.extend(4_u16.to_le_bytes());
    details.extend(16_u32.to_le_bytes());
    details.extend((1_u128 | 1 << 127).to_be_bytes());
    details.extend((-7_i128).to_le_bytes());
    details.extend(0_i128.to_le_bytes());
    assert_eq!((&*refused.name, refused.result), ("CONSERVATION", details));
    assert!(refused.changes.is_empty());
}

/// R71, "cash and securities together or not at all": whoever never held
/// anything is short, as somebody with too little is.
#[test]
fn a_debit_of_nothing_is_insufficient() {
    let fixture = Fixture::new();
    let member = context("@a", roles::MEMBER);
    for (key, delta, name) in [
        (1, -501, "INSUFFICIENT"),
        (2, -1, "INSUFFICIENT"),
        (2, 0, "MISSING"),
        (2, 1, "MISSING"),
    ] {
        let refused = fixture.run(&member, 2, arguments("@a", &[key, delta]));
        assert_eq!(refused.name, name, "{delta} on {key}");
    }
}

/// R100: "bankB queries bankA client → refused, and identical error for existing
/// and non-existing id" — the same code, gas, steps and place.
#[test]
fn a_row_of_another_looks_like_no_row() {
    let fixture = Fixture::new();
    for query in [1, 2] {
        let existing = fixture.ask("@b", query, arguments("@a", &[1]));
        let absent = fixture.ask("@b", query, arguments("@a", &[2]));
        assert_eq!(existing, absent);
    }
    assert_eq!(fixture.ask("@b", 1, arguments("@a", &[1])).name, "ACCESS");
    let nobody = fixture.ask("@b", 3, arguments("@c", &[]));
    assert_eq!(fixture.ask("@b", 3, arguments("@a", &[])), nobody);
    // The holder sees it.
    assert_eq!(fixture.ask("@a", 1, arguments("@a", &[1])).name, "OK");
    assert_eq!(fixture.ask("@a", 1, arguments("@a", &[2])).name, "ACCESS");
}
