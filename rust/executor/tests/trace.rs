//! Traces: the certified run again, told to whom it may be told, and nothing of it
//! believed that the node says.

mod common;

use common::{ADM, BANK_A, BANK_B, BANK_C, Ledger, alias, record};
use daicho_types::control::Command;
use daicho_types::envelope::Item;
use daicho_types::ipc::Past;
use daicho_types::limits::TRACES_WAITING_MAX;
use daicho_types::result::ReceiptStatus;
use daicho_types::trace::Trace;
use daicho_types::{Digest, Height, roles};

/// Books that a party keeps, and a note that everybody sees.
const BOOKS: &str = "
type Row record n:Int
error 1000 SHORT
type Word record to:Party
event 1 Told Word party:0
table 1 books v1 (owner:Party) Row party:0
table 2 notes v1 (k:Int) Row public
fn put(Party Int)
  local.get 0
  local.get 1
  record.new Row
  table.put books
  end
fn own(Int)
  ctx.sender
  table.get books
  record.get Row 0
  local.get 0
  ge Int
  require SHORT
  end
fn both(Party Int)
  local.get 0
  table.has books
  drop
  local.get 1
  call own
  end
fn note(Int)
  local.get 0
  local.get 0
  record.new Row
  table.put notes
  end
fn tell(Party)
  local.get 0
  record.new Word
  emit Told
  end
entry 1 put any
entry 2 own member
entry 3 both any
entry 4 note any
entry 5 tell any
";
const PUT: u32 = 1;
const OWN: u32 = 2;
const BOTH: u32 = 3;
const NOTE: u32 = 4;
const TELL: u32 = 5;

/// The first line with these words, from 1, in the source or a later version.
fn line(words: &str) -> u32 {
    let place = BOOKS.lines().position(|line| line.contains(words));
    u32::try_from(place.expect("it is there")).unwrap() + 1
}

fn int(value: i128) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

fn book(owner: u8, value: i128) -> Vec<u8> {
    [vec![owner; 16], int(value)].concat()
}

/// A ledger with the contract, and a book of 5 each for two banks.
fn ledger() -> Ledger {
    let mut ledger = Ledger::new();
    let deploy = ledger.deploy(BOOKS);
    ledger.block(&[deploy]);
    let opened: Vec<_> = [BANK_A, BANK_B]
        .map(|bank| ledger.call(bank, PUT, &book(bank, 5), &[]))
        .to_vec();
    ledger.block(&opened);
    ledger
}

fn code(trace: &Trace) -> &str {
    core::str::from_utf8(&trace.code).unwrap()
}

fn lines(trace: &Trace) -> Vec<u32> {
    let whole = trace.whole.as_ref().expect("everything is told");
    whole.lines.iter().map(|line| line.place.line).collect()
}

/// Issue: the re-run comes to the certified receipt, each call upon what those
/// before it in its block left.
#[test]
fn every_call_of_a_block_runs_as_it_ran() {
    let (put, own, require) = (line("fn put"), line("fn own"), line("require"));
    let mut ledger = ledger();
    let mut items = Vec::new();
    for value in [1, 9, 2] {
        items.push(ledger.call(BANK_A, PUT, &book(BANK_A, value), &[]));
        items.push(ledger.call(BANK_A, OWN, &int(5), &[]));
    }
    let height = ledger.block(&items);
    let mut codes = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let receipt = ledger.receipt(height, index, item);
        let trace = ledger.trace(BANK_A, item, height).unwrap();
        let whole = trace.whole.as_ref().unwrap();
        assert_eq!(trace.index as usize, index);
        assert_eq!((trace.status, &trace.code), (receipt.status, &receipt.code));
        assert_eq!(
            (whole.gas_used, whole.steps, &whole.result, whole.cut),
            (receipt.gas_used, receipt.steps, &receipt.result, false)
        );
        let gas: u64 = whole.lines.iter().map(|line| u64::from(line.gas)).sum();
        assert_eq!(whole.gas_before + gas, whole.gas_used);
        codes.push(code(&trace).to_owned());
        let failed = trace.failed_at.as_ref().map(|place| place.line);
        assert_eq!(failed, (codes[index] == "SHORT").then_some(require));
        let ran: Vec<u32> = if index % 2 == 0 {
            (put + 1..=put + 4).collect()
        } else {
            (own + 1..=require).collect()
        };
        assert_eq!(lines(&trace), ran);
    }
    assert_eq!(codes, ["OK", "SHORT", "OK", "OK", "OK", "SHORT"]);
}

