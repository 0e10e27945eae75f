//! The machine as a process, right or wrong on purpose: commands on stdin, answers
//! on stdout, one line each, so that a harness in another language can run the same
//! programs against every planted fault.
//!
//! ```text
//! cargo run --release -p daicho-execution --features faults --example machine
//! ```
//!
//! Words of a line are separated by one space. Bytes are lower-case hexadecimal,
//! `-` when empty; numbers are decimal. Every command is answered with zero or more
//! lines and then `done`, or with one line `error REASON…`; a command that makes
//! the machine panic is answered with `panic` alone, and `reset` comes next.
//!
//! | command | answer, before `done` |
//! |---|---|
//! | `faults` | `fault NUMBER NAME WHAT…` for each |
//! | `plant NUMBER` | the process is that wrong machine from here on; 0 the right one |
//! | `reset GENESIS_US` | a new ledger without contracts |
//! | `deploy CONTRACT ARTEFACT` | `hash HASH`; nothing runs, a version in its place is replaced |
//! | `upgrade CONTRACT ARTEFACT` | `outcome` of the migration, in a block of its own one microsecond after the last and without timers, or nothing if none is declared; if it failed, the version before stays |
//! | `block TIME_US [FEED:SLOT:TIME_US:VALUE]…` | opens a block: `timer` for each that ran |
//! | `call CONTRACT ENTRY ARGUMENTS SENDER ROLES TX_ID GAS [PARTY:ROLES]…` | `outcome`; the last words are cosigners |
//! | `end` | closes the block |
//! | `query CONTRACT ENTRY ARGUMENTS SENDER ROLES GAS [COMPARTMENT]…` | `outcome`; the last words are the compartments held (17 bytes each), none sees everything |
//! | `rows` | `row COMPARTMENT KEY VALUE` for each, ascending |
//!
//! `outcome CODE NAME GAS STEPS RESULT LINE EVENTS`: LINE 0 where there is none;
//! EVENTS `-`, or `CONTRACT:ID:ADDRESSEE+ADDRESSEE…:BYTES` joined by commas.
//! `timer ID CONTRACT SCHEDULED AGAIN` and then the words of an outcome.
//! In a block the random seed is zero, the lane is 0, the sequence is the call's place in
//! the block from 0, the alias is the sender: as in the test chain of the Python package.

use std::collections::BTreeSet;
use std::io::{BufRead, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use daicho_execution::{
    BlockExecutor, BlockInfo, Call, Contracts, FAULTS, MemoryLedger, Module, Outcome, Overlay,
    Reading, Signer, Status, TIMER_GAS, TimerOutcome, TxContext, Visibility, plant, run_query,
    upgrade_problems,
};
use daicho_types::ConsensusTime;
use daicho_types::ledger::Compartment;

/// Bytes of one line: an artefact in hexadecimal, and some room.
const LINE_BYTES_MAX: usize = 2 * 1024 * 1024;

type Answer = Result<Vec<String>, String>;

/// A ledger, its contracts and the block that is open.
struct Chain {
    contracts: Contracts,
    ledger: MemoryLedger,
    open: Option<(BlockInfo, Overlay)>,
    /// Calls in the open block so far.
    calls: u64,
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut chain = Chain::new(0);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        let answer = catch_unwind(AssertUnwindSafe(|| chain.answer(&line)));
        let lines = match answer {
            Err(_) => vec!["panic".to_owned()],
            Ok(Err(reason)) => vec![format!("error {reason}")],
            Ok(Ok(mut lines)) => {
                lines.push("done".to_owned());
                lines
            }
        };
        let written = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
        if written.and_then(|()| out.flush()).is_err() {
            break;
        }
    }
}

impl Chain {
    fn new(genesis_us: u64) -> Self {
        Self {
            contracts: Contracts::new(),
            ledger: MemoryLedger::new(ConsensusTime(genesis_us)),
            open: None,
            calls: 0,
        }
    }

