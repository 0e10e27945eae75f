//! What a new view starts from: a pure function of its view changes, computed
//! alike by the coordinator and by everyone it sends them to.

use std::collections::BTreeMap;

use daicho_types::block::CommitCertificate;
use daicho_types::{Digest, Height};

use crate::message::{PrepareCertificate, ViewChange};

/// The start of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The highest commit certificate; `None` at genesis.
    pub(crate) base: Option<CommitCertificate>,
    /// Linked to it and to one another, without a gap.
    pub(crate) kept: Vec<PrepareCertificate>,
    /// Heights that were prepared somewhere and are not kept.
    pub(crate) truncated: u64,
}

impl Plan {
    /// Height of the base.
    pub(crate) fn base_height(&self) -> Height {
        self.base.as_ref().map_or(Height(0), |c| c.height)
    }
}

/// Computes the start of a view on the chain of `genesis`.
pub(crate) fn plan(genesis: Digest, view_changes: &[ViewChange]) -> Plan {
    let base = view_changes
        .iter()
        .filter_map(|message| message.base.as_ref())
        .max_by_key(|certificate| (certificate.height, certificate.view));
    let best = highest_views(view_changes);
    let mut end = base.map_or((Height(0), genesis), |c| (c.height, c.block));
    let mut kept: Vec<PrepareCertificate> = Vec::new();
    while let Some(next) = best.get(&end.0.next()).filter(|c| c.parent == end.1) {
        end = (next.height, next.block);
        kept.push((*next).clone());
    }
    Plan {
        base: base.cloned(),
        kept,
        truncated: best.range(end.0.next()..).count() as u64,
    }
}

/// The certificate of the highest view, per height. Two of one view name the
/// same block unless more than `f` are faulty; the digest breaks that tie, so
/// that everyone at least agrees.
fn highest_views(view_changes: &[ViewChange]) -> BTreeMap<Height, &PrepareCertificate> {
    let mut best: BTreeMap<Height, &PrepareCertificate> = BTreeMap::new();
    for certificate in view_changes.iter().flat_map(|m| m.prepared.iter()) {
        let rank = |c: &PrepareCertificate| (c.view, c.block);
        best.entry(certificate.height)
            .and_modify(|old| {
                if rank(certificate) > rank(old) {
                    *old = certificate;
                }
            })
            .or_insert(certificate);
    }
    best
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
