//! Running one call from its bytes to its outcome: find, check authority, decode,
//! run, check conservation, or revert as a whole.

use daicho_types::ledger::StateView;
use daicho_types::limits::{ARGUMENT_BYTES_MAX, RECEIPT_RESULT_BYTES_MAX};

use crate::codec::{self, Decoder};
use crate::context::{Call, Outcome, Signer, Status, TxContext, Visibility};
use crate::contracts::{Contracts, find_entry, find_scheduled};
use crate::gas;
use crate::journal::{Journal, Overlay};
use crate::machine::{Failure, Machine};
use crate::module::EntryDecl;
use crate::trap::Trap;
use crate::types::NO_TYPE;
use crate::value::Value;
use crate::verify::Verified;
use crate::watch::Watch;

/// What of a contract is called, and with which rights.
#[derive(Clone, Copy)]
pub(crate) enum Called<'c> {
    Entry(&'c Call),
    Query(&'c Call),
    /// A scheduled function; the call's entry is its id.
    Timer(&'c Call),
    /// The migration of this contract.
    Migration(u32),
}

impl Called<'_> {
    fn contract(self) -> u32 {
        match self {
            Self::Entry(call) | Self::Query(call) | Self::Timer(call) => call.contract,
            Self::Migration(contract) => contract,
        }
    }

    fn arguments(&self) -> &[u8] {
        match self {
            Self::Entry(call) | Self::Query(call) | Self::Timer(call) => &call.arguments,
            Self::Migration(_) => &[],
        }
    }
}

/// Runs one transaction's call over the view and what earlier transactions of
/// the block changed. Never panics on a contract's or sender's doing.
#[must_use]
pub fn execute_call(
    contracts: &Contracts,
    view: &dyn StateView,
    block: &Overlay,
    tx: &TxContext,
    call: &Call,
) -> Outcome {
    execute(contracts, view, block, tx, Called::Entry(call), None)
}

/// Runs what is called, watched or not.
pub(crate) fn execute(
    contracts: &Contracts,
    view: &dyn StateView,
    block: &Overlay,
    tx: &TxContext,
    called: Called<'_>,
    watch: Option<&mut Watch>,
) -> Outcome {
    let journal = Journal::new(view, block, &Visibility::All);
    let mut machine = Machine::new(contracts, tx, journal, false);
    machine.rewrites = matches!(called, Called::Migration(_));
    machine.watch(watch);
    let ran = run(&mut machine, contracts, tx, called)
        .and_then(|result| machine.check_conservation().map(|()| result));
    machine.end_watch();
    outcome(machine, ran)
}

/// Runs a query: read only, own gas, rows outside `visibility` as if absent. A
/// row that is missing or not visible gives ACCESS, at the same cost.
#[must_use]
pub fn run_query(
    contracts: &Contracts,
    view: &dyn StateView,
    tx: &TxContext,
    visibility: &Visibility,
    call: &Call,
) -> Outcome {
    run_query_watched(contracts, view, tx, visibility, call, None)
}

/// As [`run_query`], and records what runs.
#[must_use]
pub fn run_query_watched(
    contracts: &Contracts,
    view: &dyn StateView,
    tx: &TxContext,
    visibility: &Visibility,
    call: &Call,
    watch: Option<&mut Watch>,
) -> Outcome {
    let block = Overlay::default();
    let journal = Journal::new(view, &block, visibility);
    let mut machine = Machine::new(contracts, tx, journal, true);
    machine.watch(watch);
    let ran = run(&mut machine, contracts, tx, Called::Query(call));
    let ran = ran.map_err(|trap| match trap {
        Trap::Missing => Trap::Access,
        other => other,
    });
    machine.end_watch();
    let outcome = outcome(machine, ran);
    assert!(
        outcome.changes.is_empty() && outcome.events.is_empty(),
        "a query changes nothing"
    );
    outcome
}

fn run<'a>(
    machine: &mut Machine<'a>,
    contracts: &'a Contracts,
    tx: &TxContext,
    called: Called<'_>,
) -> Result<Vec<u8>, Trap> {
    let bytes = called.arguments();
    machine
        .meter
        .charge(gas::ENTRY + gas::per(bytes.len(), 4))?;
    let number = called.contract();
    let contract = contracts.get(number).ok_or(Trap::NoContract)?;
    let module = contract.module();
    let (function, entry) = match called {
        Called::Entry(call) => entry_of(&module.entries, call.entry)?,
        Called::Query(call) => entry_of(&module.queries, call.entry)?,
        Called::Timer(call) => {
            let scheduled = find_scheduled(&module.scheduled, call.entry);
            (scheduled.ok_or(Trap::NoEntry)?.function, None)
        }
        Called::Migration(_) => (module.migration.ok_or(Trap::NoEntry)?, None),
    };
    if let Some(entry) = entry {
        check_roles(machine, entry, &tx.sender)?;
    }
    let arguments = arguments(machine, contract, function, bytes)?;
    if let Some(entry) = entry {
        check_signatures(machine, entry, tx, &arguments)?;
    }
    let result = machine.call(number, contract, function, arguments)?;
    encode_result(machine, contract, function, result)
}

