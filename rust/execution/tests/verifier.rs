//! What the verifier refuses, one rule at a time.

mod common;

use common::asm;
use daicho_execution::{Module, VerifyError, verify};

const DECLARATIONS: &str = "
type S str 8
type B bytes 8
type D decimal 10 2
type R record a:Int b:S
type L list Int 4
type L2 list Int 9
type LS list S 4
type M map S Int 4
type O optional Int
type OR optional R
type E enum a b
type Item record who:Party k:Int row:R
type Items list Item 4
type Rest record k:Int
type After optional Rest
type Money record n:Int m:Int
table 1 rows v1 (who:Party k:Int) R party:0
table 2 sums v1 (who:Party k:Int) Money party:0 conserved 1 0
error 1000 BAD Int
event 1 Ev Item party:0
fn two(Int Int) -> Int
  local.get 0
  end
";

fn outcome(body: &str) -> Result<(), VerifyError> {
    let lines = body.split(';').map(|line| format!("  {}\n", line.trim()));
    let source = format!(
        "{DECLARATIONS}fn f(Int S) -> Int locals L\n{}",
        lines.collect::<String>()
    );
    verify(&Module::decode(&asm::assemble(&source))?).map(|_| ())
}

#[test]
fn code_that_breaks_a_rule_is_refused() {
    let refused = [
        ("end", "operand missing"),
        ("drop; local.get 0; end", "operand missing"),
        ("local.get 1; end", "operand of another type"),
        ("local.get 0; local.get 0; end", "operands left over"),
        ("local.get 0", "code ends inside"),
        ("local.get 0; end; nop", "bytes after"),
        ("local.get 3; end", "no such local"),
        (
            "local.get 1; local.set 0; local.get 0; end",
            "operand of another type",
        ),
        ("push.bool 2; end", "a Bool is 0 or 1"),
        ("push.int U8 256; end", "outside its type"),
        ("push.int U128 -1; end", "outside its type"),
        ("push.int E 2; end", "outside its type"),
        ("push.int D 10000000000; end", "outside its type"),
        ("push.int S 1; end", "not a raw type"),
        ("push.int 31 1; end", "no such type"),
        ("push.int 999 1; end", "no such type"),
        ("const 0; end", "no such constant"),
        // Blocks.
        ("block Int; end; end", "operand missing"),
        ("local.get 0; block -; drop; end; end", "operand missing"),
        (
            "block -; local.get 0; end; local.get 0; end",
            "operands left over",
        ),
        (
            "push.bool 1; if Int; local.get 0; end; end",
            "if with a result needs else",
        ),
        (
            "local.get 0; if -; end; local.get 0; end",
            "operand of another type",
        ),
        ("else; local.get 0; end", "else without if"),
        ("block -; else; end; local.get 0; end", "else without if"),
        (
            "push.bool 1; if -; else; else; end; local.get 0; end",
            "else without if",
        ),
        (
            "push.bool 1; if Int; local.get 0; else; local.get 1; end; end",
            "operand of another type",
        ),
        ("br 1; end", "branch to no block"),
        ("block Int; br 0; end; end", "operand missing"),
        (
            "block Int; local.get 1; br 0; end; end",
            "operand of another type",
        ),
        (
            "block Int; push.bool 1; br_if 0; end; end",
            "operand missing",
        ),
        (
            "loop; push.bool 1; br_if 9; end; local.get 0; end",
            "branch to no block",
        ),
        ("local.get 0; return; local.get 0; end", "never reached"),
        ("unreachable; nop; end", "never reached"),
        ("block 999; end; local.get 0; end", "no such type"),
        ("return; end", "operand missing"),
        // Calls and errors.
        ("call 9; end", "no such function"),
        ("local.get 0; call two; end", "operand missing"),
        (
            "local.get 0; local.get 1; call two; end",
            "operand of another type",
        ),
        ("call_import 0; end", "no such import"),
        ("fail 4; end", "no such error"),
        ("fail BAD; end", "operand missing"),
        (
            "local.get 0; require BAD; local.get 0; end",
            "operand missing",
        ),
        // Comparison and numbers.
        (
            "local.get 2; local.get 2; lt L; drop; local.get 0; end",
            "type without order",
        ),
        (
            "local.get 2; local.get 2; min L; drop; local.get 0; end",
            "type without order",
        ),
        (
            "local.get 0; local.get 1; eq Int; end",
            "operand of another type",
        ),
        ("local.get 1; local.get 1; add S; end", "not a number type"),
        (
            "local.get 1; local.get 1; mul D; end",
            "not an integer type",
        ),
        ("local.get 0; convert Int D 8; end", "no such rounding mode"),
        ("local.get 0; convert Int S 0; end", "not a number type"),
        ("local.get 1; raw S; end", "not a raw type"),
        (
            "local.get 0; local.get 2; allocate Int L L 3; end",
            "no such allocation rule",
        ),
        (
            "local.get 0; local.get 2; allocate Int LS L 0; end",
            "weights are numbers",
        ),
        (
            "local.get 0; local.get 2; allocate Int L LS 0; end",
            "parts have the total's type",
        ),
        (
            "local.get 0; local.get 2; allocate Int S L 0; end",
            "weights are a list",
        ),
        ("push.int Date 0; date.part 6; end", "no such part"),
        // Texts and containers.
        ("local.get 1; local.get 1; concat S S B; end", "do not mix"),
        ("local.get 0; coerce Int S; end", "no coercion"),
        ("local.get 2; coerce L LS; end", "no coercion"),
        ("local.get 1; encode S S; end", "encode gives Bytes"),
        ("local.get 0; some S; end", "not an Optional"),
        ("local.get 0; record.new R; end", "operand of another type"),
        (
            "local.get 2; record.get L 0; end",
            "not an Optional or Record",
        ),
        (
            "local.get 0; local.get 1; record.new R; record.get R 2; end",
            "no such field",
        ),
        ("local.get 0; list.new R 1; end", "not a List"),
        (
            "local.get 0; dup; dup; dup; dup; list.new L 5; end",
            "more elements",
        ),
        ("local.get 2; list.sort LS; end", "operand of another type"),
        ("map.new L; end", "not a Map"),
        (
            "map.new M; local.get 1; map.find M OR; end",
            "not the Optional",
        ),
        ("map.new M; map.keys M L; end", "list of another type"),
        // Tables and events.
        ("table.has 7; end", "no such table"),
        ("local.get 0; table.has rows; end", "operand missing"),
        (
            "local.get 0; ctx.sender; table.has rows; end",
            "operand of another type",
        ),
        (
            "ctx.sender; local.get 0; table.find rows O; end",
            "not the Optional",
        ),
        (
            "ctx.sender; local.get 0; local.get 0; table.adjust rows 0; end",
            "not conserved",
        ),
        (
            "ctx.sender; local.get 0; local.get 0; table.adjust sums 1; end",
            "not an amount field",
        ),
        (
            "ctx.sender; local.get 0; local.get 0; table.credit rows 0; end",
            "not conserved",
        ),
        (
            "ctx.sender; local.get 0; local.get 0; table.credit sums 0; end",
            "a field that is no amount",
        ),
        (
            "local.get 0; local.get 0; table.issue rows; end",
            "not conserved",
        ),
        (
            "local.get 0; table.scan rows 0 0 Items -; end",
            "compartment's column",
        ),
        (
            "ctx.sender; local.get 0; table.scan rows 3 0 Items -; end",
            "prefix longer",
        ),
        (
            "ctx.sender; local.get 0; table.scan rows 1 16 Items -; end",
            "unknown scan flag",
        ),
        (
            "ctx.sender; dup; local.get 0; dup; table.scan rows 2 1 Items -; end",
            "no column after",
        ),
        (
            "ctx.sender; local.get 0; table.scan rows 1 0 L -; end",
            "a scan gives records",
        ),
        (
            "ctx.sender; local.get 0; table.scan rows 1 0 R -; end",
            "a scan gives a List",
        ),
        (
            "ctx.sender; local.get 0; table.scan rows 1 0 Items After; end",
            "cursor type without",
        ),
        (
            "ctx.sender; none O; local.get 0; table.scan rows 1 4 Items O; end",
            "cursor is a record",
        ),
        ("emit 3; end", "no such event"),
    ];
    for (body, rule) in refused {
        let message = outcome(body).expect_err(body).to_string();
        assert!(message.contains(rule), "{body}: {message}");
    }
    outcome("local.get 0; end").expect("the frame of these cases is sound");
}

