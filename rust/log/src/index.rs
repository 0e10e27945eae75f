//! Where things lie: the index that serves blocks by height and transactions
//! by id without holding a body in memory. Rebuilt by recovery, never stored.

use std::collections::{BTreeMap, VecDeque};

use daicho_crypto::block_digest;
use daicho_types::block::CommitCertificate;
use daicho_types::{Digest, Height};

use crate::INDEXED_TRANSACTIONS_MAX;
use crate::record::{Record, StoredBlock};

/// Where a record lies in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The segment.
    pub segment: u32,
    /// The offset of the frame.
    pub offset: u64,
    /// Bytes of the frame.
    pub bytes: u32,
}

/// Where a committed block lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommittedEntry {
    /// Digest of its header.
    pub digest: Digest,
    /// Header and ids.
    pub block: Position,
    /// Items.
    pub bodies: Position,
    /// The commit certificate.
    pub commit: Position,
}

/// A block that is stored but not decided.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub height: Height,
    pub block: Position,
    pub bodies: Option<Position>,
    tx_ids: Vec<Digest>,
}

/// Why a record does not fit what is stored already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfOrder {
    /// A commit certificate for another height than the next.
    #[error("the commit of {0:?} does not follow {1:?}")]
    Height(Height, Height),
    /// Bodies without their block, or a commit without block or bodies.
    #[error("the block {0} it speaks of is not stored before it")]
    Orphan(Digest),
    /// A segment's head inside a segment.
    #[error("a segment begins inside a segment")]
    Head,
}

/// The index over both streams.
#[derive(Clone, Debug, Default)]
pub struct Index {
    committed: Vec<CommittedEntry>,
    proposals: BTreeMap<Digest, Proposal>,
    results: BTreeMap<Height, Position>,
    transactions: BTreeMap<Digest, (Height, u32)>,
    /// The transactions' ids, oldest first.
    arrivals: VecDeque<Digest>,
}

impl Index {
    /// The last committed height; 0 before the first.
    pub fn height(&self) -> Height {
        Height(self.committed.len() as u64)
    }

    pub fn committed(&self, height: Height) -> Option<&CommittedEntry> {
        let place = usize::try_from(height.0.checked_sub(1)?).ok()?;
        self.committed.get(place)
    }

    pub fn proposal(&self, block: &Digest) -> Option<&Proposal> {
        self.proposals.get(block)
    }

    pub fn result(&self, height: Height) -> Option<Position> {
        self.results.get(&height).copied()
    }

    pub fn newest_result(&self) -> Option<Height> {
        self.results.keys().next_back().copied()
    }

    pub fn transaction(&self, tx_id: &Digest) -> Option<(Height, u32)> {
        self.transactions.get(tx_id).copied()
    }

    /// Whether `record` may come next.
    pub fn check(&self, record: &Record) -> Result<(), OutOfOrder> {
        match record {
            Record::Head(_) => Err(OutOfOrder::Head),
            Record::Bodies(bodies) => self.check_known(&bodies.block),
            Record::Commit(certificate) => self.check_commit(certificate),
            Record::Block(_) | Record::Agreement(_) | Record::Result(_) => Ok(()),
        }
    }

    fn check_known(&self, block: &Digest) -> Result<(), OutOfOrder> {
        match self.proposals.contains_key(block) {
            true => Ok(()),
            false => Err(OutOfOrder::Orphan(*block)),
        }
    }

    fn check_commit(&self, certificate: &CommitCertificate) -> Result<(), OutOfOrder> {
        if certificate.height != self.height().next() {
            return Err(OutOfOrder::Height(certificate.height, self.height()));
        }
        let whole = self
            .proposals
            .get(&certificate.block)
            .is_some_and(|p| p.bodies.is_some() && p.height == certificate.height);
        match whole {
            true => Ok(()),
            false => Err(OutOfOrder::Orphan(certificate.block)),
        }
    }

    /// Takes note of a record that [`Index::check`] let pass.
    pub fn note(&mut self, record: &Record, at: Position) {
        match record {
            Record::Head(_) | Record::Agreement(_) => {}
            Record::Block(block) => self.note_block(block, at),
            Record::Bodies(bodies) => {
                let proposal = self.proposals.get_mut(&bodies.block);
                proposal.expect("checked").bodies = Some(at);
            }
            Record::Commit(certificate) => self.note_commit(certificate, at),
            Record::Result(result) => {
                self.results.insert(result.certificate.statement.height, at);
            }
        }
    }

    fn note_block(&mut self, block: &StoredBlock, at: Position) {
        let digest = block_digest(&block.header);
        if block.header.height > self.height() {
            self.proposals.entry(digest).or_insert(Proposal {
                height: block.header.height,
                block: at,
                bodies: None,
                tx_ids: block.tx_ids.to_vec(),
            });
        }
    }

    fn note_commit(&mut self, certificate: &CommitCertificate, at: Position) {
        let proposal = self.proposals.remove(&certificate.block).expect("checked");
        self.committed.push(CommittedEntry {
            digest: certificate.block,
            block: proposal.block,
            bodies: proposal.bodies.expect("checked"),
            commit: at,
        });
        let height = self.height();
        assert_eq!(height, certificate.height, "heights are contiguous");
        self.proposals.retain(|_, other| other.height > height);
        for (place, tx_id) in (0u32..).zip(proposal.tx_ids) {
            self.transactions.insert(tx_id, (height, place));
            self.arrivals.push_back(tx_id);
        }
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        while self.arrivals.len() > INDEXED_TRANSACTIONS_MAX {
            let oldest = self.arrivals.pop_front().expect("not empty");
            self.transactions.remove(&oldest);
        }
    }
}
