//! A query is answered once: its nonce is remembered until it expires.

use std::collections::{BTreeMap, BTreeSet};

use daicho_types::envelope::SealedQuery;
use daicho_types::{Alias, Code, ConsensusTime};

/// Nonces remembered until their queries expire.
const NONCES_MAX: usize = 262_144;

/// Nonces of queries answered already.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    seen: BTreeSet<(Alias, [u8; 16])>,
    by_expiry: BTreeMap<ConsensusTime, Vec<(Alias, [u8; 16])>>,
}

impl Nonces {
    /// Takes the nonce of a query; `now` is the time of the last block.
    ///
    /// # Errors
    /// `NONCE_USED`, or `BUSY` when too many are remembered.
    pub fn take(&mut self, query: &SealedQuery, now: ConsensusTime) -> Result<(), Code> {
        while let Some(entry) = self.by_expiry.first_entry().filter(|e| *e.key() < now) {
            for name in entry.remove() {
                self.seen.remove(&name);
            }
        }
        let name = (query.sender, query.nonce);
        if self.seen.len() == NONCES_MAX {
            return Err(Code::Busy);
        }
        if !self.seen.insert(name) {
            return Err(Code::NonceUsed);
        }
        self.by_expiry.entry(query.expiry).or_default().push(name);
        Ok(())
    }
}
