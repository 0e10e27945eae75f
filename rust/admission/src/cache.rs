//! Signatures known to be good, so that an item that comes again, from a peer
//! or inside a proposal, is not verified again.

use std::collections::{BTreeMap, VecDeque};

use daicho_types::{Digest, PublicKey};

/// Witness id → the key it is good under; forgets the oldest arrival.
#[derive(Debug)]
pub(crate) struct Cache {
    good: BTreeMap<Digest, PublicKey>,
    arrivals: VecDeque<Digest>,
    entries_max: usize,
}

impl Cache {
    pub fn new(entries_max: usize) -> Self {
        Self {
            good: BTreeMap::new(),
            arrivals: VecDeque::new(),
            entries_max,
        }
    }

    /// Whether the signature in `witness_id` is known to be good under `key`.
    pub fn knows(&self, witness_id: &Digest, key: &PublicKey) -> bool {
        self.good.get(witness_id) == Some(key)
    }

    pub fn insert(&mut self, witness_id: Digest, key: PublicKey) {
        if self.good.insert(witness_id, key).is_none() {
            self.arrivals.push_back(witness_id);
        }
        while self.arrivals.len() > self.entries_max {
            let oldest = self.arrivals.pop_front().expect("not empty");
            self.good.remove(&oldest);
        }
        assert_eq!(self.good.len(), self.arrivals.len(), "each arrived once");
    }
}
