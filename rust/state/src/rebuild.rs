//! Rebuilding from result bodies alone: a holder its own book, an issuer its
//! register checked against the certified root, an executor everything.

use std::collections::BTreeMap;

use daicho_types::ledger::{Change, Compartment, Row};
use daicho_types::result::{ResultBody, SealedChunk};
use daicho_types::{ChainId, ConsensusTime, Digest, Height};

use crate::book::Book;
use crate::chunk::{open_changes, open_changes_counted, open_directory};
use crate::state::check_follows;
use crate::{
    BadProof, BlockRef, ChunkError, CompartmentKey, CompartmentProof, KeyRing, RebuildError, State,
};

/// Every change of a block, by compartment and key: what holding all keys
/// reads from a result body.
///
/// # Errors
/// [`ChunkError::Incomplete`] when chunks are missing or left over; else as
/// [`open_changes`].
pub fn open_all_changes(
    keys: &KeyRing,
    block: &Digest,
    height: Height,
    chunks: &[SealedChunk],
) -> Result<Vec<Change>, ChunkError> {
    let touched = open_directory(keys, block, height, chunks)?;
    let mut taken = usize::from(!touched.is_empty());
    let mut changes = Vec::new();
    for compartment in touched {
        let key = keys.compartment(compartment);
        let opened = open_changes_counted(&key, block, height, chunks)?;
        let (opened, parts) = opened.ok_or(ChunkError::Incomplete)?;
        changes.extend(opened);
        taken += parts;
    }
    if taken != chunks.len() {
        return Err(ChunkError::Incomplete);
    }
    Ok(changes)
}

/// The state that `blocks`, each with its body and its certified root, lead
/// to from genesis. The caller has checked the result certificates.
///
/// # Errors
/// [`RebuildError`] at the first height whose body does not lead to its root.
pub fn rebuild<'a>(
    keys: KeyRing,
    chain: ChainId,
    time: ConsensusTime,
    blocks: impl IntoIterator<Item = (BlockRef, &'a ResultBody, Digest)>,
) -> Result<State, RebuildError> {
    let mut state = State::new(keys, chain, time);
    for (block, body, root) in blocks {
        let height = block.height;
        let changes = open_all_changes(state.keys(), &block.digest, height, &body.changes)
            .map_err(|error| RebuildError::Body { height, error })?;
        state.apply_checked(block, &changes, &root)?;
    }
    Ok(state)
}

/// What somebody who holds some compartment keys knows: those compartments,
/// with their history, rebuilt from result bodies of any node.
#[derive(Clone, Debug)]
pub struct HolderBook {
    last: BlockRef,
    books: BTreeMap<Compartment, Book>,
}

impl HolderBook {
    /// Before the first block of the chain.
    #[must_use]
    pub fn new(keys: Vec<CompartmentKey>, chain: ChainId, time: ConsensusTime) -> Self {
        let book = |key: CompartmentKey| (key.compartment(), Book::new(key));
        Self {
            last: BlockRef {
                height: Height(0),
                digest: chain,
                time,
            },
            books: keys.into_iter().map(book).collect(),
        }
    }

    /// The last block taken.
    #[must_use]
    pub fn last(&self) -> &BlockRef {
        &self.last
    }

    /// Takes the next block's body. Nothing is taken on an error.
    ///
    /// # Errors
    /// [`RebuildError`] when the block does not follow or a chunk is bad.
    pub fn apply(&mut self, block: BlockRef, body: &ResultBody) -> Result<(), RebuildError> {
        check_follows(&self.last, &block)?;
        let height = block.height;
        let mut opened = Vec::new();
        for book in self.books.values() {
            let changes = open_changes(&book.key, &block.digest, height, &body.changes)
                .map_err(|error| RebuildError::Body { height, error })?;
            opened.push(changes.unwrap_or_default());
        }
        for (book, mut changes) in self.books.values_mut().zip(opened) {
            changes.retain(|change| book.alters(change));
            if !changes.is_empty() {
                let tree = book.changed(&changes);
                book.commit(height, changes, tree);
            }
        }
        self.last = block;
        Ok(())
    }

    /// At most `limit` rows `lo <= key < hi` of a compartment after block
    /// `at`, in key order; none where the key of the compartment is not held.
    #[must_use]
    pub fn rows(
        &self,
        at: Height,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
        limit: usize,
    ) -> Vec<Row> {
        let book = self.books.get(&compartment);
        book.map_or_else(Vec::new, |book| book.scan_at(at, lo, hi, limit))
    }

    /// The inner root of a compartment after block `at`; `None` when its key
    /// is not held or it never had a row by then.
    #[must_use]
    pub fn inner_root(&self, at: Height, compartment: Compartment) -> Option<Digest> {
        self.books.get(&compartment)?.root_at(at)
    }

    /// Checks a whole rebuilt compartment against a certified root: no row is
    /// missing, none is added.
    ///
    /// # Errors
    /// [`BadProof`] when the certified root says something else.
    pub fn check(
        &self,
        at: Height,
        compartment: Compartment,
        proof: &CompartmentProof,
        root: &Digest,
    ) -> Result<(), BadProof> {
        let inner = self.inner_root(at, compartment).ok_or(BadProof::Subject)?;
        proof.verify(root, compartment, &inner)
    }
}