/// Issue: "for a caller who holds every compartment it touched, else code and line
/// only"; invariant 12: "not found" and "not visible" are the same answer.
#[test]
fn each_is_told_what_it_may_see() {
    let mut ledger = ledger();
    // The sender's own book; another's book first; nothing but a public row.
    let own = ledger.call(BANK_A, OWN, &int(9), &[]);
    let both = ledger.call(BANK_A, BOTH, &book(BANK_B, 9), &[BANK_B]);
    let note = ledger.call(BANK_A, NOTE, &int(1), &[]);
    let height = ledger.block(&[own.clone(), both.clone(), note.clone()]);
    let whole = |ledger: &mut Ledger, who, item: &Item| {
        let trace = ledger.trace(who, item, height);
        trace.map(|trace| (code(&trace).to_owned(), trace.whole.is_some()))
    };
    let told = |code: &str, all| Ok((code.to_owned(), all));
    let access = || Err("ACCESS".to_owned());
    for (item, name) in [(&own, "SHORT"), (&both, "SHORT"), (&note, "OK")] {
        assert_eq!(whole(&mut ledger, ADM, item), told(name, true));
        assert_eq!(whole(&mut ledger, BANK_C, item), access());
    }
    assert_eq!(whole(&mut ledger, BANK_A, &own), told("SHORT", true));
    assert_eq!(whole(&mut ledger, BANK_A, &both), told("SHORT", false));
    assert_eq!(whole(&mut ledger, BANK_A, &note), told("OK", true));
    assert_eq!(whole(&mut ledger, BANK_B, &own), access());
    assert_eq!(
        whole(&mut ledger, BANK_B, &both),
        told("SHORT", false),
        "it signed"
    );
    assert_eq!(whole(&mut ledger, BANK_B, &note), access());
    let short = ledger.trace(BANK_B, &both, height).unwrap();
    assert_eq!(short.failed_at.unwrap().line, line("require"));
    assert_eq!(
        short.functions.len(),
        1,
        "no function but the failing line's"
    );
}

