//! Proofs against a certified root. Checking one needs the root, the proof
//! and the compartment's name, no key and no state. A range or absence proof
//! shows keys beside the range and belongs to holders of the compartment; an
//! inclusion proof shows one row and otherwise only salted hashes.

use std::cmp::Ordering;

use daicho_types::codec::{Blob, List};
use daicho_types::ledger::{Compartment, Row};
use daicho_types::limits::{KEY_BYTES_MAX, ROW_BYTES_MAX};
use daicho_types::{Digest, Height, RowKey, wire_struct};

use crate::limits::PROOF_DEPTH_MAX;
use crate::prune::{Described, Pruned, grow, prune};
use crate::tree::{Tree, hash};
use crate::{BadProof, CompartmentKey, State, shape};

wire_struct! {
    /// One node above the one proved.
    pub struct Step {
        /// Whether the way down went to the right.
        pub right: bool,
        /// The node's own leaf.
        pub leaf: Digest,
        /// The hash of its other child.
        pub other: Digest,
    }

    /// The way from a node up to the root.
    pub struct Climb {
        /// Hash of the node's left child.
        pub left: Digest,
        /// Hash of its right child.
        pub right: Digest,
        /// The nodes above, from the lowest to the root.
        pub steps: List<Step, PROOF_DEPTH_MAX>,
    }

    /// What one compartment's inner root is.
    pub struct CompartmentProof {
        /// Its place in the top tree.
        pub tag: [u8; 32],
        /// The salt of its entry.
        pub salt: [u8; 32],
        /// From its entry to the state root.
        pub climb: Climb,
    }

    /// One row is in the state. Shows nothing else, so it may go to anybody
    /// who may see that row (R99).
    pub struct InclusionProof {
        /// The row's key.
        pub key: Blob<KEY_BYTES_MAX>,
        /// The row.
        pub value: Blob<ROW_BYTES_MAX>,
        /// The row's salt.
        pub salt: [u8; 32],
        /// From the row to the inner root.
        pub climb: Climb,
        /// From the inner root to the state root.
        pub compartment: CompartmentProof,
    }

    /// All rows of a range, and no others, are in the state. With an empty
    /// answer it is an exclusion proof.
    pub struct RangeProof {
        /// The inner tree, cut down to the range.
        pub tree: Pruned,
        /// From the inner root to the state root.
        pub compartment: CompartmentProof,
    }

    /// A compartment never had a row. Its place in the top tree is secret, so
    /// checking takes its key.
    pub struct AbsenceProof {
        /// The top tree, cut down to the compartment's place.
        pub tree: Pruned,
    }
}

impl Climb {
    fn root(&self, leaf: &Digest) -> Digest {
        let mut root = shape::node(leaf, &self.left, &self.right);
        for step in self.steps.iter() {
            root = if step.right {
                shape::node(&step.leaf, &step.other, &root)
            } else {
                shape::node(&step.leaf, &root, &step.other)
            };
        }
        root
    }
}

impl CompartmentProof {
    /// Checks that `compartment`'s inner root is `inner` under `root`.
    ///
    /// # Errors
    /// [`BadProof::Root`] when it is not.
    pub fn verify(
        &self,
        root: &Digest,
        compartment: Compartment,
        inner: &Digest,
    ) -> Result<(), BadProof> {
        let entry = shape::entry(&self.salt, compartment, inner);
        let top = self.climb.root(&shape::top_leaf(&self.tag, &entry));
        if top == *root {
            Ok(())
        } else {
            Err(BadProof::Root)
        }
    }
}

impl InclusionProof {
    /// The key and the row that are proved to lie in `compartment`.
    ///
    /// # Errors
    /// [`BadProof`] when they are not under `root`.
    pub fn verify(
        &self,
        root: &Digest,
        compartment: Compartment,
    ) -> Result<(&[u8], &[u8]), BadProof> {
        let row = shape::row(&self.salt, &self.value);
        let leaf = shape::leaf(&self.salt, &self.key, &row);
        let inner = self.climb.root(&leaf);
        self.compartment.verify(root, compartment, &inner)?;
        Ok((&self.key, &self.value))
    }
}

impl RangeProof {
    /// All rows of `compartment` with `lo <= key < hi`, in key order.
    ///
    /// # Errors
    /// [`BadProof`] when a row is missing, added or altered, or the proof is
    /// of another range, compartment or root.
    pub fn verify(
        &self,
        root: &Digest,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
    ) -> Result<Vec<Row>, BadProof> {
        let (inner, rows) = grow(&self.tree, lo, hi)?;
        self.compartment.verify(root, compartment, &inner)?;
        Ok(rows)
    }

    /// Checks that `compartment` has no row at `key`, with the proof of
    /// [`State::prove_exclusion`].
    ///
    /// # Errors
    /// [`BadProof`] when it has one, or as [`RangeProof::verify`].
    pub fn verify_exclusion(
        &self,
        root: &Digest,
        compartment: Compartment,
        key: &[u8],
    ) -> Result<(), BadProof> {
        let rows = self.verify(root, compartment, key, &after(key))?;
        if rows.is_empty() {
            Ok(())
        } else {
            Err(BadProof::Subject)
        }
    }
}

