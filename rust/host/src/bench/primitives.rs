//! The cryptography of one transaction, part by part, with the functions that
//! nodes, executors and clients call.

use std::hint::black_box;

use daicho_crypto::{
    Check, ClientSession, Domain, Known, MerkleTree, Outcome, ReceiptChecker, SigningKey,
    block_digest, body_digest, chain_id, commit_payload, envelope_payload, events_root, open_call,
    open_receipt, receipt_leaf, receipts_root, result_payload, seal_envelope, seal_receipt, tx_id,
    validator_set, verify_batch, witness_id,
};
use daicho_types::block::{
    BlockHeader, CertificateSignature, CommitCertificate, PROTOCOL_VERSION, ResultCertificate,
    ResultStatement,
};
use daicho_types::codec::{Blob, List};
use daicho_types::envelope::{Envelope, GasClass, Item};
use daicho_types::gateway::{ReceiptEntry, Receipts};
use daicho_types::limits::NODES_MAX;
use daicho_types::result::{Receipt, ReceiptStatus, ResultBody, SealedReceipt};
use daicho_types::{ConsensusTime, Digest, Height, ReplicaId, View};

use super::Work;
use super::world::{
    call, client_key, envelopes, genesis, origin, result_key, salt, session, vote_key,
};

/// Signatures that make a certificate among four.
const QUORUM: u8 = 3;

/// A work that does the same to each thing in turn.
fn each<T: Send + 'static>(things: Vec<T>, mut act: impl FnMut(&T) + Send + 'static) -> Work {
    Box::new(move |rounds| {
        for _ in 0..rounds {
            things.iter().for_each(&mut act);
        }
    })
}

/// Transaction id and witness id.
pub(super) fn hash_envelopes(batch: usize) -> Work {
    let items: Vec<_> = envelopes(batch).into_iter().map(Item::Sealed).collect();
    each(items, |item| {
        let id = tx_id(black_box(item));
        black_box(witness_id(id, item.signature()));
    })
}

/// A sender's signature.
pub(super) fn sign(batch: usize) -> Work {
    let (key, chain) = (client_key(), chain_id(&genesis()));
    each(envelopes(batch), move |envelope| {
        let payload = envelope_payload(envelope);
        black_box(key.sign(Domain::SignTransaction, &chain, &payload));
    })
}

fn check(envelope: &Envelope) -> Check {
    Check::new(
        client_key_public(),
        Domain::SignTransaction,
        &envelope.header.chain,
        &envelope_payload(envelope),
        envelope.signature,
    )
}

fn client_key_public() -> daicho_types::PublicKey {
    client_key().public()
}

/// Signatures one by one.
pub(super) fn verify_single(batch: usize) -> Work {
    let checks: Vec<_> = envelopes(batch).iter().map(check).collect();
    each(checks, |check| {
        assert!(black_box(check).verify().is_ok(), "signed by the client");
    })
}

/// Signatures in one batch, as admission verifies them.
pub(super) fn verify_together(batch: usize) -> Work {
    let checks: Vec<_> = envelopes(batch).iter().map(check).collect();
    each(vec![checks], |checks| {
        let good = verify_batch(black_box(checks));
        assert!(good.iter().all(|good| *good), "signed by the client");
    })
}

/// What a client does: fill the header, seal, sign.
pub(super) fn seal(batch: usize) -> Work {
    let (key, session) = (client_key(), session());
    each((0..batch as u64).collect(), move |sequence| {
        let (place, salt) = (origin(*sequence), salt(*sequence));
        let item = seal_envelope(
            &key,
            &session,
            &place,
            GasClass::Small,
            salt,
            &call(*sequence),
        );
        black_box(item.expect("it fits"));
    })
}

/// What an executor does under a session that it knows.
pub(super) fn open(batch: usize) -> Work {
    let session = session();
    each(envelopes(batch), move |envelope| {
        black_box(open_call(&session.secret, black_box(envelope)).expect("sealed under it"));
    })
}

fn receipt(id: Digest, index: usize) -> Receipt {
    let place = origin(index as u64);
    Receipt {
        tx_id: id,
        sender: place.sender,
        lane: place.lane,
        sequence: place.sequence,
        height: Height(1),
        index: u32::try_from(index).expect("a block's worth"),
        block_time: ConsensusTime(super::world::START_US),
        status: ReceiptStatus::Ok,
        code: Blob::new(b"OK".to_vec()).expect("short"),
        gas_used: 3_000,
        steps: 2_000,
        result: Blob::default(),
        events: List::default(),
    }
}

fn receipts(batch: usize) -> Vec<Receipt> {
    let ids = envelopes(batch)
        .into_iter()
        .map(|e| tx_id(&Item::Sealed(e)));
    ids.enumerate()
        .map(|(index, id)| receipt(id, index))
        .collect()
}

