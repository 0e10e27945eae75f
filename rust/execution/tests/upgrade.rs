//! A new version in the place of an old one: what may change, what runs, and that
//! a migration that fails leaves nothing behind.

mod common;

use common::asm;
use daicho_execution::{
    BlockExecutor, BlockInfo, Call, Contracts, MemoryLedger, Module, Outcome, TxContext,
    contract_party, upgrade_problems,
};
use daicho_types::{ConsensusTime, Height, roles};

const OLD: &str = "
type S str 8
type Row record n:Int s:S
type Ev record n:Int
table 1 rows v1 (k:Int) Row public
table 5 gone v1 (k:Int) Row public
event 1 Ev Ev public
fn put(Int Int S)
  local.get 0
  local.get 1
  local.get 2
  record.new Row
  table.put rows
  end
fn later(Int)
  end
entry 1 put any
export 1 put
scheduled 1 later 0 0 0
";

fn module(source: &str) -> Module {
    Module::decode(&asm::assemble(source)).expect("it decodes")
}

#[test]
fn what_changes_its_meaning_is_named() {
    let old = module(OLD);
    assert_eq!(upgrade_problems(&old, &old), Vec::<String>::new());
    let changed = [
        (
            "table 1 rows v1 (k:Int) Row public",
            "table 1 rows v2 (k:Int) Row public",
            "table rows",
        ),
        (
            "table 1 rows v1 (k:Int) Row public",
            "table 1 rows v1 (k:Int) Row administrator",
            "table rows",
        ),
        (
            "table 1 rows v1 (k:Int)",
            "table 1 rows v1 (k:Int j:Int)",
            "table rows",
        ),
        ("type Ev record n:Int", "type Ev record n:Bool", "event Ev"),
        (
            "event 1 Ev Ev public",
            "event 1 Ev Ev administrator",
            "event Ev",
        ),
        ("entry 1 put any", "entry 1 later any", "entry later"),
        ("export 1 put", "export 1 later", "export later"),
        (
            "scheduled 1 later 0 0 0",
            "scheduled 1 other 0 0 0",
            "scheduled other",
        ),
        (
            "table 5 gone v1 (k:Int) Row public",
            "",
            "table gone (id 5) is left out",
        ),
    ];
    for (from, to, problem) in changed {
        let source = OLD
            .replacen(from, to, 1)
            .replacen("entry 1", "fn other()\n  end\nentry 1", 1);
        let problems = upgrade_problems(&old, &module(&source));
        assert!(
            problems.len() == 1 && problems[0].starts_with(problem),
            "{to}: {problems:?}"
        );
    }
    // Names, fields' names and new ids are free; so is what no rows stand under.
    let free = OLD
        .replace("record n:Int s:S", "record m:Int t:S")
        .replace("scheduled 1 later 0 0 0\n", "")
        .replace("export 1 put\n", "")
        .replace(" rows", " lines")
        .replace("entry 1 put any", "entry 1 put member\nentry 2 put any");
    assert_eq!(upgrade_problems(&old, &module(&free)), Vec::<String>::new());
}

/// Rows stay when what they stand under is left out; a version after that could give
/// them another meaning, or find entries that nobody kept.
#[test]
fn what_rows_stand_under_is_never_left_out() {
    let old = module(&OLD.replace("event 1", "index 6 by_k rows field:0\nevent 1"));
    let gone = "table gone (id 5) is left out, and its rows would stay";
    let by_k = "index by_k (id 6) is left out, and its rows would stay";
    assert_eq!(upgrade_problems(&old, &module(OLD)), [by_k]);
    let fewer = OLD.replace("table 5 gone v1 (k:Int) Row public\n", "");
    assert_eq!(upgrade_problems(&old, &module(&fewer)), [gone, by_k]);
    let another = fewer.replace("event 1", "index 5 by_k rows field:0\nevent 1");
    assert_eq!(
        upgrade_problems(&old, &module(&another)),
        [gone, by_k, "by_k, an index, has the id of a table"]
    );
}

/// A locked amount is the sum of its lock rows for ever: they may not vanish, nor
/// change their column, nor appear where amounts are already; nor may their rows
/// become another table's.
#[test]
fn lock_rows_stay_what_they_are() {
    let tables = |lines: &str| module(&format!("type M record a:Int b:Int c:Int\n{lines}"));
    let pots = "pots v1 (k:Int) M public conserved 0 0 1 2";
    let old = tables(&format!("table 2 {pots} locks 1:3"));
    assert_eq!(upgrade_problems(&old, &old), Vec::<String>::new());
    let another = ["table pots (id 2) means another thing"].as_slice();
    let left_out = "table pots (id 2) is left out";
    let cases = [
        (format!("table 2 {pots}"), another),
        (format!("table 2 {pots} locks 2:3"), another),
        (format!("table 2 {pots} locks 1:4"), another),
        (format!("table 2 {pots} locks 1:3 2:4"), another),
        (
            format!("table 5 {pots} locks 1:3"),
            &[left_out, "lock rows pots (id 3)"],
        ),
        (
            "table 3 more v1 (k:Int) M public".to_owned(),
            &[left_out, "more, a table, has the id of lock rows"],
        ),
    ];
    for (lines, problems) in cases {
        let found = upgrade_problems(&old, &tables(&lines));
        let each = found.iter().zip(problems);
        assert_eq!(found.len(), problems.len(), "{lines}: {found:?}");
        for (found, problem) in each {
            assert!(found.starts_with(problem), "{lines}: {found}");
        }
    }
}