/// The answers to a stranger differ in nothing: not in a byte, nor in their size.
#[test]
fn what_is_not_visible_is_not_there() {
    let mut ledger = ledger();
    let own = ledger.call(BANK_A, OWN, &int(1), &[]);
    let height = ledger.block(std::slice::from_ref(&own));
    let mut answers = Vec::new();
    for tx_id in [daicho_crypto::tx_id(&own), Digest([7; 32])] {
        assert!(ledger.ask(BANK_C, tx_id, height).is_none(), "both wait");
        let answer = ledger.hand_back().unwrap();
        answers.push((
            ledger.opened(BANK_C, &answer),
            answer.sealed.len(),
            answer.code,
        ));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(&*answers[0].0.code, b"ACCESS");
}

/// A holder of every compartment that was touched need not have signed.
#[test]
fn a_holder_sees_what_others_did_to_its_book() {
    let mut ledger = ledger();
    let put = ledger.call(BANK_C, PUT, &book(BANK_B, 3), &[]);
    let height = ledger.block(std::slice::from_ref(&put));
    assert!(ledger.trace(BANK_B, &put, height).unwrap().whole.is_some());
    assert!(ledger.trace(BANK_C, &put, height).unwrap().whole.is_none());
    assert_eq!(ledger.trace(BANK_A, &put, height), Err("ACCESS".to_owned()));
}

/// Whom an event is for counts as touched: what it says is told to nobody else.
#[test]
fn an_event_is_told_to_whom_it_is_for() {
    let mut ledger = ledger();
    let tell = ledger.call(BANK_A, TELL, &[BANK_B; 16], &[]);
    let height = ledger.block(std::slice::from_ref(&tell));
    let told = ledger.trace(BANK_B, &tell, height).unwrap();
    assert_eq!(told.whole.unwrap().events.len(), 1);
    assert!(ledger.trace(BANK_A, &tell, height).unwrap().whole.is_none());
    assert_eq!(
        ledger.trace(BANK_C, &tell, height),
        Err("ACCESS".to_owned())
    );
}

/// Code and authorities are those of the block, also after a restart.
#[test]
fn the_past_is_run_with_what_it_had() {
    let mut ledger = ledger();
    let old = ledger.call(BANK_A, OWN, &int(1), &[]);
    let first = ledger.block(std::slice::from_ref(&old));
    // The new version takes over after its block; the role goes with the next.
    let newer = format!("\n\n{BOOKS}");
    let deploy = ledger.deploy(&newer);
    let during = ledger.call(BANK_A, OWN, &int(1), &[]);
    let second = ledger.block(&[deploy, during.clone()]);
    let after = ledger.call(BANK_A, OWN, &int(1), &[]);
    let demoted = ledger.control(Command::Admit(record(BANK_A, roles::ISSUER)));
    let third = ledger.block(&[demoted, after.clone()]);
    let refused = ledger.call(BANK_A, OWN, &int(1), &[]);
    let fourth = ledger.block(std::slice::from_ref(&refused));
    let revoke = ledger.control(Command::Revoke(alias(BANK_A)));
    ledger.block(&[revoke]);
    let runs = [
        (&old, first),
        (&during, second),
        (&after, third),
        (&refused, fourth),
    ];
    let told =
        |ledger: &mut Ledger| runs.map(|(item, height)| ledger.trace(ADM, item, height).unwrap());
    let traces = told(&mut ledger);
    assert_eq!(traces.each_ref().map(code), ["OK", "OK", "OK", "ROLE"]);
    let begun = traces.each_ref().map(|trace| lines(trace).first().copied());
    let first_line = line("fn own") + 1;
    let moved = first_line + 2;
    assert_eq!(
        begun,
        [Some(first_line), Some(first_line), Some(moved), None]
    );
    let hashes = traces
        .each_ref()
        .map(|it| it.contracts.first().map(|c| c.code));
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[1], hashes[2], "the newer version");
    ledger.restart();
    assert_eq!(told(&mut ledger), traces);
    // Who was revoked asks nothing any more.
    let answer = ledger
        .ask(BANK_A, daicho_crypto::tx_id(&old), first)
        .unwrap();
    assert_eq!(answer.code, daicho_types::Code::UnknownSender as u16);
}

/// Nothing is taken from the node on trust: another block, other items, another
/// result, a result that nobody certified.
#[test]
fn a_block_that_is_not_the_one_is_refused() {
    let mut ledger = ledger();
    let own = ledger.call(BANK_A, OWN, &int(1), &[]);
    let other = ledger.call(BANK_A, OWN, &int(9), &[]);
    let height = ledger.block(std::slice::from_ref(&own));
    let next = ledger.block(std::slice::from_ref(&other));
    let right = ledger.kept[&height].clone();
    let wrong = ledger.kept[&next].clone();
    let mut damaged = Vec::new();
    damaged.push(wrong.clone());
    let mut one = right.clone();
    one.block = wrong.block.clone();
    damaged.push(one);
    let mut one = right.clone();
    one.block.items = wrong.block.items.clone();
    damaged.push(one);
    let mut one = right.clone();
    one.result = wrong.result.clone();
    damaged.push(one);
    let mut one = right.clone();
    one.result.body.receipts = wrong.result.body.receipts.clone();
    damaged.push(one);
    let mut one = right.clone();
    one.result.certificate.signatures = wrong.result.certificate.signatures.clone();
    damaged.push(one);
    for kept in damaged {
        ledger.kept.insert(height, kept);
        assert_eq!(ledger.trace(ADM, &own, height), Err("DAMAGED".to_owned()));
    }
    ledger.kept.remove(&height);
    assert_eq!(ledger.trace(ADM, &own, height), Err("NOT_KEPT".to_owned()));
    ledger.kept.insert(height, right);
    let trace = ledger.trace(ADM, &own, height).unwrap();
    assert_eq!(trace.status, ReceiptStatus::Ok);
}