fn entry_of(entries: &[EntryDecl], id: u32) -> Result<(u16, Option<&EntryDecl>), Trap> {
    let entry = find_entry(entries, id).ok_or(Trap::NoEntry)?;
    Ok((entry.function, Some(entry)))
}

fn check_roles(machine: &mut Machine<'_>, entry: &EntryDecl, sender: &Signer) -> Result<(), Trap> {
    if sender.roles & entry.roles != 0 {
        return Ok(());
    }
    let details = [entry.roles.to_le_bytes(), sender.roles.to_le_bytes()].concat();
    Err(machine.fail_with(Trap::Role, details))
}

fn arguments(
    machine: &mut Machine<'_>,
    contract: &Verified,
    function: u16,
    bytes: &[u8],
) -> Result<Vec<Value>, Trap> {
    if bytes.len() > ARGUMENT_BYTES_MAX {
        return Err(Trap::Malformed);
    }
    let module = contract.module();
    let params = &module.functions[usize::from(function)].params;
    let mut decoder = Decoder::new(&module.types, bytes);
    // They become the machine's stack: room for the function from the start.
    let room = contract.functions[usize::from(function)].room();
    let mut values = Vec::with_capacity(room);
    for ty in params {
        values.push(decoder.value(*ty).map_err(|_| Trap::Malformed)?);
    }
    decoder.finish().map_err(|_| Trap::Malformed)?;
    machine
        .meter
        .allocate(values.len(), decoder.memory_bytes as usize)?;
    Ok(values)
}

fn check_signatures(
    machine: &mut Machine<'_>,
    entry: &EntryDecl,
    tx: &TxContext,
    arguments: &[Value],
) -> Result<(), Trap> {
    for parameter in &entry.signed_by {
        let argument = arguments
            .get(usize::from(*parameter))
            .ok_or(Trap::Internal)?;
        let party = argument.clone().id()?;
        if tx.signer(party).is_none() {
            return Err(machine.fail_with(Trap::Authority, party.to_vec()));
        }
    }
    Ok(())
}

fn encode_result(
    machine: &mut Machine<'_>,
    contract: &Verified,
    function: u16,
    result: Option<Value>,
) -> Result<Vec<u8>, Trap> {
    let module = contract.module();
    let ty = module.functions[usize::from(function)].result;
    let mut bytes = Vec::new();
    if let Some(value) = result {
        assert_ne!(
            ty, NO_TYPE,
            "the machine gives a result where one is declared"
        );
        codec::encode(&module.types, ty, &value, &mut bytes)?;
        machine.meter.charge(gas::per(bytes.len(), 8))?;
    }
    if bytes.len() > RECEIPT_RESULT_BYTES_MAX {
        return Err(Trap::Length);
    }
    Ok(bytes)
}

fn outcome(machine: Machine<'_>, ran: Result<Vec<u8>, Trap>) -> Outcome {
    let (gas_used, steps) = (machine.meter.used(), machine.meter.steps);
    match ran {
        Ok(result) => {
            let mut machine = machine;
            let events = std::mem::take(&mut machine.events);
            let changes = machine.into_journal().into_changes();
            let (status, name) = (Status::Ok, "OK".into());
            let (code, site) = (0, None);
            Outcome {
                status,
                code,
                name,
                gas_used,
                steps,
                result,
                events,
                changes,
                site,
            }
        }
        Err(trap) => failed(machine, trap, gas_used, steps),
    }
}

fn failed(mut machine: Machine<'_>, trap: Trap, gas_used: u64, steps: u64) -> Outcome {
    let plain = Failure {
        code: trap.code(),
        name: trap.name().into(),
        details: Vec::new(),
    };
    let failure = machine.failure.take().unwrap_or(plain);
    assert_ne!(failure.code, 0, "a contract's own error always says which");
    Outcome {
        status: Status::Failed,
        code: failure.code,
        name: failure.name,
        gas_used,
        steps,
        result: failure.details,
        events: Vec::new(),
        changes: Vec::new(),
        site: machine.site(),
    }
}

/// The outcome of what never began.
pub(crate) fn refused(trap: Trap) -> Outcome {
    Outcome {
        status: Status::Failed,
        code: trap.code(),
        name: trap.name().into(),
        gas_used: 0,
        steps: 0,
        result: Vec::new(),
        events: Vec::new(),
        changes: Vec::new(),
        site: None,
    }
}
