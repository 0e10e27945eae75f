//! A committed transaction against its source: what is asked, what is said to a
//! caller who holds every compartment that it touched, and what to its signers.

use crate::codec::{Blob, List};
use crate::limits::{
    ANSWER_RESULT_BYTES_MAX, CODE_BYTES_MAX, EVENT_BYTES_MAX, EVENTS_MAX, FILE_NAME_BYTES_MAX,
    NAME_BYTES_MAX, RECEIPT_RESULT_BYTES_MAX, TRACE_CONTRACTS_MAX, TRACE_FUNCTIONS_MAX,
    TRACE_LINES_MAX,
};
use crate::result::{Event, ReceiptStatus};
use crate::wire_struct;
use crate::{ContractId, Digest, Height};

/// Bytes of the longest trace: lists and blobs with their lengths, and the rest.
const TRACE_BYTES_MAX: usize = TRACE_LINES_MAX * 10
    + EVENTS_MAX * (10 + EVENT_BYTES_MAX)
    + RECEIPT_RESULT_BYTES_MAX
    + TRACE_FUNCTIONS_MAX * (6 + NAME_BYTES_MAX)
    + TRACE_CONTRACTS_MAX * (44 + NAME_BYTES_MAX + FILE_NAME_BYTES_MAX)
    + CODE_BYTES_MAX
    + 128;
const _: () = assert!(
    TRACE_BYTES_MAX <= ANSWER_RESULT_BYTES_MAX,
    "a trace fits its answer"
);

wire_struct! {
    /// Run a committed transaction once more, watched.
    pub struct TraceQuestion {
        /// The transaction.
        pub tx_id: Digest,
        /// The block that carries it, as any node's receipt says: public.
        pub height: Height,
    }

    /// A contract as it was when the transaction ran.
    pub struct TracedContract {
        /// Its number.
        pub contract: ContractId,
        /// BLAKE3 of the artefact that ran, as in its public row
        /// (docs/bytecode.md, §13).
        pub code: Digest,
        /// The artefact's own name, UTF-8.
        pub name: Blob<NAME_BYTES_MAX>,
        /// The source file's name, UTF-8.
        pub file: Blob<FILE_NAME_BYTES_MAX>,
    }

    /// A function that ran.
    pub struct TracedFunction {
        /// Place in the answer's contracts.
        pub contract: u16,
        /// Its name, UTF-8.
        pub name: Blob<NAME_BYTES_MAX>,
    }

    /// A place in a source.
    pub struct TracedPlace {
        /// Place in the answer's functions.
        pub function: u16,
        /// From 1; 0 where the artefact does not say.
        pub line: u32,
    }

    /// A line that ran.
    pub struct TracedLine {
        /// Which.
        pub place: TracedPlace,
        /// The gas it burnt, until the next line of the trace began.
        pub gas: u32,
    }

    /// Everything: for a caller who holds every compartment that was touched.
    pub struct WholeTrace {
        /// The gas burnt.
        pub gas_used: u64,
        /// The gas burnt before the first line: finding and decoding the call.
        pub gas_before: u64,
        /// Instructions begun.
        pub steps: u64,
        /// What the entry point returned, or the details of the failure.
        pub result: Blob<RECEIPT_RESULT_BYTES_MAX>,
        /// Every event.
        pub events: List<Event, EVENTS_MAX>,
        /// The lines in the order they ran; a line that runs again right away
        /// stands once.
        pub lines: List<TracedLine, TRACE_LINES_MAX>,
        /// Whether the run went on after the last line.
        pub cut: bool,
    }

    /// What a trace says.
    pub struct Trace {
        /// The transaction's place in its block.
        pub index: u32,
        /// How it ended.
        pub status: ReceiptStatus,
        /// `OK`, or the code of the failure (UTF-8).
        pub code: Blob<CODE_BYTES_MAX>,
        /// The line that failed; none where it succeeded or never began.
        pub failed_at: Option<TracedPlace>,
        /// The contracts of the functions.
        pub contracts: List<TracedContract, TRACE_CONTRACTS_MAX>,
        /// The functions of the places.
        pub functions: List<TracedFunction, TRACE_FUNCTIONS_MAX>,
        /// None for a signer who lacks a compartment that was touched.
        pub whole: Option<WholeTrace>,
    }
}
