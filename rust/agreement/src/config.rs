//! The rules of one network, as one replica needs them.

use std::collections::BTreeMap;

use daicho_crypto::{Electorate, validator_set};
use daicho_types::genesis::{Genesis, LeaderPolicy, Parameters};
use daicho_types::{ChainId, ConsensusTime, Digest, Height, PublicKey, ReplicaId, View};

use crate::message::PREPARED_MAX;

/// How many times a replica speaks up per shortest view time-out.
const RESENDS_PER_VIEW_TIMEOUT: u64 = 4;
/// Doublings after which every time-out has met its ceiling.
const DOUBLINGS_MAX: u64 = 32;

/// Why a genesis gives no configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The genesis has no node of that number.
    #[error("{0} is no node of the genesis")]
    UnknownNode(ReplicaId),
    /// The window is wider than a VIEW-CHANGE can report.
    #[error("a window of {0} heights is above {PREPARED_MAX}")]
    WindowTooWide(u16),
    /// Nobody may lead.
    #[error("no validator is leader-eligible")]
    NoLeader,
}

/// The rules, from a genesis, for one of its nodes. A node that does not
/// validate gets them too: its replica follows and signs nothing.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) me: ReplicaId,
    pub(crate) chain: ChainId,
    pub(crate) genesis_time: ConsensusTime,
    pub(crate) validators: Digest,
    pub(crate) electorate: Electorate,
    pub(crate) node_keys: BTreeMap<ReplicaId, PublicKey>,
    pub(crate) leaders: Vec<ReplicaId>,
    pub(crate) rules: Parameters,
    pub(crate) resend_us: u64,
}

impl Config {
    /// The rules of `genesis` for its node `me`.
    ///
    /// # Errors
    /// [`ConfigError`]; the genesis itself has passed [`Genesis::check`].
    pub fn new(genesis: &Genesis, me: ReplicaId) -> Result<Self, ConfigError> {
        let rules = genesis.parameters.clone();
        let node_keys: BTreeMap<_, _> = (0u16..)
            .map(ReplicaId)
            .zip(genesis.nodes.iter().map(|node| node.vote_key))
            .collect();
        if !node_keys.contains_key(&me) {
            return Err(ConfigError::UnknownNode(me));
        }
        if usize::from(rules.window_heights) > PREPARED_MAX {
            return Err(ConfigError::WindowTooWide(rules.window_heights));
        }
        let leaders: Vec<_> = genesis.leaders().map(|(id, _)| id).collect();
        if leaders.is_empty() {
            return Err(ConfigError::NoLeader);
        }
        let electorate = Electorate::validators(genesis);
        Ok(Self {
            me,
            chain: *electorate.chain(),
            genesis_time: genesis.time,
            validators: validator_set(genesis),
            electorate,
            node_keys,
            leaders,
            resend_us: (rules.view_timeout_us / RESENDS_PER_VIEW_TIMEOUT).max(1),
            rules,
        })
    }

    /// This node.
    #[must_use]
    pub fn me(&self) -> ReplicaId {
        self.me
    }

    /// Whether this node votes.
    #[must_use]
    pub fn is_validator(&self) -> bool {
        self.electorate.key(self.me).is_some()
    }

    /// The validators.
    #[must_use]
    pub fn electorate(&self) -> &Electorate {
        &self.electorate
    }

    /// Faults borne.
    #[must_use]
    pub fn faults(&self) -> usize {
        Electorate::faults(self.electorate.size())
    }

    /// Validators that decide.
    #[must_use]
    pub fn quorum(&self) -> usize {
        self.electorate.quorum()
    }

    /// Who opens `view`.
    #[must_use]
    pub fn coordinator(&self, view: View) -> ReplicaId {
        self.rotation(u128::from(view.0))
    }

    /// Who proposes for `height` in `view`.
    #[must_use]
    pub fn leader(&self, height: Height, view: View) -> ReplicaId {
        match self.rules.leader_policy {
            LeaderPolicy::Sticky => self.coordinator(view),
            LeaderPolicy::RoundRobin => self.rotation(u128::from(height.0) + u128::from(view.0)),
        }
    }

    fn rotation(&self, turn: u128) -> ReplicaId {
        let count = self.leaders.len() as u128;
        self.leaders[usize::try_from(turn % count).expect("below the number of leaders")]
    }

    /// Heights above the tip that are voted on.
    pub(crate) fn window(&self) -> u64 {
        u64::from(self.rules.window_heights)
    }

    /// The view time-out after so many barren views.
    pub(crate) fn view_timeout_us(&self, barren: u64) -> u64 {
        doubled(
            self.rules.view_timeout_us,
            self.rules.view_timeout_max_us,
            barren,
        )
    }

    /// The time bound after so many barren views.
    pub(crate) fn time_bound_us(&self, barren: u64) -> u64 {
        doubled(
            self.rules.time_bound_us,
            self.rules.time_bound_max_us,
            barren,
        )
    }
}

/// `base` doubled `times` over, at most `ceiling`.
fn doubled(base: u64, ceiling: u64, times: u64) -> u64 {
    let factor = 1u64 << times.min(DOUBLINGS_MAX);
    base.saturating_mul(factor).min(ceiling.max(base))
}
