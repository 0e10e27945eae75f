//! Sealing: HPKE sessions (RFC 9180, base mode, DHKEM X25519-HKDF-SHA256,
//! export only) and AES-256-GCM-SIV (RFC 8452) under keys derived from them.
//! Every key seals one plaintext, so the nonce is zero throughout.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Key, Nonce};
use daicho_types::AgreementKey;
use daicho_types::limits::AEAD_TAG_BYTES;
use hpke::aead::ExportOnlyAead;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, X25519HkdfSha256};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, setup_receiver, setup_sender_with_rng};
use rand_core::{TryCryptoRng, TryRng};
use zeroize::Zeroizing;

use crate::hash::{Domain, derive};

/// Why something did not open. One variant: telling more would help whoever
/// tampers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the seal does not open")]
pub struct BadSeal;

/// 32 secret bytes, wiped when dropped, never printed.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// Takes charge of `bytes`.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for storing them where secrets are kept.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key derived from this one.
    #[must_use]
    pub fn derive(&self, domain: Domain, parts: &[&[u8]]) -> Self {
        Self::new(derive(domain, &self.0, parts))
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// An X25519 key pair derived from a secret.
#[derive(Clone, Debug)]
pub struct SealKeyPair {
    secret: Secret,
    public: AgreementKey,
}

impl SealKeyPair {
    /// The pair of a 32-byte seed (RFC 9180, DeriveKeyPair).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let (secret, public) = X25519HkdfSha256::derive_keypair(seed);
        Self {
            secret: Secret::new(secret.to_bytes().into()),
            public: AgreementKey(public.to_bytes().into()),
        }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> AgreementKey {
        self.public
    }

    /// The session that a sender opened with `enc`: a pure function of the
    /// key and `enc`, so it can be cached and is never missing.
    ///
    /// # Errors
    /// [`BadSeal`] when `enc` is no point to agree with.
    pub fn session(&self, enc: &AgreementKey, info: &[u8]) -> Result<Secret, BadSeal> {
        let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(self.secret.expose())
            .map_err(|_| BadSeal)?;
        let enc =
            <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&enc.0).map_err(|_| BadSeal)?;
        let context = setup_receiver::<ExportOnlyAead, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &secret,
            &enc,
            info,
        )
        .map_err(|_| BadSeal)?;
        let mut out = [0; 32];
        context.export(b"session", &mut out).map_err(|_| BadSeal)?;
        Ok(Secret::new(out))
    }
}

/// Opens a session towards `recipient`. `entropy` is 32 fresh random bytes
/// from the caller: this crate reads no random source.
///
/// # Errors
/// [`BadSeal`] when the recipient's key is no point to agree with.
pub fn open_session(
    recipient: &AgreementKey,
    info: &[u8],
    entropy: &[u8; 32],
) -> Result<(AgreementKey, Secret), BadSeal> {
    let key =
        <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(&recipient.0).map_err(|_| BadSeal)?;
    let (enc, context) = setup_sender_with_rng::<ExportOnlyAead, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &key,
        info,
        &mut Given::new(entropy),
    )
    .map_err(|_| BadSeal)?;
    let mut out = [0; 32];
    context.export(b"session", &mut out).map_err(|_| BadSeal)?;
    Ok((AgreementKey(enc.to_bytes().into()), Secret::new(out)))
}

/// The caller's entropy, stretched.
struct Given(blake3::OutputReader);

impl Given {
    fn new(entropy: &[u8; 32]) -> Self {
        Self(blake3::Hasher::new_keyed(entropy).finalize_xof())
    }
}

impl TryRng for Given {
    type Error = core::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for Given {}

/// Seals `plaintext` under a key that seals nothing else.
///
/// # Panics
/// Never for plaintexts below 64 GiB; every caller is bounded far lower.
#[must_use]
pub fn seal_once(key: &Secret, associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let sealed = cipher(key)
        .encrypt(
            &Nonce::default(),
            Payload {
                msg: plaintext,
                aad: associated,
            },
        )
        .expect("bounded plaintexts always seal");
    assert_eq!(sealed.len(), plaintext.len() + AEAD_TAG_BYTES);
    sealed
}

/// The inverse of [`seal_once`].
///
/// # Errors
/// [`BadSeal`] when key, associated data or ciphertext are not those sealed.
pub fn open_once(key: &Secret, associated: &[u8], sealed: &[u8]) -> Result<Vec<u8>, BadSeal> {
    cipher(key)
        .decrypt(
            &Nonce::default(),
            Payload {
                msg: sealed,
                aad: associated,
            },
        )
        .map_err(|_| BadSeal)
}

fn cipher(key: &Secret) -> Aes256GcmSiv {
    let key: &Key<Aes256GcmSiv> = key.expose().into();
    Aes256GcmSiv::new(key)
}

/// Pads `plaintext` to `size` bytes: its `u32` length, itself, zeros.
/// `None` when it does not fit.
#[must_use]
pub fn pad(plaintext: &[u8], size: usize) -> Option<Vec<u8>> {
    let length = u32::try_from(plaintext.len()).ok()?;
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(plaintext);
    (out.len() <= size).then(|| {
        out.resize(size, 0);
        out
    })
}

/// The inverse of [`pad`]; `None` when the length or the zeros are wrong.
#[must_use]
pub fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (length, rest) = padded.split_at_checked(4)?;
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let (plaintext, zeros) = rest.split_at_checked(length)?;
    zeros.iter().all(|byte| *byte == 0).then_some(plaintext)
}
