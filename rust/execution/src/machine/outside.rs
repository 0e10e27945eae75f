//! What reaches a contract from outside its transaction: readings of feeds, and
//! the timers that it leaves for later blocks.

use std::sync::Arc;

use daicho_types::Height;
use daicho_types::ledger::Compartment;
use daicho_types::limits::ARGUMENT_BYTES_MAX;

use super::Machine;
use crate::codec::{self, Decoder};
use crate::gas;
use crate::journal::Moment;
use crate::limits::TIMERS_MAX;
use crate::reserved::{self, Reading, Timer};
use crate::trap::Trap;
use crate::types::{Type, TypeId};
use crate::value::Value;

impl Machine<'_> {
    /// The header time of a block, within what a read as of it may see.
    pub(super) fn time_of(&mut self) -> Result<Value, Trap> {
        let height = u64::try_from(self.pop_int()?).map_err(|_| Trap::AsOf)?;
        let now = self.tx.height.0;
        let past = if self.read_only {
            height <= now
        } else {
            height < now
        };
        let time = past.then(|| self.journal.time_at(Height(height))).flatten();
        Ok(Value::Int(time.ok_or(Trap::AsOf)?.0.into()))
    }

    /// The last reading of a feed, if it is young enough.
    pub(super) fn oracle(&mut self, to: TypeId, feed: u16) -> Result<Value, Trap> {
        let max_age = self.pop_int()?;
        if max_age < 0 {
            return Err(Trap::Domain);
        }
        let Some(reading) = self.reading(feed)? else {
            return Ok(Value::None);
        };
        if i128::from(reading.time.0) + max_age < i128::from(self.tx.time.0) {
            return Ok(Value::None);
        }
        let Type::Optional { inner } = *self.types()?.known(to) else {
            return Err(Trap::Internal);
        };
        let value = self.reading_value(inner, &reading)?;
        self.meter.allocate(1, 0)?;
        Ok(Value::Some(Arc::new(value)))
    }

    pub(super) fn oracle_must(&mut self, to: TypeId, feed: u16) -> Result<Value, Trap> {
        let max_age = self.pop_int()?;
        if max_age < 0 {
            return Err(Trap::Domain);
        }
        let now = i128::from(self.tx.time.0);
        let reading = self.reading(feed)?;
        let young = reading.filter(|reading| i128::from(reading.time.0) + max_age >= now);
        self.reading_value(to, &young.ok_or(Trap::Feed)?)
    }

    pub(super) fn oracle_time(&mut self, feed: u16) -> Result<Value, Trap> {
        let Some(reading) = self.reading(feed)? else {
            return Ok(Value::None);
        };
        self.meter.allocate(1, 0)?;
        Ok(Value::Some(Arc::new(Value::Int(reading.time.0.into()))))
    }

    fn reading(&mut self, feed: u16) -> Result<Option<Reading>, Trap> {
        self.meter.charge(gas::READ)?;
        let key = reserved::feed_key(feed);
        let row = self.journal.get(Moment::Now, Compartment::Public, &key);
        let Some(row) = row else {
            return Ok(None);
        };
        self.meter.charge(gas::per(row.len(), 8))?;
        let reading = Reading::from_row(feed, &row).map_err(|_| Trap::State)?;
        Ok(Some(reading))
    }

    fn reading_value(&mut self, ty: TypeId, reading: &Reading) -> Result<Value, Trap> {
        let mut decoder = Decoder::new(self.types()?, &reading.bytes);
        let value = decoder.value(ty).map_err(|_| Trap::Feed)?;
        decoder.finish().map_err(|_| Trap::Feed)?;
        self.meter.allocate(0, decoder.memory_bytes as usize)?;
        Ok(value)
    }

    pub(super) fn timer_set(&mut self, scheduled: u16) -> Result<(), Trap> {
        self.must_write()?;
        let frame = *self.frame()?;
        let module = frame.module.module();
        let scheduled = module.scheduled.get(usize::from(scheduled));
        let scheduled = scheduled.ok_or(Trap::Internal)?;
        let due = u64::try_from(self.pop_int()?).map_err(|_| Trap::Internal)?;
        let params = &module.functions[usize::from(scheduled.function)].params;
        let values = self.pop_many(params.len())?;
        let kept = params.len() - usize::from(scheduled.resumes);
        let mut parts = [Vec::new(), Vec::new()];
        for (position, (ty, value)) in params.iter().zip(&values).enumerate() {
            let part = &mut parts[usize::from(position >= kept)];
            codec::encode(&module.types, *ty, value, part)?;
        }
        let [arguments, cursor] = parts;
        if arguments.len() + cursor.len() > ARGUMENT_BYTES_MAX {
            return Err(Trap::Length);
        }
        if self.timers_set >= TIMERS_MAX {
            return Err(Trap::Timers);
        }
        let timer = Timer {
            contract: frame.contract,
            scheduled: scheduled.id,
            arguments,
            cursor,
        };
        let (setter, height) = (&self.tx.tx_id, self.tx.height.0);
        let id = timer.id(due, scheduled.priority, setter, height, self.timers_set);
        self.timers_set += 1;
        let (key, row) = (reserved::timer_key(&id), timer.row());
        let size = key.len() + row.len();
        self.meter.charge(gas::WRITE + gas::per(size, 4))?;
        self.meter.allocate(0, size)?;
        self.journal
            .put(Compartment::Administrator, key, Some(row.into()))?;
        self.push(Value::Hash(Arc::new(id)));
        Ok(())
    }

    pub(super) fn timer_cancel(&mut self) -> Result<(), Trap> {
        self.must_write()?;
        let id = self.pop()?.hash()?;
        let key = reserved::timer_key(&id);
        self.meter.charge(gas::WRITE + gas::per(key.len(), 4))?;
        let own = reserved::timer_contract(&id) == self.frame()?.contract;
        let holder = Compartment::Administrator;
        let pending = own && self.journal.get(Moment::Now, holder, &key).is_some();
        if pending {
            self.meter.allocate(0, key.len())?;
            self.journal.put(holder, key, None)?;
        }
        self.push(Value::Bool(pending));
        Ok(())
    }
}
