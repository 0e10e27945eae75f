//! What the verifier refuses of savepoints, indexes, timers, feeds, migrations and
//! access sets, one rule at a time.

mod common;

use common::asm;
use daicho_execution::{Module, VerifyError, verify};

const DECLARATIONS: &str = "
type D decimal 10 2
type R record a:Int b:Bool p:Party
type L list Int 4
type O optional Int
type OT optional Timestamp
type Item record who:Party k:Int row:R
type Items list Item 4
type Rest record who:Party k:Int
type After optional Rest
type M record free:Int kept:Int
table 1 rows v1 (who:Party k:Int) R party:0
table 2 pots v1 (k:Int) M public conserved 0 0 1 locks 1:7
index 3 by_a rows key:0 field:0
error 1000 BAD
fn tick(Int)
  end
scheduled 1 tick 0 0 0
";

fn outcome(body: &str) -> Result<(), VerifyError> {
    let lines = body.split(';').map(|line| format!("  {}\n", line.trim()));
    let source = format!(
        "{DECLARATIONS}fn f(Int) -> Int locals Hash\n{}",
        lines.collect::<String>()
    );
    verify(&Module::decode(&asm::assemble(&source))?).map(|_| ())
}

#[test]
fn code_that_breaks_a_rule_is_refused() {
    let out = "out of an attempt";
    let refused = [
        ("attempt; br 0; end; end", out),
        ("attempt; push.bool 1; br_if 0; end; end", out),
        (
            "block -; attempt; br 1; end; drop; end; local.get 0; end",
            out,
        ),
        (
            "loop; attempt; push.bool 1; br_if 1; end; drop; end; local.get 0; end",
            out,
        ),
        ("attempt; block -; br 1; end; end; end", out),
        ("attempt; local.get 0; br 1; end; end", out),
        ("attempt; local.get 0; return; end; end", out),
        (
            "attempt; attempt; local.get 0; return; end; drop; end; end",
            out,
        ),
        ("attempt; local.get 0; end; end", "operands left over"),
        (
            "local.get 0; attempt; drop; end; drop; end",
            "operand missing",
        ),
        ("attempt; else; end; end", "else without if"),
        ("attempt; end; drop; end", "operand missing"),
        ("attempt; fail BAD; nop; end; end", "never reached"),
        ("push.int Duration 1; oracle Int 1; end", "not an Optional"),
        ("push.int Int 1; oracle O 1; unwrap O; end", "another type"),
        ("oracle.time O 1; unwrap O; end", "Optional of Timestamp"),
        (
            "push.int Date 1; dup; day_fraction 5 D DOWN; raw D; end",
            "no such day count",
        ),
        (
            "push.int Date 1; dup; day_fraction 0 Int DOWN; end",
            "is a Decimal",
        ),
        (
            "push.int Date 1; dup; day_fraction 0 D 8; raw D; end",
            "no such rounding",
        ),
        (
            "local.get 0; dup; table.adjust pots 1; local.get 0; end",
            "by lock and unlock alone",
        ),
        (
            "local.get 0; dup; table.credit pots 1; local.get 0; end",
            "by lock and unlock alone",
        ),
        (
            "local.get 0; dup; dup; record.new M; table.put pots; end",
            "a row with locked",
        ),
        (
            "local.get 0; dup; dup; record.new M; table.update pots; end",
            "a row with locked",
        ),
        ("local.get 0; table.delete pots; end", "a row with locked"),
        (
            "local.get 0; dup; local.get 1; table.lock pots 0; end",
            "not a locked amount",
        ),
        (
            "local.get 0; dup; local.get 1; table.lock pots 2; end",
            "not a locked amount",
        ),
        (
            "local.get 0; dup; local.get 1; table.lock rows 0; end",
            "not a locked amount",
        ),
        (
            "local.get 0; local.get 1; table.lock pots 1; end",
            "operand missing",
        ),
        (
            "local.get 0; dup; dup; table.lock pots 1; end",
            "another type",
        ),
        (
            "local.get 0; local.get 1; table.unlock pots 0; end",
            "not a locked amount",
        ),
        (
            "local.get 0; local.get 1; table.unlock_part pots 1; end",
            "operand missing",
        ),
        (
            "local.get 0; local.get 1; table.locked pots 0 O; end",
            "not a locked amount",
        ),
        (
            "local.get 0; local.get 1; table.locked pots 1 OT; end",
            "Optional of this type",
        ),
        ("local.get 0; timer.set 1; drop; end", "no such scheduled"),
        (
            "push.int Timestamp 1; local.get 0; timer.set tick; drop; end",
            "another type",
        ),
        ("local.get 0; timer.cancel; drop; end", "another type"),
        ("local.get 0; local.get 0; hash.below; end", "another type"),
        (
            "local.get 0; index.scan 1 0 0 Items -; end",
            "no such index",
        ),
        (
            "local.get 0; index.scan by_a 0 0 Items -; end",
            "the compartment's column",
        ),
        (
            "local.get 0; index.scan by_a 3 0 Items -; end",
            "prefix longer",
        ),
        (
            "local.get 0; index.scan by_a 2 1 Items -; end",
            "no column after",
        ),
        (
            "local.get 0; index.scan by_a 2 16 Items -; end",
            "scan flag",
        ),
        (
            "ctx.sender; local.get 0; dup; index.scan by_a 2 0 L -; end",
            "gives records",
        ),
        (
            "none After; local.get 0; index.scan by_a 1 4 Items After; end",
            "record of the key columns",
        ),
    ];
    for (body, rule) in refused {
        let message = outcome(body).expect_err(body).to_string();
        assert!(message.contains(rule), "{body}: {message}");
    }
}

