//! Locked amounts: a field that is the sum of its lock rows, one for each lock of a
//! row. Only the lock and unlock of this file change such a field, and each changes
//! the sum and its row together; so nothing locked is spent under another lock's
//! name, released twice, or released in another amount than was locked.

use std::sync::Arc;

use daicho_types::limits::KEY_BYTES_MAX;
use daicho_types::{RowBytes, RowKey};

use super::Machine;
use super::tables::{Place, signed};
use crate::fault::{self, Fault};
use crate::gas;
use crate::journal::Moment;
use crate::key;
use crate::num::Binary;
use crate::trap::Trap;
use crate::types::{IntKind, Type};
use crate::value::Value;

/// Row version and amount.
const LOCK_ROW_BYTES: usize = 2 + 16;

/// One lock of one place: where its row is.
struct Lock<'a> {
    place: Place<'a>,
    field: u16,
    key: RowKey,
}

impl<'a> Machine<'a> {
    /// Pops a lock's name, an amount where one is asked for, and the place.
    fn named(&mut self, table: u16, field: u16, part: bool) -> Result<(Lock<'a>, Value), Trap> {
        let name = self.pop()?.hash()?;
        let amount = if part { self.pop()? } else { Value::Unset };
        let place = self.place(table)?;
        let conserved = place.table.conserved.as_ref().ok_or(Trap::Internal)?;
        let rows = conserved.lock_of(field.into()).ok_or(Trap::Internal)?;
        let mut key = key::table_prefix(self.frame()?.contract, rows.id);
        key.extend(&place.key[6..]);
        key.extend(name.as_slice());
        if key.len() > KEY_BYTES_MAX {
            return Err(Trap::Length);
        }
        let key = RowKey::new(&key);
        let lock = Lock { place, field, key };
        Ok((lock, amount))
    }

    /// What is locked under this name, its row paid for.
    fn held(&mut self, lock: &Lock<'_>) -> Result<Option<i128>, Trap> {
        let Lock { place, key, .. } = lock;
        let Some(row) = self.journal.get(Moment::Now, place.compartment, key) else {
            return Ok(None);
        };
        self.meter.charge(gas::per(row.len(), 8))?;
        let (version, amount) = row.split_at_checked(2).ok_or(Trap::State)?;
        let amount = amount.try_into().map(i128::from_le_bytes);
        let amount = amount.map_err(|_| Trap::State)?;
        if version != place.table.row_version.to_le_bytes() || amount <= 0 {
            return Err(Trap::State);
        }
        Ok(Some(amount))
    }

    /// Pays and records what is locked from now on; nothing, and the row is gone.
    fn hold(&mut self, lock: &Lock<'_>, amount: i128) -> Result<(), Trap> {
        assert!(amount >= 0, "what is locked is never negative");
        let row: Option<RowBytes> = (amount > 0).then(|| {
            let mut row = Vec::with_capacity(LOCK_ROW_BYTES);
            row.extend(lock.place.table.row_version.to_le_bytes());
            row.extend(amount.to_le_bytes());
            row.into()
        });
        let size = lock.key.len() + row.as_ref().map_or(0, |row| row.len());
        self.meter.charge(gas::WRITE + gas::per(size, 4))?;
        self.meter.allocate(0, size)?;
        let key = lock.key.clone();
        self.journal.put(lock.place.compartment, key, row)
    }

    pub(super) fn lock(&mut self, table: u16, field: u16) -> Result<(), Trap> {
        self.must_write()?;
        let (lock, amount) = self.named(table, field, true)?;
        let added = positive(&amount)?;
        if self.held(&lock)?.is_some() {
            return Err(Trap::Exists);
        }
        self.hold(&lock, added)?;
        self.change(lock.place, lock.field, Binary::Add, amount, added)
    }

    /// Takes a part of a lock from its field, or all of it and says how much.
    pub(super) fn unlock(&mut self, table: u16, field: u16, part: bool) -> Result<(), Trap> {
        self.must_write()?;
        let (lock, amount) = self.named(table, field, part)?;
        let wanted = if part { Some(positive(&amount)?) } else { None };
        let held = self.held(&lock)?.ok_or(Trap::Missing)?;
        let taken = wanted.unwrap_or(held);
        let left = held.checked_sub(taken).filter(|left| *left >= 0);
        let mut left = left.ok_or(Trap::Insufficient)?;
        if fault::is(Fault::UnlockKeepsLock) {
            left = held;
        }
        self.hold(&lock, left)?;
        let amount = self.amount_of(&lock.place, taken)?;
        if !part {
            self.push(amount.clone());
        }
        self.change(lock.place, lock.field, Binary::Sub, amount, -taken)
    }

    /// What is locked under a name, or none.
    pub(super) fn locked(&mut self, table: u16, field: u16) -> Result<(), Trap> {
        self.meter.charge(gas::READ)?;
        let (lock, _) = self.named(table, field, false)?;
        let value = match self.held(&lock)? {
            None => Value::None,
            Some(amount) => {
                self.meter.allocate(1, 0)?;
                Value::Some(Arc::new(self.amount_of(&lock.place, amount)?))
            }
        };
        self.push(value);
        Ok(())
    }

    /// An amount as a value of the table's amount type.
    pub(super) fn amount_of(&self, place: &Place<'_>, amount: i128) -> Result<Value, Trap> {
        let conserved = place.table.conserved.as_ref().ok_or(Trap::Internal)?;
        match self.types()?.known(conserved.amount_type) {
            Type::Int(IntKind::U128) => Ok(Value::Uint(amount.cast_unsigned())),
            _ => Ok(Value::Int(amount)),
        }
    }
}

fn positive(amount: &Value) -> Result<i128, Trap> {
    let amount = signed(amount)?;
    if amount > 0 {
        Ok(amount)
    } else {
        Err(Trap::Domain)
    }
}
