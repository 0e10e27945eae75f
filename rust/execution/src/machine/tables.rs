//! Tables, conservation, events: everything that touches the state.

use std::ops::Range;
use std::sync::Arc;

use daicho_types::ledger::Compartment;
use daicho_types::limits::{EVENT_BYTES_MAX, EVENTS_MAX, KEY_BYTES_MAX, ROW_BYTES_MAX};
use daicho_types::{ConsensusTime, Height, RowBytes, RowKey};

use super::Machine;
use crate::codec::{self, Decoder};
use crate::context::Event;
use crate::fault::{self, Fault};
use crate::gas;
use crate::journal::Moment;
use crate::key;
use crate::module::{Conserved, TableDecl};
use crate::num::{Binary, Num, split};
use crate::op::State;
use crate::reader::Malformed;
use crate::trap::Trap;
use crate::types::Types;
use crate::value::Value;

/// Where a row is: its table's declaration, compartment and key.
pub(super) struct Place<'a> {
    pub table: &'a TableDecl,
    pub compartment: Compartment,
    pub key: RowKey,
    /// The key's columns as values, for a table with indexes.
    pub columns: Vec<Value>,
    /// Where in the key the conserved group stands, empty without one.
    group: Range<usize>,
}

impl Place<'_> {
    /// Ordered bytes of the conserved group, empty without one.
    fn group(&self) -> &[u8] {
        &self.key[self.group.clone()]
    }
}

/// Which write, and what it asks of the row before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Any,
    Absent,
    Present,
}

impl<'a> Machine<'a> {
    pub(super) fn state(&mut self, op: State) -> Result<(), Trap> {
        match op {
            State::Has(index) => self.has(index, false),
            State::HasAt(index) => self.has(index, true),
            State::Get(index) => self.get(index, false),
            State::GetAt(index) => self.get(index, true),
            State::Find(index) => self.find_row(index, false),
            State::FindAt(index) => self.find_row(index, true),
            State::Put(index) => self.put(index, Before::Any),
            State::Insert(index) => self.put(index, Before::Absent),
            State::Update(index) => self.put(index, Before::Present),
            State::Delete(index) => self.delete(index),
            State::Adjust { table, field } => self.adjust(table, field),
            State::Credit { table, field } => self.credit(table, field),
            State::Issue(index) => self.issue(index, 1),
            State::Redeem(index) => self.issue(index, -1),
            State::Scan {
                table,
                prefix,
                flags,
                max,
            } => self.scan(table, prefix, flags, max),
            State::IndexScan {
                index,
                prefix,
                flags,
                max,
            } => self.index_scan(index, prefix, flags, max),
            State::TimerSet(scheduled) => self.timer_set(scheduled),
            State::TimerCancel => self.timer_cancel(),
            State::Lock { table, field } => self.lock(table, field),
            State::Unlock { table, field, part } => self.unlock(table, field, part),
            State::Locked { table, field } => self.locked(table, field),
        }
    }