#[test]
fn what_an_attempt_may_hold_is_accepted() {
    let accepted = [
        "attempt; end; end",
        "attempt; fail BAD; end; end",
        "attempt; loop; push.bool 0; br_if 0; end; end; end",
        "attempt; block -; push.bool 0; br_if 0; br 0; end; end; end",
        "attempt; push.bool 1; if -; fail BAD; else; end; end; end",
        "attempt; attempt; end; drop; end; end",
        "local.get 0; dup; local.get 1; table.lock pots 1; local.get 0; local.get 1; table.unlock pots 1; end",
        "local.get 0; dup; local.get 1; table.unlock_part pots 1; local.get 0; local.get 1; \
         table.locked pots 1 O; unwrap O; end",
        "local.get 0; dup; table.adjust pots 0; local.get 0; dup; dup; record.new M; table.insert pots; \
         local.get 0; end",
        "local.get 0; attempt; end; add Int; end",
        "ctx.sender; local.get 0; none After; push.int Int 1; index.scan by_a 2 4 Items After; \
         list.len Items; end",
    ];
    for body in accepted {
        outcome(body).unwrap_or_else(|error| panic!("{body}: {error}"));
    }
}

#[test]
fn declarations_that_break_a_rule_are_refused() {
    let head = "type R record a:Int l:L p:Party
table 1 t v1 (who:Party k:Int) R party:0
table 2 money v1 (k:Int) M public conserved 0 0 locks 0:8
type O optional Int
fn f(Int) -> Int\n  local.get 0\n  end
fn g()\n  end
fn h(O) -> O\n  local.get 0\n  end
entry 1 g any
";
    let head = head.replacen(
        "type R",
        "type L list Int 2\ntype M record n:Int\ntype R",
        1,
    );
    let refused = [
        ("index 1 x t key:0 field:0", "one id"),
        ("index 8 x t key:0 field:0", "one id"),
        ("index 3 x t", "without columns"),
        ("index 3 x t key:2 key:0", "index column"),
        ("index 3 x t key:0 field:3", "index column"),
        ("index 3 x t key:0 field:1", "key column type"),
        ("index 3 x t field:0", "the compartment's column"),
        ("index 3 x t field:2", "the compartment's column"),
        ("index 3 x money field:0", "index column"),
        ("index 3 x 9 key:0", "table index"),
        ("index 3 x t key:0\nindex 3 y t key:0", "ascend"),
        ("scheduled 1 f 0 0 0", "result of a scheduled"),
        ("scheduled 1 f 0 0 1", "result of a scheduled"),
        ("scheduled 1 g 0 0 1", "result of a scheduled"),
        ("scheduled 1 h 0 0 0", "result of a scheduled"),
        ("scheduled 1 g 0 3 0", "gas class"),
        ("scheduled 1 g 0 0 2", "resumes flag"),
        ("scheduled 1 g 0 0 0\nscheduled 1 g 0 0 0", "ascend"),
        ("migration f", "a migration takes"),
        ("migration h", "a migration takes"),
        ("access 0 2 0:1:0:0", "nothing that is called"),
        ("access 4 1 0:1:0:0", "nothing that is called"),
        ("access 0 1 0:9:0:0", "access of no table"),
        ("access 0 1 0:1:4:0", "mode and form"),
        ("access 0 1 0:1:0:3", "mode and form"),
        ("access 0 1 0:1:0:0 0:1:0:0", "accesses ascend"),
        ("access 0 1 0:2:0:0 0:1:0:0", "accesses ascend"),
        ("access 0 1\naccess 0 1", "access sets ascend"),
    ];
    for (line, rule) in refused {
        let source = format!("{head}{line}");
        let message = Module::decode(&asm::assemble(&source))
            .expect_err(line)
            .to_string();
        assert!(message.contains(rule), "{line}: {message}");
    }
    let sound = "index 3 x t key:0 field:0 field:2
index 4 y money key:0
scheduled 1 g 0 2 0
scheduled 2 h 255 0 1
migration g
access 0 1 0:1:0:0 0:1:1:2 0:3:0:1 0:8:1:0 7:99:2:0
access 3 2";
    Module::decode(&asm::assemble(&format!("{head}{sound}"))).expect("nothing is broken here");
}
