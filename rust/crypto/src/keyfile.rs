//! The executor's own keys, in a file that the node passes by path and never
//! opens (design §1, Keys): `DAICHOEK`, version, salt, then 96 secret bytes
//! sealed under a key derived from the unlock file beside it.

use daicho_types::codec::{Decode, Reader};

use crate::hash::{Domain, hash};
use crate::seal::{BadSeal, SealKeyPair, Secret, open_once, seal_once};
use crate::sign::SigningKey;

const MAGIC: &[u8; 8] = b"DAICHOEK";
const VERSION: u16 = 1;

/// What an executor keeps secret.
#[derive(Debug)]
pub struct ExecutorKeys {
    /// Signs results.
    pub result: SigningKey,
    /// Epoch secrets are wrapped to it.
    pub seal: SealKeyPair,
    /// Encrypts the store.
    pub store: Secret,
}

/// The three seeds that [`ExecutorKeys`] come from.
#[derive(Clone, Debug)]
pub struct ExecutorSeeds {
    /// Of the result signing key.
    pub result: Secret,
    /// Of the HPKE key pair.
    pub seal: Secret,
    /// The store key itself.
    pub store: Secret,
}

impl ExecutorSeeds {
    /// The keys.
    #[must_use]
    pub fn keys(&self) -> ExecutorKeys {
        ExecutorKeys {
            result: SigningKey::from_seed(self.result.expose()),
            seal: SealKeyPair::from_seed(self.seal.expose()),
            store: self.store.clone(),
        }
    }

    /// The bytes of the key file. `salt` is fresh randomness of the caller.
    #[must_use]
    pub fn seal(&self, unlock: &[u8], salt: [u8; 32]) -> Vec<u8> {
        let mut plain = Vec::with_capacity(96);
        for seed in [&self.result, &self.seal, &self.store] {
            plain.extend_from_slice(seed.expose());
        }
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&salt);
        let sealed = seal_once(&file_key(unlock, &salt), &out, &plain);
        out.extend_from_slice(&sealed);
        out
    }

    /// The inverse of [`ExecutorSeeds::seal`].
    ///
    /// # Errors
    /// [`BadSeal`] when the file is no key file or the unlock bytes are wrong.
    pub fn open(file: &[u8], unlock: &[u8]) -> Result<Self, BadSeal> {
        let mut reader = Reader::new(file);
        let magic: [u8; 8] = reader.array().map_err(|_| BadSeal)?;
        let version = u16::decode(&mut reader).map_err(|_| BadSeal)?;
        let salt: [u8; 32] = reader.array().map_err(|_| BadSeal)?;
        if magic != *MAGIC || version != VERSION {
            return Err(BadSeal);
        }
        let (head, sealed) = file.split_at(file.len() - reader.remaining());
        let plain = open_once(&file_key(unlock, &salt), head, sealed)?;
        let seed = |index: usize| -> Result<Secret, BadSeal> {
            let bytes = plain.get(index * 32..(index + 1) * 32).ok_or(BadSeal)?;
            Ok(Secret::new(bytes.try_into().map_err(|_| BadSeal)?))
        };
        Ok(Self {
            result: seed(0)?,
            seal: seed(1)?,
            store: seed(2)?,
        })
    }
}

fn file_key(unlock: &[u8], salt: &[u8; 32]) -> Secret {
    let root = Secret::new(hash(Domain::StoreKey, &[b"unlock", unlock]).0);
    root.derive(Domain::StoreKey, &[b"key file", salt])
}
