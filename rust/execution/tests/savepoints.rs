//! An attempt that fails is as if it had never run: whatever random things are
//! done inside, nested, in calls and across contracts, the outcome is that of the
//! same program with the failed blocks taken out — but for gas and steps.

mod common;

use common::asm;
use daicho_execution::{
    BlockExecutor, BlockInfo, Call, Contracts, MemoryLedger, Outcome, Status, TIMER_GAS, TxContext,
};
use daicho_types::ledger::{Change, Compartment};
use daicho_types::{ConsensusTime, Height};
use proptest::prelude::*;

/// Something a contract does.
#[derive(Clone, Debug)]
enum Deed {
    Put(u8, u8),
    Delete(u8),
    Emit(u8),
    Issue(u8),
    Redeem(u8),
    Mint(u8),
    Timer(u8),
    Local(u8),
    Push(u8),
    Call(u8),
    Far(u8),
    Attempt(Vec<Deed>, End),
}

/// How an attempt's block ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Well,
    Fail,
    Divide,
    Missing,
    FailInCall,
    FailFar,
}

fn deed() -> impl Strategy<Value = Deed> {
    let leaf = prop_oneof![
        9 => (0..8_u8, any::<u8>()).prop_map(|(k, n)| Deed::Put(k, n)),
        6 => (0..8_u8).prop_map(Deed::Delete),
        6 => any::<u8>().prop_map(Deed::Emit),
        1 => (1..9_u8).prop_map(Deed::Issue),
        1 => (1..9_u8).prop_map(Deed::Redeem),
        6 => (1..9_u8).prop_map(Deed::Mint),
        6 => any::<u8>().prop_map(Deed::Timer),
        6 => any::<u8>().prop_map(Deed::Local),
        6 => any::<u8>().prop_map(Deed::Push),
        6 => (0..8_u8).prop_map(Deed::Call),
        6 => (0..8_u8).prop_map(Deed::Far),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        let end = prop_oneof![
            2 => Just(End::Well),
            1 => Just(End::Fail),
            1 => Just(End::Divide),
            1 => Just(End::Missing),
            1 => Just(End::FailInCall),
            1 => Just(End::FailFar),
        ];
        (prop::collection::vec(inner, 0..8), end).prop_map(|(deeds, end)| Deed::Attempt(deeds, end))
    })
}

/// The code of `deeds`; `kept` leaves the failed blocks out, with their code.
fn write(deeds: &[Deed], kept: bool, out: &mut String) {
    for deed in deeds {
        let lines = match deed {
            Deed::Put(k, n) => format!(
                "push.int Int {k}; push.int Int {n}; push.int Int {}; record.new Row; table.put rows",
                n % 4
            ),
            Deed::Delete(k) => format!("push.int Int {k}; table.delete rows"),
            Deed::Emit(n) => format!("push.int Int {n}; record.new Ev; emit Ev"),
            Deed::Issue(n) => format!("push.int Int 1; push.int Int {n}; table.issue sums"),
            Deed::Redeem(n) => format!("push.int Int 1; push.int Int {n}; table.redeem sums"),
            Deed::Mint(n) => format!(
                "push.int Int 1; push.int Int {n}; table.issue sums; push.int Int 1; \
                 push.int Int {n}; table.adjust sums 0"
            ),
            Deed::Timer(n) => {
                format!("push.int Int {n}; push.int Timestamp 90{n}; timer.set tick; drop")
            }
            Deed::Local(n) => format!("local.get 1; push.int Int {n}; add Int; local.set 1"),
            Deed::Push(n) => format!("local.take 2; push.int Int {n}; list.push L; local.set 2"),
            Deed::Call(k) => format!("push.int Int {k}; push.bool 0; call touch"),
            Deed::Far(k) => format!("push.int Int {k}; push.bool 0; call_import far"),
            Deed::Attempt(inner, end) => {
                attempt(inner, *end, kept, out);
                continue;
            }
        };
        for line in lines.split(';') {
            out.push_str(&format!("  {}\n", line.trim()));
        }
    }
}

fn attempt(inner: &[Deed], end: End, kept: bool, out: &mut String) {
    let (code, lines) = match end {
        End::Well => (0, ""),
        End::Fail => (1_000, "fail BAD"),
        End::Divide => (3, "push.int Int 1; push.int Int 0; floordiv Int; drop"),
        End::Missing => (12, "push.int Int 77; table.get rows; drop"),
        End::FailInCall => (1_000, "push.int Int 5; push.bool 1; call touch"),
        End::FailFar => (2_000, "push.int Int 5; push.bool 1; call_import far"),
    };
    if kept && end != End::Well {
        out.push_str(&format!("  push.int Int {code}\n"));
    } else {
        out.push_str("  attempt\n");
        write(inner, kept, out);
        for line in lines.split(';').filter(|line| !line.is_empty()) {
            out.push_str(&format!("  {}\n", line.trim()));
        }
        out.push_str("  end\n");
    }
    // The code is part of what the function gives back.
    out.push_str("  local.get 1\n  push.int Int 3\n  mul Int\n  add Int\n");
    out.push_str("  push.int Int 1000003\n  mod Int\n  local.set 1\n");
}

