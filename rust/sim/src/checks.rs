//! What must be true of a cluster, seen from outside.

use std::collections::BTreeMap;

use daicho_node::Evidence;
use daicho_types::block::ResultStatement;
use daicho_types::{Digest, Height};

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The code panicked.
    Crash(String),
    /// Something happened that must not.
    Correctness(String),
    /// Something did not happen that must.
    Liveness(String),
}

impl Failure {
    /// The exit code of the simulator.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Crash(_) => 10,
            Self::Correctness(_) => 11,
            Self::Liveness(_) => 12,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Crash(what) => write!(f, "crash: {what}"),
            Self::Correctness(what) => write!(f, "correctness: {what}"),
            Self::Liveness(what) => write!(f, "liveness: {what}"),
        }
    }
}

/// What was seen so far, anywhere.
#[derive(Debug, Default)]
pub struct Checks {
    decided: BTreeMap<Height, Digest>,
    results: BTreeMap<Height, ResultStatement>,
    finals: BTreeMap<Digest, Height>,
    failure: Option<Failure>,
}

impl Checks {
    /// R33: one block per height, on every node, before and after a restart.
    pub fn decided(&mut self, node: usize, height: Height, block: Digest) {
        let first = *self.decided.entry(height).or_insert(block);
        self.require(first == block, || {
            format!("n{node} has {block} at height {}, others {first}", height.0)
        });
    }

    /// One result per height, whoever executes it, however often.
    pub fn executed(&mut self, node: usize, statement: &ResultStatement) {
        let height = statement.height;
        let first = self
            .results
            .entry(height)
            .or_insert_with(|| statement.clone());
        let same = first == statement;
        self.require(same, || {
            format!("n{node} executed height {} to another result", height.0)
        });
    }

    /// A client holds a final receipt: it names one height for ever.
    pub fn acknowledged(&mut self, tx_id: Digest, height: Height, block: Digest) {
        self.decided(usize::MAX, height, block);
        let first = *self.finals.entry(tx_id).or_insert(height);
        self.require(first == height, || {
            format!("{tx_id} is final at {} and at {}", first.0, height.0)
        });
    }

    /// Nobody is faulty here but by crashing: evidence would be false.
    pub fn accused(&mut self, node: usize, evidence: &[Evidence]) {
        self.require(evidence.is_empty(), || {
            format!(
                "n{node} has evidence against an honest node: {:?}",
                evidence[0]
            )
        });
    }

    /// What a node delivered it has after a restart.
    pub fn restarted(&mut self, node: usize, delivered: Height, found: Height) {
        self.require(found >= delivered, || {
            format!(
                "n{node} delivered {} and remembers {}",
                delivered.0, found.0
            )
        });
    }

    /// An event that no crash can excuse.
    pub fn event(&mut self, node: usize, event: &str, message: &str) {
        const NEVER: [&str; 7] = [
            "safety_violated",
            "control_diverged",
            "validity_diverged",
            "executor_halted",
            "bad_draft",
            "bad_message",
            "damaged",
        ];
        self.require(!NEVER.contains(&event), || {
            format!("n{node} says {event}: {message}")
        });
    }

    fn require(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.failure.is_none() {
            self.failure = Some(Failure::Correctness(what()));
        }
    }

    /// Heights decided anywhere.
    #[must_use]
    pub fn height(&self) -> Height {
        self.decided.keys().next_back().copied().unwrap_or_default()
    }

    /// Transactions that a client holds a final receipt of.
    #[must_use]
    pub fn finals(&self) -> usize {
        self.finals.len()
    }

    /// The first thing that went wrong.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.failure.clone()
    }
}

#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