/// A re-run that does not come to the certified receipt is no trace of it, and a
/// stranger is told no more than ever.
#[test]
fn another_receipt_than_the_certified_one_is_not_explained() {
    let mut ledger = ledger();
    let own = ledger.call(BANK_A, OWN, &int(1), &[]);
    let height = ledger.block(std::slice::from_ref(&own));
    let other = ledger.call(BANK_A, OWN, &int(9), &[]);
    let next = ledger.block(std::slice::from_ref(&other));
    let receipts = ledger.kept[&next].result.body.receipts.to_vec();
    ledger.forge(height, &receipts);
    for (who, code) in [(ADM, "DIVERGED"), (BANK_A, "DIVERGED"), (BANK_B, "ACCESS")] {
        assert_eq!(ledger.trace(who, &own, height), Err(code.to_owned()));
    }
}

/// Traces wait in a line of bounded length, one for each caller; what cannot be
/// answered is not waited for; what was not asked for is not heard.
#[test]
fn the_line_is_bounded_and_in_order() {
    let mut ledger = ledger();
    let own = ledger.call(BANK_A, OWN, &int(1), &[]);
    let height = ledger.block(std::slice::from_ref(&own));
    let id = daicho_crypto::tx_id(&own);
    let at_once = |ledger: &mut Ledger, who, height| {
        let answer = ledger.ask(who, id, height).expect("no waiting");
        String::from_utf8(ledger.opened(who, &answer).code.to_vec()).unwrap()
    };
    assert_eq!(at_once(&mut ledger, ADM, height.next()), "NOT_YET");
    assert_eq!(at_once(&mut ledger, ADM, Height(0)), "ACCESS");
    assert_eq!(ledger.executor.fetch(), None, "nobody waits");
    let unasked = Past {
        height,
        kept: ledger.kept.get(&height).cloned(),
    };
    assert_eq!(ledger.executor.hear_past(&unasked), None);
    let callers = [ADM, BANK_A, BANK_B, BANK_C];
    assert!(callers.len() <= TRACES_WAITING_MAX);
    for who in callers {
        assert!(ledger.ask(who, id, height).is_none());
        assert_eq!(
            at_once(&mut ledger, who, height),
            "BUSY",
            "one of each caller"
        );
    }
    // Blocks go on meanwhile.
    let item = ledger.call(BANK_A, OWN, &int(1), &[]);
    ledger.block(&[item]);
    let mut codes = Vec::new();
    for who in callers {
        let answer = ledger.hand_back().unwrap();
        codes.push(String::from_utf8(ledger.opened(who, &answer).code.to_vec()).unwrap());
    }
    assert_eq!(codes, ["OK", "OK", "ACCESS", "ACCESS"]);
    assert_eq!(ledger.executor.fetch(), None);
}

/// A control transaction ran no contract: its outcome is public as it is.
#[test]
fn a_control_transaction_has_no_trace() {
    let mut ledger = Ledger::new();
    let deploy = ledger.deploy(BOOKS);
    let height = ledger.block(std::slice::from_ref(&deploy));
    for who in [ADM, BANK_C] {
        assert_eq!(
            ledger.trace(who, &deploy, height),
            Err("NO_CONTRACT".to_owned())
        );
    }
}
