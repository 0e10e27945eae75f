//! Gas, steps and bounds: a contract that never ends, recurses, or allocates
//! without bound stops at the same step everywhere and harms nobody else.

mod common;

use common::{asm, literal};
use daicho_execution::{
    BlockExecutor, Call, Contracts, MemoryLedger, Outcome, Overlay, Signer, Status, TxContext,
    execute_call, gas,
};
use daicho_types::limits::{GAS_LIMIT_LARGE, GAS_LIMIT_MEDIUM, GAS_LIMIT_SMALL};
use daicho_types::{ConsensusTime, Height};

const SOURCE: &str = "
type L list Int 65536
type S str 65536
type Nested list L 65536
type P record a:L b:L
type P2 record a:P b:P
type P3 record a:P2 b:P2
type P4 record a:P3 b:P3
type P5 record a:P4 b:P4
type Row record n:Int
type B bytes 65536
table 1 rows v1 (k:Int) Row public
const text S \"0123456789abcdef\"
fn forever()
  loop
    br 0
  end
  end
fn recurse(Int) -> Int
  local.get 0
  call recurse
  end
fn grow() locals L
  list.new L 0
  local.set 0
  loop
    local.take 0
    push.int Int 1
    list.push L
    local.set 0
    br 0
  end
  end
# Each round keeps another copy of a long list.
fn hoard() locals L Nested Int
  list.new L 0
  local.set 0
  block -
    loop
      local.take 0
      push.int Int 1
      list.push L
      local.tee 0
      list.len L
      push.int Int 60000
      ge Int
      br_if 1
      br 0
    end
  end
  list.new Nested 0
  local.set 1
  loop
    local.take 1
    local.get 0
    push.int Int 7
    list.push L
    list.push Nested
    local.set 1
    br 0
  end
  end
fn text() locals S
  const text
  local.set 0
  loop
    local.get 0
    local.get 0
    concat S S S
    local.set 0
    br 0
  end
  end
fn write_all() locals Int
  push.int Int 0
  local.set 0
  loop
    local.get 0
    local.get 0
    record.new Row
    table.put rows
    local.get 0
    push.int Int 1
    add Int
    local.set 0
    br 0
  end
  end
# A value that holds one list 32 times: comparing it is paid by what is visited.
fn twins() -> Bool locals L P5
  list.new L 0
  local.set 0
  block -
    loop
      local.take 0
      push.int Int 1
      list.push L
      local.tee 0
      list.len L
      push.int Int 1000
      ge Int
      br_if 1
      br 0
    end
  end
  local.get 0
  dup
  record.new P
  dup
  record.new P2
  dup
  record.new P3
  dup
  record.new P4
  dup
  record.new P5
  local.tee 1
  local.get 1
  eq P5
  end
fn packed() -> B locals L
  list.new L 0
  local.set 0
  block -
    loop
      local.take 0
      push.int Int 1
      list.push L
      local.tee 0
      list.len L
      push.int Int 3000
      ge Int
      br_if 1
      br 0
    end
  end
  local.get 0
  dup
  record.new P
  dup
  record.new P2
  encode P2 B
  end
fn touch(Int)
  local.get 0
  local.get 0
  record.new Row
  table.put rows
  end
fn mixed(Int) -> Int locals Int
  push.int Int 0
  local.set 1
  block -
    loop
      local.get 0
      push.int Int 0
      le Int
      br_if 1
      local.get 1
      local.get 0
      local.get 0
      mul Int
      push.int Int 7
      mod Int
      add Int
      local.set 1
      local.get 0
      call touch
      local.get 0
      table.get rows
      record.get Row 0
      push.int Int 1
      sub Int
      local.set 0
      br 0
    end
  end
  local.get 1
  end
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
entry 1 forever any
entry 2 recurse any
entry 3 grow any
entry 4 hoard any
entry 5 text any
entry 6 write_all any
entry 7 twins any
entry 8 packed any
entry 9 touch any
entry 10 mixed any
entry 11 sum any
";

fn contracts() -> Contracts {
    let mut contracts = Contracts::new();
    contracts
        .deploy(1, &asm::assemble(SOURCE))
        .expect("it verifies");
    contracts
}

fn context(gas_limit: u64) -> TxContext {
    TxContext {
        sender: Signer {
            party: literal::named("@bank"),
            roles: 2,
        },
        seed: [9; 32],
        gas_limit,
        ..common::context::at(Height(1), ConsensusTime(10))
    }
}

fn call(entry: u32, argument: Option<i128>) -> Call {
    let arguments = argument.map_or(Vec::new(), |raw| raw.to_le_bytes().to_vec());
    Call {
        contract: 1,
        entry,
        arguments,
    }
}

fn alone(call: &Call, gas_limit: u64) -> Outcome {
    let ledger = MemoryLedger::new(ConsensusTime(0));
    execute_call(
        &contracts(),
        &ledger,
        &Overlay::default(),
        &context(gas_limit),
        call,
    )
}

/// R27: "`while True` contract → refused(GAS) at same step count on all nodes,
/// < 1 s, next tx in block unaffected".
#[test]
fn an_endless_loop_stops_at_the_same_step_and_the_next_call_is_unaffected() {
    let (contracts, ledger) = (contracts(), MemoryLedger::new(ConsensusTime(0)));
    let run = || {
        let mut block = BlockExecutor::new(&contracts, &ledger);
        let endless = block.execute(&context(GAS_LIMIT_LARGE), &call(1, None));
        let next = block.execute(&context(GAS_LIMIT_SMALL), &call(9, Some(5)));
        (endless, next, block.finish())
    };
    let (endless, next, changes) = run();
    assert_eq!((endless.status, &*endless.name), (Status::Failed, "GAS"));
    assert_eq!(endless.gas_used, GAS_LIMIT_LARGE);
    // One step is one unit here, and the last one begun is the one not paid.
    assert_eq!(endless.steps, GAS_LIMIT_LARGE - gas::ENTRY + 1);
    let site = endless.site.clone().expect("a place in the source");
    assert_eq!(
        SOURCE.lines().nth(site.line as usize - 1).map(str::trim),
        Some("br 0")
    );
    assert_eq!(next.status, Status::Ok);
    assert_eq!(changes, next.changes);
    assert_eq!(next, alone(&call(9, Some(5)), GAS_LIMIT_SMALL));
    assert_eq!(run(), (endless, next, changes));
}

