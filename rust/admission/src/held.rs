//! Bodies of proposals that never came through the pool. The oldest are
//! forgotten first; a body that is forgotten is asked for again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use daicho_types::Digest;

use crate::item::Admitted;

#[derive(Debug)]
pub(crate) struct Held {
    bodies: BTreeMap<Digest, Arc<Admitted>>,
    /// In order of arrival; names of bodies already removed are skipped.
    arrivals: VecDeque<Digest>,
    bytes: usize,
    items_max: usize,
    bytes_max: usize,
}

impl Held {
    pub fn new(items_max: usize, bytes_max: usize) -> Self {
        Self {
            bodies: BTreeMap::new(),
            arrivals: VecDeque::new(),
            bytes: 0,
            items_max,
            bytes_max,
        }
    }

    pub fn get(&self, witness_id: &Digest) -> Option<&Arc<Admitted>> {
        self.bodies.get(witness_id)
    }

    /// Holds a body; how many others were forgotten for it.
    pub fn insert(&mut self, body: Arc<Admitted>) -> u64 {
        let id = body.witness_id;
        self.remove(&id);
        self.bytes += body.bytes.len();
        self.bodies.insert(id, body);
        self.arrivals.push_back(id);
        let mut forgotten = 0;
        while self.bodies.len() > self.items_max || self.bytes > self.bytes_max {
            let oldest = self.arrivals.pop_front().expect("a body has arrived");
            forgotten += u64::from(self.remove_body(&oldest).is_some());
        }
        forgotten
    }

    pub fn remove(&mut self, witness_id: &Digest) -> Option<Arc<Admitted>> {
        let body = self.remove_body(witness_id)?;
        self.arrivals.retain(|id| id != witness_id);
        Some(body)
    }

    /// Removes all of `witness_ids` in one pass over the arrivals.
    pub fn remove_all(&mut self, witness_ids: impl Iterator<Item = Digest>) {
        let mut removed = 0_usize;
        for id in witness_ids {
            removed += usize::from(self.remove_body(&id).is_some());
        }
        if removed > 0 {
            let bodies = &self.bodies;
            self.arrivals.retain(|id| bodies.contains_key(id));
        }
        assert_eq!(self.bodies.len(), self.arrivals.len(), "each arrived once");
    }

    fn remove_body(&mut self, witness_id: &Digest) -> Option<Arc<Admitted>> {
        let body = self.bodies.remove(witness_id)?;
        self.bytes -= body.bytes.len();
        Some(body)
    }
}
