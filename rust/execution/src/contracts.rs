//! The contracts that are deployed, by the id each was given at first deploy.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::module::{EntryDecl, ExportDecl, Module};
use crate::reserved;
use crate::sections::ScheduledDecl;
use crate::types::check;
use crate::verify::{Verified, VerifyError, verify};

/// Contract id → verified artefact.
#[derive(Clone, Debug, Default)]
pub struct Contracts {
    by_id: BTreeMap<u32, Arc<Verified>>,
}

impl Contracts {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes, verifies and installs an artefact; gives its code hash.
    ///
    /// # Errors
    /// [`VerifyError`] when it is not accepted; nothing is installed then.
    pub fn deploy(&mut self, id: u32, artefact: &[u8]) -> Result<[u8; 32], VerifyError> {
        check(id != reserved::CONTRACT, "contract 0 is reserved")?;
        let verified = verify(&Module::decode(artefact)?)?;
        let hash = verified.module().hash;
        self.insert(id, verified);
        Ok(hash)
    }

    /// Installs a verified artefact under an id, in place of an earlier one.
    ///
    /// # Panics
    /// If the id is the reserved one.
    pub fn insert(&mut self, id: u32, verified: impl Into<Arc<Verified>>) {
        assert_ne!(id, reserved::CONTRACT, "contract 0 is reserved");
        self.by_id.insert(id, verified.into());
    }

    /// The contract with this id.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<&Verified> {
        self.by_id.get(&id).map(Arc::as_ref)
    }

    /// The contract with this id, to be kept.
    #[must_use]
    pub fn code(&self, id: u32) -> Option<&Arc<Verified>> {
        self.by_id.get(&id)
    }

    /// All ids, ascending.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        self.by_id.keys().copied()
    }
}

/// Finds an entry or query by id in an ascending section.
pub(crate) fn find_entry(entries: &[EntryDecl], id: u32) -> Option<&EntryDecl> {
    let index = entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
    Some(&entries[index])
}

/// Finds a scheduled function by id.
pub(crate) fn find_scheduled(scheduled: &[ScheduledDecl], id: u32) -> Option<&ScheduledDecl> {
    let index = scheduled.binary_search_by_key(&id, |one| one.id).ok()?;
    Some(&scheduled[index])
}

/// Finds an export by id.
pub(crate) fn find_export(exports: &[ExportDecl], id: u32) -> Option<&ExportDecl> {
    let index = exports.binary_search_by_key(&id, |export| export.id).ok()?;
    Some(&exports[index])
}
