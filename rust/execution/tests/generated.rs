//! Programs nobody wrote: a generator grows well-typed programs instruction by
//! instruction, with the verifier as its judge. Whatever the verifier accepts must
//! run without a panic and never reach INTERNAL, and two runs must agree in every
//! figure.

mod common;

use std::collections::BTreeMap;

use common::Random;
use common::asm::{self, INSTRUCTIONS};
use daicho_execution::limits::VERIFY_UNITS_PER_BYTE;
use daicho_execution::{
    Call, Contracts, MemoryLedger, Module, Outcome, Overlay, Signer, Status, TxContext, Visibility,
    execute_call, run_query, verify,
};
use daicho_types::{ConsensusTime, Height};

const DECLARATIONS: &str = "
type S str 12
type B bytes 40
type D decimal 18 2
type R record n:Int s:S
type L list Int 6
type LD list D 6
type LS list S 6
type M map S Int 4
type O optional Int
type OR optional R
type E enum a b c
type Money record n:Int m:Int
type Item record k:Int s:S row:R
type Items list Item 20
type Rest record k:Int s:S
type After optional Rest
const zero Int 0
const text S \"daicho\"
const price D 1050
const list L [ 3 1 2 ]
const map M < \"a\" 1 \"b\" 2 >
const some O some 5
const bytes B x\"0011ff\"
const record R { 4 \"x\" }
const after After some { 1 \"a\" }
const wide U128 340282366920938463463374607431768211455
error 1000 BAD Int
event 1 Ev R public
table 1 rows v1 (k:Int s:S) R public
table 2 sums v1 (k:Int) Money administrator conserved 0 0 1
table 3 one v1 () Money public
table 5 pots v1 (k:Int) Money administrator conserved 0 0 1 locks 1:6
import helper 2 1 (Int) -> Int
type OT optional Timestamp
type ByS record k:Int k2:Int s2:S
type AfterS optional ByS
const hash Hash @daicho
const after_s AfterS some { 1 2 \"a\" }
index 4 by_s rows key:1 field:0
";

const CONSTANTS: [&str; 10] = [
    "zero", "text", "price", "list", "map", "some", "bytes", "record", "after", "wide",
];
const TYPES: [&str; 29] = [
    "Int",
    "Int",
    "Int",
    "S",
    "S",
    "D",
    "R",
    "L",
    "LD",
    "LS",
    "M",
    "O",
    "OR",
    "E",
    "Money",
    "Item",
    "Items",
    "After",
    "Bool",
    "U8",
    "U64",
    "U128",
    "I8",
    "I64",
    "Party",
    "Hash",
    "Date",
    "Timestamp",
    "Duration",
];
const LOCALS: &str = "Int S D R L M O Items B Date";

/// One instruction in assembly, its immediates drawn from small sets.
fn instruction(random: &mut Random) -> String {
    let (_, name, immediates) = INSTRUCTIONS[random.below(INSTRUCTIONS.len())];
    let mut line = name.to_owned();
    for kind in immediates.chars() {
        let word = match kind {
            't' => random.pick(&TYPES).to_owned(),
            'b' => random
                .pick(&["-", "-", "-", "Int", "S", "After"])
                .to_owned(),
            'f' => random.pick(&["f", "g"]).to_owned(),
            'k' => random.pick(&CONSTANTS).to_owned(),
            'X' => "by_s".to_owned(),
            's' => "f".to_owned(),
            'T' => random.pick(&["rows", "sums", "one"]).to_owned(),
            'm' => random.below(8).to_string(),
            '1' => random
                .below(if name == "allocate" { 3 } else { 6 })
                .to_string(),
            '2' => random
                .below(if name.starts_with("local") { 11 } else { 3 })
                .to_string(),
            '4' => random.below(4).to_string(),
            '8' => ["0", "1", "2", "-1", "3", "100", "127", "-128"][random.below(8)].to_owned(),
            _ => "0".to_owned(),
        };
        line = format!("{line} {word}");
    }
    line
}

fn source(body: &[String], open: usize) -> String {
    let close = "  end\n".repeat(open);
    let body: String = body.iter().map(|line| format!("  {line}\n")).collect();
    format!(
        "{DECLARATIONS}fn f(Int) locals {LOCALS}\n{body}  unreachable\n{close}  end\n\
         fn g(Int Int) -> Int\n  local.get 1\n  end\n\
         entry 1 f any\nquery 1 f any\nscheduled 1 f 0 0 0\n"
    )
}

/// Small, so that long programs run out.
const GAS: u64 = 4_000;

const HELPER: &str = "fn h(Int) -> Int\n  local.get 0\n  end\nexport 1 h\n";

fn context() -> TxContext {
    TxContext {
        sender: Signer {
            party: [3; 16],
            roles: u32::MAX,
        },
        seed: [5; 32],
        gas_limit: GAS,
        ..common::context::at(Height(1), ConsensusTime(1_000))
    }
}

fn run(contracts: &Contracts, contract: u32, entry: u32, arguments: &[u8], query: bool) -> Outcome {
    let ledger = MemoryLedger::new(ConsensusTime(0));
    let call = Call {
        contract,
        entry,
        arguments: arguments.to_vec(),
    };
    let once = || match query {
        true => run_query(contracts, &ledger, &context(), &Visibility::All, &call),
        false => execute_call(contracts, &ledger, &Overlay::default(), &context(), &call),
    };
    let outcome = once();
    assert_eq!(outcome, once(), "two runs agree in every figure");
    assert_ne!(
        outcome.name, "INTERNAL",
        "the verifier proved every tag: {:?}",
        outcome.site
    );
    assert!(outcome.gas_used <= GAS);
    if outcome.status == Status::Failed {
        assert!(outcome.changes.is_empty() && outcome.events.is_empty());
    }
    outcome
}

/// Tries one more instruction; `None` when the verifier refuses the program.
fn attempt(body: &[String], open: usize) -> Option<Outcome> {
    let artefact = asm::assemble(&source(body, open));
    let module = Module::decode(&artefact).expect("declarations are sound");
    let verified = verify(&module).ok()?;
    assert!(verified.units() <= VERIFY_UNITS_PER_BYTE * artefact.len() as u64);
    let mut contracts = Contracts::new();
    contracts.insert(1, verified);
    contracts
        .deploy(2, &asm::assemble(HELPER))
        .expect("it verifies");
    let argument = 2_i128.to_le_bytes();
    run(&contracts, 1, 1, &argument, true);
    Some(run(&contracts, 1, 1, &argument, false))
}

/// How deep `line` leaves the open blocks.
fn depth_after(open: usize, line: &str) -> Option<usize> {
    match line.split(' ').next()? {
        "block" | "loop" | "if" | "attempt" => Some(open + 1),
        "end" => open.checked_sub(1),
        "br" | "return" | "fail" | "unreachable" => None,
        _ => Some(open),
    }
}

/// Instructions with the operands they take and what they give: from these the
/// generator builds nested, well-typed expressions.
const EXPRESSIONS: &[(&str, &[&str], &str)] = &[
    ("add Int", &["Int", "Int"], "Int"),
    ("sub Int", &["Int", "Int"], "Int"),
    ("mul Int", &["Int", "Int"], "Int"),
    ("floordiv Int", &["Int", "Int"], "Int"),
    ("mod Int", &["Int", "Int"], "Int"),
    ("neg Int", &["Int"], "Int"),
    ("abs Int", &["Int"], "Int"),
    ("pow Int", &["Int", "Int"], "Int"),
    ("bit_and Int", &["Int", "Int"], "Int"),
    ("bit_or Int", &["Int", "Int"], "Int"),
    ("bit_xor Int", &["Int", "Int"], "Int"),
    ("invert Int", &["Int"], "Int"),
    ("shl Int", &["Int", "Int"], "Int"),
    ("shr Int", &["Int", "Int"], "Int"),
    ("min Int", &["Int", "Int"], "Int"),
    ("max S", &["S", "S"], "S"),
    ("convert Int D EXACT", &["Int"], "D"),
    ("convert D Int HALF_EVEN", &["D"], "Int"),
    ("add D", &["D", "D"], "D"),
    ("mul.round D D D HALF_UP", &["D", "D"], "D"),
    ("div.round D D D FLOOR", &["D", "D"], "D"),
    ("muldiv D D Int D CEILING", &["D", "D", "Int"], "D"),
    ("muldiv D D D D EXACT", &["D", "D", "D"], "D"),
    ("raw D", &["D"], "Int"),
    ("from_raw D", &["Int"], "D"),
    ("from_raw E", &["Int"], "E"),
    ("raw E", &["E"], "Int"),
    ("convert Int U8 DOWN", &["Int"], "U8"),
    ("convert U8 Int UP", &["U8"], "Int"),
    ("add U8", &["U8", "U8"], "U8"),
    ("allocate Int L L 0", &["Int", "L"], "L"),
    ("allocate D L LD 1", &["D", "L"], "LD"),
    ("allocate Int L L 2", &["Int", "L"], "L"),
    ("list.get LD", &["LD", "Int"], "D"),
    ("eq Int", &["Int", "Int"], "Bool"),
    ("ne R", &["R", "R"], "Bool"),
    ("lt S", &["S", "S"], "Bool"),
    ("le D", &["D", "D"], "Bool"),
    ("gt O", &["O", "O"], "Bool"),
    ("ge Date", &["Date", "Date"], "Bool"),
    ("eq M", &["M", "M"], "Bool"),
    ("eq L", &["L", "L"], "Bool"),
    ("not", &["Bool"], "Bool"),
    ("and", &["Bool", "Bool"], "Bool"),
    ("or", &["Bool", "Bool"], "Bool"),
    ("from_raw Timestamp", &["Int"], "Timestamp"),
    ("from_raw Duration", &["Int"], "Duration"),
    ("raw Timestamp", &["Timestamp"], "Int"),
    ("raw Duration", &["Duration"], "Int"),
    ("ts.add", &["Timestamp", "Duration"], "Timestamp"),
    ("ts.sub", &["Timestamp", "Duration"], "Timestamp"),
    ("ts.diff", &["Timestamp", "Timestamp"], "Duration"),
    ("ts.date", &["Timestamp"], "Date"),
    ("date.ts", &["Date"], "Timestamp"),
    ("date.add", &["Date", "Int"], "Date"),
    ("date.diff", &["Date", "Date"], "Int"),
    ("date.make", &["Int", "Int", "Int"], "Date"),
    ("date.part 4", &["Date"], "Int"),
    ("date.add_months", &["Date", "Int"], "Date"),
    ("len S", &["S"], "Int"),
    ("len B", &["B"], "Int"),
    ("concat S S S", &["S", "S"], "S"),
    ("slice S S", &["S", "Int", "Int"], "S"),
    ("slice B B", &["B", "Int", "Int"], "B"),
    ("code_at S", &["S", "Int"], "Int"),
    ("code_at B", &["B", "Int"], "Int"),
    ("from_code S", &["Int"], "S"),
    ("from_int Int S", &["Int"], "S"),
    ("to_int S Int", &["S"], "Int"),
    ("find S S", &["S", "S"], "Int"),
    ("find B B", &["B", "B"], "Int"),
    ("starts_with S S", &["S", "S"], "Bool"),
    ("coerce S B", &["S"], "B"),
    ("coerce B S", &["B"], "S"),
    ("coerce B Party", &["B"], "Party"),
    ("coerce Hash B", &["Hash"], "B"),
    ("encode R B", &["R"], "B"),
    ("encode M B", &["M"], "B"),
    ("hash R", &["R"], "Hash"),
    ("hash S", &["S"], "Hash"),
    ("some O", &["Int"], "O"),
    ("none O", &[], "O"),
    ("is_some O", &["O"], "Bool"),
    ("unwrap O", &["O"], "Int"),
    ("unwrap OR", &["OR"], "R"),
    ("record.new R", &["Int", "S"], "R"),
    ("record.get R 0", &["R"], "Int"),
    ("record.get R 1", &["R"], "S"),
    ("record.set R 1", &["R", "S"], "R"),
    ("list.new L 2", &["Int", "Int"], "L"),
    ("list.len L", &["L"], "Int"),
    ("list.get L", &["L", "Int"], "Int"),
    ("list.set L", &["L", "Int", "Int"], "L"),
    ("list.push L", &["L", "Int"], "L"),
    ("list.pop L", &["L"], "Int"),
    ("list.slice L", &["L", "Int", "Int"], "L"),
    ("list.concat L", &["L", "L"], "L"),
    ("list.contains L", &["L", "Int"], "Bool"),
    ("list.sort L", &["L"], "L"),
    ("list.reverse L", &["L"], "L"),
    ("list.insert L", &["L", "Int", "Int"], "L"),
    ("list.remove L", &["L", "Int"], "L"),
    ("map.new M", &[], "M"),
    ("map.len M", &["M"], "Int"),
    ("map.has M", &["M", "S"], "Bool"),
    ("map.get M", &["M", "S"], "Int"),
    ("map.find M O", &["M", "S"], "O"),
    ("map.put M", &["M", "S", "Int"], "M"),
    ("map.delete M", &["M", "S"], "M"),
    ("map.key_at M", &["M", "Int"], "S"),
    ("map.value_at M", &["M", "Int"], "Int"),
    ("map.keys M LS", &["M"], "LS"),
    ("map.values M L", &["M"], "L"),
    ("list.get LS", &["LS", "Int"], "S"),
    ("ctx.sender", &[], "Party"),
    ("ctx.caller", &[], "Int"),
    ("ctx.contract", &[], "Int"),
    ("ctx.height", &[], "Int"),
    ("ctx.time", &[], "Timestamp"),
    ("ctx.has_role 3", &[], "Bool"),
    ("ctx.signed", &["Party"], "Bool"),
    ("ctx.signed_role 1", &["Party"], "Bool"),
    ("random S", &["S"], "Hash"),
    ("ctx.tx_id", &[], "Hash"),
    ("call g", &["Int", "Int"], "Int"),
    ("call_import helper", &["Int"], "Int"),
    ("table.has rows", &["Int", "S"], "Bool"),
    ("table.get rows", &["Int", "S"], "R"),
    ("table.find rows OR", &["Int", "S"], "OR"),
    ("table.put rows", &["Int", "S", "R"], ""),
    ("table.insert rows", &["Int", "S", "R"], ""),
    ("table.update rows", &["Int", "S", "R"], ""),
    ("table.delete rows", &["Int", "S"], ""),
    ("table.put sums", &["Int", "Money"], ""),
    ("table.adjust sums 1", &["Int", "Int"], ""),
    ("table.credit sums 1", &["Int", "Int"], ""),
    ("table.issue sums", &["Int", "Int"], ""),
    ("table.redeem sums", &["Int", "Int"], ""),
    ("record.new Money", &["Int", "Int"], "Money"),
    ("table.put one", &["Money"], ""),
    ("table.get one", &[], "Money"),
    ("record.get Money 1", &["Money"], "Int"),
    ("table.scan rows 0 0 Items -", &["Int"], "Items"),
    (
        "table.scan rows 0 3 Items -",
        &["Int", "Int", "Int"],
        "Items",
    ),
    (
        "table.scan rows 0 12 Items After",
        &["After", "Timestamp", "Int"],
        "Items",
    ),
    ("table.scan rows 1 1 Items -", &["Int", "S", "Int"], "Items"),
    ("list.len Items", &["Items"], "Int"),
    ("table.has_at rows", &["Int", "S", "Timestamp"], "Bool"),
    ("table.get_at rows", &["Int", "S", "Timestamp"], "R"),
    ("table.find_at rows OR", &["Int", "S", "Timestamp"], "OR"),
    ("emit Ev", &["R"], ""),
    ("day_fraction 2 D HALF_EVEN", &["Date", "Date"], "D"),
    ("day_fraction 3 D DOWN", &["Date", "Date"], "D"),
    ("hash.below", &["Hash", "Int"], "Int"),
    ("ctx.time_of", &["Int"], "Timestamp"),
    ("oracle O 1", &["Duration"], "O"),
    ("oracle.must Int 1", &["Duration"], "Int"),
    ("oracle.time OT 1", &[], "OT"),
    ("unwrap OT", &["OT"], "Timestamp"),
    ("timer.set f", &["Int", "Timestamp"], "Hash"),
    ("timer.cancel", &["Hash"], "Bool"),
    ("index.scan by_s 0 0 Items -", &["Int"], "Items"),
    (
        "index.scan by_s 1 7 Items AfterS",
        &["S", "Int", "Int", "AfterS", "Int"],
        "Items",
    ),
    ("table.adjust pots 0", &["Int", "Int"], ""),
    ("table.credit pots 0", &["Int", "Int"], ""),
    ("table.lock pots 1", &["Int", "Int", "Hash"], ""),
    ("table.unlock pots 1", &["Int", "Hash"], "Int"),
    ("table.unlock_part pots 1", &["Int", "Int", "Hash"], ""),
    ("table.locked pots 1 O", &["Int", "Hash"], "O"),
    ("require BAD", &["Bool", "Int"], ""),
];

/// Where a value of a type can be had without computing it.
const LEAVES: &[(&str, &[&str])] = &[
    (
        "Int",
        &[
            "local.get 0",
            "local.get 1",
            "push.int Int 1",
            "push.int Int 0",
            "push.int Int -1",
            "push.int Int 12",
        ],
    ),
    ("S", &["local.get 2", "const text"]),
    ("D", &["local.get 3", "const price", "push.int D -7"]),
    ("R", &["local.get 4", "const record"]),
    ("L", &["local.get 5", "local.take 5", "const list"]),
    ("M", &["local.get 6", "local.take 6", "const map"]),
    ("O", &["local.get 7", "const some"]),
    ("B", &["const bytes"]),
    ("After", &["const after"]),
    ("Bool", &["push.bool 0", "push.bool 1"]),
    ("U8", &["push.int U8 200", "push.int U8 3"]),
    ("E", &["push.int E 2"]),
    ("Date", &["push.int Date 20000"]),
    ("Timestamp", &["push.int Timestamp 999"]),
    ("Duration", &["push.int Duration 5"]),
    ("Party", &["ctx.sender"]),
    ("AfterS", &["const after_s"]),
    ("Hash", &["const hash"]),
];
const STORED: [(&str, usize); 7] = [
    ("Int", 1),
    ("S", 2),
    ("D", 3),
    ("R", 4),
    ("L", 5),
    ("M", 6),
    ("O", 7),
];

/// Writes code that leaves a value of `ty`.
fn produce(random: &mut Random, ty: &str, depth: usize, body: &mut Vec<String>) {
    let leaves = LEAVES
        .iter()
        .find(|(known, _)| *known == ty)
        .map_or(&[][..], |(_, leaves)| leaves);
    let giving: Vec<_> = EXPRESSIONS
        .iter()
        .filter(|(_, _, result)| *result == ty)
        .collect();
    if !leaves.is_empty() && (depth == 0 || giving.is_empty() || random.below(3) == 0) {
        body.push(random.pick(leaves).to_owned());
        return;
    }
    let chosen = giving[random.below(giving.len())];
    express(random, chosen, depth.saturating_sub(1), body);
}

type Expression = (&'static str, &'static [&'static str], &'static str);

fn express(random: &mut Random, expression: &Expression, depth: usize, body: &mut Vec<String>) {
    let (line, operands, _) = expression;
    operands
        .iter()
        .for_each(|ty| produce(random, ty, depth, body));
    body.push((*line).to_owned());
    // The list below the element is not wanted.
    if line.starts_with("list.pop") {
        body.extend(["swap".to_owned(), "drop".to_owned()]);
    }
}

/// One statement: an expression stored or dropped, at times in a branch or loop.
fn statement(random: &mut Random) -> Vec<String> {
    let expression = &EXPRESSIONS[random.below(EXPRESSIONS.len())];
    let mut inner = Vec::new();
    express(random, expression, 2, &mut inner);
    let place = STORED.iter().find(|(ty, _)| *ty == expression.2);
    match (expression.2, place) {
        ("", _) => {}
        (_, Some((_, local))) => inner.push(format!("local.set {local}")),
        _ => inner.push("drop".to_owned()),
    }
    let mut body = Vec::new();
    let lines = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    match random.below(6) {
        0 => {
            produce(random, "Bool", 1, &mut body);
            body.extend(lines(&["if -"]));
            body.extend(inner.clone());
            body.extend(lines(&["else"]));
            body.extend(inner);
            body.extend(lines(&["end"]));
        }
        1 => {
            body.extend(lines(&["block -"]));
            produce(random, "Bool", 1, &mut body);
            body.extend(lines(&["br_if 0"]));
            body.extend(inner);
            body.extend(lines(&["end"]));
        }
        2 => {
            body.extend(lines(&["attempt"]));
            body.extend(inner);
            body.extend(lines(&["end", "local.set 1"]));
        }
        _ => body = inner,
    }
    body
}

#[test]
fn well_typed_programs_never_reach_internal() {
    let mut ran: BTreeMap<String, u64> = BTreeMap::new();
    let mut traps: BTreeMap<String, u64> = BTreeMap::new();
    let mut longest = 0;
    for seed in 1..=60_u64 {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        // Every local holds something before the random part starts.
        let mut body: Vec<String> = Vec::new();
        for (local, value) in ["zero", "text", "price", "record", "list", "map", "some"]
            .iter()
            .enumerate()
        {
            body.extend([format!("const {value}"), format!("local.set {}", local + 1)]);
        }
        let mut statements = 0;
        for _ in 0..120 {
            let (before, added) = (body.len(), statement(&mut random));
            added
                .iter()
                .for_each(|line| *ran.entry(line.clone()).or_default() += 1);
            body.extend(added);
            let outcome =
                attempt(&body, 0).unwrap_or_else(|| panic!("seed {seed}: ill-typed {body:?}"));
            *traps.entry(outcome.name.to_string()).or_default() += 1;
            // Only what reaches its end may grow: a trap would hide the rest.
            if outcome.name == "UNREACHABLE" {
                statements += 1
            } else {
                body.truncate(before)
            }
        }
        longest = longest.max(statements);
    }
    assert!(longest >= 30, "programs grow long: {longest}");
    let never = EXPRESSIONS
        .iter()
        .filter(|(line, _, _)| !ran.contains_key(*line))
        .count();
    assert_eq!(never, 0, "every expression was tried");
    let expected = [
        "OVERFLOW",
        "DIVIDE_BY_ZERO",
        "INEXACT",
        "DOMAIN",
        "INDEX",
        "KEY",
        "NONE",
        "LENGTH",
        "MISSING",
        "INSUFFICIENT",
        "AS_OF",
        "UNSET",
        "GAS",
        "FEED",
        "BAD",
    ];
    let missing: Vec<_> = expected
        .iter()
        .filter(|name| !traps.contains_key(**name))
        .collect();
    assert!(
        missing.is_empty(),
        "traps never reached: {missing:?} of {traps:?}"
    );
}

/// Instructions at random, immediates at random: most are refused, the rest run.
#[test]
fn whatever_is_accepted_runs() {
    let mut accepted = 0;
    for seed in 1..=40_u64 {
        let mut random = Random(seed.wrapping_mul(0xD134_2543_DE82_EF95));
        let (mut body, mut open) = (Vec::new(), 0);
        for _ in 0..500 {
            let line = instruction(&mut random);
            let Some(next) = depth_after(open, &line) else {
                continue;
            };
            body.push(line);
            match attempt(&body, next) {
                Some(outcome) if outcome.name == "UNREACHABLE" => {
                    (open, accepted) = (next, accepted + 1);
                }
                _ => drop(body.pop()),
            }
        }
    }
    assert!(accepted > 1_000, "{accepted} instructions accepted");
}
