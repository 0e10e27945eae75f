//! The cryptography of Daicho behind its own names: domain-separated BLAKE3,
//! Ed25519 by ZIP-215, HPKE, AES-256-GCM-SIV, Merkle trees, certificates. No
//! type of a library leaves this crate, and nothing here reads randomness.
#![forbid(unsafe_code)]

mod certificate;
mod compose;
mod envelope;
mod epoch;
mod hash;
mod keyfile;
mod merkle;
mod receipt;
mod result;
mod seal;
mod secretfile;
mod sign;

pub use certificate::{BadCertificate, Electorate, commit_payload, result_payload};
pub use compose::{
    ClientSession, Origin, approve, consent, envelope_header, seal_envelope, seal_query,
    sign_control,
};
pub use envelope::{
    approval_payload, consent_payload, control_payload, envelope_payload, open_answer, open_call,
    open_question, open_receipt, query_payload, seal_answer, seal_call, seal_question,
    seal_receipt, session_info,
};
pub use epoch::{epoch_keys, unwrap_epoch_secret, wrap_epoch_secret};
pub use hash::{Domain, block_digest, chain_id, derive, hash, tx_id, validator_set, witness_id};
pub use keyfile::{ExecutorKeys, ExecutorSeeds};
pub use merkle::{MerkleTree, merkle_climb, merkle_path, merkle_root};
pub use receipt::{BadReceipt, Known, Outcome, ReceiptChecker};
pub use result::{body_digest, events_root, receipt_leaf, receipt_path, receipts_root};
pub use seal::{BadSeal, SealKeyPair, Secret, open_once, open_session, pad, seal_once, unpad};
pub use secretfile::{
    SECRET_FILE_BYTES_MAX, SECRET_FILE_MAGIC, SECRET_FILE_VERSION, open_secret_file,
    seal_secret_file,
};
pub use sign::{BadSignature, Check, SigningKey, verify, verify_batch};