/// R28: "Contract that raises, recurses, or allocates without bound ×1,000 → all
/// refused; blocks keep committing" — each kind of excess, each class of gas.
#[test]
fn every_excess_is_refused() {
    let refused = [
        (2, Some(1), "DEPTH"),
        (3, None, "LENGTH"),
        (4, None, "MEMORY"),
        (5, None, "LENGTH"),
        (6, None, "WRITES"),
    ];
    for (entry, argument, name) in refused {
        let call = call(entry, argument);
        let large = alone(&call, GAS_LIMIT_LARGE);
        assert_eq!(
            (large.status, &*large.name),
            (Status::Failed, name),
            "entry {entry}"
        );
        assert!(large.changes.is_empty() && large.events.is_empty());
        assert_eq!(large, alone(&call, GAS_LIMIT_LARGE));
        let small = alone(&call, 3_000);
        let early = if entry == 2 { "DEPTH" } else { "GAS" };
        assert_eq!(small.name, early, "entry {entry}");
    }
}

/// One transaction after another fails, and the block goes on.
#[test]
fn a_thousand_bad_calls_leave_the_good_ones_alone() {
    let (contracts, ledger) = (contracts(), MemoryLedger::new(ConsensusTime(0)));
    let mut block = BlockExecutor::new(&contracts, &ledger);
    for round in 0..1_000_u32 {
        let bad = block.execute(&context(20_000), &call(1 + round % 6, None));
        assert_eq!(bad.status, Status::Failed);
        if round % 100 == 0 {
            let good = block.execute(&context(20_000), &call(9, Some(round.into())));
            assert_eq!(good.status, Status::Ok);
        }
    }
    assert_eq!(block.finish().len(), 10);
}

/// Comparing and encoding a value that holds one part many times over costs what
/// is visited, and what is written is bounded.
#[test]
fn shared_parts_are_paid_each_time() {
    let paid = alone(&call(7, None), GAS_LIMIT_LARGE);
    assert_eq!(paid.result, [1]);
    assert!(
        paid.gas_used > 32 * 1_000,
        "{} for 32 lists of 1,000",
        paid.gas_used
    );
    assert_eq!(alone(&call(7, None), 40_000).name, "GAS");
    assert_eq!(alone(&call(8, None), GAS_LIMIT_LARGE).name, "LENGTH");
}

/// Out of gas at every possible limit: never anything but GAS below what the
/// call needs, always the whole limit, steps that only grow, no change left.
#[test]
fn every_limit_below_the_need_ends_in_gas() {
    let call = call(10, Some(4));
    let need = alone(&call, GAS_LIMIT_SMALL);
    assert_eq!(need.status, Status::Ok);
    let mut steps = 0;
    for limit in 0..need.gas_used {
        let short = alone(&call, limit);
        assert_eq!((&*short.name, short.gas_used), ("GAS", limit));
        assert!(short.steps >= steps && short.steps <= need.steps);
        assert!(short.changes.is_empty());
        steps = short.steps;
    }
    assert_eq!(alone(&call, need.gas_used), need);
}

/// R27, R28: a sum over a hundred million numbers stops exactly at its limit, at
/// the same step each time, whatever the class; the next call is as if alone.
#[test]
fn a_sum_too_long_stops_exactly_at_the_limit() {
    let (contracts, ledger) = (contracts(), MemoryLedger::new(ConsensusTime(0)));
    let sum = call(11, Some(100_000_000));
    for limit in [GAS_LIMIT_SMALL, GAS_LIMIT_MEDIUM, GAS_LIMIT_LARGE] {
        let mut block = BlockExecutor::new(&contracts, &ledger);
        let first = block.execute(&context(limit), &sum);
        assert_eq!((&*first.name, first.gas_used), ("GAS", limit));
        // One step is one unit here, and the call with its argument costs 1,004.
        assert_eq!(first.steps, limit - gas::ENTRY - 4 + 1);
        assert_eq!(block.execute(&context(limit), &sum), first);
        let next = block.execute(&context(GAS_LIMIT_SMALL), &call(9, Some(5)));
        assert_eq!(next, alone(&call(9, Some(5)), GAS_LIMIT_SMALL));
    }
    let small = alone(&call(11, Some(100)), GAS_LIMIT_SMALL);
    assert_eq!(small.result, 4_950_i128.to_le_bytes());
}

/// Gas v1 is consensus: these figures change only with the schedule's version.
#[test]
fn prices_are_frozen() {
    let figures = [
        // Entry and 16 argument bytes, a write of 22 + 18 bytes, a record of one, five steps.
        (
            alone(&call(9, Some(5)), GAS_LIMIT_SMALL),
            (1_000 + 4 + 500 + 10 + 1 + 5, 5),
        ),
        // Besides: mul, mod and call 4 each, a read of 18 bytes, 16 bytes of result, 34 steps.
        (
            alone(&call(10, Some(1)), GAS_LIMIT_SMALL),
            (1_515 + 12 + 203 + 2 + 34, 34),
        ),
    ];
    for (outcome, expected) in figures {
        assert_eq!((outcome.gas_used, outcome.steps), expected);
    }
}