const HEAD: &str = "
type Row record n:Int c:Int
type Ev record n:Int
type Money record n:Int
type L list Int 9999
type Given record n:Int l:L
error 1000 BAD
event 1 Ev Ev public
table 1 rows v1 (k:Int) Row public
table 2 sums v1 (asset:Int) Money public conserved 0 0
index 3 by_c rows field:1
import far 2 1 (Int Bool)
fn touch(Int Bool)
  local.get 0
  push.int Int 300
  push.int Int 3
  record.new Row
  table.put rows
  local.get 1
  if -
    fail BAD
  end
  end
fn tick(Int)
  end
fn seed()
  push.int Int 1
  push.int Int 100
  table.issue sums
  push.int Int 1
  push.int Int 100
  record.new Money
  table.put sums
  end
fn main() -> Given locals Int Int L
  push.int Int 0
  local.set 0
  push.int Int 1
  local.set 1
  list.new L 0
  local.set 2
";
const TAIL: &str = "
  local.get 1
  local.get 2
  record.new Given
  end
entry 1 main any
entry 2 seed any
scheduled 1 tick 0 0 0
";
const FAR: &str = "
type Row record n:Int
type Ev record n:Int
error 2000 FAR Int
event 1 Ev Ev public
table 1 rows v1 (k:Int) Row public
fn far(Int Bool)
  local.get 0
  local.get 0
  record.new Row
  table.put rows
  local.get 0
  record.new Ev
  emit Ev
  local.get 1
  if -
    local.get 0
    fail FAR
  end
  end
export 1 far
";

fn context(gas_limit: u64) -> TxContext {
    TxContext {
        gas_limit,
        ..common::context::at(Height(2), ConsensusTime(20))
    }
}

fn call(entry: u32) -> Call {
    Call {
        contract: 1,
        entry,
        arguments: Vec::new(),
    }
}

/// What the program comes to on a ledger where asset 1 has a sum of 100.
fn ran(deeds: &[Deed], kept: bool) -> (Outcome, Vec<Change>) {
    let mut source = HEAD.to_owned();
    write(deeds, kept, &mut source);
    source.push_str(TAIL);
    let mut contracts = Contracts::new();
    contracts
        .deploy(1, &asm::assemble(&source))
        .expect("it verifies");
    contracts
        .deploy(2, &asm::assemble(FAR))
        .expect("it verifies");
    let mut ledger = MemoryLedger::new(ConsensusTime(0));
    let mut block = BlockExecutor::new(&contracts, &ledger);
    assert_eq!(block.execute(&context(1_000_000), &call(2)).name, "OK");
    let changes = block.finish();
    ledger.commit(ConsensusTime(10), &changes);
    let mut block = BlockExecutor::new(&contracts, &ledger);
    let info = BlockInfo {
        height: Height(2),
        time: ConsensusTime(20),
        seed: [0; 32],
    };
    assert!(block.prologue(&info, &[], TIMER_GAS).is_empty());
    let outcome = block.execute(&context(50_000_000), &call(1));
    (outcome, block.finish())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// R26: a failure reverts everything, and nothing but, what its block did.
    #[test]
    fn a_failed_attempt_leaves_no_trace(deeds in prop::collection::vec(deed(), 0..12)) {
        let (tried, tried_changes) = ran(&deeds, false);
        let (kept, kept_changes) = ran(&deeds, true);
        prop_assert_eq!(&tried.name, &kept.name, "at {:?}", tried.site);
        prop_assert_eq!(&tried.result, &kept.result);
        prop_assert_eq!(&tried.events, &kept.events);
        prop_assert_eq!(&tried.changes, &kept.changes);
        prop_assert_eq!(tried_changes, kept_changes);
        prop_assert!(tried.steps >= kept.steps);
    }
}

/// The property above is not about programs that all fail.
#[test]
fn enough_of_the_programs_succeed() {
    let mint = [Deed::Mint(3), Deed::Put(1, 2), Deed::Timer(4)];
    let deeds = [
        Deed::Attempt(mint.to_vec(), End::FailFar),
        Deed::Attempt(mint.to_vec(), End::Well),
    ];
    let (outcome, changes) = ran(&deeds, false);
    assert_eq!((outcome.status, &*outcome.name), (Status::Ok, "OK"));
    // The row, its index entry, the sum, the timer: once.
    assert_eq!(changes.len(), 4);
    let timers = changes
        .iter()
        .filter(|change| change.compartment == Compartment::Administrator);
    assert_eq!(timers.count(), 1);
}
