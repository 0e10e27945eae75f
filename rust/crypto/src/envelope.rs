//! Envelopes, queries and receipts: what is signed, what is sealed, and under
//! which key (design §3).

use daicho_types::codec::{Decode, Encode};
use daicho_types::envelope::{Call, ControlTx, Envelope, EnvelopeHeader, Question, SealedQuery};
use daicho_types::limits::{RECEIPT_CLASS_BYTES, SIZE_CLASS_BYTES};
use daicho_types::result::Receipt;
use daicho_types::{ChainId, Digest, Epoch};

use crate::hash::Domain;
use crate::seal::{BadSeal, Secret, open_once, pad, seal_once, unpad};

/// What binds an HPKE session to its chain and epoch.
#[must_use]
pub fn session_info(chain: &ChainId, epoch: Epoch) -> Vec<u8> {
    let mut out = b"daicho session v1".to_vec();
    chain.encode(&mut out);
    epoch.encode(&mut out);
    out
}

/// What an envelope's sender signs: the header and the sealed body.
#[must_use]
pub fn envelope_payload(envelope: &Envelope) -> Vec<u8> {
    let mut out = envelope.header.to_bytes();
    envelope.body.encode(&mut out);
    out
}

/// What a control transaction's sender signs: everything before the signature.
#[must_use]
pub fn control_payload(tx: &ControlTx) -> Vec<u8> {
    let mut out = tx.to_bytes();
    out.truncate(out.len() - tx.signature.0.len());
    out
}

/// What an approver signs: the command and where it will stand.
#[must_use]
pub fn approval_payload(tx: &ControlTx) -> Vec<u8> {
    let mut out = Vec::new();
    tx.sender.encode(&mut out);
    tx.lane.encode(&mut out);
    tx.sequence.encode(&mut out);
    tx.command.encode(&mut out);
    out
}

/// What a co-signer signs: the call, and the one envelope it may stand in.
#[must_use]
pub fn consent_payload(header: &EnvelopeHeader, call: &Call) -> Vec<u8> {
    let mut out = Vec::new();
    header.sender.encode(&mut out);
    header.lane.encode(&mut out);
    header.sequence.encode(&mut out);
    call.contract.encode(&mut out);
    call.entry.encode(&mut out);
    call.arguments.encode(&mut out);
    out
}

/// What a querier signs: everything before the signature.
#[must_use]
pub fn query_payload(query: &SealedQuery) -> Vec<u8> {
    let mut out = query.to_bytes();
    out.truncate(out.len() - query.signature.0.len());
    out
}

/// Seals a call for `header`, padded to the header's size class. `None` when
/// it does not fit the class.
#[must_use]
pub fn seal_call(session: &Secret, header: &EnvelopeHeader, call: &Call) -> Option<Vec<u8>> {
    let size = *SIZE_CLASS_BYTES.get(usize::from(header.size_class))?;
    let padded = pad(&call.to_bytes(), size)?;
    Some(seal_once(&body_key(session, header), b"", &padded))
}

/// The inverse of [`seal_call`].
///
/// # Errors
/// [`BadSeal`] when the body is not a call sealed for this header.
pub fn open_call(session: &Secret, envelope: &Envelope) -> Result<Call, BadSeal> {
    let padded = open_once(&body_key(session, &envelope.header), b"", &envelope.body)?;
    Call::from_bytes(unpad(&padded).ok_or(BadSeal)?).map_err(|_| BadSeal)
}

fn body_key(session: &Secret, header: &EnvelopeHeader) -> Secret {
    session.derive(Domain::BodyKey, &[&header.to_bytes()])
}

/// Seals a receipt to the sender of transaction `tx_id`, padded to the
/// smallest class that holds it. `None` when no class does.
#[must_use]
pub fn seal_receipt(session: &Secret, tx_id: &Digest, receipt: &Receipt) -> Option<Vec<u8>> {
    let bytes = receipt.to_bytes();
    let padded = RECEIPT_CLASS_BYTES
        .iter()
        .find_map(|size| pad(&bytes, *size))?;
    Some(seal_once(
        &session.derive(Domain::ReceiptKey, &[&tx_id.0]),
        b"",
        &padded,
    ))
}

/// The inverse of [`seal_receipt`].
///
/// # Errors
/// [`BadSeal`] when the receipt is not one sealed for this transaction.
pub fn open_receipt(session: &Secret, tx_id: &Digest, sealed: &[u8]) -> Result<Receipt, BadSeal> {
    let padded = open_once(
        &session.derive(Domain::ReceiptKey, &[&tx_id.0]),
        b"",
        sealed,
    )?;
    Receipt::from_bytes(unpad(&padded).ok_or(BadSeal)?).map_err(|_| BadSeal)
}

/// Seals a question under its nonce, padded to the smallest size class.
/// `None` when no class holds it.
#[must_use]
pub fn seal_question(session: &Secret, nonce: &[u8; 16], question: &Question) -> Option<Vec<u8>> {
    let bytes = question.to_bytes();
    let padded = SIZE_CLASS_BYTES
        .iter()
        .find_map(|size| pad(&bytes, *size))?;
    Some(seal_once(
        &session.derive(Domain::QueryKey, &[nonce]),
        b"",
        &padded,
    ))
}

/// The inverse of [`seal_question`].
///
/// # Errors
/// [`BadSeal`] when the body is not a question sealed under this session.
pub fn open_question(session: &Secret, query: &SealedQuery) -> Result<Question, BadSeal> {
    let key = session.derive(Domain::QueryKey, &[&query.nonce]);
    let padded = open_once(&key, b"", &query.body)?;
    Question::from_bytes(unpad(&padded).ok_or(BadSeal)?).map_err(|_| BadSeal)
}

/// Seals an answer to the asker, padded to a power of two.
#[must_use]
pub fn seal_answer(session: &Secret, nonce: &[u8; 16], answer: &[u8]) -> Vec<u8> {
    let size = (answer.len() + 4)
        .next_power_of_two()
        .max(SIZE_CLASS_BYTES[0]);
    let padded = pad(answer, size).expect("the size was taken from the answer");
    seal_once(&session.derive(Domain::AnswerKey, &[nonce]), b"", &padded)
}

/// The inverse of [`seal_answer`].
///
/// # Errors
/// [`BadSeal`] when the answer is not one sealed for this query.
pub fn open_answer(session: &Secret, nonce: &[u8; 16], sealed: &[u8]) -> Result<Vec<u8>, BadSeal> {
    let padded = open_once(&session.derive(Domain::AnswerKey, &[nonce]), b"", sealed)?;
    unpad(&padded).map(<[u8]>::to_vec).ok_or(BadSeal)
}