/// The old version, an index over its table, and a migration.
fn new_version(last: &str) -> String {
    format!(
        "{OLD}
type Item record k:Int row:Row
type Items list Item 9
error 1000 BAD Int
table 7 who v1 (p:Party) Ev public
index 9 by_s rows field:1
fn by_s(S) -> Items
  local.get 0
  push.int Int 9
  index.scan by_s 1 0 Items -
  end
fn upgrade() locals Items Int
  push.int Int 9
  table.scan rows 0 0 Items -
  local.set 0
  push.int Int 0
  local.set 1
  block -
    loop
      local.get 1
      local.get 0
      list.len Items
      ge Int
      br_if 1
      local.get 0
      local.get 1
      list.get Items
      record.get Item 0
      local.get 0
      local.get 1
      list.get Items
      record.get Item 1
      table.put rows
      local.get 1
      push.int Int 1
      add Int
      local.set 1
      br 0
    end
  end
  ctx.sender
  ctx.roles
  convert U32 Int EXACT
  record.new Ev
  table.put who
  {last}
  end
query 1 by_s any
migration upgrade
"
    )
}

struct Chain {
    contracts: Contracts,
    ledger: MemoryLedger,
}

impl Chain {
    fn info(&self) -> BlockInfo {
        BlockInfo {
            height: self.ledger.height().next(),
            time: ConsensusTime(self.ledger.time().0 + 10),
            seed: [0; 32],
        }
    }

    fn put(&mut self, k: u8, s: &str) {
        let info = self.info();
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let mut arguments = vec![0; 32];
        (arguments[0], arguments[16]) = (k, k);
        arguments.extend((s.len() as u32).to_le_bytes());
        arguments.extend(s.as_bytes());
        let call = Call {
            contract: 3,
            entry: 1,
            arguments,
        };
        assert_eq!(block.execute(&context(&info), &call).name, "OK");
        let changes = block.finish();
        self.ledger.commit(info.time, &changes);
    }

    /// Installs and migrates; commits what came of it.
    fn migrate(&mut self, source: &str) -> Option<Outcome> {
        let info = self.info();
        let mut contracts = self.contracts.clone();
        contracts
            .deploy(3, &asm::assemble(source))
            .expect("it verifies");
        let mut block = BlockExecutor::new(&contracts, &self.ledger);
        let outcome = block.migrate(&info, 3);
        let changes = block.finish();
        self.ledger.commit(info.time, &changes);
        self.contracts = contracts;
        outcome
    }
}

fn context(info: &BlockInfo) -> TxContext {
    TxContext {
        seed: info.seed,
        ..common::context::at(info.height, info.time)
    }
}

fn chain() -> Chain {
    let mut contracts = Contracts::new();
    contracts
        .deploy(3, &asm::assemble(OLD))
        .expect("it verifies");
    let ledger = MemoryLedger::new(ConsensusTime(0));
    let mut chain = Chain { contracts, ledger };
    chain.put(1, "b");
    chain.put(2, "a");
    chain.put(3, "b");
    chain
}

#[test]
fn a_migration_fills_a_new_index_as_the_administrator() {
    let mut chain = chain();
    let rows = chain.ledger.rows().count();
    let outcome = chain.migrate(&new_version("nop")).expect("one is declared");
    assert_eq!((&*outcome.name, rows), ("OK", 3));
    // Three rows as they were, three entries, and who did it.
    assert_eq!(chain.ledger.rows().count(), 7);
    let prefix = [&[0, 0, 0, 3, 0, 7], &contract_party(3)[..]].concat();
    let (_, _, who) = chain
        .ledger
        .rows()
        .find(|(_, key, _)| *key == prefix)
        .expect("the sender's row");
    assert_eq!(who[2..6], roles::ADMINISTRATOR.to_le_bytes());
    assert_eq!(chain.ledger.height(), Height(4));
}

#[test]
fn a_migration_that_fails_changes_nothing() {
    let mut chain = chain();
    let source = new_version("push.int Int 1\n  fail BAD");
    let outcome = chain.migrate(&source).expect("one is declared");
    assert_eq!((outcome.code, &*outcome.name), (1_000, "BAD"));
    assert!(outcome.changes.is_empty());
    assert_eq!(chain.ledger.rows().count(), 3);
}

#[test]
fn a_version_without_a_migration_runs_nothing() {
    let mut chain = chain();
    assert_eq!(chain.migrate(OLD), None);
    // The reserved contract is nobody's.
    let reserved = Contracts::new().deploy(0, &asm::assemble(OLD));
    assert!(reserved.is_err_and(|error| error.to_string().contains("reserved")));
}
