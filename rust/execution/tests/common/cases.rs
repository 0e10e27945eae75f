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
//! ```

use std::collections::{BTreeMap, BTreeSet};

use daicho_execution::{
    BlockExecutor, Call, Contracts, Event, MemoryLedger, Module, Outcome, Signer, Status,
    TxContext, TypeId, Visibility, run_query,
};
use daicho_types::ledger::Compartment;
use daicho_types::{ConsensusTime, roles};

use super::{asm, literal};

struct Runner {
    contracts: Contracts,
    modules: BTreeMap<u32, Module>,
    ledger: MemoryLedger,
    time: ConsensusTime,
    calls: Vec<(TxContext, Call)>,
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
            other => panic!("unknown step {other}"),
        }
    }

    fn close(&mut self, next: ConsensusTime) {
        let (_, changes) = self.replay();
        self.digest.update(format!("{changes:?}").as_bytes());
        self.ledger.commit(self.time, &changes);
        self.calls.clear();
        self.time = next;
    }

    /// Executes the open block from its start: every step is a replay too.
    fn replay(&self) -> (Vec<Outcome>, Vec<daicho_types::ledger::Change>) {
        let mut block = BlockExecutor::new(&self.contracts, &self.ledger);
        let outcomes = self
            .calls
            .iter()
            .map(|(tx, call)| block.execute(tx, call))
            .collect();
        (outcomes, block.finish())
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
        self.events = outcome.events;
    }

    fn check(&self, line: &str, call: &Call, query: bool, outcome: &Outcome, expected: &[String]) {
        let module = &self.modules[&call.contract];
        if outcome.status == Status::Failed {
            let name = &outcome.name;
            assert_eq!(
                Some(name),
                expected.first(),
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
