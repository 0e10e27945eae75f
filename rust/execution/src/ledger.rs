//! Views beside the real store: a past height of any view, and a ledger in
//! memory that keeps every version of every row in a plain map. The second is the
//! naive oracle that cleverer stores are compared with, and what a chain in a
//! test runs on.

use std::collections::BTreeMap;

use daicho_types::ledger::{Change, Compartment, Row, StateView};
use daicho_types::{ConsensusTime, Height, RowBytes, RowKey};

/// A view as it was after some height: what a query at a named height reads.
pub struct AtHeight<'a> {
    /// A view at that height or later.
    pub view: &'a dyn StateView,
    /// The height.
    pub height: Height,
}

impl StateView for AtHeight<'_> {
    fn get(&self, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        self.view.get_at(self.height, compartment, key)
    }

    fn scan(&self, compartment: Compartment, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row> {
        self.view.scan_at(self.height, compartment, lo, hi, limit)
    }

    fn get_at(&self, at: Height, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        self.view.get_at(at.min(self.height), compartment, key)
    }

    fn scan_at(
        &self,
        at: Height,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
        limit: usize,
    ) -> Vec<Row> {
        self.view
            .scan_at(at.min(self.height), compartment, lo, hi, limit)
    }

    fn height_at(&self, time: ConsensusTime) -> Option<Height> {
        self.view
            .height_at(time)
            .map(|found| found.min(self.height))
    }

    fn time_at(&self, height: Height) -> Option<ConsensusTime> {
        let known = height <= self.height;
        known.then(|| self.view.time_at(height)).flatten()
    }
}

/// Versions of one row, ascending by height.
type Versions = Vec<(Height, Option<RowBytes>)>;

/// A whole ledger in memory, with its past.
#[derive(Clone, Debug)]
pub struct MemoryLedger {
    /// What stands now.
    rows: BTreeMap<Compartment, BTreeMap<RowKey, RowBytes>>,
    history: BTreeMap<Compartment, BTreeMap<RowKey, Versions>>,
    /// Header time of each height; height 0 is genesis.
    times: Vec<ConsensusTime>,
}

impl MemoryLedger {
    /// An empty ledger whose genesis has this time.
    #[must_use]
    pub fn new(genesis: ConsensusTime) -> Self {
        Self {
            rows: BTreeMap::new(),
            history: BTreeMap::new(),
            times: vec![genesis],
        }
    }

    /// The last height.
    #[must_use]
    pub fn height(&self) -> Height {
        Height(self.times.len() as u64 - 1)
    }

    /// The header time of the last height.
    #[must_use]
    pub fn time(&self) -> ConsensusTime {
        *self.times.last().expect("genesis is always there")
    }

    /// Adds a block with its net changes.
    ///
    /// # Panics
    /// If its time is not later than the last one.
    pub fn commit(&mut self, time: ConsensusTime, changes: &[Change]) -> Height {
        assert!(time > self.time(), "block times strictly increase");
        self.times.push(time);
        let height = self.height();
        // What stands lies together, apart from its past: most reads are of it.
        for change in changes {
            let rows = self.rows.entry(change.compartment).or_default();
            match &change.value {
                Some(value) => drop(rows.insert(change.key.clone(), value.clone())),
                None => drop(rows.remove(&change.key)),
            }
        }
        for change in changes {
            let history = self.history.entry(change.compartment).or_default();
            let versions = history.entry(change.key.clone()).or_default();
            versions.push((height, change.value.clone()));
        }
        height
    }

    /// Every row there is, ascending by compartment and key.
    pub fn rows(&self) -> impl Iterator<Item = (Compartment, &[u8], &[u8])> {
        self.history.iter().flat_map(|(compartment, rows)| {
            rows.iter().filter_map(|(key, versions)| {
                let (_, newest) = versions.last()?;
                Some((*compartment, &**key, newest.as_deref()?))
            })
        })
    }
}

fn version_at(versions: &Versions, at: Height) -> Option<&RowBytes> {
    let after = versions.partition_point(|(height, _)| *height <= at);
    versions[..after].last()?.1.as_ref()
}

impl StateView for MemoryLedger {
    fn get(&self, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        self.rows.get(&compartment)?.get(key).cloned()
    }

    fn scan(&self, compartment: Compartment, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row> {
        let Some(rows) = self.rows.get(&compartment).filter(|_| lo < hi) else {
            return Vec::new();
        };
        let there = rows.range(RowKey::new(lo)..RowKey::new(hi)).take(limit);
        there.map(|(key, row)| (key.clone(), row.clone())).collect()
    }

    fn get_at(&self, at: Height, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        version_at(self.history.get(&compartment)?.get(key)?, at).cloned()
    }

    fn scan_at(
        &self,
        at: Height,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
        limit: usize,
    ) -> Vec<Row> {
        let Some(rows) = self.history.get(&compartment).filter(|_| lo < hi) else {
            return Vec::new();
        };
        let there = rows.range(RowKey::new(lo)..RowKey::new(hi));
        let there = there.filter_map(|(key, versions)| {
            version_at(versions, at).map(|row| (key.clone(), row.clone()))
        });
        there.take(limit).collect()
    }

    fn height_at(&self, time: ConsensusTime) -> Option<Height> {
        let after = self.times.partition_point(|known| *known <= time);
        after.checked_sub(1).map(|height| Height(height as u64))
    }

    fn time_at(&self, height: Height) -> Option<ConsensusTime> {
        self.times.get(usize::try_from(height.0).ok()?).copied()
    }
}
