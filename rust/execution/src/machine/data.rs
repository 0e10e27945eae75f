//! Optionals, records, lists, maps. A change of a value that something else still
//! holds copies it first and pays for the copy; otherwise it happens in place.

use std::cmp::Ordering;
use std::sync::Arc;

use super::Machine;
use crate::fault::{self, Fault};
use crate::gas::{self, Meter};
use crate::op::Data;
use crate::trap::Trap;
use crate::value::Value;

type Pair = (Value, Value);

/// The content to change, copied first if it is shared.
fn own<'v, T: Clone>(held: &'v mut Arc<Vec<T>>, meter: &mut Meter) -> Result<&'v mut Vec<T>, Trap> {
    if Arc::get_mut(held).is_none() {
        let slots = held.len() * (size_of::<T>() / size_of::<Value>());
        meter.charge(gas::per(slots, 4))?;
        meter.allocate(slots, 0)?;
        *held = Arc::new(held.as_ref().clone());
    }
    Arc::get_mut(held).ok_or(Trap::Internal)
}

/// A position as in Python: negative from the end; INDEX outside.
pub(super) fn position(index: i128, length: usize) -> Result<usize, Trap> {
    let from_front = if index < 0 {
        index.saturating_add(length as i128)
    } else {
        index
    };
    match usize::try_from(from_front) {
        Ok(at) if at < length => Ok(at),
        _ => Err(Trap::Index),
    }
}

/// A slice as in Python: negative from the end, clamped, never inverted.
pub(super) fn range(lo: i128, hi: i128, length: usize) -> (usize, usize) {
    let clamp = |index: i128| {
        let from_front = if index < 0 && !fault::is(Fault::SliceClamps) {
            index.saturating_add(length as i128)
        } else {
            index
        };
        from_front.clamp(0, length as i128) as usize
    };
    let (lo, hi) = (clamp(lo), clamp(hi));
    (lo, hi.max(lo))
}

/// Where a key is, or where it would go.
fn seek(pairs: &[Pair], key: &Value, meter: &mut Meter) -> Result<Result<usize, usize>, Trap> {
    let bytes = key.text().map_or(0, <[u8]>::len);
    meter.charge(gas::LOOKUP + gas::per(bytes, 4))?;
    let (mut lo, mut hi) = (0, pairs.len());
    while lo < hi {
        let middle = lo.midpoint(hi);
        match pairs[middle].0.cmp_scalar(key)? {
            Ordering::Less => lo = middle + 1,
            Ordering::Greater => hi = middle,
            Ordering::Equal => return Ok(Ok(middle)),
        }
    }
    Ok(Err(lo))
}

/// Stable merge sort, bottom up. Written out because each comparison is paid:
/// their number must not depend on a library's choice of algorithm.
fn sorted(mut items: Vec<Value>, meter: &mut Meter) -> Result<Vec<Value>, Trap> {
    let mut width = 1;
    while width < items.len() {
        let mut merged = Vec::with_capacity(items.len());
        for chunk in items.chunks(2 * width) {
            let (left, right) = chunk.split_at(width.min(chunk.len()));
            merge(left, right, &mut merged, meter)?;
        }
        items = merged;
        width *= 2;
    }
    Ok(items)
}

fn merge(
    left: &[Value],
    right: &[Value],
    out: &mut Vec<Value>,
    meter: &mut Meter,
) -> Result<(), Trap> {
    let (mut a, mut b) = (0, 0);
    while a < left.len() && b < right.len() {
        if left[a].cmp_paid(&right[b], meter)? == Ordering::Greater {
            out.push(right[b].clone());
            b += 1;
        } else {
            out.push(left[a].clone());
            a += 1;
        }
    }
    out.extend_from_slice(&left[a..]);
    out.extend_from_slice(&right[b..]);
    Ok(())
}

