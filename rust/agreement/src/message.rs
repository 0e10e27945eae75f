//! What replicas say to one another. Votes are small and fixed in size
//! ([`Prepare`], [`Commit`], [`Checkpoint`]: below 200 bytes on the wire); each
//! is signed, because it ends in a certificate that others check.

use daicho_crypto::{Domain, block_digest, commit_payload};
use daicho_types::block::{BlockHeader, CertificateSignature, CommitCertificate};
use daicho_types::codec::{Encode, List};
use daicho_types::limits::{BLOCK_ITEMS_MAX, NODES_MAX};
use daicho_types::{Digest, Height, ReplicaId, Signature, View};
use daicho_types::{wire_enum, wire_struct};

/// Prepare certificates in one VIEW-CHANGE, and thus the widest window.
pub const PREPARED_MAX: usize = 256;

wire_struct! {
    /// A block as it is proposed: the header and the witness ids of its items,
    /// in order. The items travel beside.
    pub struct Proposal {
        /// The header; its digest names the block.
        pub header: BlockHeader,
        /// The leaves under `header.witness_root`.
        pub witness_ids: List<Digest, BLOCK_ITEMS_MAX>,
    }

    /// The leader of a height proposes a block for it.
    pub struct PrePrepare {
        /// The view in which it leads.
        pub view: View,
        /// What it proposes.
        pub proposal: Proposal,
        /// Who proposes.
        pub leader: ReplicaId,
        /// Over (view, height, block, parent).
        pub signature: Signature,
    }

    /// A vote: I hold this block and its bodies durably and accept it.
    pub struct Prepare {
        /// The view of the vote.
        pub view: View,
        /// The height voted on.
        pub height: Height,
        /// Digest of the header.
        pub block: Digest,
        /// Its parent: so a certificate proves the link without the header.
        pub parent: Digest,
        /// Who votes.
        pub replica: ReplicaId,
        /// Over (view, height, block, parent).
        pub signature: Signature,
    }

    /// A vote: I hold prepare certificates up to this block durably.
    pub struct Commit {
        /// The view of the vote.
        pub view: View,
        /// The height voted on.
        pub height: Height,
        /// Digest of the header.
        pub block: Digest,
        /// Who votes.
        pub replica: ReplicaId,
        /// Over (view, height, block), see `commit_payload`.
        pub signature: Signature,
    }

    /// A quorum said PREPARE.
    pub struct PrepareCertificate {
        /// The view of the votes.
        pub view: View,
        /// The height.
        pub height: Height,
        /// Digest of the header.
        pub block: Digest,
        /// Its parent.
        pub parent: Digest,
        /// The votes, in rising order of replica.
        pub signatures: List<CertificateSignature, NODES_MAX>,
    }

    /// A vote: after this block, this is the control state.
    pub struct Checkpoint {
        /// A height that `checkpoint_heights` divides.
        pub height: Height,
        /// Digest of its header.
        pub block: Digest,
        /// Digest of the control state after it.
        pub control: Digest,
        /// Who votes.
        pub replica: ReplicaId,
        /// Over (height, block, control).
        pub signature: Signature,
    }

    /// A quorum signed the same checkpoint: it is stable.
    pub struct CheckpointCertificate {
        /// The height.
        pub height: Height,
        /// Digest of its header.
        pub block: Digest,
        /// Digest of the control state after it.
        pub control: Digest,
        /// The votes, in rising order of replica.
        pub signatures: List<CertificateSignature, NODES_MAX>,
    }

    /// I vote in no view below this one any more; this is what I know.
    pub struct ViewChange {
        /// The view wanted.
        pub view: View,
        /// Of the sender's tip; `None` at genesis.
        pub base: Option<CommitCertificate>,
        /// Above the tip, in rising order of height, the certificate of the
        /// highest view per height, each of a view below `view`.
        pub prepared: List<PrepareCertificate, PREPARED_MAX>,
        /// Who leaves.
        pub replica: ReplicaId,
        /// Over everything above.
        pub signature: Signature,
    }

    /// The coordinator opens a view. What the view starts from is a function
    /// of the view changes.
    pub struct NewView {
        /// The view opened.
        pub view: View,
        /// A quorum of them, for this view, in rising order of replica.
        pub view_changes: List<ViewChange, NODES_MAX>,
        /// The coordinator's, over (view, view changes).
        pub signature: Signature,
    }

    /// Where the sender stands. Not signed: it proves nothing to others.
    pub struct Status {
        /// Its view, or the one it wants.
        pub view: View,
        /// Whether that view is active there.
        pub active: bool,
        /// Its tip.
        pub tip: Height,
        /// Its stable checkpoint.
        pub stable: Height,
        /// Of the [`StatusRequest`] it answers, zero if none.
        pub nonce: u64,
    }

    /// Asks for a [`Status`] that is no older than this message.
    pub struct StatusRequest {
        /// Never zero, never used before by the sender.
        pub nonce: u64,
    }
}

