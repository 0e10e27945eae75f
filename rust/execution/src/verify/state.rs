//! Transaction context, tables, events.

use super::check::{Broken, Checked, Checker, must, unknown};
use crate::module::TableDecl;
use crate::op::{Context, Op, SCAN_AFTER, SCAN_AS_OF, SCAN_HI, SCAN_LO, State};
use crate::types::{BOOL, DURATION, HASH, INT, NO_TYPE, PARTY, TIMESTAMP, Type, TypeId, U32};

/// What a scan goes over: a table's key or an index's order.
struct Scanned<'a> {
    /// The types of the whole order.
    order: &'a [TypeId],
    /// How many of them a prefix may name.
    own: usize,
    /// The column that names the compartment.
    named: Option<usize>,
}

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
            0xAB => (Context::TimeOf, &[INT], TIMESTAMP),
            0xAC..=0xAE => return self.oracle(opcode),
            _ => return unknown(),
        };
        self.apply(Op::Context(op), operands, &[result])
    }

    fn oracle(&mut self, opcode: u8) -> Checked {
        let (to, feed) = (self.type_id()?, self.reader.u16()?);
        let inner = match self.find_type(to)? {
            Type::Optional { inner } => Some(*inner),
            _ => None,
        };
        let (op, operands): (_, &[TypeId]) = match opcode {
            0xAC => (Context::Oracle { to, feed }, &[DURATION]),
            0xAD => (Context::OracleMust { to, feed }, &[DURATION]),
            _ => (Context::OracleTime { feed }, &[]),
        };
        must(opcode == 0xAD || inner.is_some(), "not an Optional")?;
        must(
            opcode != 0xAE || inner == Some(TIMESTAMP),
            "not an Optional of Timestamp",
        )?;
        self.apply(Op::Context(op), operands, &[to])
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
            0xB7 | 0xBE => self.adjust(opcode),
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
            0xC1 => self.timer_set(),
            0xC2 => self.apply(Op::State(State::TimerCancel), &[HASH], &[BOOL]),
            0xC3 => self.index_scan(),
            0xC4..=0xC7 => self.lock(opcode),
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
        // A locked amount is the sum of its lock rows: only a new row, without
        // anything locked (the machine looks), may be written as a whole.
        must(
            opcode == 0xB4 || table.locks().is_empty(),
            "a row with locked amounts",
        )?;
        if opcode != 0xB6 {
            self.pop(table.row)?;
        }
        self.pop_keys(table)?;
        self.apply(Op::State(op), &[], &[])
    }

    fn adjust(&mut self, opcode: u8) -> Checked {
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
        must(
            conserved.lock_of(field.into()).is_none(),
            "a locked amount changes by lock and unlock alone",
        )?;
        self.pop(conserved.amount_type)?;
        self.pop_keys(table)?;
        let op = if opcode == 0xB7 {
            State::Adjust {
                table: index,
                field,
            }
        } else {
            // A row that is made holds nothing: what is no amount has no such value.
            let amounts = conserved.amounts.len();
            let whole = matches!(self.find_type(table.row)?, Type::Record { fields, .. } if fields.len() == amounts);
            must(whole, "a field that is no amount")?;
            State::Credit {
                table: index,
                field,
            }
        };
        self.apply(Op::State(op), &[], &[])
    }

    fn lock(&mut self, opcode: u8) -> Checked {
        let (table, declared) = self.table()?;
        let field = self.reader.u16()?;
        let conserved = declared.conserved.as_ref();
        let conserved = conserved.filter(|it| it.lock_of(field.into()).is_some());
        let amount = conserved
            .ok_or(Broken::Rule("not a locked amount"))?
            .amount_type;
        let (op, result) = match opcode {
            0xC4 => (State::Lock { table, field }, None),
            0xC7 => (
                State::Locked { table, field },
                Some(self.optional_of(amount)?),
            ),
            _ => {
                let part = opcode == 0xC6;
                let result = (!part).then_some(amount);
                (State::Unlock { table, field, part }, result)
            }
        };
        self.pop(HASH)?;
        if matches!(opcode, 0xC4 | 0xC6) {
            self.pop(amount)?;
        }
        self.pop_keys(declared)?;
        self.apply(Op::State(op), &[], result.as_slice())
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

    fn timer_set(&mut self) -> Checked {
        let index = self.reader.u16()?;
        let scheduled = self.module.scheduled.get(usize::from(index));
        let scheduled = scheduled.ok_or(Broken::Rule("no such scheduled function"))?;
        let function = &self.module.functions[usize::from(scheduled.function)];
        self.pop(TIMESTAMP)?;
        self.pop_all(&function.params)?;
        self.apply(Op::State(State::TimerSet(index)), &[], &[HASH])
    }

    fn scan(&mut self) -> Checked {
        let (table, declared) = self.table()?;
        let (prefix, flags) = (self.reader.u8()?, self.reader.u8()?);
        let order: Vec<TypeId> = declared.columns.iter().map(|column| column.ty).collect();
        let scanned = Scanned {
            order: &order,
            own: order.len(),
            named: declared.compartment.place(),
        };
        let max = self.scanned(declared, &scanned, prefix, flags)?;
        self.emit(Op::State(State::Scan {
            table,
            prefix,
            flags,
            max,
        }));
        Ok(())
    }

    fn index_scan(&mut self) -> Checked {
        let index = self.reader.u16()?;
        let module = self.module;
        let declared = module.indexes.get(usize::from(index));
        let declared = declared.ok_or(Broken::Rule("no such index"))?;
        let (prefix, flags) = (self.reader.u8()?, self.reader.u8()?);
        let scanned = Scanned {
            order: &declared.types,
            own: declared.columns.len(),
            named: declared.compartment,
        };
        let table = &module.tables[usize::from(declared.table)];
        let max = self.scanned(table, &scanned, prefix, flags)?;
        self.emit(Op::State(State::IndexScan {
            index,
            prefix,
            flags,
            max,
        }));
        Ok(())
    }

    /// What every scan pops and gives; the bound of its list.
    fn scanned(
        &mut self,
        table: &TableDecl,
        scanned: &Scanned<'_>,
        prefix: u8,
        flags: u8,
    ) -> Checked<u32> {
        let (rows, after) = (self.type_id()?, self.reader.u16()?);
        let bound = usize::from(prefix);
        must(bound <= scanned.own, "prefix longer than the key")?;
        must(flags <= 15, "unknown scan flag")?;
        must(
            flags & (SCAN_LO | SCAN_HI) == 0 || bound < scanned.own,
            "no column after the prefix",
        )?;
        must(
            flags & SCAN_AFTER == 0 || bound < scanned.order.len(),
            "no column after the prefix",
        )?;
        must(
            scanned.named.is_none_or(|place| place < bound),
            "prefix without the compartment's column",
        )?;
        self.pop(INT)?;
        if flags & SCAN_AS_OF != 0 {
            self.pop(TIMESTAMP)?;
        }
        self.pop_after(&scanned.order[bound..], flags, after)?;
        for flag in [SCAN_HI, SCAN_LO] {
            if flags & flag != 0 {
                self.pop(scanned.order[bound])?;
            }
        }
        self.pop_all(&scanned.order[..bound])?;
        let max = self.listed(table, rows)?;
        self.push(rows)?;
        Ok(max)
    }

    fn pop_after(&mut self, rest: &[TypeId], flags: u8, after: TypeId) -> Checked {
        if flags & SCAN_AFTER == 0 {
            return must(after == NO_TYPE, "cursor type without cursor");
        }
        let Type::Optional { inner } = self.find_type(after)? else {
            return Err(Broken::Rule("cursor is an Optional"));
        };
        let Type::Record { fields, .. } = self.find_type(*inner)? else {
            return Err(Broken::Rule("cursor is a record of the key columns"));
        };
        self.pay(rest.len() as u64)?;
        let same = rest.iter().copied().eq(fields.iter().map(|field| field.ty));
        must(same, "cursor is a record of the key columns")?;
        self.pop(after)
    }

    /// The bound of a list whose elements are the key columns and the row.
    fn listed(&mut self, table: &TableDecl, rows: TypeId) -> Checked<u32> {
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
