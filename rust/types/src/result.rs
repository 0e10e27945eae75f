//! Result bodies: what a block changed, sealed per compartment, and the
//! receipts, sealed to their senders. Every node stores them; nobody reads
//! what is not theirs (design §7).

use crate::codec::{Blob, List};
use crate::limits::{
    BLOCK_ITEMS_MAX, CHUNK_BYTES_MAX, CODE_BYTES_MAX, EVENT_BYTES_MAX, EVENTS_MAX,
    RECEIPT_BYTES_MAX, RECEIPT_RESULT_BYTES_MAX, TOUCHED_COMPARTMENTS_MAX,
};
use crate::{Alias, ConsensusTime, Digest, Height};
use crate::{wire_struct, wire_tag};

wire_tag! {
    /// How a transaction ended.
    pub enum ReceiptStatus {
        /// Its changes are in the state.
        Ok = 0,
        /// Nothing of it is, but for the used sequence.
        Failed = 1,
    }
}

wire_struct! {
    /// A sealed blob that its holder finds by tag.
    pub struct SealedChunk {
        /// PRF(compartment key, height and kind): random to everybody else.
        pub tag: [u8; 32],
        /// AES-256-GCM-SIV under KDF(compartment key, block digest, kind),
        /// padded to a size class.
        pub sealed: Blob<CHUNK_BYTES_MAX>,
    }

    /// The sealed receipt of the item with the same index in the block.
    pub struct SealedReceipt {
        /// AES-256-GCM-SIV under KDF(session, tx id), padded to a size class.
        /// Empty for control transactions, whose outcome is public.
        pub sealed: Blob<RECEIPT_BYTES_MAX>,
        /// Public outcome of a control transaction: zero or an error code.
        pub control_code: u16,
    }

    /// What executing one block leaves behind.
    pub struct ResultBody {
        /// The block's height.
        pub height: Height,
        /// One change chunk per touched compartment, in rising order of tag.
        pub changes: List<SealedChunk, TOUCHED_COMPARTMENTS_MAX>,
        /// One per item, in block order.
        pub receipts: List<SealedReceipt, BLOCK_ITEMS_MAX>,
        /// Event chunks per addressee compartment, in rising order of tag.
        pub events: List<SealedChunk, TOUCHED_COMPARTMENTS_MAX>,
    }

    /// An event as its addressee reads it.
    pub struct Event {
        /// The contract that emitted it.
        pub contract: crate::ContractId,
        /// Its type in that contract's ABI.
        pub kind: u16,
        /// Encoded by the ABI.
        pub data: Blob<EVENT_BYTES_MAX>,
    }

    /// The plaintext of a receipt.
    pub struct Receipt {
        /// The transaction.
        pub tx_id: Digest,
        /// Who sent it.
        pub sender: Alias,
        /// Its lane.
        pub lane: u16,
        /// Its sequence.
        pub sequence: u64,
        /// The block that carries it.
        pub height: Height,
        /// Its place in the block.
        pub index: u32,
        /// The block's time: the moment of finality on every node.
        pub block_time: ConsensusTime,
        /// How it ended.
        pub status: ReceiptStatus,
        /// `OK`, or the code of the failure, upper snake (UTF-8).
        pub code: Blob<CODE_BYTES_MAX>,
        /// The gas it burnt.
        pub gas_used: u64,
        /// The interpreter's steps, equal on every executor.
        pub steps: u64,
        /// What the entry point returned, or the details of the failure,
        /// encoded by the contract's ABI.
        pub result: Blob<RECEIPT_RESULT_BYTES_MAX>,
        /// Events that concern the sender.
        pub events: List<Event, EVENTS_MAX>,
    }
}
