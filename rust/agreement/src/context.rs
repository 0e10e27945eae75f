//! What a replica asks of the node around it, within a step. The caller of
//! [`crate::Replica::step`] implements it; nothing here may block.

use std::sync::Arc;

use daicho_crypto::Domain;
use daicho_types::block::{FeedReading, ResultCertificate};
use daicho_types::codec::List;
use daicho_types::limits::{BLOCK_ITEMS_MAX, FEEDS_MAX};
use daicho_types::{ConsensusTime, Digest, Height, Monotonic, Signature, WallClock};

use crate::message::Proposal;

/// The node around a replica.
pub trait Context {
    /// This machine's clock, to stamp a proposal and to judge another's.
    fn wall_clock(&self) -> WallClock;

    /// Signs with the node's vote key, for the chain of the genesis. Must be
    /// deterministic, as Ed25519 (RFC 8032) is.
    fn sign(&self, domain: Domain, payload: &[u8]) -> Signature;

    /// Since when the oldest thing that a leader owes waits on this node: a
    /// request in the pool, an idle block, a wake-up. `None` when nothing is
    /// owed. A request that a full block passed over counts from that block.
    fn owed_since(&self) -> Option<Monotonic>;

    /// Judges a block on top of `ancestors`: every block from the one after the
    /// last [`crate::Input::Applied`] to its parent, in order, decided ones with
    /// them; none when its parent was applied. At the start of a replica the
    /// node's control state stands at the recovered tip. Checked
    /// already: protocol, height, parent, time, witness root, item count,
    /// validators. Left: control digest, feed readings, the result certificate
    /// and back-pressure (`height <= newest result in the chain + window`), and
    /// every item in the context of ancestors, control state and header time. A pure function
    /// of those and of which bodies are durable here; load and quotas are no
    /// reason.
    fn validate(&mut self, block: &Proposal, ancestors: &[Arc<Proposal>]) -> Verdict;

    /// The leader's next block, or `None` when there is nothing to propose.
    /// Bodies of the items must be durable by the time the output's records
    /// are. Called in every step while this replica leads: must be cheap when
    /// it answers `None`.
    fn build(&mut self, opening: &Opening<'_>) -> Option<Draft>;
}

/// What [`Context::validate`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Valid, all bodies durable here.
    Valid,
    /// Invalid in every context like this one, and why.
    Invalid(String),
    /// Cannot say yet. [`crate::Input::BodiesHeld`] will bring it up again.
    MissingBodies,
}

/// Where a leader may propose.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// The height.
    pub height: Height,
    /// The time the header will carry.
    pub time: ConsensusTime,
    /// Digest of the parent.
    pub parent: Digest,
    /// From the block after the last one applied to the parent, in order.
    pub ancestors: &'a [Arc<Proposal>],
    /// Back-pressure: the newest result in the chain up to this block must be
    /// of at least this height; zero when none is needed.
    pub result_height_min: Height,
}

/// What the node puts into a block. The replica makes the header of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The feeds' next readings.
    pub feeds: List<FeedReading, FEEDS_MAX>,
    /// The newest result certificate held, if it is newer than the chain's.
    pub result: Option<ResultCertificate>,
    /// Digest of the control state after the parent.
    pub control: Digest,
    /// Witness ids of the items, in order.
    pub witness_ids: List<Digest, BLOCK_ITEMS_MAX>,
}
