//! Transaction context, tables, events.

use super::check::{Broken, Checked, Checker, must, unknown};
use crate::module::TableDecl;
use crate::op::{Context, Op, SCAN_AFTER, SCAN_AS_OF, SCAN_HI, SCAN_LO, State};
use crate::types::{BOOL, HASH, INT, NO_TYPE, PARTY, TIMESTAMP, Type, TypeId, U32};

impl<'m> Checker<'m> {
    pub(super) fn context(&mut self, opcode: u8) -> Checked {
        let (op, operands, result): (_, &[TypeId], _) = match opcode {
            0xA0 => (Context::Sender, &[], PARTY),
            0xA1 => (Context::Caller, &[], INT),
            0xA2 => (Context::Contract, &[], INT),
            0xA3 => (Context::Height, &[], INT),
            0xA4 => (Context::Time, &[], TIMESTAMP),
            0xA5 => (Context::Roles, &[], U32),
            0xA6 => (Context::HasRole(self.reader.u32()?), &[], BOOL),
            0xA7 => (Context::Signed, &[PARTY], BOOL),
            0xA8 => (Context::SignedRole(self.reader.u32()?), &[PARTY], BOOL),
            0xA9 => return self.random(),
            0xAA => (Context::TxId, &[], HASH),
            _ => return unknown(),
        };
        self.apply(Op::Context(op), operands, &[result])
    }

    fn random(&mut self) -> Checked {
        let ty = self.type_id()?;
        let text = matches!(self.find_type(ty)?, Type::Str { .. } | Type::Bytes { .. });
        must(text, "not a text type")?;
        self.apply(Op::Context(Context::Random), &[ty], &[HASH])
    }

    fn table(&mut self) -> Checked<(u16, &'m TableDecl)> {
        let index = self.reader.u16()?;
        let module = self.module;
        let table = module.tables.get(index as usize);
        Ok((index, table.ok_or(Broken::Rule("no such table"))?))
    }

    fn pop_keys(&mut self, table: &TableDecl) -> Checked {
        table
            .columns
            .iter()
            .rev()
            .try_for_each(|column| self.pop(column.ty))
    }

    pub(super) fn state(&mut self, opcode: u8) -> Checked {
        match opcode {
            0xB0..=0xB2 => self.read(opcode),
            0xB3..=0xB6 => self.write(opcode),
            0xB7 => self.adjust(),
            0xB8 | 0xB9 => self.issue(opcode == 0xB8),
            0xBA => self.scan(),
            0xBB..=0xBD => {
                self.pop(TIMESTAMP)?;
                self.read(opcode)
            }
            0xC0 => {
                let index = self.reader.u16()?;
                let event = self.module.events.get(index as usize);
                let record = event.ok_or(Broken::Rule("no such event"))?.record;
                self.apply(Op::Emit(index), &[record], &[])
            }
            _ => unknown(),
        }
    }

    fn read(&mut self, opcode: u8) -> Checked {
        let (index, table) = self.table()?;
        let result = match opcode {
            0xB0 | 0xBB => BOOL,
            0xB1 | 0xBC => table.row,
            _ => self.optional_of(table.row)?,
        };
        let op = match opcode {
            0xB0 => State::Has(index),
            0xB1 => State::Get(index),
            0xB2 => State::Find(index),
            0xBB => State::HasAt(index),
            0xBC => State::GetAt(index),
            _ => State::FindAt(index),
        };
        self.pop_keys(table)?;
        self.apply(Op::State(op), &[], &[result])
    }

    fn write(&mut self, opcode: u8) -> Checked {
        let (index, table) = self.table()?;
        let op = match opcode {
            0xB3 => State::Put(index),
            0xB4 => State::Insert(index),
            0xB5 => State::Update(index),
            _ => State::Delete(index),
        };
        if opcode != 0xB6 {
            self.pop(table.row)?;
        }
        self.pop_keys(table)?;
        self.apply(Op::State(op), &[], &[])
    }

