//! Binary Merkle trees over a list of digests, for witness ids and receipts.
//! A level of odd length hands its last node up unchanged; the root binds the
//! number of leaves, so that no two lists share one.

use daicho_types::Digest;
use daicho_types::codec::List;
use daicho_types::gateway::MerklePath;

use crate::hash::{Domain, hash};

/// Every level of one tree, for when many paths are wanted.
#[derive(Clone, Debug)]
pub struct MerkleTree {
    leaves: usize,
    levels: Vec<Vec<Digest>>,
}

impl MerkleTree {
    /// The tree over `leaves`, hashed once.
    #[must_use]
    pub fn new(leaves: &[Digest]) -> Self {
        let mut levels = vec![hashed(leaves)];
        while let Some(last) = levels.last().filter(|level| level.len() > 1) {
            let next = parents(last);
            levels.push(next);
        }
        Self {
            leaves: leaves.len(),
            levels,
        }
    }

    /// The root; it binds the number of leaves.
    #[must_use]
    pub fn root(&self) -> Digest {
        let top = self.levels.last().and_then(|level| level.first());
        bind(self.leaves, top.copied().unwrap_or(Digest::ZERO))
    }

    /// The path of the leaf at `index`.
    ///
    /// # Panics
    /// When `index` is not a leaf: the caller has counted them.
    #[must_use]
    pub fn path(&self, index: usize) -> MerklePath {
        assert!(index < self.leaves, "the index is a leaf");
        let places = self
            .levels
            .iter()
            .enumerate()
            .map(|(depth, level)| (level, index >> depth));
        let siblings = places.filter_map(|(level, place)| level.get(place ^ 1).copied());
        MerklePath {
            index: u32::try_from(index).expect("a block's items fit 32 bits"),
            leaves: u32::try_from(self.leaves).expect("a block's items fit 32 bits"),
            siblings: List::new(siblings.collect()).expect("a path is no deeper than 40"),
        }
    }
}

/// The root over `leaves`.
#[must_use]
pub fn merkle_root(leaves: &[Digest]) -> Digest {
    MerkleTree::new(leaves).root()
}

/// The path of the leaf at `index`.
///
/// # Panics
/// When `index` is not a leaf: the caller has counted them.
#[must_use]
pub fn merkle_path(leaves: &[Digest], index: usize) -> MerklePath {
    MerkleTree::new(leaves).path(index)
}

/// The root that `path` leads to from `leaf`; `None` for a path of the wrong
/// shape.
#[must_use]
pub fn merkle_climb(leaf: Digest, path: &MerklePath) -> Option<Digest> {
    if path.index >= path.leaves {
        return None;
    }
    let mut siblings = path.siblings.iter();
    let (mut place, mut width) = (path.index, path.leaves);
    let mut node = hash(Domain::MerkleLeaf, &[&leaf.0]);
    while width > 1 {
        if place ^ 1 < width {
            let sibling = siblings.next()?;
            node = if place % 2 == 0 {
                join(node, *sibling)
            } else {
                join(*sibling, node)
            };
        }
        place /= 2;
        width = width.div_ceil(2);
    }
    siblings
        .next()
        .is_none()
        .then(|| bind(path.leaves as usize, node))
}

fn hashed(leaves: &[Digest]) -> Vec<Digest> {
    leaves
        .iter()
        .map(|leaf| hash(Domain::MerkleLeaf, &[&leaf.0]))
        .collect()
}

fn parents(level: &[Digest]) -> Vec<Digest> {
    level
        .chunks(2)
        .map(|pair| {
            if let [left, right] = pair {
                join(*left, *right)
            } else {
                pair[0]
            }
        })
        .collect()
}

fn join(left: Digest, right: Digest) -> Digest {
    hash(Domain::MerkleNode, &[&left.0, &right.0])
}

fn bind(count: usize, top: Digest) -> Digest {
    hash(Domain::MerkleNode, &[&(count as u64).to_le_bytes(), &top.0])
}