    fn answer(&mut self, line: &str) -> Answer {
        if line.len() > LINE_BYTES_MAX {
            return Err("line too long".to_owned());
        }
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["faults"] => Ok(faults()),
            ["plant", number] => {
                let known = plant(parse(number)?);
                known
                    .then(Vec::new)
                    .ok_or_else(|| "no such fault".to_owned())
            }
            ["reset", genesis] => {
                *self = Self::new(parse(genesis)?);
                Ok(Vec::new())
            }
            ["deploy", contract, artefact] => {
                let hash = self.contracts.deploy(parse(contract)?, &bytes(artefact)?);
                let hash = hash.map_err(|error| error.to_string())?;
                Ok(vec![format!("hash {}", hex(&hash))])
            }
            ["upgrade", contract, artefact] => self.upgrade(parse(contract)?, &bytes(artefact)?),
            ["block", time, feeds @ ..] => self.block(time, feeds),
            ["call", words @ ..] => self.call(words),
            ["end"] => self.end(),
            ["query", words @ ..] => self.query(words),
            ["rows"] => Ok(self.rows()),
            _ => Err("no such command".to_owned()),
        }
    }

    fn upgrade(&mut self, contract: u32, artefact: &[u8]) -> Answer {
        let installed = self.contracts.get(contract).ok_or("no such contract")?;
        let module = Module::decode(artefact).map_err(|error| error.to_string())?;
        let problems = upgrade_problems(installed.module(), &module);
        if !problems.is_empty() || self.open.is_some() {
            return Err(format!("between blocks only; {}", problems.join("; ")));
        }
        let before = self.contracts.clone();
        let deployed = self.contracts.deploy(contract, artefact);
        deployed.map_err(|error| error.to_string())?;
        let info = BlockInfo {
            height: self.ledger.height().next(),
            time: ConsensusTime(self.ledger.time().0 + 1),
            seed: [0; 32],
        };
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let Some(ran) = block.migrate(&info, contract) else {
            return Ok(Vec::new());
        };
        let changes = block.finish();
        self.ledger.commit(info.time, &changes);
        if ran.status == Status::Failed {
            self.contracts = before;
        }
        Ok(vec![format!("outcome {}", outcome(&ran))])
    }

    fn block(&mut self, time: &str, feeds: &[&str]) -> Answer {
        let info = BlockInfo {
            height: self.ledger.height().next(),
            time: ConsensusTime(parse(time)?),
            seed: [0; 32],
        };
        if info.time <= self.ledger.time() || self.open.is_some() {
            return Err("block times increase, and a block ends before the next".to_owned());
        }
        let readings: Result<Vec<_>, _> = feeds.iter().map(|word| reading(word)).collect();
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let timers = block.prologue(&info, &readings?, TIMER_GAS);
        self.open = Some((info, block.into_overlay()));
        self.calls = 0;
        Ok(timers.iter().map(timer).collect())
    }

    /// Runs something in the open block.
    fn within(&mut self, run: impl FnOnce(&mut BlockExecutor<'_>, &BlockInfo) -> Answer) -> Answer {
        let (info, overlay) = self.open.take().ok_or("no block is open")?;
        let mut block = BlockExecutor::over(&self.contracts, &self.ledger, overlay);
        let answer = run(&mut block, &info);
        self.open = Some((info, block.into_overlay()));
        answer
    }

    fn call(&mut self, words: &[&str]) -> Answer {
        let [
            contract,
            entry,
            arguments,
            sender,
            roles,
            tx_id,
            gas,
            cosigners @ ..,
        ] = words
        else {
            return Err("call takes seven words and cosigners".to_owned());
        };
        let call = call(contract, entry, arguments)?;
        let sender = signer(sender, roles)?;
        let cosigners: Result<Vec<_>, String> = cosigners
            .iter()
            .map(|word| {
                let (party, roles) = word.split_once(':').ok_or("PARTY:ROLES")?;
                signer(party, roles)
            })
            .collect();
        let (cosigners, tx_id, gas) = (cosigners?, array(tx_id)?, parse(gas)?);
        let sequence = self.calls;
        self.calls += 1;
        self.within(|block, info| {
            let tx = TxContext {
                sequence,
                ..context(info, sender, cosigners, tx_id, gas)
            };
            Ok(vec![format!(
                "outcome {}",
                outcome(&block.execute(&tx, &call))
            )])
        })
    }

    fn end(&mut self) -> Answer {
        let (info, overlay) = self.open.take().ok_or("no block is open")?;
        let changes = overlay.changes(&self.ledger);
        self.ledger.commit(info.time, &changes);
        Ok(Vec::new())
    }

    fn query(&self, words: &[&str]) -> Answer {
        let [contract, entry, arguments, sender, roles, gas, held @ ..] = words else {
            return Err("query takes six words and compartments".to_owned());
        };
        let call = call(contract, entry, arguments)?;
        let held: Result<BTreeSet<_>, String> = held.iter().map(|word| compartment(word)).collect();
        let visibility = match held? {
            held if held.is_empty() => Visibility::All,
            held => Visibility::Only(held),
        };
        let info = BlockInfo {
            height: self.ledger.height(),
            time: self.ledger.time(),
            seed: [0; 32],
        };
        let tx = context(
            &info,
            signer(sender, roles)?,
            Vec::new(),
            [0; 32],
            parse(gas)?,
        );
        let ran = run_query(&self.contracts, &self.ledger, &tx, &visibility, &call);
        Ok(vec![format!("outcome {}", outcome(&ran))])
    }

    fn rows(&self) -> Vec<String> {
        let row = |(compartment, key, value): (Compartment, &[u8], &[u8])| {
            let holder = hex(&compartment.to_bytes());
            format!("row {holder} {} {}", hex(key), hex(value))
        };
        self.ledger.rows().map(row).collect()
    }
}

