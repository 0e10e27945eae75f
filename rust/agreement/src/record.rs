//! What a replica must find again after a crash, and how it finds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use daicho_types::block::CommitCertificate;
use daicho_types::{Digest, Height, View};
use daicho_types::{wire_enum, wire_struct};

use crate::message::{CheckpointCertificate, NewView, PrepareCertificate, Proposal, ViewChange};

wire_struct! {
    /// This replica said PREPARE: it says no other at that height and view.
    pub struct Prepared {
        /// The view.
        pub view: View,
        /// The height.
        pub height: Height,
        /// Digest of the header.
        pub block: Digest,
    }

    /// A validator without records started to abstain.
    pub struct Wiped {
        /// Format of the rule; 1.
        pub rule: u8,
    }

    /// It stopped abstaining.
    pub struct Rejoined {
        /// The first view it may vote in.
        pub view: View,
    }
}

wire_enum! {
    /// One durable fact. The order of the log is the order of the facts.
    pub enum Record {
        /// A block held; stands before any record that names it.
        1 => Block(Proposal),
        /// Own PREPARE.
        2 => Prepare(Prepared),
        /// A prepare certificate; own COMMITs follow from these.
        3 => Certificate(PrepareCertificate),
        /// Own VIEW-CHANGE.
        4 => ViewChange(ViewChange),
        /// A view entered.
        5 => NewView(NewView),
        /// A block decided, the one after the last such record.
        6 => Committed(CommitCertificate),
        /// A stable checkpoint.
        7 => Checkpoint(CheckpointCertificate),
        /// Votes may have been forgotten.
        8 => Wiped(Wiped),
        /// None that could be contradicted any more.
        9 => Rejoined(Rejoined),
    }
}

/// Why a log without records is without records. The caller knows: setting up
/// a network leaves a mark, taken away once the first record is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This node has never run, or has records.
    Known,
    /// It may have run and forgotten.
    Unknown,
}

/// Records that no replica can have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A record names a block that no earlier record holds.
    #[error("record {index} names block {block} at height {}, which no earlier record holds", height.0)]
    UnknownBlock {
        /// Position in the log, from 0.
        index: usize,
        /// The height.
        height: Height,
        /// The digest.
        block: Digest,
    },
    /// A decided block that does not follow the last one.
    #[error("record {index} commits height {} on a tip of height {}", height.0, tip.0)]
    OutOfOrder {
        /// Position in the log, from 0.
        index: usize,
        /// The height committed.
        height: Height,
        /// The tip before it.
        tip: Height,
    },
}

/// What the records come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub(crate) tip: Option<(Arc<Proposal>, CommitCertificate)>,
    pub(crate) view: View,
    pub(crate) active: bool,
    pub(crate) view_change: Option<ViewChange>,
    pub(crate) new_view: Option<NewView>,
    pub(crate) blocks: BTreeMap<Digest, Arc<Proposal>>,
    /// Own PREPAREs in `view`, by height.
    pub(crate) prepares: BTreeMap<Height, Digest>,
    /// The prepare certificate of the highest view, by height.
    pub(crate) certificates: BTreeMap<Height, PrepareCertificate>,
    pub(crate) stable: Option<CheckpointCertificate>,
    pub(crate) wiped: bool,
}

impl Recovered {
    /// Of a node that has never run.
    #[must_use]
    pub fn at_genesis() -> Self {
        Self {
            tip: None,
            view: View(0),
            active: true,
            view_change: None,
            new_view: None,
            blocks: BTreeMap::new(),
            prepares: BTreeMap::new(),
            certificates: BTreeMap::new(),
            stable: None,
            wiped: false,
        }
    }

    /// Folds `records`, in the order of the log. `origin` speaks only when
    /// there are none.
    ///
    /// # Errors
    /// [`RecordError`] for a log that no replica can have written.
    pub fn from_records(
        records: impl IntoIterator<Item = Record>,
        origin: Origin,
    ) -> Result<Self, RecordError> {
        let mut state = Self::at_genesis();
        let mut any = false;
        for (index, record) in records.into_iter().enumerate() {
            any = true;
            state.fold(index, record)?;
        }
        state.wiped |= !any && origin == Origin::Unknown;
        Ok(state)
    }

    /// Height of the last block decided.
    #[must_use]
    pub fn tip_height(&self) -> Height {
        self.tip
            .as_ref()
            .map_or(Height(0), |(block, _)| block.height())
    }

    fn fold(&mut self, index: usize, record: Record) -> Result<(), RecordError> {
        match record {
            Record::Block(block) => {
                self.blocks.insert(block.digest(), Arc::new(block));
            }
            Record::Prepare(vote) if vote.view == self.view => {
                self.prepares.insert(vote.height, vote.block);
            }
            Record::Prepare(_) => {}
            Record::Certificate(certificate) => self.fold_certificate(certificate),
            Record::ViewChange(message) => {
                self.move_to(message.view, false);
                self.new_view = None;
                self.view_change = Some(message);
            }
            Record::NewView(message) => {
                self.move_to(message.view, true);
                self.view_change = None;
                self.new_view = Some(message);
            }
            Record::Committed(certificate) => self.fold_committed(index, certificate)?,
            Record::Checkpoint(certificate) => self.stable = Some(certificate),
            Record::Wiped(_) => self.wiped = true,
            Record::Rejoined(_) => self.wiped = false,
        }
        Ok(())
    }

    fn move_to(&mut self, view: View, active: bool) {
        if view > self.view {
            self.prepares.clear();
        }
        self.view = view;
        self.active = active;
    }

    fn fold_certificate(&mut self, certificate: PrepareCertificate) {
        let old = self.certificates.get(&certificate.height);
        if old.is_none_or(|old| old.view <= certificate.view) {
            self.certificates.insert(certificate.height, certificate);
        }
    }

    fn fold_committed(
        &mut self,
        index: usize,
        certificate: CommitCertificate,
    ) -> Result<(), RecordError> {
        let (height, tip) = (certificate.height, self.tip_height());
        let missing = RecordError::UnknownBlock {
            index,
            height,
            block: certificate.block,
        };
        let block = self
            .blocks
            .get(&certificate.block)
            .cloned()
            .ok_or(missing)?;
        // The first record of a compacted log may start anywhere.
        if self.tip.is_some() && height != tip.next() {
            return Err(RecordError::OutOfOrder { index, height, tip });
        }
        self.tip = Some((block, certificate));
        self.certificates = self.certificates.split_off(&height.next());
        self.prepares = self.prepares.split_off(&height.next());
        self.blocks.retain(|_, block| block.height() > height);
        Ok(())
    }
}
