//! Contract execution: decode an artefact, verify it, run its calls. Pure: state
//! comes in through [`daicho_types::ledger::StateView`], changes go out as data,
//! and nothing here reads a clock, a file or a random source.
//!
//! The way of a call, in the order of the modules: [`Module::decode`] reads the
//! declarations, [`verify`] checks the code and flattens it, [`Contracts`] holds
//! what is deployed, [`execute_call`] and [`run_query`] run one call on the
//! machine, [`BlockExecutor`] runs a block's calls in order.
//!
//! The format, the instructions, their prices and their traps are specified in
//! `docs/bytecode.md`; where this crate and that page differ, one has a defect.
#![forbid(unsafe_code)]

mod block;
mod calendar;
mod codec;
mod context;
mod contracts;
mod execute;
mod fault;
pub mod gas;
mod journal;
mod key;
mod ledger;
pub mod limits;
mod machine;
mod module;
mod num;
mod op;
mod reader;
mod reserved;
mod sections;
mod trap;
mod types;
mod upgrade;
mod value;
mod verify;
mod watch;
mod wide;

pub use block::{BlockExecutor, BlockInfo, TIMER_GAS, TimerOutcome};
pub use codec::{Decoder, encode as encode_value};
pub use context::{Call, Event, Outcome, Signer, Site, Status, TxContext, Visibility};
pub use contracts::Contracts;
pub use execute::{execute_call, run_query, run_query_watched};
#[cfg(feature = "faults")]
pub use fault::{FAULTS, Fault, plant};
pub use journal::Overlay;
pub use ledger::{AtHeight, MemoryLedger};
pub use module::{
    Conserved, EntryDecl, ErrorDecl, EventDecl, ExportDecl, FunctionDecl, ImportDecl, Mark, Module,
    Rule, TableDecl,
};
pub use reader::Malformed;
pub use reserved::{
    CONTRACT as RESERVED_CONTRACT, Reading, Timer, TimerId, code_key, contract_party, feed_key,
    timer_key,
};
pub use sections::{Access, AccessDecl, GasClass, IndexDecl, ScheduledDecl, Source};
pub use trap::Trap;
pub use types::{Field, IntKind, Type, TypeId, Types};
pub use upgrade::upgrade_problems;
pub use value::Value;
pub use verify::{Verified, VerifyError, verify};
pub use watch::{Line, Visit, Watch};
