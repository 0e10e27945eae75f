//! Types that every other crate shares: ids, clocks, limits, the codec, wire
//! formats and the registry of codes. No cryptography, no I/O, no policy.
#![forbid(unsafe_code)]

pub mod block;
mod clock;
pub mod codec;
pub mod codes;
pub mod control;
pub mod envelope;
pub mod gateway;
pub mod genesis;
mod ids;
pub mod ipc;
pub mod ledger;
pub mod limits;
pub mod result;
pub mod roles;
mod row_bytes;
mod row_key;
pub mod trace;

pub use clock::{ConsensusTime, Height, Monotonic, WallClock};
pub use codes::Code;
pub use ids::{
    AgreementKey, Alias, ChainId, ContractId, Digest, Epoch, PartyId, PublicKey, ReplicaId,
    Signature, View,
};
pub use row_bytes::RowBytes;
pub use row_key::RowKey;

wire_newtype!(ConsensusTime, Height);