fn faults() -> Vec<String> {
    let line = |(number, name, what): &(u8, &str, &str)| format!("fault {number} {name} {what}");
    FAULTS.iter().map(line).collect()
}

fn context(
    info: &BlockInfo,
    sender: Signer,
    cosigners: Vec<Signer>,
    tx_id: [u8; 32],
    gas_limit: u64,
) -> TxContext {
    TxContext {
        sender,
        alias: sender.party,
        tx_id,
        cosigners,
        lane: 0,
        sequence: 0,
        height: info.height,
        time: info.time,
        seed: info.seed,
        gas_limit,
    }
}

fn call(contract: &str, entry: &str, arguments: &str) -> Result<Call, String> {
    Ok(Call {
        contract: parse(contract)?,
        entry: parse(entry)?,
        arguments: bytes(arguments)?,
    })
}

fn signer(party: &str, roles: &str) -> Result<Signer, String> {
    Ok(Signer {
        party: array(party)?,
        roles: parse(roles)?,
    })
}

fn compartment(word: &str) -> Result<Compartment, String> {
    Compartment::from_bytes(&array(word)?).ok_or_else(|| "no compartment".to_owned())
}

fn reading(word: &str) -> Result<Reading, String> {
    let parts: Vec<&str> = word.split(':').collect();
    let [feed, slot, time, value] = parts.as_slice() else {
        return Err("FEED:SLOT:TIME_US:VALUE".to_owned());
    };
    Ok(Reading {
        feed: parse(feed)?,
        slot: parse(slot)?,
        time: ConsensusTime(parse(time)?),
        bytes: bytes(value)?,
    })
}

fn outcome(outcome: &Outcome) -> String {
    let line = outcome.site.as_ref().map_or(0, |site| site.line);
    let events = outcome.events.iter().map(|event| {
        let holders = event
            .addressees
            .iter()
            .map(|holder| hex(&holder.to_bytes()));
        let holders = holders.collect::<Vec<_>>().join("+");
        format!(
            "{}:{}:{holders}:{}",
            event.contract,
            event.id,
            hex(&event.bytes)
        )
    });
    let events = events.collect::<Vec<_>>().join(",");
    let events = if events.is_empty() { "-" } else { &events };
    let Outcome {
        code,
        name,
        gas_used,
        steps,
        result,
        ..
    } = outcome;
    format!(
        "{code} {name} {gas_used} {steps} {} {line} {events}",
        hex(result)
    )
}

fn timer(ran: &TimerOutcome) -> String {
    let TimerOutcome {
        timer,
        contract,
        scheduled,
        again,
        outcome: came,
    } = ran;
    let again = u8::from(*again);
    format!(
        "timer {} {contract} {scheduled} {again} {}",
        hex(timer),
        outcome(came)
    )
}

fn parse<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse()
        .map_err(|_| format!("{word:?} is no number that fits"))
}

fn bytes(word: &str) -> Result<Vec<u8>, String> {
    if word == "-" {
        return Ok(Vec::new());
    }
    let digits = word.as_bytes();
    if digits.len() % 2 == 1 || !word.is_ascii() {
        return Err("bytes are pairs of hexadecimal digits".to_owned());
    }
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).map_err(|error| error.to_string())?;
        u8::from_str_radix(pair, 16).map_err(|error| error.to_string())
    };
    digits.chunks(2).map(byte).collect()
}

fn array<const N: usize>(word: &str) -> Result<[u8; N], String> {
    bytes(word)?
        .try_into()
        .map_err(|_| format!("{N} bytes are wanted"))
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
