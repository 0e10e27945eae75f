//! Ed25519 under the rules of ZIP-215, where checking one by one and checking
//! a batch accept exactly the same signatures. What is signed is always a
//! domain-separated digest of the chain id and the payload.

use core::convert::Infallible;

use daicho_types::{ChainId, Digest, PublicKey, Signature};
use ed25519_zebra as zebra;
use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::hash::{Domain, hash};

/// A signature did not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// A private signing key. Never printed, wiped when dropped.
pub struct SigningKey {
    key: zebra::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032's private key).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = zebra::SigningKey::from_bytes(seed);
        let public = PublicKey(zebra::VerificationKeyBytes::from(&key).into());
        Self { key, public }
    }

    /// The key that verifies.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs `payload` for one chain and one meaning.
    #[must_use]
    pub fn sign(&self, domain: Domain, chain: &ChainId, payload: &[u8]) -> Signature {
        Signature(self.key.sign(&message(domain, chain, payload).0).to_bytes())
    }
}

impl core::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SigningKey(public {})", self.public)
    }
}

fn message(domain: Domain, chain: &ChainId, payload: &[u8]) -> Digest {
    hash(domain, &[&chain.0, payload])
}

/// Checks one signature.
///
/// # Errors
/// [`BadSignature`] when it does not verify.
pub fn verify(
    key: &PublicKey,
    domain: Domain,
    chain: &ChainId,
    payload: &[u8],
    signature: &Signature,
) -> Result<(), BadSignature> {
    Check::new(*key, domain, chain, payload, *signature).verify()
}

/// A signature waiting to be checked, alone or in a batch.
#[derive(Clone, Debug)]
pub struct Check {
    key: PublicKey,
    message: Digest,
    signature: Signature,
}

impl Check {
    /// A check of `signature` by `key` over `payload`.
    #[must_use]
    pub fn new(
        key: PublicKey,
        domain: Domain,
        chain: &ChainId,
        payload: &[u8],
        signature: Signature,
    ) -> Self {
        Self {
            key,
            message: message(domain, chain, payload),
            signature,
        }
    }

    /// Checks this one.
    ///
    /// # Errors
    /// [`BadSignature`] when it does not verify.
    pub fn verify(&self) -> Result<(), BadSignature> {
        let key = zebra::VerificationKey::try_from(self.key.0).map_err(|_| BadSignature)?;
        key.verify(&zebra::Signature::from(self.signature.0), &self.message.0)
            .map_err(|_| BadSignature)
    }

    fn item(&self) -> zebra::batch::Item {
        let key = zebra::VerificationKeyBytes::from(self.key.0);
        zebra::batch::Item::from((
            key,
            zebra::Signature::from(self.signature.0),
            &self.message.0,
        ))
    }
}

/// Checks all of `checks`; the answer names each. A batch costs about half of
/// one by one while all are good; a bad one sends its half of the batch
/// through again, so that one forger cannot make the others pay in full.
#[must_use]
pub fn verify_batch(checks: &[Check]) -> Vec<bool> {
    let mut good = vec![false; checks.len()];
    let mut pending = vec![(0, checks.len())];
    while let Some((from, to)) = pending.pop() {
        match to - from {
            0 => {}
            1 => good[from] = checks[from].verify().is_ok(),
            _ if whole_batch(&checks[from..to]) => good[from..to].fill(true),
            count => {
                let middle = from + count / 2;
                pending.extend([(from, middle), (middle, to)]);
            }
        }
    }
    good
}

fn whole_batch(checks: &[Check]) -> bool {
    let mut verifier = zebra::batch::Verifier::new();
    let mut seed = Vec::with_capacity(checks.len() * 128);
    for check in checks {
        verifier.queue(check.item());
        seed.extend_from_slice(&check.key.0);
        seed.extend_from_slice(&check.message.0);
        seed.extend_from_slice(&check.signature.0);
    }
    verifier.verify(Coefficients::new(&seed)).is_ok()
}

/// Batch coefficients from a hash of everything that is checked: the same on
/// every node, and fixed only after the signatures are.
struct Coefficients(Zeroizing<[u8; 32]>, u64);

impl Coefficients {
    fn new(seed: &[u8]) -> Self {
        Self(Zeroizing::new(hash(Domain::BatchSeed, &[seed]).0), 0)
    }
}

impl TryRng for Coefficients {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&self.1.to_le_bytes());
        hasher.finalize_xof().fill(out);
        self.1 += 1;
        Ok(())
    }
}

impl TryCryptoRng for Coefficients {}
