//! The fuzzing loop over decoder, verifier and machine: arbitrary bytes, arbitrary
//! sections, and artefacts of the transcripts damaged anywhere or in their code
//! alone. Each round either is refused or runs, and then: no panic, no INTERNAL,
//! two runs alike in every figure, gas within its limit, a verifier within its
//! meter. A round depends on its number alone.

use daicho_execution::limits::VERIFY_UNITS_PER_BYTE;
use daicho_execution::{
    BlockExecutor, BlockInfo, Call, Contracts, MemoryLedger, Module, Reading, Signer, Status,
    TIMER_GAS, TxContext, Type, TypeId, Verified, Visibility, Watch, run_query, verify,
};
use daicho_types::{ConsensusTime, Height};

use super::{Random, asm};

/// Gas of each call: enough to get anywhere in the samples.
const GAS: u64 = 60_000;

/// What the rounds so far came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rounds.
    pub rounds: u64,
    /// Inputs whose declarations were sound.
    pub decoded: u64,
    /// Inputs that the verifier accepted.
    pub verified: u64,
    /// Calls that ran.
    pub calls: u64,
    /// Calls that came to a good end.
    pub ok: u64,
}

/// Sound artefacts to start from, and the counts.
pub struct Fuzz {
    samples: Vec<Vec<u8>>,
    /// What came of the rounds.
    pub counts: Counts,
}

impl Fuzz {
    /// Starts with the contracts of the transcripts.
    pub fn new() -> Self {
        let cases = [
            include_str!("../cases/control.case"),
            include_str!("../cases/numbers.case"),
            include_str!("../cases/text.case"),
            include_str!("../cases/data.case"),
            include_str!("../cases/tables.case"),
            include_str!("../cases/conservation.case"),
            include_str!("../cases/authority.case"),
            include_str!("../cases/indexes.case"),
            include_str!("../cases/outside.case"),
        ];
        let mut samples: Vec<_> = cases.iter().flat_map(|case| contracts_of(case)).collect();
        samples.extend(contracts_of(include_str!("../cases/savepoints.case")));
        Self {
            samples,
            counts: Counts::default(),
        }
    }

