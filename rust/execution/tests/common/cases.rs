//! Runs a text case: contracts in assembly, then a transcript.
//!
//! ```text
//! contract 1            the assembly that follows has this id
//! ...
//! script
//! time 1000             closes the block, opens the next with this header time
//! as bank_a member      the sender from here on
//! cosign bank_b member  an additional signer of the next call
//! gas 500000            limit from here on
//! run double 4 -> 8     an entry of the last contract named, and what comes
//! in 2                  calls go to contract 2
//! run double -1 -> BAD -1
//! sees party:@bank_a    compartments of the queries from here on
//! query look @a -> none
//! event Moved public party:@a { 5 }   the last call's next event
//! changes 3             rows that the open block has changed in net
//! feed 1 900 x"2a"      a reading (feed, time, value) in the open block's header
//! timer OK again        the open block's next timer: what came of it
//! timers                no timer is left unsaid
//! wakeup 2000           when the next timer is due, as of the open block
//! ```

use std::collections::{BTreeMap, BTreeSet};

use daicho_execution::{
    BlockExecutor, BlockInfo, Call, Contracts, Event, MemoryLedger, Module, Outcome, Reading,
    Signer, Status, TIMER_GAS, TimerOutcome, TxContext, TypeId, Visibility, run_query,
};
use daicho_types::ledger::Compartment;
use daicho_types::{ConsensusTime, roles};

use super::{asm, literal};

/// Timers, outcomes, next wake-up and changes of a block.
type Ran = (
    Vec<TimerOutcome>,
    Vec<Outcome>,
    ConsensusTime,
    Vec<daicho_types::ledger::Change>,
);

struct Runner {
    contracts: Contracts,
    modules: BTreeMap<u32, Module>,
    ledger: MemoryLedger,
    time: ConsensusTime,
    calls: Vec<(TxContext, Call)>,
    readings: Vec<Reading>,
    /// How many limits were tried, where that is asked for.
    limits: Option<u64>,
    timers_said: usize,
    here: u32,
    sender: Signer,
    cosigners: Vec<Signer>,
    gas: u64,
    sees: Visibility,
    events: Vec<Event>,
    sequence: u64,
    /// Over every outcome and every block's changes.
    digest: blake3::Hasher,
}

/// Runs one case and each of its calls again at every limit below what it needs,
/// twice: in the open block and in a replay of it. Gives how many limits were tried.
pub fn at_every_limit(case: &str) -> u64 {
    let (assembly, script) = case.split_once("\nscript\n").expect("a case has a script");
    let mut runner = Runner::new(assembly);
    runner.limits = Some(0);
    for line in script.lines() {
        let line = line.split('#').next().expect("split gives one");
        let words = literal::tokens(line);
        if !words.is_empty() {
            runner.step(line, &words);
        }
    }
    runner.limits.expect("set above")
}

/// A call that needs more is not tried at every limit.
const NEED_MAX: u64 = 6_000;

/// Runs one case; panics with the line that does not hold. Gives a digest of
/// all that came out: results, gas, steps, events, rows.
pub fn run(case: &str) -> String {
    let (assembly, script) = case.split_once("\nscript\n").expect("a case has a script");
    let mut runner = Runner::new(assembly);
    for line in script.lines() {
        let line = line.split('#').next().expect("split gives one");
        let words = literal::tokens(line);
        if !words.is_empty() {
            runner.step(line, &words);
        }
    }
    runner.close(ConsensusTime(u64::MAX));
    runner.digest.finalize().to_hex()[..16].to_owned()
}

fn signer(words: &[String]) -> Signer {
    let bit = |role: &String| roles::bit(role).expect("a role");
    let party = literal::named(&format!("@{}", words[0]));
    Signer {
        party,
        roles: words[1..].iter().map(bit).fold(0, |mask, bit| mask | bit),
    }
}

fn compartment(word: &str) -> Compartment {
    match word.split_once(':') {
        Some(("party", id)) => Compartment::Party(literal::named(id)),
        Some(("register", id)) => Compartment::Register(literal::named(id)),
        _ if word == "administrator" => Compartment::Administrator,
        _ => Compartment::Public,
    }
}

