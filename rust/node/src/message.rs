//! What nodes say to one another, one frame each. Consensus and bulk travel on
//! separate links, so that a block body never delays a vote.

use daicho_agreement::{Message, Proposal};
use daicho_types::block::ResultVote;
use daicho_types::codec::{Blob, List};
use daicho_types::gateway::{Reply, Request};
use daicho_types::limits::{BLOCK_ITEMS_MAX, ITEM_BYTES_MAX};
use daicho_types::{Digest, Height};
use daicho_types::{wire_enum, wire_struct};

/// Encoded items, never one by one under load.
pub type Items = List<Blob<ITEM_BYTES_MAX>, BLOCK_ITEMS_MAX>;

/// Which of the two links between a pair of nodes a frame takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// Votes and what they are about.
    Consensus,
    /// Items, blocks, results.
    Bulk,
}

wire_struct! {
    /// How far a node has certified results; told while idle and on progress.
    pub struct Standing {
        /// The height of its newest result certificate.
        pub certified: Height,
    }

    /// Bodies of a proposal that are wanted.
    pub struct Wanted {
        /// Digest of the proposal's header.
        pub block: Digest,
        /// Witness ids.
        pub witness_ids: List<Digest, BLOCK_ITEMS_MAX>,
    }

    /// Bodies of a proposal that were wanted.
    pub struct Bodies {
        /// Digest of the proposal's header.
        pub block: Digest,
        /// Those at hand.
        pub items: Items,
    }
}

wire_enum! {
    /// A frame between nodes.
    pub enum PeerMessage {
        /// PBFT.
        1 => Agreement(Message),
        /// Items new to the sender.
        2 => Items(Items),
        /// Bodies are wanted.
        3 => Want(Wanted),
        /// Bodies that were wanted.
        4 => Bodies(Bodies),
        /// A proposal is wanted, by the digest of its header.
        5 => WantProposal(Digest),
        /// A proposal that was wanted.
        6 => Proposal(Proposal),
        /// A result, signed by the sender's executor or passed on.
        7 => Result(ResultVote),
        /// How far the sender has certified.
        8 => Standing(Standing),
        /// A request for committed blocks or results.
        9 => Ask(Request),
        /// Its answer.
        10 => Say(Reply),
    }
}

impl PeerMessage {
    /// The link it travels on.
    #[must_use]
    pub fn link(&self) -> Link {
        match self {
            Self::Agreement(_) | Self::Result(_) | Self::Standing(_) => Link::Consensus,
            _ => Link::Bulk,
        }
    }

    /// The name its bytes are counted under.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agreement(message) => message.kind(),
            Self::Items(_) => "items",
            Self::Want(_) => "want",
            Self::Bodies(_) => "bodies",
            Self::WantProposal(_) => "want_proposal",
            Self::Proposal(_) => "proposal",
            Self::Result(_) => "result_vote",
            Self::Standing(_) => "standing",
            Self::Ask(_) => "ask",
            Self::Say(_) => "say",
        }
    }
}
