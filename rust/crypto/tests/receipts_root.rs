//! What a gateway can make a client believe: the truth, or nothing.

mod common;

use common::{chain, commit, genesis, reply, result, session};
use daicho_crypto::{
    BadCertificate, BadReceipt, Known, Outcome, ReceiptChecker, block_digest, merkle_path,
    receipt_path, seal_receipt,
};
use daicho_types::codec::{Blob, List};
use daicho_types::gateway::Receipts;
use daicho_types::result::{Receipt, ReceiptStatus, SealedReceipt};
use daicho_types::{Alias, ConsensusTime, Digest, Height};

const TX: Digest = Digest([0x77; 32]);
const INDEX: usize = 2;

fn receipt(index: u32, height: u64) -> Receipt {
    Receipt {
        tx_id: TX,
        sender: Alias([5; 16]),
        lane: 1,
        sequence: 9,
        height: Height(height),
        index,
        block_time: ConsensusTime(77),
        status: ReceiptStatus::Ok,
        code: Blob::new(b"OK".to_vec()).unwrap(),
        gas_used: 1,
        steps: 1,
        result: Blob::default(),
        events: List::default(),
    }
}

fn sealed_receipts(own: &Receipt) -> Vec<SealedReceipt> {
    let other = |n: u8| SealedReceipt {
        sealed: Blob::new(vec![n; 528]).unwrap(),
        control_code: 0,
    };
    let mut all: Vec<_> = (0..5).map(other).collect();
    let own = seal_receipt(&session().secret, &TX, own).unwrap();
    all[INDEX].sealed = Blob::new(own).unwrap();
    all[4] = SealedReceipt {
        sealed: Blob::default(),
        control_code: 14,
    };
    all
}

fn witnesses() -> Vec<Digest> {
    (0..5).map(|n| Digest([n; 32])).collect()
}

fn honest() -> Receipts {
    reply(TX, INDEX, &witnesses(), &sealed_receipts(&receipt(2, 3)))
}

fn known() -> Known {
    Known {
        session: Some(session().secret),
        witness_id: Some(witnesses()[INDEX]),
    }
}

fn judged(receipts: &Receipts) -> Result<Outcome, BadReceipt> {
    let mut checker = ReceiptChecker::new(&genesis());
    checker.check_block(receipts)?;
    checker.check_entry(receipts, &receipts.entries[0], &known())
}

#[test]
fn an_honest_reply_is_final() {
    assert_eq!(
        judged(&honest()),
        Ok(Outcome::Final(Box::new(receipt(2, 3))))
    );
    let mut ordered = honest();
    ordered.result = None;
    let mut entry = ordered.entries[0].clone();
    (entry.receipt, entry.receipt_path) = (None, None);
    ordered.entries = List::new(vec![entry]).unwrap();
    assert_eq!(judged(&ordered), Ok(Outcome::Ordered));
}

#[test]
fn without_the_session_a_receipt_stays_sealed() {
    let receipts = honest();
    let mut checker = ReceiptChecker::new(&genesis());
    checker.check_block(&receipts).unwrap();
    let outcome = checker.check_entry(&receipts, &receipts.entries[0], &Known::default());
    assert_eq!(outcome, Ok(Outcome::Sealed));
}

#[test]
fn a_control_transaction_shows_its_code() {
    let sealed = sealed_receipts(&receipt(2, 3));
    let receipts = reply(TX, 4, &witnesses(), &sealed);
    let mut checker = ReceiptChecker::new(&genesis());
    checker.check_block(&receipts).unwrap();
    let outcome = checker.check_entry(&receipts, &receipts.entries[0], &Known::default());
    assert_eq!(outcome, Ok(Outcome::Control(14)));
}

/// A lie in any part of the reply, and the name it gets.
#[test]
fn every_lie_is_caught() {
    type Lie = (fn(&mut Receipts), BadReceipt);
    let lies: [Lie; 6] = [
        (|r| r.header.time.0 += 1, BadReceipt::OtherBlock),
        (|r| r.commit.height = Height(4), BadReceipt::OtherBlock),
        (
            |r| r.commit = commit(&chain(), block_digest(&r.header), &[0, 1]),
            BadReceipt::Commit(BadCertificate::TooFew { have: 2, need: 3 }),
        ),
        (
            |r| {
                let statement = r.result.as_ref().unwrap().statement.clone();
                r.result = Some(result(&chain(), &statement, &[1]));
            },
            BadReceipt::Result(BadCertificate::TooFew { have: 1, need: 2 }),
        ),
        (
            |r| {
                let mut statement = r.result.as_ref().unwrap().statement.clone();
                statement.block = Digest([1; 32]);
                r.result = Some(result(&chain(), &statement, &[0, 1]));
            },
            BadReceipt::OtherResult,
        ),
        (|r| r.result = None, BadReceipt::ReceiptPath),
    ];
    for (lie, expected) in lies {
        let mut receipts = honest();
        lie(&mut receipts);
        assert_eq!(judged(&receipts), Err(expected));
    }
}

/// A lie in the entry: another witness, another place, another receipt.
#[test]
fn every_lie_in_an_entry_is_caught() {
    type Lie = (fn(&mut daicho_types::gateway::ReceiptEntry), BadReceipt);
    let lies: [Lie; 6] = [
        (|e| e.witness_id = Digest([1; 32]), BadReceipt::Witness),
        (
            |e| e.witness_path = merkle_path(&witnesses(), 1),
            BadReceipt::WitnessPath,
        ),
        (|e| e.tx_id = Digest([1; 32]), BadReceipt::Seal),
        (|e| e.receipt_path = None, BadReceipt::ReceiptPath),
        (
            |e| e.receipt.as_mut().unwrap().control_code = 1,
            BadReceipt::ReceiptPath,
        ),
        (
            // Another's receipt, proved at its own place.
            |e| {
                let sealed = sealed_receipts(&receipt(2, 3));
                e.receipt = Some(sealed[1].clone());
                e.receipt_path = Some(receipt_path(&sealed, 1));
            },
            BadReceipt::ReceiptPath,
        ),
    ];
    for (lie, expected) in lies {
        let mut receipts = honest();
        let mut entry = receipts.entries[0].clone();
        lie(&mut entry);
        receipts.entries = List::new(vec![entry]).unwrap();
        assert_eq!(judged(&receipts), Err(expected));
    }
}

/// A certified receipt that speaks of another height or place is the
/// executors' fault, and noticed all the same.
#[test]
fn a_receipt_about_something_else_is_no_acknowledgement() {
    for own in [receipt(3, 3), receipt(2, 4)] {
        let receipts = reply(TX, INDEX, &witnesses(), &sealed_receipts(&own));
        assert_eq!(judged(&receipts), Err(BadReceipt::OtherReceipt));
    }
}

/// A remembered certificate vouches for itself and for no other.
#[test]
fn a_checker_that_has_seen_good_ones_still_refuses_bad_ones() {
    let mut checker = ReceiptChecker::new(&genesis());
    let good = honest();
    for _ in 0..3 {
        checker.check_block(&good).unwrap();
    }
    let mut bad = good.clone();
    bad.commit = commit(&chain(), bad.commit.block, &[0, 1, 1]);
    assert!(checker.check_block(&bad).is_err());
}
