//! The replica: one step at a time.

use std::sync::Arc;

use daicho_types::block::CommitCertificate;
use daicho_types::{Digest, Height, Monotonic, ReplicaId, View};

use crate::config::Config;
use crate::context::Context;
use crate::interface::{Input, Output};
use crate::message::{CheckpointCertificate, Proposal};
use crate::record::{Record, Recovered};

/// One validator's part in agreement, or an observer's.
#[derive(Debug)]
pub struct Replica {
    config: Config,
    recovered: Recovered,
}

/// Where a replica stands, for status pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its view, or the one it wants.
    pub view: View,
    /// Whether that view is active.
    pub active: bool,
    /// Leader of the height after the last proposed one.
    pub leader: ReplicaId,
    /// Height of the last committed block.
    pub tip: Height,
    /// Its stable checkpoint: the low watermark.
    pub stable: Height,
    /// The last height of the window: the high watermark.
    pub high: Height,
    /// Views entered since this process started.
    pub view_changes: u64,
    /// Whether it abstains after losing its records.
    pub abstaining: bool,
    /// Whether it stopped on a violation of safety.
    pub halted: bool,
}

impl Replica {
    /// A replica that goes on where its records end. The first step says again
    /// what it said before.
    #[must_use]
    pub fn new(config: Config, recovered: Recovered, boot: u64) -> Self {
        let _ = boot;
        Self { config, recovered }
    }

    /// Takes in `input` at `now`, which never falls from call to call.
    pub fn step(&mut self, now: Monotonic, input: Input, context: &mut dyn Context) -> Output {
        let _ = (now, input, context);
        Output::default()
    }

    /// Where it stands.
    #[must_use]
    pub fn summary(&self) -> Summary {
        todo!()
    }

    /// The last committed block and its certificate; `None` at genesis.
    #[must_use]
    pub fn tip(&self) -> Option<(&Arc<Proposal>, &CommitCertificate)> {
        self.recovered.tip.as_ref().map(|(b, c)| (b, c))
    }

    /// A block above the tip that this replica holds, to answer a peer's
    /// [`crate::Fetch::Block`].
    #[must_use]
    pub fn block(&self, digest: &Digest) -> Option<&Arc<Proposal>> {
        self.recovered.blocks.get(digest)
    }

    /// The newest stable checkpoint.
    #[must_use]
    pub fn stable(&self) -> Option<&CheckpointCertificate> {
        self.recovered.stable.as_ref()
    }

    /// The records that alone bring back this state: what a log that drops its
    /// past starts again with.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Record> {
        let _ = &self.config;
        Vec::new()
    }
}
