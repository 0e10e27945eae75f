//! The first page of the ledger: who orders, who executes, under which rules.
//! Its digest is the chain id, so a node of another genesis cannot be talked to.

use crate::codec::{Blob, CodecError, List};
use crate::limits::{GENESIS_PARTIES_MAX, NAME_BYTES_MAX, NODES_MAX};
use crate::{AgreementKey, Alias, ConsensusTime, PartyId, PublicKey, ReplicaId};
use crate::{wire_struct, wire_tag};

/// Bytes of a wrapped epoch secret: encapsulation, secret, tag.
pub const WRAPPED_SECRET_BYTES: usize = 32 + 32 + 16;

wire_tag! {
    /// Where consensus time comes from.
    pub enum ClockMode {
        /// The leader's clock, within the bound of every backup's.
        System = 0,
        /// A signed control feed; for tests, refused in production.
        Steered = 1,
    }

    /// What the network is for.
    pub enum Purpose {
        /// Tests and demonstrations.
        Test = 0,
        /// Real rights and real money.
        Production = 1,
    }

    /// Who leads (paper, footnote 10).
    pub enum LeaderPolicy {
        /// The same leader until it fails: view mod k.
        Sticky = 0,
        /// The next leader at every height: (height + view) mod k.
        RoundRobin = 1,
    }
}

wire_struct! {
    /// A node named by genesis. Its place in the list is its [`ReplicaId`].
    pub struct GenesisNode {
        /// A name for people, UTF-8: `exchange`, `bankA`.
        pub name: Blob<NAME_BYTES_MAX>,
        /// The entity that runs it.
        pub party: PartyId,
        /// Verifies its votes.
        pub vote_key: PublicKey,
        /// Its CURVE key: the only one its peers let in.
        pub curve_key: [u8; 32],
        /// Votes on blocks.
        pub validates: bool,
        /// May propose blocks.
        pub leader_eligible: bool,
        /// Its executor's keys, if it executes.
        pub executor: Option<GenesisExecutor>,
    }

    /// The executor of a node.
    pub struct GenesisExecutor {
        /// Verifies its result votes.
        pub result_key: PublicKey,
        /// Epoch secrets are wrapped to this key.
        pub hpke_key: AgreementKey,
        /// The secret of epoch 0, wrapped to it.
        pub wrapped_secret: Blob<WRAPPED_SECRET_BYTES>,
    }

    /// A party that may sign envelopes, as the control state keeps it.
    pub struct PartyRecord {
        /// The clear name it signs under.
        pub alias: Alias,
        /// The entity it is.
        pub party: PartyId,
        /// Verifies its envelopes.
        pub key: PublicKey,
        /// Bits of [`crate::roles`].
        pub roles: u32,
        /// May query but never submit (paper III.2: listed companies).
        pub read_only: bool,
        /// CURVE key it may connect to gateways with.
        pub curve_key: [u8; 32],
        /// Digest of its X.509 certificate.
        pub certificate: crate::Digest,
    }

    /// Rules of ordering and execution. Times in microseconds.
    pub struct Parameters {
        /// Who leads.
        pub leader_policy: LeaderPolicy,
        /// Heights that may be in agreement at once.
        pub window_heights: u16,
        /// A checkpoint every so many heights.
        pub checkpoint_heights: u16,
        /// Heights a proposal may run ahead of the certified result.
        pub result_window_heights: u16,
        /// Items in one block.
        pub block_items_max: u32,
        /// Bytes of all items of one block.
        pub block_bytes_max: u32,
        /// The leader leaves at least this between two blocks.
        pub block_interval_us: u64,
        /// A leader owes a block, empty if need be, this long after the last;
        /// zero turns idle blocks off.
        pub idle_block_us: u64,
        /// How far a header's time may lie from a backup's clock.
        pub time_bound_us: u64,
        /// The bound's ceiling after doublings.
        pub time_bound_max_us: u64,
        /// A request older than this on a backup starts a view change.
        pub view_timeout_us: u64,
        /// The time-out's ceiling after doublings.
        pub view_timeout_max_us: u64,
    }

    /// The genesis.
    pub struct Genesis {
        /// The network's name, UTF-8.
        pub name: Blob<NAME_BYTES_MAX>,
        /// What it is for.
        pub purpose: Purpose,
        /// Where time comes from.
        pub clock: ClockMode,
        /// Block 1 is later than this.
        pub time: ConsensusTime,
        /// Rules.
        pub parameters: Parameters,
        /// Every node.
        pub nodes: List<GenesisNode, NODES_MAX>,
        /// Parties admitted from the start.
        pub parties: List<PartyRecord, GENESIS_PARTIES_MAX>,
        /// Aliases of `parties` whose approvals change the control state.
        pub approvers: List<Alias, NODES_MAX>,
        /// How many of them must approve.
        pub approvals_needed: u16,
        /// Seals envelopes of epoch 0.
        pub epoch_key: AgreementKey,
    }
}

