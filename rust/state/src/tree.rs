//! The incremental tree: a persistent treap. Clones share nodes, a change
//! copies only the path to it, and hashes are computed once per surviving
//! node when somebody asks for the root.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use daicho_types::{Digest, RowKey};

use crate::shape;

/// An ordered authenticated map from keys to leaf digests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) root: Link,
}

pub(crate) type Link = Option<Arc<Node>>;

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) key: RowKey,
    pub(crate) leaf: Digest,
    pub(crate) left: Link,
    pub(crate) right: Link,
    priority: u128,
    hash: OnceLock<Digest>,
}

impl Node {
    /// Whether this node stands above `other`: by priority, ties by key, so
    /// that the order is total and the shape unique.
    fn outranks(&self, other: &Self) -> bool {
        (self.priority, &self.key) > (other.priority, &other.key)
    }
}

impl Tree {
    /// The digest of the whole tree.
    pub(crate) fn hash(&self) -> Digest {
        hash(&self.root)
    }

    /// Sets the leaf of `key`. `priority` is a function of the key.
    pub(crate) fn put(&mut self, key: RowKey, priority: u128, leaf: Digest) {
        let (left, right, hash) = (None, None, OnceLock::new());
        let node = Node {
            key,
            leaf,
            left,
            right,
            priority,
            hash,
        };
        put(&mut self.root, node);
    }

    /// Sets the leaf of a key that is there: its place is known already.
    ///
    /// # Panics
    /// When the key is not there.
    pub(crate) fn replace(&mut self, key: &RowKey, leaf: Digest) {
        let mut slot = &mut self.root;
        loop {
            let node = open(slot.as_mut().expect("the key is in the tree"));
            slot = match key.cmp(&node.key) {
                Ordering::Less => &mut node.left,
                Ordering::Greater => &mut node.right,
                Ordering::Equal => {
                    node.leaf = leaf;
                    return;
                }
            };
        }
    }

    /// Removes `key`, if it is there.
    pub(crate) fn remove(&mut self, key: &RowKey) {
        remove(&mut self.root, key);
    }
}

pub(crate) fn hash(link: &Link) -> Digest {
    let Some(node) = link else {
        return shape::EMPTY;
    };
    let compute = || shape::node(&node.leaf, &hash(&node.left), &hash(&node.right));
    *node.hash.get_or_init(compute)
}

/// The node for writing: copied if another tree shares it, its hash forgotten.
fn open(node: &mut Arc<Node>) -> &mut Node {
    let node = Arc::make_mut(node);
    node.hash = OnceLock::new();
    node
}

fn put(slot: &mut Link, mut new: Node) {
    let Some(node) = slot else {
        *slot = Some(Arc::new(new));
        return;
    };
    if new.outranks(node) {
        (new.left, new.right) = split(slot.take(), &new.key);
        *slot = Some(Arc::new(new));
        return;
    }
    let node = open(node);
    match new.key.cmp(&node.key) {
        Ordering::Less => put(&mut node.left, new),
        Ordering::Greater => put(&mut node.right, new),
        Ordering::Equal => {
            assert_eq!(new.priority, node.priority, "priority follows the key");
            node.leaf = new.leaf;
        }
    }
}

/// Parts a tree that does not hold `key` into what lies below and above it.
fn split(link: Link, key: &RowKey) -> (Link, Link) {
    let Some(mut node) = link else {
        return (None, None);
    };
    let inside = open(&mut node);
    assert_ne!(&inside.key, key, "a key outranked is not in the tree");
    if inside.key < *key {
        let (low, high) = split(inside.right.take(), key);
        inside.right = low;
        (Some(node), high)
    } else {
        let (low, high) = split(inside.left.take(), key);
        inside.left = high;
        (low, Some(node))
    }
}

fn remove(slot: &mut Link, key: &RowKey) {
    let Some(node) = slot else {
        return;
    };
    let node = open(node);
    match key.cmp(&node.key) {
        Ordering::Less => remove(&mut node.left, key),
        Ordering::Greater => remove(&mut node.right, key),
        Ordering::Equal => *slot = merge(node.left.take(), node.right.take()),
    }
}

/// Joins two trees, every key of `low` below every key of `high`.
fn merge(low: Link, high: Link) -> Link {
    match (low, high) {
        (None, link) | (link, None) => link,
        (Some(mut low), Some(mut high)) => {
            assert!(low.key < high.key, "keys keep their order");
            if low.outranks(&high) {
                let node = open(&mut low);
                node.right = merge(node.right.take(), Some(high));
                Some(low)
            } else {
                let node = open(&mut high);
                node.left = merge(Some(low), node.left.take());
                Some(high)
            }
        }
    }
}