impl Runner {
    fn new(assembly: &str) -> Self {
        let mut contracts = Contracts::new();
        let mut modules = BTreeMap::new();
        let mut here = 0;
        for part in format!("\n{assembly}").split("\ncontract ").skip(1) {
            let (id, source) = part.split_once('\n').expect("an id, then lines");
            here = id.trim().parse().expect("a contract id");
            let artefact = asm::assemble(source);
            contracts
                .deploy(here, &artefact)
                .unwrap_or_else(|e| panic!("contract {here}: {e}"));
            modules.insert(here, Module::decode(&artefact).expect("it was deployed"));
        }
        Self {
            contracts,
            modules,
            ledger: MemoryLedger::new(ConsensusTime(0)),
            time: ConsensusTime(1),
            calls: Vec::new(),
            readings: Vec::new(),
            limits: None,
            timers_said: 0,
            here,
            sender: Signer {
                party: literal::named("@tester"),
                roles: u32::MAX,
            },
            cosigners: Vec::new(),
            gas: 5_000_000,
            sees: Visibility::All,
            events: Vec::new(),
            sequence: 0,
            digest: blake3::Hasher::new(),
        }
    }

    fn step(&mut self, line: &str, words: &[String]) {
        match words[0].as_str() {
            "time" => {
                let time = ConsensusTime(words[1].parse().expect("a time"));
                self.close(time);
            }
            "as" => self.sender = signer(&words[1..]),
            "cosign" => self.cosigners.push(signer(&words[1..])),
            "gas" => self.gas = words[1].parse().expect("a limit"),
            "in" => self.here = words[1].parse().expect("a contract id"),
            "sees" => {
                let held: BTreeSet<_> = words[1..].iter().map(|word| compartment(word)).collect();
                self.sees = Visibility::Only(held);
            }
            "run" | "query" => self.call(line, words),
            "event" => self.event(line, words),
            "changes" => {
                let (_, changes) = self.replay();
                assert_eq!(changes.len().to_string(), words[1], "{line}");
            }
            "feed" => self.feed(words),
            "timer" => self.timer(line, words),
            "timers" => assert_eq!(self.timers_said, self.block().0.len(), "{line}"),
            "wakeup" => {
                let (_, _, wakeup, _) = self.block();
                assert_eq!(wakeup.0.to_string(), words[1], "{line}");
            }
            other => panic!("unknown step {other}"),
        }
    }

    fn close(&mut self, next: ConsensusTime) {
        let (_, changes) = self.replay();
        self.digest.update(format!("{changes:?}").as_bytes());
        self.ledger.commit(self.time, &changes);
        self.calls.clear();
        self.readings.clear();
        self.timers_said = 0;
        self.time = next;
    }

    fn replay(&self) -> (Vec<Outcome>, Vec<daicho_types::ledger::Change>) {
        let (_, outcomes, _, changes) = self.block();
        (outcomes, changes)
    }

    /// Executes the open block from its start: every step is a replay too.
    fn block(&self) -> Ran {
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let timers = block.prologue(&self.info(), &self.readings, TIMER_GAS);
        let calls = self.calls.iter();
        let outcomes = calls.map(|(tx, call)| block.execute(tx, call)).collect();
        let wakeup = block.next_wakeup();
        (timers, outcomes, wakeup, block.finish())
    }

    fn info(&self) -> BlockInfo {
        BlockInfo {
            height: self.ledger.height().next(),
            time: self.time,
            seed: [7; 32],
        }
    }

    fn feed(&mut self, words: &[String]) {
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        let hex = words[3].trim_start_matches('x').trim_matches('"');
        let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
        self.readings.push(Reading {
            feed: number(1) as u16,
            slot: self.readings.len() as u64,
            time: ConsensusTime(number(2)),
            bytes: (0..hex.len()).step_by(2).map(digit).collect(),
        });
    }

    fn timer(&mut self, line: &str, words: &[String]) {
        let (timers, ..) = self.block();
        let timer = timers.get(self.timers_said);
        let timer = timer.unwrap_or_else(|| panic!("{line}: no such timer"));
        self.timers_said += 1;
        self.digest.update(format!("{timer:?}").as_bytes());
        let again = words.get(2).is_some_and(|word| word == "again");
        assert_eq!(
            (&*timer.outcome.name, timer.again),
            (words[1].as_str(), again),
            "{line}"
        );
    }

    fn context(&mut self, query: bool) -> TxContext {
        self.sequence += 1;
        let (height, time) = match query {
            true => (self.ledger.height(), self.ledger.time()),
            false => (self.ledger.height().next(), self.time),
        };
        TxContext {
            sender: self.sender,
            alias: self.sender.party,
            tx_id: literal::named("@tx"),
            cosigners: std::mem::take(&mut self.cosigners),
            lane: 0,
            sequence: self.sequence,
            height,
            time,
            seed: [7; 32],
            gas_limit: self.gas,
        }
    }

