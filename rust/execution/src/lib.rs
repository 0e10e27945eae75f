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
mod trap;
mod types;
mod value;
mod verify;
mod wide;

pub use block::BlockExecutor;
pub use codec::{Decoder, encode as encode_value};
pub use context::{Call, Event, Outcome, Signer, Site, Status, TxContext, Visibility};
pub use contracts::Contracts;
pub use execute::{execute_call, run_query};
pub use journal::Overlay;
pub use ledger::{AtHeight, MemoryLedger};
pub use module::{
    Conserved, EntryDecl, ErrorDecl, EventDecl, ExportDecl, FunctionDecl, ImportDecl, Mark, Module,
    Rule, TableDecl,
};
pub use reader::Malformed;
pub use trap::Trap;
pub use types::{Field, IntKind, Type, TypeId, Types};
pub use value::Value;
pub use verify::{Verified, VerifyError, verify};