    fn adjust(&mut self) -> Checked {
        let (index, table) = self.table()?;
        let field = self.reader.u16()?;
        let conserved = table
            .conserved
            .as_ref()
            .ok_or(Broken::Rule("table is not conserved"))?;
        must(
            conserved.amounts.contains(&usize::from(field)),
            "not an amount field",
        )?;
        self.pop(conserved.amount_type)?;
        self.pop_keys(table)?;
        self.apply(
            Op::State(State::Adjust {
                table: index,
                field,
            }),
            &[],
            &[],
        )
    }

    fn issue(&mut self, grows: bool) -> Checked {
        let (index, table) = self.table()?;
        let conserved = table
            .conserved
            .as_ref()
            .ok_or(Broken::Rule("table is not conserved"))?;
        let group = table.columns[conserved.group].ty;
        let op = if grows {
            State::Issue(index)
        } else {
            State::Redeem(index)
        };
        self.apply(Op::State(op), &[group, conserved.amount_type], &[])
    }

    fn scan(&mut self) -> Checked {
        let (index, table) = self.table()?;
        let (prefix, flags) = (self.reader.u8()?, self.reader.u8()?);
        let (rows, after) = (self.type_id()?, self.reader.u16()?);
        let bound = usize::from(prefix);
        must(bound <= table.columns.len(), "prefix longer than the key")?;
        must(flags <= 15, "unknown scan flag")?;
        must(
            flags & 7 == 0 || bound < table.columns.len(),
            "no column after the prefix",
        )?;
        let named = table.compartment.place();
        must(
            named.is_none_or(|place| place < bound),
            "prefix without the compartment's column",
        )?;
        self.pop(INT)?;
        if flags & SCAN_AS_OF != 0 {
            self.pop(TIMESTAMP)?;
        }
        self.pop_after(table, bound, flags, after)?;
        for flag in [SCAN_HI, SCAN_LO] {
            if flags & flag != 0 {
                self.pop(table.columns[bound].ty)?;
            }
        }
        let columns = table.columns[..bound].iter().rev();
        columns
            .map(|column| column.ty)
            .try_for_each(|ty| self.pop(ty))?;
        let max = self.scanned(table, rows)?;
        self.apply(
            Op::State(State::Scan {
                table: index,
                prefix,
                flags,
                max,
            }),
            &[],
            &[rows],
        )
    }

    fn pop_after(&mut self, table: &TableDecl, bound: usize, flags: u8, after: TypeId) -> Checked {
        if flags & SCAN_AFTER == 0 {
            return must(after == NO_TYPE, "cursor type without cursor");
        }
        let Type::Optional { inner } = self.find_type(after)? else {
            return Err(Broken::Rule("cursor is an Optional"));
        };
        let Type::Record { fields, .. } = self.find_type(*inner)? else {
            return Err(Broken::Rule("cursor is a record of the key columns"));
        };
        self.pay(table.columns.len() as u64)?;
        let rest = table.columns[bound..].iter().map(|column| column.ty);
        let same = rest.eq(fields.iter().map(|field| field.ty));
        must(same, "cursor is a record of the key columns")?;
        self.pop(after)
    }

    /// The bound of a list whose elements are the key columns and the row.
    fn scanned(&mut self, table: &TableDecl, rows: TypeId) -> Checked<u32> {
        let Type::List { element, max } = *self.find_type(rows)? else {
            return Err(Broken::Rule("a scan gives a List"));
        };
        let Type::Record { fields, .. } = self.find_type(element)? else {
            return Err(Broken::Rule("a scan gives records"));
        };
        self.pay(table.columns.len() as u64)?;
        let expected = table
            .columns
            .iter()
            .map(|column| column.ty)
            .chain([table.row]);
        let same = expected.eq(fields.iter().map(|field| field.ty));
        must(same, "scanned records hold the key columns and the row")?;
        Ok(max)
    }
}