#[test]
fn hard_limits_hold() {
    let repeat = |one: &str, count: usize| vec![one; count].join(";");
    let deep = format!(
        "{};{};local.get 0;end",
        repeat("loop", 63),
        repeat("end", 63)
    );
    assert!(outcome(&deep).is_ok());
    let deeper = format!(
        "{};{};local.get 0;end",
        repeat("loop", 64),
        repeat("end", 64)
    );
    assert!(
        outcome(&deeper)
            .expect_err("65 blocks")
            .to_string()
            .contains("nest too deep")
    );
    let high = format!(
        "{};{};end",
        repeat("local.get 0", 1_024),
        repeat("drop", 1_023)
    );
    assert!(outcome(&high).is_ok());
    let higher = format!(
        "{};{};end",
        repeat("local.get 0", 1_025),
        repeat("drop", 1_024)
    );
    assert!(
        outcome(&higher)
            .expect_err("1,025 operands")
            .to_string()
            .contains("too high")
    );
    let long = format!("{};local.get 0;end", repeat("nop", 65_600));
    assert!(outcome(&long).is_err());
}

#[test]
fn declarations_that_break_a_rule_are_refused() {
    let refused = [
        ("type X decimal 39 0", "decimal"),
        ("type X decimal 0 0", "decimal"),
        ("type X decimal 1 39", "decimal"),
        ("type X str 65537", "bound"),
        ("type X list 40 1", "type index"),
        ("type X list 17 1", "type index"),
        ("type L list Int 1\ntype X map L Int 1", "map key"),
        ("type X record", "without fields"),
        ("type X enum", "without variants"),
        ("type X record 1a:Int", "name"),
        ("error 999 BAD", "below 1000"),
        ("error 1000 BAD\nerror 1000 WORSE", "two names"),
        ("event 1 E Int public", "without a record"),
        ("type R record a:Int\nevent 1 E R", "without addressee"),
        ("type R record a:Int\nevent 1 E R party:0", "names a Party"),
        (
            "type R record a:Int\nevent 1 E R public:1",
            "compartment rule",
        ),
        (
            "type R record a:Int\nevent 2 E R public\nevent 2 F R public",
            "ascend",
        ),
        ("table 1 t v1 () Int public", "row is a record"),
        (
            "type R record a:Int\ntable 1 t v1 (r:R) R public",
            "key column",
        ),
        (
            "type R record a:Int\ntable 1 t v1 (k:Int) R party:0",
            "names a Party",
        ),
        (
            "type R record a:Int\ntable 1 t v1 (k:Int) R party:9",
            "names a Party",
        ),
        (
            "type R record a:Int\ntable 1 t v1 (k:Int) R public conserved 1 0",
            "group",
        ),
        (
            "type R record a:Int\ntable 1 t v1 (k:Int) R public conserved 0",
            "amounts",
        ),
        (
            "type R record a:Bool\ntable 1 t v1 (k:Int) R public conserved 0 0",
            "amounts",
        ),
        (
            "type R record a:Int b:U8\ntable 1 t v1 (k:Int) R public conserved 0 0 1",
            "amounts",
        ),
        (
            "type R record a:Int\ntable 1 t v1 (k:Int) R public conserved 0 0 0",
            "ascend",
        ),
        (
            "type R record a:Int b:Int\ntable 1 t v1 (k:Int) R public conserved 0 0 locks 1:2",
            "lock of no amount",
        ),
        (
            "type R record a:Int b:Int\ntable 1 t v1 (k:Int) R public conserved 0 0 1 locks 1:2 0:3",
            "ascend",
        ),
        (
            "type R record a:Int b:Int\ntable 1 t v1 (k:Int) R public conserved 0 0 1 locks 1:1",
            "an id that is taken",
        ),
        (
            "type R record a:Int b:Int\ntable 1 t v1 (k:Int) R public conserved 0 0 1 locks 0:2 1:2",
            "an id that is taken",
        ),
        (
            "type R record a:Int\ntable 1 t v1 (k:Int) R public conserved 0 0 locks 0:2\n\
             table 2 u v1 (k:Int) R public conserved 0 0",
            "an id that is taken",
        ),
        ("fn f(Int)\n  end\nentry 1 f any signed_by 0", "signed_by"),
        ("fn f(Int)\n  end\nentry 1 f any signed_by 5", "signed_by"),
        ("fn f()\n  end\nentry 2 f any\nentry 2 f any", "ascend"),
    ];
    for (source, rule) in refused {
        let message = Module::decode(&asm::assemble(source))
            .expect_err(source)
            .to_string();
        assert!(message.contains(rule), "{source}: {message}");
    }
}