wire_enum! {
    /// A message between replicas.
    pub enum Message {
        /// See [`PrePrepare`].
        1 => PrePrepare(PrePrepare),
        /// See [`Prepare`].
        2 => Prepare(Prepare),
        /// See [`Commit`].
        3 => Commit(Commit),
        /// See [`Checkpoint`].
        4 => Checkpoint(Checkpoint),
        /// See [`ViewChange`].
        5 => ViewChange(ViewChange),
        /// See [`NewView`].
        6 => NewView(NewView),
        /// See [`Status`].
        7 => Status(Status),
        /// See [`StatusRequest`].
        8 => StatusRequest(StatusRequest),
    }
}

impl Message {
    /// The name of its kind, for counters and logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::PrePrepare(_) => "pre_prepare",
            Self::Prepare(_) => "prepare",
            Self::Commit(_) => "commit",
            Self::Checkpoint(_) => "checkpoint",
            Self::ViewChange(_) => "view_change",
            Self::NewView(_) => "new_view",
            Self::Status(_) => "status",
            Self::StatusRequest(_) => "status_request",
        }
    }
}

impl Proposal {
    /// The digest that names the block.
    #[must_use]
    pub fn digest(&self) -> Digest {
        block_digest(&self.header)
    }

    /// Its height.
    #[must_use]
    pub fn height(&self) -> Height {
        self.header.height
    }
}

/// What a vote of one kind is about: all of it but voter and signature.
pub(crate) trait Vote: Sized {
    /// What must be equal for two votes to count together.
    type Subject: Clone + core::fmt::Debug + PartialEq;
    /// The signature's domain.
    const DOMAIN: Domain;
    /// What is signed.
    fn payload(subject: &Self::Subject) -> Vec<u8>;
    /// The vote of `replica` on `subject`.
    fn cast(subject: &Self::Subject, replica: ReplicaId, signature: Signature) -> Self;
}

/// Subject of a PREPARE: (view, height, block, parent).
pub(crate) type PrepareSubject = (View, Height, Digest, Digest);
/// Subject of a COMMIT: (view, height, block).
pub(crate) type CommitSubject = (View, Height, Digest);
/// Subject of a checkpoint: (height, block, control).
pub(crate) type CheckpointSubject = (Height, Digest, Digest);

impl Vote for Prepare {
    type Subject = PrepareSubject;
    const DOMAIN: Domain = Domain::SignPrepare;

    fn payload((view, height, block, parent): &PrepareSubject) -> Vec<u8> {
        proposal_payload(*view, *height, *block, *parent)
    }

    fn cast(subject: &Self::Subject, replica: ReplicaId, signature: Signature) -> Self {
        let (view, height, block, parent) = *subject;
        Self {
            view,
            height,
            block,
            parent,
            replica,
            signature,
        }
    }
}

impl Vote for Commit {
    type Subject = CommitSubject;
    const DOMAIN: Domain = Domain::SignCommit;

    fn payload((view, height, block): &CommitSubject) -> Vec<u8> {
        commit_payload(*view, *height, *block)
    }

    fn cast(subject: &Self::Subject, replica: ReplicaId, signature: Signature) -> Self {
        let (view, height, block) = *subject;
        Self {
            view,
            height,
            block,
            replica,
            signature,
        }
    }
}

impl Vote for Checkpoint {
    type Subject = CheckpointSubject;
    const DOMAIN: Domain = Domain::SignCheckpoint;

    fn payload((height, block, control): &CheckpointSubject) -> Vec<u8> {
        let mut out = Vec::with_capacity(72);
        height.encode(&mut out);
        block.encode(&mut out);
        control.encode(&mut out);
        out
    }

    fn cast(subject: &Self::Subject, replica: ReplicaId, signature: Signature) -> Self {
        let (height, block, control) = *subject;
        Self {
            height,
            block,
            control,
            replica,
            signature,
        }
    }
}

/// What a PRE-PREPARE and a PREPARE sign, each under its own domain.
pub(crate) fn proposal_payload(
    view: View,
    height: Height,
    block: Digest,
    parent: Digest,
) -> Vec<u8> {
    let mut out = commit_payload(view, height, block);
    parent.encode(&mut out);
    out
}

impl PrePrepare {
    /// What the leader signs.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let header = &self.proposal.header;
        proposal_payload(
            self.view,
            header.height,
            self.proposal.digest(),
            header.parent,
        )
    }
}

impl Prepare {
    pub(crate) fn subject(&self) -> PrepareSubject {
        (self.view, self.height, self.block, self.parent)
    }
}

impl Commit {
    pub(crate) fn subject(&self) -> CommitSubject {
        (self.view, self.height, self.block)
    }
}

impl Checkpoint {
    pub(crate) fn subject(&self) -> CheckpointSubject {
        (self.height, self.block, self.control)
    }
}

impl PrepareCertificate {
    pub(crate) fn subject(&self) -> PrepareSubject {
        (self.view, self.height, self.block, self.parent)
    }
}

impl ViewChange {
    /// What the sender signs: everything before the signature.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let mut out = self.to_bytes();
        out.truncate(out.len() - self.signature.0.len());
        out
    }

    /// The height of the tip it proves.
    #[must_use]
    pub fn base_height(&self) -> Height {
        self.base.as_ref().map_or(Height(0), |c| c.height)
    }
}

impl NewView {
    /// What the coordinator signs: everything before the signature.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let mut out = self.to_bytes();
        out.truncate(out.len() - self.signature.0.len());
        out
    }
}
