//! Checks what a gateway says about a transaction, from the genesis alone: the
//! header, the commit quorum, the place in the block, the result quorum, the
//! place in the result, and then opens what was sealed to the sender. A
//! gateway that lies about any of it is caught here (design §3, "only final is
//! an acknowledgement").

use std::collections::BTreeSet;

use daicho_types::block::{CommitCertificate, CommittedBlock, ResultCertificate};
use daicho_types::codec::{Decode, Encode};
use daicho_types::envelope::Item;
use daicho_types::gateway::{CertifiedResult, ReceiptEntry, Receipts};
use daicho_types::genesis::Genesis;
use daicho_types::result::{Receipt, SealedReceipt};
use daicho_types::{Digest, Height};

use crate::certificate::{BadCertificate, Electorate};
use crate::envelope::open_receipt;
use crate::hash::{Domain, block_digest, hash, tx_id, witness_id};
use crate::merkle::{merkle_climb, merkle_root};
use crate::result::{body_digest, receipt_leaf};
use crate::seal::Secret;

/// Certificates that a checker remembers as good: many receipts share one.
const REMEMBERED_CERTIFICATES_MAX: usize = 256;

/// Why a reply proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadReceipt {
    /// The commit quorum is none.
    #[error("commit certificate: {0}")]
    Commit(BadCertificate),
    /// The commit certificate decides another block.
    #[error("the commit certificate is of another block")]
    OtherBlock,
    /// The result quorum is none.
    #[error("result certificate: {0}")]
    Result(BadCertificate),
    /// The result certificate is of another block.
    #[error("the result certificate is of another block")]
    OtherResult,
    /// The transaction does not stand in the block.
    #[error("the witness path does not lead to the block's root")]
    WitnessPath,
    /// The items are not those that the header counts and hashes.
    #[error("the items are not those of the header")]
    Items,
    /// The result body does not hash to what is certified.
    #[error("the result body is not the certified one")]
    Body,
    /// The witness is not the one that was sent.
    #[error("the witness id is not that of the item sent")]
    Witness,
    /// The receipt does not stand in the result.
    #[error("the receipt path does not lead to the result's root")]
    ReceiptPath,
    /// The receipt does not open.
    #[error("the receipt does not open under the sender's session")]
    Seal,
    /// The receipt opens and speaks of something else.
    #[error("the receipt speaks of another transaction")]
    OtherReceipt,
}

/// What the asker knows of a transaction it asks about.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Opens the receipt; without it the receipt stays sealed.
    pub session: Option<Secret>,
    /// The witness id of the item sent; without it a clear control
    /// transaction is proved to be in the block only as far as the gateway's
    /// word for its id goes.
    pub witness_id: Option<Digest>,
}

/// How far a transaction has got, proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In a decided block; no certified result yet.
    Ordered,
    /// Final, with the sender's receipt.
    Final(Box<Receipt>),
    /// Final, a control transaction: zero or the code of its failure.
    Control(u16),
    /// Final, sealed to somebody else.
    Sealed,
}

/// Checks replies against the electorates of one genesis.
#[derive(Clone, Debug)]
pub struct ReceiptChecker {
    validators: Electorate,
    executors: Electorate,
    good: BTreeSet<Digest>,
}

impl ReceiptChecker {
    /// A checker for the chain of `genesis`.
    #[must_use]
    pub fn new(genesis: &Genesis) -> Self {
        Self {
            validators: Electorate::validators(genesis),
            executors: Electorate::executors(genesis),
            good: BTreeSet::new(),
        }
    }

    /// Checks everything that the entries of `receipts` share: that the header
    /// is decided and, if a result is there, that it is certified for it.
    ///
    /// # Errors
    /// [`BadReceipt`] with the first thing that is wrong.
    pub fn check_block(&mut self, receipts: &Receipts) -> Result<Digest, BadReceipt> {
        let digest = block_digest(&receipts.header);
        let height = receipts.header.height;
        self.check_commit(&receipts.commit, height, digest)?;
        if let Some(result) = &receipts.result {
            self.check_result(result, height, digest)?;
        }
        Ok(digest)
    }

    /// Checks a whole block: its certificate, and that it carries the items
    /// that its header counts and hashes. The digest of the header.
    ///
    /// # Errors
    /// [`BadReceipt`] with the first thing that is wrong.
    pub fn check_committed(&mut self, block: &CommittedBlock) -> Result<Digest, BadReceipt> {
        let digest = block_digest(&block.header);
        self.check_commit(&block.certificate, block.header.height, digest)?;
        let mut witnesses = Vec::with_capacity(block.items.len());
        for bytes in block.items.iter() {
            let item = Item::from_bytes(bytes).map_err(|_| BadReceipt::Items)?;
            witnesses.push(witness_id(tx_id(&item), item.signature()));
        }
        let counted = usize::try_from(block.header.items) == Ok(witnesses.len());
        if !counted || merkle_root(&witnesses) != block.header.witness_root {
            return Err(BadReceipt::Items);
        }
        Ok(digest)
    }

