//! An item on its way into a block, with what is computed from its bytes once.

use daicho_crypto::{tx_id, witness_id};
use daicho_types::codec::Encode;
use daicho_types::envelope::Item;
use daicho_types::{Digest, PublicKey};

/// An item with its ids. Whoever makes one by hand vouches that ids and length
/// are the item's; admission computes them once per item.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The item.
    pub item: &'a Item,
    /// Of its signed content.
    pub tx_id: Digest,
    /// Of its signed content and signature.
    pub witness_id: Digest,
    /// Length of its canonical encoding.
    pub bytes: usize,
    /// The key its sender's signature was verified under; `None` when it was
    /// not. [`crate::ControlState::check_item`] compares it with the sender's
    /// key of the day, so a signature that was never checked, or was checked
    /// under a key since replaced, is refused.
    pub signer: Option<PublicKey>,
}

impl<'a> Entry<'a> {
    /// An item whose signature nobody has checked here: enough for applying a
    /// committed block, never enough for [`crate::ControlState::valid_block`].
    #[must_use]
    pub fn unverified(item: &'a Item) -> Self {
        let id = tx_id(item);
        Self {
            item,
            tx_id: id,
            witness_id: witness_id(id, item.signature()),
            bytes: item.to_bytes().len(),
            signer: None,
        }
    }

    /// The same item with a signature that was verified under `key`.
    #[must_use]
    pub fn verified(self, key: PublicKey) -> Self {
        Self {
            signer: Some(key),
            ..self
        }
    }
}
