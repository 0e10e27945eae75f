//! The decided chain's end, and the blocks held above it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use daicho_types::block::CommitCertificate;
use daicho_types::{ConsensusTime, Digest, Height};

use crate::message::Proposal;

/// The last committed block, the digests of a few before it, and every block
/// held above it.
#[derive(Debug)]
pub(crate) struct Chain {
    genesis: (Digest, ConsensusTime),
    tip: Option<(Arc<Proposal>, CommitCertificate)>,
    recent: BTreeMap<Height, Digest>,
    recent_max: usize,
    held: BTreeMap<Digest, Arc<Proposal>>,
    /// Decided blocks that the node's control state is not past yet.
    unapplied: VecDeque<Arc<Proposal>>,
}

impl Chain {
    /// The chain of `genesis` (chain id and time), remembering `recent_max`
    /// digests.
    pub(crate) fn new(
        genesis: (Digest, ConsensusTime),
        tip: Option<(Arc<Proposal>, CommitCertificate)>,
        held: BTreeMap<Digest, Arc<Proposal>>,
        recent_max: usize,
    ) -> Self {
        let recent = tip.iter().map(|(_, c)| (c.height, c.block)).collect();
        Self {
            genesis,
            tip,
            recent,
            recent_max,
            held,
            unapplied: VecDeque::new(),
        }
    }

    pub(crate) fn tip(&self) -> Option<(&Arc<Proposal>, &CommitCertificate)> {
        self.tip
            .as_ref()
            .map(|(block, certificate)| (block, certificate))
    }

    pub(crate) fn tip_certificate(&self) -> Option<&CommitCertificate> {
        self.tip.as_ref().map(|(_, certificate)| certificate)
    }

    pub(crate) fn height(&self) -> Height {
        self.tip_certificate().map_or(Height(0), |c| c.height)
    }

    pub(crate) fn digest(&self) -> Digest {
        self.tip_certificate().map_or(self.genesis.0, |c| c.block)
    }

    pub(crate) fn time(&self) -> ConsensusTime {
        let tip = self.tip.as_ref();
        tip.map_or(self.genesis.1, |(block, _)| block.header.time)
    }

    /// Height of the newest result certificate in the chain.
    pub(crate) fn result_height(&self) -> Height {
        self.tip
            .as_ref()
            .map_or(Height(0), |(block, _)| result_height(block))
    }

    /// Digest of a committed block, if it is recent.
    pub(crate) fn digest_at(&self, height: Height) -> Option<Digest> {
        self.recent.get(&height).copied()
    }

    pub(crate) fn held(&self, digest: &Digest) -> Option<&Arc<Proposal>> {
        self.held.get(digest)
    }

    pub(crate) fn all_held(&self) -> impl Iterator<Item = &Arc<Proposal>> {
        self.held.values()
    }

    /// Holds a block; false if it was held.
    pub(crate) fn hold(&mut self, digest: Digest, block: Arc<Proposal>) -> bool {
        assert!(block.height() > self.height(), "held blocks are undecided");
        self.held.insert(digest, block).is_none()
    }

    /// Drops held blocks that nothing names.
    pub(crate) fn keep(&mut self, named: impl Fn(&Digest) -> bool) {
        self.held.retain(|digest, _| named(digest));
    }

    /// The node's control state is past `height` now.
    pub(crate) fn apply(&mut self, height: Height) {
        let past = |block: &Arc<Proposal>| block.height() <= height;
        while self.unapplied.front().is_some_and(past) {
            self.unapplied.pop_front();
        }
    }

    /// Decided blocks that the control state is not past yet, in order.
    pub(crate) fn unapplied(&self) -> &VecDeque<Arc<Proposal>> {
        &self.unapplied
    }

    /// Decides the block after the tip.
    pub(crate) fn extend(&mut self, block: Arc<Proposal>, certificate: CommitCertificate) {
        assert_eq!(block.height(), self.height().next(), "one height at a time");
        assert_eq!(block.header.parent, self.digest(), "the chain is linked");
        assert_eq!(certificate.height, block.height(), "the block's own");
        self.recent.insert(certificate.height, certificate.block);
        if self.recent.len() > self.recent_max {
            self.recent.pop_first();
        }
        let height = certificate.height;
        self.unapplied.push_back(block.clone());
        self.tip = Some((block, certificate));
        self.held.retain(|_, block| block.height() > height);
    }
}

/// Height of the result certificate in a header; zero without one.
pub(crate) fn result_height(block: &Proposal) -> Height {
    let result = block.header.result.as_ref();
    result.map_or(Height(0), |r| r.statement.height)
}