/// Type nesting is bounded, whatever the order of declarations.
#[test]
fn types_nest_sixteen_deep_and_no_deeper() {
    let nested = |levels: usize| {
        let lines = (0..levels).map(|level| match level {
            0 => "type T0 list Int 1\n".to_owned(),
            _ => format!("type T{level} list T{} 1\n", level - 1),
        });
        Module::decode(&asm::assemble(&lines.collect::<String>()))
    };
    assert!(nested(16).is_ok());
    assert!(nested(17).is_err());
}

#[test]
fn the_frame_of_an_artefact_is_exact() {
    let artefact = asm::assemble("fn f()\n  end\nentry 1 f any");
    assert!(Module::decode(&artefact).is_ok());
    for length in 0..artefact.len() {
        assert!(
            Module::decode(&artefact[..length]).is_err(),
            "cut to {length}"
        );
    }
    let longer = [artefact.as_slice(), &[0]].concat();
    assert!(Module::decode(&longer).is_err());
    for (at, rule) in [
        (0, "magic"),
        (8, "format"),
        (10, "edition"),
        (12, "gas"),
        (14, "reserved"),
    ] {
        let mut other = artefact.clone();
        other[at] ^= 1;
        let message = Module::decode(&other).expect_err(rule).to_string();
        assert!(message.contains(rule), "{message}");
    }
}