    pub(super) fn types(&self) -> Result<&'a Types, Trap> {
        Ok(&self.frame()?.module.module().types)
    }

    pub(super) fn table(&self, index: u16) -> Result<&'a TableDecl, Trap> {
        let module: &'a crate::module::Module = self.frame()?.module.module();
        module.tables.get(usize::from(index)).ok_or(Trap::Internal)
    }

    /// Pops the key columns of a table.
    pub(super) fn place(&mut self, index: u16) -> Result<Place<'a>, Trap> {
        let (table, types) = (self.table(index)?, self.types()?);
        let contract = self.frame()?.contract;
        let from = self.stack.len().checked_sub(table.columns.len());
        let from = from.ok_or(Trap::Internal)?;
        let columns = &self.stack[from..];
        let conserved = table.conserved.as_ref().map(|conserved| conserved.group);
        let key = &mut self.scratch;
        key::start(contract, table.id, key);
        let mut group = 0..0;
        for (position, (column, value)) in table.columns.iter().zip(columns).enumerate() {
            let before = key.len();
            key::encode(types, column.ty, value, key)?;
            if conserved == Some(position) {
                group = before..key.len();
            }
        }
        if key.len() > KEY_BYTES_MAX {
            return Err(Trap::Length);
        }
        let key = RowKey::new(key);
        let compartment = compartment(table, columns)?;
        let columns = if table.indexes.is_empty() {
            self.stack.truncate(from);
            Vec::new()
        } else {
            self.stack.split_off(from)
        };
        Ok(Place {
            table,
            compartment,
            key,
            columns,
            group,
        })
    }

    /// Pops a time when the read is of the past.
    pub(super) fn moment(&mut self, past: bool) -> Result<Moment, Trap> {
        if !past {
            return Ok(Moment::Now);
        }
        let time = u64::try_from(self.pop_int()?).map_err(|_| Trap::Internal)?;
        let now = self.tx.time.0;
        let certified = if self.read_only {
            time <= now
        } else {
            time < now
        };
        if !certified {
            return Err(Trap::AsOf);
        }
        let at = self.journal.height_at(ConsensusTime(time));
        if fault::is(Fault::AsOfEarlier) {
            let earlier = at.and_then(|at| at.0.checked_sub(1));
            return Ok(Moment::Past(earlier.map(Height)));
        }
        Ok(Moment::Past(at))
    }

    fn read(&mut self, index: u16, past: bool) -> Result<(Place<'a>, Option<RowBytes>), Trap> {
        self.meter.charge(gas::READ)?;
        let moment = self.moment(past)?;
        let place = self.place(index)?;
        let row = self.journal.get(moment, place.compartment, &place.key);
        let bytes = row.as_ref().map_or(0, |row| row.len());
        self.meter.charge(gas::per(bytes, 8))?;
        Ok((place, row))
    }

    fn has(&mut self, index: u16, past: bool) -> Result<(), Trap> {
        let (_, row) = self.read(index, past)?;
        self.push(Value::Bool(row.is_some()));
        Ok(())
    }

    fn get(&mut self, index: u16, past: bool) -> Result<(), Trap> {
        let (place, row) = self.read(index, past)?;
        let row = self.decode_row(place.table, &row.ok_or(Trap::Missing)?)?;
        self.push(row);
        Ok(())
    }

    fn find_row(&mut self, index: u16, past: bool) -> Result<(), Trap> {
        let (place, row) = self.read(index, past)?;
        let value = match row {
            None => Value::None,
            Some(row) => {
                self.meter.allocate(1, 0)?;
                Value::Some(Arc::new(self.decode_row(place.table, &row)?))
            }
        };
        self.push(value);
        Ok(())
    }

    pub(super) fn decode_row(&mut self, table: &TableDecl, bytes: &[u8]) -> Result<Value, Trap> {
        self.decode(table, bytes, |decoder| decoder.value(table.row))
    }

    fn decode<T>(
        &mut self,
        table: &TableDecl,
        bytes: &[u8],
        what: impl Fn(&mut Decoder<'_>) -> Result<T, Malformed>,
    ) -> Result<T, Trap> {
        let (version, row) = bytes.split_at_checked(2).ok_or(Trap::State)?;
        if version != table.row_version.to_le_bytes() {
            return Err(Trap::State);
        }
        let mut decoder = Decoder::new(self.types()?, row);
        let found = what(&mut decoder).map_err(|_| Trap::State)?;
        decoder.finish().map_err(|_| Trap::State)?;
        self.meter.allocate(0, decoder.memory_bytes as usize)?;
        Ok(found)
    }

    pub(super) fn must_write(&self) -> Result<(), Trap> {
        if self.read_only {
            Err(Trap::ReadOnly)
        } else {
            Ok(())
        }
    }

    fn put(&mut self, index: u16, before: Before) -> Result<(), Trap> {
        self.must_write()?;
        let row = self.pop()?;
        let place = self.place(index)?;
        let tracked = place.table.conserved.is_some() || !place.table.indexes.is_empty();
        if !nothing_locked(place.table, &row)? {
            return Err(Trap::Domain);
        }
        let mut old = None;
        if before != Before::Any || tracked {
            old = self.journal.get(Moment::Now, place.compartment, &place.key);
        }
        match (before, &old) {
            (Before::Absent, Some(_)) => return Err(Trap::Exists),
            (Before::Present, None) => return Err(Trap::Missing),
            _ => {}
        }
        if tracked {
            let conserved = place.table.conserved.as_ref();
            let new = conserved.map_or(Ok(0), |conserved| amounts(conserved, &row))?;
            let old = self.row_before(place.table, old.as_deref())?;
            if let Some(conserved) = conserved {
                self.moved(&place, conserved, old.as_ref(), new)?;
            }
            self.reindex(&place, old.as_ref(), Some(&row))?;
        }
        let row = self.spell(place.table, |types, bytes| {
            codec::encode(types, place.table.row, &row, bytes)
        })?;
        self.write(place, Some(row))
    }

    fn delete(&mut self, index: u16) -> Result<(), Trap> {
        self.must_write()?;
        let place = self.place(index)?;
        if place.table.conserved.is_some() || !place.table.indexes.is_empty() {
            let old = self.journal.get(Moment::Now, place.compartment, &place.key);
            let old = self.row_before(place.table, old.as_deref())?;
            if let Some(conserved) = &place.table.conserved {
                self.moved(&place, conserved, old.as_ref(), 0)?;
            }
            if !fault::is(Fault::IndexKeepsDeleted) {
                self.reindex(&place, old.as_ref(), None)?;
            }
        }
        self.write(place, None)
    }

    /// The row that a write replaces, paid for.
    fn row_before(
        &mut self,
        table: &TableDecl,
        bytes: Option<&[u8]>,
    ) -> Result<Option<Value>, Trap> {
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        self.meter.charge(gas::per(bytes.len(), 8))?;
        self.decode_row(table, bytes).map(Some)
    }

    /// Pays and records one row.
    fn write(&mut self, place: Place<'_>, row: Option<RowBytes>) -> Result<(), Trap> {
        let size = place.key.len() + row.as_ref().map_or(0, |row| row.len());
        self.meter.charge(gas::WRITE + gas::per(size, 4))?;
        self.meter.allocate(0, size)?;
        self.journal.put(place.compartment, place.key, row)
    }

    /// The bytes of a row: its version, then what `encode` appends.
    fn spell(
        &mut self,
        table: &TableDecl,
        encode: impl Fn(&Types, &mut Vec<u8>) -> Result<(), Trap>,
    ) -> Result<RowBytes, Trap> {
        let types = self.types()?;
        self.scratch.clear();
        self.scratch.extend(table.row_version.to_le_bytes());
        encode(types, &mut self.scratch)?;
        assert!(
            self.scratch.len() <= ROW_BYTES_MAX,
            "encode bounds what it writes"
        );
        Ok(self.scratch.as_slice().into())
    }

    /// Books the change of a conserved row's sum.
    fn moved(
        &mut self,
        place: &Place<'_>,
        conserved: &Conserved,
        old: Option<&Value>,
        new: i128,
    ) -> Result<(), Trap> {
        let before = old.map_or(Ok(0), |row| amounts(conserved, row))?;
        let delta = new.checked_sub(before).ok_or(Trap::Overflow)?;
        self.book(place.table.id, place.group(), delta, 0)
    }

    fn book(&mut self, table: u16, group: &[u8], moved: i128, declared: i128) -> Result<(), Trap> {
        self.meter.allocate(0, group.len())?;
        let contract = self.frame()?.contract;
        let key = (contract, table, RowKey::new(group));
        if !self.savepoints.is_empty() {
            let before = self.movements.get(&key).copied();
            self.moved_before.push((key.clone(), before));
        }
        let movement = self.movements.entry(key).or_default();
        movement.moved = movement.moved.checked_add(moved).ok_or(Trap::Overflow)?;
        movement.declared = movement
            .declared
            .checked_add(declared)
            .ok_or(Trap::Overflow)?;
        Ok(())
    }

    fn adjust(&mut self, index: u16, field: u16) -> Result<(), Trap> {
        self.must_write()?;
        let delta = self.pop()?;
        let place = self.place(index)?;
        let moved = signed(&delta)?;
        self.change(place, field, Binary::Add, delta, moved)
    }

    fn credit(&mut self, index: u16, field: u16) -> Result<(), Trap> {
        self.must_write()?;
        let amount = self.pop()?;
        let place = self.place(index)?;
        let added = signed(&amount)?;
        if added < 0 {
            return Err(Trap::Domain);
        }
        let row = match self.row_at(&place)? {
            Some(row) => row,
            None => self.nothing_at(&place)?,
        };
        self.changed(place, row, (field, Binary::Add, amount), added)
    }

    /// Adds to one amount of a row, or takes from it; `moved` is the signed change.
    pub(super) fn change(
        &mut self,
        place: Place<'_>,
        field: u16,
        operation: Binary,
        by: Value,
        moved: i128,
    ) -> Result<(), Trap> {
        // Who never held anything is short like anybody else.
        let absent = if moved < 0 {
            Trap::Insufficient
        } else {
            Trap::Missing
        };
        let row = self.row_at(&place)?.ok_or(absent)?;
        self.changed(place, row, (field, operation, by), moved)
    }

    /// The fields of a conserved row, paid for.
    fn row_at(&mut self, place: &Place<'_>) -> Result<Option<Vec<Value>>, Trap> {
        let row = self.journal.get(Moment::Now, place.compartment, &place.key);
        let Some(row) = row else {
            return Ok(None);
        };
        self.meter.charge(gas::per(row.len(), 8))?;
        self.decode(place.table, &row, |row| row.record(place.table.row))
            .map(Some)
    }

    /// The fields of a row that holds nothing, its index entries written.
    fn nothing_at(&mut self, place: &Place<'_>) -> Result<Vec<Value>, Trap> {
        let conserved = place.table.conserved.as_ref().ok_or(Trap::Internal)?;
        let nothing = self.amount_of(place, 0)?;
        let fields = vec![nothing; conserved.amounts.len()];
        self.meter.allocate(fields.len(), 0)?;
        if !place.table.indexes.is_empty() {
            let row = Value::Record(Arc::new(fields.clone()));
            self.reindex(place, None, Some(&row))?;
        }
        Ok(fields)
    }

    /// Books and writes what becomes of a row when one of its amounts changes.
    fn changed(
        &mut self,
        place: Place<'_>,
        mut fields: Vec<Value>,
        (field, operation, by): (u16, Binary, Value),
        moved: i128,
    ) -> Result<(), Trap> {
        let types = self.types()?;
        let conserved = place.table.conserved.as_ref().ok_or(Trap::Internal)?;
        let amount = fields.get_mut(usize::from(field)).ok_or(Trap::Internal)?;
        let num = Num::of(types, conserved.amount_type).ok_or(Trap::Internal)?;
        self.book(place.table.id, place.group(), moved, 0)?;
        *amount = num.binary(operation, std::mem::take(amount), by)?;
        if split(amount)?.0 && !fault::is(Fault::AdjustBelowZero) {
            return Err(Trap::Insufficient);
        }
        let row = self.spell(place.table, |types, bytes| {
            codec::encode_record(types, place.table.row, &fields, bytes)
        })?;
        self.write(place, Some(row))
    }

    fn issue(&mut self, index: u16, sign: i128) -> Result<(), Trap> {
        self.must_write()?;
        self.meter.charge(gas::ISSUE)?;
        let (table, types) = (self.table(index)?, self.types()?);
        let conserved = table.conserved.as_ref().ok_or(Trap::Internal)?;
        let (amount, group) = (signed(&self.pop()?)?, self.pop()?);
        if amount < 0 {
            return Err(Trap::Domain);
        }
        let mut bytes = Vec::new();
        key::encode(types, table.columns[conserved.group].ty, &group, &mut bytes)?;
        self.book(table.id, &bytes, 0, sign * amount)
    }

    pub(super) fn emit(&mut self, index: u16) -> Result<(), Trap> {
        self.must_write()?;
        let frame = *self.frame()?;
        let module = frame.module.module();
        let event = module
            .events
            .get(usize::from(index))
            .ok_or(Trap::Internal)?;
        let record = self.pop()?;
        let bytes = self.encoded(event.record, &record)?;
        self.meter.charge(gas::EMIT + gas::per(bytes.len(), 4))?;
        self.meter.allocate(0, bytes.len())?;
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(Trap::Length);
        }
        if self.events.len() >= EVENTS_MAX {
            return Err(Trap::Events);
        }
        let fields = record.record()?;
        let mut addressees = Vec::with_capacity(event.addressees.len());
        for rule in &event.addressees {
            let holder = rule.place().and_then(|place| fields.get(place)).cloned();
            let holder = holder.map(Value::id).transpose()?;
            let addressee = rule.compartment(holder).ok_or(Trap::Internal)?;
            if !addressees.contains(&addressee) {
                addressees.push(addressee);
            }
        }
        self.events.push(Event {
            contract: frame.contract,
            id: event.id,
            addressees,
            bytes,
        });
        Ok(())
    }
}

