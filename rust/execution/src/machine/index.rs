//! Secondary indexes follow every write of their table. An entry's key is the
//! index's columns and then the row's whole key, so that it is unique; its value
//! is the row's key. An entry that a write leaves as it is costs nothing, but a
//! migration writes every entry anew: the index may be younger than the row.

use daicho_types::limits::KEY_BYTES_MAX;
use daicho_types::{RowBytes, RowKey};

use super::Machine;
use super::tables::Place;
use crate::gas;
use crate::key;
use crate::sections::{IndexDecl, Source};
use crate::trap::Trap;
use crate::value::Value;

impl Machine<'_> {
    /// Brings the entries of one row from what it was to what it will be.
    pub(super) fn reindex(
        &mut self,
        place: &Place<'_>,
        old: Option<&Value>,
        new: Option<&Value>,
    ) -> Result<(), Trap> {
        let module = self.frame()?.module.module();
        for position in &place.table.indexes {
            let index = module
                .indexes
                .get(usize::from(*position))
                .ok_or(Trap::Internal)?;
            let entry = |row: Option<&Value>| row.map(|row| self.entry_key(index, place, row));
            let (before, after) = (entry(old).transpose()?, entry(new).transpose()?);
            if before == after && !self.rewrites {
                continue;
            }
            if let Some(key) = before.filter(|key| Some(key) != after.as_ref()) {
                self.put_entry(place, key, None)?;
            }
            if let Some(key) = after {
                let mut entry = place.table.row_version.to_le_bytes().to_vec();
                entry.extend(&place.key[6..]);
                self.put_entry(place, key, Some(entry.into()))?;
            }
        }
        Ok(())
    }

    fn entry_key(&self, index: &IndexDecl, place: &Place<'_>, row: &Value) -> Result<RowKey, Trap> {
        let frame = self.frame()?;
        let Value::Record(fields) = row else {
            return Err(Trap::Internal);
        };
        let mut bytes = key::table_prefix(frame.contract, index.id);
        for (source, ty) in index.columns.iter().zip(&index.types) {
            let value = match source {
                Source::Key(at) => place.columns.get(usize::from(*at)),
                Source::Field(at) => fields.get(usize::from(*at)),
            };
            let value = value.ok_or(Trap::Internal)?;
            key::encode(&frame.module.module().types, *ty, value, &mut bytes)?;
        }
        bytes.extend(&place.key[6..]);
        if bytes.len() > KEY_BYTES_MAX {
            return Err(Trap::Length);
        }
        Ok(RowKey::new(&bytes))
    }

    fn put_entry(
        &mut self,
        place: &Place<'_>,
        key: RowKey,
        entry: Option<RowBytes>,
    ) -> Result<(), Trap> {
        self.meter.charge(gas::INDEX + gas::per(key.len(), 4))?;
        let size = key.len() + entry.as_ref().map_or(0, |entry| entry.len());
        self.meter.allocate(0, size)?;
        self.journal.put(place.compartment, key, entry)
    }
}
