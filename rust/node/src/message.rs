//! What validators say to one another, one frame each. Consensus and bulk
//! travel on separate links, so that a block body never delays a vote.

use daicho_agreement::Message;
use daicho_types::block::ResultVote;
use daicho_types::codec::{Blob, List};
use daicho_types::gateway::{Reply, Request};
use daicho_types::limits::{BLOCK_ITEMS_MAX, ITEM_BYTES_MAX};
use daicho_types::{Digest, Height};
use daicho_types::{wire_enum, wire_struct};

/// Which of the two links between a pair of nodes a frame takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// Votes and what they are about.
    Consensus,
    /// Items, blocks, results.
    Bulk,
}

wire_struct! {
    /// Where a node stands; sent when a link comes up and while idle.
    pub struct Standing {
        /// The last height it has committed.
        pub committed: Height,
        /// The height of its newest result certificate.
        pub certified: Height,
    }
}

wire_enum! {
    /// A frame between nodes.
    pub enum PeerMessage {
        /// PBFT.
        1 => Agreement(Message),
        /// Items new to the sender, never one by one under load.
        2 => Items(List<Blob<ITEM_BYTES_MAX>, BLOCK_ITEMS_MAX>),
        /// Bodies wanted, by witness id.
        3 => Want(List<Digest, BLOCK_ITEMS_MAX>),
        /// A result, signed by the sender's executor or passed on.
        4 => Result(ResultVote),
        /// Where the sender stands.
        5 => Standing(Standing),
        /// A request for blocks or results.
        6 => Ask(Request),
        /// Its answer.
        7 => Say(Reply),
    }
}

impl PeerMessage {
    /// The link it travels on.
    #[must_use]
    pub fn link(&self) -> Link {
        match self {
            Self::Agreement(_) | Self::Result(_) | Self::Standing(_) => Link::Consensus,
            Self::Items(_) | Self::Want(_) | Self::Ask(_) | Self::Say(_) => Link::Bulk,
        }
    }

    /// The name its bytes are counted under.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agreement(message) => message.kind(),
            Self::Items(_) => "items",
            Self::Want(_) => "want",
            Self::Result(_) => "result_vote",
            Self::Standing(_) => "standing",
            Self::Ask(_) => "ask",
            Self::Say(_) => "say",
        }
    }
}