/// The compartment that a table's rule names among these columns.
pub(super) fn compartment(table: &TableDecl, columns: &[Value]) -> Result<Compartment, Trap> {
    let holder = table
        .compartment
        .place()
        .and_then(|place| columns.get(place))
        .cloned();
    let holder = holder.map(Value::id).transpose()?;
    table.compartment.compartment(holder).ok_or(Trap::Internal)
}

/// The sum of a row's amounts, none of them negative.
fn amounts(conserved: &Conserved, row: &Value) -> Result<i128, Trap> {
    let Value::Record(fields) = row else {
        return Err(Trap::Internal);
    };
    let mut sum = 0_i128;
    for amount in &conserved.amounts {
        let amount = signed(fields.get(*amount).ok_or(Trap::Internal)?)?;
        if amount < 0 {
            return Err(Trap::Insufficient);
        }
        sum = sum.checked_add(amount).ok_or(Trap::Overflow)?;
    }
    Ok(sum)
}

/// Whether a row's locked amounts are zero, as they are before anything is locked.
fn nothing_locked(table: &TableDecl, row: &Value) -> Result<bool, Trap> {
    let Value::Record(fields) = row else {
        return Err(Trap::Internal);
    };
    for lock in table.locks() {
        if signed(fields.get(lock.field).ok_or(Trap::Internal)?)? != 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn signed(value: &Value) -> Result<i128, Trap> {
    match value {
        Value::Int(raw) => Ok(*raw),
        Value::Uint(raw) => i128::try_from(*raw).map_err(|_| Trap::Overflow),
        _ => Err(Trap::Internal),
    }
}