impl Machine<'_> {
    #[inline]
    pub(super) fn data(&mut self, op: Data) -> Result<(), Trap> {
        match op {
            Data::RecordGet { field } => {
                let record = self.pop()?.record()?;
                let value = record
                    .get(usize::from(field))
                    .ok_or(Trap::Internal)?
                    .clone();
                self.push(value);
                Ok(())
            }
            Data::RecordSet { field } => {
                let (value, mut record) = (self.pop()?, self.pop()?.record()?);
                let fields = own(&mut record, &mut self.meter)?;
                *fields.get_mut(usize::from(field)).ok_or(Trap::Internal)? = value;
                self.push(Value::Record(record));
                Ok(())
            }
            Data::RecordNew { fields } => {
                let fields = self.collected(fields)?;
                self.push(Value::Record(Arc::new(fields)));
                Ok(())
            }
            Data::Some => {
                self.meter.allocate(1, 0)?;
                let inner = self.pop()?;
                self.push(Value::Some(Arc::new(inner)));
                Ok(())
            }
            Data::None => {
                self.push(Value::None);
                Ok(())
            }
            Data::IsSome => {
                let present = match self.pop()? {
                    Value::Some(_) => true,
                    Value::None => false,
                    _ => return Err(Trap::Internal),
                };
                self.push(Value::Bool(present));
                Ok(())
            }
            Data::Unwrap => match self.pop()? {
                Value::Some(inner) => {
                    self.push(Arc::unwrap_or_clone(inner));
                    Ok(())
                }
                Value::None => Err(Trap::None),
                _ => Err(Trap::Internal),
            },
            Data::ListNew { count } => {
                let items = self.collected(count)?;
                self.push(Value::List(Arc::new(items)));
                Ok(())
            }
            Data::ListLen
            | Data::ListGet
            | Data::ListSet
            | Data::ListPush { .. }
            | Data::ListPop
            | Data::ListInsert { .. }
            | Data::ListRemove => self.list_item(op),
            Data::ListSlice
            | Data::ListConcat { .. }
            | Data::ListContains
            | Data::ListSort
            | Data::ListReverse => self.list_whole(op),
            _ => self.map(op),
        }
    }

    /// The top values as a new container's content.
    fn collected(&mut self, count: u16) -> Result<Vec<Value>, Trap> {
        let count = usize::from(count);
        self.meter.charge(gas::per(count, 4))?;
        self.meter.allocate(count, 0)?;
        self.pop_many(count)
    }

    fn pop_list(&mut self) -> Result<Arc<Vec<Value>>, Trap> {
        self.pop()?.list()
    }

    fn list_item(&mut self, op: Data) -> Result<(), Trap> {
        match op {
            Data::ListLen => {
                let list = self.pop_list()?;
                self.push(Value::Int(list.len() as i128));
            }
            Data::ListGet => {
                let (index, list) = (self.pop_int()?, self.pop_list()?);
                let value = list[position(index, list.len())?].clone();
                self.push(value);
            }
            Data::ListSet => {
                let (value, index) = (self.pop()?, self.pop_int()?);
                let mut list = self.pop_list()?;
                let at = position(index, list.len())?;
                own(&mut list, &mut self.meter)?[at] = value;
                self.push(Value::List(list));
            }
            Data::ListPush { max } => {
                let (value, mut list) = (self.pop()?, self.pop_list()?);
                self.grow(list.len(), max)?;
                own(&mut list, &mut self.meter)?.push(value);
                self.push(Value::List(list));
            }
            Data::ListPop => {
                let mut list = self.pop_list()?;
                let last = own(&mut list, &mut self.meter)?.pop().ok_or(Trap::Index)?;
                self.push(Value::List(list));
                self.push(last);
            }
            Data::ListInsert { max } => {
                let (value, index) = (self.pop()?, self.pop_int()?);
                let mut list = self.pop_list()?;
                self.grow(list.len(), max)?;
                self.meter.charge(gas::per(list.len(), 16))?;
                let (at, _) = range(index, index, list.len());
                own(&mut list, &mut self.meter)?.insert(at, value);
                self.push(Value::List(list));
            }
            _ => {
                let index = self.pop_int()?;
                let mut list = self.pop_list()?;
                self.meter.charge(gas::per(list.len(), 16))?;
                let at = position(index, list.len())?;
                own(&mut list, &mut self.meter)?.remove(at);
                self.push(Value::List(list));
            }
        }
        Ok(())
    }

    /// One more element: inside the bound, and counted with the room a vector
    /// takes ahead.
    fn grow(&mut self, length: usize, max: u32) -> Result<(), Trap> {
        if length >= max as usize {
            return Err(Trap::Length);
        }
        self.meter.allocate(1, 0)
    }

    fn list_whole(&mut self, op: Data) -> Result<(), Trap> {
        let value = match op {
            Data::ListSlice => {
                let (hi, lo) = (self.pop_int()?, self.pop_int()?);
                let list = self.pop_list()?;
                let (lo, hi) = range(lo, hi, list.len());
                self.copied(hi - lo)?;
                Value::List(Arc::new(list[lo..hi].to_vec()))
            }
            Data::ListConcat { max } => {
                let (right, left) = (self.pop_list()?, self.pop_list()?);
                let length = left.len() + right.len();
                if length > max as usize {
                    return Err(Trap::Length);
                }
                self.copied(length)?;
                Value::List(Arc::new([left.as_slice(), right.as_slice()].concat()))
            }
            Data::ListContains => {
                let (wanted, list) = (self.pop()?, self.pop_list()?);
                self.meter.charge(gas::per(list.len(), 4))?;
                let mut found = false;
                for item in list.iter() {
                    found |= item.cmp_paid(&wanted, &mut self.meter)? == Ordering::Equal;
                    if found {
                        break;
                    }
                }
                Value::Bool(found)
            }
            Data::ListReverse => {
                let list = self.pop_list()?;
                self.copied(list.len())?;
                Value::List(Arc::new(list.iter().rev().cloned().collect()))
            }
            _ => {
                let list = self.pop_list()?;
                let rounds = u64::from(usize::BITS - list.len().leading_zeros());
                self.meter.charge(2 * list.len() as u64 * rounds)?;
                self.meter.allocate(list.len(), 0)?;
                let items = Arc::unwrap_or_clone(list);
                Value::List(Arc::new(sorted(items, &mut self.meter)?))
            }
        };
        self.push(value);
        Ok(())
    }

    /// Pays for a copy of so many values.
    fn copied(&mut self, count: usize) -> Result<(), Trap> {
        self.meter.charge(gas::per(count, 4))?;
        self.meter.allocate(count, 0)
    }

    fn pop_map(&mut self) -> Result<Arc<Vec<Pair>>, Trap> {
        self.pop()?.map()
    }

    fn map(&mut self, op: Data) -> Result<(), Trap> {
        let value = match op {
            Data::MapNew => {
                self.meter.allocate(0, 0)?;
                Value::Map(Arc::default())
            }
            Data::MapLen => Value::Int(self.pop_map()?.len() as i128),
            Data::MapHas | Data::MapGet | Data::MapFind => self.map_read(op)?,
            Data::MapPut { .. } | Data::MapDelete => self.map_change(op)?,
            Data::MapKeyAt | Data::MapValueAt => {
                let (index, map) = (self.pop_int()?, self.pop_map()?);
                let at = usize::try_from(index).map_err(|_| Trap::Index)?;
                let (key, value) = map.get(at).ok_or(Trap::Index)?;
                if op == Data::MapKeyAt {
                    key.clone()
                } else {
                    value.clone()
                }
            }
            Data::MapKeys { max } | Data::MapValues { max } => {
                let map = self.pop_map()?;
                if map.len() > max as usize {
                    return Err(Trap::Length);
                }
                self.copied(map.len())?;
                let keys = matches!(op, Data::MapKeys { .. });
                let parts = map
                    .iter()
                    .map(|(key, value)| if keys { key } else { value });
                Value::List(Arc::new(parts.cloned().collect()))
            }
            _ => return Err(Trap::Internal),
        };
        self.push(value);
        Ok(())
    }

    fn map_read(&mut self, op: Data) -> Result<Value, Trap> {
        let (key, map) = (self.pop()?, self.pop_map()?);
        let found = seek(&map, &key, &mut self.meter)?.ok().map(|at| &map[at].1);
        Ok(match (op, found) {
            (Data::MapHas, found) => Value::Bool(found.is_some()),
            (Data::MapGet, Some(value)) => value.clone(),
            (Data::MapGet, None) => return Err(Trap::Key),
            (_, None) => Value::None,
            (_, Some(value)) => {
                self.meter.allocate(1, 0)?;
                Value::Some(Arc::new(value.clone()))
            }
        })
    }

    fn map_change(&mut self, op: Data) -> Result<Value, Trap> {
        let value = if op == Data::MapDelete {
            None
        } else {
            Some(self.pop()?)
        };
        let (key, mut map) = (self.pop()?, self.pop_map()?);
        self.meter.charge(gas::per(map.len(), 16))?;
        match (seek(&map, &key, &mut self.meter)?, value) {
            (Ok(at), Some(value)) => own(&mut map, &mut self.meter)?[at].1 = value,
            (Ok(at), None) => drop(own(&mut map, &mut self.meter)?.remove(at)),
            (Err(_), None) => {}
            (Err(at), Some(value)) => {
                let max = if let Data::MapPut { max } = op {
                    max
                } else {
                    0
                };
                self.grow(map.len(), max)?;
                let at = if fault::is(Fault::MapAppends) {
                    map.len()
                } else {
                    at
                };
                own(&mut map, &mut self.meter)?.insert(at, (key, value));
            }
        }
        Ok(Value::Map(map))
    }
}
