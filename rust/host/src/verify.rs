//! `daicho verify`: everything stored in a node's home, held against its
//! genesis. Reads only; goes on behind damage and tells all of it.

use std::path::Path;

use daicho_node::storage::{Finding, StorageError, verify};
use daicho_types::genesis::Genesis;

use crate::Disk;

/// Checks the log and the results in `home`.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn verify_home(home: &Path, genesis: &Genesis) -> Result<Vec<Finding>, StorageError> {
    let disk = Disk::open(home).map_err(|error| StorageError {
        operation: "open",
        file: home.display().to_string(),
        reason: error.to_string(),
    })?;
    verify(genesis, &disk)
}