/// A receipt sealed to its sender.
pub(super) fn seal_receipts(batch: usize) -> Work {
    let session = session();
    each(receipts(batch), move |receipt| {
        black_box(seal_receipt(&session.secret, &receipt.tx_id, receipt).expect("it fits"));
    })
}

/// A receipt opened by its sender.
pub(super) fn open_receipts(batch: usize) -> Work {
    let session = session();
    let sealed = |receipt: Receipt| {
        let bytes = seal_receipt(&session.secret, &receipt.tx_id, &receipt).expect("it fits");
        (receipt.tx_id, bytes)
    };
    let sealed: Vec<_> = receipts(batch).into_iter().map(sealed).collect();
    each(sealed, move |(id, bytes)| {
        black_box(open_receipt(&session.secret, id, bytes).expect("sealed under it"));
    })
}

/// What a client does with one reply: header, both quorums, both places of
/// each receipt, and each receipt opened.
pub(super) fn check_receipts(batch: usize) -> Work {
    let (reply, session) = (reply(batch), session());
    let pristine = ReceiptChecker::new(&genesis());
    each(vec![reply], move |reply| {
        let mut checker = pristine.clone();
        checker.check_block(reply).expect("quorums of both kinds");
        for entry in reply.entries.iter() {
            let known = Known {
                session: Some(session.secret.clone()),
                witness_id: Some(entry.witness_id),
            };
            let outcome = checker.check_entry(reply, entry, &known);
            assert!(matches!(outcome, Ok(Outcome::Final(_))), "it stands there");
        }
    })
}

fn reply(batch: usize) -> Receipts {
    let items: Vec<_> = envelopes(batch).into_iter().map(Item::Sealed).collect();
    let ids: Vec<_> = items.iter().map(tx_id).collect();
    let signed = items.iter().zip(&ids);
    let witnesses: Vec<_> = signed
        .map(|(i, id)| witness_id(*id, i.signature()))
        .collect();
    let tree = MerkleTree::new(&witnesses);
    let header = header(tree.root(), batch);
    let body = body(&session(), &ids);
    let leaves: Vec<_> = body.receipts.iter().map(receipt_leaf).collect();
    let places = MerkleTree::new(&leaves);
    let entry = |index: usize| ReceiptEntry {
        tx_id: ids[index],
        witness_id: witnesses[index],
        witness_path: tree.path(index),
        receipt: Some(body.receipts[index].clone()),
        receipt_path: Some(places.path(index)),
    };
    let entries = (0..batch).map(entry).collect();
    Receipts {
        commit: commit(&header),
        result: Some(result(&header, &body)),
        header,
        entries: List::new(entries).expect("a block's worth"),
    }
}

fn header(witness_root: Digest, items: usize) -> BlockHeader {
    let genesis = genesis();
    BlockHeader {
        protocol: PROTOCOL_VERSION,
        height: Height(1),
        parent: chain_id(&genesis),
        time: ConsensusTime(super::world::START_US),
        feeds: List::default(),
        result: None,
        witness_root,
        items: u32::try_from(items).expect("a block's worth"),
        control: Digest::ZERO,
        validators: validator_set(&genesis),
    }
}

fn body(session: &ClientSession, ids: &[Digest]) -> ResultBody {
    let sealed = ids.iter().enumerate().map(|(index, id)| {
        let sealed = seal_receipt(&session.secret, id, &receipt(*id, index)).expect("it fits");
        SealedReceipt {
            sealed: Blob::new(sealed).expect("bounded"),
            control_code: 0,
        }
    });
    ResultBody {
        height: Height(1),
        changes: List::default(),
        receipts: List::new(sealed.collect()).expect("a block's worth"),
        events: List::default(),
    }
}

fn quorum(
    key: impl Fn(u8) -> SigningKey,
    domain: Domain,
    payload: &[u8],
) -> List<CertificateSignature, NODES_MAX> {
    let chain = chain_id(&genesis());
    let sign = |node: u8| CertificateSignature {
        replica: ReplicaId(node.into()),
        signature: key(node).sign(domain, &chain, payload),
    };
    List::new((0..QUORUM).map(sign).collect()).expect("few")
}

fn commit(header: &BlockHeader) -> CommitCertificate {
    let block = block_digest(header);
    let payload = commit_payload(View(0), header.height, block);
    CommitCertificate {
        view: View(0),
        height: header.height,
        block,
        signatures: quorum(vote_key, Domain::SignCommit, &payload),
    }
}

fn result(header: &BlockHeader, body: &ResultBody) -> ResultCertificate {
    let statement = ResultStatement {
        height: header.height,
        block: block_digest(header),
        state_root: Digest::ZERO,
        receipts_root: receipts_root(&body.receipts),
        events_root: events_root(&body.events),
        body: body_digest(body),
        next_wakeup: ConsensusTime(0),
        execution_version: 1,
    };
    let payload = result_payload(&statement);
    ResultCertificate {
        signatures: quorum(result_key, Domain::SignResult, &payload),
        statement,
    }
}