    fn call(&mut self, line: &str, words: &[String]) {
        let query = words[0] == "query";
        let arrow = words
            .iter()
            .position(|word| word == "->")
            .expect("an expectation");
        let module = &self.modules[&self.here];
        let entries = if query {
            &module.queries
        } else {
            &module.entries
        };
        let entry = entries.iter().find(|entry| entry.name == words[1]);
        let entry = entry.unwrap_or_else(|| panic!("no such call: {line}"));
        let function = &module.functions[entry.function as usize];
        let arguments = encode(module, &function.params, &words[2..arrow]);
        let call = Call {
            contract: self.here,
            entry: entry.id,
            arguments,
        };
        let expected = words[arrow + 1..].to_vec();
        let tx = self.context(query);
        let outcome = if query {
            run_query(&self.contracts, &self.ledger, &tx, &self.sees, &call)
        } else {
            self.calls.push((tx, call.clone()));
            let (outcomes, _) = self.replay();
            outcomes.into_iter().next_back().expect("just added")
        };
        self.digest.update(format!("{outcome:?}").as_bytes());
        self.check(line, &call, query, &outcome, &expected);
        if self.limits.is_some() && !query && outcome.gas_used <= NEED_MAX {
            self.limit_last(&outcome);
        }
        self.events = outcome.events;
    }

    /// The last call of the open block at every limit below its need.
    fn limit_last(&mut self, whole: &Outcome) {
        let (tx, call) = self.calls.last().expect("it has just run").clone();
        let mut steps = 0;
        for limit in 0..whole.gas_used {
            let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
            block.prologue(&self.info(), &self.readings, TIMER_GAS);
            let before = self.calls.len() - 1;
            for (tx, call) in &self.calls[..before] {
                block.execute(tx, call);
            }
            let short = TxContext {
                gas_limit: limit,
                ..tx.clone()
            };
            let first = block.execute(&short, &call);
            assert_eq!((&*first.name, first.gas_used), ("GAS", limit));
            assert!(steps <= first.steps && first.steps <= whole.steps);
            assert!(first.changes.is_empty() && first.events.is_empty());
            steps = first.steps;
            // As if it had never been there; and the replay agrees.
            assert_eq!(block.execute(&short, &call), first);
            assert_eq!(block.execute(&tx, &call), *whole);
            self.limits = self.limits.map(|count| count + 1);
        }
    }

    fn check(&self, line: &str, call: &Call, query: bool, outcome: &Outcome, expected: &[String]) {
        let module = &self.modules[&call.contract];
        if outcome.status == Status::Failed {
            let name = &outcome.name;
            assert_eq!(
                Some(&**name),
                expected.first().map(String::as_str),
                "{line}: failed with {name} at {:?}",
                outcome.site
            );
            let declared = module.errors.iter().find(|error| error.name == *name);
            if let Some(error) = declared {
                let details = encode(module, &error.details, &expected[1..]);
                assert_eq!(outcome.result, details, "{line}: details");
            }
            return;
        }
        let entries = if query {
            &module.queries
        } else {
            &module.entries
        };
        let entry = entries
            .iter()
            .find(|entry| entry.id == call.entry)
            .expect("it ran");
        let result = module.functions[entry.function as usize].result;
        let types: &[TypeId] = if result == 0xFFFF { &[] } else { &[result] };
        if types.is_empty() {
            assert_eq!(expected, ["ok"], "{line}: succeeded without a result");
            return;
        }
        assert!(
            !expected[0].starts_with(|c: char| c.is_ascii_uppercase()),
            "{line}: succeeded"
        );
        assert_eq!(
            outcome.result,
            encode(module, types, expected),
            "{line}: result"
        );
    }

    fn event(&mut self, line: &str, words: &[String]) {
        assert!(!self.events.is_empty(), "{line}: no event left");
        let event = self.events.remove(0);
        let module = &self.modules[&event.contract];
        let declared = module
            .events
            .iter()
            .find(|known| known.id == event.id)
            .expect("declared");
        assert_eq!(declared.name, words[1], "{line}");
        let open = words.iter().position(|word| word == "{").expect("a record");
        let addressees: Vec<_> = words[2..open]
            .iter()
            .map(|word| compartment(word))
            .collect();
        assert_eq!(event.addressees, addressees, "{line}");
        assert_eq!(
            event.bytes,
            encode(module, &[declared.record], &words[open..]),
            "{line}"
        );
    }
}

fn encode(module: &Module, types: &[TypeId], words: &[String]) -> Vec<u8> {
    let mut rest = words;
    let mut bytes = Vec::new();
    types
        .iter()
        .for_each(|ty| literal::encode(&module.types, *ty, &mut rest, &mut bytes));
    assert!(rest.is_empty(), "literals left over: {rest:?}");
    bytes
}
