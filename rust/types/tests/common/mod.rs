//! A value of every wire type from a seed: the source of both the frozen
//! samples and the random ones.
#![allow(dead_code, reason = "each test binary uses its part")]

use daicho_types::block::*;
use daicho_types::codec::{Blob, List};
use daicho_types::control::*;
use daicho_types::envelope::*;
use daicho_types::gateway::*;
use daicho_types::genesis::*;
use daicho_types::ipc::{
    Answer, Executed, FromExecutor, Halt, Hello, Past, PastBlock, Question as IpcQuestion,
    ToExecutor,
};
use daicho_types::result::*;
use daicho_types::trace::*;
use daicho_types::*;

/// A stream of numbers that is the same on every machine (SplitMix64).
pub struct Source(pub u64);

impl Source {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

/// A value drawn from a source.
pub trait Sample: Sized {
    fn sample(source: &mut Source) -> Self;
}

macro_rules! integers {
    ($($name:ty),*) => {$(
        impl Sample for $name {
            #[allow(clippy::cast_possible_truncation, reason = "any value will do")]
            fn sample(source: &mut Source) -> Self {
                source.next() as $name
            }
        }
    )*};
}
integers!(u8, u16, u32, u64);

impl Sample for bool {
    fn sample(source: &mut Source) -> Self {
        source.below(2) == 1
    }
}

impl Sample for () {
    fn sample(_: &mut Source) -> Self {}
}

impl<const N: usize> Sample for [u8; N] {
    fn sample(source: &mut Source) -> Self {
        core::array::from_fn(|_| u8::sample(source))
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(source: &mut Source) -> Self {
        bool::sample(source).then(|| T::sample(source))
    }
}

impl<T: Sample, const MAX: usize> Sample for List<T, MAX> {
    fn sample(source: &mut Source) -> Self {
        let count = source.below(4).min(MAX);
        Self::new((0..count).map(|_| T::sample(source)).collect()).unwrap()
    }
}

impl<const MAX: usize> Sample for Blob<MAX> {
    fn sample(source: &mut Source) -> Self {
        let count = source.below(24).min(MAX);
        Self::new((0..count).map(|_| u8::sample(source)).collect()).unwrap()
    }
}

macro_rules! newtypes {
    ($($name:ident),* $(,)?) => {$(
        impl Sample for $name {
            fn sample(source: &mut Source) -> Self {
                Self(Sample::sample(source))
            }
        }
    )*};
}

newtypes!(
    Digest,
    PublicKey,
    Signature,
    AgreementKey,
    Alias,
    PartyId,
    ReplicaId,
    View,
    Epoch,
    ContractId,
    ConsensusTime,
    Height,
);

macro_rules! tags {
    ($($name:ident { $($variant:ident),* })*) => {$(
        impl Sample for $name {
            fn sample(source: &mut Source) -> Self {
                let all = [$(Self::$variant),*];
                all[source.below(all.len())]
            }
        }
    )*};
}

tags! {
    ReceiptStatus { Ok, Failed }
    GasClass { Small, Medium, Large }
    Wait { Admitted, Ordered, Final }
    ClockMode { System, Steered }
    Purpose { Test, Production }
    LeaderPolicy { Sticky, RoundRobin }
}

macro_rules! enums {
    ($($name:ident { $($variant:ident),* })*) => {$(
        impl Sample for $name {
            fn sample(source: &mut Source) -> Self {
                let all: &[fn(&mut Source) -> Self] =
                    &[$(|source| Self::$variant(Sample::sample(source))),*];
                let chosen = source.below(all.len());
                all[chosen](source)
            }
        }
    )*};
}

enums! {
    Command { Admit, Revoke, Deploy, SteerTime }
    AsOf { Latest, Height, Time }
    Question { Contract, CompartmentKeys, Rows, Row, Trace }
    Item { Sealed, Control }
    Ask { Submit, Query, Receipt, Status, Blocks, Results }
    Say { Admitted, Refused, Receipts, Answer, Status, Blocks, Results }
    ToExecutor { Block, Certified, Question, Past }
    FromExecutor { Hello, Credit, Executed, Answer, Halted, Fetch }
}

macro_rules! structs {
    ($($name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Sample for $name {
            fn sample(source: &mut Source) -> Self {
                $(let $field = Sample::sample(source);)*
                Self { $($field),* }
            }
        }
    )*};
}

structs! {
    FeedReading { feed, slot, value, signature }
    BlockHeader {
        protocol, height, parent, time, feeds, result, witness_root, items, control, validators,
    }
    CertificateSignature { replica, signature }
    CommitCertificate { view, height, block, signatures }
    ResultStatement {
        height, block, state_root, receipts_root, events_root, body, next_wakeup,
        execution_version,
    }
    ResultVote { statement, replica, signature }
    ResultCertificate { statement, signatures }
    CommittedBlock { header, items, certificate }
    Deploy { contract, name, artefact }
    EnvelopeHeader {
        version, chain, suite, epoch, sender, lane, sequence, expiry, gas_class, size_class, salt,
        enc,
    }
    Envelope { header, body, signature }
    CoSignature { alias, signature }
    Call { contract, entry, arguments, cosignatures }
    Approval { alias, signature }
    ControlTx {
        version, chain, sender, lane, sequence, expiry, command, approvals, signature,
    }
    SealedQuery { chain, epoch, sender, nonce, expiry, enc, body, signature }
    ContractQuestion { contract, query, arguments, at }
    RowsQuestion { compartment, lo, hi, at }
    RowQuestion { compartment, key, at }
    HeldKey { compartment, key }
    QueryAnswer { height, time, state_root, code, gas_used, result }
    Submit { wait, items }
    Range { from, count }
    Request { id, ask }
    Reply { id, say }
    Refusal { tx_id, code, retry, message }
    MerklePath { index, leaves, siblings }
    ReceiptEntry { tx_id, witness_id, witness_path, receipt, receipt_path }
    Receipts { header, commit, result, entries }
    CertifiedResult { certificate, body }
    GenesisNode { name, party, vote_key, curve_key, validates, leader_eligible, executor }
    GenesisExecutor { result_key, hpke_key, wrapped_secret }
    PartyRecord { alias, party, key, roles, read_only, curve_key, certificate }
    Parameters {
        leader_policy, window_heights, checkpoint_heights, result_window_heights, block_items_max,
        block_bytes_max, block_interval_us, idle_block_us, time_bound_us, time_bound_max_us,
        view_timeout_us, view_timeout_max_us,
    }
    Genesis {
        name, purpose, clock, time, parameters, nodes, parties, approvers, approvals_needed,
        epoch_key,
    }
    Hello { executed, block, state_root, credits, sandbox }
    Executed { vote, body }
    IpcQuestion { id, query }
    Answer { id, code, sealed }
    PastBlock { block, result }
    Past { height, kept }
    Halt { height, code, reason }
    TraceQuestion { tx_id, height }
    TracedContract { contract, code, name, file }
    TracedFunction { contract, name }
    TracedPlace { function, line }
    TracedLine { place, gas }
    WholeTrace { gas_used, gas_before, steps, result, events, lines, cut }
    Trace { index, status, code, failed_at, contracts, functions, whole }
    SealedChunk { tag, sealed }
    SealedReceipt { sealed, control_code }
    ResultBody { height, changes, receipts, events }
    Event { contract, kind, data }
    Receipt {
        tx_id, sender, lane, sequence, height, index, block_time, status, code, gas_used, steps,
        result, events,
    }
}

/// Calls a macro with every wire type: `name => type;`.
#[macro_export]
macro_rules! every_wire_type {
    ($call:ident) => {
        $call! {
            "block::FeedReading" => daicho_types::block::FeedReading;
            "block::BlockHeader" => daicho_types::block::BlockHeader;
            "block::CertificateSignature" => daicho_types::block::CertificateSignature;
            "block::CommitCertificate" => daicho_types::block::CommitCertificate;
            "block::ResultStatement" => daicho_types::block::ResultStatement;
            "block::ResultVote" => daicho_types::block::ResultVote;
            "block::ResultCertificate" => daicho_types::block::ResultCertificate;
            "block::CommittedBlock" => daicho_types::block::CommittedBlock;
            "control::Deploy" => daicho_types::control::Deploy;
            "control::Command" => daicho_types::control::Command;
            "envelope::GasClass" => daicho_types::envelope::GasClass;
            "envelope::EnvelopeHeader" => daicho_types::envelope::EnvelopeHeader;
            "envelope::Envelope" => daicho_types::envelope::Envelope;
            "envelope::CoSignature" => daicho_types::envelope::CoSignature;
            "envelope::Call" => daicho_types::envelope::Call;
            "envelope::Approval" => daicho_types::envelope::Approval;
            "envelope::ControlTx" => daicho_types::envelope::ControlTx;
            "envelope::SealedQuery" => daicho_types::envelope::SealedQuery;
            "envelope::ContractQuestion" => daicho_types::envelope::ContractQuestion;
            "envelope::RowsQuestion" => daicho_types::envelope::RowsQuestion;
            "envelope::RowQuestion" => daicho_types::envelope::RowQuestion;
            "envelope::HeldKey" => daicho_types::envelope::HeldKey;
            "envelope::QueryAnswer" => daicho_types::envelope::QueryAnswer;
            "envelope::AsOf" => daicho_types::envelope::AsOf;
            "envelope::Question" => daicho_types::envelope::Question;
            "envelope::Item" => daicho_types::envelope::Item;
            "gateway::Wait" => daicho_types::gateway::Wait;
            "gateway::Submit" => daicho_types::gateway::Submit;
            "gateway::Range" => daicho_types::gateway::Range;
            "gateway::Request" => daicho_types::gateway::Request;
            "gateway::Reply" => daicho_types::gateway::Reply;
            "gateway::Refusal" => daicho_types::gateway::Refusal;
            "gateway::MerklePath" => daicho_types::gateway::MerklePath;
            "gateway::ReceiptEntry" => daicho_types::gateway::ReceiptEntry;
            "gateway::Receipts" => daicho_types::gateway::Receipts;
            "gateway::CertifiedResult" => daicho_types::gateway::CertifiedResult;
            "gateway::Ask" => daicho_types::gateway::Ask;
            "gateway::Say" => daicho_types::gateway::Say;
            "genesis::ClockMode" => daicho_types::genesis::ClockMode;
            "genesis::Purpose" => daicho_types::genesis::Purpose;
            "genesis::LeaderPolicy" => daicho_types::genesis::LeaderPolicy;
            "genesis::GenesisNode" => daicho_types::genesis::GenesisNode;
            "genesis::GenesisExecutor" => daicho_types::genesis::GenesisExecutor;
            "genesis::PartyRecord" => daicho_types::genesis::PartyRecord;
            "genesis::Parameters" => daicho_types::genesis::Parameters;
            "genesis::Genesis" => daicho_types::genesis::Genesis;
            "ipc::Hello" => daicho_types::ipc::Hello;
            "ipc::Executed" => daicho_types::ipc::Executed;
            "ipc::Question" => daicho_types::ipc::Question;
            "ipc::Answer" => daicho_types::ipc::Answer;
            "ipc::PastBlock" => daicho_types::ipc::PastBlock;
            "ipc::Past" => daicho_types::ipc::Past;
            "ipc::Halt" => daicho_types::ipc::Halt;
            "ipc::ToExecutor" => daicho_types::ipc::ToExecutor;
            "ipc::FromExecutor" => daicho_types::ipc::FromExecutor;
            "result::ReceiptStatus" => daicho_types::result::ReceiptStatus;
            "result::SealedChunk" => daicho_types::result::SealedChunk;
            "result::SealedReceipt" => daicho_types::result::SealedReceipt;
            "result::ResultBody" => daicho_types::result::ResultBody;
            "result::Event" => daicho_types::result::Event;
            "result::Receipt" => daicho_types::result::Receipt;
            "trace::TraceQuestion" => daicho_types::trace::TraceQuestion;
            "trace::TracedContract" => daicho_types::trace::TracedContract;
            "trace::TracedFunction" => daicho_types::trace::TracedFunction;
            "trace::TracedPlace" => daicho_types::trace::TracedPlace;
            "trace::TracedLine" => daicho_types::trace::TracedLine;
            "trace::WholeTrace" => daicho_types::trace::WholeTrace;
            "trace::Trace" => daicho_types::trace::Trace;
        }
    };
}
