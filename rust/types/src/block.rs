//! Blocks and the certificates that make them final.

use crate::codec::{Blob, List};
use crate::limits::{BLOCK_ITEMS_MAX, FEED_VALUE_BYTES_MAX, FEEDS_MAX, NODES_MAX};
use crate::wire_struct;
use crate::{ConsensusTime, Digest, Height, ReplicaId, Signature, View};

/// The protocol version of block headers.
pub const PROTOCOL_VERSION: u16 = 1;

wire_struct! {
    /// One value of an outside feed, signed by the feed for one slot.
    pub struct FeedReading {
        /// The feed's number in the control state.
        pub feed: u16,
        /// The next unused slot of that feed.
        pub slot: u64,
        /// The value.
        pub value: Blob<FEED_VALUE_BYTES_MAX>,
        /// Of the feed's key.
        pub signature: Signature,
    }

    /// Block header v1. It names no view: a re-proposal is the same bytes.
    pub struct BlockHeader {
        /// [`PROTOCOL_VERSION`].
        pub protocol: u16,
        /// Its place in the chain.
        pub height: Height,
        /// Digest of the header before it; the chain id for height 1.
        pub parent: Digest,
        /// Injected by the leader, strictly increasing.
        pub time: ConsensusTime,
        /// The feeds' next readings.
        pub feeds: List<FeedReading, FEEDS_MAX>,
        /// The newest result certificate the leader holds; back-pressure:
        /// `height <= certified + RESULT_WINDOW`.
        pub result: Option<ResultCertificate>,
        /// Merkle root of the witness ids, in order.
        pub witness_root: Digest,
        /// How many items the block carries.
        pub items: u32,
        /// Digest of the control state after the parent.
        pub control: Digest,
        /// Digest of the validator set that votes on this block.
        pub validators: Digest,
    }

    /// One replica's signature inside a certificate.
    pub struct CertificateSignature {
        /// Who signed.
        pub replica: ReplicaId,
        /// Over the certificate's statement.
        pub signature: Signature,
    }

    /// A quorum said COMMIT: the block is decided for ever. Signatures are in
    /// rising order of replica and cover (chain, COMMIT, view, height, block).
    pub struct CommitCertificate {
        /// The view of the votes.
        pub view: View,
        /// The height decided.
        pub height: Height,
        /// Digest of the header decided.
        pub block: Digest,
        /// The votes.
        pub signatures: List<CertificateSignature, NODES_MAX>,
    }

    /// What executing a block came to, as each executor signs it.
    pub struct ResultStatement {
        /// The block executed.
        pub height: Height,
        /// Digest of its header.
        pub block: Digest,
        /// Root of the state after it.
        pub state_root: Digest,
        /// Merkle root of the sealed receipts.
        pub receipts_root: Digest,
        /// Merkle root of the sealed events.
        pub events_root: Digest,
        /// Digest of the [`ResultBody`].
        pub body: Digest,
        /// The next time a timer is due, zero when none is set.
        pub next_wakeup: ConsensusTime,
        /// The version of the execution rules.
        pub execution_version: u16,
    }

    /// One executor's signature on a result.
    pub struct ResultVote {
        /// What it computed.
        pub statement: ResultStatement,
        /// Who it is.
        pub replica: ReplicaId,
        /// Over (chain, RESULT, statement).
        pub signature: Signature,
    }

    /// A majority of the executors signed the same statement.
    pub struct ResultCertificate {
        /// The statement.
        pub statement: ResultStatement,
        /// In rising order of replica.
        pub signatures: List<CertificateSignature, NODES_MAX>,
    }

    /// A decided block with everything needed to check and execute it.
    pub struct CommittedBlock {
        /// The header.
        pub header: BlockHeader,
        /// Encoded [`crate::envelope::Item`]s, in the order of execution.
        pub items: List<Blob<{ crate::limits::ITEM_BYTES_MAX }>, BLOCK_ITEMS_MAX>,
        /// Why it is final.
        pub certificate: CommitCertificate,
    }
}
