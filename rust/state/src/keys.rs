//! The key tree of an epoch (design §1): epoch secret → envelope key pair,
//! compartment keys, seed branch; compartment key → salts, priorities, chunk
//! tags and chunk keys. Whoever holds a compartment key reads that
//! compartment and learns nothing of any other.

use daicho_crypto::{Domain, SealKeyPair, Secret, epoch_keys};
use daicho_types::ledger::Compartment;
use daicho_types::{Digest, Epoch, Height};

use crate::ChunkKind;

/// Everything an executor derives from an epoch secret.
#[derive(Clone, Debug)]
pub struct KeyRing {
    envelope: SealKeyPair,
    root: Secret,
    seeds: Secret,
}

impl KeyRing {
    /// The keys of `epoch`, whose 32-byte secret this is.
    #[must_use]
    pub fn from_epoch_secret(secret: &Secret, epoch: Epoch) -> Self {
        Self {
            envelope: epoch_keys(secret, epoch),
            root: secret.derive(Domain::CompartmentKey, &[]),
            seeds: secret.derive(Domain::SeedBranch, &[]),
        }
    }

    /// Opens envelopes and queries of this epoch.
    #[must_use]
    pub fn envelope(&self) -> &SealKeyPair {
        &self.envelope
    }

    /// The key of one compartment: what its holder is given.
    #[must_use]
    pub fn compartment(&self, compartment: Compartment) -> CompartmentKey {
        let secret = self
            .root
            .derive(Domain::CompartmentKey, &[&compartment.to_bytes()]);
        CompartmentKey::new(compartment, secret)
    }

    /// The random seed of a height: KDF(seed branch, height), the same in
    /// every view, and nothing that a leader could choose.
    #[must_use]
    pub fn seed(&self, height: Height) -> [u8; 32] {
        let seed = self
            .seeds
            .derive(Domain::SeedBranch, &[&height.0.to_le_bytes()]);
        *seed.expose()
    }

    /// Key of the chunk that lists which compartments a block touched: only
    /// who holds every key may read it, and needs it to find every chunk.
    pub(crate) fn directory(&self) -> CompartmentKey {
        let secret = self.root.derive(Domain::CompartmentKey, &[b"directory"]);
        CompartmentKey::new(Compartment::Administrator, secret)
    }

    /// Tag and entry of the `index`-th padding leaf of the top tree: random to
    /// everybody without the epoch secret, so not to be told from a real one.
    pub(crate) fn padding(&self, index: u64) -> ([u8; 32], Digest) {
        let key = self.root.derive(Domain::CompartmentKey, &[b"padding"]);
        let index = index.to_le_bytes();
        let tag = key.derive(Domain::CompartmentTag, &[&index]);
        let entry = key.derive(Domain::State, &[&index]);
        (*tag.expose(), Digest(*entry.expose()))
    }
}

/// The key of one compartment.
#[derive(Clone, Debug)]
pub struct CompartmentKey {
    compartment: Compartment,
    secret: Secret,
}

impl CompartmentKey {
    /// The key of `compartment`, as [`CompartmentKey::secret`] gave it away.
    #[must_use]
    pub fn new(compartment: Compartment, secret: Secret) -> Self {
        Self {
            compartment,
            secret,
        }
    }

    /// The compartment it opens.
    #[must_use]
    pub fn compartment(&self) -> Compartment {
        self.compartment
    }

    /// The secret itself, to be sealed to the compartment's holder.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The compartment's place in the top tree.
    #[must_use]
    pub fn tag(&self) -> [u8; 32] {
        *self.secret.derive(Domain::CompartmentTag, &[]).expose()
    }

    /// The salt of the compartment's entry in the top tree.
    pub(crate) fn entry_salt(&self) -> [u8; 32] {
        *self.secret.derive(Domain::LeafSalt, &[]).expose()
    }

    /// The salt of a row: it depends on the value too, so that showing one
    /// version of a row does not help to guess another.
    pub(crate) fn salt(&self, key: &[u8], value: &[u8]) -> [u8; 32] {
        *self.secret.derive(Domain::LeafSalt, &[key, value]).expose()
    }

    /// The priority that decides a key's place in the inner tree. Secret, so
    /// that nobody can choose keys which make the tree deep.
    pub(crate) fn priority(&self, key: &[u8]) -> u128 {
        let bytes = self.secret.derive(Domain::TreePriority, &[key]);
        let half = bytes.expose().first_chunk().expect("32 bytes hold 16");
        u128::from_le_bytes(*half)
    }

    /// The tag under which this compartment's chunk of a height is found;
    /// `part` is 0 but for chunks that did not fit one.
    #[must_use]
    pub fn chunk_tag(&self, height: Height, kind: ChunkKind, part: u16) -> [u8; 32] {
        let place: [&[u8]; 3] = [&height.0.to_le_bytes(), &[kind as u8], &part.to_le_bytes()];
        *self.secret.derive(Domain::ChunkTag, &place).expose()
    }

    /// The key of this compartment's chunk of a block. The block's digest
    /// makes it a key that seals one plaintext.
    pub(crate) fn chunk_key(&self, block: &Digest, kind: ChunkKind, part: u16) -> Secret {
        let place: [&[u8]; 3] = [&block.0, &[kind as u8], &part.to_le_bytes()];
        self.secret.derive(Domain::ChunkKey, &place)
    }
}