    /// One input, made of the round's number.
    pub fn round(&mut self, number: u64) {
        self.counts.rounds += 1;
        let mut random = Random((number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let sample = &self.samples[random.below(self.samples.len())];
        let bytes = match random.below(16) {
            0 => arbitrary(&mut random),
            1 => sections(&mut random),
            2..7 => damaged(sample, 0..sample.len(), &mut random),
            _ => {
                let code = code_of(sample, &mut random);
                damaged(sample, code, &mut random)
            }
        };
        let Ok(module) = Module::decode(&bytes) else {
            return;
        };
        self.counts.decoded += 1;
        let Ok(verified) = verify(&module) else {
            return;
        };
        assert!(verified.units() <= VERIFY_UNITS_PER_BYTE * bytes.len() as u64);
        self.counts.verified += 1;
        self.run(verified, &mut random);
    }

    fn run(&mut self, verified: Verified, random: &mut Random) {
        let module = verified.module().clone();
        let mut contracts = Contracts::new();
        contracts.insert(1, verified);
        let calls: Vec<Call> = module
            .entries
            .iter()
            .map(|entry| Call {
                contract: 1,
                entry: entry.id,
                arguments: arguments(&module, entry.function, random),
            })
            .collect();
        let once = |watched: bool| {
            let ledger = MemoryLedger::new(ConsensusTime(0));
            blocks(&contracts, ledger, &calls, watched)
        };
        let (outcomes, ledger) = once(false);
        let (again, _) = once(false);
        assert_eq!(outcomes, again, "two runs agree in every figure");
        let (watched, _) = once(true);
        assert_eq!(outcomes, watched, "a watch changes nothing");
        for outcome in &outcomes {
            assert_ne!(outcome.name, "INTERNAL", "at {:?}", outcome.site);
            assert!(
                outcome.gas_used <= outcome_limit(),
                "gas stays within its limit"
            );
            self.counts.calls += 1;
            self.counts.ok += u64::from(outcome.status == Status::Ok);
        }
        for query in &module.queries {
            let call = Call {
                contract: 1,
                entry: query.id,
                arguments: arguments(&module, query.function, random),
            };
            let outcome = run_query(&contracts, &ledger, &context(2), &Visibility::All, &call);
            assert_ne!(outcome.name, "INTERNAL", "at {:?}", outcome.site);
            self.counts.calls += 1;
        }
    }
}

impl Default for Fuzz {
    fn default() -> Self {
        Self::new()
    }
}

/// The greatest limit of anything that runs: a timer of class L.
fn outcome_limit() -> u64 {
    daicho_types::limits::GAS_LIMIT_LARGE
}

type Outcomes = Vec<daicho_execution::Outcome>;

/// Two blocks: the calls, and the timers that they have set.
fn blocks(
    contracts: &Contracts,
    mut ledger: MemoryLedger,
    calls: &[Call],
    watched: bool,
) -> (Outcomes, MemoryLedger) {
    let mut outcomes = Vec::new();
    for height in 1..=2_u64 {
        let mut block = BlockExecutor::new(contracts, &ledger);
        if watched {
            block.watch(Watch::default());
        }
        let info = BlockInfo {
            height: Height(height),
            time: ConsensusTime(height * 1_000),
            seed: [5; 32],
        };
        let reading = Reading {
            feed: 3,
            slot: height,
            time: info.time,
            bytes: vec![1; 16],
        };
        let timers = block.prologue(&info, &[reading], TIMER_GAS);
        outcomes.extend(timers.into_iter().map(|timer| timer.outcome));
        if height == 1 {
            let tx = context(height);
            outcomes.extend(calls.iter().map(|call| block.execute(&tx, call)));
            outcomes.extend(block.migrate(&info, 1));
        }
        let changes = block.finish();
        ledger.commit(info.time, &changes);
    }
    (outcomes, ledger)
}

fn context(height: u64) -> TxContext {
    TxContext {
        sender: Signer {
            party: *b"a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            roles: u32::MAX,
        },
        alias: [1; 16],
        tx_id: [2; 32],
        cosigners: Vec::new(),
        lane: 0,
        sequence: 1,
        height: Height(height),
        time: ConsensusTime(height * 1_000),
        seed: [5; 32],
        gas_limit: GAS,
    }
}

/// Argument bytes: mostly of the function's types, at times anything.
fn arguments(module: &Module, function: u16, random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    if random.below(8) == 0 {
        return (0..random.below(90))
            .map(|_| random.below(4) as u8)
            .collect();
    }
    for ty in &module.functions[usize::from(function)].params {
        value(module, *ty, random, &mut out);
    }
    out
}

/// Canonical bytes of a small value of a type.
fn value(module: &Module, ty: TypeId, random: &mut Random, out: &mut Vec<u8>) {
    let small = random.below(6) as u8;
    let mut fixed = |width: usize| {
        out.push(small);
        out.resize(out.len() + width - 1, 0);
    };
    match module.types.get(ty).expect("a parameter has a type") {
        Type::Bool => out.push(small % 2),
        Type::Int(kind) => fixed(kind.bits() as usize / 8),
        Type::Decimal { .. } => fixed(16),
        Type::Account | Type::Party => {
            out.push(b'a');
            out.resize(out.len() + 15, 0);
        }
        Type::Hash => fixed(32),
        Type::Date => fixed(4),
        Type::Timestamp | Type::Duration => fixed(8),
        Type::Enum { .. } => out.extend([small % 2, 0]),
        Type::Str { .. } | Type::Bytes { .. } => {
            out.extend(u32::from(small % 4).to_le_bytes());
            out.extend(&b"abc"[..usize::from(small % 4)]);
        }
        Type::Record { fields, .. } => {
            fields
                .iter()
                .for_each(|field| value(module, field.ty, random, out));
        }
        Type::List { element, .. } => {
            out.extend(u32::from(small % 3).to_le_bytes());
            (0..small % 3).for_each(|_| value(module, *element, random, out));
        }
        Type::Map { .. } => out.extend([0; 4]),
        Type::Optional { inner } if small % 2 == 1 => {
            out.push(1);
            value(module, *inner, random, out);
        }
        Type::Optional { .. } => out.push(0),
    }
}

/// The artefacts of one transcript.
fn contracts_of(case: &str) -> Vec<Vec<u8>> {
    let (source, _) = case.split_once("\nscript\n").expect("a script");
    let parts = format!("\n{source}");
    let parts = parts.split("\ncontract ").skip(1);
    parts
        .map(|part| asm::assemble(part.split_once('\n').expect("the contract's id").1))
        .collect()
}

fn arbitrary(random: &mut Random) -> Vec<u8> {
    (0..random.below(200))
        .map(|_| random.next() as u8)
        .collect()
}

/// Arbitrary sections behind a good header.
fn sections(random: &mut Random) -> Vec<u8> {
    let mut section = || {
        let length = random.below(24);
        (0..length).map(|_| random.below(7) as u8).collect()
    };
    let sections: Vec<Vec<u8>> = (0..16).map(|_| section()).collect();
    asm::artefact(&sections)
}

/// Where the code of one function lies.
fn code_of(sample: &[u8], random: &mut Random) -> std::ops::Range<usize> {
    let module = Module::decode(sample).expect("samples are sound");
    let code = &module.functions[random.below(module.functions.len())].code;
    let at = sample.windows(code.len()).position(|window| window == code);
    let at = at.expect("the code is in the artefact");
    at..at + code.len()
}

/// Changes a few bytes inside a range.
fn damaged(sample: &[u8], within: std::ops::Range<usize>, random: &mut Random) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..=random.below(3) {
        let at = within.start + random.below(within.len());
        let Some(byte) = bytes.get_mut(at) else {
            continue;
        };
        match random.below(6) {
            0 => *byte ^= 1 << random.below(8),
            1 => *byte = random.next() as u8,
            2 => *byte = byte.wrapping_add(1),
            3 => *byte = byte.wrapping_sub(1),
            4 => {
                let from = (within.start + random.below(within.len())).min(bytes.len());
                let length = random.below(12).min(bytes.len() - at.max(from));
                bytes.copy_within(from..from + length, at);
            }
            _ if within.start == 0 => drop(bytes.remove(at)),
            _ => *byte = random.below(32) as u8,
        }
    }
    bytes
}
