//! The test oracle: a sorted map per height, and a root computed by hashing
//! everything in order. Slow, obvious, kept for ever. It shares with the real
//! state the definition of the tree (shape.rs) and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use daicho_types::ledger::{Change, Compartment, Row, StateView};
use daicho_types::limits::SCAN_ROWS_MAX;
use daicho_types::{ChainId, ConsensusTime, Digest, Height, RowBytes, RowKey};

use crate::state::{by_compartment, check_follows};
use crate::{BlockRef, KeyRing, StateError, shape};

type Rows = BTreeMap<(Compartment, Vec<u8>), RowBytes>;

/// A whole copy of the ledger after one block.
#[derive(Clone, Debug)]
struct Page {
    block: BlockRef,
    rows: Rows,
    /// Every compartment that ever had a row.
    known: BTreeSet<Compartment>,
}

/// The state as a list of copies.
#[derive(Clone, Debug)]
pub struct NaiveState {
    keys: KeyRing,
    pages: Vec<Page>,
}

impl NaiveState {
    /// As [`crate::State::new`].
    #[must_use]
    pub fn new(keys: KeyRing, chain: ChainId, time: ConsensusTime) -> Self {
        let block = BlockRef {
            height: Height(0),
            digest: chain,
            time,
        };
        let (rows, known) = (Rows::new(), BTreeSet::new());
        let pages = vec![Page { block, rows, known }];
        Self { keys, pages }
    }

    /// As [`crate::State::apply`].
    ///
    /// # Errors
    /// As [`crate::State::apply`].
    pub fn apply(&mut self, block: BlockRef, changes: &[Change]) -> Result<Digest, StateError> {
        let mut page = self.pages.last().expect("genesis is always there").clone();
        check_follows(&page.block, &block)?;
        by_compartment(block.height, changes)?;
        page.block = block;
        for change in changes {
            let place = (change.compartment, change.key.to_vec());
            if let Some(value) = &change.value {
                page.known.insert(change.compartment);
                page.rows.insert(place, value.clone());
            } else {
                page.rows.remove(&place);
            }
        }
        self.pages.push(page);
        Ok(self.root())
    }

    /// The root after the last block.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.root_of(self.pages.last().expect("genesis is always there"))
    }

    /// The root after block `height`; `None` above the last.
    #[must_use]
    pub fn root_at(&self, height: Height) -> Option<Digest> {
        Some(self.root_of(self.page(height)?))
    }

    fn page(&self, height: Height) -> Option<&Page> {
        self.pages.get(usize::try_from(height.0).ok()?)
    }

    fn root_of(&self, page: &Page) -> Digest {
        let mut leaves = Vec::new();
        for compartment in &page.known {
            let key = self.keys.compartment(*compartment);
            let inner = self.inner_root(page, *compartment);
            let entry = shape::entry(&key.entry_salt(), *compartment, &inner);
            leaves.push((key.tag(), entry));
        }
        for index in 0..shape::padding(page.known.len() as u64) {
            leaves.push(self.keys.padding(index));
        }
        leaves.sort();
        let leaf = |(tag, entry): &([u8; 32], Digest)| {
            (shape::tag_priority(tag), shape::top_leaf(tag, entry))
        };
        whole(&leaves.iter().map(leaf).collect::<Vec<_>>())
    }

    fn inner_root(&self, page: &Page, compartment: Compartment) -> Digest {
        let key = self.keys.compartment(compartment);
        let mut leaves = Vec::new();
        for ((of, row), value) in &page.rows {
            if *of == compartment {
                let salt = key.salt(row, value);
                let leaf = shape::leaf(&salt, row, &shape::row(&salt, value));
                leaves.push((key.priority(row), leaf));
            }
        }
        whole(&leaves)
    }
}

/// The digest of a tree over leaves in order of key, each with its priority:
/// the highest is the root, what stands left and right of it its subtrees.
fn whole(leaves: &[(u128, Digest)]) -> Digest {
    let Some(top) = (0..leaves.len()).max_by_key(|place| leaves[*place].0) else {
        return shape::EMPTY;
    };
    let (left, right) = (&leaves[..top], &leaves[top + 1..]);
    shape::node(&leaves[top].1, &whole(left), &whole(right))
}

impl StateView for NaiveState {
    fn get(&self, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        let page = self.pages.last()?;
        page.rows.get(&(compartment, key.to_vec())).cloned()
    }

    fn scan(&self, compartment: Compartment, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row> {
        let last = self.pages.last().map(|page| page.block.height);
        let last = last.expect("genesis is always there");
        self.scan_at(last, compartment, lo, hi, limit)
    }

    fn get_at(&self, at: Height, compartment: Compartment, key: &RowKey) -> Option<RowBytes> {
        let page = self.page(at)?;
        page.rows.get(&(compartment, key.to_vec())).cloned()
    }

    fn scan_at(
        &self,
        at: Height,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
        limit: usize,
    ) -> Vec<Row> {
        let rows = self.page(at).into_iter().flat_map(|page| &page.rows);
        let inside =
            rows.filter(|((of, key), _)| *of == compartment && lo <= &**key && &**key < hi);
        let row = |((_, key), value): (&(Compartment, Vec<u8>), &RowBytes)| {
            (RowKey::new(key), value.clone())
        };
        inside.map(row).take(limit.min(SCAN_ROWS_MAX)).collect()
    }

    fn height_at(&self, time: ConsensusTime) -> Option<Height> {
        let known = self.pages.iter().rev();
        let mut before = known.filter(|page| page.block.time <= time);
        before.next().map(|page| page.block.height)
    }

    fn time_at(&self, height: Height) -> Option<ConsensusTime> {
        self.page(height).map(|page| page.block.time)
    }
}
