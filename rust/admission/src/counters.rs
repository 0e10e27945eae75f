//! What admission did, for status and metrics.

use std::collections::BTreeMap;

use daicho_types::Code;

/// Counts since the start of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Items taken into the pool.
    pub admitted: u64,
    /// Submissions of something that waits or is committed already.
    pub known: u64,
    /// Signatures of senders that were verified.
    pub signatures_checked: u64,
    /// Signatures that did not have to be verified again.
    pub cache_hits: u64,
    /// Items refused at the door, by code.
    pub refused: BTreeMap<Code, u64>,
    /// Items dropped from the pool, by code.
    pub dropped: BTreeMap<Code, u64>,
    /// Bodies of proposals forgotten because too many were held.
    pub held_forgotten: u64,
}

impl Counters {
    pub(crate) fn refuse(&mut self, code: Code) {
        *self.refused.entry(code).or_default() += 1;
    }

    pub(crate) fn drop(&mut self, code: Code) {
        *self.dropped.entry(code).or_default() += 1;
    }
}
