//! Scans: a range of keys of a table, or of an index whose entries lead to the
//! rows. Both pop the same operands over their own order of columns.

use std::sync::Arc;

use daicho_types::RowKey;
use daicho_types::ledger::{Compartment, Row};
use daicho_types::limits::{KEY_BYTES_MAX, SCAN_ROWS_MAX};

use super::Machine;
use super::tables::compartment;
use crate::fault::{self, Fault};
use crate::gas;
use crate::journal::Moment;
use crate::key;
use crate::module::TableDecl;
use crate::op::{SCAN_AFTER, SCAN_AS_OF, SCAN_HI, SCAN_LO};
use crate::reader::Reader;
use crate::trap::Trap;
use crate::types::{TypeId, Types};
use crate::value::Value;

/// What a scan has popped: where to look, from which key to which, how many.
struct Range {
    moment: Moment,
    columns: Vec<Value>,
    lo: Vec<u8>,
    hi: Vec<u8>,
    limit: usize,
}

impl Machine<'_> {
    pub(super) fn scan(&mut self, index: u16, prefix: u8, flags: u8, max: u32) -> Result<(), Trap> {
        let table = self.table(index)?;
        let order: Vec<TypeId> = table.columns.iter().map(|column| column.ty).collect();
        let range = self.range(table.id, &order, usize::from(prefix), flags)?;
        let holder = compartment(table, &range.columns)?;
        let rows = self.fetch(holder, &range, max)?;
        self.give_rows(table, rows)
    }

    pub(super) fn index_scan(
        &mut self,
        index: u16,
        prefix: u8,
        flags: u8,
        max: u32,
    ) -> Result<(), Trap> {
        let module = self.frame()?.module.module();
        let index = module
            .indexes
            .get(usize::from(index))
            .ok_or(Trap::Internal)?;
        let table = self.table(index.table)?;
        let range = self.range(index.id, &index.types, usize::from(prefix), flags)?;
        let holder = index.compartment.and_then(|place| range.columns.get(place));
        let holder = holder.cloned().map(Value::id).transpose()?;
        let holder = table
            .compartment
            .compartment(holder)
            .ok_or(Trap::Internal)?;
        let entries = self.fetch(holder, &range, max)?;
        let mut rows = Vec::with_capacity(entries.len());
        for (_, entry) in entries {
            rows.push(self.follow(table, range.moment, holder, &entry)?);
        }
        self.give_rows(table, rows)
    }

    /// The row that an index entry leads to, paid as a read.
    fn follow(
        &mut self,
        table: &TableDecl,
        moment: Moment,
        holder: Compartment,
        entry: &[u8],
    ) -> Result<Row, Trap> {
        let (_, primary) = entry.split_at_checked(2).ok_or(Trap::State)?;
        let mut key = key::table_prefix(self.frame()?.contract, table.id);
        key.extend(primary);
        let key = RowKey::new(&key);
        self.meter.charge(gas::READ)?;
        let row = self.journal.get(moment, holder, &key).ok_or(Trap::State)?;
        self.meter.charge(gas::per(row.len(), 8))?;
        self.meter.allocate(2, key.len() + row.len())?;
        Ok((key, row))
    }

    /// Pops everything that a scan over this order of columns takes.
    fn range(
        &mut self,
        id: u16,
        order: &[TypeId],
        prefix: usize,
        flags: u8,
    ) -> Result<Range, Trap> {
        self.meter.charge(gas::SCAN)?;
        let limit = usize::try_from(self.pop_int()?).map_err(|_| Trap::Domain)?;
        if limit > SCAN_ROWS_MAX {
            return Err(Trap::Domain);
        }
        let moment = self.moment(flags & SCAN_AS_OF != 0)?;
        let types = self.types()?;
        let after = self.pop_flagged(flags & SCAN_AFTER)?;
        let (hi, lo) = (
            self.pop_flagged(flags & SCAN_HI)?,
            self.pop_flagged(flags & SCAN_LO)?,
        );
        let columns = self.pop_many(prefix)?;
        let mut key = key::table_prefix(self.frame()?.contract, id);
        for (ty, value) in order.iter().zip(&columns) {
            key::encode(types, *ty, value, &mut key)?;
        }
        let bound = |value: Value| -> Result<Vec<u8>, Trap> {
            let mut bytes = key.clone();
            key::encode(types, order[prefix], &value, &mut bytes)?;
            Ok(bytes)
        };
        let top = hi.map_or_else(|| Ok(successor(&key)), &bound)?;
        let mut bottom = lo.map_or_else(|| Ok(key.clone()), &bound)?;
        if let Some(Value::Some(cursor)) = after {
            bottom = bottom.max(cursor_key(types, &order[prefix..], &key, &cursor)?);
        }
        Ok(Range {
            moment,
            columns,
            lo: bottom,
            hi: top,
            limit,
        })
    }

    fn pop_flagged(&mut self, flag: u8) -> Result<Option<Value>, Trap> {
        if flag == 0 {
            return Ok(None);
        }
        self.pop().map(Some)
    }

    /// Fetches and pays row by row, so that a scan never holds much unpaid.
    fn fetch(&mut self, holder: Compartment, range: &Range, max: u32) -> Result<Vec<Row>, Trap> {
        let mut rows = Vec::new();
        if range.limit == 0 {
            return Ok(rows);
        }
        let found = self
            .journal
            .scan(range.moment, holder, &range.lo, &range.hi);
        for (key, row) in found {
            let Some(row) = row else {
                self.meter.charge(gas::SCAN_REMOVED)?;
                continue;
            };
            let size = key.len() + row.len();
            self.meter.charge(gas::SCAN_ROW + gas::per(size, 8))?;
            self.meter.allocate(2, size)?;
            rows.push((key, row));
            if rows.len() == range.limit {
                break;
            }
        }
        if rows.len() > max as usize {
            return Err(Trap::Length);
        }
        Ok(rows)
    }

    fn give_rows(&mut self, table: &TableDecl, rows: Vec<Row>) -> Result<(), Trap> {
        let mut items = Vec::with_capacity(rows.len());
        for (key, row) in rows {
            items.push(self.scanned(table, &key, &row)?);
        }
        self.push(Value::List(Arc::new(items)));
        Ok(())
    }

    /// A record of the key columns and the row.
    fn scanned(&mut self, table: &TableDecl, key: &[u8], row: &[u8]) -> Result<Value, Trap> {
        let types = self.types()?;
        let mut reader = Reader::new(key);
        reader.take(6).map_err(|_| Trap::State)?;
        let mut fields = Vec::with_capacity(table.columns.len() + 1);
        for column in &table.columns {
            fields.push(key::decode(types, column.ty, &mut reader).map_err(|_| Trap::State)?);
        }
        reader.finish().map_err(|_| Trap::State)?;
        self.meter.allocate(fields.len() + 1, key.len())?;
        fields.push(self.decode_row(table, row)?);
        Ok(Value::Record(Arc::new(fields)))
    }
}

/// The least key strictly after the row that a cursor names.
fn cursor_key(types: &Types, rest: &[TypeId], key: &[u8], cursor: &Value) -> Result<Vec<u8>, Trap> {
    let Value::Record(fields) = cursor else {
        return Err(Trap::Internal);
    };
    let mut bytes = key.to_vec();
    for (ty, value) in rest.iter().zip(fields.iter()) {
        key::encode(types, *ty, value, &mut bytes)?;
    }
    if !fault::is(Fault::CursorInclusive) {
        bytes.push(0);
    }
    Ok(bytes)
}

/// The least key above every key that starts with `prefix`.
fn successor(prefix: &[u8]) -> Vec<u8> {
    let mut bytes = prefix.to_vec();
    while let Some(last) = bytes.pop() {
        if last < 0xFF {
            bytes.push(last + 1);
            return bytes;
        }
    }
    vec![0xFF; KEY_BYTES_MAX + 1]
}
