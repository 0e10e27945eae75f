//! What clients and readers say to a node's gateway socket, one frame each.

use crate::block::{BlockHeader, CommitCertificate, CommittedBlock, ResultCertificate};
use crate::codec::{Blob, List};
use crate::envelope::SealedQuery;
use crate::limits::{
    ANSWER_BYTES_MAX, BLOCK_ITEMS_MAX, ITEM_BYTES_MAX, MERKLE_DEPTH_MAX, MESSAGE_BYTES_MAX,
    STATUS_BYTES_MAX, SUBMIT_ITEMS_MAX, SYNC_BLOCKS_MAX,
};
use crate::result::{ResultBody, SealedReceipt};
use crate::{Digest, Height};
use crate::{wire_enum, wire_struct, wire_tag};

wire_tag! {
    /// When a submission is answered, and by what.
    pub enum Wait {
        /// Checked and taken into the pool.
        Admitted = 1,
        /// In a committed block.
        Ordered = 2,
        /// Ordered, executed and certified: the only acknowledgement.
        Final = 3,
    }
}

wire_struct! {
    /// Transactions for ordering.
    pub struct Submit {
        /// When to answer each.
        pub wait: Wait,
        /// Encoded [`crate::envelope::Item`]s.
        pub items: List<Blob<ITEM_BYTES_MAX>, SUBMIT_ITEMS_MAX>,
    }

    /// A range of heights.
    pub struct Range {
        /// The first height wanted.
        pub from: Height,
        /// How many at the most; at most [`SYNC_BLOCKS_MAX`].
        pub count: u32,
    }

    /// A request with the number its answers carry.
    pub struct Request {
        /// Chosen by the client.
        pub id: u64,
        /// What is wanted.
        pub ask: Ask,
    }

    /// An answer to the request of the same number.
    pub struct Reply {
        /// The request's number.
        pub id: u64,
        /// The answer.
        pub say: Say,
    }

    /// A no of the gateway: nothing was ordered.
    pub struct Refusal {
        /// The transaction, or zero when the refusal is of something else.
        pub tx_id: Digest,
        /// A [`crate::codes::Code`] number.
        pub code: u16,
        /// Whether the same bytes may succeed later.
        pub retry: bool,
        /// One line for people, UTF-8.
        pub message: Blob<MESSAGE_BYTES_MAX>,
    }

    /// A Merkle path: the siblings from the leaf up.
    pub struct MerklePath {
        /// The leaf's place.
        pub index: u32,
        /// How many leaves the tree has.
        pub leaves: u32,
        /// Siblings.
        pub siblings: List<Digest, MERKLE_DEPTH_MAX>,
    }

    /// One transaction of a block, proved.
    pub struct ReceiptEntry {
        /// The transaction.
        pub tx_id: Digest,
        /// Its leaf in the block.
        pub witness_id: Digest,
        /// Proves the witness id against the header.
        pub witness_path: MerklePath,
        /// The sealed receipt, once executed.
        pub receipt: Option<SealedReceipt>,
        /// Proves the receipt against the result.
        pub receipt_path: Option<MerklePath>,
    }

    /// Transactions of one block and what makes them final.
    pub struct Receipts {
        /// The block's header.
        pub header: BlockHeader,
        /// The commit quorum.
        pub commit: CommitCertificate,
        /// The result quorum, once there is one.
        pub result: Option<ResultCertificate>,
        /// The client's transactions in this block.
        pub entries: List<ReceiptEntry, BLOCK_ITEMS_MAX>,
    }

    /// A certified result with its body.
    pub struct CertifiedResult {
        /// The result quorum.
        pub certificate: ResultCertificate,
        /// What it certifies.
        pub body: ResultBody,
    }
}

wire_enum! {
    /// What a client asks.
    pub enum Ask {
        /// Order these.
        1 => Submit(Submit),
        /// Answer this.
        2 => Query(SealedQuery),
        /// The receipt of a transaction.
        3 => Receipt(Digest),
        /// The node's status.
        4 => Status(()),
        /// Committed blocks.
        5 => Blocks(Range),
        /// Certified results.
        6 => Results(Range),
    }

    /// What a node answers.
    pub enum Say {
        /// The transaction is in the pool.
        1 => Admitted(Digest),
        /// A no.
        2 => Refused(Refusal),
        /// Ordered or final transactions.
        3 => Receipts(Receipts),
        /// A sealed answer to a query.
        4 => Answer(Blob<ANSWER_BYTES_MAX>),
        /// A JSON document.
        5 => Status(Blob<STATUS_BYTES_MAX>),
        /// Committed blocks in order.
        6 => Blocks(List<CommittedBlock, SYNC_BLOCKS_MAX>),
        /// Certified results in order.
        7 => Results(List<CertifiedResult, SYNC_BLOCKS_MAX>),
    }
}
