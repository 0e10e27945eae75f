//! What goes into a step and what comes out of it.

use daicho_types::block::CommitCertificate;
use daicho_types::{Digest, Height, Monotonic, ReplicaId, View};

use crate::message::{CheckpointCertificate, Commit, Message, PrePrepare, Prepare, Proposal};
use crate::record::Record;

/// One thing that happened. Anything the [`crate::Context`] answers from (the
/// pool, the clocks) may have changed before any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Time passed, or the pool changed: look again.
    Tick,
    /// `from` said this, over a link that proves it is `from`.
    Message {
        /// The node at the other end.
        from: ReplicaId,
        /// What it said.
        message: Message,
    },
    /// All bodies of the block are now durable here: what
    /// [`crate::Verdict::MissingBodies`] and [`Fetch::Bodies`] waited for.
    BodiesHeld {
        /// Digest of the header.
        block: Digest,
    },
    /// Answer to [`Fetch::Block`]. Its bodies may still be missing.
    Block(Proposal),
    /// Answer to [`Fetch::Committed`], in order of height, each with its
    /// bodies durable here.
    Committed(Committed),
    /// The node's control state moved past delivered blocks: each height with
    /// the digest of the control state after it, in order. Due before any
    /// other input once the control state has moved, in one piece for as many
    /// blocks as it moved; until it comes, those blocks are handed to
    /// [`crate::Context::validate`] and `build` among the ancestors.
    Applied(Vec<(Height, Digest)>),
    /// The newest result certificate this node holds.
    Certified {
        /// Its height.
        height: Height,
    },
}

/// A block and why it is final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Header and witness ids.
    pub proposal: Proposal,
    /// The certificate.
    pub certificate: CommitCertificate,
}

/// To whom a message goes. Never to the sender itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// Every validator.
    Validators,
    /// Every node of the genesis.
    Nodes,
    /// One node.
    One(ReplicaId),
}

/// What a step asks of its caller.
///
/// **The ordering law.** `persist` is appended to the log and made durable
/// first; only then may anything in `send` leave or anything in `deliver` be
/// acted on. Several outputs may share one sync, as long as they keep their
/// order and each waits for its own records. `fetch`, `evidence` and `alarms`
/// promise nothing and may go at once. A log that failed to sync ends the
/// process: nothing after it may be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// First: append these, in order, and sync.
    pub persist: Vec<Record>,
    /// Then: send these.
    pub send: Vec<(Destination, Message)>,
    /// Then: these are final, one height after the other.
    pub deliver: Vec<Committed>,
    /// Wanted from others, asked again until it comes.
    pub fetch: Vec<Fetch>,
    /// To be kept: proof against a node.
    pub evidence: Vec<Evidence>,
    /// To be shown to an operator.
    pub alarms: Vec<Alarm>,
    /// Step again with [`Input::Tick`] by then.
    pub next_timer: Option<Monotonic>,
}

/// Something a replica lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// Bodies of a block whose header and witness ids are here:
    /// [`Input::BodiesHeld`] answers.
    Bodies {
        /// Its height.
        height: Height,
        /// Digest of the header.
        block: Digest,
        /// Who should have them.
        holders: Vec<ReplicaId>,
    },
    /// A block by its digest, above the asker's tip: [`Input::Block`] answers.
    /// A holder finds it with [`crate::Replica::block`], or, if it has decided
    /// it by now, in its log.
    Block {
        /// Its height.
        height: Height,
        /// Digest of the header.
        block: Digest,
        /// Who should have it.
        holders: Vec<ReplicaId>,
    },
    /// Committed blocks with certificates and bodies: [`Input::Committed`]
    /// answers, once for each.
    Committed {
        /// The first height wanted.
        from: Height,
        /// The last height wanted.
        to: Height,
        /// Who says it has them.
        holder: ReplicaId,
    },
}

/// Signed proof that a node did what none may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Two proposals for one height of one view.
    TwoProposals(Box<(PrePrepare, PrePrepare)>),
    /// Two PREPAREs for one height of one view.
    TwoPrepares(Box<(Prepare, Prepare)>),
    /// Two COMMITs for one height of one view.
    TwoCommits(Box<(Commit, Commit)>),
    /// A proposal that should not exist.
    Proposal(Box<PrePrepare>, Misproposal),
}

/// What is wrong with a signed proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misproposal {
    /// It was another validator's turn, and this is whose.
    NotLeader(ReplicaId),
    /// The signer is no validator.
    NotValidator,
    /// It breaks a rule that needs no clock to judge.
    Invalid(String),
}

/// Something an operator should know. None of them is an error of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// This replica left a view.
    LeftView {
        /// The view it wants now.
        wanted: View,
        /// Why it left.
        reason: &'static str,
    },
    /// A view became active here.
    EnteredView {
        /// The view.
        view: View,
        /// Heights that were prepared somewhere and not kept.
        truncated: u64,
    },
    /// Proposals may now lie further from the clock.
    TimeBoundWidened {
        /// The bound, in microseconds.
        bound_us: u64,
        /// Views since the last commit.
        barren_views: u64,
    },
    /// A proposal's time is far from this clock, though inside the bound.
    ClockSkew {
        /// The leader.
        leader: ReplicaId,
        /// Header time minus this clock, in microseconds.
        skew_us: i64,
    },
    /// A proposal's time was refused.
    TimeRefused {
        /// The leader.
        leader: ReplicaId,
        /// Header time minus this clock, in microseconds.
        skew_us: i64,
        /// The bound at that moment, in microseconds.
        bound_us: u64,
    },
    /// A message with a signature that does not verify, or fields that
    /// contradict each other, from an authenticated peer.
    BadMessage {
        /// The peer.
        from: ReplicaId,
        /// What is wrong.
        reason: &'static str,
    },
    /// The node built a block that breaks the rules; it was not proposed.
    BadDraft {
        /// The height.
        height: Height,
    },
    /// What came for [`Fetch::Committed`] is no committed block.
    BadFetch {
        /// The height it claims.
        height: Height,
    },
    /// A checkpoint became stable.
    Stable(CheckpointCertificate),
    /// A quorum has another control state after this block than this node.
    ControlDiverged {
        /// The height.
        height: Height,
        /// This node's digest.
        own: Digest,
        /// The quorum's.
        quorum: Digest,
    },
    /// A quorum prepared a block that this node finds invalid.
    ValidityDiverged {
        /// The height.
        height: Height,
        /// Digest of the header.
        block: Digest,
        /// Why this node finds it so.
        reason: String,
    },
    /// A wiped validator follows without voting.
    Abstaining {
        /// The tip at which it may vote again, once known.
        until: Option<Height>,
    },
    /// It votes again.
    Rejoined {
        /// From this view on.
        view: View,
    },
    /// Two decisions for one height: more than `f` validators are faulty. The
    /// replica signs nothing any more.
    SafetyViolated {
        /// The height.
        height: Height,
        /// The block committed here.
        ours: Digest,
        /// The other block.
        theirs: Digest,
    },
}
