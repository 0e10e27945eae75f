//! What a client does before it sends: fills a header, seals, signs. Pure: time,
//! sequence and randomness are given by the caller.

use daicho_types::codec::{Blob, Encode, List};
use daicho_types::control::Command;
use daicho_types::envelope::{
    Approval, Call, CoSignature, ControlTx, ENVELOPE_VERSION, Envelope, EnvelopeHeader, GasClass,
    Item, Question, SUITE_V1, SealedQuery,
};
use daicho_types::limits::SIZE_CLASS_BYTES;
use daicho_types::{AgreementKey, Alias, ChainId, ConsensusTime, Epoch, Signature};

use crate::envelope::{
    approval_payload, consent_payload, control_payload, envelope_payload, query_payload, seal_call,
    seal_question, session_info,
};
use crate::hash::Domain;
use crate::seal::{BadSeal, Secret, open_session};
use crate::sign::SigningKey;

/// Bytes that padding needs for the plaintext's length.
const PAD_LENGTH_BYTES: usize = 4;

/// A client's HPKE session towards the executors of one epoch.
#[derive(Clone, Debug)]
pub struct ClientSession {
    /// The chain it is for.
    pub chain: ChainId,
    /// The epoch it is for.
    pub epoch: Epoch,
    /// What the executors rebuild it from.
    pub enc: AgreementKey,
    /// What bodies and receipts are sealed under.
    pub secret: Secret,
}

impl ClientSession {
    /// Opens a session to `epoch_key`. The same 32 bytes of `entropy` give the
    /// same session again, which is how a client reads its receipts after a
    /// restart; they must be secret and unpredictable.
    ///
    /// # Errors
    /// [`BadSeal`] when the epoch's key is no point to agree with.
    pub fn open(
        epoch_key: &AgreementKey,
        chain: ChainId,
        epoch: Epoch,
        entropy: &[u8; 32],
    ) -> Result<Self, BadSeal> {
        let (enc, secret) = open_session(epoch_key, &session_info(&chain, epoch), entropy)?;
        Ok(Self {
            chain,
            epoch,
            enc,
            secret,
        })
    }
}

/// Who sends, in which place of its own order, until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who signs.
    pub sender: Alias,
    /// The stream of sequences.
    pub lane: u16,
    /// The place in it.
    pub sequence: u64,
    /// The last block time at which it may be ordered.
    pub expiry: ConsensusTime,
}

/// The header of an envelope that carries `call`, with the smallest size class
/// that holds it; `None` when none does.
#[must_use]
pub fn envelope_header(
    session: &ClientSession,
    origin: &Origin,
    gas_class: GasClass,
    salt: [u8; 16],
    call: &Call,
) -> Option<EnvelopeHeader> {
    let needed = call.to_bytes().len() + PAD_LENGTH_BYTES;
    let size_class = SIZE_CLASS_BYTES.iter().position(|size| *size >= needed)?;
    Some(EnvelopeHeader {
        version: ENVELOPE_VERSION,
        chain: session.chain,
        suite: SUITE_V1,
        epoch: session.epoch,
        sender: origin.sender,
        lane: origin.lane,
        sequence: origin.sequence,
        expiry: origin.expiry,
        gas_class,
        size_class: u8::try_from(size_class).expect("five classes"),
        salt,
        enc: session.enc,
    })
}

/// A sealed and signed transaction; `None` when the call fits no size class.
#[must_use]
pub fn seal_envelope(
    key: &SigningKey,
    session: &ClientSession,
    origin: &Origin,
    gas_class: GasClass,
    salt: [u8; 16],
    call: &Call,
) -> Option<Item> {
    let header = envelope_header(session, origin, gas_class, salt, call)?;
    let sealed = seal_call(&session.secret, &header, call)?;
    let mut envelope = Envelope {
        header,
        body: Blob::new(sealed).ok()?,
        signature: Signature([0; 64]),
    };
    let payload = envelope_payload(&envelope);
    envelope.signature = key.sign(Domain::SignTransaction, &session.chain, &payload);
    Some(Item::Sealed(envelope))
}

/// Another party's consent to `call` standing at `origin` and nowhere else.
#[must_use]
pub fn consent(
    key: &SigningKey,
    alias: Alias,
    chain: &ChainId,
    origin: &Origin,
    call: &Call,
) -> CoSignature {
    // Of the header, a consent covers sender, lane and sequence alone.
    let header = EnvelopeHeader {
        version: ENVELOPE_VERSION,
        chain: *chain,
        suite: SUITE_V1,
        epoch: Epoch(0),
        sender: origin.sender,
        lane: origin.lane,
        sequence: origin.sequence,
        expiry: origin.expiry,
        gas_class: GasClass::Small,
        size_class: 0,
        salt: [0; 16],
        enc: AgreementKey([0; 32]),
    };
    CoSignature {
        alias,
        signature: key.sign(Domain::SignConsent, chain, &consent_payload(&header, call)),
    }
}

/// One approver's signature on a command at its place.
#[must_use]
pub fn approve(
    key: &SigningKey,
    alias: Alias,
    chain: &ChainId,
    origin: &Origin,
    command: &Command,
) -> Approval {
    let unsigned = control_draft(chain, origin, command.clone(), Vec::new());
    let payload = approval_payload(&unsigned.expect("no approvals are few enough"));
    Approval {
        alias,
        signature: key.sign(Domain::SignApproval, chain, &payload),
    }
}

/// A control transaction with its approvals, signed by the sender; `None` when
/// there are more approvals than a transaction holds.
#[must_use]
pub fn sign_control(
    key: &SigningKey,
    chain: &ChainId,
    origin: &Origin,
    command: Command,
    approvals: Vec<Approval>,
) -> Option<Item> {
    let mut tx = control_draft(chain, origin, command, approvals)?;
    tx.signature = key.sign(Domain::SignTransaction, chain, &control_payload(&tx));
    Some(Item::Control(tx))
}

fn control_draft(
    chain: &ChainId,
    origin: &Origin,
    command: Command,
    approvals: Vec<Approval>,
) -> Option<ControlTx> {
    Some(ControlTx {
        version: ENVELOPE_VERSION,
        chain: *chain,
        sender: origin.sender,
        lane: origin.lane,
        sequence: origin.sequence,
        expiry: origin.expiry,
        command,
        approvals: List::new(approvals).ok()?,
        signature: Signature([0; 64]),
    })
}

/// A sealed and signed question; `None` when it fits no size class.
#[must_use]
pub fn seal_query(
    key: &SigningKey,
    session: &ClientSession,
    sender: Alias,
    nonce: [u8; 16],
    expiry: ConsensusTime,
    question: &Question,
) -> Option<SealedQuery> {
    let sealed = seal_question(&session.secret, &nonce, question)?;
    let mut query = SealedQuery {
        chain: session.chain,
        epoch: session.epoch,
        sender,
        nonce,
        expiry,
        enc: session.enc,
        body: Blob::new(sealed).ok()?,
        signature: Signature([0; 64]),
    };
    query.signature = key.sign(Domain::SignQuery, &session.chain, &query_payload(&query));
    Some(query)
}
