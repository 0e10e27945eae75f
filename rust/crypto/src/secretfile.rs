//! Secrets at rest: a file of its own format per secret, sealed under a key
//! that stands in another file (or, for people, under a stretched passphrase
//! that the caller derives). A stolen backup of the folder without that key
//! holds nothing.
//!
//! Bytes: magic (8), version (u16), salt (16), length (u32), sealed secret.
//! The label says what the secret is for and is authenticated, so that two
//! files of one folder cannot be swapped.

use daicho_types::codec::{Decode, Encode, Reader};

use crate::hash::Domain;
use crate::seal::{BadSeal, Secret, open_once, seal_once};

/// The first bytes of a sealed secret's file.
pub const SECRET_FILE_MAGIC: [u8; 8] = *b"DAICHOSF";
/// The version of its format.
pub const SECRET_FILE_VERSION: u16 = 1;
/// The longest secret a key file holds.
pub const SECRET_FILE_BYTES_MAX: usize = 4 * 1024;

/// Seals `secret` for the file that `label` names. `salt` is 16 fresh random
/// bytes: the key derived from it seals nothing else.
///
/// # Panics
/// When the secret is longer than [`SECRET_FILE_BYTES_MAX`].
#[must_use]
pub fn seal_secret_file(key: &Secret, label: &str, salt: &[u8; 16], secret: &[u8]) -> Vec<u8> {
    assert!(
        secret.len() <= SECRET_FILE_BYTES_MAX,
        "a key, not a document"
    );
    let sealed = seal_once(&file_key(key, label, salt), label.as_bytes(), secret);
    let mut out = SECRET_FILE_MAGIC.to_vec();
    SECRET_FILE_VERSION.encode(&mut out);
    out.extend_from_slice(salt);
    u32::try_from(sealed.len())
        .expect("bounded above")
        .encode(&mut out);
    out.extend_from_slice(&sealed);
    out
}

/// The inverse of [`seal_secret_file`].
///
/// # Errors
/// [`BadSeal`] when the bytes are not such a file, or not of this key and label.
pub fn open_secret_file(key: &Secret, label: &str, file: &[u8]) -> Result<Vec<u8>, BadSeal> {
    let (salt, sealed) = parse(file).ok_or(BadSeal)?;
    open_once(&file_key(key, label, &salt), label.as_bytes(), sealed)
}

fn parse(file: &[u8]) -> Option<([u8; 16], &[u8])> {
    let mut reader = Reader::new(file);
    let magic: [u8; 8] = reader.array().ok()?;
    let version = u16::decode(&mut reader).ok()?;
    if magic != SECRET_FILE_MAGIC || version != SECRET_FILE_VERSION {
        return None;
    }
    let salt = reader.array().ok()?;
    let length = reader.length(SECRET_FILE_BYTES_MAX + 16).ok()?;
    let sealed = reader.take(length).ok()?;
    reader.finish().ok()?;
    Some((salt, sealed))
}

fn file_key(key: &Secret, label: &str, salt: &[u8; 16]) -> Secret {
    key.derive(Domain::StoreKey, &[b"secret file", label.as_bytes(), salt])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_under_its_own_key_and_label_only() {
        let (key, other) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let file = seal_secret_file(&key, "hpke", &[3; 16], b"thirty-two secret bytes, or so..");
        let opened = open_secret_file(&key, "hpke", &file).unwrap();
        assert_eq!(opened, b"thirty-two secret bytes, or so..");
        assert_eq!(open_secret_file(&other, "hpke", &file), Err(BadSeal));
        assert_eq!(open_secret_file(&key, "result", &file), Err(BadSeal));
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let key = Secret::new([1; 32]);
        let file = seal_secret_file(&key, "hpke", &[3; 16], &[7; 32]);
        for place in 0..file.len() {
            let mut changed = file.clone();
            changed[place] ^= 1;
            assert_eq!(
                open_secret_file(&key, "hpke", &changed),
                Err(BadSeal),
                "byte {place}"
            );
        }
        assert_eq!(open_secret_file(&key, "hpke", &file[..20]), Err(BadSeal));
    }
}
