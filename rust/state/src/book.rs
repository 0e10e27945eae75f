//! One compartment's rows: those that stand, every version of every row, and
//! the tree over those that stand.

use std::collections::BTreeMap;

use daicho_types::ledger::{Change, Row};
use daicho_types::limits::SCAN_ROWS_MAX;
use daicho_types::{Digest, Height, RowBytes, RowKey};

use crate::tree::Tree;
use crate::{CompartmentKey, shape};

/// A row as of some height until the next version's.
#[derive(Clone, Debug)]
struct Stored {
    height: Height,
    value: Option<RowBytes>,
}

/// A compartment with its history.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    pub(crate) key: CompartmentKey,
    rows: BTreeMap<RowKey, RowBytes>,
    /// Versions in rising order of height, never empty.
    history: BTreeMap<RowKey, Vec<Stored>>,
    tree: Tree,
    /// The inner root after each height that changed it, rising.
    roots: Vec<(Height, Digest)>,
}

impl Book {
    pub(crate) fn new(key: CompartmentKey) -> Self {
        Self {
            key,
            rows: BTreeMap::new(),
            history: BTreeMap::new(),
            tree: Tree::default(),
            roots: Vec::new(),
        }
    }

    pub(crate) fn get(&self, key: &RowKey) -> Option<&RowBytes> {
        self.rows.get(key)
    }

    /// The row after block `at`: its versions lie together, so a past read is
    /// one look-up and one binary search.
    pub(crate) fn get_at(&self, at: Height, key: &RowKey) -> Option<&RowBytes> {
        as_of(self.history.get(key)?, at)
    }

    pub(crate) fn scan(&self, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row> {
        if lo >= hi {
            return Vec::new();
        }
        let rows = self.rows.range(RowKey::new(lo)..RowKey::new(hi));
        let rows = rows.map(|(key, value)| (key.clone(), value.clone()));
        rows.take(limit.min(SCAN_ROWS_MAX)).collect()
    }

    pub(crate) fn scan_at(&self, at: Height, lo: &[u8], hi: &[u8], limit: usize) -> Vec<Row> {
        let rows = self.standing(at, lo, hi);
        let rows = rows.map(|(key, value)| (key.clone(), value.clone()));
        rows.take(limit.min(SCAN_ROWS_MAX)).collect()
    }

    fn standing<'a>(
        &'a self,
        at: Height,
        lo: &'a [u8],
        hi: &'a [u8],
    ) -> impl Iterator<Item = (&'a RowKey, &'a RowBytes)> {
        // A range must not end before it begins.
        let rows = (lo < hi).then(|| self.history.range(RowKey::new(lo)..RowKey::new(hi)));
        let rows = rows.into_iter().flatten();
        rows.filter_map(move |(key, versions)| Some((key, as_of(versions, at)?)))
    }

    /// The versions of a row that came with blocks `from..=to`.
    pub(crate) fn versions(
        &self,
        key: &RowKey,
        from: Height,
        to: Height,
    ) -> impl Iterator<Item = (Height, Option<&RowBytes>)> {
        let versions = self.history.get(key).map_or(&[][..], Vec::as_slice);
        let inside = versions
            .iter()
            .filter(move |v| (from..=to).contains(&v.height));
        inside.map(|version| (version.height, version.value.as_ref()))
    }

    /// Every version of every row, by key, then by height.
    pub(crate) fn all_versions(
        &self,
    ) -> impl Iterator<Item = (Height, &RowKey, Option<&RowBytes>)> {
        let rows = self.history.iter();
        rows.flat_map(|(key, versions)| {
            let each = versions.iter();
            each.map(move |v| (v.height, key, v.value.as_ref()))
        })
    }

    /// Whether `change` alters anything.
    pub(crate) fn alters(&self, change: &Change) -> bool {
        self.get(&change.key) != change.value.as_ref()
    }

    /// The tree with `changes` made; this book stays as it is.
    pub(crate) fn changed(&self, changes: &[Change]) -> Tree {
        let mut tree = self.tree.clone();
        for change in changes {
            let key = &change.key;
            match &change.value {
                None => tree.remove(key),
                Some(value) if self.rows.contains_key(key) => {
                    tree.replace(key, leaf(&self.key, key, value));
                }
                Some(value) => plant(&mut tree, &self.key, key.clone(), value),
            }
        }
        tree
    }

    /// Takes `changes` and the tree that [`Book::changed`] made of them.
    pub(crate) fn commit(&mut self, height: Height, changes: Vec<Change>, tree: Tree) {
        let last = self.roots.last().map(|(height, _)| *height);
        assert!(last < Some(height), "heights rise");
        self.roots.push((height, tree.hash()));
        self.tree = tree;
        for Change { key, value, .. } in changes {
            match &value {
                Some(value) => drop(self.rows.insert(key.clone(), value.clone())),
                None => drop(self.rows.remove(&key)),
            }
            let version = Stored { height, value };
            self.history.entry(key).or_default().push(version);
        }
    }

    /// The inner root after block `at`; `None` before the first row.
    pub(crate) fn root_at(&self, at: Height) -> Option<Digest> {
        let after = self.roots.partition_point(|(height, _)| *height <= at);
        Some(self.roots[after.checked_sub(1)?].1)
    }

    /// The tree after block `at`: the live one if nothing changed since, else
    /// built anew from the history. Past nodes are not stored.
    pub(crate) fn tree_at(&self, at: Height) -> Tree {
        if self.roots.last().is_none_or(|(height, _)| *height <= at) {
            return self.tree.clone();
        }
        let mut tree = Tree::default();
        for (key, versions) in &self.history {
            if let Some(value) = as_of(versions, at) {
                plant(&mut tree, &self.key, key.clone(), value);
            }
        }
        assert_eq!(
            Some(tree.hash()),
            self.root_at(at),
            "history repeats itself"
        );
        tree
    }
}

fn as_of(versions: &[Stored], at: Height) -> Option<&RowBytes> {
    let after = versions.partition_point(|version| version.height <= at);
    versions[after.checked_sub(1)?].value.as_ref()
}

fn leaf(secret: &CompartmentKey, key: &[u8], value: &[u8]) -> Digest {
    let salt = secret.salt(key, value);
    shape::leaf(&salt, key, &shape::row(&salt, value))
}

fn plant(tree: &mut Tree, secret: &CompartmentKey, key: RowKey, value: &[u8]) {
    let (priority, leaf) = (secret.priority(&key), leaf(secret, &key, value));
    tree.put(key, priority, leaf);
}
