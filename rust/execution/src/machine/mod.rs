//! The machine: a stack of values, a stack of frames, one meter. It runs verified
//! code only, and checks tags all the same.

mod attempt;
mod data;
mod index;
mod locks;
mod numbers;
mod outside;
mod run;
mod scan;
mod straight;
mod tables;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;

use daicho_types::RowKey;

use crate::context::{Event, Site, TxContext};
use crate::contracts::{Contracts, find_export};
use crate::fault::{self, Fault};
use crate::gas::Meter;
use crate::journal::Journal;
use crate::limits::DEPTH_MAX;
use crate::trap::Trap;
use crate::types::NO_TYPE;
use crate::value::Value;
use crate::verify::{Flat, Verified};
use crate::watch::Watch;

use attempt::{MovedBefore, Savepoint};

/// Most keys and rows are not longer.
const ROW_BYTES_TYPICAL: usize = 256;

/// One active function.
#[derive(Clone, Copy)]
struct Frame<'a> {
    module: &'a Verified,
    flat: &'a Flat,
    contract: u32,
    /// The contract that called this one, 0 for the transaction.
    caller: u32,
    function: u16,
    /// The next instruction.
    pc: usize,
    /// Where its locals start on the stack.
    base: usize,
    /// Where its operands start.
    operands: usize,
}

/// What a transaction moved in one group of a conserved table, and what it said
/// it would issue less what it would redeem.
#[derive(Clone, Copy, Default)]
struct Movement {
    moved: i128,
    declared: i128,
}

/// Contract, table id and ordered bytes of the group.
type MovementKey = (u32, u16, RowKey);

/// A contract's own error on its way out.
pub(crate) struct Failure {
    pub code: u16,
    pub name: Cow<'static, str>,
    pub details: Vec<u8>,
}

/// One execution.
pub(crate) struct Machine<'a> {
    contracts: &'a Contracts,
    tx: &'a TxContext,
    read_only: bool,
    journal: Journal<'a>,
    pub meter: Meter,
    stack: Vec<Value>,
    frames: Vec<Frame<'a>>,
    /// Where keys and rows are spelt out before they are shared.
    scratch: Vec<u8>,
    movements: BTreeMap<MovementKey, Movement>,
    savepoints: Vec<Savepoint>,
    moved_before: Vec<MovedBefore>,
    timers_set: u32,
    /// A migration: index entries are written even where they stay the same.
    pub rewrites: bool,
    watch: Option<&'a mut Watch>,
    pub events: Vec<Event>,
    pub failure: Option<Failure>,
}

impl<'a> Machine<'a> {
    pub fn new(
        contracts: &'a Contracts,
        tx: &'a TxContext,
        journal: Journal<'a>,
        read_only: bool,
    ) -> Self {
        Self {
            contracts,
            tx,
            read_only,
            journal,
            meter: Meter::new(tx.gas_limit),
            stack: Vec::new(),
            frames: Vec::with_capacity(8),
            scratch: Vec::with_capacity(ROW_BYTES_TYPICAL),
            movements: BTreeMap::new(),
            savepoints: Vec::new(),
            moved_before: Vec::new(),
            timers_set: 0,
            rewrites: false,
            watch: None,
            events: Vec::new(),
            failure: None,
        }
    }

    /// Records what runs from here on.
    pub fn watch(&mut self, watch: Option<&'a mut Watch>) {
        self.watch = watch;
        if let Some(watch) = &mut self.watch {
            watch.begin();
            self.journal.note_touched();
        }
    }