    /// Checks a whole result: its certificate and its body.
    ///
    /// # Errors
    /// [`BadReceipt`] with the first thing that is wrong.
    pub fn check_certified(&mut self, result: &CertifiedResult) -> Result<(), BadReceipt> {
        let statement = &result.certificate.statement;
        self.check_result(&result.certificate, statement.height, statement.block)?;
        if body_digest(&result.body) != statement.body {
            return Err(BadReceipt::Body);
        }
        Ok(())
    }

    fn check_commit(
        &mut self,
        certificate: &CommitCertificate,
        height: Height,
        block: Digest,
    ) -> Result<(), BadReceipt> {
        if certificate.block != block || certificate.height != height {
            return Err(BadReceipt::OtherBlock);
        }
        let key = hash(Domain::SignCommit, &[&certificate.to_bytes()]);
        if !self.good.contains(&key) {
            self.validators
                .check_commit(certificate)
                .map_err(BadReceipt::Commit)?;
            self.remember(key);
        }
        Ok(())
    }

    fn check_result(
        &mut self,
        certificate: &ResultCertificate,
        height: Height,
        block: Digest,
    ) -> Result<(), BadReceipt> {
        let statement = &certificate.statement;
        if statement.block != block || statement.height != height {
            return Err(BadReceipt::OtherResult);
        }
        let key = hash(Domain::SignResult, &[&certificate.to_bytes()]);
        if !self.good.contains(&key) {
            self.executors
                .check_result(certificate)
                .map_err(BadReceipt::Result)?;
            self.remember(key);
        }
        Ok(())
    }

    /// Forgetting costs one more check, never a wrong answer.
    fn remember(&mut self, key: Digest) {
        if self.good.len() >= REMEMBERED_CERTIFICATES_MAX {
            self.good.clear();
        }
        self.good.insert(key);
    }

    /// Checks one entry of a reply that [`ReceiptChecker::check_block`] has
    /// passed.
    ///
    /// # Errors
    /// [`BadReceipt`] with the first thing that is wrong.
    pub fn check_entry(
        &self,
        receipts: &Receipts,
        entry: &ReceiptEntry,
        known: &Known,
    ) -> Result<Outcome, BadReceipt> {
        check_witness(receipts, entry, known)?;
        match (&receipts.result, &entry.receipt) {
            (Some(result), Some(sealed)) => {
                check_place(result, entry, sealed)?;
                open(receipts, entry, sealed, known)
            }
            (None, None) => Ok(Outcome::Ordered),
            _ => Err(BadReceipt::ReceiptPath),
        }
    }
}

fn check_witness(
    receipts: &Receipts,
    entry: &ReceiptEntry,
    known: &Known,
) -> Result<(), BadReceipt> {
    if known.witness_id.is_some_and(|id| id != entry.witness_id) {
        return Err(BadReceipt::Witness);
    }
    let header = &receipts.header;
    let root = merkle_climb(entry.witness_id, &entry.witness_path);
    if root != Some(header.witness_root) || entry.witness_path.leaves != header.items {
        return Err(BadReceipt::WitnessPath);
    }
    Ok(())
}

fn check_place(
    result: &ResultCertificate,
    entry: &ReceiptEntry,
    sealed: &SealedReceipt,
) -> Result<(), BadReceipt> {
    let path = entry.receipt_path.as_ref().ok_or(BadReceipt::ReceiptPath)?;
    let root = merkle_climb(receipt_leaf(sealed), path);
    let place = (path.index, path.leaves);
    let expected = (entry.witness_path.index, entry.witness_path.leaves);
    if root != Some(result.statement.receipts_root) || place != expected {
        return Err(BadReceipt::ReceiptPath);
    }
    Ok(())
}

fn open(
    receipts: &Receipts,
    entry: &ReceiptEntry,
    sealed: &SealedReceipt,
    known: &Known,
) -> Result<Outcome, BadReceipt> {
    if sealed.sealed.is_empty() {
        return Ok(Outcome::Control(sealed.control_code));
    }
    let Some(session) = &known.session else {
        return Ok(Outcome::Sealed);
    };
    let receipt =
        open_receipt(session, &entry.tx_id, &sealed.sealed).map_err(|_| BadReceipt::Seal)?;
    let header = &receipts.header;
    let speaks = (
        receipt.tx_id,
        receipt.height,
        receipt.index,
        receipt.block_time,
    );
    if speaks
        != (
            entry.tx_id,
            header.height,
            entry.witness_path.index,
            header.time,
        )
    {
        return Err(BadReceipt::OtherReceipt);
    }
    Ok(Outcome::Final(Box::new(receipt)))
}
