//! The secret of an epoch: what follows from it, and how it reaches the
//! executors and nobody else (design §1, Keys).
//!
//! A wrapped secret is 80 bytes: the HPKE encapsulation (32), then the secret
//! under AES-256-GCM-SIV (32 + 16). It is bound to the epoch and to the public
//! envelope key that the secret must lead to, so that a wrapper of another
//! epoch, or of a secret that opens nothing, is refused when it is unwrapped
//! and not at the first transaction.

use daicho_types::codec::Encode;
use daicho_types::genesis::WRAPPED_SECRET_BYTES;
use daicho_types::{AgreementKey, Epoch};

use crate::hash::Domain;
use crate::seal::{BadSeal, SealKeyPair, Secret, open_once, open_session, seal_once};

/// Bytes of an HPKE encapsulation (RFC 9180, X25519).
const ENC_BYTES: usize = 32;

/// The key pair that envelopes of `epoch` are sealed to.
#[must_use]
pub fn epoch_keys(secret: &Secret, epoch: Epoch) -> SealKeyPair {
    let seed = secret.derive(Domain::EpochKey, &[&epoch.to_bytes()]);
    SealKeyPair::from_seed(seed.expose())
}

/// Wraps `secret` to one executor's HPKE key. `entropy` is 32 fresh random
/// bytes, different for every executor and every call.
///
/// # Errors
/// [`BadSeal`] when the executor's key is no point to agree with.
pub fn wrap_epoch_secret(
    executor: &AgreementKey,
    epoch: Epoch,
    secret: &Secret,
    entropy: &[u8; 32],
) -> Result<[u8; WRAPPED_SECRET_BYTES], BadSeal> {
    let binding = binding(epoch, &epoch_keys(secret, epoch).public());
    let (enc, key) = open_session(executor, &binding, entropy)?;
    let sealed = seal_once(&key, &binding, secret.expose());
    let mut out = [0; WRAPPED_SECRET_BYTES];
    out[..ENC_BYTES].copy_from_slice(&enc.0);
    out[ENC_BYTES..].copy_from_slice(&sealed);
    Ok(out)
}

/// The inverse of [`wrap_epoch_secret`]: `public` is the envelope key that the
/// genesis or the control state publishes for `epoch`.
///
/// # Errors
/// [`BadSeal`] when the wrapper is not for this key, this epoch and `public`.
pub fn unwrap_epoch_secret(
    executor: &SealKeyPair,
    epoch: Epoch,
    public: &AgreementKey,
    wrapped: &[u8],
) -> Result<Secret, BadSeal> {
    if wrapped.len() != WRAPPED_SECRET_BYTES {
        return Err(BadSeal);
    }
    let (enc, sealed) = wrapped.split_at(ENC_BYTES);
    let enc = AgreementKey(enc.try_into().map_err(|_| BadSeal)?);
    let binding = binding(epoch, public);
    let key = executor.session(&enc, &binding)?;
    let bytes = open_once(&key, &binding, sealed)?;
    let secret = Secret::new(bytes.try_into().map_err(|_| BadSeal)?);
    if epoch_keys(&secret, epoch).public() != *public {
        return Err(BadSeal);
    }
    Ok(secret)
}

fn binding(epoch: Epoch, public: &AgreementKey) -> Vec<u8> {
    let mut out = b"daicho epoch secret v1".to_vec();
    epoch.encode(&mut out);
    public.encode(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped() -> (
        SealKeyPair,
        Secret,
        AgreementKey,
        [u8; WRAPPED_SECRET_BYTES],
    ) {
        let executor = SealKeyPair::from_seed(&[1; 32]);
        let secret = Secret::new([2; 32]);
        let public = epoch_keys(&secret, Epoch(0)).public();
        let bytes = wrap_epoch_secret(&executor.public(), Epoch(0), &secret, &[3; 32]).unwrap();
        (executor, secret, public, bytes)
    }

    #[test]
    fn the_executor_it_is_wrapped_to_unwraps_it() {
        let (executor, secret, public, bytes) = wrapped();
        let opened = unwrap_epoch_secret(&executor, Epoch(0), &public, &bytes).unwrap();
        assert_eq!(opened.expose(), secret.expose());
    }

    #[test]
    fn nothing_else_opens_it() {
        let (executor, _, public, bytes) = wrapped();
        let other = SealKeyPair::from_seed(&[9; 32]);
        assert!(unwrap_epoch_secret(&other, Epoch(0), &public, &bytes).is_err());
        assert!(unwrap_epoch_secret(&executor, Epoch(1), &public, &bytes).is_err());
        assert!(unwrap_epoch_secret(&executor, Epoch(0), &other.public(), &bytes).is_err());
        assert!(unwrap_epoch_secret(&executor, Epoch(0), &public, &bytes[1..]).is_err());
        for place in 0..bytes.len() {
            let mut changed = bytes;
            changed[place] ^= 1;
            let opened = unwrap_epoch_secret(&executor, Epoch(0), &public, &changed);
            assert!(opened.is_err(), "byte {place}");
        }
    }

    #[test]
    fn another_epoch_has_another_envelope_key() {
        let secret = Secret::new([2; 32]);
        let (zero, one) = (epoch_keys(&secret, Epoch(0)), epoch_keys(&secret, Epoch(1)));
        assert_ne!(zero.public(), one.public());
    }
}
