//! Every query under way: who asked it, and which executor or node has it.

use std::collections::BTreeMap;

use daicho_types::envelope::SealedQuery;
use daicho_types::{Monotonic, ReplicaId};

use crate::clients::Route;

/// Queries that may wait for the executor at once: together with the blocks
/// and certificates under way, fewer than the way to it holds.
const HERE_MAX: usize = 2_048;
/// Of these, how many one other node may have passed on.
const OF_ONE_PEER_MAX: usize = 256;
/// Queries that may wait for other nodes at once.
pub(crate) const AWAY_MAX: usize = 2_048;
/// A node that has not answered by then is not waited for.
const PATIENCE_US: u64 = 2_000_000;

/// Who is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A connection of the gateway, and the number of its request.
    Client(Route, u64),
    /// A node that passed a client's query on.
    Peer(ReplicaId, u64),
}

/// A client's query that another node has.
#[derive(Debug)]
pub(crate) struct Away {
    pub route: Route,
    pub request: u64,
    pub query: SealedQuery,
    /// Nodes asked in vain.
    pub tried: Vec<ReplicaId>,
    pub asked: ReplicaId,
    pub since: Monotonic,
}

/// Every query under way.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    /// With this node's executor, by the number it was given.
    pub here: BTreeMap<u64, Asker>,
    /// With other nodes, by the number of the request.
    pub away: BTreeMap<u64, Away>,
    /// The node that answered last is asked first.
    pub answering: Option<ReplicaId>,
}

impl Questions {
    /// Whether one more of this asker's may wait for the executor here.
    pub fn room_here(&self, asker: &Asker) -> bool {
        let of_peer = |peer| {
            let same = |other: &&Asker| matches!(other, Asker::Peer(one, _) if one == peer);
            self.here.values().filter(same).count()
        };
        let fair = match asker {
            Asker::Client(..) => true,
            Asker::Peer(peer, _) => of_peer(peer) < OF_ONE_PEER_MAX,
        };
        fair && self.here.len() < HERE_MAX
    }
}

impl Away {
    /// When its node is not waited for any longer.
    pub fn due(&self) -> Monotonic {
        Monotonic(self.since.0 + PATIENCE_US)
    }
}
