//! A tree with everything outside a range cut down to hashes: what a range
//! proof shows.

use daicho_types::codec::{Blob, List};
use daicho_types::ledger::Row;
use daicho_types::limits::{KEY_BYTES_MAX, ROW_BYTES_MAX};
use daicho_types::{Digest, RowKey};
use daicho_types::{wire_enum, wire_struct};

use crate::limits::{PROOF_DEPTH_MAX, PROOF_NODES_MAX};
use crate::tree::{Link, hash};
use crate::{BadProof, shape};

wire_struct! {
    /// A node outside the range, on the way to it: its key, not its row.
    pub struct Fence {
        /// The row's salt.
        pub salt: [u8; 32],
        /// The row's key.
        pub key: Blob<KEY_BYTES_MAX>,
        /// The row's digest.
        pub row: Digest,
    }

    /// A row in the range.
    pub struct Shown {
        /// The row's salt.
        pub salt: [u8; 32],
        /// The row's key.
        pub key: Blob<KEY_BYTES_MAX>,
        /// The row.
        pub value: Blob<ROW_BYTES_MAX>,
    }
}

wire_enum! {
    /// One step of a pruned tree, in pre-order: a node is followed by its
    /// left and its right subtree.
    pub enum Piece {
        /// No node here.
        0 => Nothing(()),
        /// A subtree that lies outside the range, by its hash.
        1 => Hidden(Digest),
        /// A node outside the range.
        2 => Fence(Fence),
        /// A row of the range.
        3 => Shown(Shown),
    }
}

/// A pruned tree.
pub(crate) type Pruned = List<Piece, PROOF_NODES_MAX>;

/// The keys of a subtree lie strictly between these; `None` is no bound.
type Fences<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// Whether a subtree between `fences` may hold a key `lo <= key < hi`.
fn touches((low, high): Fences<'_>, lo: &[u8], hi: &[u8]) -> bool {
    lo < hi && high.is_none_or(|high| high > lo) && low.is_none_or(|low| low < hi)
}

/// Prunes the tree at `link` to `lo <= key < hi`. `row` describes the row at
/// a key of the tree. `None` when the range shows more than a proof holds.
pub(crate) fn prune(
    link: &Link,
    lo: &[u8],
    hi: &[u8],
    row: &dyn Fn(&RowKey) -> Described,
) -> Option<Pruned> {
    let mut pieces = Vec::new();
    cut(link, (None, None), (lo, hi), row, &mut pieces)?;
    List::new(pieces).ok()
}

/// A row as a proof needs it.
pub(crate) struct Described {
    pub(crate) salt: [u8; 32],
    pub(crate) row: Digest,
    /// Shown inside the range.
    pub(crate) value: Vec<u8>,
}

fn cut(
    link: &Link,
    fences: Fences<'_>,
    range: (&[u8], &[u8]),
    row: &dyn Fn(&RowKey) -> Described,
    pieces: &mut Vec<Piece>,
) -> Option<()> {
    let Some(node) = link else {
        pieces.push(Piece::Nothing(()));
        return Some(());
    };
    if !touches(fences, range.0, range.1) {
        pieces.push(Piece::Hidden(hash(link)));
        return Some(());
    }
    if pieces.len() >= PROOF_NODES_MAX {
        return None;
    }
    let Described {
        salt,
        row: digest,
        value,
    } = row(&node.key);
    let key = Blob::new(node.key.to_vec()).expect("keys in the tree are bounded");
    let inside = range.0 <= &*node.key && &*node.key < range.1;
    pieces.push(if inside {
        let value = Blob::new(value).expect("rows in the tree are bounded");
        Piece::Shown(Shown { salt, key, value })
    } else {
        let row = digest;
        Piece::Fence(Fence { salt, key, row })
    });
    cut(&node.left, (fences.0, Some(&node.key)), range, row, pieces)?;
    cut(&node.right, (Some(&node.key), fences.1), range, row, pieces)
}

/// The root that a pruned tree leads to, and the rows it shows, complete for
/// `lo <= key < hi`.
pub(crate) fn grow(pruned: &Pruned, lo: &[u8], hi: &[u8]) -> Result<(Digest, Vec<Row>), BadProof> {
    let mut reading = Reading {
        pieces: pruned.iter(),
        range: (lo, hi),
        rows: Vec::new(),
    };
    let root = reading.subtree((None, None), 0)?;
    match reading.pieces.next() {
        None => Ok((root, reading.rows)),
        Some(_) => Err(BadProof::Shape),
    }
}

struct Reading<'a> {
    pieces: std::slice::Iter<'a, Piece>,
    range: (&'a [u8], &'a [u8]),
    rows: Vec<Row>,
}

impl<'a> Reading<'a> {
    fn subtree(&mut self, fences: Fences<'a>, depth: usize) -> Result<Digest, BadProof> {
        let (lo, hi) = self.range;
        let needed = touches(fences, lo, hi);
        match self.pieces.next().ok_or(BadProof::Shape)? {
            Piece::Nothing(()) => Ok(shape::EMPTY),
            // The hash of nothing has one spelling, and nothing that the
            // range needs may hide behind a hash.
            Piece::Hidden(hash) if !needed && *hash != shape::EMPTY => Ok(*hash),
            Piece::Fence(fence) if needed && !within(&fence.key, lo, hi) => {
                let leaf = shape::leaf(&fence.salt, &fence.key, &fence.row);
                self.node(leaf, &fence.key, None, fences, depth)
            }
            Piece::Shown(row) if needed && within(&row.key, lo, hi) => {
                let digest = shape::row(&row.salt, &row.value);
                let leaf = shape::leaf(&row.salt, &row.key, &digest);
                self.node(leaf, &row.key, Some(&row.value), fences, depth)
            }
            _ => Err(BadProof::Shape),
        }
    }

    fn node(
        &mut self,
        leaf: Digest,
        key: &'a [u8],
        value: Option<&[u8]>,
        (low, high): Fences<'a>,
        depth: usize,
    ) -> Result<Digest, BadProof> {
        let ordered = low.is_none_or(|low| low < key) && high.is_none_or(|high| key < high);
        if !ordered || depth >= PROOF_DEPTH_MAX {
            return Err(BadProof::Shape);
        }
        let left = self.subtree((low, Some(key)), depth + 1)?;
        if let Some(value) = value {
            self.rows.push((RowKey::new(key), value.into()));
        }
        let right = self.subtree((Some(key), high), depth + 1)?;
        Ok(shape::node(&leaf, &left, &right))
    }
}

fn within(key: &[u8], lo: &[u8], hi: &[u8]) -> bool {
    lo <= key && key < hi
}
