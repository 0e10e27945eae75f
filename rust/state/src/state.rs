//! The state of an executor: books per compartment, the top tree over them,
//! and the chain of blocks they come from.

use std::collections::BTreeMap;

use daicho_types::ledger::{Change, Compartment};
use daicho_types::limits::{KEY_BYTES_MAX, ROW_BYTES_MAX};
use daicho_types::{ChainId, ConsensusTime, Digest, Height, RowBytes, RowKey};

use crate::book::Book;
use crate::limits::BLOCK_CHANGES_MAX;
use crate::tree::Tree;
use crate::{KeyRing, StateError, shape};

/// The block that changes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRef {
    /// Its height.
    pub height: Height,
    /// Digest of its header; the chain id for genesis.
    pub digest: Digest,
    /// Its time.
    pub time: ConsensusTime,
}

/// A row from one height until its next version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The block that wrote it.
    pub height: Height,
    /// The row, `None` when the block removed it.
    pub value: Option<RowBytes>,
}

/// Every row, every version, and the tree that certifies them.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) keys: KeyRing,
    /// Genesis and every block, by height, with the root after it.
    pub(crate) blocks: Vec<(BlockRef, Digest)>,
    pub(crate) books: BTreeMap<Compartment, Book>,
    top: Tree,
}

/// A block's effect, computed and not yet taken. Drop it and nothing was.
#[derive(Debug)]
pub struct Pending {
    block: BlockRef,
    base: Digest,
    root: Digest,
    books: BTreeMap<Compartment, (Vec<Change>, Tree)>,
    top: Tree,
}

impl Pending {
    /// The block.
    #[must_use]
    pub fn block(&self) -> &BlockRef {
        &self.block
    }

    /// The root after it: what its result certifies.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.root
    }

    /// The changes that alter something, by compartment and key: what to seal
    /// into the result body and to write to the journal.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        let books = self.books.values();
        books.flat_map(|(changes, _)| changes).cloned().collect()
    }
}

impl State {
    /// The state of genesis: no rows. `chain` is the genesis' digest, `time`
    /// its time.
    #[must_use]
    pub fn new(keys: KeyRing, chain: ChainId, time: ConsensusTime) -> Self {
        let mut top = Tree::default();
        pad(&mut top, &keys, 0, shape::padding(0));
        let genesis = BlockRef {
            height: Height(0),
            digest: chain,
            time,
        };
        Self {
            keys,
            blocks: vec![(genesis, top.hash())],
            books: BTreeMap::new(),
            top,
        }
    }

    /// The keys it was made with.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The last block applied; genesis before any.
    #[must_use]
    pub fn last(&self) -> &BlockRef {
        &self.blocks.last().expect("genesis is always there").0
    }

    /// The height of the last block applied.
    #[must_use]
    pub fn height(&self) -> Height {
        self.last().height
    }