impl Genesis {
    /// Checks what the fields cannot say one by one.
    ///
    /// # Errors
    /// [`CodecError::Inconsistent`] with the rule that is broken.
    pub fn check(&self) -> Result<(), CodecError> {
        let rule = |holds: bool, rule| {
            if holds {
                Ok(())
            } else {
                Err(CodecError::Inconsistent(rule))
            }
        };
        let p = &self.parameters;
        rule(
            self.validators().count() >= 4,
            "at least four nodes validate",
        )?;
        rule(self.executors().count() >= 1, "at least one node executes")?;
        rule(
            self.leaders().count() >= 1,
            "at least one validator may lead",
        )?;
        rule(
            self.nodes.iter().all(|n| n.validates || !n.leader_eligible),
            "only validators lead",
        )?;
        rule(
            self.purpose == Purpose::Test || self.clock == ClockMode::System,
            "production takes time from the system clock",
        )?;
        rule(
            p.window_heights >= 1 && p.checkpoint_heights >= 1,
            "window and checkpoint are positive",
        )?;
        rule(
            p.result_window_heights >= 1,
            "the result window is positive",
        )?;
        rule(
            (1..=crate::limits::BLOCK_ITEMS_MAX).contains(&(p.block_items_max as usize)),
            "block_items_max is in range",
        )?;
        rule(
            (crate::limits::ITEM_BYTES_MAX..=crate::limits::BLOCK_BYTES_MAX)
                .contains(&(p.block_bytes_max as usize)),
            "block_bytes_max holds the largest item",
        )?;
        rule(
            p.view_timeout_us > 0 && p.view_timeout_max_us >= p.view_timeout_us,
            "view time-outs rise",
        )?;
        rule(p.time_bound_max_us >= p.time_bound_us, "time bounds rise")?;
        rule(
            self.approvals_needed >= 1
                && usize::from(self.approvals_needed) <= self.approvers.len(),
            "enough approvers",
        )
    }

    /// The nodes that vote, with their ids.
    pub fn validators(&self) -> impl Iterator<Item = (ReplicaId, &GenesisNode)> {
        self.numbered().filter(|(_, node)| node.validates)
    }

    /// The nodes that execute, with their ids.
    pub fn executors(&self) -> impl Iterator<Item = (ReplicaId, &GenesisNode)> {
        self.numbered().filter(|(_, node)| node.executor.is_some())
    }

    /// The nodes that may lead, in order.
    pub fn leaders(&self) -> impl Iterator<Item = (ReplicaId, &GenesisNode)> {
        self.numbered().filter(|(_, node)| node.leader_eligible)
    }

    fn numbered(&self) -> impl Iterator<Item = (ReplicaId, &GenesisNode)> {
        (0u16..).map(ReplicaId).zip(self.nodes.iter())
    }
}
