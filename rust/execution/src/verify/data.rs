//! Texts, optionals, records, lists, maps.

use super::check::{Broken, Checked, Checker, must, unknown};
use crate::op::{Data, Op, Text};
use crate::types::{ACCOUNT, BOOL, HASH, INT, PARTY, Type, TypeId};

/// The two kinds of text do not mix.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Str,
    Bytes,
}

impl Checker<'_> {
    fn text_type(&mut self) -> Checked<(TypeId, Family)> {
        let ty = self.type_id()?;
        match self.find_type(ty)? {
            Type::Str { .. } => Ok((ty, Family::Str)),
            Type::Bytes { .. } => Ok((ty, Family::Bytes)),
            _ => Err(Broken::Rule("not a text type")),
        }
    }

    fn str_type(&mut self) -> Checked<TypeId> {
        let (ty, family) = self.text_type()?;
        must(family == Family::Str, "not a Str")?;
        Ok(ty)
    }

    pub(super) fn text(&mut self, opcode: u8) -> Checked {
        match opcode {
            0x60 => {
                let (ty, _) = self.text_type()?;
                self.apply(Op::Text(Text::Len), &[ty], &[INT])
            }
            0x61 => {
                let ((a, first), (b, second)) = (self.text_type()?, self.text_type()?);
                let (to, third) = self.text_type()?;
                must(
                    first == second && second == third,
                    "Str and Bytes do not mix",
                )?;
                self.apply(Op::Text(Text::Concat { to }), &[a, b], &[to])
            }
            0x62 => {
                let ((a, from), (to, result)) = (self.text_type()?, self.text_type()?);
                must(from == result, "Str and Bytes do not mix")?;
                self.apply(Op::Text(Text::Slice { to }), &[a, INT, INT], &[to])
            }
            0x63 => {
                let (ty, _) = self.text_type()?;
                self.apply(Op::Text(Text::CodeAt), &[ty, INT], &[INT])
            }
            0x64 => {
                let to = self.str_type()?;
                self.apply(Op::Text(Text::FromCode { to }), &[INT], &[to])
            }
            0x65 => {
                let ((from, _), to) = (self.integer_type()?, self.str_type()?);
                self.apply(Op::Text(Text::FromInt { to }), &[from], &[to])
            }
            0x66 => {
                let (from, (to, num)) = (self.str_type()?, self.integer_type()?);
                self.apply(Op::Text(Text::ToInt { to: num }), &[from], &[to])
            }
            0x67 | 0x68 => {
                let ((a, first), (b, second)) = (self.text_type()?, self.text_type()?);
                must(first == second, "Str and Bytes do not mix")?;
                let (op, result) = if opcode == 0x67 {
                    (Text::Find, INT)
                } else {
                    (Text::StartsWith, BOOL)
                };
                self.apply(Op::Text(op), &[a, b], &[result])
            }
            0x69 => {
                let (from, to) = (self.type_id()?, self.type_id()?);
                self.coercible(from, to)?;
                self.apply(Op::Text(Text::Coerce { from, to }), &[from], &[to])
            }
            0x6A => {
                let (from, (to, family)) = (self.type_id()?, self.text_type()?);
                must(family == Family::Bytes, "encode gives Bytes")?;
                self.apply(Op::Text(Text::Encode { from, to }), &[from], &[to])
            }
            0x6B => {
                let from = self.type_id()?;
                self.apply(Op::Text(Text::Hash { from }), &[from], &[HASH])
            }
            0x6C => self.apply(Op::Text(Text::HashBelow), &[HASH, INT], &[INT]),
            _ => unknown(),
        }
    }

    fn coercible(&self, from: TypeId, to: TypeId) -> Checked {
        let fixed = |id: TypeId| matches!(id, ACCOUNT | PARTY | HASH);
        let holds = match (self.find_type(from)?, self.find_type(to)?) {
            (Type::Str { .. } | Type::Bytes { .. }, Type::Str { .. } | Type::Bytes { .. }) => true,
            (Type::Bytes { .. }, _) => fixed(to),
            (_, Type::Bytes { .. }) => fixed(from),
            (Type::List { element: a, .. }, Type::List { element: b, .. }) => a == b,
            (
                Type::Map { key, value, .. },
                Type::Map {
                    key: other,
                    value: content,
                    ..
                },
            ) => key == other && value == content,
            _ => matches!((from, to), (ACCOUNT, PARTY) | (PARTY, ACCOUNT)),
        };
        must(holds, "no coercion between these types")
    }

    pub(super) fn record(&mut self, opcode: u8) -> Checked {
        let ty = self.type_id()?;
        match (opcode, self.find_type(ty)?) {
            (0x70, Type::Optional { inner }) => self.data(Data::Some, &[*inner], &[ty]),
            (0x71, Type::Optional { .. }) => self.data(Data::None, &[], &[ty]),
            (0x72, Type::Optional { .. }) => self.data(Data::IsSome, &[ty], &[BOOL]),
            (0x73, Type::Optional { inner }) => self.data(Data::Unwrap, &[ty], &[*inner]),
            (0x78, Type::Record { fields, .. }) => {
                fields
                    .iter()
                    .rev()
                    .try_for_each(|field| self.pop(field.ty))?;
                self.data(
                    Data::RecordNew {
                        fields: fields.len() as u16,
                    },
                    &[],
                    &[ty],
                )
            }
            (0x79 | 0x7A, Type::Record { fields, .. }) => {
                let field = self.reader.u16()?;
                let found = fields.get(field as usize);
                let inner = found.ok_or(Broken::Rule("no such field"))?.ty;
                match opcode {
                    0x79 => self.data(Data::RecordGet { field }, &[ty], &[inner]),
                    _ => self.data(Data::RecordSet { field }, &[ty, inner], &[ty]),
                }
            }
            (0x70..=0x73 | 0x78..=0x7A, _) => Err(Broken::Rule("not an Optional or Record")),
            _ => unknown(),
        }
    }

    pub(super) fn data(&mut self, op: Data, operands: &[TypeId], results: &[TypeId]) -> Checked {
        self.apply(Op::Data(op), operands, results)
    }

    pub(super) fn list(&mut self, opcode: u8) -> Checked {
        let t = self.type_id()?;
        let Type::List { element: e, max } = *self.find_type(t)? else {
            return Err(Broken::Rule("not a List"));
        };
        match opcode {
            0x80 => {
                let count = self.reader.u16()?;
                must(u32::from(count) <= max, "more elements than the list holds")?;
                (0..count).try_for_each(|_| self.pop(e))?;
                self.data(Data::ListNew { count }, &[], &[t])
            }
            0x81 => self.data(Data::ListLen, &[t], &[INT]),
            0x82 => self.data(Data::ListGet, &[t, INT], &[e]),
            0x83 => self.data(Data::ListSet, &[t, INT, e], &[t]),
            0x84 => self.data(Data::ListPush { max }, &[t, e], &[t]),
            0x85 => self.data(Data::ListPop, &[t], &[t, e]),
            0x86 => self.data(Data::ListSlice, &[t, INT, INT], &[t]),
            0x87 => self.data(Data::ListConcat { max }, &[t, t], &[t]),
            0x88 => self.data(Data::ListContains, &[t, e], &[BOOL]),
            0x89 => {
                must(self.module.types.is_ordered(e), "type without order")?;
                self.data(Data::ListSort, &[t], &[t])
            }
            0x8A => self.data(Data::ListReverse, &[t], &[t]),
            0x8B => self.data(Data::ListInsert { max }, &[t, INT, e], &[t]),
            0x8C => self.data(Data::ListRemove, &[t, INT], &[t]),
            _ => unknown(),
        }
    }

    pub(super) fn map(&mut self, opcode: u8) -> Checked {
        let t = self.type_id()?;
        let Type::Map {
            key: k,
            value: v,
            max,
        } = *self.find_type(t)?
        else {
            return Err(Broken::Rule("not a Map"));
        };
        match opcode {
            0x90 => self.data(Data::MapNew, &[], &[t]),
            0x91 => self.data(Data::MapLen, &[t], &[INT]),
            0x92 => self.data(Data::MapHas, &[t, k], &[BOOL]),
            0x93 => self.data(Data::MapGet, &[t, k], &[v]),
            0x94 => {
                let to = self.optional_of(v)?;
                self.data(Data::MapFind, &[t, k], &[to])
            }
            0x95 => self.data(Data::MapPut { max }, &[t, k, v], &[t]),
            0x96 => self.data(Data::MapDelete, &[t, k], &[t]),
            0x97 => self.data(Data::MapKeyAt, &[t, INT], &[k]),
            0x98 => self.data(Data::MapValueAt, &[t, INT], &[v]),
            0x99 | 0x9A => self.map_list(opcode, t, if opcode == 0x99 { k } else { v }),
            _ => unknown(),
        }
    }

    /// An immediate that must be an Optional of `inner`.
    pub(super) fn optional_of(&mut self, inner: TypeId) -> Checked<TypeId> {
        let to = self.type_id()?;
        let holds =
            matches!(self.find_type(to)?, Type::Optional { inner: found } if *found == inner);
        must(holds, "not the Optional of this type")?;
        Ok(to)
    }

    fn map_list(&mut self, opcode: u8, map: TypeId, part: TypeId) -> Checked {
        let to = self.type_id()?;
        let Type::List { element, max } = *self.find_type(to)? else {
            return Err(Broken::Rule("not a List"));
        };
        must(element == part, "list of another type")?;
        let op = if opcode == 0x99 {
            Data::MapKeys { max }
        } else {
            Data::MapValues { max }
        };
        self.data(op, &[map], &[to])
    }
}
