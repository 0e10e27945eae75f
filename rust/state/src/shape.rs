//! The definition of the tree: what is hashed, and in which order. Both the
//! incremental tree and the naive one are built from these functions alone.
//!
//! A tree over a set of keys is the treap whose node of highest priority is
//! the root: keys in order from left to right, priorities falling downwards.
//! Priorities are a function of the key, so one set of keys has one shape,
//! whatever the order in which they came (docs/decisions/0001-state-tree.md).
//!
//! ```text
//! row   = H("row",  salt, value)
//! leaf  = H("leaf", salt, key, row)
//! node  = H("node", leaf, hash(left), hash(right))      hash(nothing) = 0
//! inner = hash(root of the compartment's rows)
//! entry = H("compartment", salt of the compartment, compartment, inner)
//! root  = hash(root of the top tree: key = tag, salt = 0, row = entry)
//! ```
//!
//! The top tree holds every compartment that ever had a row, and padding
//! leaves up to a power of two: a compartment once used stays, perhaps
//! empty, so the number of leaves only ever grows.

use daicho_crypto::{Domain, hash};
use daicho_types::Digest;
use daicho_types::ledger::Compartment;

use crate::limits::TOP_LEAVES_MIN;

/// What a node with no row below it counts as.
pub(crate) const EMPTY: Digest = Digest::ZERO;

pub(crate) fn row(salt: &[u8; 32], value: &[u8]) -> Digest {
    hash(Domain::State, &[b"row", salt, value])
}

pub(crate) fn leaf(salt: &[u8; 32], key: &[u8], row: &Digest) -> Digest {
    hash(Domain::State, &[b"leaf", salt, key, &row.0])
}

pub(crate) fn node(leaf: &Digest, left: &Digest, right: &Digest) -> Digest {
    // One part of fixed length: the busiest hash of all, kept short.
    let mut bytes = [0; 96];
    bytes[..32].copy_from_slice(&leaf.0);
    bytes[32..64].copy_from_slice(&left.0);
    bytes[64..].copy_from_slice(&right.0);
    hash(Domain::StateNode, &[&bytes])
}

/// What stands for a compartment in the top tree: its "row" there.
pub(crate) fn entry(salt: &[u8; 32], compartment: Compartment, inner: &Digest) -> Digest {
    let name = compartment.to_bytes();
    hash(Domain::State, &[b"compartment", salt, &name, &inner.0])
}

/// The salt of every leaf of the top tree: its keys and entries are secret.
pub(crate) const TOP_SALT: [u8; 32] = [0; 32];

/// A leaf of the top tree.
pub(crate) fn top_leaf(tag: &[u8; 32], entry: &Digest) -> Digest {
    leaf(&TOP_SALT, tag, entry)
}

/// The priority of a tag in the top tree. Tags are secret and uniform, so
/// nobody can choose them; a public function is enough.
pub(crate) fn tag_priority(tag: &[u8; 32]) -> u128 {
    let digest = hash(Domain::TreePriority, &[tag]);
    u128::from_le_bytes(*digest.0.first_chunk().expect("32 bytes hold 16"))
}

/// How many padding leaves stand beside `compartments` real ones.
pub(crate) fn padding(compartments: u64) -> u64 {
    compartments.next_power_of_two().max(TOP_LEAVES_MIN) - compartments
}
