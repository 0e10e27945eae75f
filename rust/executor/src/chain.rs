//! The chain as an executor follows it: header on header, each under its own
//! commit certificate, from the pinned genesis. A node cannot make its
//! executor open anything that a quorum did not decide.

use daicho_control::{ControlOutcome, ControlState, Entry};
use daicho_crypto::{BadCertificate, block_digest, merkle_root};
use daicho_types::block::CommittedBlock;
use daicho_types::codec::Decode;
use daicho_types::envelope::Item;
use daicho_types::genesis::Genesis;
use daicho_types::{Code, Digest, Height};

/// Why a block is not the next one to execute.
#[derive(Debug, thiserror::Error)]
pub enum BadBlock {
    /// Not the height after the last one, or not on its header.
    #[error("block {0:?} does not follow the chain")]
    NotNext(Height),
    /// The certificate decides something else, or nothing.
    #[error("the commit certificate: {0}")]
    Certificate(#[from] BadCertificate),
    /// The certificate is of another block.
    #[error("the commit certificate is of another block")]
    OtherBlock,
    /// The items are not those the header names.
    #[error("the items are not those of the header")]
    Items,
}

impl BadBlock {
    /// The code it is reported under.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NotNext(_) | Self::Certificate(_) | Self::OtherBlock => Code::Uncertified,
            Self::Items => Code::Damaged,
        }
    }
}

/// A block that checks, decoded.
#[derive(Debug)]
pub struct Checked {
    /// Digest of its header.
    pub digest: Digest,
    /// Its items in order.
    pub items: Vec<Item>,
    /// Their transaction ids.
    pub tx_ids: Vec<Digest>,
    witness_ids: Vec<Digest>,
}

impl Checked {
    /// Decodes a block's items, if they are those that its header names. Says
    /// nothing of who decided the header.
    ///
    /// # Errors
    /// [`BadBlock::Items`] when they are not.
    pub fn of(block: &CommittedBlock) -> Result<Self, BadBlock> {
        let header = &block.header;
        let items: Result<Vec<_>, _> = block.items.iter().map(|i| Item::from_bytes(i)).collect();
        let items = items.map_err(|_| BadBlock::Items)?;
        let entries: Vec<_> = items.iter().map(Entry::unverified).collect();
        let tx_ids = entries.iter().map(|entry| entry.tx_id).collect();
        let witness_ids: Vec<_> = entries.iter().map(|entry| entry.witness_id).collect();
        if merkle_root(&witness_ids) != header.witness_root || header.items as usize != items.len()
        {
            return Err(BadBlock::Items);
        }
        Ok(Checked {
            digest: block_digest(header),
            items,
            tx_ids,
            witness_ids,
        })
    }
}

/// Where the chain stands.
#[derive(Debug)]
pub struct Chain {
    control: ControlState,
}

impl Chain {
    /// At genesis.
    ///
    /// # Errors
    /// The reason why the genesis makes no control state.
    pub fn new(genesis: &Genesis) -> Result<Self, String> {
        let control = ControlState::from_genesis(genesis).map_err(|error| error.to_string())?;
        Ok(Self { control })
    }

    /// The control state after the last block.
    #[must_use]
    pub fn control(&self) -> &ControlState {
        &self.control
    }

    /// Checks that `block` is the next one and decided.
    ///
    /// # Errors
    /// [`BadBlock`] with the first thing that is wrong.
    pub fn check(&self, block: &CommittedBlock) -> Result<Checked, BadBlock> {
        let header = &block.header;
        if header.height != self.control.height().next() || header.parent != self.control.block() {
            return Err(BadBlock::NotNext(header.height));
        }
        let digest = block_digest(header);
        let certificate = &block.certificate;
        if certificate.block != digest || certificate.height != header.height {
            return Err(BadBlock::OtherBlock);
        }
        self.control.validators().check_commit(certificate)?;
        Checked::of(block)
    }

    /// Takes a checked block; the outcomes of its control transactions.
    pub fn follow(&mut self, block: &CommittedBlock, checked: &Checked) -> Vec<ControlOutcome> {
        let ids = checked.tx_ids.iter().zip(&checked.witness_ids);
        let entries: Vec<_> = checked
            .items
            .iter()
            .zip(&block.items[..])
            .zip(ids)
            .map(|((item, bytes), (tx_id, witness_id))| Entry {
                item,
                tx_id: *tx_id,
                witness_id: *witness_id,
                bytes: bytes.len(),
                signer: None,
            })
            .collect();
        let (after, outcomes) = self.control.apply_block(&block.header, &entries);
        self.control = after;
        outcomes
    }
}