    /// The end of what is recorded.
    pub fn end_watch(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.end(self.journal.take_touched());
        }
    }

    /// Runs one function to its end; gives its result.
    pub fn call(
        &mut self,
        contract: u32,
        module: &'a Verified,
        function: u16,
        arguments: Vec<Value>,
    ) -> Result<Option<Value>, Trap> {
        assert!(
            self.frames.is_empty() && self.stack.is_empty(),
            "a machine runs one call"
        );
        self.stack = arguments;
        self.enter(module, contract, 0, function)?;
        self.run()?;
        let result = module.module().functions[function as usize].result;
        assert!(
            self.frames.is_empty(),
            "run ends when the last frame returns"
        );
        if result == NO_TYPE {
            Ok(None)
        } else {
            self.pop().map(Some)
        }
    }

    /// Opens a frame whose arguments are the top of the stack.
    fn enter(
        &mut self,
        module: &'a Verified,
        contract: u32,
        caller: u32,
        function: u16,
    ) -> Result<(), Trap> {
        if self.frames.len() >= DEPTH_MAX {
            return Err(Trap::Depth);
        }
        let flat = module
            .functions
            .get(function as usize)
            .ok_or(Trap::Internal)?;
        let base = self
            .stack
            .len()
            .checked_sub(flat.params.into())
            .ok_or(Trap::Internal)?;
        let operands = self.stack.len() + usize::from(flat.locals);
        self.stack.reserve(flat.room() - usize::from(flat.params));
        self.stack.resize(operands, Value::Unset);
        self.frames.push(Frame {
            module,
            flat,
            contract,
            caller,
            function,
            pc: 0,
            base,
            operands,
        });
        Ok(())
    }

    /// Calls the export that an import of the running contract names.
    fn enter_import(&mut self, index: u16) -> Result<(), Trap> {
        let here = *self.frame()?;
        let import = here
            .module
            .module()
            .imports
            .get(index as usize)
            .ok_or(Trap::Internal)?;
        let callee = self
            .contracts
            .get(import.contract)
            .ok_or(Trap::NoContract)?;
        let export = find_export(&callee.module().exports, import.export).ok_or(Trap::NoEntry)?;
        let target = &callee.module().functions[export.function as usize];
        let wanted = here.module.signature(&import.params, import.result);
        if wanted != callee.signature(&target.params, target.result) {
            return Err(Trap::Import);
        }
        if !export.callers.is_empty() && !export.callers.contains(&here.contract) {
            return Err(Trap::Caller);
        }
        if self
            .frames
            .iter()
            .any(|frame| frame.contract == import.contract)
        {
            return Err(Trap::Reentry);
        }
        self.enter(callee, import.contract, here.contract, export.function)
    }

    fn frame(&self) -> Result<&Frame<'a>, Trap> {
        self.frames.last().ok_or(Trap::Internal)
    }

    fn pop(&mut self) -> Result<Value, Trap> {
        self.stack.pop().ok_or(Trap::Internal)
    }

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn pop_int(&mut self) -> Result<i128, Trap> {
        self.pop()?.int()
    }

    /// Pops `count` values; the first was pushed first.
    fn pop_many(&mut self, count: usize) -> Result<Vec<Value>, Trap> {
        let from = self.stack.len().checked_sub(count).ok_or(Trap::Internal)?;
        Ok(self.stack.split_off(from))
    }

    /// Every group of every conserved table moved what was declared.
    pub fn check_conservation(&mut self) -> Result<(), Trap> {
        let broken = |movement: &Movement| movement.moved != movement.declared;
        let free = usize::from(fault::is(Fault::FirstGroupFree));
        let mut checked = self.movements.iter().skip(free);
        let found = checked.find(|(_, movement)| broken(movement));
        let Some(((contract, table, group), movement)) = found else {
            return Ok(());
        };
        let mut details = contract.to_le_bytes().to_vec();
        details.extend(table.to_le_bytes());
        details.extend((group.len() as u32).to_le_bytes());
        details.extend(group.iter());
        details.extend(movement.moved.to_le_bytes());
        details.extend(movement.declared.to_le_bytes());
        Err(self.fail_with(Trap::Conservation, details))
    }

    /// Keeps a trap's details for the outcome.
    pub fn fail_with(&mut self, trap: Trap, details: Vec<u8>) -> Trap {
        self.failure = Some(Failure {
            code: trap.code(),
            name: trap.name().into(),
            details,
        });
        trap
    }

    /// Where the running function stands.
    pub fn site(&self) -> Option<Site> {
        let frame = self.frames.last()?;
        let at = frame.pc.saturating_sub(1);
        let pc = frame.flat.pcs.get(at).copied()?;
        let mark = frame.module.module().source(frame.function, pc);
        let (line, column) = mark.map_or((0, 0), |mark| (mark.line, mark.column));
        Some(Site {
            contract: frame.contract,
            function: frame.function,
            pc,
            line,
            column,
        })
    }

    pub fn into_journal(self) -> Journal<'a> {
        self.journal
    }
}
