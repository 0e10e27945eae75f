//! What goes into a step and what comes out of it.

use daicho_agreement::Evidence;
use daicho_crypto::SigningKey;
use daicho_log::Write;
use daicho_types::gateway::Reply;
use daicho_types::ipc::{FromExecutor, ToExecutor};
use daicho_types::{Height, Monotonic, ReplicaId, WallClock};

use crate::clients::Route;
use crate::event::Event;
use crate::message::Link;

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For time-outs.
    pub monotonic: Monotonic,
    /// For stamping and judging proposals.
    pub wall: WallClock,
}

/// Which node this is, and its vote key.
#[derive(Debug)]
pub struct Identity {
    /// Its place in the genesis.
    pub replica: ReplicaId,
    /// Signs votes; `None` once handed to the ordering half.
    pub key: Option<SigningKey>,
    /// A number that no earlier start of this node used.
    pub boot: u64,
}

/// One thing that happened.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // lives for one step
pub enum Input {
    /// A frame from another node of the mesh.
    Peer {
        /// Who the link proves it is from.
        from: ReplicaId,
        /// An encoded [`PeerMessage`].
        bytes: Vec<u8>,
    },
    /// A frame from the gateway socket.
    Client {
        /// Whom to answer.
        route: Route,
        /// An encoded [`Request`].
        bytes: Vec<u8>,
    },
    /// The executor said something.
    Executor(FromExecutor),
    /// The executor's process is gone.
    ExecutorGone,
    /// It died at this height too often and is not started again.
    ExecutorGivenUp(Height),
}

/// What a step asks of its caller, in this order.
#[derive(Debug, Default)]
pub struct Output {
    /// First: make these durable. If that fails, end the process.
    pub writes: Vec<Write>,
    /// Certified results to write; they can be fetched again, so that their
    /// sync may be put off.
    pub results: Vec<Write>,
    /// Then: send these to nodes.
    pub to_peers: Vec<(ReplicaId, Link, Vec<u8>)>,
    /// And these to clients.
    pub to_clients: Vec<(Route, Reply)>,
    /// And these to the executor.
    pub to_executor: Vec<ToExecutor>,
    /// And these to the log file.
    pub events: Vec<Event>,
    /// Signed proof against nodes, for the evidence folder.
    pub evidence: Vec<Evidence>,
    /// Step again by then.
    pub next_timer: Option<Monotonic>,
}