impl AbsenceProof {
    /// Checks that the compartment of `key` never had a row.
    ///
    /// # Errors
    /// [`BadProof`] when it had, or the proof is of another place or root.
    pub fn verify(&self, root: &Digest, key: &CompartmentKey) -> Result<(), BadProof> {
        let tag = key.tag();
        let (top, rows) = grow(&self.tree, &tag, &after(&tag))?;
        if top != *root {
            return Err(BadProof::Root);
        }
        if rows.is_empty() {
            Ok(())
        } else {
            Err(BadProof::Subject)
        }
    }
}

impl State {
    /// Proves one row after block `at`. `None` when there is no such row, or
    /// no such block yet.
    #[must_use]
    pub fn prove_inclusion(
        &self,
        at: Height,
        compartment: Compartment,
        key: &[u8],
    ) -> Option<InclusionProof> {
        let proof = self.prove_compartment(at, compartment)?;
        let book = self.books.get(&compartment)?;
        let value = book.get_at(at, &RowKey::new(key))?;
        Some(InclusionProof {
            key: Blob::new(key.to_vec()).ok()?,
            value: Blob::new(value.to_vec()).ok()?,
            salt: book.key.salt(key, value),
            climb: climb(&book.tree_at(at), key)?,
            compartment: proof,
        })
    }

    /// Proves all rows `lo <= key < hi` after block `at`. `None` when the
    /// compartment had no row yet by then, there is no such block yet, or the
    /// range shows more than [`crate::limits::PROOF_NODES_MAX`] nodes: ask in
    /// parts.
    #[must_use]
    pub fn prove_range(
        &self,
        at: Height,
        compartment: Compartment,
        lo: &[u8],
        hi: &[u8],
    ) -> Option<RangeProof> {
        let proof = self.prove_compartment(at, compartment)?;
        let book = self.books.get(&compartment)?;
        let describe = |key: &RowKey| {
            let value = book.get_at(at, key).expect("the tree's rows stand");
            let salt = book.key.salt(key, value);
            Described {
                salt,
                row: shape::row(&salt, value),
                value: value.to_vec(),
            }
        };
        Some(RangeProof {
            tree: prune(&book.tree_at(at).root, lo, hi, &describe)?,
            compartment: proof,
        })
    }

    /// Proves that there is no row at `key` after block `at`; check it with
    /// [`RangeProof::verify_exclusion`]. `None` as [`State::prove_range`].
    #[must_use]
    pub fn prove_exclusion(
        &self,
        at: Height,
        compartment: Compartment,
        key: &[u8],
    ) -> Option<RangeProof> {
        self.prove_range(at, compartment, key, &after(key))
    }

    /// Proves a compartment's inner root after block `at`. `None` when it had
    /// no row by then, or there is no such block yet.
    #[must_use]
    pub fn prove_compartment(
        &self,
        at: Height,
        compartment: Compartment,
    ) -> Option<CompartmentProof> {
        self.root_at(at)?;
        let book = self.books.get(&compartment)?;
        book.root_at(at)?;
        let tag = book.key.tag();
        Some(CompartmentProof {
            tag,
            salt: book.key.entry_salt(),
            climb: climb(&self.top_at(at), &tag)?,
        })
    }

    /// Proves that a compartment had no row up to block `at`. `None` when it
    /// had, or there is no such block yet.
    #[must_use]
    pub fn prove_absence(&self, at: Height, compartment: Compartment) -> Option<AbsenceProof> {
        self.root_at(at)?;
        let book = self.books.get(&compartment);
        if book.is_some_and(|book| book.root_at(at).is_some()) {
            return None;
        }
        let tag = self.keys.compartment(compartment).tag();
        let entries = self.entries(at);
        let describe = |key: &RowKey| Described {
            salt: shape::TOP_SALT,
            row: entries[&**key],
            value: Vec::new(),
        };
        let tree = prune(&self.top_at(at).root, &tag, &after(&tag), &describe)?;
        Some(AbsenceProof { tree })
    }
}

/// The least key above `key`.
fn after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

/// The way from the node at `key` up to the root; `None` without such a node.
fn climb(tree: &Tree, key: &[u8]) -> Option<Climb> {
    let mut node = tree.root.as_ref()?;
    let mut steps = Vec::new();
    loop {
        let (right, next, other) = match key.cmp(&node.key) {
            Ordering::Equal => break,
            Ordering::Less => (false, &node.left, &node.right),
            Ordering::Greater => (true, &node.right, &node.left),
        };
        steps.push(Step {
            right,
            leaf: node.leaf,
            other: hash(other),
        });
        node = next.as_ref()?;
    }
    steps.reverse();
    Some(Climb {
        left: hash(&node.left),
        right: hash(&node.right),
        steps: List::new(steps).ok()?,
    })
}