    /// The root after the last block.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.blocks.last().expect("genesis is always there").1
    }

    /// The block at `height` and the root after it; `None` above the last.
    #[must_use]
    pub fn block_at(&self, height: Height) -> Option<(&BlockRef, Digest)> {
        let (block, root) = self.blocks.get(usize::try_from(height.0).ok()?)?;
        Some((block, *root))
    }

    /// The root after block `height`; `None` above the last.
    #[must_use]
    pub fn root_at(&self, height: Height) -> Option<Digest> {
        self.block_at(height).map(|(_, root)| root)
    }

    /// Every compartment that ever had a row, in order.
    pub fn compartments(&self) -> impl Iterator<Item = Compartment> {
        self.books.keys().copied()
    }

    /// The versions of a row written by blocks `from..=to`, in order (R54).
    #[must_use]
    pub fn history(
        &self,
        compartment: Compartment,
        key: &[u8],
        from: Height,
        to: Height,
    ) -> Vec<Version> {
        let book = self.books.get(&compartment).into_iter();
        let key = RowKey::new(key);
        let versions = book.flat_map(|book| book.versions(&key, from, to));
        let version = |(height, value): (_, Option<&RowBytes>)| Version {
            height,
            value: value.cloned(),
        };
        versions.map(version).collect()
    }

    /// Computes the effect of the next block and changes nothing. Changes may
    /// come in any order; those that alter nothing are left out.
    ///
    /// # Errors
    /// [`StateError`] when the block does not follow, or a change is out of
    /// bounds or there twice.
    pub fn compute(&self, block: BlockRef, changes: &[Change]) -> Result<Pending, StateError> {
        check_follows(self.last(), &block)?;
        let mut books = BTreeMap::new();
        for (compartment, changes) in by_compartment(block.height, changes)? {
            let fresh = || Book::new(self.keys.compartment(compartment));
            let (book, made);
            if let Some(known) = self.books.get(&compartment) {
                book = known;
            } else {
                made = fresh();
                book = &made;
            }
            let changes: Vec<_> = changes.into_iter().filter(|c| book.alters(c)).collect();
            if !changes.is_empty() {
                let tree = book.changed(&changes);
                books.insert(compartment, (changes, tree));
            }
        }
        let top = self.changed_top(&books);
        Ok(Pending {
            block,
            base: self.root(),
            root: top.hash(),
            books,
            top,
        })
    }

    /// Takes a computed block. The caller has made it durable.
    ///
    /// # Panics
    /// When `pending` was computed on another state than this.
    pub fn commit(&mut self, pending: Pending) {
        assert_eq!(pending.base, self.root(), "computed on this state");
        assert_eq!(pending.block.height, self.height().next(), "the next block");
        for (compartment, (changes, tree)) in pending.books {
            let fresh = || Book::new(self.keys.compartment(compartment));
            let book = self.books.entry(compartment).or_insert_with(fresh);
            book.commit(pending.block.height, changes, tree);
        }
        self.top = pending.top;
        self.blocks.push((pending.block, pending.root));
    }

    /// [`State::compute`] and [`State::commit`] in one: for replay, where the
    /// changes are durable already. Returns the new root.
    ///
    /// # Errors
    /// As [`State::compute`].
    pub fn apply(&mut self, block: BlockRef, changes: &[Change]) -> Result<Digest, StateError> {
        let pending = self.compute(block, changes)?;
        let root = pending.root();
        self.commit(pending);
        Ok(root)
    }

    /// As [`State::apply`], but takes the block only if it leads to `root`.
    ///
    /// # Errors
    /// [`StateError::Root`] when it does not; else as [`State::compute`].
    pub fn apply_checked(
        &mut self,
        block: BlockRef,
        changes: &[Change],
        root: &Digest,
    ) -> Result<(), StateError> {
        let pending = self.compute(block, changes)?;
        self.commit_checked(pending, root)
    }

    pub(crate) fn commit_checked(
        &mut self,
        pending: Pending,
        root: &Digest,
    ) -> Result<(), StateError> {
        if pending.root() != *root {
            return Err(StateError::Root {
                height: pending.block.height,
                expected: *root,
                found: pending.root(),
            });
        }
        self.commit(pending);
        Ok(())
    }

    fn changed_top(&self, books: &BTreeMap<Compartment, (Vec<Change>, Tree)>) -> Tree {
        let mut top = self.top.clone();
        let mut count = self.books.len() as u64;
        let before = shape::padding(count);
        for (compartment, (_, tree)) in books {
            let key = self.keys.compartment(*compartment);
            let entry = shape::entry(&key.entry_salt(), *compartment, &tree.hash());
            plant(&mut top, &key.tag(), &entry);
            count += u64::from(!self.books.contains_key(compartment));
        }
        pad(&mut top, &self.keys, before, shape::padding(count));
        top
    }

    /// Every leaf of the top tree after block `at`: tag and entry.
    pub(crate) fn entries(&self, at: Height) -> BTreeMap<Vec<u8>, Digest> {
        let standing = self.books.values();
        let standing = standing.filter_map(|book| Some((&book.key, book.root_at(at)?)));
        let mut entries = BTreeMap::new();
        for (key, inner) in standing {
            let entry = shape::entry(&key.entry_salt(), key.compartment(), &inner);
            entries.insert(key.tag().to_vec(), entry);
        }
        for index in 0..shape::padding(entries.len() as u64) {
            let (tag, entry) = self.keys.padding(index);
            entries.insert(tag.to_vec(), entry);
        }
        entries
    }

    /// The top tree after block `at`, rebuilt from the inner roots if it is
    /// not the last.
    pub(crate) fn top_at(&self, at: Height) -> Tree {
        if at == self.height() {
            return self.top.clone();
        }
        let mut top = Tree::default();
        for (tag, entry) in self.entries(at) {
            let tag = tag.as_slice().try_into().expect("tags are 32 bytes");
            plant(&mut top, tag, &entry);
        }
        assert_eq!(
            Some(top.hash()),
            self.root_at(at),
            "roots repeat themselves"
        );
        top
    }
}

fn plant(top: &mut Tree, tag: &[u8; 32], entry: &Digest) {
    let leaf = shape::top_leaf(tag, entry);
    top.put(RowKey::new(tag), shape::tag_priority(tag), leaf);
}

/// Turns `from` padding leaves into `to`.
fn pad(top: &mut Tree, keys: &KeyRing, from: u64, to: u64) {
    for index in from..to {
        let (tag, entry) = keys.padding(index);
        plant(top, &tag, &entry);
    }
    for index in to..from {
        top.remove(&RowKey::new(&keys.padding(index).0));
    }
}

pub(crate) fn check_follows(last: &BlockRef, next: &BlockRef) -> Result<(), StateError> {
    if next.height != last.height.next() {
        return Err(StateError::Height {
            last: last.height,
            found: next.height,
        });
    }
    if next.time <= last.time {
        return Err(StateError::Time(next.height));
    }
    Ok(())
}

/// Sorts changes by compartment and key, and checks their bounds.
pub(crate) fn by_compartment(
    height: Height,
    changes: &[Change],
) -> Result<BTreeMap<Compartment, Vec<Change>>, StateError> {
    if changes.len() > BLOCK_CHANGES_MAX {
        return Err(StateError::TooLong(height));
    }
    let mut books: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for change in changes {
        let row = change.value.as_ref().map_or(0, |row| row.len());
        if change.key.len() > KEY_BYTES_MAX || row > ROW_BYTES_MAX {
            return Err(StateError::TooLong(height));
        }
        books
            .entry(change.compartment)
            .or_default()
            .push(change.clone());
    }
    for book in books.values_mut() {
        book.sort_by(|a, b| a.key.cmp(&b.key));
        if book.windows(2).any(|pair| pair[0].key == pair[1].key) {
            return Err(StateError::Duplicate(height));
        }
    }
    Ok(books)
}
