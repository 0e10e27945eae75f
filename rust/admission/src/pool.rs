//! What waits to be ordered, in order of arrival, under several names: by
//! witness id for proposals, by transaction and by origin against doubles, by
//! expiry and by sender for the bounds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use daicho_types::{Alias, Code, ConsensusTime, Digest, Monotonic};

use crate::Bounds;
use crate::item::{Admitted, Origin};

/// An item that left the pool without being committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The transaction.
    pub tx_id: Digest,
    /// Why.
    pub code: Code,
}

/// An item of a committed block, as the pool needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The transaction.
    pub tx_id: Digest,
    /// Its witness id.
    pub witness_id: Digest,
    /// Its sender, lane and sequence.
    pub origin: Origin,
}

#[derive(Debug)]
struct Waiting {
    item: Arc<Admitted>,
    arrived: Monotonic,
    number: u64,
}

/// The pool. Invariant: every index names exactly the waiting items; `queue`
/// names those that are not lent.
#[derive(Debug)]
pub(crate) struct Pool {
    bounds: Bounds,
    waiting: BTreeMap<Digest, Waiting>,
    arrivals: BTreeMap<u64, Digest>,
    queue: BTreeMap<u64, Digest>,
    by_tx: BTreeMap<Digest, Digest>,
    by_origin: BTreeMap<Origin, Digest>,
    by_expiry: BTreeSet<(ConsensusTime, Digest)>,
    by_sender: BTreeMap<Alias, usize>,
    bytes: usize,
    next_number: u64,
}

impl Pool {
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            waiting: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            queue: BTreeMap::new(),
            by_tx: BTreeMap::new(),
            by_origin: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
            by_sender: BTreeMap::new(),
            bytes: 0,
            next_number: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    pub fn get(&self, witness_id: &Digest) -> Option<&Arc<Admitted>> {
        self.waiting.get(witness_id).map(|waiting| &waiting.item)
    }

    pub fn has_transaction(&self, tx_id: &Digest) -> bool {
        self.by_tx.contains_key(tx_id)
    }

    /// When the oldest item arrived, lent ones included.
    pub fn oldest(&self) -> Option<Monotonic> {
        let (_, id) = self.arrivals.first_key_value()?;
        Some(self.waiting[id].arrived)
    }

    /// Items that are not lent and arrived before `moment`, in order of arrival.
    pub fn older_than(&self, moment: Monotonic) -> impl Iterator<Item = &Arc<Admitted>> {
        let waiting = self.queue.values().map(|id| &self.waiting[id]);
        waiting
            .take_while(move |waiting| waiting.arrived < moment)
            .map(|waiting| &waiting.item)
    }

    /// Whether `bytes` more of `sender` fit.
    ///
    /// # Errors
    /// `BUSY` when the pool or the sender's share of it is full.
    pub fn room(&self, sender: Alias, bytes: usize) -> Result<(), Code> {
        let of_sender = self.by_sender.get(&sender).copied().unwrap_or(0);
        let full = self.waiting.len() >= self.bounds.pool_items_max
            || self.bytes + bytes > self.bounds.pool_bytes_max
            || of_sender >= self.bounds.sender_items_max;
        if full { Err(Code::Busy) } else { Ok(()) }
    }

    /// Takes an item in at the end of the queue.
    ///
    /// # Errors
    /// `SEQUENCE_USED` when other bytes of the same origin wait, `BUSY`.
    pub fn insert(&mut self, item: Arc<Admitted>, now: Monotonic) -> Result<(), Code> {
        let (id, origin) = (item.witness_id, item.item.origin());
        if self.by_origin.contains_key(&origin) {
            return Err(Code::SequenceUsed);
        }
        self.room(origin.0, item.bytes.len())?;
        let number = self.next_number;
        self.next_number += 1;
        self.bytes += item.bytes.len();
        self.arrivals.insert(number, id);
        self.queue.insert(number, id);
        self.by_tx.insert(item.tx_id, id);
        self.by_origin.insert(origin, id);
        self.by_expiry.insert((item.item.expiry(), id));
        *self.by_sender.entry(origin.0).or_default() += 1;
        let waiting = Waiting {
            item,
            arrived: now,
            number,
        };
        assert!(
            self.waiting.insert(id, waiting).is_none(),
            "new in the pool"
        );
        self.assert_invariant();
        Ok(())
    }

    /// Takes an item out.
    pub fn remove(&mut self, witness_id: &Digest) -> Option<Arc<Admitted>> {
        let waiting = self.waiting.remove(witness_id)?;
        let item = waiting.item;
        let arrival = self.arrivals.remove(&waiting.number);
        assert_eq!(arrival, Some(*witness_id), "the arrival is the item's");
        self.bytes -= item.bytes.len();
        self.queue.remove(&waiting.number);
        self.by_tx.remove(&item.tx_id);
        self.by_origin.remove(&item.item.origin());
        self.by_expiry.remove(&(item.item.expiry(), *witness_id));
        self.forget_one_of(item.item.origin().0);
        self.assert_invariant();
        Some(item)
    }

    fn forget_one_of(&mut self, sender: Alias) {
        let count = self.by_sender.get_mut(&sender).expect("counted when taken");
        *count -= 1;
        if *count == 0 {
            self.by_sender.remove(&sender);
        }
    }

    /// The item waiting under an origin.
    pub fn at_origin(&self, origin: &Origin) -> Option<&Arc<Admitted>> {
        self.get(self.by_origin.get(origin)?)
    }

    /// Items that are not lent, in order of arrival.
    pub fn queue(&self) -> impl Iterator<Item = &Arc<Admitted>> {
        self.queue.values().map(|id| &self.waiting[id].item)
    }

    /// Stops offering an item.
    pub fn lend(&mut self, witness_id: &Digest) {
        if let Some(waiting) = self.waiting.get(witness_id) {
            self.queue.remove(&waiting.number);
        }
    }

    /// Offers a lent item again, in its old place. False when it is not here.
    pub fn give_back(&mut self, witness_id: &Digest) -> bool {
        let Some(waiting) = self.waiting.get(witness_id) else {
            return false;
        };
        self.queue.insert(waiting.number, *witness_id);
        true
    }

    /// Items that are not lent and expired before `time`.
    pub fn expired(&self, time: ConsensusTime) -> Vec<Digest> {
        let past = self.by_expiry.iter().take_while(|(at, _)| *at < time);
        past.map(|(_, id)| *id)
            .filter(|id| self.queue.contains_key(&self.waiting[id].number))
            .collect()
    }

    fn assert_invariant(&self) {
        let count = self.waiting.len();
        assert!(count <= self.bounds.pool_items_max, "the pool is bounded");
        assert!(self.bytes <= self.bounds.pool_bytes_max, "in bytes too");
        assert_eq!(self.arrivals.len(), count);
        assert_eq!(self.by_tx.len(), count);
        assert_eq!(self.by_origin.len(), count);
        assert_eq!(self.by_expiry.len(), count);
        assert!(self.queue.len() <= count);
    }
}
