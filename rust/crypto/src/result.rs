//! Digests of what a block leaves behind, as a result statement names them.

use daicho_types::Digest;
use daicho_types::codec::Encode;
use daicho_types::gateway::MerklePath;
use daicho_types::result::{ResultBody, SealedChunk, SealedReceipt};

use crate::hash::{Domain, hash};
use crate::merkle::{merkle_path, merkle_root};

/// The digest of a result body.
#[must_use]
pub fn body_digest(body: &ResultBody) -> Digest {
    hash(Domain::ResultBody, &[&body.to_bytes()])
}

/// A sealed receipt as a leaf of the receipts root. The ciphertext is random
/// to everybody but the sender: the leaf needs no other salt.
#[must_use]
pub fn receipt_leaf(receipt: &SealedReceipt) -> Digest {
    hash(Domain::SealedReceipt, &[&receipt.to_bytes()])
}

/// The Merkle root of a block's sealed receipts, in block order.
#[must_use]
pub fn receipts_root(receipts: &[SealedReceipt]) -> Digest {
    merkle_root(&receipts.iter().map(receipt_leaf).collect::<Vec<_>>())
}

/// The path that proves the receipt at `index` against the receipts root.
///
/// # Panics
/// When `index` is no receipt: the caller has counted them.
#[must_use]
pub fn receipt_path(receipts: &[SealedReceipt], index: usize) -> MerklePath {
    merkle_path(
        &receipts.iter().map(receipt_leaf).collect::<Vec<_>>(),
        index,
    )
}

/// The Merkle root of a block's event chunks, in rising order of tag.
#[must_use]
pub fn events_root(events: &[SealedChunk]) -> Digest {
    let leaf = |chunk: &SealedChunk| hash(Domain::SealedEvents, &[&chunk.to_bytes()]);
    merkle_root(&events.iter().map(leaf).collect::<Vec<_>>())
}
