//! An item with what is computed from its bytes once.

use daicho_crypto::{Check, Domain, control_payload, envelope_payload, tx_id, witness_id};
use daicho_types::codec::Decode;
use daicho_types::envelope::Item;
use daicho_types::limits::ITEM_BYTES_MAX;
use daicho_types::{Alias, ChainId, Code, Digest, PublicKey};

/// Sender, lane and sequence.
pub type Origin = (Alias, u16, u64);

/// An item whose sender's signature has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The item.
    pub item: Item,
    /// Its canonical encoding.
    pub bytes: Vec<u8>,
    /// Of its signed content.
    pub tx_id: Digest,
    /// Of its signed content and signature.
    pub witness_id: Digest,
    /// The key its signature was verified under.
    pub signer: PublicKey,
}

/// An item that was decoded and nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub item: Item,
    pub bytes: Vec<u8>,
    pub tx_id: Digest,
    pub witness_id: Digest,
}

impl Candidate {
    /// Decodes `bytes`.
    ///
    /// # Errors
    /// `TOO_LARGE` or `MALFORMED`.
    pub fn decode(bytes: Vec<u8>) -> Result<Self, Code> {
        if bytes.len() > ITEM_BYTES_MAX {
            return Err(Code::TooLarge);
        }
        let item = Item::from_bytes(&bytes).map_err(|_| Code::Malformed)?;
        let tx_id = tx_id(&item);
        let witness_id = witness_id(tx_id, item.signature());
        Ok(Self {
            item,
            bytes,
            tx_id,
            witness_id,
        })
    }

    /// The check of the sender's signature under `key`.
    pub fn signature_check(&self, chain: &ChainId, key: PublicKey) -> Check {
        let payload = match &self.item {
            Item::Sealed(envelope) => envelope_payload(envelope),
            Item::Control(tx) => control_payload(tx),
        };
        let signature = *self.item.signature();
        Check::new(key, Domain::SignTransaction, chain, &payload, signature)
    }

    /// The item, its signature being good under `signer`.
    pub fn admitted(self, signer: PublicKey) -> Admitted {
        Admitted {
            item: self.item,
            bytes: self.bytes,
            tx_id: self.tx_id,
            witness_id: self.witness_id,
            signer,
        }
    }
}
