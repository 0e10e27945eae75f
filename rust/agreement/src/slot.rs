//! One height of the window in the current view.

use std::sync::Arc;

use daicho_types::block::CommitCertificate;
use daicho_types::{Digest, Monotonic, ReplicaId, Signature, View};

use crate::message::{Commit, PrePrepare, Prepare, PrepareCertificate, Proposal};
use crate::tally::Tally;

/// What a leader proposed.
#[derive(Clone, Debug)]
pub(crate) struct Proposed {
    pub(crate) digest: Digest,
    pub(crate) block: Arc<Proposal>,
    pub(crate) leader: ReplicaId,
    pub(crate) signature: Signature,
}

impl Proposed {
    /// The message it came in.
    pub(crate) fn message(&self, view: View) -> PrePrepare {
        PrePrepare {
            view,
            proposal: (*self.block).clone(),
            leader: self.leader,
            signature: self.signature,
        }
    }
}

/// What this view has at one height above the tip.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// By NEW-VIEW: nothing else may stand here.
    pub(crate) kept: Option<PrepareCertificate>,
    /// By the leader, signature and form checked.
    pub(crate) proposed: Option<Proposed>,
    /// When the first of the two came.
    pub(crate) since: Option<Monotonic>,
    /// What stands here was judged and is not to be voted for.
    pub(crate) refused: bool,
    /// Bodies are missing; judged again when they come.
    pub(crate) bodies_missing: bool,
    /// Its time was refused and said to be; judged again as clocks move.
    pub(crate) time_alarmed: bool,
    /// A kept block that came from a peer.
    pub(crate) fetched: Option<Arc<Proposal>>,
    /// The block accepted.
    pub(crate) accepted: Option<Digest>,
    /// The block and parent this replica said PREPARE for. Never changes.
    pub(crate) voted: Option<(Digest, Digest)>,
    /// PREPARE votes.
    pub(crate) prepares: Tally<Prepare>,
    /// A quorum of them for the accepted block.
    pub(crate) prepared: Option<PrepareCertificate>,
    /// Whether this replica said COMMIT.
    pub(crate) commit_said: bool,
    /// COMMIT votes.
    pub(crate) commits: Tally<Commit>,
    /// A quorum of them, for whichever block.
    pub(crate) decided: Option<CommitCertificate>,
}

impl Slot {
    /// Digest of what stands here, if anything does.
    pub(crate) fn candidate(&self) -> Option<Digest> {
        let kept = self.kept.as_ref().map(|certificate| certificate.block);
        kept.or_else(|| self.proposed.as_ref().map(|p| p.digest))
    }

    /// Notes that something came to stand here.
    pub(crate) fn fill(&mut self, now: Monotonic) {
        self.since.get_or_insert(now);
    }
}
